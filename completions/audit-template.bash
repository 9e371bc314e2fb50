# bash completion for audit-template
_audit_template() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=
    # An option and its value, joined by "=", come as three words.
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $prev in
    -t | --template)
        compopt -o filenames
        mapfile -t COMPREPLY < <(
            compgen -W "$(audit-template --list 2>/dev/null)" -- "$cur"
            compgen -f -- "$cur"
        )
        return
        ;;
    --now)
        return
        ;;
    --threads)
        words='1 2 4'
        ;;
    --max-record)
        words='1MiB 16MiB 256MiB 1GiB'
        ;;
    --rejects | --files0-from) ;;
    *)
        if [[ $cur == -* ]]; then
            words='-t --template= --strict --check --list --now= --threads= --rejects= --files0-from= --fail-fast
                --max-record= --verbose -h --help -V --version'
        fi
        ;;
    esac
    if [[ -n $words ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}
complete -F _audit_template audit-template
