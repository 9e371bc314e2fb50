#!/usr/bin/env bats
# audit-template: custom log messages, and the templates that make them

load common

T=$DATA/template
PIN=--now=2023-06-02T01:30:01.002123456-04:00

# template TEXT: writes it to ./t.json
template() {
    printf '%s\n' "$1" >t.json
}

# fill EVENT TEMPLATE [OPTION...]: one event, one message.
fill() {
    template "$2"
    printf '%s\n' "$1" >event.ndjson
    run_tool audit-template -t ./t.json "${@:3}" event.ndjson
}

# check TEMPLATE: is valid, and --check says nothing.
accepts() {
    template "$1"
    run_tool audit-template --check -t ./t.json
    assert_status 0 && assert_output '' && assert_stderr ''
}

# refuses TEMPLATE PLACE WHY: --check names line:column and why.
refuses() {
    printf '%b' "$1" >t.json
    run_tool audit-template --check -t ./t.json
    assert_status 2 && assert_output '' && assert_stderr "audit-template: ./t.json:$2: $3"
}

@test "the admin console's template gives exactly the documented shape" {
    run_tool audit-template -t "$AUDIT_TEMPLATE_PATH/workato.json" "$DATA/bare.ndjson"
    assert_status 0
    assert_stderr ''
    sed 's/^/{"source":"workato","environment":"staging","hostname":"workato_cloud","logEntries":/; s/$/}/' \
        "$DATA/bare.ndjson" >expected
    assert_output "$(cat expected)"
}

@test "every placeholder, bare and addressed, as a value, in a string and as a member's name" {
    run_tool audit-template -t "$T/every.json" "$PIN" "$T/events.ndjson"
    assert_status 0
    assert_stderr ''
    assert_output "$(cat "$T/every.ndjson")"
}

@test "an addressed event keeps its path, the message stands in the event's place" {
    fill '{"path":"a\/b","event":{"n":1.0}}' '[{{log_message}}]'
    assert_status 0
    assert_output '{"path":"a\/b","event":[{"n":1.0}]}'
}

@test "white space around a record and in the template does not leave" {
    fill ' {"path" : "a", "event":	{ "n" : 1 } } '$'\r' $'[\t{{{ log_message }}} ,\r\n " x  y" ]'
    assert_status 0
    assert_output '{"path":"a","event":[{ "n" : 1 }," x  y"]}'
    fill ' {"n":1} '$'\r' '{{log_message}}'
    assert_output '{"n":1}'
}

@test "log_message_str decodes to exactly the event's bytes" {
    cat >odd.ndjson <<'EOF'
{}
{"a":"\"\\\/\b\f\n\r\t\u0000\u001f\u00e9\ud83d\ude00\ud83d"}
{"é漢字🎈":"  ","del":""}
{"n":[123456789012345678901,-0.0,1E+2,4.950000000000001e-05,1e999],"n":[]}
{"a" : [ 1 , {"b":{ } } ],	"a":null}
{"q":"\\\\\\\"","":"","\u0061":{"a":"{{log_message}}"}}
EOF
    cat "$DATA/bare.ndjson" >>odd.ndjson
    template '{"a":{{log_message_str}},"b":"{{log_message}}","c":"{{{log_message_str}}}"}'
    audit-template -t ./t.json odd.ndjson >out.ndjson
    python3 - <<'EOF'
import json
events = open("odd.ndjson", "rb").read().splitlines()
messages = open("out.ndjson", "rb").read().splitlines()
assert len(events) == len(messages) > 30
for event, message in zip(events, messages):
    m = json.loads(message)
    for name in "abc":
        assert m[name].encode() == event, (name, event)
EOF
}

@test "log_message is the event's own bytes" {
    template '[{{log_message}}]'
    audit-template -t ./t.json "$DATA/bare.ndjson" | sed 's/^\[//; s/\]$//' >out
    sed 's/^ *//; s/ *$//' "$DATA/bare.ndjson" | cmp - out
}

