#!/usr/bin/env bats
# audit-post and the responses, refusals and limits of log services.
load common
load peer

teardown() {
    tell_failure
    stop_peers
}

@test "URLs and header fields" {
    run_tool "$AUDIT_BUILD/tests/post-units"
    assert_status 0
}

# --- responses ---

@test "one response that is not HTTP, after others, causes only a retry" {
    start_peer a '{"sequence":[200,200,{"raw":"what?\r\n\r\n"}]}'
    events 50 >in
    run_tool audit-post --url="$url" --parallel=1 in
    assert_status 0
    assert_taken in
}

@test "a service that does not speak HTTP at all is one line and status 2, at once" {
    start_peer a '{"sequence":[{"raw":"what?\r\n\r\n"}]}'
    events 50 >in
    run_tool timeout 300 audit-post --url="$url" --parallel=1 --rejects=rejects in
    assert_status 2
    [ "${#stderr_lines[@]}" -eq 1 ]
    cmp in rejects
}

@test "https to a port that speaks plain HTTP is one line and status 2, at once" {
    start_peer a
    events 50 >in
    run_tool timeout 300 audit-post --url="${url/http:/https:}" --rejects=rejects in
    assert_status 2
    [ "${#stderr_lines[@]}" -eq 1 ]
    assert_stderr_has "${url/http:/https:}: this port does not speak TLS"
    sort in | cmp - <(sort rejects)
}

@test "elastic: an item's status counts, whatever \"errors\" says" {
    start_peer a '{"reply":"elastic","sequence":[{"body":"{\"errors\":false,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":503}}]}"}]}'
    events 2 >in
    run_tool audit-post --url="$url" --preset=elastic --auth=none --receipts=receipts in
    assert_status 0
    assert_taken <(sed -n 2p in)
    [[ $(cat receipts) == *'"line":2,'*'"attempts":2'* ]]
}

@test "elastic: a response with items twice, or two statuses for one, is not used" {
    local body
    events 1 >in
    for body in '{"items":[{"create":{"status":400}}],"items":[{"create":{"status":201}}]}' \
        '{"items":[{"create":{"status":400,"status":201}}]}' '{"items":[{"create":{}}]}' '' '{"errors":false}'; do
        start_peer a "$(jq -nc --arg body "$body" '{reply:"elastic",sequence:[{body:$body}]}')"
        : >"$peer/events"
        run_tool audit-post --url="$url" --preset=elastic --auth=none --receipts=receipts in
        assert_status 0
        assert_stderr ""
        assert_taken in
        stop_peers
    done
    [ "$(grep -c '"outcome":"delivered"' receipts)" -eq 5 ]
}

@test "splunk: only the whole number 0 is the code of success" {
    local code
    events 1 >in
    for code in 0.5 -0 '"0"' 0e0 '0,"code":5' '5,"code":0' null; do
        start_peer a '{"reply":"splunk","sequence":[{"body":"{\"text\":\"Success\",\"code\":'"${code//\"/\\\"}"'}"}]}'
        : >"$peer/events"
        run_tool audit-post --url="$url" --preset=splunk --credential-file=<(echo t) in
        assert_status 0
        [ "$(from_log 'log[-2]["status"], log[-1]["status"]')" = "('literal', 200)" ]
        assert_taken in
        stop_peers
    done
}

@test "OAuth2: what the token endpoint says is in the message, without control characters" {
    start_peer a '{"token":{"status":400,"said":"{\"error\":\"invalid_client\",\"error_description\":\"no such \\u001b[31mclient\"}"}}'
    events 1 >in
    run_tool audit-post --url="$url" --auth=oauth2 --token-url="${url%in}token" --credential-file=<(echo me:s3cret) in
    assert_status 2
    assert_stderr "audit-post: $url: no token from the token endpoint: it answered 400: invalid_client: no such \\x1b[31mclient; nothing more is sent"
}

# --- Loki ---

