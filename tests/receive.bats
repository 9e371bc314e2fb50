#!/usr/bin/env bats
# audit-receive, from the outside: what it takes, what it keeps, what it answers.
load common
load peer
load receive

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir spool
}
teardown() {
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
    assert_answer 400 '{"error":"the body is gzip that is cut short"}'
    post '{"id":5}' -H 'Content-Encoding: gzip'
    assert_answer 400 '{"error":"the body is not gzip, as its header says"}'
    { cat body.gz && echo tail; } >tail.gz
    post @tail.gz -H 'Content-Encoding: gzip'
    assert_answer 400 '{"error":"the body is not gzip, as its header says"}'
    stop_receiver
    run_tool spooled
    assert_output $'{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n{"id":3}\n{"id":4}'
}

@test "bodies of log services: bulk and Loki; --body=json takes objects as they are" {
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
    # What only looks so is an event.
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

@test "a bad body is refused whole, with what is wrong and where, and kept by --rejects" {
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
    assert_answer 404 '{"error":"nothing is received at this path"}'
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
