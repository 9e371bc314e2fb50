#!/usr/bin/env bats
# audit-s3put, with a Ceph radosgw of its own.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
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

@test "each object is its event, byte for byte, and the receipt has its ETag" {
    check_objects_are_events
}

@test "many events; the store is killed and brought back in the middle: nothing is lost" {
    local count=${AUDIT_LONG:+20000}
    count=${count:-${AUDIT_SANITIZED:+1000}}
    make_events "${count:-5000}"
    (
        sleep 1
        "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
        sleep 0.5
        "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory"
    ) >restart 2>&1 3>&- &
    put --parallel=32 addressed
    wait $!
    assert_only_outages
    assert_status 0
    assert_stored addressed
}

@test "a replay with --no-overwrite: the same content exists, other content is a conflict; nothing changes" {
    not_sanitized
    make_events 300
    put --parallel=32 addressed
    assert_status 0
    put --parallel=32 --no-overwrite --receipts=receipts addressed
    assert_status 0
    assert_stderr ""
    [ "$(grep -c '"outcome":"exists"' receipts)" = 300 ]
    sed 's/"succeeded"/"rewritten"/' addressed >changed
    put --parallel=32 --no-overwrite --receipts=conflicts --rejects=rejects changed
    assert_status 1
    assert_stderr_has "conflict: an object with other content has this key"
    [ "$(grep -c '"outcome":"rejected"' conflicts)" = 300 ]
    sort rejects | cmp - <(sort changed)
    assert_stored addressed
    put --parallel=32 changed
    assert_status 0
    assert_stored changed
    # The object's content is the gzip of the event.
    head -n 20 addressed >few
    put --compress=gzip --suffix=.gz few
    put --compress=gzip --suffix=.gz --no-overwrite --receipts=zipped few
    assert_status 0
    [ "$(grep -c '"outcome":"exists"' zipped)" = 20 ]
}

@test "over TLS, trusted by --cacert or AWS_CA_BUNDLE, refused otherwise" {
    sample_events
    put --endpoint="$S3_TLS_ENDPOINT" --cacert="$S3_TLS_CA" addressed
    assert_status 0
    assert_stored addressed
    AWS_CA_BUNDLE=$S3_TLS_CA put --endpoint="$S3_TLS_ENDPOINT" --addressing=virtual addressed
    assert_status 0
    put --endpoint="$S3_TLS_ENDPOINT" addressed
    assert_status 2
    assert_one_line "SSL certificate problem"
}

@test "virtual-host style" {
    not_sanitized
    sample_events
    put --endpoint="http://localhost:$port" --addressing=virtual addressed
    assert_status 0
    assert_stored addressed
    put --addressing=virtual addressed
    assert_status 2
    assert_one_line "an IP address cannot have the bucket's name before it"
}

@test "keys with every odd character make the round trip" {
    check_awkward_keys
}

@test "keys that no store takes are rejected one by one" {
    printf '{"path":"%s","event":{}}\n' '' ../up a/./b a/.. "$(printf '%01025d' 0)" '\ud800' 'a\u0000b' good >lines
    put --rejects=rejects lines
    assert_status 1
    [ "$(wc -l <rejects)" = 7 ]
    assert_stderr_has "lines:1: its path is empty"
    assert_stderr_has 'lines:2: the key has a part "." or ".."'
    assert_stderr_has "lines:5: "
    get good got
    [ "$(<got)" = '{}' ]
}

@test "a bare event says to pipe through audit-path, and goes to the rejects" {
    put --rejects=rejects "$DATA/bare.ndjson"
    assert_status 1
    assert_stderr_has "bare.ndjson:1: a bare event has no path to be its key; pipe it through audit-path first"
    cmp rejects "$DATA/bare.ndjson"
}

@test "what is wrong with secret, key, bucket or host is status 2 and one line" {
    check_refusals
}

@test "a skewed clock is said, with both times" {
    check_skewed_clock
}

