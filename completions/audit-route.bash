# bash completion for audit-route(1)
_audit_route() {
    local word=$2 option=$3 words i operands=0
    # Readline makes three words of --default=VALUE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --by) words='customer user recipe kind' ;;
    --default) words='master' ;;
    --segment-size) words='1MB 8MB 64MB' ;;
    --segment-time) words='100ms 1s 10s' ;;
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
                        ${COMP_WORDS[i - 1]} == --@(by|default|segment-size|segment-time|receipts|skip|drain|rejects|files0-from|max-record) ]] ||
                        operands=1
                    ;;
                esac
            done
            ((operands)) || mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='--by= --default= --segment-size= --segment-time= --tee --receipts= --skip=
            --summary --no-summary --progress --no-progress --rejects= --files0-from=
            --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_route audit-route
