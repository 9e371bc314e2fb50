#!/usr/bin/env bash
# Compares audit-kafkaput and audit-kafkaget with kcat, on three of librdkafka's mock brokers:
#   tests/bench/kafka.sh BUILD
# The same events into a topic, and from it into a pipe; and three workers compared with one, with a
# slow command.  Alternating runs, the best of each side; while a ratio fails there are more of
# them, up to twice as many, because other work on the machine may be the cause.  Both have
# acks=all, an idempotent producer, no compression and the same keys.  Differences: kcat gets the
# keys before the lines, audit-kafkaput reads them from the events and checks these; kcat keeps the
# whole input in memory, audit-kafkaput 16 MiB; and each batches with its defaults (5 ms, or 20 ms
# while input is available).  Status 1 if a required ratio fails.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
megabytes=${BENCH_KAFKA_MEGABYTES:-60}
rounds=${BENCH_ROUNDS:-3}
failed=0
partitions=48 # of which the mock brokers keep 5 MB each

command -v kcat >/dev/null || { echo "bench: kcat is missing; on Debian: apt-get install kcat" >&2; exit 2; }
[ -x "$build/tests/kafka-mock" ] || make -s -C "$build" tests/kafka-mock

work=$(mktemp -d "${TMPDIR:-/tmp}/audit-bench.XXXXXX")
cluster=
stop() {
    local pid
    # Ends workers, if this script is stopped while they run.
    while read -r pid; do
        kill "$pid" 2>/dev/null || :
    done < <(cat "$work/workers" 2>/dev/null)
    [ -z "$cluster" ] || kill "$cluster" 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$work"
}
trap stop EXIT

# A cluster for each run: the mock brokers keep only a part of a topic.
start_cluster() {
    if [ -n "$cluster" ]; then
        kill "$cluster"
        wait "$cluster" 2>/dev/null || :
    fi
    rm -f "$work/control"
    mkfifo "$work/control"
    : >"$work/log"
    "$build/tests/kafka-mock" cluster 3 <>"$work/control" >"$work/log" 2>/dev/null &
    cluster=$!
    until [ -s "$work/log" ]; do sleep 0.05; done
    brokers=$(head -n 1 "$work/log")
    echo "topic audit $partitions" >"$work/control"
    until grep -q "^ok" "$work/log"; do sleep 0.05; done
}

