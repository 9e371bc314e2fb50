#!/usr/bin/env bats
# audit-s3put, with an endpoint that follows a script: responses that are rare in real stores.
# shellcheck disable=SC2016,SC2030,SC2031 # scripts are JSON; each test has its own environment
# shellcheck disable=SC2034 # put() uses the prefix
load common
load peer
load s3

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    local name
    for name in $(compgen -e AWS_); do unset "$name"; done
    export HOME=$PWD AWS_ACCESS_KEY_ID=AKIATEST AWS_SECRET_ACCESS_KEY=topsecret AWS_EC2_METADATA_DISABLED=true
    export S3_BUCKET=archive
    prefix=
    printf '{"path":"%s","event":{"n":1}}\n' a b c >addressed
    start_s3_peer
    export AWS_ENDPOINT_URL=$url
}
teardown() {
    tell_failure
    stop_peers
}

@test "the bucket is looked at once, and every request is signed with its payload's hash" {
    put addressed
    assert_status 0
    assert_stderr ""
    [ "$(peer_saw GET)" = 1 ]
    [ "$(peer_saw PUT)" = 3 ]
    grep -c "\"x-amz-content-sha256\": \"$(printf '{"n":1}' | sha256sum | cut -d' ' -f1)\"" "$peer/log" | grep -qx 3
    [ "$(grep -c 'SignedHeaders=[^,]*x-amz-content-sha256' "$peer/log")" = 4 ]
}

@test "--existing=list: a store that lists a key longer than a key can be" {
    tell_peer "{\"page\":1,\"objects\":{\"m$(printf 'x%.0s' {1..5000})\":\"{}\",\"n\":\"{}\",\"z0\":\"{}\"}}"
    # For the last key the page after the long key is needed.
    printf '{"path":"%s","event":{}}\n' m z p >addressed
    put --existing=list --no-overwrite --parallel=1 addressed
    assert_status 2
    assert_one_line "is not an S3 store, or not one that lists"
    [ "$(peer_saw PUT || true)" = 0 ]
}

@test "a session token goes along and is signed" {
    AWS_SESSION_TOKEN=the-token put addressed
    assert_status 0
    [ "$(grep -c '"x-amz-security-token": "the-token"' "$peer/log")" = 4 ]
    [ "$(grep -c 'SignedHeaders=[^,]*x-amz-security-token' "$peer/log")" = 4 ]
}

@test "a store that repeats the session token or the secret in a message does not get it printed" {
    tell_peer '{"put":[{"status":400,"code":"EntityTooLarge","message":"x-amz-security-token: the-token/+x, key topsecret"}]}'
    AWS_SESSION_TOKEN=the-token/+x put addressed
    assert_status 1
    assert_stderr_has "status 400 EntityTooLarge: x-amz-security-token: [secret]"
    [[ $stderr != *the-token* && $stderr != *topsecret* ]]
}

@test "a bucket in another region is said, whichever way the store says it" {
    tell_peer '{"look":{"status":301,"code":"PermanentRedirect","headers":{"x-amz-bucket-region":"eu-west-1"}}}'
    put addressed
    assert_status 2
    assert_one_line "bucket archive is in region eu-west-1, not in us-east-1 (--region)"
    tell_peer '{"look":{"status":400,"code":"AuthorizationHeaderMalformed","more":"<Region>eu-west-2</Region>"}}'
    put addressed
    assert_status 2
    assert_one_line "bucket archive is in region eu-west-2, not in us-east-1 (--region)"
    tell_peer '{"put":[{"status":307,"code":"TemporaryRedirect","headers":{"Location":"http://127.0.0.1:9/"}}]}'
    put addressed
    assert_status 2
    assert_one_line "bucket archive is not in region us-east-1 (--region), or not at this endpoint: status 307 TemporaryRedirect"
}

