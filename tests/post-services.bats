#!/usr/bin/env bats
# audit-post and what log services answer, refuse and lose.
load common
load peer

teardown() {
    stop_peers
}

@test "URLs and header fields" {
    run_tool "$AUDIT_BUILD/tests/post-units"
    assert_status 0
}

# --- answers ---

@test "one answer that is not HTTP, after others, costs a repetition and no more" {
    start_peer a '{"sequence":[200,200,{"raw":"what?\r\n\r\n"}]}'
    events 50 >in
    run_tool audit-post --url="$url" --parallel=1 in
    assert_status 0
    assert_taken in
}

@test "a service that does not speak HTTP at all is one line and status 2, at once" {
    start_peer a '{"sequence":[{"raw":"what?\r\n\r\n"}]}'
    events 50 >in
    run_tool timeout 20 audit-post --url="$url" --parallel=1 --rejects=rejects in
    assert_status 2
    [ "${#stderr_lines[@]}" -eq 1 ]
    cmp in rejects
}

@test "https to a port that speaks plain HTTP is one line and status 2, at once" {
    start_peer a
    events 50 >in
    run_tool timeout 20 audit-post --url="${url/http:/https:}" --rejects=rejects in
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

@test "elastic: an answer with items twice, or two statuses for one, says nothing" {
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
