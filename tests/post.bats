#!/usr/bin/env bats
# audit-post against a service that misbehaves, and against nginx.
load common
load peer

teardown() {
    tell_failure
    stop_peers
}

# --- requests, and their reports ---

@test "each event is one request, its bytes untouched" {
    start_peer a
    cp "$DATA/bare.ndjson" in
    run_tool audit-post --url="$url" in
    assert_status 0
    assert_output ""
    assert_stderr ""
    assert_taken in
    [ "$(from_log 'len(log), {r["headers"]["Content-Type"] for r in log}')" = "(27, {'application/json'})" ]
}

@test "an addressed event is sent without its path, which the receipt has" {
    start_peer a
    echo '{"path":"7/jobs/a b.json","event":{"id":1.50,"x":"\u00e4"}}' >in
    run_tool audit-post --url="$url" --receipts=receipts --tee in
    assert_status 0
    assert_output "$(cat in)"
    [ "$(cat "$peer/events")" = '{"id":1.50,"x":"\u00e4"}' ]
    [[ $(cat receipts) == '{"line":1,"path":"7/jobs/a b.json","outcome":"delivered","status":200,"attempts":1,"bytes":24,"queued":0.'*,'"seconds":'*,'"digest":"'"$(head -c -1 in | sha256sum | cut -c-16)"'"}' ]]
}

@test "--tee has the delivered lines in input order, and only them" {
    start_peer a '{"poison":"\"j-7\"","delay":0.002}'
    events 60 >in
    run_tool audit-post --url="$url" --tee --rejects=rejects in
    assert_status 1
    assert_output "$(grep -v '"j-7"' in)"
    assert_stderr 'audit-post: in:7: HTTP 400: {"error":"an event in it is wrong"}'
    [ "$(cat rejects)" = "$(sed -n 7p in)" ]
}

@test "--parallel=1 keeps the order, through retries and batches" {
    start_peer a '{"faults":[[0.2,503],[0.1,"reset"]],"seed":3}'
    events 60 >in
    run_tool audit-post --url="$url" --parallel=1 --batch=lines --batch-events=3 in
    assert_status 0
    cmp in "$peer/events"
}

@test "a line that is not JSON is a reject, and the others are sent" {
    start_peer a
    { events 1 && echo '{"broken":nope}' && events 1 2; } >in
    run_tool audit-post --url="$url" --rejects=rejects --receipts=receipts in
    assert_status 1
    assert_stderr_has "audit-post: in:2: "
    [ "$(cat rejects)" = '{"broken":nope}' ]
    assert_taken <(events 2)
    assert_receipts receipts 3
    [[ $(cat receipts) == *'"line":2,"path":null,"outcome":"rejected","status":null,"attempts":0'* ]]
}

@test "an over-long line reaches the rejects whole, while others are rejected around it" {
    start_peer a '{"poison":"bad"}'
    python3 -c 'print("{\"bad\":1}\n" * 50 + "{\"x\":\"" + "y" * 3000000 + "\"}\n" + "{\"bad\":2}\n" * 50, end="")' >in
    run_tool audit-post --url="$url" --max-record=1KB --rejects=rejects --receipts=receipts < <(cat in)
    assert_status 1
    sort in | cmp - <(sort rejects)
    assert_receipts receipts 101
}

# --- batches ---

@test "array, lines and concat put events together, whatever their form" {
    local how
    { events 5 && echo '{"path":"a.json","event":{"in":"an addressed one"}}' && events 3 6; } >in
    { events 8 && echo '{"in":"an addressed one"}'; } >expected
    for how in array lines concat; do
        start_peer "$how"
        run_tool audit-post --url="$url" --batch="$how" in
        assert_status 0
        assert_taken expected
        [ "$(from_log '[r["events"] for r in log]')" = "[9]" ]
    done
    [ "$(from_log 'log[0]["bytes"]')" -eq $(($(wc -c <expected) - 9)) ] # concat: nothing between
}

@test "--batch-events and --batch-bytes bound a request" {
    start_peer a
    events 100 >in
    run_tool audit-post --url="$url" --batch=array --batch-events=7 in
    assert_status 0
    [ "$(from_log 'sorted(r["events"] for r in log)')" = "[2$(printf ', 7%.0s' {1..14})]" ]
    assert_taken in
    start_peer b
    run_tool audit-post --url="$url" --batch=array --batch-bytes=300 in
    assert_status 0
    [ "$(from_log 'max(r["bytes"] for r in log) <= 300 and len(log) < 40')" = True ]
    assert_taken in
}

@test "an event that does not fit --batch-bytes is a reject that says the limit" {
    start_peer a
    { events 1 && echo "{\"x\":\"$(head -c 400 /dev/zero | tr '\0' x)\"}"; } >in
    run_tool audit-post --url="$url" --batch=array --batch-bytes=300 in
    assert_status 1
    assert_stderr "audit-post: in:2: the event makes a request of 411 bytes; at most 300 may be sent (--batch-bytes)"
}

@test "--compress=gzip" {
    start_peer a
    events 500 >in
    run_tool audit-post --url="$url" --batch=lines --compress=gzip in
    assert_status 0
    assert_taken in
    [ "$(from_log 'log[0]["headers"]["Content-Encoding"], log[0]["bytes"] < 10000')" = "('gzip', True)" ]
    run_tool audit-post --url="$url" --compress=gzip in
    assert_status 0
    assert_taken <(cat in in)
}

@test "a batch that gets a 413 is halved until it fits" {
    start_peer a '{"most_bytes":1000}'
    events 200 >in
    run_tool audit-post --url="$url" --batch=array --receipts=receipts in
    assert_status 0
    assert_stderr ""
    assert_taken in
    assert_receipts receipts 200
}

