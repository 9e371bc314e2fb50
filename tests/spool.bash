# shellcheck shell=bash
# Functions for the tests of audit-spool, audit-drain and audit-route.

teardown() {
    tell_failure
    local pid
    for pid in ${background-}; do
        kill -9 "$pid" 2>/dev/null || :
    done
    stop_peers
}

# events FROM TO [TEXT]: bare events with these numbers.
events() {
    awk -v from="$1" -v to="$2" -v text="${3-}" 'BEGIN {
        for (n = from; n <= to; n++)
            printf "{\"event\":\"user_login\",\"timestamp\":\"2024-05-01 00:00:00 UTC\",\"n\":%d,\"team\":{\"id\":7301},\"x\":\"%s\"}\n", n, text
    }'
}

# spool TEXT...: each text is an event, and all are a segment.
spool() {
    mkdir -p spool
    printf '{"event":"%s"}\n' "$@" | audit-spool spool
}

# sink [OPTION]...: $sink is the command that acts on the texts of lines.
sink() {
    sink=(python3 -S "$AUDIT_TESTS/spool-sink.py" "$@")
}

# waiting: the texts in the spool that wait, in order.
waiting() {
    cat spool/new/*.ndjson 2>/dev/null | sed 's/.*"event":"\([^"]*\)".*/\1/' | xargs
}
# delivered: the texts that spool-sink.py has delivered.
delivered() {
    sed 's/.*"event":"\([^"]*\)".*/\1/' delivered 2>/dev/null | xargs
}
failed() {
    cat spool/failed/*.ndjson 2>/dev/null | sed 's/.*"event":"\([^"]*\)".*/\1/' | xargs
}
assert_same() {
    [ "$1" = "$2" ] || { echo "'$1' is not '$2'" && return 1; }
}

# For eventually: the files have so many lines, the directory is not empty, there is a segment with
# more than so many lines in tmp/, no process drains the spool, a service has so many different
# events.
have_lines() {
    local count=$1
    shift
    [ "$(cat "$@" 2>/dev/null | wc -l)" -eq "$count" ]
}
has_files() {
    [ -n "$(ls "$1" 2>/dev/null)" ]
}
is_writing() {
    [ "$(cat spool/tmp/* 2>/dev/null | wc -l)" -gt "$1" ]
}
is_undrained() {
    audit-drain --status spool | grep -q '"draining":false'
}
has_events() {
    [ "$(sort -u "$peer/events" | wc -l)" -eq "$1" ]
}

# start COMMAND...: in the background; $started is its process, err.NAME its messages.
start() {
    "$@" 3>&- 2>>"err.$(basename "$1")" &
    started=$!
    background+=" $started"
}
