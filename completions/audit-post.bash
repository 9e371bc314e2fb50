# bash completion for audit-post(1)
_audit_post() {
    local word=$2 option=$3 words
    # Readline makes three words of --limit=SIZE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --preset) words='datadog splunk sumologic loki newrelic elastic azure' ;;
    --auth) words='none basic bearer header: query: oauth2' ;;
    --token-auth) words='body basic' ;;
    --batch) words='none array lines concat' ;;
    --compress) words='none gzip' ;;
    --content-type) words='application/json application/x-ndjson text/plain' ;;
    --batch-events) words='1 100 1000' ;;
    --batch-bytes) words='100KB 1MB 5MB' ;;
    --batch-wait) words='0s 200ms 1s' ;;
    --max-age) words='none 18h 48h 7d' ;;
    --tee) words='all new' ;;
    --parallel) words='1 8 32' ;;
    --retry-for) words='30s 5m 1h' ;;
    --timeout | --drain) words='10s 30s 1m' ;;
    --url | --token-url) words='http:// https://' ;;
    --url-file | --credential-file | --cert | --key | --cacert | --receipts | --skip | --rejects) return ;; # a file
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --scope | --header)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='--url= --url-file= --preset= --auth= --credential-file= --token-url= --token-auth=
            --scope= --cert= --key= --header= --content-type= --batch= --batch-events= --batch-bytes=
            --batch-wait= --max-age= --compress= --parallel= --retry-for= --timeout= --drain= --tee --receipts= --skip=
            --summary --no-summary
            --cacert= --progress --no-progress --dry-run
            --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *[=:/] ]] || compopt -o nospace
}
complete -o default -F _audit_post audit-post
