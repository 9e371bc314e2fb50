#!/usr/bin/env bats
# audit-seal: its output, and that sha256sum and openssl accept it.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
load common
load peer
load seal

teardown() {
    tell_failure
    stop_peers
}

@test "a seal is a sha256sum file: its first lines, the seal before it, and the events" {
    make_key log
    make_archive 3
    mkdir archive/seals
    run_tool audit-seal --key=log.key archive/seals addressed
    assert_status 0
    assert_output ""
    assert_stderr ""
    run_tool audit-seal --key=log.key archive/seals addressed
    assert_status 0
    run_tool cat archive/seals/00000002.sha256
    local time='20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z' lines
    mapfile -t lines <<<"$output"
    [ "${#lines[@]}" = 13 ]
    [ "${lines[0]}" = "# audit-seal 1" ]
    [ "${lines[1]}" = "# log seals" ]
    [ "${lines[2]}" = "# number 2" ]
    [[ ${lines[3]} =~ ^"# from "$time$ ]]
    [[ ${lines[4]} =~ ^"# to "$time$ ]]
    [ "${lines[3]#\# from }" = "$(sed -n 's/^# to //p' archive/seals/00000001.sha256)" ]
    [ "${lines[5]}" = "# every 3600" ]
    [ "${lines[6]}" = "# key $(openssl pkey -pubin -in log.pub -outform DER | sha256sum | cut -d' ' -f1)" ]
    [ "${lines[7]}" = "# events 3" ]
    [ "${lines[8]}" = "# removals 0" ]
    [ "${lines[9]}" = "$(cd archive && sha256sum seals/00000001.sha256)" ]
    local paths
    mapfile -t paths < <(audit-path --print <(sed 's/.*"event"://; s/.$//' addressed))
    [ "${lines[10]}" = "$(cd archive && sha256sum "${paths[0]}")" ]
    [ "${lines[12]}" = "$(cd archive && sha256sum "${paths[2]}")" ]
    check_with_coreutils log.pub
}

@test "coreutils and openssl accept what was sealed with each kind of key, and refuse what was changed" {
    local kind
    for kind in ed25519 ec rsa; do
        rm -rf archive
        make_key log "$kind"
        make_archive 20
        mkdir archive/seals
        run_tool audit-seal --key=log.key archive/seals addressed
        assert_status 0
        run_tool audit-seal --key=log.key archive/seals /dev/null
        assert_status 0
        check_with_coreutils log.pub
        verify archive/seals archive
        assert_sound
        # A byte of the seal, and one of an event.
        cp archive/seals/00000001.sha256 kept
        sed -i 's/^# events 20/# events 21/' archive/seals/00000001.sha256
        run_tool check_signature archive/seals/00000001.sha256 log.pub
        [ "$status" -ne 0 ]
        run_tool check_with_coreutils log.pub
        [ "$status" -ne 0 ]
        verify archive/seals archive
        assert_found "bad-signature 00000001.sig" "bad-seal 00000001.sha256" "chain-broken 00000002.sha256"
        cp kept archive/seals/00000001.sha256
        check_with_coreutils log.pub
    done
}

@test "paths with odd characters are sealed as sha256sum writes them" {
    make_key log
    mkdir -p archive/seals
    python3 - <<'END'
import json, os
for i, path in enumerate(['a b/c', 'tab\tx', 'new\nline/x', 'back\\slash', '\\', 'return\rx', '日本語/🦀.json',
                          '*star', '-dash', '# removed x', '\\x/\ny', 'x' * 250 + '/' + 'y' * 200]):
    event = json.dumps({'n': i}, separators=(',', ':'))
    with open('addressed', 'a') as file:
        file.write('{"path":%s,"event":%s}\n' % (json.dumps(path), event))
    os.makedirs(os.path.dirname('archive/' + path), exist_ok=True)
    with open('archive/' + path, 'w') as file:
        file.write(event)
END
    run_tool audit-seal --key=log.key archive/seals addressed
    assert_stderr ""
    assert_status 0
    check_with_coreutils log.pub
    # Exactly the lines that sha256sum writes.
    (cd archive && find . -path ./seals -prune -o -type f -printf '%P\0' | xargs -0 sha256sum --) | sort >expected
    grep -v '^#' archive/seals/00000001.sha256 | sort | cmp expected -
    verify archive/seals archive
    assert_sound
    verify archive/seals addressed
    assert_sound
}