python3 - "$megabytes" >"$work/events" <<'END'
import sys
line = '{"id":"j-%09d","status":"succeeded","started_at":"2026-01-02T03:04:05Z","context":{"user_id":%d,"recipe_id":1234},"title":"' + "an event of an ordinary size " * 30 + '"}\n'
size = len(line % (0, 1000))
for n in range(int(sys.argv[1]) * 1000000 // size):
    sys.stdout.write(line % (n, 1000 + n % 500))
END
# With the same keys, so that each partition gets the same messages.
sed 's/^{.*"user_id":\([0-9]*\).*/\1\t&/' "$work/events" >"$work/keyed"
bytes=$(stat -c %s "$work/events")

# seconds COMMAND...: its wall clock time.
seconds() {
    local from=$EPOCHREALTIME
    "$@" 2>"$work/errors" || { echo "bench: $* failed:" >&2 && cat "$work/errors" >&2 && exit 2; }
    python3 -c "print($EPOCHREALTIME - $from)"
}

with_kcat() {
    kcat -P -q -b "$brokers" -t audit -X enable.idempotence=true -X acks=all \
        -X partitioner=murmur2_random -K '\t' -l "$work/keyed"
}
with_put() {
    "$build/audit-kafkaput" --brokers="$brokers" --topic=audit "$work/events"
}
# Reading is timed from the first line of the output to the last, because joining a group takes the
# mock brokers seconds, and kcat needs no group.
timed='import os, sys, time
left = int(sys.argv[1])
first = None
while left > 0:
    block = os.read(0, 1 << 20)
    if not block:
        sys.exit("%d bytes did not come" % left)
    if first is None:
        first = time.time()
    left -= len(block)
print(time.time() - first)'
with_kcat_out() {
    kcat -C -q -e -b "$brokers" -t audit 2>/dev/null | python3 -c "$timed" "$bytes"
}
with_get() {
    "$build/audit-kafkaget" --brokers="$brokers" --topic=audit --group="g$RANDOM" --batch-wait=20ms |
        python3 -c "$timed" "$bytes"
}
# One process for each batch; each of the many small partitions has one or two batches.
with_command() {
    "$build/audit-kafkaget" --brokers="$brokers" --topic=audit --group="c$RANDOM" --batch-wait=20ms \
        --rejects=/dev/null -- cat | python3 -c "$timed" "$bytes"
}

kcat_seconds=() put_seconds=() kcat_out=() get_out=() command_out=()
# compare: the ratios of the rounds so far.
compare() {
    failed=0
    figure "kcat -P" "$bytes" "${kcat_seconds[@]}"
    figure "audit-kafkaput" "$bytes" "${put_seconds[@]}"
    holds "audit-kafkaput next to kcat -P" "$(speed put_seconds kcat_seconds)" 0.8 || failed=1
    figure "kcat -C, from the first byte on" "$bytes" "${kcat_out[@]}"
    figure "audit-kafkaget -- cat, the same" "$bytes" "${command_out[@]}"
    figure "audit-kafkaget, the same" "$bytes" "${get_out[@]}"
    holds "audit-kafkaget next to kcat -C" "$(speed get_out kcat_out)" 0.8 || failed=1
}
for ((i = 1; i <= 2 * rounds; i++)); do
    start_cluster
    kcat_seconds+=("$(seconds with_kcat)")
    kcat_out+=("$(with_kcat_out)")
    start_cluster
    put_seconds+=("$(seconds with_put)")
    get_out+=("$(with_get)")
    command_out+=("$(with_command)")
    [ "$i" -ge "$rounds" ] || continue
    compare >"$work/compared"
    [ "$failed" -ne 0 ] || break
done
cat "$work/compared"

# A slow command: 0.3 s for a batch of a hundredth of the events.  The session is short, because the
# mock brokers make a group wait for its length whenever a worker joins late.
printf 'session.timeout.ms=6000\nheartbeat.interval.ms=500\nmax.poll.interval.ms=30000\n' >"$work/config"
# slow GROUP WORKERS BATCHES: events/s, from a third of the batches on.
slow() {
    local n pids=() tries=1200
    : >"$work/$1"
    for ((n = 0; n < $2; n++)); do
        "$build/audit-kafkaget" --config="$work/config" --brokers="$brokers" --topic=audit --group="$1" --follow \
            --parallel=1 --batch-bytes=$((bytes / 100)) --rejects=/dev/null -- \
            bash -c "sleep 0.3; n=\$(wc -l); echo \"\$EPOCHREALTIME \$n\" >>'$work/$1'" 2>/dev/null &
        pids+=($!)
        echo $! >>"$work/workers"
    done
    until [ "$(wc -l <"$work/$1")" -ge "$3" ] || [ $((tries -= 1)) -eq 0 ]; do sleep 0.1; done
    kill "${pids[@]}"
    wait "${pids[@]}" 2>/dev/null || :
    : >"$work/workers"
    python3 - "$work/$1" "$3" <<'END'
import sys
done = sorted((float(time), int(count)) for time, count in map(str.split, open(sys.argv[1])))
if len(done) < int(sys.argv[2]):
    sys.exit("bench: only %d of %s batches in two minutes" % (len(done), sys.argv[2]))
done = done[int(sys.argv[2]) // 3:int(sys.argv[2])]
print(sum(count for time, count in done[1:]) / (done[-1][0] - done[0][0]))
END
}
one=$(slow one 1 18)
three=$(slow three 3 54)
printf '%-52s %6.0f events/s\n' "one worker, a command that takes its time" "$one"
printf '%-52s %6.0f events/s\n' "three workers" "$three"
holds "three workers next to one" "$(calculate "$three / $one")" 2 || failed=1
exit $failed
