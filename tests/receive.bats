#!/usr/bin/env bats
# audit-receive, from the outside: what it accepts, keeps and returns.  Each test is a subshell
# (SC2030, SC2031), which is meant.
# shellcheck disable=SC2030,SC2031
load common
load peer
load receive

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir spool
}
teardown() {
    tell_failure
    stop_peers
}

@test "one event, arrays, NDJSON, concatenated and pretty-printed: a compact line each" {
    start_receiver spool
    post '{"id":1,"n":1694081235979000000,"x":4.950000000000001e-05,"s":"\u00e9 \/ é","id":1}'
    assert_answer 200 '{"events":1}'
    post '[{"id":2} , {"id":3,"a":[1, 2 ]}]'
    assert_answer 200 '{"events":2}'
    post $'{"id":4}\n\n{"id":5}\r\n{"id":6}'
    assert_answer 200 '{"events":3}'
    post '{"id":7}{"id":8}[{"id":9}]'
    assert_answer 200 '{"events":3}'
    post $'\xef\xbb\xbf{\n  "id" : 10,\n  "s" : "a  b"\n}\n'
    assert_answer 200 '{"events":1}'
    post '[]'
    assert_answer 200 '{"events":0}'
    stop_receiver
    assert_status 0
    run_tool spooled
    assert_output '{"id":1,"n":1694081235979000000,"x":4.950000000000001e-05,"s":"\u00e9 \/ é","id":1}
{"id":2}
{"id":3,"a":[1,2]}
{"id":4}
{"id":5}
{"id":6}
{"id":7}
{"id":8}
{"id":9}
{"id":10,"s":"a  b"}'
    [ -z "$(ls spool/tmp)" ]
}

@test "PUT, chunked and gzip, of several members too" {
    start_receiver spool
    post '{"id":1}' -X PUT
    assert_answer 200
    post '{"id":2}' -H 'Transfer-Encoding: chunked'
    assert_answer 200
    { printf '{"id":3}' | gzip && printf '{"id":4}' | gzip; } >body.gz
    post @body.gz -H 'Content-Encoding: gzip'
    assert_answer 200 '{"events":2}'
    post @body.gz -H 'Content-Encoding: GZIP' -H 'Transfer-Encoding: chunked'
    assert_answer 200 '{"events":2}'
    head -c 20 body.gz >cut.gz
    post @cut.gz -H 'Content-Encoding: gzip'
    assert_answer 400 '{"error":"the gzip data of the body is cut off"}'
    post '{"id":5}' -H 'Content-Encoding: gzip'
    assert_answer 400 '{"error":"the body is not gzip, as its header says"}'
    { cat body.gz && echo tail; } >tail.gz
    post @tail.gz -H 'Content-Encoding: gzip'
    assert_answer 400 '{"error":"the body is not gzip, as its header says"}'
    stop_receiver
    run_tool spooled
    assert_output $'{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n{"id":3}\n{"id":4}'
}

@test "bodies of log services: bulk and Loki; --body=json keeps objects unchanged" {
    start_receiver spool
    post $'{"create":{"_id":"a"}}\n{"id":1}\n{"index":{}}\n{"id": 2}\n'
    assert_answer 200 '{"took":0,"errors":false,"items":[{"create":{"status":201}},{"create":{"status":201}}]}'
    post $'{"create":{"_id":"a"}}\n{"id":1}\n{"create":{"_id":"b"}}\n'
    assert_answer 400 '{"error":"byte 33: this action has no document"}'
    post $'{"create":{"_id":"a"}}\n{"id":1}\n{"id":2}\n'
    assert_answer 400 '{"error":"byte 33: an action, create or index, must precede each document"}'
    post '{"streams":[{"stream":{"a":"b"},"values":[["1","{\"id\": 3,\"s\":\"\\n\"}"],["2","{\"id\":4}"]]}]}'
    assert_answer 200 '{"events":2}'
    post '{"streams":[{"stream":{"a":"b"},"values":[["1","plain text"]]}]}'
    assert_answer 400 '{"error":"byte 48: this line is not a JSON object"}'
    # An object that only looks like a wrapper is an event.
    post '{"streams":[1,2],"id":5}'
    assert_answer 200 '{"events":1}'
    post '{"create":1,"id":6}'
    assert_answer 200 '{"events":1}'
    post '{"create":{},"id":7}'
    assert_answer 200 '{"events":1}'
    stop_receiver
    run_tool spooled
    assert_output '{"id":1}
{"id":2}
{"id":3,"s":"\n"}
{"id":4}
{"streams":[1,2],"id":5}
{"create":1,"id":6}
{"create":{},"id":7}'
    rm -r spool && mkdir spool
    start_receiver --body=json spool
    post '{"streams":[]}{"create":{}}'
    assert_answer 200 '{"events":2}'
    stop_receiver
    run_tool spooled
    assert_output $'{"streams":[]}\n{"create":{}}'
    start_receiver --body=loki spool
    post '{"id":1}'
    assert_answer 400 '{"error":"the body is not {\"streams\":[...]}"}'
    stop_receiver
}