@test "every shipped template makes JSON of jobs, activities and deployments, bare and addressed" {
    run_tool audit-template --list
    assert_status 0
    names=$output
    [ "$names" = "$(basename -s .json "$AUDIT_SOURCE"/templates/*)" ]
    sed 's/^/{"path":"7\/a.json","event":/; s/$/}/' "$DATA/bare.ndjson" >addressed.ndjson
    for name in $names; do
        run_tool audit-template --check -t "$name"
        assert_status 0
        audit-template --strict -t "$name" "$DATA/bare.ndjson" >"$name.bare"
        audit-template --strict -t "$name" addressed.ndjson >"$name.addressed"
    done
    # shellcheck disable=SC2086 # the names are words
    python3 - "$DATA/bare.ndjson" $names <<'EOF'
import json, sys
event_of = {
    "azure": lambda m: json.loads(m["Message"]),
    "datadog": lambda m: json.loads(m["message"]),
    "elastic": lambda m: json.loads(m["message"]),
    "loki": lambda m: json.loads(m["streams"][0]["values"][0][1]),
    "newrelic": lambda m: json.loads(m["message"]),
    "splunk": lambda m: m["event"],
    "sumologic": lambda m: m["log_message"],
    "workato": lambda m: m["logEntries"],
}
assert list(event_of) == sys.argv[2:], f"these have no line in event_of: {set(sys.argv[2:]) - set(event_of)}"
events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for name, event in event_of.items():
    bare = [json.loads(line) for line in open(name + ".bare", encoding="utf-8")]
    assert [event(m) for m in bare] == events, name
    addressed = [json.loads(line) for line in open(name + ".addressed", encoding="utf-8")]
    assert all(list(a) == ["path", "event"] and a["path"] == "7/a.json" for a in addressed), name
    assert [event(a["event"]) for a in addressed] == events, name
EOF
}

@test "the shipped templates have the times that their services read" {
    event='{"event":"e","timestamp":"2023-06-02T01:30:01.002-04:00","team":{}}'
    for wanted in 'datadog "date":"2023-06-02T01:30:01.002-04:00"' 'splunk "time":1685683801.002000,' \
        'sumologic "timestamp":"2023-06-02T01:30:01.002-04:00"' 'newrelic "timestamp":1685683801002,' \
        'loki "values":[["1685683801002000000","{' \
        'azure "TimeGenerated":"2023-06-02T01:30:01.002-04:00"' \
        'elastic "@timestamp":"2023-06-02T01:30:01.002-04:00"'; do
        audit-template -t "${wanted%% *}" <<<"$event" | grep -F -- "${wanted#* }"
    done
}

@test "now is the clock's, in the local zone, and differs from the pinned one" {
    template '[{{log_message}},{{now}},{{now_utc_nano}}]'
    before=$(date +%s%N)
    TZ=America/New_York audit-template -t ./t.json <<<'{}' >out
    after=$(date +%s%N)
    python3 - "$before" "$after" <<'EOF'
import datetime, json, sys
_, now, nano = json.load(open("out"))
assert int(sys.argv[1]) <= nano <= int(sys.argv[2])
when = datetime.datetime.fromisoformat(now)
assert when.utcoffset() in (datetime.timedelta(hours=-5), datetime.timedelta(hours=-4)), now
assert abs(when.timestamp() - nano / 1e9) < 0.002
EOF
}

@test "--now takes a time with its offset, a date and a duration, and nothing else" {
    fill '{}' '[{{log_message}},{{now}},{{now_utc_nano}}]' --now=2023-06-02
    assert_output '[{},"2023-06-02T00:00:00.000+00:00",1685664000000000000]'
    fill '{}' '[{{log_message}},{{now_utc}}]' '--now=1969-12-31 23:59:59.9999 UTC'
    assert_output '[{},-0.100]'
    template '[{{log_message}},{{now_utc_sec}}]'
    week_ago=$(($(date +%s) - 7 * 86400))
    run_tool audit-template -t ./t.json --now=7d event.ndjson
    number=${output#*,}
    [ $((${number%]} - week_ago)) -le 5 ] && [ $((${number%]} - week_ago)) -ge 0 ]
    for wrong in '' yesterday 2023-13-01 99999999999d; do
        run_tool audit-template -t ./t.json --now="$wrong" event.ndjson
        assert_status 2
        assert_output ''
        assert_stderr_has "audit-template: --now=$wrong: not a time"
    done
}

@test "an invalid template sends the default message, with one warning" {
    template '{"a": {{log_message}'
    run_tool audit-template -t ./t.json "$DATA/bare.ndjson" "$T/events.ndjson"
    assert_status 0
    assert_output "$(cat "$DATA/bare.ndjson" "$T/events.ndjson")"
    assert_stderr "audit-template: ./t.json:1:7: '{{' opens a placeholder: its name and '}}' must \
follow; the default message, the event itself, is sent"
}

