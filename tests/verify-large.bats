#!/usr/bin/env bats
# audit-verify: many events, and seals whose writer was killed.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
load common
load peer
load seal

@test "events on standard input, in any order; findings about more than memory is used for" {
    make_key log
    mkdir seals tmp
    python3 - >addressed <<'END'
for i in range(100000):
    print('{"path":"7/jobs/%d/2024%04d/j-%d/7-%d-j-%d-succeeded.json","event":{"n":%d,"x":"%s"}}' % (
        i % 50, i % 1000, i * 7919 % 100000, i % 50, i * 7919 % 100000, i, 'y' * (i % 90)))
END
    audit-seal --key=log.key seals addressed
    shuf --random-source=<(yes) addressed >shuffled
    TMPDIR=$PWD/tmp verify seals shuffled
    assert_sound
    [[ $output == *"sealed 100000 events; in the archive: 100000"* ]]
    [ -z "$(ls tmp)" ]
    sed -i '5s/"n":/"m":/; 90000d; 1s/7-/8-/' shuffled
    TMPDIR=$PWD/tmp verify seals < <(gzip -1 <shuffled)
    assert_status 1
    [ "$(findings | cut -d' ' -f1 | sort | xargs)" = "changed missing missing not-sealed" ]
    # Findings are in the order of paths.
    grep -oE '^[a-z-]+: [78]/[^:]*' <<<"$output" | cut -d' ' -f2 >paths
    [ "$(wc -l <paths)" = 4 ]
    LC_ALL=C sort -c paths
    # Everything differs, and must be sorted by its path.
    sed 's/"x":"/&z/' addressed >changed
    TMPDIR=$PWD/tmp verify seals changed
    assert_status 1
    [ "$(grep -c '^changed: ' <<<"$output")" = 100000 ]
    [ -z "$(ls tmp)" ]
    TMPDIR=$PWD/none verify seals changed
    assert_status 2
    assert_stderr_has "audit-verify: $PWD/none/audit-verify."
    assert_stderr_has "No such file or directory"
}

@test "memory does not grow with the number of events" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers need memory of their own"
    local n least=200000 most=500000 peak=()
    [ -z "${AUDIT_LONG-}" ] || most=10000000
    make_key log
    for n in $least $most; do
        rm -rf seals && mkdir seals
        make_lines() {
            awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++)
                printf "{\"path\":\"7/jobs/%d/%d/7-%d-succeeded.json\",\"event\":{\"n\":%d}}\n", i % 50, i * 7919 % n, i, i }'
        }
        run_tool python3 "$AUDIT_TESTS/peak.py" audit-seal --key=log.key seals < <(make_lines)
        [[ $stderr =~ peak\ ([0-9]+)\ bytes$ ]]
        peak+=("${BASH_REMATCH[1]}")
        run_tool python3 "$AUDIT_TESTS/peak.py" audit-verify --key=log.pub seals < <(make_lines)
        assert_status 0
        [[ $stderr =~ peak\ ([0-9]+)\ bytes$ ]]
        peak+=("${BASH_REMATCH[1]}")
    done
    echo "peaks: ${peak[*]}" | tee /dev/stderr
    [ "${peak[2]}" -lt $((peak[0] + 8 * 1024 * 1024)) ]
    # The limit in audit-verify(1), and the program's own memory.
    [ "${peak[3]}" -lt $((96 * 1024 * 1024)) ]
}

@test "after kill -9, at whatever moment: no number twice, nothing false; a replay seals the rest" {
    local rounds=6 round delay pid
    [ -z "${AUDIT_LONG-}" ] || rounds=50
    make_key log
    make_archive 1500
    rm -r archive
    mkdir -p archive/seals
    for ((round = 0; round < rounds; round++)); do
        (
            audit-fileput --sync=none --tee archive <addressed 2>/dev/null |
                exec audit-seal --key=log.key archive/seals 2>>errors
        ) 3>&- &
        pid=$!
        delay=$((RANDOM % 300))
        sleep "0.$(printf %03d $delay)"
        pkill -9 -P "$pid" audit-seal || :
        wait "$pid" || :
        verify archive/seals archive
        [ "$status" -le 1 ]
        # Stored events that were not sealed are found; before the first seal there are no other
        # findings.
        if findings | grep -vE '^not-sealed 7/|^missing-seal 00000001.sha256$'; then
            show "a false finding"
            return 1
        fi
    done
    audit-fileput --sync=none archive addressed
    # Killed between the two renames that publish a seal.
    audit-seal --key=log.key archive/seals addressed
    verify archive/seals archive
    assert_sound
    local seals newest
    seals=$(find archive/seals -name '*.sha256' | wc -l)
    newest=$(printf %08d "$seals")
    mv "archive/seals/$newest.sha256" archive/seals/.pending.sha256
    verify archive/seals archive
    assert_sound
    run_tool audit-seal --key=log.key archive/seals /dev/null
    assert_status 0
    [ "$(find archive/seals -name '*.sha256' | wc -l)" = $((seals + 1)) ]
    # And before both.
    newest=$(printf %08d $((seals + 1)))
    mv "archive/seals/$newest.sha256" archive/seals/.pending.sha256
    mv "archive/seals/$newest.sig" archive/seals/.pending.sig
    verify archive/seals archive
    assert_sound
    run_tool audit-seal --key=log.key archive/seals /dev/null
    assert_status 0
    [ "$(find archive/seals -name '*.sha256' | wc -l)" = $((seals + 2)) ]
    # A torn one is removed.
    head -c 100 "archive/seals/$newest.sha256" >archive/seals/.pending.sha256
    run_tool audit-seal --key=log.key archive/seals /dev/null
    assert_status 0
    [ "$(find archive/seals -name '*.sha256' | wc -l)" = $((seals + 3)) ]
    [ ! -e archive/seals/.pending.sha256 ]
    verify archive/seals archive
    assert_sound
    check_with_coreutils log.pub
}
