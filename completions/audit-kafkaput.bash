# bash completion for audit-kafkaput(1)
_audit_kafkaput() {
    local word=$2 option=$3 words
    # Readline makes three words of --key=VALUE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --brokers | --topic) return ;;
    --key) words='customer user recipe kind path none' ;;
    --compression) words='none gzip lz4 zstd' ;;
    --retry-for | --drain) words='30s 5m 1h' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --config | --receipts | --skip | --rejects | --files0-from) return ;; # a file
    --tee)
        [[ $3 == = ]] || return
        words='all new'
        ;;
    *)
        if [[ $word != -* ]]; then
            compopt -o filenames
            return
        fi
        words='--brokers= --topic= --config= --key= --compression= --retry-for= --drain= --dry-run
            --tee --receipts= --skip= --summary --no-summary --progress --no-progress --rejects=
            --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_kafkaput audit-kafkaput
