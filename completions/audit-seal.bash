# bash completion for audit-seal(1)
_audit_seal() {
    local word=$2 option=$3 words i operands=0
    # Readline makes three words of --every=DURATION.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    -k | --key | --passphrase-file | --cacert | --new-key | --rejects | --files0-from) return ;; # a file
    --every) words='1m 15m 1h 1d' ;;
    --log | --tsa)
        compopt +o default
        return
        ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    *)
        if [[ $word != -* ]]; then
            # The first operand is a directory, the others are files.
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                = | -*) ;;
                *) [[ ${COMP_WORDS[i - 1]} == = || ${COMP_WORDS[i - 1]} == -k ||
                    ${COMP_WORDS[i - 1]} == --@(key|passphrase-file|log|every|tsa|cacert|new-key|rejects|files0-from|max-record) ]] ||
                    operands=1 ;;
                esac
            done
            ((operands)) || mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='-k --key= --passphrase-file= --log= --every= --tee --removed --tsa= --cacert= --stamp-missing
            --head --new-key= --summary --rejects= --files0-from= --fail-fast --max-record= --verbose
            -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_seal audit-seal
