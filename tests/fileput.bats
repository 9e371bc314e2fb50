#!/usr/bin/env bats
# audit-fileput: events as files, whole or not at all
load common

check() {
    python3 "$AUDIT_TESTS/fileput-check.py" "$@"
}

# line PATH [EVENT]: an addressed event; PATH is a JSON string's content.
line() {
    printf '{"path":"%s","event":%s}\n' "$1" "${2-{\"id\":1\}}"
}

# one_reject PATH MESSAGE: the event is rejected, for that reason, between two that are stored.
one_reject() {
    echo "--- $1"
    rm -rf store rejects && mkdir -p store
    line "$1" >bad
    { line a.json && cat bad && line b.json; } >in
    run_tool audit-fileput --rejects=rejects --receipts=receipts store in
    assert_status 1
    assert_stderr_has "audit-fileput: in:2: "
    assert_stderr_has "$2"
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    cmp bad rejects
    [ "$(find . -name '*.json' | sort | xargs)" = "./store/a.json ./store/b.json" ]
    [ "$(ls -A store)" = "$(printf 'a.json\nb.json')" ]
}

# names DIR: its entries, on one line.
names() {
    find "$1" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs
}

@test "each file has its event's bytes, in every way of syncing" {
    {
        check make 300
        line 'odd/1.json' '{ "a" : 1.50,"\u00e9":"é\ud83d\ude00" , "a":2 }'
        line 'odd/2.json' '"a custom message"'
        line 'odd/3.json' '[ ]'
        line 'odd/caf\u00e9 \ud83d\ude00/\"4\" \\.json' 'null'
        line 'top.json'
    } >in
    local sync
    for sync in group each none; do
        mkdir "$sync"
        run_tool audit-fileput --sync="$sync" "$sync" <in
        assert_status 0
        assert_output ''
        assert_stderr ''
        check complete "$sync" in
    done
    [ "$(cat 'none/odd/café 😀/"4" \.json')" = null ]
    mkdir default
    audit-fileput default in
    diff -r default each
}

@test "paths of all depths, in any order" {
    local deep
    deep=$(printf 'd/%.0s' {1..500})
    {
        line "${deep}x"
        line a/b/c/d/1
        line a/b/2
        line a/bb/3
        line a/b/c/4
        line ab/5
        line "${deep}y"
        line .hidden/...x
    } >in
    mkdir store
    run_tool audit-fileput store in
    assert_status 0
    check sound store in | grep -qx 8
}

# outcomes RECEIPTS: on one line.
outcomes() {
    grep -o '"outcome":"[a-z]*"' "$1" | cut -d'"' -f4 | xargs
}

@test "a file that cannot be read is no conflict, and is not replaced" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "LD_PRELOAD and sanitizers do not go together"
    local at told=0
    mkdir store
    echo '{"path":"a","event":{"n":1}}' >in
    audit-fileput store in
    for ((at = 1; at < 20; at++)); do
        rm -f fired
        run_tool env LD_PRELOAD="$AUDIT_BUILD/tests/fault.so" FAULT_CALL=read FAULT_ERROR=EIO FAULT_AT=$at \
            FAULT_FIRED=fired audit-fileput store in
        [ -s fired ] || break
        [[ $stderr != *conflict* ]]
        [[ $stderr != *"store/a: Input/output error"* ]] || told=$((told + 1))
    done
    [ "$told" -ge 1 ]
}

