#!/usr/bin/env bats
# audit-kafkaget: several workers of a group, and their failures.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load common
load peer
load kafka

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    start_kafka
    quick_group
}
teardown() {
    tell_failure
    stop_workers
    stop_peers
}

@test "three workers store every event, in the order of its customer, and leave no gap" {
    local events=4000 customers=100 n
    [ -z "${AUDIT_LONG-}" ] || events=100000 customers=500
    make_topic 12
    mkdir store
    # A busy machine must not lose a worker here.
    printf 'session.timeout.ms=6000\nheartbeat.interval.ms=300\nmax.poll.interval.ms=30000\n' >config
    customers $events $customers | sed 's/^{.*"n":\([0-9]*\),.*"team":{"id":\([0-9]*\).*/{"path":"\2\/\1.json","event":&}/' >addressed
    put --receipts=receipts addressed
    # The topic has the order of the input.
    topic_has '%s\n' >found
    [ "$(assert_order found $events)" = 0 ]
    for n in 1 2 3; do
        worker --batch-wait=200ms -- audit-fileput --sync=none "$PWD/store"
    done
    eventually all_committed
    for n in $workers; do
        stop_worker "$n"
    done
    # On a busy machine the brokers may drop a worker; it reports that and continues.
    cat err.*
    [ "$(cat err.* | grep -cv -e 'no heartbeat of this worker reached the group in time' \
        -e 'offsets cannot be committed: .*; trying again$' -e 'audit-fileput: stopped by SIGTERM')" -eq 0 ]
    [ "$(find store -type f | wc -l)" -eq $events ]
    find store -type f -print0 | audit-format --files0-from=- | sort | cmp - <(sed 's/.*,"event"://; s/}$//' addressed | audit-format | sort)
    # The committed offsets are the ends of all partitions.
    committed workers | awk '{ if ($2 != $4) exit 1; sum += $4 } END { exit sum != '$events' }'
}

@test "workers killed, stopped for too long and added: nothing is lost, and little is delivered twice" {
    needs_mock
    local first second third again
    make_topic 6
    customers 2000 60 >events
    put events
    slow() { worker --batch-bytes=10kB --batch-wait=50ms --parallel=2 -- \
        bash -c 'sleep 0.05; exec "$@"' - "${sink[@]}"; }
    slow && first=$worker
    slow && second=$worker
    eventually has_events 200
    kill -9 "$first"
    eventually has_events 500
    kill -STOP "$second"
    slow && third=$worker
    eventually has_events 900
    kill -CONT "$second"
    eventually has_events 2000
    eventually all_committed
    eventually grep -q "no heartbeat of this worker reached the group in time" err.2
    stop_worker "$second"
    stop_worker "$third"
    [ ! -s rejects ]
    # Each time that partitions moved, at most one batch (some 70 lines) of each of the six was
    # delivered twice; the mock brokers move them more often than necessary.
    again=$(sort delivered | uniq -d | wc -l)
    cat err.*
    echo "# $again came twice" >&3
    [ "$(sort -u delivered | wc -l)" -eq 2000 ]
    [ "$again" -le 1260 ]
    sort -u delivered | cmp - <(sort events)
}

@test "a command that takes longer than max.poll.interval.ms does not cost the partitions" {
    customers 200 8 >events
    local seconds
    # On a slow machine a heartbeat may take longer than a session lasts.
    for seconds in 3 9 27; do
        [ -z "${AUDIT_TEST_KAFKA-}" ] || [ "$seconds" -ge 6 ] || continue # the least that brokers accept
        make_topic 2
        put events
        rm -f delivered
        printf 'session.timeout.ms=%s000\nmax.poll.interval.ms=%s000\nheartbeat.interval.ms=300\n' $seconds $seconds >config
        worker -- bash -c "sleep $((seconds + 2)); exec \"\$@\"" - "${sink[@]}"
        eventually has_events 200
        eventually all_committed
        stop_worker "$worker"
        cat "err.$number"
        [ -s "err.$number" ] || break
    done
    [ ! -s "err.$number" ]
    [ "$(assert_order delivered 200)" = 0 ]
}