@test "a bad body is refused whole, with the error and its position, and kept by --rejects" {
    start_receiver --rejects=rejects spool
    post $'{"id":1}\n{"id":'
    assert_answer 400 '{"error":"byte 16: the text ends inside a value"}'
    post '[{"id":1},2]'
    assert_answer 400 '{"error":"byte 11: an event must be a JSON object"}'
    post '"text"'
    assert_answer 400 '{"error":"byte 1: an event must be a JSON object"}'
    post ''
    assert_answer 400 '{"error":"the body is empty"}'
    post $'{"id":"\xff"}'
    assert_answer 400 '{"error":"byte 8: this is not UTF-8"}'
    python3 -c 'print("["*100000 + "]"*100000, end="")' >deep
    post @deep
    assert_answer 400
    python3 -c 'print("{\"a\":" + "["*100000 + "]"*100000 + "}", end="")' >deeper
    post @deeper
    assert_answer 400 '{"error":"byte 1029: values are nested more than 1,024 deep"}'
    printf '[{"id":' | gzip >bad.gz
    post @bad.gz -H 'Content-Encoding: gzip'
    assert_answer 400 '{"error":"byte 8: the text ends inside a value"}'
    stop_receiver
    assert_status 0
    [ -z "$(spooled)" ]
    { printf '{"id":1}\n{"id":\n[{"id":1},2]\n"text"\n{"id":"\xff"}\n' && cat deep && echo && cat deeper &&
        printf '\n[{"id":\n'; } | cmp - rejects
}

@test "a bad body that --rejects cannot keep stays with the sender" {
    start_receiver --rejects=/dev/full spool
    post '{"id":'
    assert_answer 503
    post '{"id":1}'
    assert_answer 200
    stop_receiver
    assert_status 2
    [ "$(grep -c '/dev/full: No space left on device' receiver.err)" -eq 1 ]
}

@test "other paths, methods, content codings" {
    start_receiver spool
    answer=$(curl -s -o answer -w '%{http_code} %header{allow}' "$url")
    [ "$answer" = "405 POST, PUT" ]
    url=${url}other post '{}'
    assert_answer 404 '{"error":"events are not accepted at this path"}'
    post '{}' -H 'Content-Encoding: br'
    assert_answer 415
    stop_receiver
    start_receiver --path=/workato --path=/other spool
    post '{}'
    assert_answer 404
    url=${url}workato post '{}'
    assert_answer 200
    url="${url}other?x=y" post '{}'
    assert_answer 200
}

@test "GET /healthz needs no credential" {
    AUDIT_RECEIVE_CREDENTIAL=x start_receiver --auth=bearer spool
    run_tool curl -s "${url}healthz"
    assert_output '{"status":"ok"}'
    run_tool curl -sI "${url}healthz"
    [[ $output == "HTTP/1.1 200 OK"* ]]
}

# with_auth HOW: a receiver that requires one of the credentials in `tokens`.
with_auth() {
    start_receiver --auth="$1" --credential-file=tokens spool
}

@test "basic, bearer, a header, a parameter: 401 without, and several are valid at once" {
    printf 'user:pass word\nother:€\n' >tokens
    with_auth basic
    post '{}'
    assert_answer 401 '{"error":"a credential is needed"}'
    [[ $(curl -si -d '{}' "$url") == *$'\nWWW-Authenticate: Basic realm='* ]]
    post '{}' -u 'user:wrong'
    assert_answer 401 '{"error":"the credential is not valid"}'
    post '{}' -u 'user:pass word'
    assert_answer 200
    post '{}' -u 'other:€'
    assert_answer 200
    post '{}' -H 'Authorization: Bearer dXNlcjpwYXNzIHdvcmQ='
    assert_answer 401 '{"error":"Authorization must begin with Basic"}'
    stop_receiver
    printf 'token-1\n\ntoken-2\r\n' >tokens
    with_auth bearer
    post '{}' -H 'Authorization: bearer token-1'
    assert_answer 200
    post '{}' -H 'Authorization: Bearer token-2'
    assert_answer 200
    post '{}' -H 'Authorization: Bearer token-'
    assert_answer 401
    post '{}' -H 'Authorization: Bearer token-22'
    assert_answer 401 '{"error":"the credential is not valid"}'
    post '{}' -H 'Authorization: token-2'
    assert_answer 401 '{"error":"Authorization must begin with Bearer"}'
    post '{}' -H 'Authorization: Bearer '
    assert_answer 401
    post '{}' -H 'Authorization: Bearer token-1' -H 'Authorization: Bearer token-2'
    assert_answer 400 '{"error":"the header is malformed or ambiguous"}'
    stop_receiver
    with_auth header:X-Key
    post '{}' -H 'x-key: token-2'
    assert_answer 200
    post '{}' -H 'Authorization: Bearer token-2'
    assert_answer 401
    stop_receiver
    echo 'a b&c/d' >tokens
    with_auth query:key
    url="$url?key=a%20b%26c/d" post '{}'
    assert_answer 200
    url="$url?key=a" post '{}'
    assert_answer 401
    url="$url?key=a%20b%26c/d&key=a%20b%26c/d" post '{}'
    assert_answer 400
    stop_receiver
    [ "$(spooled | wc -l)" -eq 6 ]
}

@test "no message, receipt or access line shows a credential" {
    echo 'sesame-%41' >tokens
    start_receiver --auth=query:key --credential-file=tokens -v --receipts=receipts spool
    url="$url?key=sesame-%2541" post '{}'
    assert_answer 200
    url="$url?key=sesame-%2542" post '{}'
    assert_answer 401
    stop_receiver
    run_tool grep -r sesame receiver.err receipts answer spool
    assert_status 1
}

