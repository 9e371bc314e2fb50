#!/usr/bin/env bats
# audit-spool, audit-drain, audit-route: events outlive what happens to their destination.
load common
load peer

teardown() {
    local pid
    for pid in ${background-}; do
        kill -9 "$pid" 2>/dev/null || :
    done
    stop_peers
}

# events FROM TO [TEXT]: bare events with these numbers.
events() {
    local n
    for ((n = $1; n <= $2; n++)); do
        printf '{"event":"user_login","timestamp":"2024-05-01 00:00:00 UTC","n":%d,"team":{"id":7301},"x":"%s"}\n' \
            "$n" "${3-}"
    done
}

# spool TEXT...: each text is an event, and all are a segment.
spool() {
    mkdir -p spool
    printf '{"event":"%s"}\n' "$@" | audit-spool spool
}

# sink [OPTION]...: $sink is the command that acts on the texts of lines.
sink() {
    sink=(python3 "$AUDIT_TESTS/spool-sink.py" "$@")
}

# waiting: the texts that wait in the spool, in order.
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

# eventually COMMAND...: within a minute it succeeds; sanitizers may take three.
eventually() {
    local tries=$((600 + ${AUDIT_SANITIZED:+1200} + 0))
    until "$@"; do
        [ $((tries -= 1)) -gt 0 ] || { echo "never: $*" && return 1; }
        sleep 0.1
    done
}

# For eventually: the files have so many lines, the directory is not empty, there is a segment with
# more than so many lines in tmp/, a service has so many different events.
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
has_events() {
    [ "$(sort -u "$peer/events" | wc -l)" -eq "$1" ]
}

# start COMMAND...: in the background; $started is its process, err.NAME what it says.
start() {
    "$@" 3>&- 2>>"err.$(basename "$1")" &
    started=$!
    background+=" $started"
}