@test "a single event that gets a 413 is a reject" {
    start_peer a '{"most_bytes":20}'
    events 1 >in
    run_tool audit-post --url="$url" --batch=array --rejects=rejects in
    assert_status 1
    assert_stderr "audit-post: in:1: HTTP 413"
    cmp in rejects
}

@test "one poisoned event among batches costs only itself" {
    start_peer a '{"poison":"\"j-777\""}'
    events 2000 >in
    run_tool audit-post --url="$url" --batch=array --batch-events=500 --rejects=rejects --receipts=receipts in
    assert_status 1
    assert_stderr 'audit-post: in:777: HTTP 400: {"error":"an event in it is wrong"}'
    [ "$(cat rejects)" = "$(sed -n 777p in)" ]
    assert_taken <(grep -v '"j-777"' in)
    assert_receipts receipts 2000
}

@test "a source that trickles is delivered before its end, batched or not" {
    local how pipe pid
    for how in none array; do
        start_peer "$how"
        mkfifo "$how/pipe"
        audit-post --url="$url" --batch="$how" <"$how/pipe" 3>&- &
        pid=$!
        exec {pipe}>"$how/pipe"
        events 1 >&"$pipe"
        eventually test -s "$peer/events"
        exec {pipe}>&-
        wait "$pid"
    done
}

# --- retries ---

@test "whether and when something is tried again holds its tables" {
    run_tool "$AUDIT_BUILD/tests/retry-units"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
}

@test "each temporary error is retried, and nothing is lost" {
    local answer
    events 3 >in
    start_peer a
    for answer in 408 425 429 500 502 503 504 522 524 reset; do
        tell_peer "{\"sequence\":[\"$answer\",\"$answer\"]}"
        : >"$peer/events"
        run_tool audit-post --url="$url" --receipts=receipts --parallel=1 in
        assert_status 0
        assert_stderr ""
        assert_taken in
        grep -q '"line":1,.*"outcome":"delivered","status":200,"attempts":3' receipts
        rm receipts
    done
}

@test "permanent errors are rejects, one by one, and not retried" {
    start_peer a
    events 3 >in
    audit-post --url="$url" in
    tell_peer '{"faults":[[1,422]]}'
    run_tool audit-post --url="$url" --rejects=rejects in
    assert_status 1
    assert_stderr_has "audit-post: in:1: HTTP 422"
    cmp <(sort in) <(sort rejects)
    [ "$(from_log 'sum(r["status"] == 422 for r in log)')" -eq 3 ]
}

@test "100,000 events with 503s, 429s, resets, slow responses and a restart: none is lost" {
    local port
    port=$(free_port)
    start_peer a '{"faults":[[0.08,503],[0.03,429],[0.04,"reset"],[0.01,"slow"]],"seconds":0.2,"seed":7}' --port "$port"
    events 100000 >in
    audit-post --url="$url" --batch=lines --batch-events=100 --rejects=rejects --receipts=receipts in 2>messages 3>&- &
    local pid=$!
    eventually test -s "$peer/events"
    sleep 0.5
    kill_peer
    sleep 0.3
    start_peer a '' --port "$port"
    wait "$pid"
    # An outage may be reported while nothing listened, and its end.
    run grep -v -e "; nothing gets through, trying again until " -e ": events get through again, after " messages
    [ "$status" -eq 1 ]
    [ ! -s rejects ]
    assert_receipts receipts 100000
    assert_delivered in
    [ "$(from_log '{r["status"] for r in log} >= {200, 503, 429, "reset"}')" = True ]
}

@test "5,000 events one by one through the same: none is lost" {
    start_peer a '{"faults":[[0.002,503],[0.002,429],[0.04,"reset"],[0.005,"slow"],[0.03,500]],"seconds":0.05,"seed":9}'
    events 5000 >in
    run_tool audit-post --url="$url" --parallel=32 --receipts=receipts in
    assert_status 0
    assert_stderr ""
    assert_delivered in
    assert_receipts receipts 5000
}

# deliver_timed OPTION...: $took is its milliseconds.
deliver_timed() {
    local from
    from=$(date +%s%3N)
    run_tool audit-post --url="$url" "$@"
    took=$(($(date +%s%3N) - from))
}

@test "a service that fails one request in seven costs little time" {
    local calm try
    start_peer a
    events 1500 >in
    # Other work on this machine may interrupt one try, but not all.
    for try in {1..10}; do
        tell_peer '{}'
        deliver_timed in
        assert_status 0
        calm=$took
        tell_peer '{"faults":[[0.08,503],[0.03,429],[0.04,"reset"]],"headers":{"Retry-After":"0"},"seed":3}'
        rm -f receipts
        deliver_timed --receipts=receipts in
        assert_status 0
        assert_stderr ""
        assert_receipts receipts 1500
        echo "try $try: $calm ms without faults, $took with them"
        # Twice the time is required; a small run may take twice that.
        [ "$took" -gt $((4 * calm + 2000)) ] || break
    done
    [ "$took" -le $((4 * calm + 2000)) ]
}

@test "in an outage one request at a time is tried, and its beginning and end are reported once" {
    start_peer a '{"faults":[[1,503]],"delay":0.005}'
    events 3000 >in
    audit-post --url="$url" --receipts=receipts in 2>messages 3>&- &
    local pid=$! count
    eventually test -s messages
    count=$(wc -l <"$peer/log")
    sleep 2
    # Eight at once would be hundreds in that time.
    [ "$(from_log "sum(r['time'] < log[$count - 1]['time'] + 2 for r in log[$count:])")" -le 25 ]
    tell_peer '{}'
    wait "$pid"
    cat messages
    [ "$(wc -l <messages)" -eq 2 ]
    grep -qx "audit-post: $url: HTTP 503; nothing gets through, trying again until ..:..:.. (--retry-for)" messages
    grep -qx "audit-post: $url: events get through again, after [0-9.]* s" messages
    assert_taken in
    assert_receipts receipts 3000
}

