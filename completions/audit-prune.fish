# fish completion for audit-prune(1)
complete -c audit-prune -l keep -x -a '30d 90d 26w 1y 7y' -d 'Remove the events of days that ended so long ago'
complete -c audit-prune -s n -l dry-run -d 'Remove nothing, print what would be removed'
complete -c audit-prune -l now -x -d "Count from TIME instead of the clock's"
complete -c audit-prune -l summary -d 'Say at the end how much was removed and kept'
complete -c audit-prune -s h -l help -d 'Print help and exit'
complete -c audit-prune -s V -l version -d 'Print the version and exit'