@test "lines become segments, byte for byte, and are delivered in order" {
    mkdir spool
    events 1 2000 "$(head -c 300 /dev/zero | tr '\0' x)" >in
    printf '%s' '  {"a" : 1.50 , "b":"\u0041"}  ' >>in
    run_tool audit-spool --segment-size=100kB spool in
    assert_status 0
    assert_stderr ""
    [ "$(find spool/new -name '*.ndjson' | wc -l)" -gt 5 ]
    { cat in && echo; } >expected
    cat spool/new/* | cmp - expected
    run_tool audit-drain spool -- sh -c 'cat >>delivered'
    assert_status 0
    cmp delivered expected
    assert_same "$(find spool/new spool/tmp spool/work spool/failed -type f)" ""
}

@test "a command gets small segments together, or each for itself" {
    spool one two
    spool three
    spool four
    run_tool audit-drain spool -- wc -l
    assert_output 4
    spool one two
    spool three
    run_tool audit-drain --join=0 spool -- wc -l
    assert_output "2
1"
    # A segment that a person has put there ends where it ends.
    spool one
    printf '{"event":"two"}' >last && mv last spool/new/zzz.ndjson
    printf '\n\n{"event":"three"}\n' >last && mv last spool/new/zzzz.ndjson
    : >spool/new/zzzzz.ndjson
    echo no >spool/new/other.txt
    sink
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 0
    assert_same "$(delivered)" "one two three"
    assert_same "$(ls spool/new)" other.txt
}

@test "receipts decide line by line: done, failed, and the rest stays" {
    spool a reject-b later-c d
    spool later-e reject-f
    sink --until=now
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 1
    assert_same "$(waiting)" "later-c later-e"
    assert_same "$(delivered)" "a d"
    assert_same "$(failed)" "reject-b reject-f"
    assert_stderr_has "2 lines were rejected"
    assert_stderr_has "not all lines were taken"
    # The receipts beside a failed file speak of its lines.
    for file in spool/failed/*.ndjson; do
        assert_same "$(wc -l <"${file%.ndjson}.receipts")" 1
        assert_same "$(grep -c '^{"line":1,.*"outcome":"rejected","status":400' "${file%.ndjson}.receipts")" 1
    done
    touch now
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 0
    assert_same "$(delivered)" "a d later-c later-e"
    assert_same "$(waiting)" ""
    assert_same "$(ls spool/work)" ""
}

@test "receipts that do not fit are not believed" {
    # A pipeline that drops lines before its sink: of them nothing is known until all is well.
    spool a drop-b c d
    sink
    run_tool audit-drain spool -- bash -c 'set -o pipefail; grep -v drop | "$@"' - "${sink[@]}"
    assert_status 0
    assert_same "$(waiting)" ""
    # Nothing was lost, and only lines after the dropped one came twice.
    assert_same "$(delivered)" "a c d c d"
    # … and if it fails, what has no receipt of its own stays.
    rm delivered
    spool a drop-b c later-d
    run_tool audit-drain spool -- bash -c 'set -o pipefail; grep -v drop | "$@"' - "${sink[@]}"
    assert_status 1
    assert_same "$(waiting)" "drop-b c later-d"
}

@test "a command without receipts is judged by its status" {
    spool a b
    run_tool audit-drain spool -- sh -c 'cat >/dev/null; exit 7'
    assert_status 1
    assert_same "$(waiting)" "a b"
    assert_stderr_has "the command ended with status 7"
    sink --no-digest --status=0
    spool later-c
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 0
    assert_same "$(waiting)" ""
    # One that calls itself successful and its lines undelivered is not believed.
    spool later-d
    sink --status=0
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 1
    assert_same "$(waiting)" "later-d"
    assert_stderr_has "status 0, but"
}

@test "a torn receipt is passed over" {
    spool a b c
    sink --tear --status=1
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 1
    assert_same "$(waiting)" c
    sink
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 0
    assert_same "$(delivered)" "a b c c"
}

@test "a killed command, a killed drain: what has a receipt is done" {
    spool a b c d
    sink --stop-at=c
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 1
    assert_stderr_has "signal 9"
    # c was delivered without a receipt.
    assert_same "$(waiting)" "c d"

    # The drain is killed while its command goes on for a while.
    rm delivered
    start audit-drain spool -- bash -c 'trap "" TERM; "$@"; sleep 5; touch ended' - "${sink[@]//--stop-at=c/--each=1}"
    eventually test -s delivered
    sleep 0.3
    kill -9 "$started"
    run_tool audit-drain --status spool
    [[ $output == *'"segments":1,'*'"draining":false'* ]]
    sink
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 0
    assert_stderr_has "still runs; waiting for its end"
    [ -e ended ]
    assert_same "$(delivered)" "c d"
}

@test "a command gets SIGTERM when its drain is killed" {
    spool a
    start audit-drain spool -- bash -c 'trap "touch told; exit" TERM; touch begun; while :; do sleep 0.1; done'
    eventually test -e begun
    kill -9 "$started"
    eventually test -e told
}

@test "SIGTERM is passed on to the whole pipeline, and what was done is done" {
    spool a later-b c
    sink
    start audit-drain --follow spool -- bash -c '{ trap "touch second; exit" TERM; cat >/dev/null; } & "$@"; trap "touch first; exit 1" TERM; touch begun; while :; do sleep 0.1; done' - "${sink[@]}"
    eventually test -e begun
    kill -TERM "$started"
    wait "$started"
    [ -e first ]
    assert_same "$(waiting)" later-b
    # A run that was stopped and says nothing line by line is not believed.
    start audit-drain --follow spool -- bash -c 'trap "exit 0" TERM; touch again; while :; do sleep 0.1; done'
    eventually test -e again
    kill -INT "$started" || :
    kill -TERM "$started"
    wait "$started"
    assert_same "$(waiting)" later-b
}

@test "one drain a directory" {
    spool a
    start audit-drain --follow spool -- sh -c 'cat >>out'
    eventually test -s out
    run_tool audit-drain spool -- cat
    assert_status 2
    assert_stderr "audit-drain: spool: another audit-drain (process $started) drains it"
    run_tool audit-drain --status spool
    [[ $output == *'"draining":true'* ]]
    # The others of its directories are drained.
    mkdir other
    echo '{"event":"b"}' | audit-spool other
    run_tool audit-drain spool other -- cat
    assert_status 2
    assert_output '{"event":"b"}'
}

@test "--follow delivers what comes, at once, and tells of an outage twice" {
    mkdir spool
    sink --until=now
    start audit-drain --follow --backoff=1s spool -- "${sink[@]}"
    drain=$started
    spool a
    eventually grep -q a delivered
    spool later-b
    eventually grep -q 'delivery fails' err.audit-drain
    run_tool audit-drain --status spool
    [[ $output == *'"failing_since":"2'*'"reason":"spool-sink: not all lines were taken"'* ]]
    run_tool audit-drain --status=table spool
    [[ $output == *"spool-sink: not all"* ]]
    sleep 3
    touch now
    eventually grep -q 'delivery works again' err.audit-drain
    assert_same "$(delivered)" "a later-b"
    spool later-c
    eventually grep -q later-c delivered
    assert_same "$(grep -c 'delivery fails' err.audit-drain)" 1
    assert_same "$(grep -c 'delivery works' err.audit-drain)" 1
    # The command's own words are passed on once.
    assert_same "$(grep -c '^spool-sink' err.audit-drain)" 1
    run_tool audit-drain --status spool
    [[ $output == *'"failing_since":null'* ]]
    kill -TERM "$drain"
    wait "$drain"
}

@test "--status and --warn for a monitor, failed lines and --retry-failed" {
    spool a reject-b
    run_tool audit-drain --status --warn=1h spool
    assert_status 0
    assert_output "$(printf '{"directory":"spool","segments":1,"bytes":35,%s,"failed":0,"failing_since":null,"attempts":0,"reason":null,"draining":false}' "$(grep -o '"oldest":"[^"]*","age":[0-9]*' <<<"$output")")"
    sleep 1.1
    run_tool audit-drain --status --warn=0s spool
    assert_status 1
    sink
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 1
    run_tool audit-drain --status spool
    assert_status 1
    [[ $output == *'"segments":0,"bytes":0,"oldest":null,"age":0,"failed":1,'* ]]
    run_tool audit-drain --status=table spool
    assert_status 1
    [ "${#lines[@]}" -eq 2 ]
    run_tool audit-drain --retry-failed spool
    assert_status 0
    assert_same "$(waiting)" reject-b
    assert_same "$(ls spool/failed)" ""
    run_tool audit-drain --status spool
    assert_status 0
    run_tool audit-drain --status nowhere
    assert_status 2
    run_tool audit-drain --status=yaml spool
    assert_status 2
    run_tool audit-drain --warn=1h spool
    assert_status 2
}

@test "what is older than --keep goes to failed, after it was tried" {
    mkdir -p spool/new
    echo '{"event":"old"}' >spool/new/20200101T000000.000000Z-1-1.ndjson
    spool young
    run_tool audit-drain --join=0 spool -- sh -c 'cat >>tried; exit 1'
    assert_status 1
    assert_same "$(failed)" old
    assert_same "$(waiting)" young
    assert_same "$(cat tried)" '{"event":"old"}'
    assert_stderr_has "older than 7d"
    grep -q '^{"line":1,"outcome":"undelivered","digest":"[0-9a-f]\{16\}","reason":"older than 7d (--keep); last: the command ended with status 1"}$' \
        spool/failed/*.receipts
    # Old or not, what is delivered is delivered.
    audit-drain --retry-failed spool
    mv spool/new/*.ndjson spool/new/20200101T000000.000000Z-1-1.ndjson 2>/dev/null || :
    run_tool audit-drain spool -- cat
    assert_status 0
}

@test "seven days of outage on a fast clock" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "faketime and sanitizers do not go together"
    # 50,000 seconds pass in each of ours: seven days in twelve seconds.
    spool a b c
    cat >deliver <<'EOD'
#!/bin/sh -eu
cat >/dev/null
[ ! -e up ] || exit 0
date +%s >>attempts
exit 1
EOD
    chmod +x deliver && mv deliver spool/deliver
    started_at=$(date +%s)
    start env FAKETIME='+0 x50000' faketime -f '+0 x50000' audit-drain --follow spool
    eventually grep -qs 'older than 7d went' err.env
    touch up
    # What is spooled by a clock far behind is delivered all the same.
    spool d
    eventually grep -q 'delivery works again, after [78]d' err.env
    kill -TERM "$(cat spool/lock)"
    assert_same "$(failed)" "a b c"
    assert_same "$(waiting)" ""
    assert_same "$(grep -c 'delivery fails' err.env)" 1
    assert_same "$(grep -c 'delivery works' err.env)" 1
    # Full jitter up to 15 minutes: 7.5 minutes in the mean, which is 1,344 attempts; the clock's speed
    # makes each of them cost minutes.
    attempts=$(wc -l <attempts)
    echo "$attempts attempts"
    [ "$attempts" -gt 50 ] && [ "$attempts" -lt 2500 ]
    [ "$(head -n 1 attempts)" -lt $((started_at + 86400)) ]
    # The last attempt starts before the seven days are over and ends after them: a day of this clock
    # is less than two seconds.
    [ "$(tail -n 1 attempts)" -ge $((started_at + 6 * 86400)) ]
}

@test "no wait of the back-off is longer than --backoff" {
    spool later-a
    sink --until=now
    # The waits, as the drain hands them to poll(2).
    start strace -qq -e trace=poll,ppoll -o waits audit-drain --follow --backoff=4s spool -- "${sink[@]}"
    [ -z "${AUDIT_SANITIZED-}" ] || skip "no leak checker under strace"
    sleep 8
    kill -TERM "$(cat spool/lock)"
    wait "$started" || :
    waits=$(sed -n 's/.*, \([0-9]*\))  *= .*/\1/p' waits | sort -n | tail -n 1)
    echo "longest wait: $waits ms"
    [ "$waits" -le 4000 ]
}