@test "a template without log_message sends the default message; a member of it does not count" {
    fill '{"a":1}' '{"a":{{log_message.a}},"now":{{now}}}'
    assert_status 0
    assert_output '{"a":1}'
    assert_stderr 'audit-template: ./t.json:1:1: it has neither log_message nor log_message_str; the default message, the event itself, is sent'
}

@test "with the default message broken records are rejected all the same" {
    printf '{"a":1}\n{"a":01}\n' >in
    template '{'
    run_tool audit-template -t ./t.json in
    assert_status 1
    assert_output '{"a":1}'
    assert_stderr_has 'audit-template: in:2: byte 6: a number may not begin with a zero'
}

@test "--strict refuses an invalid template before anything is read or written" {
    template '{"a": {{log_message}'
    run_tool audit-template --strict -t ./t.json /nowhere
    assert_status 2
    assert_output ''
    assert_stderr "audit-template: ./t.json:1:7: '{{' opens a placeholder: its name and '}}' must \
follow"
}

@test "--check takes what becomes JSON" {
    accepts '{{log_message}}'
    accepts '{{{log_message_str}}}'
    accepts '"{{log_message}}"'
    accepts '{"a":{"b":{{log_message}}}}'
    accepts '{"a":{"b":{{{log_message}}}}}'
    accepts '{ {{now}}: {{log_message}}, "{{log_message.x y.é}}": "{{now}}}" }'
    accepts $'\xef\xbb\xbf{\r\n"a":{{ log_message\t}}\r\n}\r\n'
    accepts '[{{log_message}},"\"{{log_message}}\\"]'
}

@test "--check points at line and column, and says why" {
    refuses '' 1:1 'a value is missing'
    refuses ' \n\r\n' 1:1 'a value is missing'
    refuses '{"a":\n  {{log_message}},\n}' 3:1 'a member name in double quotes is expected here'
    refuses '{"a":{{log_message}}\n\n' 1:21 'the text ends inside a value'
    refuses '{"a":"{{log_message}}}' 1:23 'the text ends inside a string'
    refuses '"é" {{log_message}}' 1:6 'nothing may follow the value'
    refuses '\0357\0273\0277{"a" {{log_message}}}' 1:6 "a ':' must follow a member name"
    refuses '{"a":{{log_message}},\r\n\0000}' 2:1 'a member name in double quotes is expected here'
    refuses '["{{log_message}}\0000"]' 1:18 'a control character in a string must be escaped'
    refuses '["{{log_message}}\0377"]' 1:18 'this is not UTF-8'
    refuses '{ {x} }' 1:3 'a member name in double quotes is expected here'
    refuses '{ {{log_message}}: 1 }' 1:3 'a member name in double quotes is expected here'
    refuses '[{{log_message}}5]' 1:17 "a ',' or ']' must follow an element"
    refuses '[5{{log_message}}]' 1:3 "a ',' or ']' must follow an element"
    refuses '[{{log_message}},-{{now_utc}}]' 1:18 'this is not a number'
    refuses '["{{log_message}}\\{{now}}"]' 1:18 'this escape is unknown or incomplete'
    refuses '{"a":1}' 1:1 'it has neither log_message nor log_message_str'
}

@test "--check says that a placeholder has two or three braces" {
    one="has one brace on each side; a placeholder has two or three:"
    refuses '{ {log_message} }' 1:3 "'{log_message}' $one {{log_message}}"
    refuses '{"a":\n {log_message}}' 2:2 "'{log_message}' $one {{log_message}}"
    refuses '{"a":"{ log_message_str }"}' 1:7 "'{log_message_str}' $one {{log_message_str}}"
    refuses '{"a":{{log_message}},"b":{now_utc}}' 1:26 "'{now_utc}' $one {{now_utc}}"
    accepts '{"a":{{log_message}},"b":"{now_utc}"}'
}

@test "--check names placeholders that are unknown, open, or closed otherwise" {
    known="there are log_message, log_message_str, log_message.MEMBER, path, now and event_time, \
these two with _utc, _utc_epoch, _utc_sec, _utc_milli, _utc_micro and _utc_nano"
    refuses '{"a":\n  {{log_mesage}}}' 2:5 "there is no placeholder 'log_mesage'; $known; did you mean 'log_message'?"
    refuses '[{{ Log_Message }}]' 1:5 "there is no placeholder 'Log_Message'; $known; did you mean 'log_message' or 'log_message_str'?"
    refuses '[{{log_message.}}]' 1:16 "a member's name is expected here"
    refuses '[{{log_message.a..b}}]' 1:18 "a member's name is expected here"
    refuses "[{{log_message.$(printf 'x%.0s' {1..65})}}]" 1:16 "a member's name of more than 64 bytes"
    open="'{{' opens a placeholder: its name and '}}' must follow"
    refuses '[{{log_message' 1:2 "$open"
    refuses '[{{log_message}]' 1:2 "$open"
    refuses '[{{}}]' 1:2 "$open"
    refuses '[{{now\0033[31m}}]' 1:2 "$open"
    refuses '{{"a":1}}' 1:1 "$open"
    refuses '[{{{log_message}}]' 1:2 "'{{{' opens a placeholder: its name and '}}}' must follow"
    refuses '[{{{{log_message}}}}]' 1:2 "'{{{' opens a placeholder: its name and '}}}' must follow"
}

