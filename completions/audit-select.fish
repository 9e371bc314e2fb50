# fish completion for audit-select(1)
set -l categories account team recipe connection folder package connector-sdk common-data-model lookup-table message-template properties pub-sub-topic api-collection api-endpoint api-customer api-access-profile api-policy deployment
set -l assets recipe connection folder package manifest connector lookup-table property topic api-collection api-endpoint api-customer api-access-profile api-policy user member invitation role audit-log-streaming project deployment
complete -c audit-select -l since -x -a '1h 24h 7d 30d' -d 'Events at TIME or later'
complete -c audit-select -l until -x -a '1h 24h 7d 30d' -d 'Events before TIME'
complete -c audit-select -l user -x -d 'Events of that user'
complete -c audit-select -l asset -x -a "$assets" -d 'Events of an asset, or of a type of assets'
complete -c audit-select -l event -x -d 'Activities of that name'
complete -c audit-select -l category -x -a "$categories" -d 'Activities of a category of the catalogue'
complete -c audit-select -l customer -x -d "Events of a customer's workspace"
complete -c audit-select -l status -x -a 'succeeded failed' -d 'Jobs of that status'
complete -c audit-select -l kind -x -a 'job activity' -d 'Job or activity'
complete -c audit-select -s v -l invert-match -d 'Select the events that do not meet the criteria'
complete -c audit-select -s c -l count -d 'Print only how many events are selected'
complete -c audit-select -l count-by -x -a 'event user asset customer day status' -d 'Print only how many for each'
complete -c audit-select -l list-activities -a "$categories" -d 'Print the catalogue of activities and exit'
complete -c audit-select -l rejects -r -F -d 'Append rejected records to FILE'
complete -c audit-select -l files0-from -r -F -d 'Read the files named in FILE, each name ended by NUL'
complete -c audit-select -l fail-fast -d 'Stop at the first rejected record'
complete -c audit-select -l max-record -x -a '1MiB 16MiB 256MiB 1GiB' -d 'Reject records larger than SIZE'
complete -c audit-select -l verbose -d 'Tell of every reject'
complete -c audit-select -s h -l help -d 'Print help and exit'
complete -c audit-select -s V -l version -d 'Print the version and exit'