@test "several directories side by side: a slow one and one that is down hold up nobody" {
    mkdir -p root/{fast,slow,down}
    for name in fast slow down; do
        for n in 1 2 3 4 5; do
            echo "{\"event\":\"$name-$n\"}" | audit-spool "root/$name"
        done
    done
    cat >root/fast/deliver <<'EOD'
#!/bin/sh -eu
cat >>"$AUDIT_SPOOL/out"
EOD
    sed 's/^cat/sleep 3; cat/' root/fast/deliver >root/slow/deliver
    printf '#!/bin/sh\nexit 1\n' >root/down/deliver
    chmod +x root/*/deliver
    start audit-drain --follow --join=0 root/*
    eventually have_lines 5 root/fast/out
    have_lines 0 root/slow/out || have_lines 1 root/slow/out
    eventually have_lines 5 root/slow/out
    kill -TERM "$started"
    wait "$started"
    assert_same "$(cat root/down/new/* | wc -l)" 5
    assert_same "$(xargs <root/slow/out)" "{event:slow-1} {event:slow-2} {event:slow-3} {event:slow-4} {event:slow-5}"
}

@test "many spools write to one directory while it is drained" {
    local n count=2000
    mkdir spool
    start audit-drain --follow spool -- sh -c 'cat >>out'
    drain=$started
    for n in 1 2 3 4; do
        events $((n * 10000)) $((n * 10000 + count - 1)) "writer $n" >"in.$n"
        start audit-spool --segment-size=20kB spool "in.$n"
        writers+=("$started")
    done
    wait "${writers[@]}"
    eventually have_lines 8000 out
    kill -TERM "$drain"
    wait "$drain"
    sort out | cmp - <(sort in.1 in.2 in.3 in.4)
    # Each writer's own order is kept.
    for n in 1 2 3 4; do
        grep "writer $n" out | cmp - "in.$n"
    done
}

@test "order is kept from the spool to an HTTP service" {
    start_peer service
    events 1 300 >in
    mkdir spool
    audit-spool --segment-size=2kB spool in
    run_tool audit-drain spool -- audit-post --parallel=1 --url="$url"
    assert_status 0
    cmp "$peer/events" in
}

@test "what a killed writer has left is published, without its unfinished line" {
    mkdir spool
    mkfifo pipe
    start audit-spool --segment-time=1h --segment-size=1GB spool pipe
    exec {writer}>pipe
    { events 1 3000 "$(head -c 100 /dev/zero | tr '\0' y)"; } >&"$writer"
    eventually is_writing 1000
    kill -9 "$started"
    exec {writer}>&-
    whole=$(cat spool/tmp/* | wc -l)
    run_tool audit-drain spool -- cat
    assert_status 0
    assert_stderr_has "published the lines of a writer that was killed"
    printf '%s\n' "$output" | cmp - <(events 1 "$whole" "$(head -c 100 /dev/zero | tr '\0' y)")
    # The segment of a writer that lives is let alone.
    start audit-spool --segment-time=1h spool pipe
    exec {writer}>pipe
    events 1 3 >&"$writer"
    eventually has_files spool/tmp
    run_tool audit-drain spool -- cat
    assert_output ""
    exec {writer}>&-
    wait "$started"
    run_tool audit-drain spool -- wc -l
    assert_output 3
}

@test "no line is acknowledged before its segment and the directory are synced" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "no leak checker under strace"
    mkdir spool
    events 1 3000 >in
    run_tool strace -f -qq -y -s 2000000 -e trace=openat,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,linkat -o calls \
        audit-spool --tee --receipts=receipts --segment-size=50kB spool in
    assert_status 0
    run_tool python3 "$AUDIT_TESTS/spool-order.py" calls receipts
    echo "$output"
    assert_status 0
}

@test "a full disk: status 2, nothing acknowledged that is not there, and then it goes on" {
    unshare -rm true 2>/dev/null || skip "no right to mount"
    events 1 1200 "$(head -c 500 /dev/zero | tr '\0' z)" >in
    cat >steps <<'EOD'
mkdir spool && mount -t tmpfs -o size=512k tmpfs spool && mkdir spool/s || exit 99
audit-spool --tee --receipts=receipts --rejects=rejects --segment-size=50kB spool/s in >acknowledged
echo $? >status
cat spool/s/new/*.ndjson | cmp - acknowledged || exit 1
# The drain needs no room, and makes some.
head -c 1m /dev/zero >spool/fill 2>/dev/null
audit-drain spool/s -- sh -c 'cat >>out' || exit 1
cmp out acknowledged || exit 1
rm spool/fill
cat acknowledged rejects >taken
tail -n +$(($(wc -l <taken) + 1)) in | cat rejects - | audit-spool --segment-size=50kB spool/s || exit 1
audit-drain spool/s -- sh -c 'cat >>out'
EOD
    run_tool unshare -rm bash steps
    assert_status 0
    assert_stderr_has "No space left on device"
    assert_same "$(cat status)" 2
    assert_same "$(grep -c spooled receipts)" "$(wc -l <acknowledged)"
    cmp out in
}

@test "a full disk does not keep a drain from line by line receipts" {
    unshare -rm true 2>/dev/null || skip "no right to mount"
    sink --out=../delivered
    cat >steps <<'EOD'
mkdir disk && mount -t tmpfs -o size=1m tmpfs disk && mkdir disk/spool || exit 99
cd disk
printf '{"event":"%s"}\n' a b c | audit-spool spool
printf '{"event":"%s"}\n' reject-d e | audit-spool spool
printf '{"event":"%s"}\n' f | audit-spool spool
head -c 2m /dev/zero >fill 2>/dev/null
audit-drain --join=0 spool -- "$@"
echo $? >../status
rm fill
audit-drain spool -- "$@"
cat spool/failed/*.ndjson
EOD
    run_tool unshare -rm bash steps "${sink[@]}"
    assert_status 0
    assert_output '{"event":"reject-d"}'
    assert_same "$(cat status)" 2
    # e was delivered twice: the line before it had no room in failed/.
    assert_same "$(delivered)" "a b c e e f"
}

@test "--max-size: the producer waits, nothing is dropped, and it goes on when drained" {
    mkdir spool
    events 1 1000 "$(head -c 100 /dev/zero | tr '\0' z)" >in
    start audit-spool --max-size=50kB --segment-size=10kB spool in
    eventually grep -q 'the spool is full (--max-size); waiting' err.audit-spool
    sleep 0.5
    kill -0 "$started"
    ls -l spool/new spool/tmp
    [ "$(cat spool/new/* spool/tmp/* 2>/dev/null | wc -c)" -le 50000 ]
    start audit-drain --follow spool -- sh -c 'cat >>out'
    eventually cmp -s out in
    assert_same "$(grep -c full err.audit-spool)" 1
}

@test "--max-size counts what the open segment holds, whenever the spool is counted" {
    mkdir spool
    events 1 400 "$(head -c 100 /dev/zero | tr '\0' z)" >in
    # Slower than the spool is counted again: every second.
    slowly() {
        local i
        for i in {0..19}; do
            sed -n "$((20 * i + 1)),$((20 * i + 20))p" in
            sleep 0.15
        done
    }
    slowly | audit-spool --max-size=30kB --segment-size=25kB --segment-time=60s --when-full=fail spool 2>err || :
    grep -q 'the spool is full' err
    [ "$(cat spool/new/* | wc -c)" -le 30000 ]
    [ "$(cat spool/new/* | wc -c)" -gt 25000 ]
}

@test "--when-full=fail ends with status 2, a signal while it waits with 1" {
    mkdir spool
    events 1 1000 "$(head -c 100 /dev/zero | tr '\0' z)" >in
    run_tool audit-spool --max-size=50kB --segment-size=10kB --when-full=fail --tee --rejects=rejects spool in
    assert_status 2
    assert_stderr_has "the spool is full (--max-size); stopped at in:"
    cat spool/new/* | cmp - <(printf '%s\n' "$output")
    # What was read comes out, in order; the rest of the file was not read.
    cat spool/new/* rejects >taken
    head -c "$(wc -c <taken)" in | cmp - taken
    rm rejects
    start audit-spool --max-size=50kB --rejects=rejects spool in
    eventually grep -q waiting err.audit-spool
    kill -TERM "$started"
    status=0 && wait "$started" || status=$?
    [ "$status" -ne 0 ]
    # It is larger than the whole spool may be.
    run_tool audit-spool --max-size=100 spool in
    assert_status 1
    assert_stderr_has "larger than the spool may become"
}

@test "signals: what was read is kept and acknowledged" {
    mkdir spool
    mkfifo pipe
    start audit-spool --segment-time=1h --receipts=receipts spool pipe
    exec {writer}>pipe
    events 1 10 >&"$writer"
    eventually has_files spool/tmp
    sleep 0.3
    kill -HUP "$started"
    wait "$started" || :
    exec {writer}>&-
    assert_same "$(cat spool/new/* | wc -l)" 10
    assert_same "$(grep -c '"outcome":"spooled"' receipts)" 10
}

@test "events that every sink has acknowledged leave the spool" {
    start_peer service
    audit-path --user-id=42 "$DATA/bare.ndjson" >in
    mkdir spool archive
    audit-spool spool in
    run_tool audit-drain spool -- audit-fileput archive
    assert_status 0
    assert_same "$(find archive -type f | wc -l)" "$(wc -l <in)"
    # A second time they exist, which is as good.
    audit-spool spool in
    run_tool audit-drain spool -- audit-fileput archive
    assert_status 0
    audit-spool spool in
    run_tool audit-drain spool -- audit-post --url="$url"
    assert_status 0
    assert_same "$(wc -l <"$peer/events")" "$(wc -l <in)"
    # What a sink refuses is alone in failed/, and its reason beside it.
    { sed -n 1p in && echo '{"no":"path"}' && sed -n 2p in; } | audit-spool spool
    run_tool audit-drain spool -- audit-fileput archive
    assert_status 1
    assert_same "$(cat spool/failed/*.ndjson)" '{"no":"path"}'
    grep -q '^{"line":1,"path":null,"outcome":"rejected",.*"reason":"the event has no path; pipe it through audit-path first"}$' \
        spool/failed/*.receipts
    rm spool/failed/*
    { sed -n 1p in && echo '{"poison":1}'; } | audit-spool spool
    tell_peer '{"poison":"poison","refusal":"it is bad"}'
    run_tool audit-drain spool -- audit-post --url="$url"
    assert_status 1
    assert_same "$(cat spool/failed/*.ndjson)" '{"poison":1}'
    python3 -c 'import json, sys; print(json.load(sys.stdin)["reason"])' <spool/failed/*.receipts >reason
    grep 400 reason
    # A spool can be the sink of another.
    audit-spool spool in
    mkdir -p archive/new
    run_tool audit-drain spool -- audit-spool archive
    assert_status 0
    assert_same "$(cat archive/new/* | wc -l)" "$(wc -l <in)"
}

@test "an HTTP service that goes away and comes back" {
    start_peer service
    mkdir spool
    start audit-drain --follow --backoff=1s spool -- audit-post --retry-for=1s --url="$url"
    events 1 50 | audit-spool spool
    eventually has_events 50
    tell_peer '{"faults":[[1,503]]}'
    events 51 100 | audit-spool spool
    eventually grep -q 'delivery fails' err.audit-drain
    tell_peer '{"faults":[[0.3,503],[0.1,"reset"]]}'
    eventually grep -q 'delivery works again' err.audit-drain
    eventually has_events 100
    kill -TERM "$started"
    wait "$started"
    assert_same "$(cat spool/new/* 2>/dev/null | wc -l)" 0
}

@test "each event goes to its customer's spool, or to the master" {
    mkdir -p root/{7301,master}
    { events 1 3 && events 4 5 | sed 's/7301/9/' && events 6 6; } >in
    run_tool audit-route --tee --receipts=receipts root in
    assert_status 0
    printf '%s\n' "$output" | cmp - in
    cat root/7301/new/* | cmp - <(events 1 3 && events 6 6)
    assert_same "$(cat root/master/new/* | wc -l)" 2
    assert_same "$(grep -c spooled receipts)" 6
    # Without a master nobody else's events are taken.
    rm -r root/master
    run_tool audit-route --rejects=rejects root in
    assert_status 1
    assert_same "$(wc -l <rejects)" 2
    assert_stderr_has "root has no directory 9, and no master for the rest"
    # Other keys.
    mkdir -p kinds/{job,activity} users/{5,none} mixed/7301-activity
    run_tool audit-route --by=kind kinds "$DATA/bare.ndjson"
    assert_status 0
    [ "$(cat kinds/job/new/* | wc -l)" -gt 0 ] && [ "$(cat kinds/activity/new/* | wc -l)" -gt 0 ]
    echo '{"event":"x","timestamp":"2024-05-01 00:00:00 UTC","user":{"id":5,"email":"a@b"},"team":{"id":1}}' >one
    run_tool audit-route --by=user --default=none users one
    assert_status 0
    cat users/5/new/* | cmp - one
    run_tool audit-route --by='{user_id}-{kind}' mixed <(events 1 1)
    assert_status 0
    assert_same "$(cat mixed/7301-activity/new/* | wc -l)" 1
    run_tool audit-route --by='{user_id}/x' mixed one
    assert_status 2
    run_tool audit-route --by=custommer mixed one
    assert_status 2
    run_tool audit-route --default=../x mixed one
    assert_status 2
}

@test "hostile customer ids are rejects, and nothing outside ROOT is written" {
    local id
    mkdir -p outside root/master
    ln -s ../outside root/link
    : >root/file
    for id in '"../outside"' '".."' '"."' '"/tmp"' '"a/b"' '"link"' '"file"' '""' '"\u0000"' '"\u002e\u002e"' \
        '"x\u002fy"' '"-x"' '" "' "\"$(head -c 300 /dev/zero | tr '\0' a)\"" '{}' 'true' '"1","id":"2"'; do
        printf '{"event":"x","timestamp":"2024-05-01 00:00:00 UTC","team":{"id":%s}}\n' "$id"
    done >in
    run_tool audit-route --verbose --rejects=rejects root in
    assert_status 1
    cmp rejects in
    assert_same "$(find outside root -newer in -type f ! -name in)" ""
    assert_same "$(ls outside)" ""
    assert_stderr_has "symbolic link; none is followed"
}

@test "ten thousand customers with few files and little memory" {
    mkdir -p root/master
    for n in {1..20}; do mkdir "root/$n"; done
    python3 - >in <<'EOD'
for i in range(60000):
    print('{"event":"user_login","timestamp":"2024-05-01 00:00:00 UTC","n":%d,"team":{"id":%d}}' % (i, i % 10000))
EOD
    if [ -n "${AUDIT_SANITIZED-}" ]; then
        run_tool audit-route root in
    else
        run_tool prlimit --nofile=64 --as=$((256 << 20)) audit-route root in
    fi
    assert_status 0
    assert_stderr ""
    # 0 is no directory.
    assert_same "$(cat root/master/new/* | wc -l)" $((6 * (10000 - 20)))
    for n in {1..20}; do
        cat "root/$n/new/"* | cmp - <(grep "\"id\":$n}" in)
    done
    # As many directories as customers.
    mkdir all
    (cd all && seq 0 1999 | xargs mkdir)
    run_tool prlimit --nofile=64 audit-route all <(head -n 2000 in)
    assert_status 0
    assert_same "$(find all -name '*.ndjson' | wc -l)" 2000
}

@test "one customer's directory that cannot be written to costs the others nothing" {
    mkdir -p root/{1,2,master}
    : >root/2/new
    for n in 1 2 3; do
        events $n $n | sed "s/7301/$n/"
    done >in
    run_tool audit-route --rejects=rejects --receipts=receipts root in
    assert_status 1
    assert_same "$(cat root/1/new/* root/master/new/* | wc -l)" 2
    assert_same "$(cat rejects)" "$(sed -n 2p in)"
    assert_same "$(grep -c undelivered receipts)" 1
}

@test "kill -9 of everything at any moment loses no event that was acknowledged" {
    run_tool python3 "$AUDIT_TESTS/spool-kills.py" "${AUDIT_LONG:+--events=200000}" "${AUDIT_LONG:+--kills=100}"
    echo "$output$stderr"
    assert_status 0
}

@test "usage" {
    mkdir spool
    run_tool audit-drain
    assert_status 2
    assert_stderr_has "the directory DIR is missing"
    run_tool audit-drain spool --
    assert_status 2
    assert_stderr_has "the command after -- is missing"
    run_tool audit-drain --status spool -- cat
    assert_status 2
    run_tool audit-drain --status --retry-failed spool
    assert_status 2
    run_tool audit-drain nowhere -- cat
    assert_status 2
    assert_stderr_has "nowhere: No such file or directory; make it first"
    run_tool audit-drain --backoff=0s spool -- cat
    assert_status 2
    run_tool audit-spool
    assert_status 2
    run_tool audit-spool --when-full=drop spool
    assert_status 2
    assert_stderr_has "wait, fail"
    run_tool audit-route
    assert_status 2
    # A command that is not there.
    spool a
    run_tool audit-drain spool
    assert_status 2
    assert_stderr_has "spool/deliver: cannot be run: No such file or directory"
    run_tool audit-drain spool -- nonsense-command
    assert_status 2
    assert_same "$(waiting)" a
}
