# bash completion for audit-select(1)
_audit_select() {
    local word=$2 option=$3 words
    # Readline makes three words of --kind=KIND.
    [[ $word != = ]] || word=
    [[ $option != = ]] || option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
    --category | --list-activities)
        words='account team recipe connection folder package connector-sdk common-data-model
            lookup-table message-template properties pub-sub-topic api-collection api-endpoint
            api-customer api-access-profile api-policy deployment'
        ;;
    --asset)
        words='recipe connection folder package manifest connector lookup-table property topic
            api-collection api-endpoint api-customer api-access-profile api-policy user member
            invitation role audit-log-streaming project deployment'
        ;;
    --status) words='succeeded failed' ;;
    --kind) words='job activity' ;;
    --count-by) words='event user asset customer day status' ;;
    --since | --until) words='1h 24h 7d 30d' ;;
    --rejects | --files0-from) return ;; # a file
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --user | --event | --customer)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='--since= --until= --user= --asset= --event= --category= --customer= --status= --kind=
            -v --invert-match -c --count --count-by= --list-activities
            --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_select audit-select