@test "SIGHUP reloads the credentials; after an error the old ones stay valid" {
    echo old >tokens
    with_auth bearer
    post '{}' -H 'Authorization: Bearer old'
    assert_answer 200
    printf 'old\nnew\n' >tokens
    hang_up "SIGHUP: reloaded"
    for token in old new; do
        post '{}' -H "Authorization: Bearer $token"
        assert_answer 200
    done
    echo new >tokens
    hang_up "SIGHUP: reloaded"
    post '{}' -H 'Authorization: Bearer old'
    assert_answer 401
    : >tokens
    hang_up "SIGHUP: tokens: holds no credential; the credentials stay as they were"
    rm tokens
    hang_up "SIGHUP: tokens: No such file or directory; the credentials stay as they were"
    post '{}' -H 'Authorization: Bearer new'
    assert_answer 200
    stop_receiver
    assert_status 0
}

# hang_up MESSAGE: sends SIGHUP, and waits for one more such message.
hang_up() {
    local before
    before=$(grep -cF "$1" receiver.err || :)
    kill -HUP "$receiver"
    eventually has_said "$1" $((before + 1))
}
has_said() { # MESSAGE COUNT
    [ "$(grep -cF "$1" receiver.err)" -ge "$2" ]
}

@test "files that were rotated are opened again on SIGHUP" {
    start_receiver --receipts=receipts --rejects=rejects spool
    post '{'
    mv receipts receipts.1
    mv rejects rejects.1
    post '{'
    hang_up "SIGHUP: reloaded"
    post '['
    stop_receiver
    [ "$(wc -l <receipts.1)" -eq 2 ]
    [ "$(wc -l <receipts)" -eq 1 ]
    run_tool cat rejects.1 rejects
    assert_output $'{\n{\n['
}

@test "usage errors are status 2, with what to do" {
    usage() { # MESSAGE OPTION...
        local message=$1
        shift
        run_tool timeout 300 audit-receive "$@" spool
        assert_status 2
        assert_stderr "audit-receive: $message
Try 'audit-receive --help' for more information."
    }
    usage "--listen=[HOST:]PORT is missing"
    usage "--auth=bearer needs --credential-file=FILE or \$AUDIT_RECEIVE_CREDENTIAL" --listen=0 --auth=bearer
    usage "there is a credential, but --auth does not say how it is sent" --listen=0 --credential-file=x
    usage "--auth=token: not none, basic, bearer, header:NAME or query:NAME" --listen=0 --auth=token
    usage "--cert and --key need each other" --listen=0 --cert=x
    usage "--client-ca needs --cert and --key" --listen=0 --client-ca=x
    usage "--path=x: a path begins with '/'" --listen=0 --path=x
    usage "more than one directory" --listen=0 other
    run_tool audit-receive --listen=0 --max-size=1MB
    assert_stderr_has "--max-size is for a directory"
}

@test "what keeps it from starting is one message, status 2" {
    refuses() { # MESSAGE ARGUMENT...
        local message=$1
        shift
        run_tool timeout 300 audit-receive "$@"
        assert_status 2
        assert_stderr "audit-receive: $message"
    }
    refuses "missing: No such file or directory; make it first: mkdir -p missing" --listen=0 missing
    refuses "1.2.3.4.5:x: not [HOST:]PORT or unix:PATH, such as 127.0.0.1:8443 or [::1]:8443" --listen=1.2.3.4.5:x spool
    refuses "::1:80: not [HOST:]PORT or unix:PATH, such as 127.0.0.1:8443 or [::1]:8443" --listen=::1:80 spool
    refuses "70000: the largest port is 65535" --listen=70000 spool
    refuses "[::1]:123456: the largest port is 65535" --listen='[::1]:123456' spool
    refuses "192.0.2.1:8443: Cannot assign requested address; no interface of this machine has this address; * stands for all that it has" \
        --listen=192.0.2.1:8443 spool
    refuses "unix:no/in.sock: No such file or directory" --listen=unix:no/in.sock spool
    refuses "no/rejects: No such file or directory" --listen=0 --rejects=no/rejects spool
    start_receiver spool
    refuses "$address: Address already in use; another process listens there, which \"ss -ltnp\" shows" --listen="$address" spool
    echo nonsense >pem
    make_certificates
    refuses "missing: No such file or directory" --listen=0 --cert=missing --key=server.key spool
    refuses "pem: holds no certificate in PEM" --listen=0 --cert=pem --key=server.key spool
    refuses "server.key: holds no certificate in PEM" --listen=0 --cert=server.key --key=server.pem spool
    refuses "pem: holds no private key in PEM" --listen=0 --cert=server.pem --key=pem spool
    refuses "server.pem: holds no private key in PEM" --listen=0 --cert=server.pem --key=server.pem spool
    refuses "pem: holds no certificate in PEM" --listen=0 --cert=server.pem --key=server.key --client-ca=pem spool
    refuses "client.key: is not the key of the certificate in server.pem" --listen=0 --cert=server.pem --key=client.key spool
    for _ in {1..17}; do cat server.pem; done >many.pem
    refuses "many.pem: holds more than 16 certificates" --listen=0 --cert=many.pem --key=server.key spool
    openssl pkey -in server.key -aes128 -passout pass:x -out secret.key
    refuses "secret.key: the private key has a password; one without is needed: openssl pkey -in secret.key -out NEW" \
        --listen=0 --cert=server.pem --key=secret.key spool
    refuses "missing: No such file or directory" --listen=0 --auth=bearer --credential-file=missing spool
    : >tokens
    refuses "tokens: holds no credential" --listen=0 --auth=bearer --credential-file=tokens spool
    echo nocolon >tokens
    refuses "tokens: a credential has no colon; basic needs USER:PASSWORD" --listen=0 --auth=basic --credential-file=tokens spool
    printf 'a\tb\n' >tokens
    refuses "tokens: a credential has a control character" --listen=0 --auth=bearer --credential-file=tokens spool
}

