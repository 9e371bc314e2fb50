#!/usr/bin/env bats
# audit-format: from any archive to clean events

load common

relayout() { python3 "$AUDIT_TESTS/relayout.py" "$@"; }
oracle() { python3 "$AUDIT_TESTS/oracle.py" format "$@"; }

@test "every sample event is as from a second implementation, byte for byte" {
    audit-format "$DATA/events.ndjson" >ours 2>err
    oracle <"$DATA/events.ndjson" >theirs
    cmp ours theirs
    [ "$(wc -l <ours)" -eq "$(wc -l <"$DATA/events.ndjson")" ]
    [ ! -s err ]
}

@test "every combination of streams and retention agrees with the second implementation" {
    local options
    for options in --keep-duplicates --zero-retention --stream=job-status --stream=job-details \
        --stream=user-activity --stream=job-status,user-activity \
        '--stream=job-status,job-details --zero-retention --keep-duplicates'; do
        # shellcheck disable=SC2086 # the options are words
        audit-format $options "$DATA/events.ndjson" >ours 2>err
        # shellcheck disable=SC2086
        oracle $options <"$DATA/events.ndjson" >theirs
        cmp ours theirs || { echo "with $options"; return 1; }
    done
}

@test "however the archive is laid out, the same events come out" {
    audit-format "$DATA/events.ndjson" >expected
    local layout
    for layout in $(relayout --list); do
        relayout "$layout" <"$DATA/events.ndjson" >archive
        audit-format archive >ours || { echo "$layout: status $?"; return 1; }
        cmp expected ours || { echo "layout $layout"; return 1; }
    done
}

@test "however the bytes arrive, the same events come out" {
    audit-format "$DATA/events.ndjson" >expected
    local layout
    for layout in pretty concatenated pretty-array rs; do
        relayout "$layout" <"$DATA/events.ndjson" | relayout dribble | audit-format >ours
        cmp expected ours || { echo "layout $layout"; return 1; }
    done
}

@test "formatting again changes nothing" {
    audit-format "$DATA/events.ndjson" >once
    audit-format once >twice
    cmp once twice
}

@test "numbers, escapes, order and repeated members leave as they came" {
    event='{"z":1694081235979000000,"event":"x_y","a":4.950000000000001e-05,"timestamp":"t","b":-0.0,"a":1E400,"user":{"n":"\u00e9\/\ud83d\ude00é"},"d":123456789012345678901234567890}'
    run_tool audit-format <<<"$event"
    assert_status 0
    assert_output "$event"
}

@test "insignificant white space is removed, white space in strings is kept" {
    run_tool audit-format <<<$' { "event" : "a  b" ,\t"timestamp":"\\t t","user" : [ 1 , 2 ,{ } ] } \r'
    assert_status 0
    assert_output '{"event":"a  b","timestamp":"\t t","user":[1,2,{}]}'
}

@test "members that Workato leaves out of job details are removed, in any position" {
    local job='{"parent_id":1,"id":"j","status":"succeeded","started_at":"s","context":{"job_id":1,"user_id":2,"is_repeat":false},"lines":[{"line_stat":{}},{"line_stat":1,"a":2},{"a":1,"line_stat":[]},{"line_stat":1,"line_stat":2,"b":3,"line_stat":4}],"parent_id":2}'
    run_tool audit-format <<<"$job"
    assert_output '{"id":"j","status":"succeeded","started_at":"s","context":{"user_id":2},"lines":[{},{"a":2},{"a":1},{"b":3}]}'
    run_tool audit-format --keep-duplicates <<<"$job"
    assert_output "$job"
    run_tool audit-format <<<'{"id":1,"status":"succeeded","started_at":"s","context":{"job_id":1,"parent_job_id":2}}'
    assert_output '{"id":1,"status":"succeeded","started_at":"s","context":{}}'
}

@test "a member name in escapes is the same member" {
    run_tool audit-format <<<'{"id":1,"status":"x","started_at":"s","\u0070arent_id":1,"lines":[{"line\u005fstat":1,"m\u0061sk_data":true,"input":1}]}'
    assert_output '{"id":1,"status":"x","started_at":"s","lines":[{"m\u0061sk_data":true,"input":{"data":"masked"}}]}'
}