@test "loki: pushes of equal labels become one stream object, others go apart; each sorted by time" {
    start_peer a '{"reply":"loki"}'
    cat >in <<'END'
{"streams":[{"stream":{"a":"1"},"values":[["3","x"]]}]}
{"streams":[{"values":[["2","y"]],"stream":{"a":"2"}}]}
{"path":"p.json","event":{ "streams" : [ { "stream" : {"a":"1"} , "values" : [ ["2","z"] , ["5","w",{"m":"1"}] ] } ] }}
{"streams":[{"stream":{"a":"1"},"values":[["1","v"]]}]}
END
    run_tool audit-post --preset=loki --max-age=none --url="$url" --receipts=receipts in
    assert_status 0
    assert_stderr ""
    [ "$(from_log '[(r["events"], r["status"]) for r in log]')" = "[(4, 204), (1, 204)]" ]
    [ "$(cat "$peer/events")" = '{"stream":{"a":"1"},"values":[["1","v"]]}
{"stream":{"a":"1"},"values":[["2","z"]]}
{"stream":{"a":"1"},"values":[["5","w",{"m":"1"}]]}
{"stream":{"a":"1"},"values":[["3","x"]]}
{"stream":{"a":"2"},"values":[["2","y"]]}' ]
    assert_receipts receipts 4
    run_tool audit-post --preset=loki --max-age=none --url="$url" --dry-run in
    [ "${lines[-1]}" = '{"streams":[{"stream":{"a":"2"},"values":[["2","y"]]}]}' ]
    grep -qF '{"streams":[{"stream":{"a":"1"},"values":[["1","v"], ["2","z"] , ["5","w",{"m":"1"}] ,["3","x"]]}]}' <<<"$output"
}

@test "loki: what is not a push of one stream is a reject; 260 is no delivery" {
    start_peer a '{"reply":"loki"}'
    local wrong
    for wrong in '{"x":1}' '{"streams":[]}' '{"streams":[1]}' '{"streams":[{}]}' '{"streams":{}}' \
        '{"streams":[{"stream":{},"values":[]}]}' '{"streams":[{"stream":{},"values":[1]}]}' \
        '{"streams":[{"stream":{},"values":[["1","x"]]}],"more":1}' \
        '{"streams":[{"stream":{},"values":[["1","x"]],"more":1}]}' \
        '{"streams":[{"stream":{},"stream":{},"values":[["1","x"]]}]}'; do
        run_tool audit-post --preset=loki --max-age=none --url="$url" <<<"$wrong"
        assert_status 1
        assert_stderr_has "audit-template -t loki"
    done
    run_tool audit-post --preset=loki --max-age=none --url="$url" <<<'{"streams":[{"stream":{},"values":[["1","x"]]},{"stream":{},"values":[["2","y"]]}]}'
    assert_status 1
    assert_stderr_has "more than one stream object"
    [ ! -s "$peer/events" ]
    tell_peer '{"reply":"loki","status":260}'
    echo '{"streams":[{"stream":{"a":"3"},"values":[["3","z"]]}]}' >in
    run_tool audit-post --preset=loki --max-age=none --url="$url" --rejects=rejects in
    assert_status 2
    assert_stderr_has "the tenant is blocked"
    cmp in rejects
}

# pushes: 2,000 events, a minute apart, in order, as lines for Loki; one in a hundred is two days
# late, and labels differ from event to event.
pushes() {
    python3 - <<'END'
import json
for i in range(2000):
    time = 1700000000 + 60 * i - (172800 if i % 100 == 99 and i > 1000 else 0)
    line = json.dumps({"n": i})
    print(json.dumps({"streams": [{"stream": {"job": "w", "kind": "ab"[i % 2]},
                                   "values": [["%d000000000" % time, line]]}]}))
END
}

@test "loki: every event that is called delivered is there, and no other is missing" {
    start_peer a '{"reply":"loki","behind":3600}'
    pushes >in
    run_tool audit-post --preset=loki --max-age=none --url="$url" --batch-events=100 --receipts=receipts --rejects=rejects in
    assert_status 1
    # In each of ten batches Loki refuses one event, and says how many it ignored.
    [ "$(grep -c '"outcome":"rejected"' receipts)" -eq 10 ]
    [ "$(grep -c '"outcome":"delivered"' receipts)" -eq 1990 ]
    [ "$(wc -l <"$peer/events")" -eq 1990 ]
    assert_stderr_has "total ignored: 2 out of 100"
    [ "$(from_log 'len(log)')" -eq 20 ]
    jq -r '.streams[0].values[0][1]' in | sort >sent
    { cat "$peer/events" && jq -r '.streams[0].values[0][1]' rejects; } | sort | cmp - sent
}

# --- limits of services ---

@test "--max-age: an event that is too old for the service is a reject that says so" {
    local now old
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    old=$(date -u -d '2 days ago' +%Y-%m-%dT%H:%M:%S.000+00:00)
    start_peer a '{"status":202}'
    echo s3cret-of-it >credential
    printf '{"date":"%s","message":"%s"}\n' "$now" new "$old" old >in
    run_tool audit-post --preset=datadog --url="$url" --credential-file=credential --rejects=rejects in
    assert_status 1
    assert_stderr "audit-post: in:2: the event is from $old; datadog does not keep events older than 18h as they are (--max-age=none sends them anyway)"
    [ "$(cat rejects)" = "$(sed -n 2p in)" ]
    assert_taken <(sed -n 1p in)
    run_tool audit-post --preset=datadog --url="$url" --credential-file=credential --max-age=3d in
    assert_status 0
    run_tool audit-post --preset=datadog --url="$url" --credential-file=credential --max-age=none in
    assert_status 0
    run_tool audit-post --preset=datadog --url="$url" --credential-file=credential --max-age=1h in
    assert_status 1
    assert_stderr "audit-post: in:2: the event is from $old, which is older than --max-age=1h allows"
    run_tool audit-post --url="$url" --max-age=0s in
    assert_status 2
    assert_stderr_has "--max-age=0s: not none or a duration"
}

@test "--max-age reads the time where each service does" {
    local ms seconds name time in
    seconds=$(($(date +%s) - 86400 * 400))
    ms=${seconds}123
    time=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)
    start_peer a
    echo s3cret-of-it >credential
    while read -r name in; do
        run_tool audit-post --preset="$name" --auth=none --url="$url" --max-age=399d --dry-run <<<"$in"
        assert_status 1
        assert_stderr_has "older than --max-age=399d allows"
        run_tool audit-post --preset="$name" --auth=none --url="$url" --max-age=401d --dry-run <<<"$in"
        assert_status 0
    done <<END
datadog {"date":$ms,"message":"x"}
datadog {"date":"$time"}
splunk {"time":$seconds.123,"event":{}}
splunk {"time":"$seconds.123","event":{}}
newrelic {"timestamp":$ms}
sumologic {"timestamp":"$time"}
elastic {"@timestamp":"$time"}
azure {"TimeGenerated":"$time"}
loki {"streams":[{"stream":{},"values":[["${ms}000000","x"]]}]}
datadog {"event":"e","timestamp":"$time","team":{}}
END
    # An event without a known time is sent.
    run_tool audit-post --url="$url" --max-age=1h <<<'{"time":1}'
    assert_status 0
}