@test "too large: 413 by its length, chunked, unpacked, and while the sender waits for word" {
    start_receiver --max-body=1000 spool
    printf '{"a":"%s"}' "$(head -c 992 /dev/zero | tr '\0' x)" >exact
    printf '{"a":"%s"}' "$(head -c 993 /dev/zero | tr '\0' x)" >larger
    gzip -k exact larger
    for extra in X-A:b Transfer-Encoding:chunked Expect:100-continue; do
        post @exact -H "$extra"
        assert_answer 200
        post @larger -H "$extra"
        assert_answer 413 '{"error":"the body is too large"}'
    done
    post @exact.gz -H 'Content-Encoding: gzip'
    assert_answer 200
    post @larger.gz -H 'Content-Encoding: gzip'
    assert_answer 413
    head -c 50000000 /dev/zero | gzip -1 >bomb.gz
    post @bomb.gz -H 'Content-Encoding: gzip'
    assert_answer 413
    truncate -s 20000000 huge
    post @huge
    assert_answer 413
    post @exact
    assert_answer 200
    stop_receiver
    [ "$(spooled | wc -l)" -eq 5 ]
}

@test "a header too large gets a 431; many fields are accepted" {
    start_receiver spool
    post '{}' -H "X-A: $(head -c 15000 /dev/zero | tr '\0' x)"
    assert_answer 200
    post '{}' -H "X-A: $(head -c 17000 /dev/zero | tr '\0' x)"
    assert_answer 431
    post '{}' -H "X-A: $(head -c 60000 /dev/zero | tr '\0' x)"
    assert_answer 431
}

# exceeds_rate, for eventually: twenty requests, as fast as possible.
exceeds_rate() {
    run_tool curl -s --no-progress-meter -o /dev/null -w '%{http_code} %header{retry-after}\n' -d '{}' "${url}?[1-20]"
    echo "$output"
    [ "$(grep -c . <<<"$output")" -eq 20 ] && [ "$(grep -c '^429 1$' <<<"$output")" -ge 5 ] &&
        [ "$(grep -cv -e '^200 $' -e '^429 1$' <<<"$output")" -eq 0 ]
}

@test "more requests a second than --max-rate get a 429 with Retry-After" {
    start_receiver --max-rate=2 --sync=none spool
    eventually exceeds_rate
    sleep 1.2
    post '{}'
    assert_answer 200
}

is_well() {
    [ "$(curl -s -o /dev/null -w '%{http_code}' "${url}healthz")" = 200 ]
}

