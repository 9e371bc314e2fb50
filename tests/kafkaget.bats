#!/usr/bin/env bats
# audit-kafkaget: workers of a group deliver a topic's messages to a command.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load common
load peer
load kafka

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    start_kafka
    quick_group 6 # most of these say that nothing comes twice
}
teardown() {
    tell_failure
    stop_workers
    stop_peers
}

@test "without a command: lines to standard output, committed, and none of them twice" {
    make_topic 4
    customers 3000 40 >events
    put events
    get >out
    sort out | cmp - <(sort events)
    [ "$(assert_order out 3000)" = 0 ]
    all_committed
    # Later messages are in batches of their own.
    customers 100 10 3001 >later
    put later
    get >out2
    sort out2 | cmp - <(sort later)
    # To a file and to a full disk.
    put later
    run_tool bash -c "audit-kafkaget --config=config --brokers='$brokers' --topic='$topic' --group=workers >/dev/full"
    assert_status 2
    assert_stderr_has "standard output: No space left on device"
    get >out3
    sort out3 | cmp - <(sort later)
}

@test "addressed events come back unchanged; messages that are no lines are reported and kept" {
    make_topic 1
    audit-path --user-id=42 "$DATA/bare.ndjson" >addressed
    put addressed
    # Messages of other programs: line breaks, an empty value, a value that is not JSON with a path.
    printf '{"a": 1,\n "b": "x y"}' >pretty
    kcat -P -b "$brokers" -t "$topic" -k 7 pretty
    kcat -P -b "$brokers" -t "$topic" -k 7 -H path=7/a.json pretty
    printf 'no JSON' >wrong
    kcat -P -b "$brokers" -t "$topic" -k 7 -H path=7/b.json wrong
    printf '{"last":1}' >last
    kcat -P -b "$brokers" -t "$topic" -k 7 last
    run_tool get --rejects=rejects
    assert_status 1
    { cat addressed && echo '{"a":1,"b":"x y"}' && echo '{"path":"7/a.json","event":{"a":1,"b":"x y"}}' &&
        echo '{"last":1}'; } >expected
    diff -u expected <(printf '%s\n' "$output")
    assert_stderr_has "$topic: partition 0, offset $(($(wc -l <addressed) + 2)): "
    [ "$(cat rejects)" = "no JSON" ]
    all_committed
}

@test "a command that fails for a while: two messages, back-off, nothing committed past the failure" {
    make_topic 2
    customers 400 8 >events
    put events
    # It takes three lines, then fails until there is the file `now`.
    worker --backoff=1s -- bash -c 'echo run >>runs; [ -e now ] || exec "$@" --each 3; shift 0; exec "$@"' - "${sink[@]}"
    eventually has_lines runs 6
    # For each partition exactly the delivered messages are committed.
    kill -STOP "$worker"
    sort delivered >before
    kill -CONT "$worker"
    touch now
    eventually has_events 400
    eventually all_committed
    stop_worker "$worker"
    [ "$(grep -c "delivery fails: spool-sink: not all lines were taken; trying again" err.1)" -eq 1 ]
    [ "$(grep -c "delivery works again, after" err.1)" -eq 1 ]
    [ "$(assert_order delivered 400)" = 0 ]
    [ "$(wc -l <before)" -lt 400 ]
}

@test "without --follow a failure ends it with status 1, and the next run continues there" {
    make_topic 1
    customers 300 5 >events
    put events
    run_tool get --rejects=rejects -- "${sink[@]}" --each 120
    assert_status 1
    assert_stderr_has "partition 0: not delivered: spool-sink: not all lines were taken; what is left stays in the topic"
    [ "$(committed workers)" = "0 120 0 300" ]
    run_tool get --rejects=rejects -- false
    assert_status 1
    assert_stderr_has "the command ended with status 1"
    [ "$(committed workers)" = "0 120 0 300" ]
    run_tool get --rejects=rejects -- ./no-such-command
    assert_status 2
    assert_stderr_has "./no-such-command: cannot be run: No such file or directory"
    run_tool get --rejects=rejects -- "${sink[@]}"
    assert_status 0
    cmp delivered events
    [ "$(committed workers)" = "0 300 0 300" ]
}

