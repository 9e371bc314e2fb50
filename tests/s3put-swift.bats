#!/usr/bin/env bats
# audit-s3put, with OpenStack Swift: a second implementation of S3.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
load common
load peer
load s3

setup_file() {
    start_store swift-s3
}
teardown_file() {
    stop_store
}
setup() {
    use_store
}

@test "Swift: each object is its event, byte for byte, and the receipt has its ETag" {
    check_objects_are_events
}

@test "Swift: many events at once" {
    not_sanitized
    make_events 500
    put --parallel=16 addressed
    assert_status 0
    assert_stored addressed
}

@test "Swift: keys with every odd character make the round trip" {
    not_sanitized
    check_awkward_keys
}

@test "Swift: what is wrong with secret, key, bucket or host is status 2 and one line" {
    check_refusals "the signature does not match"
}

@test "Swift: a bucket in another region" {
    not_sanitized
    sample_events
    put --region=eu-west-9 addressed
    assert_status 2
    assert_one_line "bucket testbucket is in region us-east-1, not in eu-west-9 (--region)"
}

@test "Swift: a skewed clock is said, with both times" {
    check_skewed_clock
}

@test "Swift: --no-overwrite, which it does not know, is refused and not passed over" {
    not_sanitized
    sample_events
    put --no-overwrite addressed
    assert_status 2
    assert_one_line "status 501 NotImplemented: Conditional object PUTs are not supported."
}

@test "Swift: signature version 2" {
    sample_events
    put --signature=v2 addressed
    assert_status 0
    assert_stored addressed
    [ -z "${AUDIT_SANITIZED-}" ] || return 0
    make_awkward_events
    prefix+=odd/
    put --signature=v2 addressed
    assert_status 0
    assert_stored addressed
    # What exists is known from the listing, because the store does not support conditions.
    put --signature=v2 --existing=list --receipts=receipts addressed
    assert_status 0
    [ "$(grep -c '"outcome":"exists"' receipts)" = 10 ]
}

@test "Swift: what was put comes back byte for byte, in key order, by both signatures" {
    sample_events
    put addressed
    assert_status 0
    local signature
    for signature in v4 v2; do
        run_tool timeout 600 audit-s3get --bucket="$S3_BUCKET" --prefix="$prefix" --signature=$signature
        assert_status 0
        assert_stderr ""
        [ "$output" = "$(python3 -c 'import json, sys
print("".join(sorted(open("addressed"), key=lambda line: json.loads(line)["path"].encode())), end="")')" ]
    done
}