@test "a full spool gives a 503 with Retry-After, and it continues when there is room" {
    start_receiver --max-size=3000 --segment-time=100ms spool
    printf '{"a":"%s"}' "$(head -c 1000 /dev/zero | tr '\0' x)" >event
    for _ in 1 2; do
        post @event
        assert_answer 200
    done
    post @event
    assert_answer 503 '{"error":"the spool is full"}'
    [[ $(curl -si --data-binary @event "$url") == *$'\nRetry-After: 5\r'* ]]
    [ "$(curl -s -o /dev/null -w '%{http_code}' "${url}healthz")" = 503 ]
    [ "$(spooled | wc -l)" -eq 2 ]
    eventually published
    rm spool/new/*
    eventually is_well
    post @event
    assert_answer 200
    [ "$(curl -s -o /dev/null -w '%{http_code}' "${url}healthz")" = 200 ]
    stop_receiver
    assert_status 0
    [ "$(spooled | wc -l)" -eq 1 ]
    run_tool grep -c 'spool: the spool is full (--max-size); requests are answered 503 until there is room' receiver.err
    assert_output 1
    grep -q 'requests are accepted again; 2 were answered 503' receiver.err
}

@test "a full disk gives a 503; acknowledged events stay, and it continues" {
    start_receiver spool
    post '{"id":1}'
    assert_answer 200
    # A limit on the size of files: as with a full disk, a write fails, here in an open segment.
    local pad
    pad=$(head -c 5000 /dev/zero | tr '\0' x)
    prlimit --pid "$receiver" --fsize=4000:unlimited
    post '{"id":2,"pad":"'"$pad"'"}'
    assert_answer 503 '{"error":"the events cannot be kept at present"}'
    post '{"id":3}'
    assert_answer 200
    post '{"id":4,"pad":"'"$pad"'"}'
    assert_answer 503
    prlimit --pid "$receiver" --fsize=unlimited
    post '{"id":5}'
    assert_answer 200
    stop_receiver
    assert_status 0
    run_tool spooled
    assert_output $'{"id":1}\n{"id":3}\n{"id":5}'
    cat receiver.err
    grep -q 'File too large; requests are answered 503 until it can be written' receiver.err
}

@test "a segment that cannot be passed on is reported, and when it can be again" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "LD_PRELOAD and sanitizers do not go together"
    export LD_PRELOAD="$AUDIT_BUILD/tests/fault.so" FAULT_ONLY=audit-receive FAULT_CALL=rename FAULT_ERROR=EIO FAULT_AT=1
    start_receiver --segment-time=100ms spool
    unset LD_PRELOAD
    post '{"id":1}'
    assert_answer 200
    eventually published
    eventually grep -q 'spool: what was received can be delivered again$' receiver.err
    grep -q 'spool/new/.*: Input/output error; what was received is kept, but cannot be delivered until' receiver.err
    stop_receiver
    assert_status 0
    run_tool spooled
    assert_output '{"id":1}'
}

@test "a file system that is really full: 503, no event that got a 200 is missing, and it continues" {
    need_mounts
    cat >inside <<'END'
mount -t tmpfs -o size=300k none spool
: >receiver.err
audit-receive --listen=0 --segment-time=100ms spool 2>receiver.err &
receiver=$!
trap 'kill "$receiver"' EXIT
eventually grep -q 'listening on' receiver.err
url=http://$(sed -n 's/.*listening on //p' receiver.err)/
number=0 code=
# Sends events of 20 kB until one gets this status.
send_until() {
    for ((code = 0; code != $1;)); do
        printf '{"id":%d,"pad":"%020000d"}' $((number += 1)) 0 >event
        code=$(curl -s -o answer -w '%{http_code}' --data-binary @event "$url")
        [ "$code" != 200 ] || echo "$number" >>answered
        [ "$number" -lt 500 ]
    done
}
send_until 503
cat answer
is_published() {
    [ -z "$(ls spool/tmp)" ]
}
for round in 1 2; do
    eventually is_published
    cat spool/new/* >>drained
    rm spool/new/*
    send_until 200
    send_until 503
done
kill "$receiver"
wait "$receiver"
trap - EXIT
cat spool/new/* >>drained
END
    run_tool in_mounts 'bash -eu inside'
    assert_status 0
    [[ $output == '{"error":"the events cannot be kept at present"}'* ]]
    [ "$(wc -l <answered)" -gt 20 ]
    [ -z "$(comm -23 <(sort answered) <(sed 's/{"id":\([0-9]*\),"pad":"0*"}/\1/' drained | sort))" ]
    grep -q 'No space left on device; requests are answered 503 until it can be written' receiver.err
    grep -q 'requests are accepted again' receiver.err
}

@test "more bodies than --max-memory get a 503, and memory is freed" {
    start_receiver --max-memory=1MB spool
    head -c 900000 /dev/zero | tr '\0' ' ' >large
    printf '{}' >>large
    for _ in 1 2 3; do
        post @large
        assert_answer 503
        post '{"a":1}'
        assert_answer 200
    done
    stop_receiver
}

@test "receipts: a line of JSON for each request; no byte of a request reaches terminal or file raw" {
    start_receiver -v --receipts=receipts spool
    post '{"a":1}{"b":2}'
    url="${url}%1b%5b31m%22%0a%c2%9b%ff" post '{}'
    assert_answer 404
    curl -s -X $'G\x7fT' "$url" || :
    stop_receiver
    run_tool python3 - <<'END'
import json
for line in open("receipts"):
    receipt = json.loads(line)
    assert receipt["client"] == "127.0.0.1" and 0 <= receipt["seconds"] < 60, receipt
    assert receipt["time"].startswith("20") and receipt["time"].endswith("+00:00")
    print(receipt["method"], receipt["path"], receipt["status"], receipt["events"], receipt["bytes"], receipt.get("error"))
END
    [[ $output == 'POST / 200 2 14 None
POST /\x1b[31m"\x0a\xc2\x9b\xff 404 0 0 events are not accepted at this path'* ]] || { show "other receipts"; false; }
    [ "$(LC_ALL=C grep -c '[^ -~]' receiver.err receipts | tr '\n' ' ')" = "receiver.err:0 receipts:0 " ]
    grep -q '127.0.0.1 "POST /" 200, 2 events, 14 bytes' receiver.err
}

@test "without a directory: lines to standard output, acknowledged once they are written" {
    start_receiver
    post '{"a": 1}{"b":2}'
    assert_answer 200
    run_tool cat receiver.out
    assert_output $'{"a":1}\n{"b":2}'
    stop_receiver
    assert_status 0
}

@test "a reader that does not read delays responses, and no event is lost" {
    mkfifo pipe
    exec {reader}<>pipe
    : >receiver.err
    audit-receive --listen=0 --drain=1s >pipe 2>receiver.err 3>&- &
    receiver=$!
    also_stop "$receiver"
    eventually grep -sqF listening receiver.err
    url=http://$(sed -n 's/.*listening on //p' receiver.err)/
    head -c 200000 /dev/zero | tr '\0' x | sed 's/.*/{"a":"&"}/' >large
    echo >>large
    curl -s -o answer.1 -w '%{http_code}' --data-binary @large "$url" >code.1 3>&- &
    sleep 0.5
    [ ! -s code.1 ]
    head -n 1 <&"$reader" | cmp - large
    wait $!
    [ "$(cat code.1)" = 200 ]
    # At the end it does not wait for ever, and does not return 200.
    curl -s -o answer.2 -w '%{http_code}' --data-binary @large "$url" >code.2 3>&- &
    sleep 0.5
    stop_receiver
    wait $! || :
    [ "$(cat code.2)" != 200 ]
    exec {reader}<&-
}

@test "standard output that cannot be written is status 2, and no request gets a 200" {
    : >receiver.err
    audit-receive --listen=0 >/dev/full 2>receiver.err 3>&- &
    receiver=$!
    also_stop "$receiver"
    eventually grep -sqF listening receiver.err
    url=http://$(sed -n 's/.*listening on //p' receiver.err)/
    post '{}'
    assert_answer 503
    status=0
    wait "$receiver" || status=$?
    [ "$status" -eq 2 ]
    grep -q 'standard output: No space left on device' receiver.err
}