# post_patiently OPTION...: three seconds for each event, and more if a slow machine cannot deliver
# all but one in that time.
post_patiently() {
    local seconds
    for seconds in 3 15 75; do
        : >"$peer/events"
        rm -f rejects receipts
        run_tool audit-post --url="$url" --retry-for=${seconds}s --rejects=rejects --receipts=receipts "$@" in
        [ "$(wc -l <rejects)" -gt 1 ] || break
    done
}

@test "a batch that gets a 500 for half of --retry-for is sent in halves" {
    start_peer a '{"broken":"\"j-77\""}'
    events 200 >in
    post_patiently --batch=lines
    assert_status 1
    [ "$(cat rejects)" = "$(sed -n 77p in)" ]
    assert_stderr_has 'audit-post: in:77: not delivered (attempts: '
    assert_taken <(grep -v '"j-77"' in)
    assert_receipts receipts 200
}

@test "one response that is not HTTP is retried, once the service has responded" {
    start_peer a '{"sequence":[200,{"raw":"this is not HTTP\r\n"},200]}'
    events 20 >in
    run_tool audit-post --url="$url" --parallel=1 in
    assert_status 0
    assert_taken in
}

# --- what exists already ---

# addressed COUNT: so many addressed events.
addressed() {
    events "$1" | sed 's/.*"id":"\(j-[0-9]*\)".*/{"path":"7\/jobs\/\1.json","event":&}/'
}

@test "--skip: what earlier receipts call delivered is not sent again" {
    start_peer a '{"poison":"\"j-7\""}'
    addressed 40 >in
    audit-post --url="$url" --receipts=receipts --rejects=rejects in || [ $? -eq 1 ]
    [ "$(wc -l <"$peer/events")" -eq 39 ]
    # A torn end, as a killed run leaves it, and a line that is not a receipt.
    printf '%s\n{"line":41,"path":"7/jobs/j-7.json","outcome":"deliv' nonsense >>receipts
    tell_peer '{}'
    : >"$peer/log"
    run_tool audit-post --url="$url" --skip=receipts --receipts=receipts --tee=new --summary in
    assert_status 0
    [ "$(from_log 'len(log)')" -eq 1 ]
    assert_output "$(sed -n 7p in)"
    assert_stderr_has 'audit-post: --skip: 2 lines that are not receipts, or torn, were ignored'
    assert_stderr_has 'audit-post: 1 delivered, 39 skipped, 0 rejected, 0 undelivered in '
    [ "$(tail -n 40 receipts | grep -c '"outcome":"skipped","status":null,"attempts":0')" -eq 39 ]
    # Now all of them exist; --tee=all passes them on all the same.
    run_tool audit-post --url="$url" --skip=receipts --tee in
    assert_status 0
    assert_output "$(cat in)"
    [ "$(from_log 'len(log)')" -eq 1 ]
    run_tool audit-post --url="$url" --skip=no-such in
    assert_status 2
    assert_stderr 'audit-post: no-such: No such file or directory'
}

@test "\$AUDIT_RECEIPTS names the receipts where no option does" {
    start_peer a
    events 3 >in
    AUDIT_RECEIPTS=from-environment audit-post --url="$url" in
    assert_receipts from-environment 3
    AUDIT_RECEIPTS=unused audit-post --url="$url" --receipts=given in
    assert_receipts given 3
    [ ! -e unused ]
    AUDIT_RECEIPTS='' audit-post --url="$url" in
}

@test "Retry-After is waited for, in seconds and as a date" {
    start_peer a '{"sequence":[503],"headers":{"Retry-After":"1"}}'
    events 1 >in
    audit-post --url="$url" in
    [ "$(from_log '1 <= log[1]["time"] - log[0]["time"] < 60')" = True ]
    start_peer b
    local at=$(($(date +%s) + 2))
    tell_peer "{\"sequence\":[429],\"headers\":{\"Retry-After\":\"$(date -u -d "@$at" '+%a, %d %b %Y %H:%M:%S GMT')\"}}"
    audit-post --url="$url" in
    [ "$(from_log "$at - 1 <= log[1]['time'] < $at + 60")" = True ]
}

@test "when the service says slow down, all transfers wait" {
    start_peer a '{"sequence":[200,200,429],"headers":{"Retry-After":"1"},"delay":0.01}'
    events 100 >in
    run_tool audit-post --url="$url" --parallel=4 in
    assert_status 0
    # Requests that were under way when the response came continue; then there is a second without a
    # request.
    from_log 'print([round(r["time"] - log[0]["time"], 2) for r in log])'
    [ "$(from_log 'max(b["time"] - a["time"] for a, b in zip(log, log[1:])) > 0.9')" = True ]
    [ "$(from_log 'log[10]["time"] - log[0]["time"] > 0.9')" = True ]
    assert_taken in
}

@test "a Retry-After beyond --retry-for is not waited for" {
    start_peer a '{"sequence":[503],"headers":{"Retry-After":"3600"}}'
    events 1 >in
    SECONDS=0
    run_tool audit-post --url="$url" --rejects=rejects --retry-for=10m in
    [ "$SECONDS" -le 300 ]
    assert_status 1
    assert_stderr "audit-post: in:1: not delivered (attempts: 1): HTTP 503"
    cmp in rejects
}

