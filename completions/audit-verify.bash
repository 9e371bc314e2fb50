# bash completion for audit-verify(1)
_audit_verify() {
    local word=$2 option=$3 words i operands=0
    # Readline makes three words of --since=TIME.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    -k | --key | --head | --tsa-ca | --rejects | --files0-from) return ;; # a file
    --since | --until) words='1d 7d 30d 365d' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    *)
        if [[ $word != -* ]]; then
            # The first operand is a directory.
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                = | -*) ;;
                *) [[ ${COMP_WORDS[i - 1]} == = || ${COMP_WORDS[i - 1]} == -k ||
                    ${COMP_WORDS[i - 1]} == --@(key|head|tsa-ca|since|until|rejects|files0-from|max-record) ]] ||
                    operands=1 ;;
                esac
            done
            ((operands)) || mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='-k --key= --head= --tsa-ca= --chain --since= --until= --json
            --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_verify audit-verify
