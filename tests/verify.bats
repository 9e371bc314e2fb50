#!/usr/bin/env bats
# audit-verify: its findings, and that a sound archive has none.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
load common
load peer
load seal

teardown() {
    tell_failure
    stop_peers
}

# seal_hours COUNT: seals `addressed` over COUNT fake hours, some of them without events.
seal_hours() {
    local hour lines
    lines=$(wc -l <addressed)
    split -d -a 4 -l $((lines / ($1 - 2) + 1)) addressed part.
    for ((hour = 0; hour < $1; hour++)); do
        faketime "@$((1767225600 + hour * 3600 + RANDOM % 600))" audit-seal --key=log.key archive/seals \
            < <(if [ -e "part.$(printf %04d $hour)" ]; then cat "part.$(printf %04d $hour)"; fi)
    done
    rm part.*
}

@test "every kind of tampering is found and named, and nothing else is" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "faketime and sanitizers are both preloaded"
    command -v faketime >/dev/null || skip "there is no faketime"
    local hours=14 events=600
    [ -z "${AUDIT_LONG-}" ] || hours=48 events=100000
    make_key log
    make_key other
    make_archive $events
    mkdir archive/seals
    seal_hours $hours
    [ "$(find archive/seals -name '*.sha256' | wc -l)" = $hours ]
    audit-seal --head archive/seals >head.txt
    check_with_coreutils log.pub
    local seed
    choose_seed
    run_tool python3 "$AUDIT_TESTS/tamper.py" archive log.pub other.key head.txt "$seed"
    assert_stderr ""
    assert_status 0
    [ "${output% ways}" -gt 40 ]
}

@test "hours without a seal are a gap; a clock that goes back is told" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "faketime and sanitizers are both preloaded"
    command -v faketime >/dev/null || skip "there is no faketime"
    make_key log
    mkdir seals
    local at
    for at in 0 3600 5400 12600 18150; do
        faketime "@$((1767225600 + at))" audit-seal --key=log.key seals </dev/null
    done
    verify --chain seals
    assert_found "gap 00000004.sha256" "gap 00000005.sha256"
    [[ $output == *"gap: 00000004.sha256: no seal was made from 2026-01-01T01:30:"??.???"Z to 2026-01-01T03:30:"??.???"Z; one was due every 3600 s"* ]]
    run_tool faketime "@$((1767225600 + 18000))" audit-seal --key=log.key seals
    assert_status 0
    assert_stderr_has "audit-seal: the clock is 1"
    assert_stderr_has " s behind the end of the seal before; the seal ends at that time instead"
    verify --chain --since=2026-01-01T05:00:00Z seals
    assert_status 1
}

@test "a part of an archive: --since and --until say which seals are asked for" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "faketime and sanitizers are both preloaded"
    command -v faketime >/dev/null || skip "there is no faketime"
    make_key log
    make_archive 140
    mkdir archive/seals
    seal_hours 16
    # The events of the first seals and of the last one with any are elsewhere.
    local number moved
    for number in 00000001 00000002 00000003 00000004 00000013; do
        mapfile -t moved < <(sed -n 's/^[0-9a-f]\{64\}  7/7/p' archive/seals/$number.sha256)
        (cd archive && rm -- "${moved[@]}")
    done
    verify archive/seals archive
    assert_status 1
    verify --since=2026-01-01T04:30:00Z --until=2026-01-01T11:00:00Z archive/seals archive
    assert_sound
    verify --since=2026-01-01T02:30:00Z --until=2026-01-01T11:00:00Z archive/seals archive
    assert_status 1
    # Existing events are compared in any case; and old seals may be missing too.
    rm archive/seals/0000000{1,2}.*
    verify --since=2026-01-01T04:30:00Z --until=2026-01-01T11:00:00Z archive/seals archive
    assert_sound
    local changed
    changed=$(sed -n 's/^[0-9a-f]\{64\}  7/7/p' archive/seals/00000007.sha256 | head -n 1)
    echo >>"archive/$changed"
    verify --since=2026-01-01T08:30:00Z --until=2026-01-01T11:00:00Z archive/seals archive
    assert_found "changed $changed"
    run_tool audit-verify --key=log.pub --since=yesterday archive/seals
    assert_status 2
    assert_stderr_has "audit-verify: --since=yesterday: not a time"
}