@test "an address that other machines reach, without authentication or without TLS, is warned of" {
    echo secret >token
    start_receiver --listen='*:0' spool
    eventually grep -q '^audit-receive: warning: anyone who reaches 0\.0\.0\.0:[0-9]* can add events; use --auth or --client-ca$' receiver.err
    [ "$(grep -c 'warning.*127\.0\.0\.1' receiver.err)" -eq 0 ]
    stop_receiver
    start_receiver --listen='*:0' --auth=bearer --credential-file=token spool
    eventually grep -q '^audit-receive: warning: 0\.0\.0\.0:[0-9]* receives credentials unencrypted; use --cert and --key, or a proxy with TLS$' receiver.err
    [ "$(grep -c 'can add events' receiver.err)" -eq 0 ]
    stop_receiver
}

@test "a Unix socket, IPv6, several at once; a stale socket is replaced, a live one is not" {
    listen=unix:in.sock start_receiver --listen='[::1]:0' --listen=0 spool
    [ "$(grep -c 'listening on' receiver.err)" -eq 3 ]
    url=http://localhost/ post '{"id":1}' --unix-socket in.sock
    assert_answer 200
    url=http://$(sed -n 's/.*listening on \(\[::1\].*\)/\1/p' receiver.err)/ post '{"id":2}' -g
    assert_answer 200
    run_tool timeout 300 audit-receive --listen=unix:in.sock spool
    assert_status 2
    assert_stderr "audit-receive: unix:in.sock: Address already in use; another process listens there"
    stop_receiver KILL
    listen=unix:in.sock start_receiver spool
    url=http://localhost/ post '{"id":3}' --unix-socket in.sock
    assert_answer 200
    stop_receiver
    [ ! -e in.sock ]
    [ "$(spooled | sort | tr -d '\n')" = '{"id":1}{"id":2}{"id":3}' ]
    touch in.sock
    run_tool timeout 300 audit-receive --listen=unix:in.sock spool
    assert_stderr "audit-receive: unix:in.sock: File exists, and is not a socket"
}

@test "a socket that systemd passes" {
    python3 "$AUDIT_TESTS/receive-client.py" descriptors audit-receive spool >port 2>receiver.err 3>&- &
    receiver=$!
    also_stop "$receiver"
    eventually test -s port
    url=http://127.0.0.1:$(cat port)/
    post '{"id":1}'
    assert_answer 200
    stop_receiver
    assert_status 0
    LISTEN_FDS=1 LISTEN_PID=1 run_tool timeout 300 audit-receive spool
    assert_status 2
    assert_stderr "audit-receive: no socket to listen on: no --listen, and LISTEN_FDS passes none to this process; a script that starts it under systemd must use exec"
    # shellcheck disable=SC2016 # the inner shell expands it
    run_tool timeout 300 bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec audit-receive spool 3</dev/null'
    assert_status 2
    assert_stderr "audit-receive: LISTEN_FDS: descriptor 3 is not a listening socket"
}

@test "TLS: 1.2 and later; the certificate is renewed on SIGHUP" {
    make_certificates
    cp server.pem cert.pem && cp server.key cert.key
    start_receiver --cert=cert.pem --key=cert.key spool
    url=https://$address/
    post '{}' --cacert ca.pem --tlsv1.2 --tls-max 1.2
    assert_answer 200
    post '{}' --cacert ca.pem --tlsv1.3
    assert_answer 200
    post '{}' --cacert ca.pem --tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0
    assert_answer 000
    echo | openssl s_client -connect "$address" 2>/dev/null | grep -q 'subject=CN = server'
    cp client.pem cert.pem
    hang_up "cert.key: is not the key of the certificate in cert.pem; the certificate stays as it was"
    cp client.key cert.key
    hang_up "SIGHUP: reloaded"
    echo | openssl s_client -connect "$address" 2>/dev/null | grep -q 'subject=CN = client'
    post '{}' --cacert ca.pem
    assert_answer 200
    [ "$(grep -c 'without a request' receiver.err)" -eq 0 ]
    url=http://$address/ post '{}'
    assert_answer 000
    stop_receiver
    assert_status 0
    [ "$(spooled | wc -l)" -eq 3 ]
    # --verbose reports clients that do not use TLS, or do not trust the certificate.
    start_receiver --verbose --cert=cert.pem --key=cert.key spool
    url=https://$address/
    post '{}' --cacert ca.pem
    assert_answer 200
    url=http://$address/ post '{}'
    assert_answer 000
    silent='^audit-receive: 127\.0\.0\.1 closed its connection without a request; .* (an http:// URL)'
    eventually grep -q "$silent" receiver.err
    post '{}' --cacert server.pem
    assert_answer 000
    # shellcheck disable=SC2016 # eval expands it
    eventually eval '[ "$(grep -c "$silent" receiver.err)" -eq 2 ]'
    stop_receiver
    assert_status 0
}

@test "mutual TLS: a client without a certificate, or with another authority's, gets a 401" {
    make_certificates
    start_receiver --cert=server.pem --key=server.key --client-ca=ca.pem spool
    url=https://$address/
    post '{}' --cacert ca.pem --cert client.pem --key client.key
    assert_answer 200
    post '{}' --cacert ca.pem
    assert_answer 401 '{"error":"a valid client certificate is needed"}'
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.pem \
        -subj "/CN=nobody" -days 2 2>/dev/null
    post '{}' --cacert ca.pem --cert own.pem --key own.key
    assert_answer 401
    stop_receiver
    [ "$(spooled | wc -l)" -eq 1 ]
}

