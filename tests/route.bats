#!/usr/bin/env bats
# audit-route: each customer has a spool.
load common
load peer
load spool

@test "each event goes to its customer's spool, or to the master" {
    mkdir -p root/{7301,master}
    { events 1 3 && events 4 5 | sed 's/7301/9/' && events 6 6; } >in
    run_tool audit-route --tee --receipts=receipts root in
    assert_status 0
    printf '%s\n' "$output" | cmp - in
    cat root/7301/new/* | cmp - <(events 1 3 && events 6 6)
    assert_same "$(cat root/master/new/* | wc -l)" 2
    assert_same "$(grep -c spooled receipts)" 6
    # Without a master other customers' events are rejected.
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
    assert_stderr_has "symbolic link, which is not followed"
}

# limited COMMAND...: with at most 64 open files, and little memory; sanitizers need their own.
limited() {
    if [ -n "${AUDIT_SANITIZED-}" ]; then
        prlimit --nofile=64 "$@"
    else
        prlimit --nofile=64 --as=$((256 << 20)) "$@"
    fi
}

# has_all DIRECTORY FILE: everything in FILE was delivered from that spool.
has_all() {
    cmp -s "$1/out" "$2"
}

@test "ten thousand customers, one of them always down, one slow: the others are delivered at once" {
    local n customers=10000 each=${AUDIT_LONG:+20}
    mkdir -p root/master
    for n in {1..20}; do mkdir "root/$n"; done
    # 1 is down, 2 is slow; 0 and those from 21 on have no directory.
    cat >deliver <<'EOD'
#!/bin/sh
cat >>"$AUDIT_SPOOL/out"
EOD
    cat >slow <<'EOD'
#!/bin/sh
until [ -e "$AUDIT_SPOOL/../../go" ]; do sleep 0.05; done
cat >>"$AUDIT_SPOOL/out"
EOD
    printf '#!/bin/sh\necho down >&2\nexit 1\n' >down
    chmod +x deliver slow down
    for n in root/*; do ln -s ../../deliver "$n/deliver"; done
    ln -sf ../../down root/1/deliver
    ln -sf ../../slow root/2/deliver
    awk -v count=$((customers * ${each:-3})) -v customers=$customers 'BEGIN {
        for (i = 0; i < count; i++)
            printf "{\"event\":\"user_login\",\"timestamp\":\"2024-05-01 00:00:00 UTC\",\"n\":%d,\"team\":{\"id\":%d}}\n", i, i % customers
    }' >in
    for n in {1..20}; do grep "\"id\":$n}" in >"expected.$n"; done
    grep -Ev '"id":(1?[1-9]|10|20)}' in >expected.master
    start audit-drain --follow --backoff=1s root/*
    run_tool limited audit-route root in
    assert_status 0
    assert_stderr ""
    eventually has_all root/master expected.master
    for n in {3..20}; do eventually has_all "root/$n" "expected.$n"; done
    # The others were not delayed.
    [ ! -e go ] && [ ! -e root/2/out ]
    touch go
    eventually has_all root/2 expected.2
    cat root/1/new/* | cmp - expected.1
    assert_same "$(grep -c 'root/1: delivery fails: down' err.audit-drain)" 1
    kill -TERM "$started"
    wait "$started"
    assert_same "$(cat root/*/failed/* root/[2-9]/new/* root/??/new/* root/master/new/* 2>/dev/null | wc -l)" 0
}

@test "as many directories as customers, few open files" {
    mkdir all
    (cd all && seq 0 999 | xargs mkdir)
    seq -f '{"event":"x","timestamp":"2024-05-01 00:00:00 UTC","team":{"id":%.0f}}' 0 999 >in
    run_tool limited audit-route all in
    assert_status 0
    assert_same "$(find all -name '*.ndjson' | wc -l)" 1000
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

@test "usage" {
    run_tool audit-route
    assert_status 2
    assert_stderr_has "the directory ROOT is missing"
    run_tool audit-route nowhere
    assert_status 2
    assert_stderr_has "nowhere: No such file or directory; make it first, with a directory for each key: mkdir -p nowhere/master"
}