@test "what cannot be a file below a directory, or is in the seals' own, is a reject" {
    make_key log
    mkdir seals
    local path
    for path in /etc/passwd ../x a/../b a/./b . '' a//b a/ seals seals/00000001.sha256 "$(printf '%01025d' 0)" 'a\u0000b'; do
        printf '{"path":"%s","event":{"n":1}}\n' "$path"
    done >bad
    { echo '{"path":"good","event":{"n":1}}'; cat bad; echo '{"n":2}'; echo nothing; } >in
    run_tool audit-seal --key=log.key --tee --rejects=rejects seals in
    assert_status 1
    assert_output '{"path":"good","event":{"n":1}}'
    { cat bad; echo '{"n":2}'; echo nothing; } | cmp - rejects
    assert_stderr_has "audit-seal: in:4: the path has a component '.' or '..'"
    assert_stderr_has "audit-seal: in:14: the event has no path; pipe it through audit-path first"
    grep -c '^# events 1$' seals/00000001.sha256
}

@test "--new-key makes an Ed25519 key that openssl reads, and overwrites nothing" {
    run_tool audit-seal --new-key=log
    assert_status 0
    assert_stderr ""
    assert_output "$(openssl pkey -pubin -in log.pub -outform DER | sha256sum | cut -d' ' -f1)"
    [ "$(stat -c %a log)" = 600 ]
    openssl pkey -in log -noout -text | grep -q ED25519
    openssl pkey -in log -pubout | cmp - log.pub
    cp log kept
    run_tool audit-seal --new-key=log
    assert_status 2
    assert_stderr_has "File exists"
    cmp log kept
    rm log
    run_tool audit-seal --new-key=log
    assert_status 2
    assert_stderr "audit-seal: log.pub: File exists, and no key is overwritten; take another name"
    [ ! -e log ]
    run_tool audit-seal --new-key=no/such/place
    assert_status 2
    assert_stderr "audit-seal: no/such/place: No such file or directory"
}

@test "a passphrase comes from a file or the environment, and is never requested" {
    mkdir seals
    AUDIT_SEAL_PASSPHRASE='correct horse' run_tool audit-seal --new-key=log
    assert_status 0
    grep -q 'BEGIN ENCRYPTED PRIVATE KEY' log
    openssl pkey -in log -passin 'pass:correct horse' -pubout | cmp - log.pub
    AUDIT_SEAL_PASSPHRASE='correct horse' run_tool audit-seal --key=log seals /dev/null
    assert_status 0
    echo 'correct horse' >passphrase
    run_tool audit-seal --key=log --passphrase-file=passphrase seals /dev/null
    assert_status 0
    run_tool timeout 300 audit-seal --key=log seals /dev/null
    assert_status 2
    assert_stderr "audit-seal: log: the key is encrypted; give --passphrase-file or \$AUDIT_SEAL_PASSPHRASE"
    AUDIT_SEAL_PASSPHRASE='battery staple' run_tool audit-seal --key=log seals /dev/null
    assert_status 2
    assert_stderr "audit-seal: log: the passphrase is wrong, or the key is damaged"
    [ "$(find seals -name '*.sha256' | wc -l)" = 2 ]
}

@test "a key that does not sign, or is none, is status 2 with the reason" {
    mkdir seals
    make_key log
    run_tool audit-seal --key=missing seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: missing: No such file or directory; --new-key=FILE makes a key"
    run_tool audit-seal --key=log.pub seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: log.pub: not a private key in PEM (--new-key=FILE makes one)"
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out other.key
    run_tool audit-seal --key=other.key seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: other.key: an EC key on another curve than P-256"
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out other.key 2>/dev/null
    run_tool audit-seal --key=other.key seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: other.key: an RSA key of 1024 bits; 2,048 to 16,384 are possible"
    openssl genpkey -algorithm X25519 -out other.key
    run_tool audit-seal --key=other.key seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: other.key: not an Ed25519, ECDSA P-256 or RSA key"
    run_tool audit-verify --key=log.key --chain seals
    assert_status 2
    assert_stderr "audit-verify: log.key: not a public key in PEM (openssl pkey -pubout writes one)"
    [ -z "$(ls seals)" ]
}