# begin_client: openssl's client in the background, with a client's certificate; it sends what is
# written to descriptor 7, and writes what it receives to the file `received`.
begin_client() {
    rm -f to-client
    mkfifo to-client
    openssl s_client -quiet -connect "$address" -cert client.pem -key client.key <to-client >received 2>/dev/null 3>&- &
    also_stop $!
    exec 7>to-client
}

# answers STATUS COUNT: so many responses with that status have come over the open connection.
answers() {
    printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}' >&7
    eventually has_answers "$@"
}
has_answers() {
    [ "$(grep -c "^HTTP/1.1 $1 " received)" = "$2" ]
}

@test "SIGHUP reloads --client-ca: no connection is refused, and old ones obey too" {
    make_certificates
    cp ca.pem authorities.pem
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.pem \
        -subj "/CN=nobody" -days 2 2>/dev/null
    start_receiver --cert=server.pem --key=server.key --client-ca=authorities.pem spool
    url=https://$address/
    begin_client
    answers 200 1
    post '{}' --cacert ca.pem --cert own.pem --key own.key
    assert_answer 401
    # Both authorities, while one replaces the other.
    cat ca.pem own.pem >authorities.pem
    hang_up "SIGHUP: reloaded"
    answers 200 2
    post '{}' --cacert ca.pem --cert own.pem --key own.key
    assert_answer 200
    post '{}' --cacert ca.pem --cert client.pem --key client.key --tlsv1.2 --tls-max 1.2
    assert_answer 200
    cp own.pem authorities.pem
    hang_up "SIGHUP: reloaded"
    answers 401 1
    post '{}' --cacert ca.pem --cert client.pem --key client.key
    assert_answer 401
    post '{}' --cacert ca.pem --cert own.pem --key own.key --tlsv1.2 --tls-max 1.2
    assert_answer 200
    # A file that cannot be read changes nothing.
    echo nothing >authorities.pem
    hang_up "authorities.pem: "
    grep -q "the authorities stay as they were" receiver.err
    rm authorities.pem
    hang_up "authorities.pem: No such file or directory; the authorities stay as they were"
    post '{}' --cacert ca.pem --cert own.pem --key own.key
    assert_answer 200
    # The client gets no names, which could keep it from sending its certificate.
    openssl s_client -connect "$address" </dev/null 2>/dev/null | grep -q '^No client certificate CA names sent'
    exec 7>&-
    stop_receiver
    assert_status 0
    [ "$(spooled | wc -l)" -eq 6 ]
}

# halves GO: a client in the background that is in the middle of a request until the file GO exists.
halves() {
    rm -f begun
    python3 "$AUDIT_TESTS/receive-client.py" halves "${address##*:}" '{"id":12}' begun "$1" >half 2>&1 3>&- &
    client=$!
    also_stop "$client"
    eventually test -s begun
}

# is_closed, for eventually: no new connection is accepted.
is_closed() {
    ! curl -s --max-time 10 -o /dev/null "${url}healthz"
}

@test "SIGTERM: active requests are completed once their events are kept, and no new ones are accepted" {
    start_receiver spool
    halves go
    kill -TERM "$receiver"
    eventually is_closed
    kill -0 "$receiver"
    touch go
    wait "$client"
    status=0
    wait "$receiver" || status=$?
    assert_status 0
    [ "$(cat half)" = 200 ]
    run_tool spooled
    assert_output '{"id":12}'
}

@test "after SIGTERM it waits no longer than --drain; a second signal ends it at once" {
    start_receiver --drain=300ms spool
    halves never
    stop_receiver
    [ "$status" -eq 0 ]
    kill "$client"
    start_receiver spool
    halves never
    # A signal that comes together with the first one does not count as the second.
    while kill -TERM "$receiver" 2>/dev/null; do sleep 0.6; done
    status=0
    wait "$receiver" || status=$?
    [ "$status" -eq 143 ]
    kill "$client"
    [ -z "$(spooled)" ]
}