@test "a redirect is not followed, whenever it comes: nothing goes to the other server" {
    local signature elsewhere=$url other=$peer
    for signature in v4 v2; do
        start_s3_peer
        tell_peer '{"put":[{},{"status":307,"headers":{"Location":"'"$elsewhere"'/archive/b"}}]}'
        AWS_ENDPOINT_URL=$url put --signature=$signature --parallel=1 --rejects=rejects addressed
        assert_status 2
        assert_one_line "or not at this endpoint: status 307"
        sed 1d addressed | cmp - <(sort rejects)
        rm rejects
        [ "$(peer_saw PUT)" = 2 ]
        tell_peer '{"look":{"status":307,"headers":{"Location":"'"$elsewhere"'/archive"}}}'
        AWS_ENDPOINT_URL=$url put --signature=$signature addressed
        assert_status 2
        assert_one_line "or not at this endpoint: status 307"
        [ "$(peer_saw PUT)" = 2 ]
    done
    [ ! -e "$other/log" ]
}

@test "signature version 2 signs the date, the token and Amazon's headers, and sends no hash" {
    AWS_SESSION_TOKEN=the-token put --signature=v2 --acl=private addressed
    assert_status 0
    python3 - "$peer/log" <<'END'
import base64, hashlib, hmac, json, sys
for line in open(sys.argv[1]):
    request = json.loads(line)
    headers = {name.lower(): value for name, value in request["headers"].items()}
    assert "x-amz-content-sha256" not in headers and headers["x-amz-security-token"] == "the-token"
    amz = "".join("%s:%s\n" % (name, headers[name]) for name in sorted(headers) if name.startswith("x-amz-"))
    text = "\n".join([request["method"], headers.get("content-md5", ""), headers.get("content-type", ""),
                      headers["date"], amz + request["path"].partition("?")[0]])
    wanted = base64.b64encode(hmac.new(b"topsecret", text.encode(), hashlib.sha1).digest()).decode()
    assert headers["authorization"] == "AWS AKIATEST:" + wanted, (text, headers)
END
}

@test "a key that may write and not list is enough" {
    tell_peer '{"look":{"status":403,"code":"AccessDenied"}}'
    put addressed
    assert_status 0
    tell_peer '{"look":{"status":403,"code":"AccessDenied"},"put":[{"status":403,"code":"AccessDenied","message":"no &lt;right&gt;\u0007"}]}'
    put addressed
    assert_status 2
    assert_one_line 'status 403 AccessDenied: no <right>'
}

@test "what may pass is tried again, what does not is rejected" {
    tell_peer '{"put":[{"status":400,"code":"RequestTimeout"},{"status":409,"code":"ConditionalRequestConflict"},{"status":500},{"status":503,"code":"SlowDown"},{"status":502},{}]}'
    put --parallel=1 --receipts=receipts addressed
    assert_status 0
    [ "$(peer_saw PUT)" = 8 ]
    [ "$(wc -l <receipts)" = 3 ]
    : >"$peer/log"
    tell_peer '{"put":[{"status":400,"code":"EntityTooLarge","message":"too large"}]}'
    put --rejects=rejects addressed
    assert_status 1
    assert_stderr_has "addressed:1: status 400 EntityTooLarge: too large"
    [ "$(sort rejects)" = "$(sort addressed)" ]
    [ "$(peer_saw PUT)" = 3 ]
}

@test "expired credentials are found anew, where there are others" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    mkdir .aws
    printf '[default]\naws_access_key_id=AKIAOLD\naws_secret_access_key=old\n' >.aws/credentials
    tell_peer '{"expired":"AKIAOLD"}'
    put addressed
    assert_status 2
    assert_stderr_has "the credentials in the profile have expired"
    mkfifo lines
    run_tool bash -c '
        { head -n 1 addressed; eventually grep -sq PUT "$1/log"
          sed -i s/OLD/NEW/ .aws/credentials
          printf "{\"expired\":\"AKIAOLD\"}" >"$1/script"; tail -n 2 addressed; } >lines &
        printf "{}" >"$1/script"
        audit-s3put --bucket=archive lines' - "$peer"
    assert_status 0
    assert_stderr ""
    [ "$(grep -c 'Credential=AKIANEW' "$peer/log")" -ge 2 ]
}