@test "a string that a service would cut is a reject" {
    start_peer a '{"status":202}'
    echo s3cret-of-it >credential
    python3 - >in <<'END'
import json
for n in 131072, 131073:
    print(json.dumps({"message": "x" * n}))
print(json.dumps({"a": {"b": ["\u00e9\n" * 43690]}}))
print(json.dumps({"a": {"b": ["\u00e9\n" * 43691]}}))
END
    run_tool audit-post --preset=newrelic --url="$url" --credential-file=credential in
    assert_status 1
    assert_stderr 'audit-post: in:2: a string in the event has 131073 bytes; newrelic takes at most 131072
audit-post: in:4: a string in the event has 131073 bytes; newrelic takes at most 131072'
}

# --- nginx ---

@test "https to a plain port of nginx is one line and status 2, at once" {
    make_certificates
    start_peer a
    start_nginx
    events 20 >in
    run_tool timeout 300 audit-post --url="${nginx_plain/http:/https:}/sink" --rejects=rejects in
    assert_status 2
    assert_stderr "audit-post: ${nginx_plain/http:/https:}/sink: this port does not speak TLS; is it an http:// URL?; nothing more is sent"
}

# --- errors of the request, and errors of an event ---

@test "a 400 that is about the request is one line and status 2, with all in the rejects" {
    events 300 >in
    start_peer a '{"faults":[[1,400]],"said":"{\"text\":\"Data channel is missing\",\"code\":10}"}'
    run_tool timeout 300 audit-post --url="$url" --batch=lines --batch-events=100 --rejects=rejects --receipts=receipts in
    assert_status 2
    assert_stderr "audit-post: $url: each of the first 10 events was refused with HTTP 400: {\"text\":\"Data channel is missing\",\"code\":10}; nothing more is sent"
    sort in | cmp - <(sort rejects)
    assert_receipts receipts 300
    [ "$(grep -c '"outcome":"undelivered"' receipts)" -eq 300 ]
    [ "$(from_log 'len(log) < 150')" = True ]
}