@test "a receiver that ends removes its own socket, not that of its successor" {
    local first
    mkdir successor
    # The leak checker does not work under strace.
    ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 listen=unix:in.sock start_receiver spool
    first=$receiver
    # The two steps of the end are far apart.
    strace -f -p "$first" -e trace=unlink -e inject=unlink:delay_enter=2000000 -o calls 3>&- &
    also_stop $!
    eventually grep -q 'TracerPid:.[1-9]' "/proc/$first/status"
    kill -TERM "$first"
    until listen=unix:in.sock start_receiver successor; do sleep 0.1; done
    wait "$first"
    [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket in.sock http://localhost/healthz)" = 200 ]
    stop_receiver
    [ "$status" -eq 0 ]
    [ ! -e in.sock ]
}

@test "an event is synced before its request gets a response" {
    start_receiver --threads=1 spool
    strace -f -y -e trace=openat,write,fsync,fdatasync,rename,renameat,renameat2,sendmsg,sendto,writev -s 200 -p "$receiver" -o calls 3>&- &
    strace=$!
    until [ -s calls ] || ! kill -0 "$strace"; do
        post '{"warm":1}'
        sleep 0.1
    done
    eventually published # the next event begins a new segment
    for id in 101 102 103; do
        post "{\"id\":$id}"
        assert_answer 200
    done
    stop_receiver
    wait "$strace" || :
    run_tool python3 - <<'END'
import re
calls = open("calls").read().split("\n")
where = lambda pattern, start=0: next(i for i in range(start, len(calls)) if re.search(pattern, calls[i]))
for id in (101, 102, 103):
    write = where(r'write\(\d+<.*/spool/tmp/.*"id\\":%d' % id)
    sync = where(r"fdatasync\(\d+<.*/spool/tmp/.*ndjson>\)", write)
    # The call may be shown in two parts, with its end later than that of others.
    if "unfinished" in calls[sync]:
        sync = where(r"fdatasync resumed", sync)
    answer = where(r"(sendmsg|sendto|writev)\(\d+<.*HTTP/1.1 200", write)
    assert write < sync < answer, (write, sync, answer)
# The new segment's name is also synced before anything in it is acknowledged.
first = where(r"openat\(.*/spool/tmp>.*O_EXCL")
assert where(r"fsync\(\d+<.*/spool/tmp>", first) < where(r"HTTP/1.1 200", where(r'"id', first))
print("synced before it is answered")
END
    assert_output "synced before it is answered"
}

# survives COUNT KILLS: posts so many events while the receiver is killed and started again, each
# time when another part of them was acknowledged; the last one comes after the last kill.
survives() {
    local port kills=0 acknowledged
    port=$(free_port)
    : >acknowledged
    listen=$port start_receiver spool
    python3 "$AUDIT_TESTS/receive-client.py" load "$port" "$1" 32 acknowledged killed 3>&- 2>load.err &
    client=$!
    also_stop "$client"
    while [ "$kills" -lt "$2" ]; do
        kill -0 "$client" || { cat load.err && return 1; }
        acknowledged=$(wc -l <acknowledged)
        [ "$acknowledged" -gt $((kills * $1 / ($2 + 1))) ] || { sleep 0.02 && continue; }
        stop_receiver KILL
        [ "$status" -eq 137 ]
        kills=$((kills + 1))
        echo "kill $kills when $(wc -l <acknowledged) of $1 events were acknowledged"
        listen=$port start_receiver --segment-time=300ms spool
    done
    touch killed
    wait "$client" || { cat load.err && return 1; }
    stop_receiver
    [ "$status" -eq 0 ]
    [ -z "$(ls spool/tmp)" ]
    python3 - "$1" <<'END'
import json, sys
kept = [json.loads(line)["id"] for path in __import__("glob").glob("spool/new/*") for line in open(path)]
acknowledged = [int(line) for line in open("acknowledged")]
assert len(acknowledged) == int(sys.argv[1]), len(acknowledged)
missing = set(acknowledged) - set(kept)
assert not missing, ("missing", sorted(missing)[:10])
print(len(kept) - len(set(kept)), "kept twice")
END
}

@test "kill -9 while events arrive: every one that got a 200 is in the spool" {
    if [ -n "${AUDIT_LONG-}" ]; then survives 100000 20; else survives 3000 3; fi
}

@test "wrk: as many events are kept as requests got a 200, and none is refused" {
    start_receiver spool
    cat >post.lua <<'END'
wrk.method = "POST"
wrk.body = '{"id":1,"pad":"from wrk"}'
END
    wrk -t2 -c16 -d1s -s post.lua "$url" >wrk.out
    stop_receiver
    assert_status 0
    cat wrk.out
    run_tool grep -E 'Non-2xx|Socket errors' wrk.out
    assert_output ""
    local requests
    requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' wrk.out)
    [ "$requests" -gt 0 ]
    # Events whose responses wrk did not wait for may be kept, too.
    [ "$(spooled | wc -l)" -ge "$requests" ]
    [ "$(spooled | wc -l)" -le $((requests + 16)) ]
    [ "$(spooled | sort -u)" = '{"id":1,"pad":"from wrk"}' ]
}

@test "audit-post in each framing, audit-receive, audit-drain, audit-fileput: the same bytes" {
    audit-format "$DATA/bare.ndjson" | audit-path --user-id=7301 >addressed
    mkdir direct
    audit-fileput direct <addressed
    # The command of a drain: a script, as it may be in the spool.
    # shellcheck disable=SC2016 # the script expands it
    printf '%s\n' '#!/bin/sh' \
        'audit-format --keep-duplicates | audit-path --user-id=7301 | audit-fileput "$STORED"' >spool/deliver
    chmod +x spool/deliver
    start_receiver --segment-time=100ms spool
    # arrived: the events are stored as they would be without HTTP.
    arrived() {
        eventually published
        rm -rf stored
        mkdir stored
        STORED=$PWD/stored audit-drain spool
        [ -z "$(ls spool/new)" ]
        diff -r direct stored
    }
    for batch in none array lines concat; do
        audit-post --batch=$batch --compress=gzip --url="$url" <addressed
        arrived
    done
    local age=()
    ! audit-post --help | grep -q -e --max-age || age=(--max-age=none)
    for preset in datadog splunk sumologic loki newrelic elastic; do
        case $preset in
        datadog | splunk | newrelic) export AUDIT_POST_CREDENTIAL=x ;;
        *) unset AUDIT_POST_CREDENTIAL ;;
        esac
        audit-template -t $preset <addressed |
            audit-post --preset=$preset --url="$url" "${age[@]}" --rejects=rejects ||
            { cat rejects && return 1; }
        arrived
    done
}