@test "no server listening: status 1, all in the rejects, after --retry-for" {
    events 1000 >in
    run_tool audit-post --url="$(nobody)" --rejects=rejects --receipts=receipts --retry-for=1s in
    assert_status 1
    assert_stderr_has "not delivered"
    assert_stderr_has "Couldn't connect to server"
    [ "$(wc -l <<<"$stderr")" -lt 50 ]
    sort in | cmp - <(sort rejects)
    assert_receipts receipts 1000
    [ "$(grep -c '"outcome":"undelivered","status":null' receipts)" -eq 1000 ]
}

@test "one event that always fails costs itself alone, and holds nothing up" {
    start_peer a '{"broken":"\"j-5\""}'
    events 300 >in
    run_tool audit-post --url="$url" --rejects=rejects --retry-for=1s in
    assert_status 1
    [[ $stderr == "audit-post: in:5: not delivered (attempts: "*"): HTTP 500" ]]
    [ "$(cat rejects)" = "$(sed -n 5p in)" ]
    assert_taken <(grep -v '"j-5"' in)
}

@test "--timeout: a request without a response is retried" {
    start_peer a '{"sequence":["slow"],"seconds":2}'
    events 1 >in
    run_tool audit-post --url="$url" --timeout=300ms in
    assert_status 0
    [ "$(from_log 'len(log)')" -ge 1 ]
    grep -qx "$(cat in)" "$peer/events"
}

# --- the end ---

@test "SIGTERM at any moment: all records read are delivered or in the rejects" {
    local round pid read
    for round in 1 2 3 4; do
        start_peer "r$round" '{"delay":0.02,"faults":[[0.1,500]],"seed":'"$round"'}'
        ( events 1000000 || : ) 2>/dev/null | tee "$peer/read" 2>/dev/null |
            { audit-post --url="$url" --drain=60s --rejects="$peer/rejects" --receipts="$peer/receipts" 3>&- 2>"$peer/messages" &
              echo $! >"$peer/tool" && wait $! || echo $? >"$peer/ended"; }  &
        eventually test -s "$peer/tool"
        # Before the tool has opened its files a signal causes no message about them.
        eventually test -s "$peer/receipts"
        sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
        kill -TERM "$(cat "$peer/tool")"
        wait $! || :
        sort "$peer/events" <(grep -v '^$' "$peer/rejects" 2>/dev/null) 2>/dev/null | uniq -d >"$peer/twice"
        # A reject may have been delivered, if its response was not waited for; here there was time.
        [ ! -s "$peer/twice" ]
        read=$(($(wc -l <"$peer/events") + $(wc -l <"$peer/rejects")))
        [ "$read" -eq "$(wc -l <"$peer/receipts")" ]
        assert_receipts "$peer/receipts" "$read"
        # The records read are the beginning of the input; the last line may be incomplete.
        sort "$peer/events" "$peer/rejects" | head -c -1 >"$peer/out"
        head -n "$((read - 1))" "$peer/read" | sort | comm -23 - <(sort "$peer/events" "$peer/rejects") >"$peer/lost"
        [ ! -s "$peer/lost" ]
    done
}

@test "SIGTERM while the service does not respond: --drain, then the rejects" {
    start_peer a '{"delay":600}'
    events 100 >in
    mkfifo pipe
    audit-post --url="$url" --drain=300ms --rejects=rejects --receipts=receipts <pipe 2>messages 3>&- &
    local pid=$! ended=0 pipe
    exec {pipe}>pipe
    cat in >&"$pipe"
    eventually test -s "$peer/begun"
    SECONDS=0
    kill -TERM "$pid"
    wait "$pid" || ended=$?
    exec {pipe}>&-
    [ "$SECONDS" -le 300 ]
    [ "$ended" -eq 1 ]
    cat messages
    [ "$(cat messages)" = "audit-post: stopped by SIGTERM; 100 lines that were read were not delivered" ]
    sort in | cmp - <(sort rejects)
    assert_receipts receipts 100
}

@test "a signal before a file's end is status 2, and says where it stopped" {
    events 200000 >in
    local signal pid ended line
    for signal in TERM HUP; do
        start_peer "$signal" '{"delay":0.05}'
        rm -f rejects receipts
        ended=0
        audit-post --url="$url" --rejects=rejects --receipts=receipts in 2>messages 3>&- &
        pid=$!
        eventually test -s "$peer/events"
        kill -"$signal" "$pid"
        wait "$pid" || ended=$?
        [ "$ended" -eq 2 ]
        grep -q "^audit-post: stopped by SIG$signal; [0-9]* lines that were read were not delivered; in was read up to line [0-9]*$" messages
        line=$(sed -n 's/.*up to line \([0-9]*\)$/\1/p' messages)
        cmp <(sort "$peer/events" rejects) <(head -n "$line" in | sort)
        assert_receipts receipts "$line"
    done
}

@test "--fail-fast stops at the first reject" {
    start_peer a '{"poison":"\"j-3\""}'
    events 100000 >in
    run_tool audit-post --url="$url" --fail-fast --parallel=1 --rejects=rejects in
    assert_status 1
    assert_stderr_has "audit-post: in:3: HTTP 400"
    [ "$(wc -l <"$peer/events")" -eq 2 ]
    assert_stderr_has "audit-post: stopped by --fail-fast; "
    sort "$peer/events" rejects | cmp - <(head -n "${stderr##* }" in | sort)
}

# --- configuration ---

# assert_stopped MESSAGE: one clear line, status 2; the records read are in the rejects, and the
# message says how many.
assert_stopped() {
    local count
    count=$(wc -l <rejects)
    assert_status 2
    if [ "$count" -lt "$(wc -l <in)" ]; then
        assert_stderr "$1; nothing more is sent; in was read up to line $count"
    else
        assert_stderr "$1; nothing more is sent"
    fi
    [ "$count" -gt 0 ]
    head -n "$(wc -l <rejects)" in | sort | cmp - <(sort rejects)
}

