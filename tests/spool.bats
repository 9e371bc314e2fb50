#!/usr/bin/env bats
# audit-spool: events survive failures of their destination.
load common
load peer
load spool

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

@test "many spools write to one directory while it is drained" {
    local n count=500
    mkdir spool
    start audit-drain --follow spool -- sh -c 'cat >>out'
    drain=$started
    for n in 1 2 3 4; do
        events $((n * 10000)) $((n * 10000 + count - 1)) "writer $n" >"in.$n"
        start audit-spool --segment-size=20kB spool "in.$n"
        writers+=("$started")
    done
    wait "${writers[@]}"
    eventually have_lines 2000 out
    kill -TERM "$drain"
    wait "$drain"
    sort out | cmp - <(sort in.1 in.2 in.3 in.4)
    # Each writer's own order is kept.
    for n in 1 2 3 4; do
        grep "writer $n" out | cmp - "in.$n"
    done
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
    # The segment of a running writer is left alone.
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
    need_mounts
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
    run_tool in_mounts 'bash steps'
    assert_status 0
    assert_stderr_has "No space left on device"
    assert_same "$(cat status)" 2
    assert_same "$(grep -c spooled receipts)" "$(wc -l <acknowledged)"
    cmp out in
}

@test "a sync that fails is status 2 and a message, whichever it is, and the last segment's, too" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "LD_PRELOAD and sanitizers do not go together"
    events 1 2 "$(head -c 500 /dev/zero | tr '\0' z)" >in
    local at=0
    while :; do
        rm -rf spool rejects fired
        mkdir spool && audit-spool spool </dev/null
        run_tool env LD_PRELOAD="$AUDIT_BUILD/tests/fault.so" FAULT_CALL=sync FAULT_ERROR=EIO FAULT_AT=$((++at)) \
            FAULT_FIRED=fired audit-spool --segment-size=500B --rejects=rejects spool <in
        [ -s fired ] || break
        assert_status 2
        assert_stderr_has "Input/output error"
        cat spool/new/*.ndjson rejects 2>/dev/null | sort -u | cmp - <(sort in)
    done
    # Two segments, and their positions.
    [ "$at" -gt 4 ]
    assert_status 0
    assert_stderr ""
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
    # More slowly than the spool's size is counted, every second.
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
    # The records read are written, in order; the rest of the file was not read.
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

@test "kill -9 of everything at any moment loses no event that was acknowledged" {
    run_tool python3 "$AUDIT_TESTS/spool-kills.py" "${AUDIT_LONG:+--events=200000}" "${AUDIT_LONG:+--kills=100}"
    echo "$output$stderr"
    assert_status 0
}

@test "usage" {
    mkdir spool
    run_tool audit-spool
    assert_status 2
    assert_stderr_has "the directory DIR is missing"
    run_tool audit-spool --when-full=drop spool
    assert_status 2
    assert_stderr_has "wait, fail"
    run_tool audit-spool nowhere
    assert_status 2
    assert_stderr_has "nowhere: No such file or directory; make it first"
}

@test "a file of tmp/ that cannot be opened is told, and so is a size that cannot be measured" {
    [ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
    # The test's own directories are closed to others.
    local dir=/tmp/audit-spool-$$
    mkdir "$dir" "$dir/spool" "$dir/spool/tmp" "$dir/spool/new"
    cp "$(command -v audit-spool)" "$dir/tool"
    chown -R 65534:65534 "$dir"
    echo '{"a":1}' >"$dir/spool/tmp/20240101T000000.000000Z-1-1.ndjson"
    chmod 600 "$dir"/spool/tmp/*
    other() {
        run_tool setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$dir" ./tool "$@" spool <<<'{"b":2}'
    }
    other
    local told=$stderr published
    published=$(cat "$dir"/spool/new/*)
    mkdir -m 700 "$dir/spool/failed"
    other --max-size=1MB --when-full=fail
    rm -r "$dir"
    assert_status 2
    assert_same "$published" '{"b":2}'
    assert_same "$told" "audit-spool: spool/tmp/20240101T000000.000000Z-1-1.ndjson: cannot be opened: Permission denied; if its writer was killed, its lines stay there until its owner or mode is changed"
    assert_stderr_has "spool/failed: Permission denied: it counts as full (--max-size); stopped at stdin:1"
}
