# bash completion for audit-fileput(1)
_audit_fileput() {
    local word=$2 option=$3 words i operands=0
    # Readline makes three words of --sync=WHEN.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --sync) words='group each none' ;;
    --tee) words='all new' ;;
    --rejects | --receipts | --skip | --files0-from) return ;; # a file
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    *)
        if [[ $word != -* ]]; then
            # The first operand is a directory, the others are files.
            for ((i = 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                = | -*) ;;
                *) [[ ${COMP_WORDS[i - 1]} == = || ${COMP_WORDS[i - 1]} == --@(sync|tee|rejects|receipts|skip|files0-from|max-record) ]] ||
                    operands=1 ;;
                esac
            done
            ((operands)) || mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames
            return
        fi
        words='--sync= --overwrite --no-overwrite --tee --receipts= --skip= --summary --no-summary
            --progress --no-progress
            --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_fileput audit-fileput
