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
    --status) words='succeeded failed pending' ;;
    --kind) words='job activity' ;;
    --count-by) words='event user asset recipe customer month day status' ;;
    --since | --until) words='1h 24h 7d 30d' ;;
    --rejects | --files0-from) return ;; # a file
    --threads) words='1 2 4' ;;
    --max-record) words='1MiB 16MiB 256MiB 1GiB' ;;
    --event)
        words='access_profile_api_key_refreshed access_profile_created access_profile_deleted
            access_profile_updated account_property_created account_property_deleted account_property_updated
            api_collection_created api_collection_deleted api_collection_updated api_customer_created
            api_customer_deleted api_customer_updated api_endpoint_activated api_endpoint_created
            api_endpoint_deactivated api_endpoint_deleted api_endpoint_updated api_policy_created
            api_policy_deleted api_policy_updated common_data_model_created common_data_model_deleted
            common_data_model_updated connection_connected connection_created connection_deleted
            connection_disconnected connection_updated connector_created connector_deleted connector_released
            connector_updated deployment folder_created folder_deleted folder_moved folder_renamed
            lookup_table_created lookup_table_deleted lookup_table_updated manifest_created manifest_deleted
            manifest_updated message_template_created message_template_deleted message_template_updated
            package_exported package_imported recipe_copied recipe_created recipe_deleted recipe_moved
            recipe_renamed recipe_started recipe_stopped recipe_updated team_invitation_accept
            team_invitation_created team_invitation_updated team_membership_deleted team_membership_updated
            user_login user_login_failed user_logout'
        ;;
    --timezone | -z) words='UTC record Europe/Berlin America/New_York Asia/Tokyo' ;;
    --user | --customer)
        compopt +o default
        return
        ;;
    *)
        [[ $word == -* ]] || return
        words='--since= --until= --user= --asset= --event= --category= --customer= --status= --kind=
            -v --invert-match -c --count --count-by= -t --table -z
            --timezone= --list-activities
            --threads= --rejects= --files0-from= --fail-fast --max-record= --verbose -h --help -V --version'
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY-} != *= ]] || compopt -o nospace
}
complete -o default -F _audit_select audit-select