@test "brokers that go away and come back: reported twice, and nothing is lost" {
    needs_mock
    make_topic 4
    # A busy machine must not lose the partitions before.
    printf 'session.timeout.ms=6000\nheartbeat.interval.ms=300\nmax.poll.interval.ms=30000\n' >config
    customers 2000 40 >events
    head -n 1000 events | put
    worker --batch-wait=100ms -- "${sink[@]}"
    eventually has_events 1000
    eventually all_committed
    kafka down 0
    eventually grep -q "no broker can be reached, trying again" err.1
    # That the worker gives its partitions up as lost does not mean that a broker responded.
    eventually grep -q "the group may have given the partitions to other workers" err.1
    grep -qx "audit-kafkaget: topic $topic: no broker could be reached for a whole session, and the group may have given the partitions to other workers; what was under way is delivered again" err.1
    sleep 1
    [ "$(grep -c "can be reached again" err.1)" -eq 0 ]
    kafka up 0
    tail -n +1001 events | put
    eventually has_events 2000
    eventually all_committed
    eventually grep -q "a broker can be reached again" err.1
    stop_worker "$worker"
    cat err.1
    [ "$(assert_order delivered 2000)" = 0 ]
}

@test "a coordinator that cannot be reached costs the partitions, as the message says" {
    needs_mock
    make_topic 4
    kafka coordinator workers 2
    customers 200 40 | put
    worker --batch-wait=100ms -- "${sink[@]}"
    eventually has_events 200
    eventually all_committed
    kafka down 2
    eventually grep -qx "audit-kafkaget: topic $topic: no heartbeat of this worker reached the group in time, and the group may have given the partitions to other workers; what was under way is delivered again" err.1
    kafka up 2
    stop_worker "$worker"
    [ "$(grep -c "no broker c" err.1)" -eq 0 ]
}

# unfit COUNT PARTITION...: messages that cannot become lines, so many in each of the partitions.
unfit() {
    local partition
    for partition in "${@:2}"; do
        seq -f "$partition, no JSON %g" "$1" >unfit
        kcat -P -b "$brokers" -t "$topic" -p "$partition" -H path=a/b -l unfit
    done
}

all_in_dead() {
    [ "$(topic_has '%s\n' dead | sort -u | wc -l)" = 4000 ]
}

@test "partitions move while messages are on their way to the dead-letter topic" {
    needs_mock
    make_topic 4
    kafka topic dead 1
    kafka coordinator workers 1
    kafka leader dead 0 2
    unfit 1000 0 1 2 3
    dead_worker() {
        audit-kafkaget --config=config --brokers="$brokers" --topic="$topic" --group=workers --follow \
            --dead-letter=dead -- "${sink[@]}" >"out.$1" 2>"err.$1" 3>&- &
        workers+=" $!"
    }
    dead_worker 1
    sleep 1 # it knows the topic's broker by then
    kafka rtt 2 6000
    eventually grep -q "(more like this are only counted)" err.1
    dead_worker 2
    eventually grep -q "(more like this are only counted)" err.2
    kafka rtt 2 0
    eventually all_in_dead
    cat err.*
    for worker in $workers; do
        stop_worker "$worker"
    done
}

@test "more messages that cannot become lines than are on their way to the dead-letter topic at once" {
    needs_mock
    make_topic 1
    kafka topic dead 1
    kafka coordinator workers 1
    kafka leader dead 0 2
    kafka rtt 2 300
    echo queue.buffering.max.messages=1000 >>config
    unfit 3000 0
    run_tool get --dead-letter=dead -- "${sink[@]}"
    assert_status 1
    [ "$(topic_has '%s\n' dead | wc -l)" = 3000 ]
    all_committed
}
