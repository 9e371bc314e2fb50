#!/usr/bin/env bats
# audit-drain: from the spool to any command, line by line.
load common
load peer
load spool

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
    # A segment that a user has put there ends at the end of its file.
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
    # The receipts beside a failed file are for its lines.
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

@test "no fault of the drain has a command that succeeded get a line again" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "LD_PRELOAD and sanitizers do not go together"
    local call error at before i
    mkdir -p master/new
    for i in 1 2 3 4; do
        printf '{"path":"%d.json","event":{"n":%d}}\n' $i $i >>master/new/$((i / 3)).ndjson
    done
    printf '{"event":"without a path"}\n' >>master/new/0.ndjson
    cat master/new/* >in
    printf '%s\n' 'set -o pipefail' 'tee -a got | audit-fileput archive 2>/dev/null' >deliver
    for call in open:EMFILE ${AUDIT_LONG:+read:EIO own-memory:ENOMEM}; do
        error=${call#*:}
        for ((at = 1; at < 200; at++)); do
            rm -rf spool archive got fired
            cp -r master spool && mkdir archive
            run_tool env LD_PRELOAD="$AUDIT_BUILD/tests/fault.so" FAULT_CALL="${call%:*}" FAULT_ERROR="$error" FAULT_AT=$at \
                FAULT_ONLY=audit-drain FAULT_OWN=1 FAULT_FIRED=fired audit-drain --join=1MB spool -- bash deliver
            [ -s fired ] || break
            before=$stderr
            audit-drain spool -- bash deliver 2>/dev/null || [ $? = 1 ]
            sort got | cmp - <(sort in) || { show "$call $at: not once each: $before" && return 1; }
            [ "$(cat archive/*)$(cat spool/failed/*.ndjson)" = "$(printf '{"n":%d}' 1 2 3 4){\"event\":\"without a path\"}" ]
        done
        [ "$at" -gt 2 ]
    done
}

@test "receipts that do not fit are not believed" {
    # A pipeline that drops lines before its sink: the drain cannot tell which before the end.
    spool a drop-b c d
    sink
    run_tool audit-drain spool -- bash -c 'set -o pipefail; grep -v drop | "$@"' - "${sink[@]}"
    assert_status 0
    assert_same "$(waiting)" ""
    # Nothing was lost, and only lines after the dropped one were delivered twice, which is
    # reported.
    assert_same "$(delivered)" "a c d c d"
    assert_stderr "audit-drain: spool: the command succeeded, but its receipts confirm only 1 of 4 lines; it gets the others again, and may deliver them twice: put what drops lines before the spool, see audit-drain(1)"
    # A pipeline that changes some lines, or their order, but drops none: each is delivered once.
    rm delivered
    spool a b c d
    run_tool audit-drain spool -- bash -c 'set -o pipefail; sed -e 2s/b/changed/ -e "3{h;d}" -e 4G | "$@"' - "${sink[@]}"
    assert_status 0
    assert_stderr ""
    assert_same "$(waiting)" ""
    assert_same "$(delivered)" "a changed d c"
    # … and if it fails, lines without a receipt of their own stay.
    rm delivered
    spool a drop-b c later-d
    run_tool audit-drain spool -- bash -c 'set -o pipefail; grep -v drop | "$@"' - "${sink[@]}"
    assert_status 1
    assert_same "$(waiting)" "drop-b c later-d"
    # The receipts of the toolkit's own sinks have a MAC, which does not match either.
    rm -r spool && mkdir archive spool
    printf '{"path":"%s","event":{"n":1}}\n' a drop-b a c | audit-spool spool
    run_tool audit-drain spool -- bash -c 'set -o pipefail; grep -v drop | audit-fileput archive'
    assert_same "$(ls archive)" $'a\nc'
    assert_status 0
    assert_same "$(waiting)" ""
    printf '{"path":"%s","event":{"n":1}}\n' a drop-b a ../c | audit-spool spool
    # shellcheck disable=SC2016 # for the inner shell
    run_tool audit-drain spool -- bash -c 'set -o pipefail; grep -v drop | audit-fileput archive; s=$?; cp "$AUDIT_RECEIPTS" kept; exit $s'
    assert_status 1
    assert_same "$(cat spool/new/* | grep -o '"path":"[^"]*"' | cut -d'"' -f4 | paste -sd' ')" "drop-b a ../c"
    assert_same "$(grep -c '^{"line":1,"lines":2,.*"mac":"[0-9a-f]\{32\}"}$' kept)" 1
    grep -q '^{"line":3,.*"rejected",.*"mac":"[0-9a-f]\{16\}","digest":"'"$(printf '{"path":"../c","event":{"n":1}}' | sha256sum | cut -c1-16)"'","reason":' kept
}

@test "lines that were delivered alike have one receipt together" {
    mkdir -p spool/new archive
    # More lines than one receipt can have, with a blank line and a reject in between.
    {
        seq -f '{"path":"a/%.0f","event":{"n":1}}' 1 300
        echo
        echo '{"path":"../b","event":{"n":1}}'
        seq -f '{"path":"c/%.0f","event":{"n":1}}' 1 20
    } >spool/new/1.ndjson
    # shellcheck disable=SC2016 # for the inner shell
    run_tool audit-drain spool -- bash -c 'audit-fileput archive; s=$?; cp "$AUDIT_RECEIPTS" kept; exit $s'
    assert_status 1
    assert_same "$(grep -o '^{"line":[0-9]*,"lines":[0-9]*' kept | tr -dc '0-9,\n')" $'1,256\n257,44\n303,20'
    assert_same "$(grep -c '^{"line":302,"path":"../b","outcome":"rejected"' kept)" 1
    assert_same "$(wc -l <kept)" 4
    assert_same "$(find archive -type f | wc -l)" 320
    assert_same "$(waiting)" ""
    assert_same "$(cat spool/failed/*.ndjson)" '{"path":"../b","event":{"n":1}}'
}

@test "a segment that is done is removed while the command still runs" {
    mkdir -p spool/new archive
    printf '{"path":"%s","event":{"n":1}}\n' a b >spool/new/1.ndjson
    printf '{"path":"%s","event":{"n":1}}\n' c d >spool/new/2.ndjson
    printf '{"path":"%s","event":{"n":1}}\n' ../e f >spool/new/3.ndjson
    # The sink gets three lines and then waits until the segment of a and b is removed, not the
    # other.
    cat >sink <<'EOD'
set -o pipefail
{
    head -c "$(head -n 3 lines | wc -c)"
    eventually test ! -e spool/new/1.ndjson
    ls spool/new >meanwhile
    "$@"
} | audit-fileput archive
EOD
    cat spool/new/* >lines
    run_tool audit-drain spool -- bash sink cat
    assert_status 1
    assert_same "$(cat meanwhile)" $'2.ndjson\n3.ndjson'
    assert_same "$(ls archive)" $'a\nb\nc\nd\nf'
    assert_same "$(waiting)" ""
    assert_same "$(cat spool/failed/*.ndjson)" '{"path":"../e","event":{"n":1}}'
    # A command that is killed afterwards: removed lines are done, and those without a receipt stay.
    rm -r spool archive && mkdir -p spool/new archive
    split -l 2 -d --additional-suffix=.ndjson lines spool/new/
    mv spool/new/00.ndjson spool/new/1.ndjson
    mv spool/new/01.ndjson spool/new/2.ndjson
    mv spool/new/02.ndjson spool/new/3.ndjson
    # shellcheck disable=SC2016 # for the inner shell
    run_tool audit-drain spool -- bash sink bash -c 'kill -9 $PPID'
    assert_status 1
    assert_same "$(cat meanwhile)" $'2.ndjson\n3.ndjson'
    assert_same "$(cat spool/new/* | grep -o '"path":"[^"]*"' | cut -d'"' -f4 | paste -sd' ')" "d ../e f"
}

@test "a command whose receipts fit gets what follows in the same run" {
    # Three segments; a command without known receipts gets only the first one.
    large=$(head -c 1000000 /dev/zero | tr '\0' p)
    fill() {
        rm -rf spool archive runs && mkdir -p spool/new archive
        printf '{"path":"%s","event":{"x":"'"$large"'"}}\n' a1 a2 a3 a4 a5 >spool/new/1.ndjson
        printf '{"path":"%s","event":{"x":"'"$large"'"}}\n' b1 b2 b3 b4 b5 >spool/new/2.ndjson
        printf '{"path":"%s","event":{"n":1}}\n' ../c d >spool/new/3.ndjson
    }
    stored() { find archive -type f -printf '%f\n' | sort | paste -sd' '; }
    # The sink gets one line, and the others when there is a receipt.
    cat >sink <<'EOD'
set -o pipefail
echo run >>runs
size=$(head -n 1 spool/new/1.ndjson | wc -c)
{
    head -c "$size"
    eventually test -s "$AUDIT_RECEIPTS"
    "$@"
} | audit-fileput --sync=none archive
EOD
    fill
    run_tool audit-drain spool -- bash sink cat
    assert_status 1
    assert_same "$(wc -l <runs)" 1
    assert_same "$(stored)" "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 d"
    assert_same "$(waiting)$(ls spool/work)" ""
    assert_same "$(cat spool/failed/*.ndjson)" '{"path":"../c","event":{"n":1}}'
    # Receipts of other lines do not make it get more.
    fill
    sed -i 1d spool/new/3.ndjson
    run_tool audit-drain spool -- bash -c 'set -o pipefail; echo run >>runs; sed s/pp/q/ | audit-fileput --sync=none archive'
    assert_status 0
    assert_same "$(wc -l <runs)" 2
    assert_same "$(stored)" "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 d"
    # A drain that is killed after that: lines with a receipt are done, in the first segment and the
    # others.
    fill
    cat >some <<'EOD'
head -c "$((6 * size))"
eventually test -e go
EOD
    all_stored() { [ "$(stored)" = "a1 a2 a3 a4 a5 b1 b2" ]; }
    start audit-drain spool -- bash -c 'trap "" TERM; . ./sink' - . ./some
    eventually all_stored
    kill -9 "$started"
    eventually is_undrained
    touch go
    run_tool audit-drain spool -- sh -c 'cat >/dev/null; exit 1'
    assert_status 1
    assert_same "$(cat spool/new/* | cut -d'"' -f4 | paste -sd' ')" "b3 b4 b5 ../c d"
    assert_same "$(ls spool/work)" ""
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
    # A command that reports success, but its lines as undelivered, is not believed.
    spool later-d
    sink --status=0
    run_tool audit-drain spool -- "${sink[@]}"
    assert_status 1
    assert_same "$(waiting)" "later-d"
    assert_stderr_has "status 0, but"
}

@test "a segment is removed while the command reads: its status is not believed" {
    mkdir spool
    # More than fits into a pipe, so that the second segment is not yet given when it is removed.
    events 1 4000 "$(head -c 400 /dev/zero | tr '\0' p)" | audit-spool spool
    events 4001 4001 | audit-spool spool
    events 4002 4002 | audit-spool spool
    cat >without_second <<'EOD'
second=$(ls spool/new/* | sed -n 2p) && mv "$second" gone && "$@"
EOD
    run_tool audit-drain spool -- bash without_second tee taken
    assert_status 1
    assert_stderr_has "a segment was removed or changed while the command ran"
    cmp taken <(events 1 4000 "$(head -c 400 /dev/zero | tr '\0' p)")
    run_tool audit-drain spool -- sh -c 'cat >taken'
    assert_status 0
    assert_same "$(wc -l <taken)" 4001
    # The same, with a sink whose receipts report the delivery.
    sink --out=/dev/null
    events 1 4000 "$(head -c 400 /dev/zero | tr '\0' p)" | audit-spool spool
    events 4001 4001 | audit-spool spool
    run_tool audit-drain spool -- bash without_second "${sink[@]}"
    assert_status 0
    assert_same "$(ls spool/new spool/failed spool/work)" "$(printf 'spool/failed:\n\nspool/new:\n\nspool/work:')"
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

    # The drain is killed while its command runs on for a while.
    rm delivered
    start audit-drain spool -- bash -c 'trap "" TERM; "$@"; touch taken; until [ -e go ]; do sleep 0.05; done; touch ended' - \
        "${sink[@]//--stop-at=c/--each=1}"
    eventually test -e taken
    kill -9 "$started"
    eventually is_undrained
    sink
    start audit-drain spool -- "${sink[@]}"
    eventually grep -q 'still runs; waiting for its end' err.audit-drain
    assert_same "$(delivered)" c
    touch go
    wait "$started"
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

@test "SIGTERM is passed on to the whole pipeline, and done lines are done" {
    spool a later-b c
    sink
    start audit-drain --follow spool -- bash -c '{ trap "touch second; exit" TERM; cat >/dev/null; } & "$@"; trap "touch first; exit 1" TERM; touch begun; while :; do sleep 0.1; done' - "${sink[@]}"
    eventually test -e begun
    kill -TERM "$started"
    wait "$started"
    [ -e first ]
    assert_same "$(waiting)" later-b
    # A command that was stopped and has no receipts is not believed.
    start audit-drain --follow spool -- bash -c 'trap "exit 0" TERM; touch again; while :; do sleep 0.1; done'
    eventually test -e again
    kill -INT "$started" || :
    kill -TERM "$started"
    wait "$started"
    assert_same "$(waiting)" later-b
}

@test "without --follow a signal that leaves something undone is status 1 and a message" {
    spool a
    spool b
    sink
    start audit-drain --join=0 spool -- bash -c 'trap "" TERM; touch begun; until [ -e go ]; do sleep 0.05; done; exec "$@"' - "${sink[@]}"
    eventually test -e begun
    kill -TERM "$started"
    touch go
    status=0
    wait "$started" || status=$?
    assert_status 1
    assert_same "$(waiting)" b
    assert_same "$(cat err.audit-drain)" "audit-drain: spool: stopped by SIGTERM; what is left stays in the spool"
    # If nothing is left it is a success.
    rm begun go err.audit-drain
    start audit-drain --join=0 spool -- bash -c 'trap "" TERM; touch begun; until [ -e go ]; do sleep 0.05; done; exec "$@"' - "${sink[@]}"
    eventually test -e begun
    kill -TERM "$started"
    touch go
    wait "$started"
    assert_same "$(cat err.audit-drain)" ""
    assert_same "$(delivered)" "a b"
}

@test "a drain that was killed while it started its command leaves the lock to a child for a moment" {
    spool a
    sink
    # Such a child: it has the lock, and the process that took the lock is gone.
    cat >child.py <<'END'
import fcntl, os, struct, subprocess, time
lock = os.open('spool/lock', os.O_RDWR | os.O_CREAT)
gone = subprocess.Popen(['true'])
gone.wait()
os.write(lock, b'%d\n' % gone.pid)
fcntl.fcntl(lock, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))  # F_OFD_SETLK
open('held', 'w').close()
time.sleep(0.3)
END
    start python3 child.py
    eventually test -e held
    run_tool audit-drain spool -- "${sink[@]}"
    assert_stderr ""
    assert_status 0
    assert_same "$(waiting)" ""
    wait "$started"
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
    # Its other directories are drained.
    mkdir other
    echo '{"event":"b"}' | audit-spool other
    run_tool audit-drain spool other -- cat
    assert_status 2
    assert_output '{"event":"b"}'
}

@test "--follow delivers new events at once, and reports an outage twice" {
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
    sleep 1.5
    touch now
    eventually grep -q 'delivery works again' err.audit-drain
    assert_same "$(delivered)" "a later-b"
    spool later-c
    eventually grep -q later-c delivered
    assert_same "$(grep -c 'delivery fails' err.audit-drain)" 1
    assert_same "$(grep -c 'delivery works' err.audit-drain)" 1
    # The command's own messages are passed on once.
    assert_same "$(grep -c '^spool-sink' err.audit-drain)" 1
    run_tool audit-drain --status spool
    [[ $output == *'"failing_since":null'* ]]
    kill -TERM "$drain"
    wait "$drain"
}

@test "--status of a spool that cannot be read closes nothing but what it has opened" {
    mkdir half whole
    touch half/new
    # The leak checker does not work under strace.
    ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_tool strace -qq -e trace=close -o calls audit-drain --status half whole
    assert_status 2
    assert_stderr "audit-drain: half: Not a directory"
    [ "$(grep -c EBADF calls)" = 0 ]
}

@test "--status tells of an outage although a signal interrupts a read" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "LD_PRELOAD and sanitizers do not go together"
    local at
    spool a
    run_tool audit-drain spool -- sh -c 'echo no >&2; exit 1'
    for ((at = 1; at < 100; at++)); do
        rm -f fired
        run_tool env LD_PRELOAD="$AUDIT_BUILD/tests/fault.so" FAULT_CALL=read FAULT_ERROR=EINTR FAULT_AT=$at \
            FAULT_FIRED=fired audit-drain --status spool
        [[ $output == *'"attempts":1,"reason":"no",'* ]]
        [ -s fired ] || break
    done
    [ "$at" -gt 1 ]
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

@test "events older than --keep go to failed, after an attempt" {
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
    # Delivered events are done, however old they are.
    audit-drain --retry-failed spool
    mv spool/new/*.ndjson spool/new/20200101T000000.000000Z-1-1.ndjson 2>/dev/null || :
    run_tool audit-drain spool -- cat
    assert_status 0
}

@test "seven days of outage on a fast clock" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "faketime and sanitizers do not go together"
    command -v faketime >/dev/null || skip "there is no faketime"
    # Each of our seconds is 50,000 seconds: seven days take twelve seconds.
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
    eventually grep -qs 'older than 7d to spool/failed' err.env
    touch up
    # Events that were spooled with a clock far behind are delivered all the same.
    spool d
    eventually grep -q 'delivery works again, after [0-9]*d' err.env
    kill -TERM "$(cat spool/lock)"
    assert_same "$(failed)" "a b c"
    assert_same "$(waiting)" ""
    assert_same "$(grep -c 'delivery fails' err.env)" 1
    assert_same "$(grep -c 'delivery works' err.env)" 1
    # Full jitter up to 15 minutes: 7.5 minutes on average, which is 1,344 attempts; with this clock
    # each of them takes minutes.
    attempts=$(wc -l <attempts)
    echo "$attempts attempts"
    [ "$attempts" -ge 3 ] && [ "$attempts" -lt 2500 ]
    # The last attempt starts before the seven days are over and ends after them: a day of this
    # clock is less than two seconds, and an attempt on a slow machine may take some seconds.
    [ "$(head -n 1 attempts)" -lt $((started_at + 6 * 86400)) ]
    [ "$(tail -n 1 attempts)" -ge $((started_at + 86400)) ]
}

@test "no wait is longer than --backoff, seen by the system calls" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "faketime and sanitizers do not go together"
    command -v faketime >/dev/null || skip "there is no faketime"
    # A second of this clock is a millisecond of poll(2): the drain's waits do not depend on the
    # load.
    spool a
    cat >spool/deliver <<'EOD'
#!/bin/sh
cat >/dev/null
echo >>"$AUDIT_SPOOL/attempts"
[ "$(wc -l <"$AUDIT_SPOOL/attempts")" -lt 40 ] || kill -TERM "$PPID"
exit 1
EOD
    chmod +x spool/deliver
    timeout 600 faketime -f '+0 x1000' strace -qq -e trace=poll -o calls audit-drain --follow --backoff=40s spool || :
    assert_same "$(wc -l <spool/attempts)" 40
    run_tool python3 - <<'END'
import re
waits = [int(n) for n in re.findall(r"^poll\(.*, (\d+)\) += ", open("calls").read(), re.M)]
waits = [wait for wait in waits if wait > 0]
print(waits)
assert max(waits) <= 40, "a wait is longer than --backoff"
# Of 34 waits of up to 40 s one is longer than 20 s, except once in 17,000,000,000 runs.
assert max(waits) > 20, "no wait comes near to --backoff"
END
    assert_status 0
}

@test "several directories in parallel: a slow one and one that is down do not delay others" {
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
    sed "s,^cat,until [ -e '$PWD/go' ]; do sleep 0.05; done; cat," root/fast/deliver >root/slow/deliver
    printf '#!/bin/sh\nexit 1\n' >root/down/deliver
    chmod +x root/*/deliver
    start audit-drain --follow --join=0 root/*
    eventually have_lines 5 root/fast/out
    [ ! -s root/slow/out ]
    touch go
    eventually have_lines 5 root/slow/out
    kill -TERM "$started"
    wait "$started"
    assert_same "$(cat root/down/new/* | wc -l)" 5
    assert_same "$(xargs <root/slow/out)" "{event:slow-1} {event:slow-2} {event:slow-3} {event:slow-4} {event:slow-5}"
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

@test "a full disk does not keep a drain from line by line receipts" {
    need_mounts
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
    run_tool in_mounts 'bash steps "$@"' - "${sink[@]}"
    assert_status 0
    assert_output '{"event":"reject-d"}'
    assert_same "$(cat status)" 2
    # e was delivered twice: there was no room in failed/ for the line before it.
    assert_same "$(delivered)" "a b c e e f"
}

@test "events that every sink has acknowledged leave the spool" {
    start_peer service
    audit-path --user-id=42 "$DATA/bare.ndjson" >in
    mkdir spool archive
    audit-spool spool in
    run_tool audit-drain spool -- audit-fileput archive
    assert_status 0
    assert_same "$(find archive -type f | wc -l)" "$(wc -l <in)"
    # The second time they exist, which is a success too.
    audit-spool spool in
    run_tool audit-drain spool -- audit-fileput archive
    assert_status 0
    audit-spool spool in
    run_tool audit-drain spool -- audit-post --url="$url"
    assert_status 0
    assert_same "$(wc -l <"$peer/events")" "$(wc -l <in)"
    # Only the line that a sink refuses is in failed/, with its reason beside it.
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

@test "segments, receipts and waits hold their tables" {
    run_tool "$AUDIT_BUILD/tests/spool-units" "$PWD"
    echo "$output"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
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
    # A command that is not there.
    spool a
    run_tool audit-drain spool
    assert_status 2
    assert_stderr_has "spool/deliver: cannot be run: No such file or directory; give a command after --, or make this file an executable one"
    run_tool audit-drain spool audit-fileput archive
    assert_status 2
    assert_stderr_has "audit-fileput: this is a command and not a directory; it comes after --"
    assert_same "$(waiting)" a
    # The same with an option of the command, which the drain does not have.
    run_tool audit-drain spool audit-post --url=http://127.0.0.1:1/
    assert_status 2
    assert_stderr "audit-drain: unrecognized option '--url=http://127.0.0.1:1/'
audit-drain: audit-post and its options come after --
Try 'audit-drain --help' for more information."
    # For a missing directory, or a file in its place, that is not reported.
    : >plain-file
    run_tool audit-drain nowhere plain-file
    assert_status 2
    assert_stderr "audit-drain: nowhere: No such file or directory; make it first: mkdir -p nowhere
audit-drain: plain-file: Not a directory"
    run_tool audit-drain spool -- nonsense-command
    assert_status 2
    assert_same "$(waiting)" a
}