@test "the same bytes there are a success, other bytes a conflict, unless --overwrite replaces them" {
    local sync
    for sync in group each none; do
        rm -rf store receipts rejects && mkdir store
        { line a/x 1 && line b '"b"'; } >in
        audit-fileput --sync=$sync store in
        { line a/x 2 && line b '"b"' && line c 3; } >changed
        run_tool audit-fileput --sync=$sync --receipts=receipts --rejects=rejects store changed
        assert_status 1
        assert_stderr 'audit-fileput: changed:1: store/a/x: conflict: the file exists with other content (--overwrite replaces it)'
        [ "$(cat store/a/x)" = 1 ]
        [ "$(outcomes receipts)" = 'rejected exists delivered' ]
        sed -n 1p changed | cmp - rejects
        rm receipts
        run_tool audit-fileput --sync=$sync --overwrite --receipts=receipts store changed
        assert_status 0
        [ "$(cat store/a/x)" = 2 ]
        [ "$(outcomes receipts)" = 'replaced exists exists' ]
        [ "$(names store)" = 'a b c' ]
    done
    run_tool audit-fileput --no-overwrite --overwrite store in
    assert_status 2
}

@test "of two events with one path the first is stored, and with --overwrite the last" {
    { line a/x 1 && line b 0 && line a/x 2 && line a/x 2; } >in
    local sync
    for sync in group each none; do
        rm -rf store receipts
        mkdir store
        run_tool audit-fileput --sync=$sync --receipts=receipts store in
        assert_status 1
        assert_stderr_has 'in:3: store/a/x: conflict'
        [ "$(cat store/a/x)" = 1 ]
        [ "$(outcomes receipts)" = 'delivered delivered rejected rejected' ]
        rm -rf store/a receipts
        { cat in && line a/x 1; } >in.more
        audit-fileput --sync=$sync --overwrite --receipts=receipts store in.more
        [ "$(cat store/a/x)" = 1 ]
        [ "$(outcomes receipts)" = 'delivered exists replaced exists replaced' ]
    done
}

@test "a replay with --no-overwrite changes no file, and each is acknowledged" {
    check make 1500 >in
    mkdir store
    audit-fileput --sync=none store in
    find store -type f -printf '%i %T@ %p\n' | sort >before
    run_tool audit-fileput --no-overwrite --tee --receipts=receipts store in
    assert_status 0
    cmp in <(printf '%s\n' "$output")
    [ "$(check receipts in receipts)" = 'exists 1500' ]
    find store -type f -printf '%i %T@ %p\n' | sort | cmp before -
}

@test "--tee=new passes on only new content, --tee=all everything" {
    { line a 1 && line b 2; } >in
    mkdir store
    audit-fileput store in
    { cat in && line c 3 && line a 4 && echo bad; } >extended
    run_tool audit-fileput --tee=new store extended
    assert_status 1
    assert_output "$(line c 3)"
    run_tool audit-fileput --tee=all store extended
    assert_output "$(head -n 3 extended)"
    run_tool audit-fileput --tee=new --overwrite store extended
    assert_output "$(line a 4)"
    run_tool audit-fileput --tee=some store extended
    assert_status 2
    assert_stderr_has '--tee=some: '
}

