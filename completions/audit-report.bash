# bash completion for audit-report(1)
_audit_report() {
    local word=$2 option=$3 words
    # Readline makes three words of --rows=N.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --rows) words='0 500 5000 50000' ;;
    -z | --timezone) words='UTC Europe/Berlin America/New_York Asia/Tokyo' ;;
    --now) words='1d' ;;
    --rejects | --files0-from) return ;; # a file
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --title)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='--title= --rows= -z --timezone= --json --text --now=
            --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_report audit-report
