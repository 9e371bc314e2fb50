#!/usr/bin/env bats
# audit-s3put --existing=list: a resume that lists existing objects.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034 # as in s3put-answers.bats
load common
load peer
load s3

setup_file() {
    start_store ceph-rgw
}
teardown_file() {
    stop_store
}
setup() {
    use_store
}
teardown() {
    tell_failure
    stop_peers
}

# resume OPTION...: through a peer that follows its script; without a script it does what the store
# does.
resume() {
    put --endpoint="$url" --existing=list --receipts=receipts "$@"
}

# use_peer SCRIPT: only the peer is the bucket.
use_peer() {
    start_s3_peer
    tell_peer "$1"
    prefix=
}

# lines N...: addressed events a1, a2, …, each {"n":N}.
lines() {
    local n
    for n; do printf '{"path":"a%d","event":{"n":%d}}\n' "$n" "$n"; done
}

# outcomes: the number of receipts for each outcome, on one line.
outcomes() {
    sed 's/.*"outcome":"\([a-z]*\)".*/\1/' receipts | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }'
}

# listings: the number of requests for keys.
listings() {
    grep -c '"method": "GET".*max-keys=1000' "$peer/log"
}

@test "a resume lists what is there and puts what is missing, in any order of keys" {
    local count=${AUDIT_LONG:+14000} order began
    count=${count:-${AUDIT_SANITIZED:+500}} count=${count:-1500}
    make_events "$count"
    sed '0~100d' addressed >most # one in a hundred is missing
    put --parallel=32 most
    assert_status 0
    start_s3_peer "$port"
    resume --no-overwrite addressed
    assert_status 0
    assert_stderr ""
    [ "$(outcomes)" = "$((count / 100)) delivered, $((count - count / 100)) exists" ]
    [ "$(peer_saw PUT)" = $((count / 100)) ]
    [ "$(listings)" -le $((count / 200 + 2)) ]
    [ "$(peer_saw HEAD || true)" = 0 ]
    assert_stored addressed
    # A receipt has the ETag of the listing, and no attempt.
    grep '"outcome":"exists"' receipts | head -n 1 | grep -qE '"status":null,"attempts":0,.*"etag":"[0-9a-f]{32}"'
    # In order, one pass; nothing is put.
    for order in sort shuf; do
        "$order" addressed >again
        rm receipts
        : >"$peer/log"
        resume --no-overwrite again
        assert_status 0
        [ "$(outcomes)" = "$count exists" ]
        [ "$(peer_saw PUT || true)" = 0 ]
        [ "$order" = shuf ] || [ "$(listings)" -le $((count / 1000 + 1)) ]
    done
    # The time, without the peer in between: 14,000 take about a second on an idle machine.
    began=$(date +%s%N)
    put --existing=list --no-overwrite addressed
    assert_status 0
    echo "# a resume of $count: $((($(date +%s%N) - began) / 1000000)) ms" >&3
    [ $(($(date +%s%N) - began)) -lt 10000000000 ]
}

@test "other content: a conflict, or replaced; a gzip is compared as it is put" {
    make_events 300
    put --parallel=16 addressed
    assert_status 0
    sed '1~3s/"succeeded"/"rewritten"/' addressed >changed # of the same length
    sed -i '2~3s/"lines"/"line_s":0,"lines"/' changed      # of another length
    put --existing=list --no-overwrite --receipts=receipts --rejects=rejects changed
    assert_status 1
    assert_stderr_has "conflict: an object with other content has this key"
    [ "$(outcomes)" = "100 exists, 200 rejected" ]
    [ "$(wc -l <rejects)" = 200 ]
    assert_stored addressed
    rm receipts
    put --existing=list --receipts=receipts changed
    assert_status 0
    assert_stderr ""
    [ "$(outcomes)" = "100 exists, 200 replaced" ]
    assert_stored changed
    rm receipts
    head -n 50 addressed >few
    put --compress=gzip --suffix=.gz few
    put --compress=gzip --suffix=.gz --existing=list --no-overwrite --receipts=receipts few
    assert_status 0
    [ "$(outcomes)" = "50 exists" ]
}

@test "keys with every odd character are found in the listing" {
    make_awkward_events
    put addressed
    assert_status 0
    start_s3_peer "$port"
    resume --no-overwrite addressed
    assert_status 0
    [ "$(outcomes)" = "10 exists" ]
    [ "$(peer_saw PUT || true)" = 0 ]
}

@test "a store whose pages are short: the next ones are asked for" {
    use_peer '{"page":3,"objects":{"a1":"{\"n\":1}","a2":"{\"n\":2}","a3":"{\"n\":3}","a4":"{\"n\":4}","a5":"{\"n\":5}","a7":"{\"n\":7}"}}'
    lines 1 2 3 4 5 6 7 8 9 >addressed
    resume --no-overwrite addressed
    assert_status 0
    assert_stderr ""
    [ "$(outcomes)" = "3 delivered, 6 exists" ]
    [ "$(listings)" = 2 ]
    [ "$(peer_saw PUT)" = 3 ]
    [ "$(grep -c '"If-None-Match": "\*"' "$peer/log")" = 3 ]
}