@test "--skip passes over what earlier receipts call stored, however its path was written" {
    { line 'a\/1' 1 && line b 2 && line ../c 3; } >in
    mkdir store
    audit-fileput --receipts=receipts store in || [ $? -eq 1 ]
    rm -r store && mkdir store
    { line a/1 1 && line b 2 && line d 4; } >again
    run_tool audit-fileput --skip=receipts --receipts=receipts --summary store again
    assert_status 0
    [[ $stderr == 'audit-fileput: 1 delivered, 2 skipped, 0 rejected, 0 undelivered in '* ]]
    [ "$(names store)" = d ]
    [ "$(tail -n 3 receipts | cut -d'"' -f10 | xargs)" = 'skipped skipped delivered' ]
    # Several files form one set, and rejects are not in it.
    head -n 1 receipts >first && sed -n 2,3p receipts >second
    run_tool audit-fileput --skip=first --skip=second store in
    assert_status 1
    [ "$(names store)" = d ]
}

@test "on a terminal there is a progress line, cut to the width, and a summary" {
    check make 3000 >in
    mkdir store
    # Slow input: the line is drawn four times a second.
    cat >slow <<'END'
head -n 1000 in
sleep 0.6
sed -n 1001,3000p in
sleep 0.6
END
    run_tool script -qec "stty cols 16; bash slow | audit-fileput --sync=none store" /dev/null
    assert_status 0
    printf '%s' "$output" | tr '\r' '\n' | sed 's/\x1b\[K//' >drawn
    cat -v drawn
    grep -q '^[0-9,]* delivered' drawn
    # One column stays empty.
    [ "$(grep -v '^audit-fileput: ' drawn | awk 'length > 15' | wc -l)" -eq 0 ]
    grep -q '^audit-fileput: 3,000 delivered, 0 rejected, 0 undelivered in ' drawn
    run_tool audit-fileput store in
    assert_stderr ''
}

@test "a bare event is rejected with the advice to pipe it through audit-path" {
    mkdir store
    echo '{"id":1}' >in
    run_tool audit-fileput --rejects=rejects --receipts=receipts store in
    assert_status 1
    assert_stderr 'audit-fileput: in:1: the event has no path; pipe it through audit-path first'
    cmp in rejects
    [ "$(sed 's/,"queued.*//' receipts)" = \
        '{"line":1,"path":null,"outcome":"rejected","status":null,"attempts":0,"bytes":8' ]
}

@test "a hostile path never becomes a file" {
    one_reject '../x.json' 'component ".."'
    one_reject 'a/../../b.json' 'component ".."'
    one_reject 'a/..' 'component ".."'
    one_reject '\u002e\u002e/x.json' 'component ".."'
    one_reject '\u002e\u002e\u002fx.json' 'component ".."'
    one_reject './x.json' 'component "."'
    one_reject 'a/./x.json' 'component "."'
    one_reject '/abs.json' 'absolute'
    one_reject "$PWD/abs.json" 'absolute'
    one_reject '\/abs.json' 'absolute'
    one_reject 'a//b.json' 'empty component'
    one_reject 'a/' 'empty component'
    one_reject '' 'the path is empty'
    one_reject "$(printf '%02000d' 0)" 'longer than 1024 bytes'
    one_reject "$(printf 'abcd/%.0s' {1..400})x.json" 'longer than 1024 bytes'
    one_reject "$(printf '%0300d' 0)/x.json" 'File name too long'
    one_reject "$(printf '%0300d' 0)" 'File name too long'
    one_reject 'a\nb.json' 'control character'
    one_reject 'a\u001b[31mb.json' 'control character'
    one_reject 'a\u007fb.json' 'control character'
    one_reject 'a\u009bb.json' 'control character'
    one_reject 'a\u0000b.json' 'cannot be decoded to a file name'
    one_reject 'a\ud800b.json' 'cannot be decoded to a file name'
    one_reject '.audit-fileput.000000/x.json' 'temporary files'
    one_reject 'a/.audit-fileput/x.json' 'temporary files'
    one_reject '.AUDIT-Fileput.000000/x.json' 'temporary files'
}

@test "a path of 1,024 bytes is stored, one of 1,025 is not" {
    local directories
    directories=$(printf '%0200d/' 1 2 3 4 5)
    mkdir store
    { line "$directories$(printf '%019d' 1)" && line "$directories$(printf '%020d' 1)"; } >in
    run_tool audit-fileput store in
    assert_status 1
    [ "$(find store -type f | wc -l)" -eq 1 ]
    [ -f "store/$directories$(printf '%019d' 1)" ]
}

@test "a link inside DIR is never followed" {
    mkdir store outside store/real
    ln -s "$PWD/outside" store/out
    ln -s real store/inner
    ln -s nowhere store/dangling
    ln -s "$PWD/outside/file" store/real/out
    {
        line out/x
        line inner/x
        line dangling/x
        line real/x
        line out/deeper/x
    } >in
    local option
    for option in --sync=group --sync=none --overwrite; do
        rm -f receipts
        run_tool audit-fileput "$option" --receipts=receipts store in
        assert_status 1
        assert_stderr_has 'in:1: store/out: is a symbolic link, which is not followed'
        assert_stderr_has 'in:2: store/inner: is a symbolic link'
        assert_stderr_has 'in:3: store/dangling: is a symbolic link'
        assert_stderr_has 'in:5: store/out: is a symbolic link'
        [ "$(check receipts in receipts | cut -d' ' -f3-)" = 'rejected 4' ]
        [ "$(find outside | wc -l)" -eq 1 ]
        [ ! -e store/nowhere ]
    done
    [ "$(find store -type f)" = store/real/x ]
}

@test "a link in place of the file is a reject, and with --overwrite replaced; its target stays" {
    mkdir store
    echo mine >target
    ln -s "$PWD/target" store/a
    ln -s nowhere store/b
    { line a 1 && line b 2; } >in
    run_tool audit-fileput store in
    assert_status 1
    assert_stderr_has 'in:1: store/a: is a symbolic link'
    assert_stderr_has 'in:2: store/b: is a symbolic link'
    run_tool audit-fileput --overwrite --receipts=receipts store in
    assert_status 0
    [ "$(outcomes receipts)" = "replaced replaced" ]
    [ ! -L store/a ]
    [ ! -L store/b ]
    [ "$(cat target store/a store/b | xargs)" = 'mine 12' ]
}

@test "a directory in place of the file, or a file in place of a directory, costs one record" {
    mkdir -p store/dir/full store/empty
    touch store/file
    { line ok1 && line dir && line empty && line file/x && line ok2; } >in
    local option
    for option in --sync=group --sync=each --overwrite; do
        rm -f store/ok* rejects
        run_tool audit-fileput "$option" --rejects=rejects --tee store in
        assert_status 1
        assert_stderr_has 'in:2: store/dir: is a directory'
        assert_stderr_has 'in:3: store/empty: is a directory'
        assert_stderr_has 'in:4: store/file: is not a directory'
        [ -d store/dir/full ] && [ -d store/empty ] && [ -f store/file ]
        [ -f store/ok1 ] && [ -f store/ok2 ]
        sed -n 2,4p in | cmp - rejects
        cmp <(sed -n '1p;5p' in) <(printf '%s\n' "$output")
    done
}

@test "--fail-fast stores the lines before the rejected one, and none after it" {
    mkdir store store/dir
    { line ok1 && line dir && line ok2 && line ../x && line ok3; } >in
    run_tool audit-fileput --fail-fast --rejects=rejects --receipts=receipts --tee store in
    assert_status 1
    assert_output "$(line ok1)"
    [ "$(names store)" = 'dir ok1' ]
    sed -n 2p in | cmp - rejects
    [ "$(check receipts in receipts)" = 'delivered 1 rejected 1' ]
    rm -rf store rejects receipts && mkdir store
    run_tool audit-fileput --fail-fast --rejects=rejects --receipts=receipts --tee store in
    assert_output "$(sed -n 1,3p in)"
    [ "$(names store)" = 'dir ok1 ok2' ]
    sed -n 4p in | cmp - rejects
    [ "$(check receipts in receipts)" = 'delivered 3 rejected 1' ]
}

@test "--tee and --receipts tell of every line, in input order, rejects between" {
    check make 2500 | awk '{ print } NR % 100 == 0 { print "{\"bare\":" NR "}"; print "not JSON" }' >in
    mkdir store
    run_tool audit-fileput --tee --receipts=receipts --rejects=rejects store in
    assert_status 1
    cmp <(grep '^{"path"' in) <(printf '%s\n' "$output")
    cmp <(grep -v '^{"path"' in) rejects
    [ "$(wc -l <receipts)" -eq 2550 ]
    [ "$(sed 's/.*"line":\([0-9]*\),.*/\1/' receipts)" = "$(seq 2550)" ]
    [ "$(grep -c '"path":null,"outcome":"rejected"' receipts)" -eq 50 ]
    [ "$(grep -c '"outcome":"delivered","status":null,"attempts":1' receipts)" -eq 2500 ]
}

@test "an over-long record between others is one reject, kept byte for byte" {
    check make 20 >few
    line large "\"$(printf '%0400000d' 0)\"" >big
    { head -n 10 few && cat big && tail -n 10 few; } >in
    mkdir store
    run_tool audit-fileput --max-record=300kB --rejects=rejects --receipts=receipts --tee store in
    assert_status 1
    assert_stderr_has 'in:11: the record is larger than 300000 bytes'
    cmp big rejects
    cmp few <(printf '%s\n' "$output")
    [ "$(sed -n 11p receipts | cut -d, -f1-3)" = '{"line":11,"path":null,"outcome":"rejected"' ]
}

@test "records larger than a group, and memory within its bounds" {
    local i
    {
        check make 3000
        for i in 1 2; do
            printf '{"path":"big/%d","event":"' "$i"
            head -c 20000000 /dev/zero | tr '\0' x
            printf '"}\n'
        done
    } >in
    tail -n 1 in >largest
    mkdir store
    run_tool python3 "$AUDIT_TESTS/peak.py" audit-fileput --receipts=receipts --rejects=rejects store in
    assert_status 0
    check complete store in
    [ "$(check receipts in receipts)" = 'delivered 3002' ]
    assert_peak largest
}

@test "DIR must be there, and a directory" {
    run_tool audit-fileput missing </dev/null
    assert_status 2
    assert_stderr 'audit-fileput: missing: No such file or directory; make it first: mkdir -p missing'
    touch file
    run_tool audit-fileput file </dev/null
    assert_status 2
    assert_stderr 'audit-fileput: file: Not a directory; give the directory first, then the files'
    run_tool audit-fileput
    assert_status 2
    assert_stderr_has 'DIR is missing'
    mkdir store
    run_tool audit-fileput --sync=often store
    assert_status 2
    assert_stderr_has '--sync=often: not one of group, each, none'
    [ "$(ls -A store)" = '' ]
}

@test "a read-only DIR is status 2" {
    need_mounts
    mkdir store
    line a >in
    # shellcheck disable=SC2016 # the inner shell expands it
    run_tool in_mounts 'mount --bind store store && mount -o remount,ro,bind store
        audit-fileput store in || exit $?'
    assert_status 2
    assert_stderr 'audit-fileput: store: cannot write there: Read-only file system'
}

@test "a DIR that is not ours to write is status 2" {
    [ "$(id -u)" = 0 ] || skip "needs root, to become somebody else"
    mkdir /tmp/audit-fileput-$$
    # The test's own directories are closed to others.
    cp "$(command -v audit-fileput)" /tmp/audit-fileput-$$/tool
    run_tool setpriv --reuid=65534 --regid=65534 --clear-groups \
        env -C /tmp/audit-fileput-$$ ./tool . </dev/null
    rm -r /tmp/audit-fileput-$$
    assert_status 2
    assert_stderr 'audit-fileput: .: cannot write there: Permission denied'
}

@test "a full disk: each line is stored and acknowledged, or undelivered and kept" {
    need_mounts
    check make 400 >in
    local sync
    for sync in group each none; do
        rm -rf store copy rejects receipts teed && mkdir store
        # shellcheck disable=SC2016 # the inner shell expands it
        run_tool in_mounts 'mount -t tmpfs -o size=256k none store
            status=0
            audit-fileput --sync="$0" --tee --rejects=rejects --receipts=receipts store in >teed || status=$?
            cp -a store copy
            exit $status' "$sync"
        assert_status 2
        assert_stderr_has ': No space left on device; stopped at in:'
        assert_stderr_has 'went to --rejects'
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
        # The rest of the file is not read, and the message says where reading stopped.
        cat teed rejects >told
        cmp told <(head -n "$(wc -l <told)" in)
        [ "$(wc -l <told)" -eq 400 ] || assert_stderr_has "; in was read up to line $(wc -l <told)"
        [ -s teed ]
        check complete copy teed
        [ "$(check receipts in receipts)" = \
            "delivered $(wc -l <teed) undelivered $(wc -l <rejects)" ]
    done
}

@test "what a full disk left over is stored by the next run" {
    need_mounts
    check make 60 >in
    mkdir store
    # shellcheck disable=SC2016 # the inner shell expands it
    run_tool in_mounts 'mount -t tmpfs -o size=64k none store
        status=0
        audit-fileput --rejects=rejects store in || status=$?
        mount -o remount,size=4m store
        audit-fileput store rejects
        cp -a store copy
        exit $status'
    assert_status 2
    check complete copy in
}

@test "a file size limit costs the records that are larger" {
    mkdir store
    { line a && line b "\"$(printf '%05000d' 0)\"" && line c; } >in
    # shellcheck disable=SC2016 # the inner shell expands it
    run_tool bash -c 'ulimit -f 2; exec audit-fileput store in'
    assert_status 1
    assert_stderr_has 'in:2: store/b: File too large'
    [ "$(names store)" = 'a c' ]
}

to_full() { "$@" >/dev/full; }

@test "--tee to a full disk or a closed pipe is status 2; records read are stored or kept" {
    check make 1500 >in
    mkdir store
    run_tool to_full audit-fileput --tee --receipts=receipts --rejects=rejects store in
    assert_status 2
    assert_stderr 'audit-fileput: standard output: No space left on device'
    check sound store in >count
    [ "$(check receipts in receipts | cut -d' ' -f1,2)" = "delivered $(cat count)" ]
    rm -rf store && mkdir store
    bash -c 'audit-fileput --tee --sync=none store in; echo $? >status' 2>message | true
    eventually test -s status
    [ "$(cat status)" = 2 ]
    [ "$(cat message)" = 'audit-fileput: standard output: Broken pipe' ]
    check sound store in
}

@test "--receipts or --rejects to a full disk, or not to be opened, is status 2" {
    { check make 5 && echo bad; } >in
    mkdir store
    run_tool audit-fileput --receipts=/dev/full store in
    assert_status 2
    assert_stderr_has 'audit-fileput: /dev/full: No space left on device'
    run_tool audit-fileput --rejects=/dev/full store in
    assert_status 2
    assert_stderr_has 'audit-fileput: /dev/full: No space left on device'
    run_tool audit-fileput --receipts=missing/file store in
    assert_status 2
    assert_stderr 'audit-fileput: missing/file: No such file or directory'
    [ "$(names store)" = 5234 ]
}

@test "no incomplete file under a final name after kill -9, at any moment, and no staging after the next run" {
    check make 4000 >in
    local sync moment process killed=0
    for sync in group none each; do
        for moment in 0.005 0.02 0.05 0.1; do
            rm -rf store && mkdir store
            audit-fileput --sync=$sync store in 3>&- &
            process=$!
            sleep $moment
            ! kill -9 $process 2>/dev/null || killed=$((killed + 1))
            wait $process || :
            check sound store in >/dev/null
            audit-fileput store </dev/null
            [ "$(find store -name '.audit-fileput*')" = '' ]
        done
    done
    [ $killed -gt 3 ]
    audit-fileput --no-overwrite --sync=none store in
    check complete store in
}

@test "the staging of a run that lives is let alone" {
    mkdir store
    mkfifo pipe
    audit-fileput --tee store <pipe >teed 3>&- &
    local process=$! staging
    exec 4>pipe
    line a/1 >&4
    eventually test -s teed
    staging=$(cd store && echo .audit-fileput.*)
    line b | audit-fileput store
    [ -d "store/$staging" ]
    line a/2 >&4
    exec 4>&-
    wait $process
    [ "$(cd store && find . -type f | sort | xargs)" = './a/1 ./a/2 ./b' ]
    [ "$(names store)" = 'a b' ]
}

# acknowledged NUMBER: so many events are stored, and each was passed on and has a receipt.
acknowledged() {
    [ -f "store/a/$1" ] && [ "$(wc -l <teed)" -eq "$1" ] && [ "$(wc -l <receipts)" -eq "$1" ]
}

@test "each event of a tail -f is stored and acknowledged at once, without an end of file" {
    mkfifo pipe
    local sync process number
    for sync in group each none; do
        rm -rf store receipts && mkdir store
        audit-fileput --sync=$sync --tee --receipts=receipts store <pipe >teed 3>&- &
        process=$!
        exec 4>pipe
        for number in 1 2 3; do
            line a/$number >&4
            eventually acknowledged $number
        done
        printf '{"path":"b' >&4
        sleep 0.1
        printf '","event":1}\n' >&4
        exec 4>&-
        wait $process
        [ -f store/b ]
    done
}

@test "directories that are removed or moved away meanwhile are made again" {
    mkdir store
    mkfifo pipe
    audit-fileput --tee store <pipe >teed 3>&- &
    local process=$!
    exec 4>pipe
    line a/b/1 >&4
    eventually grep -q a/b/1 teed
    mv store/a moved
    line a/b/2 >&4
    eventually grep -q a/b/2 teed
    rm -r store/a
    line a/b/3 >&4
    exec 4>&-
    wait $process
    [ "$(find store moved -type f | sort | xargs)" = 'moved/b/1 store/a/b/3' ]
}

@test "SIGTERM, SIGINT and SIGHUP: records read are stored, acknowledged or kept, and the line is reported" {
    check make 6000 >in
    local signal process count
    for signal in TERM INT HUP; do
        rm -rf store teed rejects receipts go finished && mkdir store
        # Its output is not read until the signal has come: it cannot finish before.  A shell's
        # background job ignores SIGINT; env restores it.
        env --default-signal=INT audit-fileput --tee --rejects=rejects --receipts=receipts store <in \
            > >(until [ -e go ]; do sleep 0.1; done && cat >teed && touch finished) 2>message 3>&- &
        process=$!
        eventually test -d store/5234
        kill -$signal $process
        touch go
        status=0
        wait $process || status=$?
        eventually test -e finished
        # The file has more lines: the status is 2, and the position is reported.
        [ "$status" -eq 2 ]
        grep -qx "audit-fileput: stopped by SIG$signal; stdin was read up to line [0-9]*" message
        [ "$(sed 's/.* //' message)" -eq "$(wc -l <teed)" ]
        touch rejects
        [ ! -s rejects ]
        count=$(wc -l <teed)
        [ "$count" -gt 0 ] && [ "$count" -lt 6000 ]
        cat teed rejects | head -c -1 | cmp -n "$(($(cat teed rejects | wc -c) - 1))" - in
        check complete store teed
        [ "$(check receipts in receipts | cut -d' ' -f1,2)" = "delivered $count" ]
        [ "$(wc -l <receipts)" -eq $((count + $(wc -l <rejects))) ]
    done
}

@test "SIGTERM ends a wait for input at once; a signal that was ignored stays so" {
    mkdir store
    mkfifo pipe
    # Read and write: it stays open although nothing reads.
    exec 4<>pipe
    audit-fileput --tee store <pipe >teed 2>message 3>&- 4>&- &
    local process=$!
    line a >&4
    eventually test -s teed
    kill -TERM $process
    wait $process
    [ "$(cat message)" = 'audit-fileput: stopped by SIGTERM; stdin was read up to line 1' ]
    rm teed
    env --ignore-signal=INT audit-fileput --tee store <pipe >teed 2>message 3>&- 4>&- &
    process=$!
    line b >&4
    eventually test -s teed
    kill -INT $process
    line c >&4
    eventually test -e store/c
    exec 4>&-
    wait $process
    [ ! -s message ]
    [ "$(names store)" = 'a b c' ]
}

@test "files and directories have the permissions that the umask gives" {
    mkdir store
    (umask 027 && line a/b | audit-fileput store)
    [ "$(stat -c %a store/a store/a/b | xargs)" = '750 640' ]
}
