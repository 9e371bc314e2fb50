# bash completion for audit-s3get(1)
_audit_s3get() {
    local word=$2 option=$3 words
    # Readline makes three words of --bucket=NAME.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --addressing) words='auto virtual path' ;;
    --signature) words='v4 v2' ;;
    --region) words='us-east-1 us-east-2 us-west-2 eu-central-1 eu-west-1 ap-northeast-1' ;;
    --profile)
        words=$(sed -n 's/^\[\(profile \)\{0,1\}\([^]]*\)\]$/\2/p' ~/.aws/config ~/.aws/credentials 2>/dev/null)
        ;;
    --endpoint) words='http:// https://' ;;
    --since | --until) words="1d 7d 30d $(date +%F 2>/dev/null)" ;;
    --timezone) words='UTC record Europe/Berlin America/New_York Asia/Tokyo' ;;
    --parallel) words='1 8 32' ;;
    --window) words='16MiB 64MiB 256MiB' ;;
    --retry-for) words='30s 5m 1h' ;;
    --timeout) words='10s 30s 1m' ;;
    --cacert | --skip | --rejects) return ;; # a file
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --bucket | --prefix | --suffix | --after)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='--bucket= --region= --endpoint= --addressing= --profile= --signature= --prefix=
            --suffix= --since= --until= --timezone= --after= --skip= --unordered --lines --print
            --list --parallel= --window= --retry-for= --timeout= --cacert= --progress --no-progress
            --summary --no-summary --dry-run --rejects= --fail-fast --max-record= --verbose
            -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *[=/] ]] || compopt -o nospace
}
complete -o default -F _audit_s3get audit-s3get
