# A Kafka cluster for the tests: librdkafka's mock brokers (tests/kafka-mock.c), or the one in
# $AUDIT_TEST_KAFKA, where each test makes a topic and does not remove it.  `load kafka` after `load
# common` and `load peer`.
# shellcheck disable=SC2034,SC2154 # whoever loads this uses what it sets

# start_kafka: starts three brokers; $brokers is their addresses.  Ends with stop_peers.
start_kafka() {
    kafka=$PWD
    brokers=${AUDIT_TEST_KAFKA-}
    [ -z "$brokers" ] || return 0
    mkfifo kafka-control
    "$AUDIT_BUILD/tests/kafka-mock" cluster 3 <>kafka-control >kafka-log 2>kafka-errors 3>&- &
    echo $! >kafka-pid
    also_stop $!
    eventually test -s kafka-log
    brokers=$(head -n 1 kafka-log)
}

# kafka COMMAND...: one of kafka-mock.c's commands; returns once it is done.
kafka() {
    local before
    before=$(wc -l <"$kafka/kafka-log")
    echo "$*" >"$kafka/kafka-control"
    eventually has_lines "$kafka/kafka-log" $((before + 1))
    [ "$(tail -n 1 "$kafka/kafka-log")" = "ok $*" ] || { tail -n 1 "$kafka/kafka-log" && return 1; }
}

# Skips a test that a real cluster does not support.
needs_mock() {
    [ -z "${AUDIT_TEST_KAFKA-}" ] || skip "only the mock brokers can be made to fail like this"
}

# quick_group [SECONDS]: a file `config` with short sessions, 3 seconds by default: a worker that gets no
# processor for so long, on a busy machine, loses its partitions, and what it delivers comes twice.
# Each time that a member joins or leaves, the mock brokers let the group wait for the length of a
# session less a second, even when all members are there again; real ones continue then, and accept no
# session under 6 seconds.  The mock brokers also forget a worker that waits to join the group if they
# themselves are stopped for longer than its session lasts, on a busy machine, and never respond.  The
# worker asks again 3 seconds after max.poll.interval.ms, by default after five minutes.
quick_group() {
    local seconds=${1-3}
    [ -z "${AUDIT_TEST_KAFKA-}" ] || seconds=6
    printf 'session.timeout.ms=%d000\nheartbeat.interval.ms=300\nmax.poll.interval.ms=30000\n' "$seconds" >config
}

# make_topic PARTITIONS [NAME]: sets $topic to a new one.
make_topic() {
    topic=${2:-audit-$$-$BATS_TEST_NUMBER-$RANDOM}
    if [ -n "${AUDIT_TEST_KAFKA-}" ]; then
        "$AUDIT_BUILD/tests/kafka-mock" create "$brokers" "$topic" "$1"
    else
        kafka topic "$topic" "$1"
    fi
}

# put [OPTION]...: runs audit-kafkaput with $topic.
put() {
    audit-kafkaput --brokers="$brokers" --topic="$topic" "$@"
}

# topic_has FORMAT [TOPIC]: prints each message of $topic in kcat's format, partition by partition.
topic_has() {
    kcat -C -q -e -b "$brokers" -t "${2:-$topic}" -f "$1"
}

# committed GROUP: a line a partition, PARTITION COMMITTED LOW HIGH.
committed() {
    "$AUDIT_BUILD/tests/kafka-mock" committed "$brokers" "$1" "$topic"
}

# customers EVENTS CUSTOMERS [FROM]: so many numbered events, of the customers in turn.
customers() {
    awk -v count="$1" -v customers="$2" -v from="${3:-1}" 'BEGIN {
        for (n = from; n < from + count; n++)
            printf "{\"event\":\"user_login\",\"timestamp\":\"2024-05-01 00:00:00 UTC\",\"n\":%d,\"user\":{\"id\":7},\"team\":{\"id\":%d},\"text\":\"an event of some length, like most\"}\n", n, 1000 + n % customers
    }'
}

# assert_order FILE COUNT: the lines have the numbers 1 to COUNT, each once or more; for each
# customer a number first appears after all smaller ones.  Prints how many were repeated.
assert_order() {
    python3 -S - "$1" "$2" <<'END'
import json, sys
seen, last, again = set(), {}, 0
for line in open(sys.argv[1]):
    event = json.loads(line)
    event = event.get("event") if isinstance(event.get("event"), dict) else event
    number, customer = event["n"], event["team"]["id"]
    if number in seen:
        again += 1
        continue
    seen.add(number)
    assert number > last.get(customer, 0), "%d of customer %d comes late" % (number, customer)
    last[customer] = number
missing = set(range(1, int(sys.argv[2]) + 1)) - seen
assert not missing, "missing: %s" % sorted(missing)[:10]
assert len(seen) == int(sys.argv[2]), "%d are too many" % len(seen)
print(again)
END
}

# get [OPTION]... [-- COMMAND]: audit-kafkaget from $topic, as a worker of the group "workers".
get() {
    audit-kafkaget --config=config --brokers="$brokers" --topic="$topic" --group=workers "$@"
}

# worker [OPTION]... -- COMMAND...: the same in the background, until it is stopped; $worker is its
# process, err.N its messages.
worker() {
    number=$((${number-0} + 1))
    audit-kafkaget --config=config --brokers="$brokers" --topic="$topic" --group=workers --follow \
        --rejects=rejects "$@" >>"out.$number" 2>>"err.$number" 3>&- &
    worker=$!
    workers+=" $worker"
}

# stop_worker PID: SIGTERM, and its status is 0.
stop_worker() {
    local status=0
    kill -TERM "$1"
    wait "$1" || status=$?
    [ "$status" -eq 0 ] || { cat err.* && return 1; }
}

# The sink that acts on the texts of lines, and appends each to `delivered`.
sink=(python3 -S "$AUDIT_TESTS/spool-sink.py")

# For eventually.
has_events() {
    [ "$(sort -u delivered 2>/dev/null | wc -l)" -ge "$1" ]
}
# all_committed: the group has no uncommitted messages.  The query costs processor time that the
# workers need, so it is not repeated at once.
all_committed() {
    committed workers | awk '$2 != $4 && !($2 == "-" && $4 == 0) { exit 1 }' || { sleep 0.3 && return 1; }
}
stop_workers() {
    local pid
    for pid in ${workers-}; do
        kill -9 "$pid" 2>/dev/null || :
    done
}
