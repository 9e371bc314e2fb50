# bash completion for audit-spool(1)
_audit_spool() {
    local word=$2 option=$3 words i operands=0
    # Readline makes three words of --segment-time=VALUE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --segment-size) words='1MB 8MB 64MB' ;;
    --segment-time) words='100ms 1s 10s' ;;
    --max-size) words='100MB 1GB 10GB' ;;
    --when-full) words='wait fail' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --receipts | --skip | --rejects | --files0-from) return ;; # a file
    --tee)
        [[ $3 == = ]] || return
        words='all new'
        ;;
    *)
        if [[ $word != -* ]]; then
            # The first operand is a directory, the others are files.
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                = | -*) ;;
                *)
                    [[ ${COMP_WORDS[i - 1]} == = ||
                        ${COMP_WORDS[i - 1]} == --@(segment-size|segment-time|max-size|when-full|receipts|skip|drain|rejects|files0-from|max-record) ]] ||
                        operands=1
                    ;;
                esac
            done
            ((operands)) || mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='--segment-size= --segment-time= --max-size= --when-full= --tee --receipts=
            --skip= --summary --no-summary --progress --no-progress --rejects=
            --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_spool audit-spool
