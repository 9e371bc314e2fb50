# bash completion for audit-s3put(1)
_audit_s3put() {
    local word=$2 option=$3 words
    # Readline makes three words of --bucket=NAME.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --addressing) words='auto virtual path' ;;
    --signature) words='v4 v2' ;;
    --compress) words='none gzip' ;;
    --content-type) words='application/json text/plain' ;;
    --acl)
        words='private public-read authenticated-read bucket-owner-read bucket-owner-full-control'
        ;;
    --storage-class)
        words='STANDARD STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER_IR GLACIER DEEP_ARCHIVE'
        ;;
    --sse) words='AES256 aws:kms' ;;
    --region) words='us-east-1 us-east-2 us-west-2 eu-central-1 eu-west-1 ap-northeast-1' ;;
    --profile)
        words=$(sed -n 's/^\[\(profile \)\{0,1\}\([^]]*\)\]$/\2/p' ~/.aws/config ~/.aws/credentials 2>/dev/null)
        ;;
    --endpoint) words='http:// https://' ;;
    --existing) words='put list' ;;
    --tee) words='all new' ;;
    --parallel) words='1 8 32' ;;
    --retry-for) words='30s 5m 1h' ;;
    --timeout | --drain) words='10s 30s 1m' ;;
    --cacert | --receipts | --skip | --rejects) return ;; # a file
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --bucket | --prefix | --suffix)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='--bucket= --region= --endpoint= --addressing= --prefix= --suffix= --profile=
            --signature= --content-type= --compress= --acl= --storage-class= --sse= --no-overwrite
            --existing= --content-md5 --parallel= --retry-for= --timeout= --drain= --tee --receipts= --skip=
            --summary --no-summary
            --cacert= --progress --no-progress --dry-run
            --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *[=/] ]] || compopt -o nospace
}
complete -o default -F _audit_s3put audit-s3put