@test "headers of the object: type, encoding, storage class, ACL, MD5" {
    sed -n 1p "$DATA/bare.ndjson" | audit-path --user-id=7 >addressed
    local key
    key=$(audit-path --user-id=7 --print "$DATA/bare.ndjson" | head -n 1)
    put --compress=gzip --suffix=.gz --content-type='application/json; v=1' --content-md5 \
        --storage-class=STANDARD --acl=public-read addressed
    assert_status 0
    get "$key.gz" got
    gzip -dc got | cmp - <(head -n 1 "$DATA/bare.ndjson" | tr -d '\n')
    head_object "$key.gz" >metadata
    grep -q '"ContentEncoding": "gzip"' metadata
    grep -q '"ContentType": "application/json; v=1"' metadata
    # The ACL shows: anybody may read it.
    curl -sf "$S3_ENDPOINT/$S3_BUCKET/$prefix$key.gz" | cmp - got
    put --storage-class=NO_SUCH addressed
    assert_status 2
    assert_one_line "status 400 InvalidArgument"
    assert_stderr_has "--storage-class"
}

@test "--dry-run shows the requests, needs no credentials and sends nothing" {
    printf '{"path":"a b/é.json","event":{"n":1.50}}\n' >addressed
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    put --dry-run --endpoint=http://127.0.0.1:9 --sse=aws:kms:KEY --no-overwrite --content-md5 addressed
    assert_status 0
    assert_output "PUT http://127.0.0.1:9/testbucket/${prefix}a%20b/%C3%A9.json
x-amz-content-sha256: $(printf '{"n":1.50}' | sha256sum | cut -d' ' -f1)
Content-MD5: $(printf '{"n":1.50}' | openssl md5 -binary | base64)
Content-Type: application/json
If-None-Match: *
x-amz-server-side-encryption: aws:kms
x-amz-server-side-encryption-aws-kms-key-id: KEY
Content-Length: 10

{\"n\":1.50}"
    AWS_ENDPOINT_URL_S3='' put --dry-run --region=eu-central-1 addressed
    [ "${lines[0]}" = "PUT https://testbucket.s3.eu-central-1.amazonaws.com/${prefix}a%20b/%C3%A9.json" ]
}

@test "without credentials it says where it looked" {
    not_sanitized
    sample_events
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    put addressed
    assert_status 2
    assert_stderr_has "$HOME/.aws/credentials and $HOME/.aws/config"
}

@test "credentials of a profile" {
    not_sanitized
    sample_events
    mkdir .aws
    printf '[acme]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
        "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >.aws/credentials
    AWS_ACCESS_KEY_ID=other put --profile=acme addressed
    assert_status 0
    assert_stored addressed
}

@test "an event altered on its way is refused by the store and sent again" {
    sample_events
    start_s3_peer "$port"
    tell_peer '{"alter":5}'
    put --endpoint="$url" --receipts=receipts addressed
    assert_status 0
    assert_stored addressed
    local attempts
    attempts=$(sed 's/.*"attempts":\([0-9]*\),.*/\1/' receipts | paste -sd+)
    [ $((attempts)) = $(($(wc -l <addressed) + 5)) ]
    tell_peer '{"alter":1000}'
    head -n 1 addressed >one
    put --endpoint="$url" --retry-for=1s --rejects=rejects one
    assert_status 1
    assert_one_line "status 400 XAmzContentSHA256Mismatch"
    cmp rejects one
}

@test "503s of a radosgw that has too much to do are ridden out" {
    not_sanitized
    cp "$store_directory/ceph.conf" conf
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
    echo 'rgw max concurrent requests = 2' >>"$store_directory/ceph.conf"
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory" 3>&-
    make_events 300
    put --parallel=16 --receipts=receipts addressed
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
    cp conf "$store_directory/ceph.conf"
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory" 3>&-
    assert_stderr ""
    assert_status 0
    [ "$(grep -vc '"attempts":1,' receipts)" -gt 0 ] # there were some
    assert_stored addressed
}

@test "--tee writes what was delivered, in input order" {
    sample_events
    put --tee --no-overwrite <addressed
    assert_status 0
    [ "$output" = "$(<addressed)" ]
    put --tee --no-overwrite <addressed # now all of it exists
    assert_status 0
    [ "$output" = "$(<addressed)" ]
}

@test "the README's cron example: archive to S3, then forward" {
    awk '/^<!-- runs with a store -->$/ { marked = 1; next }
        marked && /^```sh$/ { inside = 1; next }
        /^```$/ { marked = inside = 0 }
        inside' "$AUDIT_SOURCE/README.md" >example
    [ -s example ]
    cp "$DATA/bare.ndjson" events.ndjson
    start_peer forward
    AUDIT_BUCKET=$S3_BUCKET AUDIT_POST_URL=$url run_tool bash -euo pipefail example
    assert_status 0
    assert_stderr ""
    [ -f done/events.ndjson ]
    [ ! -s not-archived.ndjson ]
    audit-format events.ndjson | audit-truncate | audit-path >addressed
    prefix=workato/ assert_stored addressed fetch
    sort "$peer/events" | cmp - <(audit-format events.ndjson | sort)
}

@test "signature version 2: the same in every way, over TLS too" {
    sample_events
    put --signature=v2 --endpoint="$S3_TLS_ENDPOINT" --cacert="$S3_TLS_CA" --receipts=receipts addressed
    assert_status 0
    assert_stderr ""
    assert_stored addressed fetch
    head -n 1 receipts | grep -qE '"etag":"[0-9a-f]{32}"'
    put --signature=v2 --endpoint="$S3_TLS_ENDPOINT" addressed
    assert_status 2
    assert_one_line "SSL certificate problem"
    put --signature=v2 --endpoint="http://localhost:$port" --addressing=virtual --compress=gzip \
        --content-md5 --acl=public-read --storage-class=STANDARD --suffix=.gz addressed
    assert_status 0
    get "$(sed -n '1s/{"path":"\([^"]*\)".*/\1/p' addressed).gz" got
    gzip -dc got | cmp - <(head -n 1 addressed | sed 's/.*"event":\(.*\)}$/\1/' | tr -d '\n')
    AWS_SECRET_ACCESS_KEY=not-the-secret put --signature=v2 addressed
    assert_status 2
    assert_one_line "the signature does not match"
    put --signature=v2 --bucket=elsewhere addressed
    assert_status 2
    assert_one_line "there is no bucket elsewhere"
}

@test "signature version 2: conditions, listings and every odd character of keys" {
    make_awkward_events
    put --signature=v2 addressed
    assert_status 0
    assert_stored addressed
    local how
    for how in put list; do
        rm -f receipts
        put --signature=v2 --no-overwrite --existing=$how --receipts=receipts addressed
        assert_status 0
        [ "$(grep -c '"outcome":"exists"' receipts)" = 10 ]
        sed 's/{"key"/{"yek"/' addressed >changed
        put --signature=v2 --no-overwrite --existing=$how changed
        assert_status 1
        assert_stderr_has "conflict: an object with other content has this key"
    done
    put --signature=v2 --endpoint="http://localhost:$port" --addressing=virtual --existing=list changed
    assert_status 0
    assert_stored changed
}

@test "signature version 2 through an outage" {
    not_sanitized
    make_events 300
    put --signature=v2 --bucket=testbucket --endpoint=http://127.0.0.1:9 --retry-for=1s <(head -n 2 addressed)
    assert_status 1
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
    (
        sleep 0.3
        "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory"
    ) >restart 2>&1 3>&- &
    put --signature=v2 --parallel=16 addressed
    wait $!
    assert_only_outages
    assert_status 0
    assert_stored addressed
}
