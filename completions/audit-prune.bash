# bash completion for audit-prune(1)
_audit_prune() {
    local word=$2 option=$3 words
    # Readline makes three words of --keep=1y.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --keep) words='30d 90d 26w 1y 7y' ;;
    --now) words='1d 7d' ;;
    *)
        [[ $word == -* ]] || return
        words='--keep= -n --dry-run --now= --summary -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o dirnames -F _audit_prune audit-prune