@test "401, 403, 404 and a redirection at first: one line, status 2, and it stops" {
    local answer
    events 100000 >in
    start_peer a
    for answer in 401 403 404 301; do
        rm -f rejects
        : >"$peer/log"
        tell_peer "{\"faults\":[[1,$answer]],\"said\":\"no\"}"
        run_tool audit-post --url="$url" --rejects=rejects in
        assert_stopped "audit-post: $url: HTTP $answer: no"
        [ "$(from_log 'len(log)')" -le 8 ]
    done
}

@test "a 403 later costs the event that it is for" {
    start_peer a '{"sequence":[200,403]}'
    events 10 >in
    run_tool audit-post --url="$url" --parallel=1 --rejects=rejects in
    assert_status 1
    assert_stderr "audit-post: in:2: HTTP 403"
    [ "$(cat rejects)" = "$(sed -n 2p in)" ]
}

@test "an unknown host: one line, status 2, and it stops" {
    events 100000 >in
    run_tool audit-post --url=http://no-such-host.invalid/in --rejects=rejects in
    assert_stopped "audit-post: http://no-such-host.invalid/in: Could not resolve host: no-such-host.invalid"
}

@test "a certificate that is not trusted: one line, status 2, and it stops; --cacert trusts it" {
    make_certificates
    events 100000 >in
    start_peer a '{}' --tls server.pem server.key
    run_tool audit-post --url="$url" --rejects=rejects in
    assert_stopped "audit-post: $url: SSL certificate problem: unable to get local issuer certificate; --cacert=FILE names another authority to trust"
    head -n 50 in >few
    run_tool audit-post --url="$url" --cacert=ca.pem few
    assert_status 0
    assert_taken few
    run_tool audit-post --url="$url" --cacert=no-such.pem --rejects=rejects few
    assert_status 2
}

@test "mutual TLS" {
    make_certificates
    events 20 >in
    start_peer a '{}' --tls server.pem server.key --client-ca ca.pem
    run_tool audit-post --url="$url" --cacert=ca.pem --cert=client.pem --key=client.key in
    assert_status 0
    assert_taken in
    run_tool audit-post --url="$url" --cacert=ca.pem --retry-for=0s --rejects=rejects in
    [ "$status" -ne 0 ]
    cmp <(sort in) <(sort rejects)
    # A key with a passphrase, which must not be on a command line.
    openssl ec -in client.key -aes128 -passout pass:o-so-secret -out locked.key 2>/dev/null
    AUDIT_POST_KEY_PASSPHRASE=o-so-secret run_tool audit-post --url="$url" --cacert=ca.pem --cert=client.pem --key=locked.key in
    assert_status 0
}