@test "a member is found by its name's meaning, and by its place" {
    fill '{"x":{"b":1},"\u0061":{"c":[{"b":2}],"\u0062":"\u0033"},"b":4}' \
        '[{{log_message.a.b}},"{{log_message.a.b}}",{{log_message.a.c.b}},{{log_message.b}},{{log_message}}]'
    assert_status 0
    assert_output '["\u0033","\u0033",null,4,{"x":{"b":1},"\u0061":{"c":[{"b":2}],"\u0062":"\u0033"},"b":4}]'
}

@test "a member that appears twice, with different values, is a reject; with the same it is not" {
    template '[{{log_message.a.b}},{{log_message}}]'
    cat >in <<'EOF'
{"a":{"b":1},"b":2,"b":3}
{"a":{"b":1,"b":1},"a":{"b":1,"b":1}}
{"a":{"b":1,"\u0062":2}}
{"a":{"b":1},"a":5}
{"a":{"b":1}}
EOF
    run_tool audit-template -t ./t.json --rejects=bad in
    assert_status 1
    assert_output '[1,{"a":{"b":1},"b":2,"b":3}]
[1,{"a":{"b":1,"b":1},"a":{"b":1,"b":1}}]
[1,{"a":{"b":1}}]'
    assert_stderr 'audit-template: in:3: a.b appears twice, with different values
audit-template: in:4: a appears twice, with different values'
    sed -n 3,4p in | cmp - bad
}

@test "an event without a usable time is a reject only where the template shows the time" {
    printf '%s\n' '{"a":1}' '{"timestamp":"soon"}' '{"timestamp":null}' \
        '{"timestamp":"2023-06-02 05:30:01 UTC","timestamp":"2023-06-02 05:30:02 UTC"}' >in
    template '[{{event_time}},{{log_message}}]'
    run_tool audit-template -t ./t.json in
    assert_status 1
    assert_output ''
    assert_stderr "audit-template: in:1: the template shows the event's time, but timestamp is missing
audit-template: in:2: the template shows the event's time, but timestamp is not a time: \"soon\"
audit-template: in:3: the template shows the event's time, but timestamp is missing
audit-template: in:4: the template shows the event's time, but timestamp appears twice, with different values"
    template '{{log_message}}'
    run_tool audit-template -t ./t.json in
    assert_status 0
    assert_output "$(cat in)"
}

@test "a job's time is completed_at, or started_at while it has none" {
    template '[{{event_time}},{{log_message.id}},"{{log_message}}"]'
    printf '%s\n' '{"id":1,"status":"x","started_at":"2023-06-02T01:00:00-04:00","completed_at":"2023-06-02T01:30:01-04:00"}' \
        '{"id":2,"status":"x","started_at":"2023-06-02T01:00:00-04:00","completed_at":null}' >in
    audit-template -t ./t.json in | cut -d, -f1,2 >out
    printf '%s\n' '["2023-06-02T01:30:01.000-04:00",1' '["2023-06-02T01:00:00.000-04:00",2' | cmp - out
}

@test "what is no object is a reject that says so" {
    template '{{log_message}}'
    printf '%s\n' '[1]' '"x"' '{"path":"a","event":{}} x' '{"path":"a","event":{},"more":1}' >in
    run_tool audit-template -t ./t.json in
    assert_status 1
    assert_output ''
    assert_stderr 'audit-template: in:1: byte 1: an object is expected here
audit-template: in:2: byte 1: an object is expected here
audit-template: in:3: byte 25: nothing may follow the value
audit-template: in:4: byte 24: no further member may follow here'
}