@test "the data of a masked line is masked, in any position of mask_data" {
    run_tool audit-format <<<'{"id":1,"status":"x","started_at":"s","lines":[{"mask_data":true,"input":{"secret":1},"output":null},{"input":[2],"output":"s","n":1,"mask_data":true},{"input":1,"mask_data":false}]}'
    assert_output '{"id":1,"status":"x","started_at":"s","lines":[{"mask_data":true,"input":{"data":"masked"},"output":{"data":"masked"}},{"input":{"data":"masked"},"output":{"data":"masked"},"n":1,"mask_data":true},{"input":1,"mask_data":false}]}'
    # Repeating the member cannot unmask a line.
    run_tool audit-format <<<'{"id":1,"status":"x","started_at":"s","lines":[{"mask_data":true,"input":1,"mask_data":false}]}'
    assert_output '{"id":1,"status":"x","started_at":"s","lines":[{"mask_data":true,"input":{"data":"masked"},"mask_data":false}]}'
}

@test "localised statuses become succeeded and failed" {
    run_tool audit-format <<<'{"id":1,"status":"成功","started_at":"s"}
{"id":1,"status":"失敗","started_at":"s"}
{"id":1,"status":"取消","started_at":"s"}'
    assert_output '{"id":1,"status":"succeeded","started_at":"s"}
{"id":1,"status":"failed","started_at":"s"}
{"id":1,"status":"取消","started_at":"s"}'
    run_tool audit-format <<<'{"id":1,"status" : "\u6210\u529f","started_at":"s"}
{"id":1,"status":"失\u6557","started_at":"s"}
{"id":1,"status":"\u53d6\u6d88","started_at":"s"}'
    assert_output '{"id":1,"status":"succeeded","started_at":"s"}
{"id":1,"status":"failed","started_at":"s"}
{"id":1,"status":"\u53d6\u6d88","started_at":"s"}'
}

@test "an activity keeps what only a job loses" {
    local event='{"event":"e","timestamp":"t","user":1,"parent_id":1,"lines":[{"line_stat":1}],"context":{"job_id":1}}'
    run_tool audit-format <<<"$event"
    assert_output "$event"
}

@test "the event is found breadth first, object members before strings" {
    local e='{"event":"e","timestamp":"t","user":1}'
    run_tool audit-format <<<'{"a":{"b":{"event":"deep","timestamp":"t","user":1}},"c":{"event":"shallow","timestamp":"t","user":1}}'
    assert_output '{"event":"shallow","timestamp":"t","user":1}'
    run_tool audit-format <<<"{\"s\":\"{\\\"event\\\":\\\"string\\\",\\\"timestamp\\\":1,\\\"user\\\":1}\",\"o\":{\"p\":{\"q\":$e}}}"
    assert_output "$e"
    run_tool audit-format <<<"{\"a\":{\"b\":{\"c\":{\"d\":$e}}}}"
    assert_status 1
    run_tool audit-format <<<'{"deep":{"Log_Str":"{\"id\":\"j\",\"status\":\"成\u529f\",\"started_at\":\"\\u0041\",\"parent_id\": 1}"}}'
    assert_output '{"id":"j","status":"succeeded","started_at":"\u0041"}'
}

@test "an object whose array member holds events gives its elements" {
    run_tool audit-format --rejects=rejects <<<'{"data": [
  {"event": "a","timestamp":"t","user":1},
  {"log":{"id":1,"status":"成功","started_at":"s","parent_id":2}}, 3,
  {"s":"{\"event\":\"b\",\"timestamp\":1,\"user\":1}"}
],"total":4}
{"result":{"items":[{"event":"c","timestamp":"t","user":1}],"tags":["x",{"y":1}]}}
{"event":"d","timestamp":"t","user":1,"data":[{"event":"no","timestamp":"t","user":1}]}
{"data":[{"data":[{"event":"no","timestamp":"t","user":1}]}]}
{"tags":[{"a":1}],"items":[]}'
    assert_status 1
    assert_output '{"event":"a","timestamp":"t","user":1}
{"id":1,"status":"succeeded","started_at":"s"}
{"event":"b","timestamp":1,"user":1}
{"event":"c","timestamp":"t","user":1}
{"event":"d","timestamp":"t","user":1,"data":[{"event":"no","timestamp":"t","user":1}]}'
    local why='this text contains no audit event (--pass-unknown lets it through)'
    assert_stderr "audit-format: stdin:3: $why