# is_taken PORT, for eventually: a process listens there.
is_taken() {
    (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

@test "nothing older than TLS 1.2 is used" {
    make_certificates
    local port
    port=$(free_port)
    openssl s_server -accept "$port" -cert server.pem -key server.key -tls1_1 -cipher 'ALL:@SECLEVEL=0' -quiet 3>&- >/dev/null 2>&1 </dev/null &
    also_stop "$!"
    eventually is_taken "$port"
    events 1 >in
    run_tool audit-post --url="https://127.0.0.1:$port/" --cacert=ca.pem --retry-for=0s in
    assert_status 1
    [[ $stderr == *"SSL"* || $stderr == *"TLS"* ]]
}

@test "a proxy is taken from the environment, for http and for https" {
    make_certificates
    start_peer a
    cat >proxy.py <<'END'
import socket, socketserver, sys, threading
class Proxy(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline()
        open("proxied", "ab").write(line)
        headers = b""
        while (h := self.rfile.readline()) not in (b"\r\n", b""):
            headers += h
        method, target, _ = line.split()
        if method != b"CONNECT":
            body = self.rfile.read(int(next(h for h in headers.split(b"\r\n") if h.startswith(b"Content-Length")).split()[1]))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        host, port = target.split(b":")
        other = socket.create_connection((host.decode(), int(port)))
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        def copy(a, b):
            while (data := a.recv(65536)):
                b.sendall(data)
        threading.Thread(target=copy, args=(other, self.connection), daemon=True).start()
        copy(self.connection, other)
server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
open("proxy.port", "w").write(str(server.server_address[1]))
server.serve_forever()
END
    python3 proxy.py 3>&- 2>/dev/null &
    also_stop "$!"
    eventually test -s proxy.port
    local proxy
    proxy=http://127.0.0.1:$(cat proxy.port)
    events 1 >in
    http_proxy=$proxy run_tool audit-post --url=http://service.invalid/in in
    assert_status 0
    grep -q '^POST http://service.invalid/in HTTP/1.1' proxied
    start_peer b '{}' --tls server.pem server.key
    https_proxy=$proxy run_tool audit-post --url="$url" --cacert=ca.pem in
    assert_status 0
    assert_taken in
    grep -q '^CONNECT 127.0.0.1:' proxied
}

# --- authentication ---

@test "basic, bearer, header and query" {
    events 1 >in
    printf 'me:pass:word\n' >credential
    start_peer basic '{"need":["Authorization","Basic bWU6cGFzczp3b3Jk"]}'
    run_tool audit-post --url="$url" --auth=basic --credential-file=credential in
    assert_status 0
    printf 'sesame' >credential
    start_peer bearer '{"need":["Authorization","Bearer sesame"]}'
    run_tool audit-post --url="$url" --auth=bearer --credential-file=credential in
    assert_status 0
    start_peer header '{"need":["X-Key","sesame"]}'
    AUDIT_POST_CREDENTIAL=sesame run_tool audit-post --url="$url" --auth=header:X-Key in
    assert_status 0
    start_peer query
    AUDIT_POST_CREDENTIAL='se same&x' run_tool audit-post --url="$url?a=1" --auth=query:key in
    assert_status 0
    [ "$(from_log 'log[0]["path"]')" = "/in?a=1&key=se%20same%26x" ] || [ "$(from_log 'log[0]["path"]')" = "/in?a=1&key=se+same%26x" ]
}

@test "--header, on the command line and from a file" {
    start_peer a
    events 1 >in
    printf 'X-Two: 2\n\nX-Secret: hidden\n' >fields
    run_tool audit-post --url="$url" --header='X-One: 1' --header=@fields --content-type=text/plain in
    assert_status 0
    [ "$(from_log '[log[0]["headers"].get(n) for n in ("X-One", "X-Two", "X-Secret", "Content-Type")]')" = "['1', '2', 'hidden', 'text/plain']" ]
}

@test "a header or credential with a line break in it is refused" {
    events 1 >in
    run_tool audit-post --url=http://127.0.0.1:9/ --header=$'X-A: b\r\nX-Evil: 1' in
    assert_status 2
    assert_stderr_has "audit-post: --header: X-A: the value contains a line break or control character"
    run_tool audit-post --url=http://127.0.0.1:9/ --header='no colon' in
    assert_status 2
    printf 'one\r\ntwo\n' >credential
    run_tool audit-post --url=http://127.0.0.1:9/ --auth=bearer --credential-file=credential in
    assert_status 2
    assert_stderr "audit-post: credential: the credential has more than one line, or a control character"
    run_tool audit-post --url=http://127.0.0.1:9/ --content-type=$'a\nb' in
    assert_status 2
}

@test "OAuth2: a token is fetched, renewed before it expires, and renewed once on 401" {
    start_peer a '{"token":{"seconds":120,"told":1.5},"delay":0.02}'
    events 600 >in
    printf 'the client:the secret&' >credential
    run_tool audit-post --url="$url" --auth=oauth2 --token-url="${url%/in}/token" --scope='a b' --credential-file=credential in
    assert_status 0
    assert_stderr ""
    assert_taken in
    [ "$(head -n 1 "$peer/tokens")" = "grant_type=client_credentials&scope=a%20b&client_id=the%20client&client_secret=the%20secret%26" ]
    # Renewed by the stated time: before the service refused a request.
    [ "$(from_log 'sum(r["status"] == 401 for r in log)')" -eq 0 ]
    [ "$(wc -l <"$peer/tokens")" -ge 2 ]
    # The service drops tokens earlier than stated: a 401, one renewal, and it continues.
    start_peer b '{"token":{"requests":250,"told":3600}}'
    run_tool audit-post --url="$url" --auth=oauth2 --token-url="${url%/in}/token" --token-auth=basic --credential-file=credential in
    assert_status 0
    assert_stderr ""
    assert_taken in
    [ "$(from_log 'sum(r["status"] == 401 for r in log) > 0')" = True ]
    [ "$(from_log '[r["headers"]["Authorization"] for r in log if r["path"] == "/token"][0]')" = "Basic $(printf 'the%%20client:the%%20secret%%26' | base64 -w0)" ]
}

@test "OAuth2: a fresh token that is refused too, or none, is one line and status 2" {
    printf 'id:hush-hush' >credential
    events 1000 >in
    start_peer a '{"token":{"seconds":-1,"told":3600}}'
    run_tool audit-post --url="$url" --auth=oauth2 --token-url="${url%/in}/token" --credential-file=credential --rejects=rejects in
    assert_stopped "audit-post: $url: HTTP 401"
    [ "$(wc -l <"$peer/tokens")" -eq 2 ]
    rm rejects
    start_peer b '{"token":{"status":401}}'
    run_tool audit-post --url="$url" --auth=oauth2 --token-url="${url%/in}/token" --credential-file=credential --rejects=rejects in
    assert_stopped "audit-post: $url: no token from the token endpoint: it answered 401"
}

@test "no secret in any message, nor in the process list" {
    local secret=Wq7-hush
    printf 'me:%s' "$secret" >credential
    printf 'http://user:%s@127.0.0.1:9/collector/%s?token=%s\n' $secret $secret $secret >url
    events 1 >in
    run_tool audit-post --url-file=url --retry-for=0s in
    assert_status 1
    assert_stderr_has "audit-post: "
    [[ $stderr != *"$secret"* ]]
    start_peer a "{\"faults\":[[1,401]],\"said\":\"bad token $secret\"}"
    run_tool audit-post --url="$url?x=$secret" --auth=basic --credential-file=credential in
    assert_status 2
    assert_stderr "audit-post: $url: HTTP 401; nothing more is sent"
    AUDIT_POST_URL="$url/$secret" run_tool audit-post in
    assert_status 2
    assert_stderr_has "audit-post: ${url%/in}: HTTP 401"
    run_tool audit-post --url="http://user:$secret@127.0.0.1/" in
    assert_status 2
    [[ $stderr != *"$secret"* ]]
    tell_peer '{"delay":600}'
    rm -f "$peer/begun"
    audit-post --url="$url" --auth=basic --credential-file=credential in 3>&- &
    eventually test -s "$peer/begun"
    run_tool tr '\0' ' ' <"/proc/$!/cmdline"
    kill -9 $!
    [[ $output == *--credential-file* && $output != *"$secret"* ]]
    run_tool audit-post --url="$url?x=$secret" --auth=bearer --credential-file=credential --header="X-Other: $secret" --dry-run in
    assert_status 0
    [[ $output != *"$secret"* ]]
}

# --- services by name ---

@test "each shipped template fits its preset, event by event" {
    local name
    echo "hush" >credential
    for name in datadog splunk sumologic loki newrelic elastic; do
        echo "--- $name:"
        case $name in
        splunk | elastic | loki) start_peer "$name" "{\"reply\":\"$name\"}" ;;
        sumologic) start_peer "$name" ;;
        *) start_peer "$name" '{"status":202}' ;;
        esac
        audit-path --user-id=7 "$DATA/bare.ndjson" | audit-template -t "$name" >in
        local options=(--preset="$name" --url="$url")
        case $name in
        elastic) options+=(--auth=header:Authorization --credential-file=credential) ;;
        datadog | splunk | newrelic) options+=(--credential-file=credential) ;;
        esac
        run_tool audit-post "${options[@]}" --max-age=none --receipts="$peer/receipts" in
        assert_status 0
        assert_stderr ""
        [ "$(wc -l <"$peer/events")" -eq 27 ]
        [ "$(grep -c '"outcome":"delivered"' "$peer/receipts")" -eq 27 ]
        [ "$(from_log 'len(log)')" -eq 1 ]
    done
}