@test "a listing that fails is done without: the store itself says what exists" {
    local answer
    for answer in '{"status":503,"code":"SlowDown"}' '{"status":500}'; do
        start_s3_peer
        prefix=
        tell_peer '{"list":['"$answer"'],"objects":{"a1":"{\"n\":1}","a2":"{\"m\":2}"}}'
        lines 1 2 3 >addressed
        rm -f receipts
        resume --no-overwrite addressed
        assert_status 1
        assert_one_line "addressed:2: conflict: an object with other content has this key"
        [ "$(outcomes)" = "1 delivered, 1 exists, 1 rejected" ]
        [ "$(listings)" = 1 ]
        stop_peers
    done
}

@test "a later page that is cut is done without; a first one is no listing" {
    use_peer '{"page":2,"list":[{},{"short":150}],"objects":{"a1":"{\"n\":1}","a2":"{\"n\":2}","a3":"{\"n\":3}"}}'
    lines 1 2 3 4 >addressed
    resume --no-overwrite addressed
    assert_status 0
    assert_stderr ""
    [ "$(outcomes)" = "1 delivered, 3 exists" ]
    [ "$(listings)" = 2 ]
    [ "$(peer_saw HEAD)" = 1 ] # a3, after its 412
    tell_peer '{"list":[{"short":60}]}'
    resume --no-overwrite --rejects=rejects addressed
    assert_status 2
    assert_one_line "not with a listing"
    cmp rejects addressed
}

@test "a listing that is refused, or out of order, is status 2 and one clear line; nothing is put" {
    use_peer '{"list":[{"status":403,"code":"AccessDenied","message":"no right"}]}'
    lines 1 2 3 >addressed
    resume --no-overwrite --rejects=rejects addressed
    assert_status 2
    assert_one_line "--existing=list: the bucket cannot be listed, which needs the right s3:ListBucket: status 403 AccessDenied: no right"
    cmp rejects addressed
    tell_peer '{"disorder":true,"objects":{"a1":"{}","a2":"{}"}}'
    resume --no-overwrite addressed
    assert_status 2
    assert_one_line "--existing=list: the store lists keys out of order"
    [ "$(peer_saw PUT || true)" = 0 ]
}

@test "an ETag that is no MD5: a HEAD tells, and without the right to it, it is a conflict" {
    use_peer '{"etag":"\"0123456789abcdef0123456789abcdef-2\"","objects":{"a1":"{\"n\":1}","a2":"{\"n\":2}"}}'
    lines 1 2 3 >addressed
    resume --no-overwrite addressed
    assert_status 0
    [ "$(outcomes)" = "1 delivered, 2 exists" ]
    [ "$(peer_saw HEAD)" = 2 ]
    tell_peer '{"head":{"status":403},"etag":"\"0123456789abcdef0123456789abcdef\"","objects":{"a1":"{\"n\":1}"}}'
    rm receipts
    resume --no-overwrite addressed
    assert_status 1
    assert_stderr_has "and reading it is not permitted (s3:GetObject)"
    [ "$(outcomes)" = "2 delivered, 1 rejected" ]
    # Deleted since it was listed: it is put.
    tell_peer '{"head":{"status":404},"etag":"\"0123456789abcdef0123456789abcdef\"","objects":{"a1":"{\"n\":1}"}}'
    rm receipts
    resume addressed
    assert_status 0
    [ "$(outcomes)" = "3 delivered" ]
}

@test "the same key again: what this run has replaced is not taken for what was listed" {
    use_peer '{"objects":{"a1":"{\"n\":1}"}}'
    { lines 1 && lines 1 | sed 's/"n":1/"n":2/' && lines 1; } >addressed
    resume --parallel=1 addressed
    assert_status 0
    [ "$(sed 's/.*"outcome":"\([a-z]*\)".*/\1/' receipts | paste -sd' ')" = "exists replaced delivered" ]
    [ "$(peer_saw PUT)" = 2 ]
}

@test "a bucket full of other keys: it is not listed for long" {
    start_s3_peer
    prefix=
    python3 - "$peer/script" >addressed <<'END'
import json, sys
objects = {"k%06d" % i: "{}" for i in range(4000)}
json.dump({"page": 5, "objects": objects}, open(sys.argv[1], "w"))
for i in range(0, 4000, 20):
    print('{"path":"k%06d","event":{}}' % i)
END
    resume --no-overwrite addressed
    assert_status 0
    [ "$(outcomes)" = "200 exists" ]
    [ "$(listings)" -le 24 ]
}

@test "a listing that takes long holds up no signal" {
    use_peer '{"wait_list":600,"objects":{}}'
    lines 1 2 3 >addressed
    stop_with INT "audit-s3put: stopped by SIGINT; 3 lines that were read were not delivered" \
        audit-s3put --bucket="$S3_BUCKET" --endpoint="$url" --existing=list --drain=100ms --rejects=rejects addressed
    cmp rejects addressed
}

@test "--dry-run lists nothing" {
    use_peer '{"objects":{"a1":"{\"n\":1}"}}'
    lines 1 >addressed
    put --endpoint="$url" --existing=list --dry-run addressed
    assert_status 0
    [ ! -e "$peer/log" ]
    [[ $output == "PUT $url/$S3_BUCKET/a1"* ]]
}