audit-format: stdin:8: $why
audit-format: stdin:9: $why"
    [ "$(cat rejects)" = '3
{"data":[{"data":[{"event":"no","timestamp":"t","user":1}]}]}
{"tags":[{"a":1}],"items":[]}' ]
}

@test "a page's elements are those of the same array on its own" {
    python3 -c '
import sys
events = sys.stdin.read().splitlines()
print("{\"total\":%d,\"page\":{\"events\":[%s]}}" % (len(events), ",\n".join(events)))' \
        <"$DATA/events.ndjson" >page
    audit-format "$DATA/events.ndjson" >expected
    run_tool audit-format page
    assert_status 0
    cmp expected <(printf '%s\n' "$output")
}

@test "JSON without an event is a reject, or passes with --pass-unknown" {
    run_tool audit-format --rejects=rejects <<<'{"a": 1}
[1,{"event":"e","timestamp":"t","user":1},"s"]'
    assert_status 1
    assert_output '{"event":"e","timestamp":"t","user":1}'
    assert_stderr_has 'audit-format: stdin:1: this text contains no audit event (--pass-unknown lets it through)'
    [ "$(cat rejects)" = $'{"a": 1}\n1\n"s"' ]
    run_tool audit-format --pass-unknown <<<'{"a": 1}'
    assert_status 0
    assert_output '{"a":1}'
}

@test "malformed texts are named by line and byte, kept, and the good ones around them come out" {
    run_tool audit-format --rejects=rejects "$DATA/broken.txt"
    assert_status 1
    cmp rejects "$DATA/broken.txt"
    audit-format "$DATA/events.ndjson" >good
    { head -n 3 "$DATA/events.ndjson"; cat "$DATA/broken.txt"; tail -n +4 "$DATA/events.ndjson"; } >mixed
    rm rejects
    run_tool audit-format --rejects=rejects mixed
    assert_status 1
    [ "$output" = "$(cat good)" ]
    cmp rejects "$DATA/broken.txt"
    [[ $stderr =~ ^audit-format:\ mixed:[0-9]+:\ byte\ [0-9]+:\  ]]
}

@test "an object that lost its opening brace is one reject" {
    run_tool audit-format --rejects=rejects <<<'"event":"a","timestamp":"t",
"user":{"id":1}}
{"event":"b","timestamp":"t","user":1}'
    assert_status 1
    assert_output '{"event":"b","timestamp":"t","user":1}'
    assert_stderr 'audit-format: stdin:1: byte 1: an object is expected here'
    [ "$(cat rejects)" = '"event":"a","timestamp":"t",
"user":{"id":1}}' ]
}

@test "an event of the maximum depth passes through every tool" {
    python3 -c 'print("{\"event\":\"e\",\"timestamp\":\"2024-01-01T00:00:00Z\",\"team\":{\"id\":1},\"user\":" + "[" * 1023 + "]" * 1023 + "}")' >in
    run_tool bash -o pipefail -c 'audit-format in | audit-path | audit-truncate | audit-truncate'
    assert_status 0
    [ "${output#*\"event\":}" = "$(cat in)}" ]
}