@test "a command gets no descriptor of the worker's, only those that the worker was started with" {
    make_topic 1
    customers 10 2 | put
    get --dead-letter="$topic" -- sh -c 'ls /proc/self/fd >fds; cat >/dev/null' 7</dev/null 3>&- 2>messages
    [ ! -s messages ]
    sh -c 'ls /proc/self/fd' 7</dev/null 3>&- | cmp - fds
    grep -qx 7 fds
}

@test "rejected lines go to --rejects, or with their reasons to --dead-letter" {
    local dead
    make_topic 1
    dead=$topic-dead
    make_topic 1 "$dead"
    topic=${dead%-dead}
    customers 10 2 | sed '4s/an event/reject/; 7s/an event/reject/' |
        sed 's/.*"n":\([0-9]*\).*/{"path":"7\/\1.json","event":&}/' >events
    put events
    run_tool get --rejects=rejects -- "${sink[@]}"
    assert_status 1
    assert_stderr_has "topic $topic, partition 0: 2 lines were rejected; see rejects"
    grep reject events | cmp - rejects
    all_committed
    put events
    run_tool get --dead-letter="$dead" -- audit-truncate --limit=1
    # No receipts, status 1: nothing is done.
    assert_status 1
    [ -z "$(topic_has '%s\n' "$dead")" ]
    # One of our sinks says why.
    mkdir -p store/7
    echo other >store/7/14.json
    run_tool get --dead-letter="$dead" -- audit-fileput "$PWD/store"
    echo "$stderr"
    customers 1 1 >one
    put one
    run_tool get --dead-letter="$dead" -- audit-fileput "$PWD/store"
    assert_status 1
    assert_stderr_has "1 line was rejected; see topic $dead"
    [ "$(topic_has '%k|%s' "$dead")" = "1000|$(cat one)" ]
    topic_has '%h' "$dead" | grep -q "^reason=the event has no path.*,topic=$topic,partition=0,offset=20$"
    all_committed
}

@test "a command that changes lines before its sink, and one that drops some" {
    make_topic 1
    customers 6 2 >events
    put events
    run_tool get --rejects=rejects -- bash -o pipefail -c 'sed "2s/an event/changed/" | "$@"' - "${sink[@]}"
    assert_status 0
    assert_stderr ""
    sed '2s/an event/changed/' events | cmp - delivered
    rm delivered
    put events
    run_tool get --rejects=rejects -- bash -o pipefail -c 'sed "/\"n\":2,/d" | "$@"' - "${sink[@]}"
    assert_status 0
    assert_stderr "audit-kafkaget: topic $topic, partition 0: the command succeeded, but its receipts confirm only 1 of 6 lines; it gets the others again, and may deliver them twice: put what drops lines before the topic, see audit-kafkaget(1)"
    sort -u delivered | cmp - <(sed 2d events | sort)
    all_committed
}

@test "SIGTERM: batches under way are finished and committed, and no more are begun" {
    make_topic 1
    customers 2000 5 >events
    put events
    worker --batch-bytes=20kB -- bash -c 'touch begun.1; until [ -e go ]; do sleep 0.1; done; sleep 0.3; exec "$@"' - "${sink[@]}"
    eventually test -e begun.1
    kill -TERM "$worker"
    touch go
    wait "$worker"
    [ ! -s err.1 ]
    local count
    count=$(wc -l <delivered)
    echo "$count were delivered"
    [ "$count" -gt 0 ] && [ "$count" -lt 2000 ]
    [ "$(committed workers)" = "0 $count 0 2000" ]
    # A command that does not end in time gets the signal, and none of its lines are committed.
    worker --drain=200ms --batch-bytes=20kB -- bash -c 'echo begun >>begun; sleep 60; exec "$@"' - "${sink[@]}"
    eventually has_lines begun 1
    stop_worker "$worker"
    [ "$(committed workers)" = "0 $count 0 2000" ]
    # The next one continues there.
    get --rejects=rejects -- "${sink[@]}"
    cmp delivered events
}

