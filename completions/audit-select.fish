# fish completion for audit-select(1)
set -l categories account team recipe connection folder package connector-sdk common-data-model lookup-table message-template properties pub-sub-topic api-collection api-endpoint api-customer api-access-profile api-policy deployment
set -l assets recipe connection folder package manifest connector lookup-table property topic api-collection api-endpoint api-customer api-access-profile api-policy user member invitation role audit-log-streaming project deployment
set -l events access_profile_api_key_refreshed access_profile_created access_profile_deleted access_profile_updated account_property_created account_property_deleted account_property_updated api_collection_created api_collection_deleted api_collection_updated api_customer_created api_customer_deleted api_customer_updated api_endpoint_activated api_endpoint_created api_endpoint_deactivated api_endpoint_deleted api_endpoint_updated api_policy_created api_policy_deleted api_policy_updated common_data_model_created common_data_model_deleted common_data_model_updated connection_connected connection_created connection_deleted connection_disconnected connection_updated connector_created connector_deleted connector_released connector_updated deployment folder_created folder_deleted folder_moved folder_renamed lookup_table_created lookup_table_deleted lookup_table_updated manifest_created manifest_deleted manifest_updated message_template_created message_template_deleted message_template_updated package_exported package_imported recipe_copied recipe_created recipe_deleted recipe_moved recipe_renamed recipe_started recipe_stopped recipe_updated team_invitation_accept team_invitation_created team_invitation_updated team_membership_deleted team_membership_updated user_login user_login_failed user_logout
complete -c audit-select -l since -x -a '1h 24h 7d 30d' -d 'Events at TIME or later'
complete -c audit-select -l until -x -a '1h 24h 7d 30d' -d 'Events before TIME'
complete -c audit-select -l user -x -d 'Events of that user'
complete -c audit-select -l asset -x -a "$assets" -d 'Events of an asset, or of a type of assets'
complete -c audit-select -l event -x -a "$events" -d 'Activities of that name'
complete -c audit-select -l category -x -a "$categories" -d 'Activities of a category of the catalogue'
complete -c audit-select -l customer -x -d "Events of a customer's workspace"
complete -c audit-select -l status -x -a 'succeeded failed pending' -d 'Jobs of that status'
complete -c audit-select -l kind -x -a 'job activity' -d 'Job or activity'
complete -c audit-select -s v -l invert-match -d 'Select the events that do not meet the criteria'
complete -c audit-select -s c -l count -d 'Print only how many events are selected'
complete -c audit-select -l count-by -x -a 'event user asset recipe customer month day status' -d 'Print only how many for each'
complete -c audit-select -s t -l table -d 'Print tables'
complete -c audit-select -s z -l timezone -x -a 'UTC record Europe/Berlin America/New_York Asia/Tokyo' -d 'Times, days and months in this zone'
complete -c audit-select -l list-activities -a "$categories" -d 'Print the catalogue of activities and exit'
complete -c audit-select -l threads -x -a '1 2 4' -d 'Transform a file with up to NUMBER threads'
complete -c audit-select -l rejects -r -F -d 'Append rejected records to FILE'
complete -c audit-select -l files0-from -r -F -d 'Read the files named in FILE, each name ended by NUL'
complete -c audit-select -l fail-fast -d 'Stop at the first rejected record'
complete -c audit-select -l max-record -x -a '1MiB 16MiB 256MiB 1GiB' -d 'Reject records larger than SIZE'
complete -c audit-select -l verbose -d 'Report every reject'
complete -c audit-select -s h -l help -d 'Print help and exit'
complete -c audit-select -s V -l version -d 'Print the version and exit'