@test "half a line costs that line alone" {
    run_tool audit-format --rejects=rejects <<<'{"event":"a","timestamp":"t","user":1}
{"event":"b","timestamp":"t","user":{"na
{"event":"c","timestamp":"t","user":1}
{"event":"d","timestamp":"t","lines":[{"x":1},
{"event":"e","timestamp":"t","user":1}
{"event":'
    assert_status 1
    assert_output '{"event":"a","timestamp":"t","user":1}
{"event":"c","timestamp":"t","user":1}
{"event":"e","timestamp":"t","user":1}'
    [ "$(cat rejects)" = '{"event":"b","timestamp":"t","user":{"na
{"event":"d","timestamp":"t","lines":[{"x":1},
{"event":' ]
    assert_stderr 'audit-format: stdin:2: byte 41: a control character in a string must be escaped
audit-format: stdin:5: byte 1: a '"',' or ']'"' must follow an element
audit-format: stdin:6: byte 10: the text ends inside a value' || true
    [ "$(grep -c '^audit-format: stdin:' <<<"$stderr")" -eq 3 ]
}

@test "a broken array is reported, and its elements are written" {
    run_tool audit-format --pass-unknown <<<'[{"a":1},
{"b":2}
{"c":3},
{"d":4}]
{"e":5}'
    assert_status 1
    assert_output '{"a":1}
{"b":2}
{"c":3}
{"d":4}
{"e":5}'
    assert_stderr "audit-format: stdin:3: byte 1: a ',' or ']' must follow an element"
    run_tool audit-format --pass-unknown <<<'[{"a":1}'
    assert_status 1
    assert_output '{"a":1}'
    assert_stderr_has 'the text ends inside a value'
}

@test "an event is delivered as soon as it is whole, with or without a newline" {
    mkfifo in
    audit-format <in >out 2>err &
    exec 7>in
    printf '{"event":"e","timestamp":"t",\n"user":{}}' >&7
    eventually test -s out
    [ "$(cat out)" = '{"event":"e","timestamp":"t","user":{}}' ]
    exec 7>&-
    wait $!
}

@test "events of streams that are not named are left out, counted, and no error" {
    run_tool audit-format --stream=user-activity "$DATA/events.ndjson"
    assert_status 0
    local jobs
    jobs=$(audit-format "$DATA/events.ndjson" | grep -c '"started_at"')
    assert_stderr "audit-format: left out by --stream: $jobs jobs, 0 user activities"
}

@test "--summary says what became of the texts" {
    { cat "$DATA/events.ndjson"; echo '{"a":1}'; echo '{"b":'; } >in
    local all jobs
    all=$(wc -l <"$DATA/events.ndjson")
    jobs=$(audit-format "$DATA/events.ndjson" | grep -c '"started_at"')
    run_tool audit-format --summary --stream=user-activity in
    assert_status 1
    assert_stderr_has "audit-format: $((all - jobs)) written, $jobs left out, 2 rejected"
}

@test "an unknown stream is a usage error" {
    run_tool audit-format --stream=job-detail
    assert_status 2
    [ "${stderr_lines[0]}" = 'audit-format: --stream=job-detail: not a list of job-status, job-details, user-activity' ]
    [ "${stderr_lines[1]}" = "Try 'audit-format --help' for more information." ]
}

@test "a text longer than --max-record is one reject, kept whole" {
    local long
    long=$(printf '{"event":"%s","timestamp":"t",\n"user":1}' "$(head -c 3000 /dev/zero | tr '\0' x)")
    printf '%s\n{"event":"e","timestamp":"t","user":1}\n' "$long" >in
    run_tool audit-format --max-record=1KB --rejects=rejects in
    assert_status 1
    assert_output '{"event":"e","timestamp":"t","user":1}'
    assert_stderr 'audit-format: in:1: the text is larger than 1000 bytes (--max-record)'
    [ "$(cat rejects)" = "$long" ]
}

@test "--max-record is the size of a text, however much is read at once" {
    # Lines of 4,095 bytes: 256 KiB, which one read gives, end 64 bytes into one.
    python3 -c '
for i in range(300):
    event = "{\"event\":\"%d\",\"timestamp\":\"t\",\"user\":\"" % i
    print(event.ljust(4092, "x") + "\"}")' >in
    run_tool audit-format --max-record=5KB in
    assert_status 0
    assert_stderr ''
    [ "$output" = "$(cat in)" ]
}

# seconds FILE: the processor time of audit-format for the file
seconds() {
    python3 -c '
import resource, subprocess, sys
subprocess.run(["audit-format", sys.argv[1]], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)' "$1"
}

@test "time is linear in a string without white space" {
    python3 -c '
for size in (4, 32):
    open(str(size), "wb").write(b"{\"event\":\"%b\",\"timestamp\":\"t\",\"user\":1}" % (b"x" * (size << 20)))'
    python3 -c 'import sys
small, large = map(float, sys.argv[1:])
sys.exit(f"4 MiB: {small} s, 32 MiB: {large} s" if large > 20 * small + 0.5 else 0)' \
        "$(seconds 4)" "$(seconds 32)"
}

@test "texts without newlines between them take a few times what lines take" {
    python3 -c '
for name, end in (("lines", b"\n"), ("texts", b"")):
    open(name, "wb").write((b"{\"event\":\"e\",\"timestamp\":\"t\",\"user\":1}" + end) * 400000)'
    python3 -c 'import sys
lines, texts = map(float, sys.argv[1:])
sys.exit(f"lines: {lines} s, texts: {texts} s" if texts > 8 * lines + 0.2 else 0)' \
        "$(seconds lines)" "$(seconds texts)"
}
