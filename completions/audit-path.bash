# bash completion for audit-path(1)
_audit_path() {
    local word=$2 option=$3 words
    # Readline makes three words of --layout=NAME.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    -l | --layout) words='current legacy hive' ;;
    -z | --timezone)
        words="UTC record $(awk '!/^#/ { print $3 }' /usr/share/zoneinfo/zone.tab 2>/dev/null)"
        ;;
    --rejects | --files0-from) return ;; # a file
    --threads) words='1 2 4' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    -u | --user-id)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='-l --layout= --name-date -u --user-id= -z --timezone= --print
            --threads= --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_path audit-path
