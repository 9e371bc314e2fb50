# bash completion for audit-truncate(1)
_audit_truncate() {
    local word=$2 option=$3
    # Readline makes three words of --limit=SIZE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --rejects) return ;; # a file
    -l | --limit | --text | --max-record)
        compopt +o default
        return
        ;;
    esac
    [[ $word == -* ]] || return
    mapfile -t COMPREPLY < <(compgen -W '--limit= --text=
        --rejects= --fail-fast --max-record= --help --version' -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_truncate audit-truncate