@test "without --follow a signal that leaves something undone is status 1 and a message" {
    make_topic 1
    customers 10 1 >events
    put events
    local get=(audit-kafkaget --config=config --brokers="$brokers" --topic="$topic" --group=workers --rejects=rejects)
    "${get[@]}" -- bash -c 'touch begun; until [ -e go ]; do sleep 0.05; done; exit 3' 2>err 3>&- &
    worker=$! workers=$!
    eventually test -e begun
    kill -TERM "$worker"
    touch go
    status=0
    wait "$worker" || status=$?
    cat err
    [ "$status" -eq 1 ]
    grep -q "^audit-kafkaget: topic $topic, partition 0: not delivered: .* 3; what is left stays in the topic$" err
    grep -q '^audit-kafkaget: stopped by SIGTERM; what is left stays in the topic$' err
    # All messages are under way, and then done.
    rm begun
    "${get[@]}" -- bash -c 'touch begun; until [ -e go.2 ]; do sleep 0.05; done; exec "$@"' - "${sink[@]}" 2>err 3>&- &
    worker=$! workers+=" $!"
    eventually test -e begun
    kill -TERM "$worker"
    touch go.2
    wait "$worker"
    [ ! -s err ]
    all_committed
}

@test "offsets that cannot be committed to the end: status 2" {
    needs_mock
    make_topic 1
    customers 10 1 >events
    put events
    # OffsetCommit.
    # shellcheck disable=SC2046 # as many words
    kafka errors 8 $(yes GROUP_AUTHORIZATION_FAILED | head -n 100)
    run_tool get
    assert_status 2
    assert_stderr_has "offsets could not be committed: Broker: Group authorization failed; what they cover is delivered again"
    [ "$output" = "$(cat events)" ]
    kafka clear 8
    run_tool get
    assert_status 0
    [ "$output" = "$(cat events)" ]
    all_committed
}

@test "usage, and a topic that does not exist" {
    topic=audit
    local line expected
    while IFS='|' read -r line expected; do
        # shellcheck disable=SC2086 # words
        run_tool audit-kafkaget --brokers="$brokers" $line
        assert_status 2
        assert_stderr "audit-kafkaget: $expected
Try 'audit-kafkaget --help' for more information."
    done <<'END'
--group=g|no topic; give --topic
--topic=a|no group; give --group, the same to all workers
--topic=a --group=g --|the command after -- is missing
--topic=a --group=g -- cat|what the command rejects needs a place; give --rejects=FILE or --dead-letter=TOPIC
--topic=a --group=g --rejects=r --dead-letter=d -- cat|--rejects and --dead-letter exclude each other; give one
--topic=a --group=g file|file: audit-kafkaget takes no files; a command comes after --
--topic=a --group=g --dead-letter=a/b|--dead-letter=a/b: not a topic's name, which has letters, digits, '.', '_' and '-'
--topic=a --group=g --backoff=10ms|--backoff=10ms: not a duration from 1s to 30d
END
    echo 'enable.auto.commit=true' >config
    run_tool get --config=config
    assert_status 2
    assert_stderr "audit-kafkaget: config:1: enable.auto.commit cannot be set here: audit-kafkaget relies on its own value"
    run_tool audit-kafkaget --brokers=no-such-host.invalid:9092 --topic=audit --group=g
    assert_status 2
    assert_stderr_has "no-such-host.invalid"
    needs_mock
    kafka topic-error missing UNKNOWN_TOPIC_OR_PART
    topic=missing
    run_tool timeout 300 audit-kafkaget --brokers="$brokers" --topic=missing --group=g --follow
    assert_status 2
    assert_stderr_has "topic missing: "
    assert_stderr_has "Unknown topic or partition"
    # Errors of a group member are repeated by the brokers each time.
    make_topic 1
    kafka errors 11 INVALID_SESSION_TIMEOUT
    run_tool timeout 300 audit-kafkaget --brokers="$brokers" --topic="$topic" --group=g --follow
    assert_status 2
    assert_stderr "audit-kafkaget: topic $topic: JoinGroup failed: Broker: Invalid session timeout"
}
