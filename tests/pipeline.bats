#!/usr/bin/env bats
# The tools together: from an archive to a directory of event files, and back.
load common

# to_files DIRECTORY [FILE]...: the main job.
to_files() {
    local directory=$1
    shift
    mkdir -p "$directory"
    audit-format "$@" | audit-truncate | audit-path --user-id=7 | audit-fileput "$directory"
}

# All the files of a directory, as audit-format reads them back, sorted.
read_back() {
    find "$1" -type f -name '*.json' -print0 | sort -z | xargs -0 audit-format | sort
}

@test "every event of an archive becomes one file, and is read back unchanged" {
    set -o pipefail
    run_tool to_files out "$DATA/events.ndjson"
    assert_status 0
    assert_output ""
    assert_stderr ""
    [ "$(find out -type f | wc -l)" -eq "$(wc -l <"$DATA/events.ndjson")" ]
    audit-format "$DATA/events.ndjson" | sort >before
    read_back out >after
    cmp before after
}

@test "a replay writes the same files, and nothing beside them" {
    set -o pipefail
    to_files first "$DATA/events.ndjson"
    cp -r first second
    to_files second "$DATA/events.ndjson"
    diff -r first second
    to_files third "$DATA/events.ndjson" "$DATA/events.ndjson"
    diff -r first third
}

@test "half an archive that is broken costs only the broken texts" {
    set -o pipefail
    run_tool to_files out "$DATA/half-broken.txt"
    assert_status 1
    assert_output ""
    [ "$(find out -type f | wc -l)" -eq 4 ]
}

@test "a custom message goes where its event would have gone" {
    set -o pipefail
    to_files plain "$DATA/events.ndjson"
    mkdir message
    audit-format "$DATA/events.ndjson" | audit-path --user-id=7 | audit-template -t workato |
        audit-fileput message
    diff <(cd plain && find . -type f | sort) <(cd message && find . -type f | sort)
    [ "$(grep -rl '"logEntries":{' message | wc -l)" -eq "$(wc -l <"$DATA/events.ndjson")" ]
    # The message contains an event again.
    read_back plain >before
    read_back message >after
    cmp before after
}

@test "log_message_str decodes to exactly the event" {
    set -o pipefail
    echo '{"s":{{log_message_str}},"in":"{{log_message}}","e":{{log_message}}}' >template.json
    audit-format "$DATA/events.ndjson" >events
    audit-template -t ./template.json events >messages
    python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    assert message["s"] == message["in"]
    print(message["s"])' <messages >decoded
    cmp events decoded
    sed -E 's/.*,"e":(\{.*\})\}$/\1/' messages >bare
    cmp events bare
}

has_files() {
    [ -n "$(find "$1" -name '*.json')" ]
}

@test "an event goes through the whole pipeline before the next one comes" {
    local pids pipe
    mkfifo in
    mkdir out
    { audit-format <in | audit-truncate | audit-path | audit-fileput out; } 3>&- &
    pids=$!
    exec {pipe}>in
    head -n 1 "$DATA/bare.ndjson" >&"$pipe"
    eventually has_files out
    run_tool find out -name '*.json'
    sed -n 2p "$DATA/bare.ndjson" >&"$pipe"
    exec {pipe}>&-
    wait "$pids"
    [ "${#lines[@]}" -eq 1 ]
    [ "$(find out -name '*.json' | wc -l)" -eq 2 ]
}
