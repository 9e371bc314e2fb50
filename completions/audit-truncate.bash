# bash completion for audit-truncate(1)
_audit_truncate() {
    local word=$2 option=$3 words
    # Readline makes three words of --limit=SIZE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    -l | --limit) words='1MB 5MB 40MB' ;;
    --rejects | --files0-from) return ;; # a file
    --threads) words='1 2 4' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --text)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='-l --limit= --text=
            --threads= --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_truncate audit-truncate
