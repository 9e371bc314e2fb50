#!/usr/bin/env bats
# audit-truncate: the size limit

load common

job() { # LINES-VALUE
    printf '{"id":"j-1","status":"succeeded","started_at":"s","lines":%s,"report":{"a":1.50}}' "$1"
}

@test "an event that fits passes untouched, bare or addressed, white space included" {
    { cat "$DATA/bare.ndjson"; echo '{"path":"a/b.json","event":{"x": 1}}'; echo '{ "x" : 1 }'; } >in
    run_tool audit-truncate in
    assert_status 0
    cmp in <(printf '%s\n' "$output")
}

@test "the limit is the event's own size, to the byte" {
    local event
    event=$(job '[1,2,3]')
    run_tool audit-truncate --limit=${#event} <<<"$event"
    assert_output "$event"
    run_tool audit-truncate --limit=$((${#event} - 1)) --text=x <<<"$event"
    assert_output "$(job '"x"')"
    run_tool audit-truncate --limit=${#event} <<<"{\"path\":\"a.json\",\"event\":$event}"
    assert_output "{\"path\":\"a.json\",\"event\":$event}"
    run_tool audit-truncate --limit=$((${#event} - 1)) --text=x <<<"{\"path\":\"a.json\",\"event\":$event}"
    assert_output "{\"path\":\"a.json\",\"event\":$(job '"x"')}"
}

@test "a larger one has the documented text in place of its lines, and keeps the rest" {
    local lines
    lines=$(printf '[{"input":"%0200d"}]' 0)
    run_tool audit-truncate --limit=150 <<<"$(job "$lines")"
    assert_status 0
    assert_output "$(job '"Log lines exceed size limit"')"
}

@test "a text with quotes is put in as a JSON string" {
    run_tool audit-truncate --limit=1kB --text='say "no" \o/' <<<"$(job "\"$(printf '%01000d' 0)\"")"
    assert_output "$(job '"say \"no\" \\o/"')"
}

@test "lines that stand twice are both left out" {
    run_tool audit-truncate --limit=40 --text=x <<<'{"lines":[1111111111],"a":1,"l\u0069nes":[2222222222]}'
    assert_output '{"lines":"x","a":1,"l\u0069nes":"x"}'
}

@test "an event still too large is a reject, and says so" {
    run_tool audit-truncate --limit=20 --rejects=rejects <<<'{"lines":[1],"a":"0123456789"}
{"a":"0123456789012"}
{}'
    assert_status 1
    assert_output '{}'
    [ "${stderr_lines[0]}" = 'audit-truncate: stdin:1: the event has 56 bytes without its lines, still more than 20' ]
    [ "${stderr_lines[1]}" = 'audit-truncate: stdin:2: the event has 21 bytes, more than 20, and no lines to leave out' ]
    [ "$(cat rejects)" = '{"lines":[1],"a":"0123456789"}
{"a":"0123456789012"}' ]
}

@test "the 40 MB rule holds on an event of 45 MB, in little more memory than the event" {
    python3 - <<'P' >big
line = '{"recipe_line_number":0,"input":{"t":"' + 'x' * 400 + '"},"mask_data":false}'
print('{"id":1,"status":"succeeded","started_at":"s","lines":[' + ','.join([line] * 100000) + '],"z":1}')
print('{"a":1}')
P
    [ "$(stat -c %s big)" -gt 45000000 ]
    run_tool python3 "$AUDIT_TESTS/peak.py" audit-truncate big
    assert_status 0
    assert_output '{"id":1,"status":"succeeded","started_at":"s","lines":"Log lines exceed size limit","z":1}
{"a":1}'
    assert_peak big
}

@test "a limit that is no size is a usage error" {
    run_tool audit-truncate --limit=40XB
    assert_status 2
    [ "${stderr_lines[0]}" = 'audit-truncate: --limit=40XB: not a size; sizes are like 40MB or 40MiB' ]
}

@test "a text that is not UTF-8 is a usage error: it would make the event invalid" {
    run_tool audit-truncate --text=$'\xff' /dev/null
    assert_status 2
    assert_output ''
    assert_stderr_has '--text=\xff: this is not UTF-8'
}