@test "refused events before the first delivery are rejects all the same, and the others are delivered" {
    local parallel
    events 200 >in
    for parallel in 1 8; do
        # Nine at the beginning, and some more later.
        start_peer "$parallel" '{"poison":"j-1"}'
        seq 1 300 | sed 's/.*/{"id":"&"}/; 1,9s/"}/","bad":"j-1"}/; 151,170s/"}/","bad":"j-1"}/' >in
        rm -f rejects
        run_tool audit-post --url="$url" --parallel="$parallel" --batch=lines --batch-events=100 --rejects=rejects in
        assert_status 1
        grep '"j-1"' in | cmp - <(sort -t'"' -k4n rejects)
        assert_taken <(grep -v '"j-1"' in)
        stop_peers
    done
}

@test "a few events that are all refused are rejects, and the status is 1" {
    start_peer a '{"faults":[[1,400]],"said":"no"}'
    events 3 >in
    run_tool audit-post --url="$url" --parallel=1 --batch=lines --rejects=rejects in
    assert_status 1
    assert_stderr 'audit-post: in:1: HTTP 400: no
audit-post: in:2: HTTP 400: no
audit-post: in:3: HTTP 400: no'
    cmp in rejects
}

@test "a bulk with an unreadable response is halved after two, down to the event that is the cause" {
    # As VictoriaLogs does with a line over its limit: 200 with an empty body, and the others are
    # accepted.
    start_peer a '{"reply":"elastic","silent":"\"j-7\""}'
    events 20 >in
    run_tool timeout 300 audit-post --url="$url" --preset=elastic --auth=none --rejects=rejects --receipts=receipts in
    assert_status 1
    assert_stderr "audit-post: in:7: HTTP 200, but the response lacks the outcome of some events"
    [ "$(cat rejects)" = "$(sed -n 7p in)" ]
    assert_receipts receipts 20
    [ "$(grep -cE '"outcome":"(delivered|exists)"' receipts)" -eq 19 ]
    [ "$(from_log 'len(log) < 20')" = True ]
}

@test "a lasting 500 for a batch costs the one event that is the reason" {
    # As ClickHouse does with a row that it cannot parse.
    start_peer a '{"broken":"\"j-7\""}'
    events 1000 >in
    # A slow machine needs more time for the halves.
    local seconds
    for seconds in 4 20 100; do
        : >"$peer/events"
        rm -f rejects receipts
        run_tool audit-post --url="$url" --batch=lines --retry-for=${seconds}s --rejects=rejects --receipts=receipts in
        [ "$(wc -l <rejects)" -gt 1 ] || break
    done
    assert_status 1
    [ "$(cat rejects)" = "$(sed -n 7p in)" ]
    assert_taken <(grep -v '"j-7"' in)
    assert_receipts receipts 1000
}
