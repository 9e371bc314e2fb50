# fish completion for audit-truncate(1)
complete -c audit-truncate -s l -l limit -x -a '1MB 5MB 40MB' -d 'The size of the largest event'
complete -c audit-truncate -l text -x -d 'What stands in place of the lines'
complete -c audit-truncate -l rejects -r -F -d 'Append rejected records to FILE'
complete -c audit-truncate -l fail-fast -d 'Stop at the first rejected record'
complete -c audit-truncate -l max-record -x -a '1MiB 16MiB 256MiB 1GiB' -d 'Reject records larger than SIZE'
complete -c audit-truncate -s h -l help -d 'Print help and exit'
complete -c audit-truncate -s V -l version -d 'Print the version and exit'
