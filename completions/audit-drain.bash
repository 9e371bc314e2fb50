# bash completion for audit-drain(1)
_audit_drain() {
    local word=$2 option=$3 words i
    # Readline makes three words of --keep=VALUE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    # What follows -- is a command of its own.
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != -- ]] || {
            mapfile -t COMPREPLY < <(compgen -c -- "$word")
            return
        }
    done
    case $option in
    --keep) words='1d 7d 30d' ;;
    --backoff) words='1m 15m 1h' ;;
    --join) words='0 8MiB 256MiB' ;;
    --warn) words='10m 1h 1d' ;;
    --status)
        [[ $3 == = ]] || return
        words='table ndjson'
        ;;
    *)
        if [[ $word != -* ]]; then
            # The operands are directories.
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='-f --follow --keep= --backoff= --join= -v --verbose --status --warn=
            --retry-failed -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_drain audit-drain