@test "credentials of a role are fetched again when they expire" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_EC2_METADATA_DISABLED
    python3 "$AUDIT_TESTS/metadata-server.py" metadata-port requests 4 3>&- &
    also_stop $!
    eventually test -s metadata-port
    AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:$(<metadata-port) run_tool bash -c '
        { head -n 1 addressed; eventually grep -sq PUT "$1/log"; sleep 4.5; tail -n 2 addressed; } |
            audit-s3put --bucket=archive' - "$peer"
    assert_status 0
    assert_stderr ""
    [ "$(peer_saw PUT)" = 3 ]
    # The first is for the check of the bucket; the last two events have another one.
    grep -o '"x-amz-security-token": "[^"]*"' "$peer/log" >tokens
    [[ $(head -n 1 tokens) == *'"token-1"' ]]
    [ "$(tail -n 2 tokens | grep -c '"token-1"')" -eq 0 ]
}

@test "fetching credentials holds up no signal, and an address that holds a key is not shown" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    python3 "$AUDIT_TESTS/metadata-server.py" metadata-port requests 3600 3>&- &
    also_stop $!
    eventually test -s metadata-port
    local began='' metadata_port try
    metadata_port=$(<metadata-port)
    export AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:$metadata_port/slow?key=hidden"
    # An attempt takes a second, and this less; on a busy machine, at least once.
    for try in {1..20}; do
        rm -f rejects
        began=$(date +%s%N)
        run_tool timeout -s INT 0.4 audit-s3put --bucket=archive --rejects=rejects addressed
        [ "$stderr" = "audit-s3put: stopped by SIGINT; 3 lines that were read were not delivered" ] || continue
        [ $(($(date +%s%N) - began)) -ge 900000000 ] || break
    done
    echo "try $try"
    assert_status 124
    assert_stderr "audit-s3put: stopped by SIGINT; 3 lines that were read were not delivered"
    cmp rejects addressed
    [ "$try" -lt 20 ]
    put addressed
    assert_status 2
    assert_stderr_has "the container's credentials: Timeout was reached"
    [[ $stderr != *hidden* ]]
    [ ! -e "$peer/log" ]
}

@test "a server that is not an S3 store is called that" {
    tell_peer '{"look":{"status":200,"headers":{"Server":"nginx"}}}'
    put addressed
    assert_status 2
    assert_one_line "is not an S3 store, or not one that lists: it answered with status 200 and not with a listing"
    tell_peer '{"look":{"status":403},"put":[{"status":403}]}'
    put addressed
    assert_status 2
    assert_one_line "status 403 without an S3 error: 127.0.0.1"
}

@test "the option at fault is named, from S3's answer" {
    tell_peer '{"put":[{"status":400,"code":"InvalidArgument","more":"<ArgumentName>x-amz-acl</ArgumentName>"}]}'
    put --acl=publik addressed
    assert_status 2
    assert_one_line "status 400 InvalidArgument: told so (--acl)"
    tell_peer '{"put":[{"status":400,"code":"InvalidStorageClass"}]}'
    put --storage-class=FOO addressed
    assert_status 2
    assert_one_line "(--storage-class)"
}

@test "usage errors" {
    local options
    for options in '' --bucket=x --bucket=-abc '--bucket=abc --endpoint=ftp://h' '--bucket=abc --endpoint=http://u@h' \
        '--bucket=abc --sse=x' '--bucket=abc --addressing=x' '--bucket=abc --signature=v3' '--bucket=abc --acl=' \
        '--bucket=abc --region=a/b' '--bucket=a/bc' '--bucket=abc --tee --dry-run' '--bucket=abc --profile=ghost'; do
        # shellcheck disable=SC2086 # the options are words
        run_tool audit-s3put $options addressed
        assert_status 2
        [ -n "$stderr" ] && [ -z "$output" ] || { show "$options"; return 1; }
    done
    [ ! -e "$peer/log" ]
}

@test "what is said when the store is not there, and where the lines go" {
    put --endpoint=http://127.0.0.1:9 --retry-for=500ms --rejects=rejects addressed
    assert_status 1
    assert_stderr_has "addressed:1: not delivered"
    assert_stderr_has "Failed to connect to 127.0.0.1 port 9"
    [ "$(sort rejects)" = "$(sort addressed)" ]
}

@test "stopped by timeout(1), it keeps what was read" {
    tell_peer '{"wait":600}'
    local signature
    for signature in v4 v2; do
        stop_with TERM "audit-s3put: stopped by SIGTERM; 3 lines that were read were not delivered" \
            audit-s3put --bucket=archive --drain=200ms --signature=$signature --rejects=rejects addressed
        cmp rejects addressed
    done
}
