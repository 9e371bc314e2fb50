# bash completion for audit-receive(1)
_audit_receive() {
    local word=$2 option=$3 words
    # Readline makes three words of --sync=WHEN.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --body) words='auto json bulk loki' ;;
    --auth) words='none basic bearer header: query:' ;;
    --sync) words='group each none' ;;
    --commit-wait) words='1ms 5ms 20ms' ;;
    --segment-size) words='1MiB 8MiB 64MiB' ;;
    --segment-time) words='1s 10s 1m' ;;
    --max-size) words='1GiB 10GiB 100GiB' ;;
    --max-body) words='1MB 50MB 100MB' ;;
    --max-header) words='8KiB 16KiB 64KiB' ;;
    --max-memory) words='64MiB 256MiB 1GiB' ;;
    --max-rate) words='10 100 1000' ;;
    --max-connections) words='256 1024 4096' ;;
    --max-per-address) words='0 16 128' ;;
    --timeout) words='10s 1m 5m' ;;
    --threads) words='1 2 4 8' ;;
    --drain) words='5s 30s 2m' ;;
    --listen | -l) words='127.0.0.1: [::1]: *: unix:' ;;
    --path) return ;;
    --credential-file | --cert | --key | --client-ca | --rejects | --receipts) return ;; # a file
    *)
        if [[ $word != -* ]]; then
            # The operand is a directory.
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='-l --listen= --path= --body= --auth= --credential-file= --cert= --key=
            --client-ca= --sync= --commit-wait= --segment-size= --segment-time= --max-size=
            --max-body= --max-header= --max-memory= --max-rate= --max-connections=
            --max-per-address= --timeout= --threads= --drain= --rejects= --receipts= -v
            --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *[=:] ]] || compopt -o nospace
}
complete -o default -F _audit_receive audit-receive