@test "-t finds names in AUDIT_TEMPLATE_PATH, the first directory first" {
    mkdir one two
    echo '["one",{{log_message}}]' >one/mine.json
    echo '["two",{{log_message}}]' >two/mine.json
    echo '["other",{{log_message}}]' >two/other.json
    touch two/.json two/a.b.json two/notes.txt
    run_tool env AUDIT_TEMPLATE_PATH=:one:/nowhere:two audit-template -t mine <<<'{}'
    assert_output '["one",{}]'
    run_tool env AUDIT_TEMPLATE_PATH=:one:/nowhere:two audit-template -t other <<<'{}'
    assert_output '["other",{}]'
    run_tool env AUDIT_TEMPLATE_PATH=:one:/nowhere:two audit-template --list
    [[ $output == *$'mine\nother'* && $output != *mine*mine* && $output != *a.b* ]]
}

@test "an argument with a slash or a dot is a file" {
    echo '["file",{{log_message}}]' >splunk
    run_tool audit-template -t ./splunk <<<'{}'
    assert_output '["file",{}]'
    run_tool audit-template -t splunk <<<'{"timestamp":"2023-06-02 05:30:01 UTC"}'
    assert_output '{"time":1685683801.000000,"host":"workato","source":"workato","sourcetype":"_json","event":{"timestamp":"2023-06-02 05:30:01 UTC"}}'
    run_tool audit-template -t <(echo '["pipe",{{log_message}}]') <<<'{}'
    assert_output '["pipe",{}]'
}

@test "a template that cannot be read is status 2, and an unknown name tells the known ones" {
    run_tool audit-template -t nowhere
    assert_status 2
    assert_output ''
    assert_stderr_has "audit-template: there is no template 'nowhere' in $AUDIT_TEMPLATE_PATH, /"
    assert_stderr_has "there are: $(audit-template --list | paste -sd, | sed 's/,/, /g');"
    run_tool audit-template -t ./nowhere.json
    assert_status 2
    assert_stderr 'audit-template: ./nowhere.json: No such file or directory'
    run_tool audit-template -t .
    assert_status 2
    assert_stderr 'audit-template: .: Is a directory'
    head -c 1048577 /dev/zero >large.json
    run_tool audit-template -t large.json
    assert_status 2
    assert_stderr 'audit-template: large.json: a template has at most 1 MiB'
}

@test "no template, or events for --check and --list, are usage errors" {
    for options in '' '--check' '--check -t workato x' '--list x'; do
        # shellcheck disable=SC2086 # several words
        run_tool audit-template $options
        assert_status 2
        assert_output ''
        assert_stderr_has "Try 'audit-template --help' for more information."
    done
}

@test "a template as large as one may be, with members a thousand deep" {
    python3 - <<'EOF'
deep = "a" + ".a" * 1000
text = '[{{log_message.%s}},"' % deep + "{{log_message}}" * 5 + '"'
with open("t.json", "w") as f:
    f.write(text + " " * ((1 << 20) - len(text) - 1) + "]")
with open("event.ndjson", "w") as f:
    f.write('{"a":' * 1001 + '7' + '}' * 1001 + '\n')
EOF
    run_tool audit-template --strict -t ./t.json event.ndjson
    assert_status 0
    [[ $output == '[7,"{\"a\":{'* && ${#output} -gt 40000 ]]
}

@test "full output is status 2, for messages and for --list" {
    template '{{log_message}}'
    run_tool bash -c "audit-template -t ./t.json '$DATA/bare.ndjson' >/dev/full"
    assert_status 2
    assert_stderr 'audit-template: standard output: No space left on device'
    run_tool bash -c "audit-template --list >/dev/full"
    assert_status 2
    assert_stderr 'audit-template: standard output: No space left on device'
}

@test "a 45 MB event becomes a string within 8 MiB and 2.2 times its size" {
    template '{"message":{{log_message_str}},"id":{{log_message.id}}}'
    python3 - <<'EOF'
line = r'{"input":{"text":"%s"},"number":1},' % (r'\"é\u0000' * 60)
with open("large.ndjson", "w", encoding="utf-8") as f:
    f.write('{"lines":[' + line * (45_000_000 // len(line.encode()) + 1) + '0],"id":"x"}\n')
EOF
    run_tool python3 "$AUDIT_TESTS/peak.py" sh -c 'audit-template -t ./t.json large.ndjson >out.ndjson'
    assert_status 0
    assert_peak large.ndjson
    python3 - <<'EOF'
import json
message = json.load(open("out.ndjson", "rb"))
assert message["message"].encode() + b"\n" == open("large.ndjson", "rb").read()
assert message["id"] == "x"
EOF
    [ "$(stat -c %s large.ndjson)" -gt 45000000 ]
}