@test "presets name themselves as their services want it" {
    echo "hush" >credential
    echo '{"event":{}}' >in
    start_peer datadog
    audit-post --preset=datadog --url="$url" --credential-file=credential in
    [ "$(from_log 'log[0]["headers"]["DD-API-KEY"]')" = hush ]
    start_peer splunk '{"reply":"splunk"}'
    audit-post --preset=splunk --url="$url" --credential-file=credential in
    [ "$(from_log 'log[0]["headers"]["Authorization"]')" = "Splunk hush" ]
    start_peer newrelic
    audit-post --preset=newrelic --url="$url" --credential-file=credential in
    [ "$(from_log 'log[0]["headers"]["Api-Key"]')" = hush ]
    start_peer elastic '{"reply":"elastic"}'
    audit-post --preset=elastic --url="$url" in
    [ "$(from_log 'log[0]["headers"]["Content-Type"]')" = application/x-ndjson ]
    echo id:hush >credential
    start_peer azure '{"token":{},"status":204}'
    audit-post --preset=azure --url="$url" --token-url="${url%/in}/token" --credential-file=credential in
    grep -q 'scope=https%3A%2F%2Fmonitor.azure.com%2F.default' "$peer/tokens"
    [ "$(from_log 'log[1]["headers"]["Authorization"]')" = "Bearer token-1" ]
}

@test "a preset rejects an event above its service's limit before sending it, and says the limit" {
    echo "hush" >credential
    { events 1 && python3 -c 'print("{\"x\":\"" + "y" * 1000000 + "\"}")' && events 1 2; } >in
    start_peer datadog
    run_tool audit-post --preset=datadog --max-age=none --url="$url" --credential-file=credential in
    assert_status 1
    assert_stderr "audit-post: in:2: the event has 1000008 bytes; datadog takes at most 1000000"
    assert_taken <(events 2)
    start_peer newrelic
    run_tool audit-post --preset=newrelic --max-age=none --url="$url" --credential-file=credential in
    assert_status 1
    assert_stderr "audit-post: in:2: the event makes a request of 1000011 bytes; newrelic takes at most 1000000"
}

@test "splunk: the events before invalid-event-number are not sent again, and those after it are" {
    start_peer a '{"reply":"splunk","poison":"\"j-40\""}'
    echo hush >credential
    events 100 >in
    run_tool audit-post --preset=splunk --url="$url" --credential-file=credential --receipts=receipts --rejects=rejects in
    assert_status 1
    assert_stderr 'audit-post: in:40: HTTP 400: {"text": "Invalid data format", "code": 6, "invalid-event-number": 39}'
    cmp "$peer/events" <(grep -v '"j-40"' in)
    [ "$(from_log 'len(log)')" -eq 2 ]
    assert_receipts receipts 100
}

@test "splunk: a 200 without code 0 is no delivery" {
    start_peer a
    echo hush >credential
    events 1 >in
    run_tool audit-post --preset=splunk --url="$url" --credential-file=credential --retry-for=300ms --rejects=rejects in
    assert_status 1
    assert_stderr_has "HTTP 200 without Splunk's code 0"
    cmp in rejects
}

@test "elastic: each item's own status counts; only temporarily refused events are sent again" {
    start_peer a '{"reply":"elastic","poison":"\"j-7\"","item_429":0.3,"seed":5}'
    events 200 >in
    run_tool audit-post --preset=elastic --url="$url" --receipts=receipts --rejects=rejects in
    assert_status 1
    assert_stderr 'audit-post: in:7: HTTP 400 for this event: {"type": "mapper_parsing_exception", "reason": "failed to parse"}'
    assert_taken <(grep -v '"j-7"' in)
    assert_receipts receipts 200
    # A replay duplicates nothing.
    tell_peer '{"reply":"elastic"}'
    rm receipts
    grep -v '"j-7"' in >good
    run_tool audit-post --preset=elastic --url="$url" --receipts=receipts good
    assert_status 0
    assert_taken good
    [ "$(grep -c '"outcome":"exists","status":200' receipts)" -eq 199 ]
}

# --- nginx ---

