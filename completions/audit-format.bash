# bash completion for audit-format(1)
_audit_format() {
    local word=$2 option=$3 words
    # Readline makes three words of --stream=TYPE.
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    -s | --stream)
        words='job-status job-details user-activity'
        compopt -o nospace # a comma and another may follow
        [[ $word != *,* ]] || words=$(compgen -P "${word%,*}," -W "$words" -- "${word##*,}")
        ;;
    --rejects | --files0-from) return ;; # a file
    --threads) words='1 2 4' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    *)
        [[ $word == -* ]] || return
        words='-s --stream= --keep-duplicates --zero-retention --pass-unknown --summary
            --threads= --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_format audit-format
