# bash completion for audit-kafkaget(1)
_audit_kafkaget() {
    local word=$2 option=$3 words i
    # Readline makes three words of --group=VALUE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    # What follows -- is a command of its own.
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != -- ]] || {
            mapfile -t COMPREPLY < <(compgen -c -- "$word")
            return
        }
    done
    case $option in
    --brokers | --topic | --group | --dead-letter) return ;;
    --batch-bytes) words='1MiB 8MiB 64MiB' ;;
    --batch-wait) words='100ms 1s 10s' ;;
    --parallel) words='1 4 16' ;;
    --backoff) words='1m 15m 1h' ;;
    --drain) words='30s 5m' ;;
    --config | --rejects) return ;; # a file
    *)
        words='--brokers= --topic= --config= --group= -f --follow --batch-bytes= --batch-wait=
            --parallel= --backoff= --drain= --rejects= --dead-letter= -v --verbose
            -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_kafkaget audit-kafkaget