@test "nginx over HTTP/1.1, HTTP/2 and TLS: connections are used again" {
    make_certificates
    start_peer a
    start_nginx
    events 1000 >in
    run_tool audit-post --url="$nginx_plain/in" in
    assert_status 0
    assert_taken in
    eventually has_lines nginx/log 1000
    [ "$(cut -d' ' -f1,2 nginx/log | sort -u | wc -l)" -le 8 ]
    grep -q '^HTTP/1.1' nginx/log
    run_tool audit-post --url="$nginx_tls/in" --cacert=ca.pem in
    assert_status 0
    assert_taken <(cat in in)
    eventually has_lines nginx/log 2000
    [ "$(grep -c '^HTTP/2.0' nginx/log)" -eq 1000 ]
    [ "$(grep '^HTTP/2.0' nginx/log | cut -d' ' -f2 | sort -u | wc -l)" -eq 1 ]
    # A batch that is too large for nginx is halved.
    run_tool audit-post --url="$nginx_tls/in" --cacert=ca.pem --batch=array in
    assert_status 0
    assert_taken <(cat in in in)
    grep -q ' 413 ' nginx/log
}

@test "memory does not grow with the input (AUDIT_TEST_EVENTS=1000000 for the full size)" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers need memory of their own"
    make_certificates
    start_peer a
    start_nginx
    local count=${AUDIT_TEST_EVENTS:-60000} first last
    events $((count / 3)) >third # more than is read ahead at any time
    events "$count" >in
    first=$(python3 "$AUDIT_TESTS/peak.py" audit-post --url="$nginx_plain/sink" --receipts=none third 2>&1 | grep -o '[0-9]*')
    last=$(python3 "$AUDIT_TESTS/peak.py" audit-post --url="$nginx_plain/sink" --receipts=receipts in 2>&1 | grep -o '[0-9]*')
    echo "peak $first, then $last bytes"
    [ "$last" -le $((first + 2000000)) ]
    [ "$(wc -l <receipts)" -eq "$count" ]
    [ "$(grep -c '"outcome":"delivered","status":200' receipts)" -eq "$count" ]
}

@test "one record of 100 MB: memory is 8 MiB and 2.2 times the record" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers need memory of their own"
    make_certificates
    start_peer a
    start_nginx
    python3 -c 'print("{\"x\":\"" + "y" * 100000000 + "\"}")' >in
    run_tool python3 "$AUDIT_TESTS/peak.py" audit-post --url="$nginx_plain/sink" in
    assert_status 0
    assert_peak in
}

# --- the terminal, and the rest ---

@test "on a terminal a line shows the progress, and a last one the summary" {
    start_peer a '{"poison":"\"j-5\"","delay":0.02}'
    events 300 >in
    run_tool script -qec "audit-post --url=$url in" /dev/null
    [ "$status" -eq 1 ]
    [[ $output == *" delivered  "*"/s  "*" in flight  "*" retrying  1 rejected"* ]]
    [[ $output == *"audit-post: in:5: HTTP 400"* ]]
    [[ $output == *"audit-post: 299 delivered, 1 rejected, 0 undelivered in "* ]]
    run_tool script -qec "audit-post --no-progress --no-summary --url=$url in" /dev/null
    [[ $output != *delivered* ]]
}

@test "--dry-run shows the requests and sends nothing" {
    start_peer a
    events 3 >in
    echo hush >credential
    run_tool audit-post --preset=datadog --max-age=none --credential-file=credential --url="$url" \
        --batch-events=2 --dry-run in
    assert_status 0
    assert_output "POST $url
DD-API-KEY: ***
Content-Type: application/json

[$(sed -n 1p in),$(sed -n 2p in)]

POST $url
DD-API-KEY: ***
Content-Type: application/json

[$(sed -n 3p in)]"
    [ ! -s "$peer/log" ]
}

# assert_usage MESSAGE OPTION...: a usage error that says so.
assert_usage() {
    local message=$1
    shift
    run_tool audit-post "$@" </dev/null
    assert_status 2
    assert_stderr "audit-post: $message
Try 'audit-post --help' for more information."
}

@test "usage errors name the mistake" {
    local url=http://127.0.0.1:9/ option
    for option in --cacert --cert --key; do
        run_tool audit-post --url=$url --cert="$BATS_TEST_FILENAME" $option=no-such </dev/null
        assert_status 2
        assert_stderr "audit-post: no-such: No such file or directory"
    done
    assert_usage "no URL; give --url, --url-file or \$AUDIT_POST_URL"
    assert_usage "the URL does not begin with http:// or https:// and a host" --url=ftp://host/
    assert_usage "the URL does not begin with http:// or https:// and a host" --url=localhost:8080
    assert_usage "--parallel=0: not a number from 1 to 1000" --url=$url --parallel=0
    assert_usage "--retry-for=5: not a duration; durations are like 30s, 5m or 250ms" --url=$url --retry-for=5
    assert_usage "--batch=rows: not one of none, array, lines, concat" --url=$url --batch=rows
    assert_usage "--batch-events=x: not a number from 1 to 1000000" --url=$url --batch-events=x
    assert_usage "--batch-bytes=x: not a size; sizes are like 40MB or 40MiB" --url=$url --batch-bytes=x
    assert_usage "--compress=zstd: not one of none, gzip" --url=$url --compress=zstd
    assert_usage "--preset=x: not one of datadog, splunk, sumologic, loki, newrelic, elastic, azure" --url=$url --preset=x
    assert_usage "--auth=digest: not one of none, basic, bearer, header:NAME, query:NAME, oauth2" --url=$url --auth=digest
    assert_usage "no credential; give --credential-file or \$AUDIT_POST_CREDENTIAL" --url=$url --auth=bearer
    assert_usage "--dry-run and --tee both write to standard output; give one" --url=$url --dry-run --tee
    echo id:secret >credential
    assert_usage "--auth=oauth2 needs --token-url" --url=$url --auth=oauth2 --credential-file=credential
    assert_usage "--credential-file without a way to use it; give --auth" --url=$url --credential-file=credential
}