# make_hostile LINE...: seals/00000001.sha256 with these lines after its own first ones, with a
# valid signature.
make_hostile() {
    rm -rf seals
    mkdir seals
    {
        printf '%s\n' '# audit-seal 1' '# log seals' '# number 1' '# from 2026-01-01T00:00:00.000Z' \
            '# to 2026-01-01T01:00:00.000Z' '# every 3600' \
            "# key $(openssl pkey -pubin -in log.pub -outform DER | sha256sum | cut -d' ' -f1)" \
            "# events $#" '# removals 0'
        printf '%b\n' "$@"
    } >seals/00000001.sha256
    sign_hostile
}
sign_hostile() {
    openssl pkeyutl -sign -rawin -inkey log.key -in seals/00000001.sha256 -out seals/00000001.sig
}

@test "hostile seals with valid signatures: each is refused, and nothing outside is read" {
    local digest line reason
    digest=$(printf 'x' | sha256sum | cut -d' ' -f1)
    make_key log
    mkdir archive
    printf x >archive/a
    printf x >outside
    make_hostile "$digest  a"
    verify seals archive
    assert_sound
    while IFS='|' read -r line reason; do
        make_hostile "${line//DIGEST/$digest}"
        verify seals archive
        assert_status 1
        [ "$(findings)" = "bad-seal 00000001.sha256
not-sealed a" ] || { show "$line"; return 1; }
        [[ $output == *"bad-seal: 00000001.sha256: line 10: $reason"* ]] || { show "not: $reason"; return 1; }
    done <<'END'
DIGEST  ../outside|the path has a component '.' or '..'
DIGEST  /etc/passwd|the path begins or ends with '/', or contains '//'
DIGEST  x/../../outside|the path has a component '.' or '..'
DIGEST  seals/00000001.sha256|the path is in the directory of the seals
DIGEST  seals|the path is in the directory of the seals
DIGEST *a|the line is not 64 lower-case hexadecimal digits, two spaces and a path
DIGEST a|the line is not 64 lower-case hexadecimal digits, two spaces and a path
DIGEST  |the line is not 64 lower-case hexadecimal digits, two spaces and a path
SHA256 (a) = DIGEST|the line has the BSD style of a checksum, which a seal never has
\\DIGEST  a|the path is not escaped as sha256sum does it
\\DIGEST  a\\x|the path is not escaped as sha256sum does it
\\DIGEST  a\\|the path is not escaped as sha256sum does it
DIGEST  a\\x|a backslash or carriage return is not escaped
DIGEST  a\rb|a backslash or carriage return is not escaped
DIGEST  a\r|the line ends in CR LF: the file was converted
0DIGEST  a|the line is not 64 lower-case hexadecimal digits, two spaces and a path
DIGEST  a\0b|the path contains a NUL character
|the line is not 64 lower-case hexadecimal digits, two spaces and a path
# a comment|a seal has no such comment
# removed a|there are more removals than '# removals' says
END
    make_hostile "${digest^^}  a"
    verify seals archive
    [[ $output == *"line 10: the line is not 64 lower-case"* ]]
    make_hostile "$digest  $(printf '%01025d' 0)"
    verify seals archive
    [[ $output == *"line 10: the path is longer than 1024 bytes"* ]]
    make_hostile "$digest  a"
    truncate -s -1 seals/00000001.sha256
    sign_hostile
    verify seals archive
    [[ $output == *"line 10: the last line is cut off"* ]]
    # The first lines.
    while IFS='|' read -r line reason; do
        make_hostile "$digest  a"
        sed -i "$line" seals/00000001.sha256
        sign_hostile
        verify seals archive
        assert_status 1
        [[ $output == *"bad-seal: 00000001.sha256: $reason"* ]] || { show "not: $reason"; return 1; }
    done <<'END'
1s/1$/2/|line 1: the seal has a format that this version does not know
1s/audit-seal/nothing/|line 1: this is not a seal: the first line is not '# audit-seal 1'
2s/seals/a b/|line 2: '# log': not a log's name
3s/1$/01/|line 3: '# number': not a number from 1 to 99999999
3s/1$/184467440737095516160/|line 3: '# number': not a number from 1 to 99999999
3s/1$/-1/|line 3: '# number': not a number from 1 to 99999999
3s/1$/7/|it is the seal with the number 7
4s/T00/T25/|line 4: '# from': not a time like
4s/Z$/+00:00/|line 4: '# from': not a time like
5s/2026/2025/|line 5: '# to' is before '# from'
6d|line 6: the line '# every …' is expected here
7s/ [0-9a-f]*$/ x/|line 7: '# key': not the fingerprint of a key
8s/1$/2/|line 11: there are fewer events than '# events' says
8s/1$/0/|line 10: there are more events than '# events' says
9s/0$/1/|line 11: there are fewer removals than '# removals' says
9q|line 10: there are fewer events than '# events' says
1,$s/$/\r/|line 1: the line ends in CR LF: the file was converted
END
}

@test "the seals may be elsewhere, linked into the archive, or beside it; other links are findings" {
    make_key log
    make_archive 10
    mkdir seals
    audit-seal --key=log.key seals addressed
    verify seals archive
    assert_sound
    ln -s ../seals archive/seals
    check_with_coreutils log.pub
    verify seals archive
    assert_sound
    verify archive/seals archive
    assert_sound
    ln -s ../seals archive/others
    mkdir archive/.audit-fileput.abcdef
    touch archive/.audit-fileput.abcdef/1
    verify seals archive
    assert_found "not-a-file others"
    rm archive/others
    chmod 000 archive/7/jobs
    if [ "$(id -u)" != 0 ]; then
        verify seals archive
        assert_status 2
        assert_stderr_has "archive/7/jobs: Permission denied"
    fi
    chmod 755 archive/7/jobs
    verify seals no-such-archive
    assert_status 2
    assert_stderr "audit-verify: no-such-archive: No such file or directory"
    verify no-such-seals archive
    assert_status 2
    assert_stderr "audit-verify: no-such-seals: No such file or directory"
    mkdir empty
    verify empty archive
    assert_status 1
    [[ $output == *"missing-seal: 00000001.sha256: there are no seals"* ]]
}

@test "a record of the input that is none is a reject, and status 1 without a finding" {
    make_key log
    make_archive 5
    mkdir seals
    audit-seal --key=log.key seals addressed
    run_tool audit-verify --key=log.pub --rejects=rejects seals < <(cat addressed && echo '{"n":1}')
    assert_status 1
    assert_stderr "audit-verify: stdin:6: the event has no path; pipe it through audit-path first"
    [[ $output == *"sound, nothing was found" ]]
    [ "$(cat rejects)" = '{"n":1}' ]
    # An event that is not JSON any more has changed, and so has one with another member.
    sed '2s/"event":{/"event":{{/; 3s/}}$/},"event":{}}/' addressed >broken
    verify seals broken
    assert_status 1
    [ "$(findings | cut -d' ' -f1 | xargs)" = "changed changed" ]
    # White space around the event is not part of it.
    sed 's/"event":{/"event" : {/; s/}$/ } /' addressed >spaced
    verify seals spaced
    assert_sound
}

@test "findings in text and in JSON say the same; odd names leave no trace on a terminal" {
    make_key log
    make_archive 3
    mkdir archive/seals
    audit-seal --key=log.key archive/seals addressed
    printf x >"$(printf 'archive/\033[31m\\\nb\302\233')"
    printf x >"$(printf 'archive/\377')"
    verify archive/seals archive
    assert_status 1
    local x
    x=$(printf x | sha256sum | cut -d' ' -f1)
    [ "$(head -n 2 <<<"$output")" = "not-sealed: \\x1b[31m\\\\\\x0ab\\xc2\\x9b; found $x
not-sealed: \\xff; found $x" ]
    run_tool audit-verify --key=log.pub --json archive/seals archive
    assert_status 1
    python3 - <<END
import json, sys
lines = [json.loads(line) for line in '''${output//\\/\\\\}'''.splitlines()]
assert lines[0] == {'finding': 'not-sealed', 'path': '\033[31m\\\\\nb\u009b', 'found': '$x'}, lines[0]
assert lines[1]['path'] == '\ufffd'
assert lines[2]['summary']['findings'] == 2 and lines[2]['summary']['archive'] == 5
END
}

# The literal blocks of the manual's section "Without audit-verify", as files block.1 block.2 …
extract_auditor() {
    awk '/^\.Ss Without audit-verify/ { inside = 1; next }
        /^\.S[hs] / { inside = 0 }
        inside && /^\.Bd/ { file = "block." ++count; literal = 1; next }
        /^\.Ed/ { literal = 0 }
        inside && literal { gsub(/\\e/, "\\"); print >file }' "$AUDIT_SOURCE/man/audit-verify.1"
}

@test "findings come in the order of paths, the same ones in each run" {
    make_key log
    make_archive 3
    mkdir seals
    audit-seal --key=log.key seals addressed
    local i
    for i in {1..60}; do
        echo x >"archive/more-$((i * 37 % 61))"
    done
    verify seals archive
    assert_status 1
    local first=$output
    for i in 1 2; do
        verify seals archive
        [ "$output" = "$first" ]
    done
    [ "$(grep -o '^not-sealed: [^;]*' <<<"$first")" = "$(grep -o '^not-sealed: [^;]*' <<<"$first" | LC_ALL=C sort)" ]
    [ "$(grep -c '^not-sealed: more-' <<<"$first")" -eq 60 ]
}

@test "the auditor's commands with coreutils and openssl are right: sound, and tampered with" {
    extract_auditor
    [ -e block.6 ] && [ ! -e block.7 ]
    start_tsa
    local kind block
    for kind in ed25519 rsa; do
        rm -rf archive
        make_key log $kind
        make_archive 20
        mkdir archive/seals
        head -n 10 addressed | audit-seal --key=log.key --tsa="$tsa_url" archive/seals
        tail -n 10 addressed | audit-seal --key=log.key --tsa="$tsa_url" archive/seals
        audit-seal --head archive/seals >head.txt
        sed "s,log\.pub,$PWD/log.pub,; s,head\.txt,$PWD/head.txt,; s,tsa-ca\.pem,$tsa/ca.pem," block.* >/dev/null
        for block in 1 2 3 4 5 6; do
            [ "$kind-$block" != ed25519-3 ] && [ "$kind-$block" != rsa-2 ] || continue
            sed "s,log\.pub,$PWD/log.pub,; s,head\.txt,$PWD/head.txt,; s,tsa-ca\.pem,$tsa/ca.pem,; s, there, $PWD/there,; s,>sealed,>$PWD/sealed,; s, sealed, $PWD/sealed," "block.$block" >run
            sed -i "s,>there,>$PWD/there,; s,comm -23 there sealed,comm -23 $PWD/there $PWD/sealed," run
            (cd archive && run_tool bash -euo pipefail ../run && assert_status 0 && echo "$output" >../"out.$block")
        done
        [ "$(cat out.1)" = "" ]
        [ "$(cut -d' ' -f1 out.4)" = "$(sed -n 's/^# key //p' archive/seals/00000001.sha256)" ]
        [ "$(cat out.6)" = "seals/00000002.sha256: OK" ]
    done
    # After tampering each command refuses, or names the file.
    sed -i 's/"succeeded"/"tampered1"/' "archive/$(find archive -name '*.json' -printf '%P\n' | head -n 1)"
    touch archive/inserted
    (cd archive && run_tool bash -euo pipefail ../block.1 && assert_status 1)
    (cd archive && run_tool bash -euo pipefail ../run && [ "$output" = "seals/00000002.sha256: OK
inserted" ])
    echo '# more' >>archive/seals/00000001.sha256
    sed "s,log\.pub,$PWD/log.pub," block.3 >run
    (cd archive && run_tool bash -euo pipefail ../run && assert_status 1)
    sed "s,tsa-ca\.pem,$tsa/ca.pem," block.5 >run
    (cd archive && run_tool bash -euo pipefail ../run && [ "$status" -ne 0 ])
}