@test "usage: what is missing or does not go together is told" {
    mkdir seals
    usage() { # MESSAGE COMMAND...
        local message=$1
        shift
        run_tool "$@" </dev/null
        assert_status 2
        assert_stderr "$1: $message
Try '$1 --help' for more information."
    }
    usage "the directory SEALS is missing" audit-seal --key=k
    usage "--key=FILE is missing; --new-key=FILE makes a key" audit-seal seals
    usage "--new-key takes no operand" audit-seal --new-key=k seals
    usage "--stamp-missing needs --tsa=URL" audit-seal --stamp-missing seals
    usage "--head and --stamp-missing read no events: SEALS is the only operand" audit-seal --head seals x
    usage "--key=FILE, the public key, is missing" audit-verify seals
    usage "the directory SEALS is missing" audit-verify --key=k
    usage "--chain reads no archive: SEALS is the only operand" audit-verify --key=k --chain seals seals
    usage "an archive is one directory, or files of addressed events" audit-verify --key=k seals seals x
    make_key log
    run_tool audit-seal --key=log.key missing </dev/null
    assert_status 2
    assert_stderr "audit-seal: missing: No such file or directory; make it first, with mkdir"
    usage "--tsa: not a URL that begins with http:// or https://" audit-seal --tsa=tsa.example --key=log.key seals
    mkdir 'odd name'
    run_tool audit-seal --key=log.key 'odd name' </dev/null
    assert_status 2
    assert_stderr_has "'odd name' cannot be the name of a log"
    run_tool audit-seal --key=log.key --log=acme 'odd name' </dev/null
    assert_status 0
    grep -qx '# log acme' 'odd name/00000001.sha256'
    run_tool audit-seal --key=log.key --log=other 'odd name' </dev/null
    assert_status 2
    assert_stderr "audit-seal: --log=other: the seals in odd name are of the log acme"
}

@test "--every closes seals while the input waits, empty ones too; signals close the last" {
    make_key log
    local signal pid pipe every
    for signal in TERM INT HUP; do
        rm -rf seals in out errors # what an earlier run wrote, too
        mkdir seals
        mkfifo in
        [ $signal = TERM ] && every=1s || every=1h
        env --default-signal=INT,HUP audit-seal --key=log.key --every="$every" --tee seals <in >out 2>errors 3>&- &
        pid=$!
        exec {pipe}>in
        echo '{"path":"a","event":{"n":1}}' >&"$pipe"
        [ $signal != TERM ] || eventually test -s seals/00000003.sha256
        echo '{"path":"b","event":{"n":2}}' >&"$pipe"
        eventually grep -sqF '"b"' out
        kill -"$signal" "$pid"
        wait "$pid"
        exec {pipe}>&-
        [ "$(cat errors)" = "audit-seal: stopped by SIG$signal; stdin was read up to line 2" ] || { cat errors && return 1; }
        # Both events are sealed, in whatever seal, and there are empty seals.
        [ "$(cat seals/*.sha256 | grep -cE '  [ab]$')" = 2 ]
        [ $signal != TERM ] || grep -qx '# events 0' seals/*.sha256
        verify --chain seals
        # A busy machine may make a seal half a second late, which is a finding.
        [ "$status" -le 1 ]
        if findings | grep -v "^gap "; then show "a false finding" && return 1; fi
    done
}

@test "a signal goes to the main thread, which waits for it, not to one that hashes" {
    local pid pipe status masks
    [ "$(nproc)" -ge 2 ] || skip "one processor: there are no other threads"
    make_key log
    mkdir seals
    mkfifo in
    audit-seal --key=log.key --tee seals <in >out 3>&- &
    pid=$!
    exec {pipe}>in
    python3 -c 'for i in range(60000): print("{\"path\":\"7/%d\",\"event\":{\"n\":%d}}" % (i, i))' >&"$pipe" 3>&-
    eventually grep -sqF '"7/59999"' out
    masks=0
    for status in "/proc/$pid/task"/*/status; do
        [ "$status" != /proc/$pid/task/$pid/status ] || continue
        masks=$((masks + 1))
        # SIGHUP, SIGINT and SIGTERM are signals 1, 2 and 15.
        (((0x$(awk '$1 == "SigBlk:" { print $2 }' "$status") & 0x4003) == 0x4003))
    done
    [ "$masks" -ge 1 ]
    exec {pipe}>&-
    wait $pid
}

@test "a seal with many lines closes early" {
    make_key log
    mkdir seals
    python3 - >addressed <<'END'
for i in range(70000):
    print('{"path":"7/jobs/%d/2024/%08d-%s.json","event":{"n":%d}}' % (i % 50, i, 'p' * 100, i))
END
    run_tool audit-seal --key=log.key --summary seals addressed
    assert_status 0
    assert_stderr_has "70000 events and 0 removals in 2 seals; head $(audit-seal --head seals)"
    [ "$(stat -c %s seals/00000001.sha256)" -gt 8000000 ]
    [ "$(stat -c %s seals/00000001.sha256)" -lt 8500000 ]
    verify seals addressed
    assert_sound
    # Before a wait for more input, closed seals are published.
    mkdir waiting
    mkfifo events
    audit-seal --key=log.key waiting events &
    exec 7>events
    cat addressed >&7
    eventually test -s waiting/00000001.sha256
    exec 7>&-
    wait $!
    verify waiting addressed
    assert_sound
    # The events that are lost with an unpublished seal are all counted.
    mkdir full
    run_tool bash -c 'ulimit -f 1; audit-seal --key=log.key full addressed'
    assert_status 2
    [[ $stderr =~ "audit-seal: full/.pending.sha256: File too large; what was read since the last seal is not sealed "\(([0-9]+)" events, 0 removals)" ]]
    [ "${BASH_REMATCH[1]}" -gt 40000 ]
    [ "$(ls -A full)" = ".lock" ]
}

@test "one writer: a second one says who has the lock" {
    make_key log
    mkdir seals
    mkfifo in
    local pid pipe
    audit-seal --key=log.key seals <in 3>&- &
    pid=$!
    exec {pipe}>in
    eventually test -s seals/.lock
    run_tool audit-seal --key=log.key seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: seals: process $pid writes seals there"
    exec {pipe}>&-
    wait "$pid"
    run_tool audit-seal --key=log.key seals </dev/null
    assert_status 0
    [ "$(find seals -name '*.sha256' | wc -l)" = 2 ]
}

@test "--head prints what sha256sum -c checks; the events are not needed for it" {
    make_key log
    mkdir -p archive/seals
    run_tool audit-seal --head archive/seals
    assert_status 2
    assert_stderr "audit-seal: archive/seals: there are no seals"
    audit-seal --key=log.key archive/seals </dev/null
    audit-seal --key=log.key archive/seals </dev/null
    run_tool audit-seal --head archive/seals
    assert_status 0
    assert_output "$(cd archive && sha256sum seals/00000002.sha256)"
}

@test "nothing is sealed on top of a damaged seal, nor where seals were removed" {
    make_key log
    mkdir seals kept
    for _ in 1 2 3; do audit-seal --key=log.key seals </dev/null; done
    cp seals/* kept/
    sed -i 's/^# every 3600/# every 3601/' seals/00000003.sha256
    run_tool audit-seal --key=log.key seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: seals/00000003.sig: not the signature of its seal; the newest seal is damaged, see audit-verify(1)"
    echo garbage >seals/00000003.sha256
    run_tool audit-seal --key=log.key seals </dev/null
    assert_status 2
    assert_stderr_has "audit-seal: seals/00000003.sha256:1: this is not a seal"
    rm seals/00000003.sha256
    run_tool audit-seal --key=log.key seals </dev/null
    assert_status 2
    assert_stderr "audit-seal: seals/00000003.sig: its seal is missing, see audit-verify(1)"
    cp kept/* seals/
    cp seals/00000001.sha256 seals/00000004.sha256
    run_tool audit-seal --key=log.key seals </dev/null
    assert_status 2
    assert_stderr_has "audit-seal: seals/00000004.sha256: its number is 1"
}

@test "a disk that is full is status 2, and says what is not sealed" {
    make_key log
    mkdir seals
    for i in {1..20}; do echo '{"path":"'"$i"'","event":{"n":1}}'; done >in
    # A limit on the size of files instead of a full disk: the lock can be written, but not the
    # seal.
    run_tool bash -o pipefail -c '(ulimit -f 1; audit-seal --key=log.key --tee seals in 2>&1) | cat'
    assert_status 2
    grep -v '^audit-seal' <<<"$output" | cmp in -
    [[ $output == *"audit-seal: seals/.pending.sha256: File too large; what was read since the last seal is not sealed (20 events, 0 removals): seal it again from the archive"* ]]
    [ "$(ls -A seals)" = ".lock" ]
    run_tool audit-seal --key=log.key seals in
    assert_status 0
    verify seals in
    assert_sound
}

@test "a change of key: the seals name theirs, and audit-verify takes several" {
    make_key log
    make_key next ec
    make_archive 10
    mkdir archive/seals
    head -n 5 addressed | audit-seal --key=log.key archive/seals
    tail -n 5 addressed | audit-seal --key=next.key archive/seals
    audit-seal --key=next.key archive/seals </dev/null
    verify --key=next.pub archive/seals archive
    assert_sound
    [[ $output == *"(log.pub), 1 seals"*"(next.pub), 2 seals"* ]]
    verify archive/seals archive
    assert_found "unknown-key 00000002.sha256" "unknown-key 00000003.sha256"
}

@test "--removed seals what was deleted on purpose" {
    make_key log
    make_archive 30
    mkdir archive/seals
    audit-seal --key=log.key archive/seals addressed
    find archive -name '*.json' -printf '%P\n' | sort | head -n 10 >gone
    (cd archive && xargs rm <../gone)
    verify archive/seals archive
    [ "$(findings | grep -c '^missing ')" = 10 ]
    run_tool audit-seal --key=log.key --removed --tee archive/seals gone
    assert_status 0
    assert_output "$(cat gone)"
    verify archive/seals archive
    assert_sound
    [[ $output == *"sealed 30 events, 10 removals"* ]]
    # One more is missing, and one that was removed is back, as it was and in another form.
    rm "archive/$(find archive -name '*.json' -printf '%P\n' | sort | head -n 1)"
    mkdir -p "archive/$(dirname "$(head -n 1 gone)")"
    echo back >"archive/$(head -n 1 gone)"
    verify archive/seals archive
    [ "$(findings | cut -d' ' -f1 | xargs)" = "missing not-removed" ]
    # Archived again and sealed again, it is required again.
    rm "archive/$(head -n 1 gone)"
    audit-fileput archive addressed
    audit-seal --key=log.key archive/seals addressed
    verify archive/seals archive
    assert_sound
    run_tool audit-seal --key=log.key --removed archive/seals <<<'../../etc/passwd'
    assert_status 1
    assert_stderr "audit-seal: stdin:1: the path has a component '.' or '..'"
}

@test "time stamps: openssl ts accepts them; what goes wrong leaves the seal without, and is told" {
    make_key log
    make_archive 5
    mkdir archive/seals
    start_tsa
    run_tool audit-seal --key=log.key --tsa="$tsa_url" archive/seals addressed
    assert_stderr ""
    assert_status 0
    grep -qx 'application/timestamp-query honest' tsa/log
    openssl ts -verify -data archive/seals/00000001.sha256 -in archive/seals/00000001.tsr -CAfile tsa/ca.pem
    verify --tsa-ca=tsa/ca.pem archive/seals archive
    assert_sound
    [[ $output == *"time stamps, 1 of 1 verified, at most "*" s after their seals"* ]]
    verify archive/seals archive
    assert_sound
    local what
    for what in refuse:'it answered 503' garbage:'its response is not a time stamp' \
        deny:'its response is not a time stamp' old:'its response is not a time stamp for this request'; do
        echo "${what%%:*}" >tsa/fault
        run_tool audit-seal --key=log.key --tsa="$tsa_url" archive/seals /dev/null
        assert_status 1
        assert_stderr_has "has no time stamp: $tsa_url: ${what#*:}"
        assert_stderr_has "; --stamp-missing adds it later"
    done
    run_tool audit-seal --key=log.key --tsa="$(nobody)" archive/seals /dev/null
    assert_status 1
    assert_stderr_has "has no time stamp: http://127.0.0.1:"
    [ "$(find archive/seals -name '*.sha256' | wc -l)" = 6 ]
    [ "$(find archive/seals -name '*.tsr' | wc -l)" = 1 ]
    verify --tsa-ca=tsa/ca.pem archive/seals archive
    assert_found "not-stamped "0000000{2,3,4,5,6}.sha256
    # Later.
    run_tool audit-seal --stamp-missing --tsa="$tsa_url" archive/seals
    assert_status 2
    rm tsa/fault
    run_tool audit-seal --stamp-missing --summary --tsa="$tsa_url" archive/seals
    assert_status 0
    assert_stderr "audit-seal: 5 seals were time-stamped"
    verify --tsa-ca=tsa/ca.pem archive/seals archive
    assert_sound
    # Stamps of other seals, of another authority, and no stamp.
    cp archive/seals/00000002.tsr archive/seals/00000003.tsr
    cp archive/seals/00000001.sha256 archive/seals/00000005.tsr
    verify --tsa-ca=tsa/ca.pem archive/seals archive
    assert_found "bad-stamp "0000000{3,5}.tsr
    verify archive/seals archive
    assert_found "bad-stamp "0000000{3,5}.tsr
    run_tool openssl ts -verify -data archive/seals/00000003.sha256 -in archive/seals/00000003.tsr -CAfile tsa/ca.pem
    [ "$status" -ne 0 ]
    rm archive/seals/0000000{3,5}.tsr
    audit-seal --stamp-missing --tsa="$tsa_url" archive/seals
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem \
        -subj /CN=another -days 2 2>/dev/null
    verify --tsa-ca=other.pem archive/seals archive
    assert_found "bad-stamp "0000000{1,2,3,4,5,6}.tsr
    verify --tsa-ca=log.pub archive/seals archive
    assert_status 2
    assert_stderr "audit-verify: log.pub: no certificates in PEM can be read from it"
}

@test "what follows a time stamp in the response does not make the stamp a finding" {
    make_key log
    mkdir seals
    start_tsa
    echo more >tsa/fault
    run_tool audit-seal --key=log.key --tsa="$tsa_url" seals </dev/null
    assert_status 0
    assert_stderr ""
    verify --tsa-ca=tsa/ca.pem --chain seals
    assert_sound
}

# seal_slowly [OPTION]...: audit-seal reads from $pipe, and its authority delays its responses.
seal_slowly() {
    make_key log
    start_tsa
    echo hold >tsa/fault
    mkdir seals
    mkfifo in
    audit-seal --key=log.key --tsa="$tsa_url" "$@" seals <in >out 2>errors 3>&- &
    pid=$!
    exec {pipe}>in
}

# asked COUNT: whether the authority has received so many requests.
asked() {
    [ -e tsa/log ] && [ "$(wc -l <tsa/log)" -ge "$1" ]
}

# assert_stamped: audit-seal ends, and each seal has a stamp, or a message says that it has none: on a
# busy machine ten seconds may pass while the authority is held.
assert_stamped() {
    local status=0 without
    wait $pid || status=$?
    without=$(grep -cE "^audit-seal: seal [0-9]{8} has no time stamp: $tsa_url: " errors || :)
    [ "$status" = $((without > 0)) ]
    [ "$(wc -l <errors)" = "$without" ]
    [ $(($(find seals -name '*.tsr' | wc -l) + without)) = "$(find seals -name '*.sha256' | wc -l)" ]
}

@test "events and seals do not wait for a time stamp authority; the end waits for its answers" {
    local pid pipe
    seal_slowly --every=1s --tee
    echo '{"path":"a","event":{"n":1}}' >&"$pipe"
    eventually asked 1
    echo '{"path":"b","event":{"n":2}}' >&"$pipe"
    eventually grep -sqF '"b"' out
    [ "$(cat errors)" = "" ]
    eventually asked 3
    exec {pipe}>&-
    sleep 0.3
    kill -0 $pid
    [ "$(find seals -name '*.tsr' | wc -l)" = 0 ]
    rm tsa/fault
    assert_stamped
    verify --tsa-ca=tsa/ca.pem --chain seals
    # A busy machine may make a seal half a second late, or get a stamp too late, which are findings.
    if findings | grep -vE "^(gap|not-stamped) "; then show "a false finding" && return 1; fi
}

@test "a stamp that fails while the input waits is told of then" {
    local pid pipe
    seal_slowly --every=1s
    eventually asked 1
    echo refuse >tsa/fault
    eventually grep -q "^audit-seal: seal 00000001 has no time stamp: $tsa_url: it answered 503; --stamp-missing" errors
    rm tsa/fault
    exec {pipe}>&-
    status=0
    wait $pid || status=$?
    assert_status 1
    audit-seal --stamp-missing --tsa="$tsa_url" seals
    [ "$(find seals -name '*.tsr' | wc -l)" = "$(find seals -name '*.sha256' | wc -l)" ]
}

@test "sixteen stamps are outstanding at most; the next seal waits for the oldest" {
    local pid pipe
    seal_slowly
    python3 - >&"$pipe" <<'END' 3>&- &
path = '/'.join(['p' * 200] * 4)
for i in range(18 * 9500):
    print('{"path":"7/%s/%06d","event":{}}' % (path, i))
END
    exec {pipe}>&-
    eventually test -e seals/00000017.sha256
    eventually asked 16
    sleep 0.5
    ! asked 17 || [ -s errors ]
    [ "$(find seals -name '*.tsr' | wc -l)" = 0 ]
    rm tsa/fault
    assert_stamped
    [ "$(find seals -name '*.sha256' | wc -l)" -ge 18 ]
}

# stop_when_asked NUMBER COMMAND...: stops it by SIGTERM when the authority has been asked that often.
# Sets $status.
stop_when_asked() {
    local number=$1 pid
    shift
    "$@" </dev/null 2>errors 3>&- &
    pid=$!
    eventually asked "$number"
    kill -TERM $pid
    status=0
    wait $pid || status=$?
}

@test "a signal leaves the authority five seconds for its answer, and then ends the wait" {
    local pid pipe
    make_key log
    start_tsa
    mkdir seals
    mkfifo in
    audit-seal --key=log.key --tsa="$tsa_url" --tee seals <in >out 2>errors 3>&- &
    pid=$!
    exec {pipe}>in
    echo '{"path":"a","event":{"n":1}}' >&"$pipe"
    eventually grep -sqF '"a"' out
    kill -TERM $pid
    wait $pid
    [ "$(cat errors)" = "audit-seal: stopped by SIGTERM; stdin was read up to line 1" ]
    [ -s seals/00000001.tsr ]
    exec {pipe}>&-
    # An authority that does not respond.
    echo hold >tsa/fault
    stop_when_asked 2 audit-seal --key=log.key --tsa="$tsa_url" seals
    assert_status 1
    grep -qx "audit-seal: seal 00000002 has no time stamp: $tsa_url: SIGTERM ended the wait for its response; --stamp-missing adds it later" errors
    # The same with --stamp-missing.
    stop_when_asked 3 audit-seal --stamp-missing --tsa="$tsa_url" seals
    assert_status 2
    [ "$(cat errors)" = "audit-seal: $tsa_url: SIGTERM ended the wait for its response" ]
    # A signal stops it after the response, although seals are left.
    audit-seal --key=log.key seals </dev/null
    audit-seal --stamp-missing --tsa="$tsa_url" seals 2>errors 3>&- &
    pid=$!
    eventually asked 4
    kill -TERM $pid
    rm tsa/fault
    status=0
    wait $pid || status=$?
    assert_status 2
    [ "$(cat errors)" = "audit-seal: stopped by SIGTERM; seal 00000003 has no time stamp" ]
    [ -s seals/00000002.tsr ]
}
