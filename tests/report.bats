#!/usr/bin/env bats
# audit-report: the numbers are those of the events, and the page is safe in a browser.
load common

setup_file() {
    python3 "$BATS_TEST_DIRNAME/report-events.py" 20000 >"$BATS_FILE_TMPDIR/events.ndjson"
}

events() {
    cat "$BATS_FILE_TMPDIR/events.ndjson"
}

# browse [--without-script] SCRIPT: runs the script on page.html.
browse() {
    command -v chromedriver >/dev/null || skip "chromedriver is not here"
    [ -z "${AUDIT_SANITIZED-}" ] || skip "the page is the same in every build"
    run_tool timeout 600 python3 "$AUDIT_TESTS/report-browser.py" "${@:1:$#-1}" page.html "${@: -1}"
}

# Events of every kind, with every activity of the catalogue, statuses in other languages, and lines
# that are not events.
all_kinds() {
    events | head -n "$1"
    jq -c '[.activities[] | select(.event or .resource_type == "AuditLogReplicationSettings")] | to_entries[] | .key as $i | .value |
        {event: (.event // "settings_updated"), timestamp: "2024-04-\(10 + $i % 17)T\(10 + $i % 13):30:00Z",
         user: {id: $i, email: "catalogue\($i % 9)@example.com"}, team: {id: "c\($i % 4)"},
         resource: {type: (.resource_type // "Thing"), id: $i, name: .activity}}' "$AUDIT_SOURCE/data/activities.json"
    jq -nc 'range(20) | {resource_type: "Deployment", timestamp: "2024-04-02 0\(. % 10):00:00 UTC", team_id: 71,
        user_id: ., user_email: "deployer\(. % 3)@example.com", resource_id: ., resource_project_name: "Project \(. % 2)"},
        {id: "o\(.)", status: (["pending", "\u6210\u529f", "\u5931\u6557", "cancelled"][. % 4]), recipe_id: 1234,
         started_at: "2024-04-03T11:00:00Z", context: {user_id: 72, recipe_name: "Other"}}'
    printf '{"a":1}\nnonsense\n'
}

@test "every number is what jq counts from the same events" {
    all_kinds 6000 >in
    run_tool audit-report --json --rows=3000 in
    assert_status 1
    echo "$output" >numbers.json
    # shellcheck disable=SC2016 # jq's variables
    sed '/^{"a":1}$/d; /^nonsense$/d' in | jq -s --slurpfile catalogue "$AUDIT_SOURCE/data/activities.json" '
        def name: .event // (.resource_type | ascii_downcase);
        def type: .resource.type // .resource_type;
        def asset: {key: "\(type):\(.resource.id // .resource_id)", name: (.resource.name // .resource_project_name)};
        def status: if .status == "成功" then "succeeded" elif .status == "失敗" then "failed" else .status end;
        def at: (.completed_at // .started_at // .timestamp) | sub(" UTC"; "Z") | sub(" "; "T");
        def weekday: at | fromdate | gmtime | [(.[6] + 6) % 7, .[3]];
        def ranked: sort_by([-.count, .key]) | .[:10];
        def top(f): group_by(f) | {different: length, error: 0,
            leading: (map({key: (.[0] | f | tostring), count: length}) | ranked)};
        def count(f): map(select(f)) | length;
        ($catalogue[0].activities | map(select(.category == "Team" and .event).event)) as $team |
        [.[] | select(.status)] as $jobs | [.[] | select(.status | not)] as $acts | [.[] | at[:10]] as $days |
        {events: length, activities: ($acts | length), rejected: 2, complete: true, from: ($days | min), to: ($days | max),
         timezone: "UTC",
         jobs: {succeeded: ($jobs | count(status == "succeeded")), failed: ($jobs | count(status == "failed")),
             other: ($jobs | count(status != "succeeded" and status != "failed"))},
         timeline: {unit: "day", periods: (map({begin: at[:10], status: (if .status then status else "activities" end)})
             | group_by(.begin) | map({begin: .[0].begin, succeeded: count(.status == "succeeded"),
                 failed: count(.status == "failed"), activities: count(.status == "activities")})
             | map(select(.succeeded + .failed + .activities > 0)))},
         week: ([.[] | select((.status | not) or status == "succeeded" or status == "failed") | weekday]
             | group_by(.) | map(.[0] + [length])),
         members: ($acts | top(.user.email // .user_email)), events_by_name: ($acts | top(name)),
         customers: top(.context.user_id // .team.id // .team_id | tostring),
         assets: ($acts | group_by(asset.key) | {different: length, error: 0,
             leading: (map((.[0] | asset) + {count: length}) | ranked)}),
         recipes: ($jobs | group_by(.recipe_id) | {different: length, error: 0,
             leading: (map({key: (.[0].recipe_id | tostring), name: .[0].context.recipe_name, count: length,
                 failed: count(status == "failed")}) | ranked)}),
         findings: {
             failed_logins: ($acts | count(name | test("login_failed|failed_login"))),
             two_factor_off: ($acts | count(name | test("two_factor|2fa|otp_") and test("disabled|removed|recovery"))),
             unusual_hours: ($acts | count(name == "user_login" and (weekday | .[1] < 6 or .[1] >= 22 or .[0] >= 5))),
             members: ($acts | count(name | IN($team[]) or
                 test("membership|invitation|role|privilege_group|delegated_admin"))),
             keys: ($acts | count(name | test("api_key|token|password|access_profile"))),
             streaming: ($acts | count((name | test("audit_log")) or type == "AuditLogReplicationSettings")),
             deletions: ($acts | count(name | test("deleted|_removed")))},
         rows: 3000, rows_left_out: (($acts | length) - 3000)}' >expected.json
    jq '.timeline.periods |= map(select(.succeeded + .failed + .activities > 0))
        | .week |= [to_entries[] | .key as $day | .value | to_entries[] | select(.value > 0) | [$day, .key, .value]]' \
        numbers.json >found.json
    diff -u <(jq -S . expected.json) <(jq -S . found.json)
    [ "$(jq '[.findings[] | select(. == 0)] | length' found.json)" -eq 0 ]
}

@test "every number of the page is one of --json" {
    all_kinds 6000 >in
    local rows zone
    for rows in 5 5000; do
        for zone in UTC Asia/Kolkata; do
            run_tool audit-report --rows="$rows" --timezone="$zone" in
            echo "$output" >page.html
            run_tool audit-report --json --rows="$rows" --timezone="$zone" in
            echo "$output" >numbers.json
            run_tool python3 "$AUDIT_TESTS/report-numbers.py" page.html numbers.json
            assert_output "24 compared"
        done
    done
}

@test "two runs over the same input are the same bytes, and tidy finds no fault" {
    events | audit-report --now=2024-05-01T00:00:00Z --title='A & B' >page.html
    events | audit-report --now=2024-05-01T00:00:00Z --title='A & B' | cmp - page.html
    grep -q '<title>A &amp; B</title>' page.html
    command -v tidy >/dev/null || skip "tidy is not here"
    run_tool tidy -q -e page.html
    assert_status 0
    assert_stderr ''
    printf '' | audit-report >empty.html
    run_tool tidy -q -e empty.html
    assert_stderr ''
}

@test "a browser shows it without a message, loads nothing, and the filters work" {
    events | audit-report --rows=5000 >page.html
    browse '
        var form = document.getElementById("filters"), e = form.elements;
        function set(name, value) {
            e[name].value = value;
            form.dispatchEvent(new Event("submit", {cancelable: true}));
            var visible = document.querySelectorAll("#rows tr:not([hidden])").length;
            return visible;
        }
        var out = [["rows", document.querySelectorAll("#rows tr").length], ["hidden", form.hidden]];
        out.push(["at_first", document.getElementById("shown").textContent]);
        e.user.focus();
        out.push(["users", e.user.options.length]);
        out.push(["one", set("user", "member3@example.com") > 0]);
        out.push(["all_his", Array.from(document.querySelectorAll("#rows tr:not([hidden])"))
            .every(function (r) { return r.cells[1].textContent === "member3@example.com"; })]);
        out.push(["and_deleted", set("text", "RECIPE_deleted member3@")]);
        form.reset(); form.dispatchEvent(new Event("submit", {cancelable: true}));
        out.push(["since", set("since", "2024-04-29")]);
        out.push(["shown", document.getElementById("shown").textContent]);
        return new Promise(function (resolve) {
            (function wait() {
                if (document.querySelector("#rows noscript")) return setTimeout(wait, 100);
                var all = Array.from(document.querySelectorAll("#rows details"));
                out.push(["json", all.filter(function (d) { return JSON.parse(d.lastChild.textContent).team.name === "ACME"; }).length]);
                all[7].firstChild.click();
                out.push(["unfolded", all.filter(function (d) { return d.open; }).length]);
                resolve(out);
            })();
        });'
    assert_status 0
    local last deleted
    last=$(events | jq -s '[.[] | select(.event) | .timestamp[:10]] | sort | reverse | .[:5000] | map(select(. >= "2024-04-29")) | length')
    deleted=$(events | jq -s '[.[] | select(.event)] | sort_by(.timestamp) | reverse | .[:5000] | map(select(.event == "recipe_deleted" and .user.email == "member3@example.com")) | length')
    assert_output "rows=5000
hidden=False
at_first=All 5000 rows are shown.
users=41
one=True
all_his=True
and_deleted=$deleted
since=$last
shown=$last of 5000 rows are shown.
json=5000
unfolded=1"
    # Everything is over after half a second here, and the beginning is visible after a fifth of
    # that. Other machines are several times slower, and busy.
    echo "$stderr"
    [[ $stderr =~ main\ thread\ ([0-9]+)\.[0-9]+\ s,\ painted\ after\ ([0-9]+)\.[0-9]+\ s,\ loaded\ after\ ([0-9]+)\. ]]
    [ "${BASH_REMATCH[1]}" -lt 4 ] && [ "${BASH_REMATCH[2]}" -lt 15 ] && [ "${BASH_REMATCH[3]}" -lt 30 ]
}

@test "without scripts all is there but the filters, and each JSON unfolds" {
    events | audit-report --rows=2000 >page.html
    browse --without-script '
        var form = document.getElementById("filters"), rows = Array.from(document.querySelectorAll("#rows tr"));
        function seen(e) { var s = getComputedStyle(e); return s.display !== "none" && s.visibility === "visible"; }
        function height(e) { return e.getBoundingClientRect().height; }
        document.getElementById("activities").scrollIntoView();
        var out = [["rows", rows.filter(seen).length], ["filters", seen(form)], ["said", seen(form.nextSibling.nextSibling)
            && form.nextSibling.nextSibling.textContent]];
        var all = Array.from(document.querySelectorAll("details")), before = all.map(height);
        out.push(["folds", all.length], ["folded", all.every(function (d) { return !d.open; })]);
        out.push(["json", all.filter(function (d) { return d.matches("#rows details") && JSON.parse(d.lastChild.textContent); }).length]);
        all.slice(0, 12).forEach(function (d) { d.querySelector("summary").click(); });
        out.push(["unfolded", all.filter(function (d, i) { return d.open && height(d) > before[i]; }).length]);
        var hidden = Array.from(document.querySelectorAll("main *, header *, footer *")).filter(function (e) {
            return !seen(e) && !form.contains(e) && e.localName !== "title"; });
        out.push(["hidden", hidden.length]);
        return out;'
    assert_output "rows=2000
filters=False
said=Filters need JavaScript, which is switched off here.
folds=2002
folded=True
json=2000
unfolded=12
hidden=0"
    assert_status 0
}

@test "screen readers, the keyboard and weak eyes: names, headings, focus, contrast in light and dark" {
    command -v chromedriver >/dev/null || skip "chromedriver is not here"
    [ -z "${AUDIT_SANITIZED-}" ] || skip "the page is the same in every build"
    events | head -n 3000 | audit-report --rows=40 >page.html
    run_tool timeout 600 python3 "$AUDIT_TESTS/report-access.py" page.html
    assert_status 0
    [[ $output =~ ^([0-9]+)\ headings,\ ([0-9]+)\ names,\ ([0-9]+)\ tables ]]
    [ "${BASH_REMATCH[1]}" -ge 20 ] && [ "${BASH_REMATCH[2]}" -ge 60 ] && [ "${BASH_REMATCH[3]}" -eq 8 ]
}

# Texts that break out of a carelessly made page.
hostile() {
    python3 - <<'END'
import json
texts = ['<script>document.title="owned"</script>', '"><img src=x onerror=document.title="owned">', "' onmouseover='x",
         '</script><script>document.title="owned"</script>', '</pre><script>document.title="owned"</script>',
         '</title><svg onload=document.title="owned">', '&lt;b&gt; &amp; &#39;', '\u2028\u2029', '\u202eevil\u202c', 'עברית العربية',
         '\u0000\u0001\u001b[31m', '\ufffe\uffff\U0001fffe', '<!--', ']]>', 'x' * 1000000, '`${alert(1)}`', '{{constructor}}',
         'javascript:document.title="owned"', '\u0085\u009b']
for i, text in enumerate(texts):
    for where in range(5):
        event = {"event": "user_login", "timestamp": f"2024-05-01 08:{i:02}:0{where} UTC",
                 "user": {"id": 1, "name": "n", "email": "e"}, "team": {"id": 2},
                 "resource": {"type": "Flow", "id": 3, "name": "r"}}
        if where == 0:
            event["user"]["email"] = text
        elif where == 1:
            event["resource"]["name"] = text
        elif where == 2:
            event["resource"]["type"] = text
        elif where == 3:
            event["event"] = text
        else:
            event["details"] = {text: text}
        print(json.dumps(event, ensure_ascii=i % 2 == 0))
    print(json.dumps({"id": f"j{i}", "status": "failed", "recipe_id": text, "completed_at": "2024-05-01T08:00:00Z",
                      "context": {"user_id": 7, "recipe_name": text}}, ensure_ascii=False))
END
}

@test "hostile events: nothing runs, nothing breaks out, and the text is shown as it is" {
    hostile >in
    audit-report --title='</title><script>document.title="owned"</script>' in >page.html
    [ "$(grep -o '<script' page.html | wc -l)" -eq 1 ]
    [ "$(grep -c $'[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]' page.html)" -eq 0 ]
    [ "$(stat -c %s page.html)" -lt 4000000 ]
    if command -v tidy >/dev/null; then
        run_tool tidy -q -e page.html
        [[ $stderr != *Error* ]]
    fi
    browse '
        document.forms[0].elements.text.value = "team";
        document.forms[0].dispatchEvent(new Event("submit", {cancelable: true}));
        var whole = [];
        document.querySelectorAll("#rows details").forEach(function (d) {
            try { whole.push(JSON.parse(d.lastChild.textContent)); } catch (e) {}
        });
        var cells = Array.from(document.querySelectorAll("#rows td")).map(function (c) { return c.textContent; });
        return [["title", document.title], ["images", document.images.length],
            ["scripts", document.scripts.length], ["handlers", document.querySelectorAll("[onerror],[onload],[onmouseover]").length],
            ["svgs", document.querySelectorAll("td svg[onload]").length],
            ["shown", cells.indexOf("<script>document.title=\"owned\"</script>") >= 0],
            ["entity", cells.indexOf("&lt;b&gt; &amp; &#39;") >= 0],
            ["json", whole.length], ["json_names", whole.filter(function (e) { return e.user.email.indexOf("<script>") >= 0; }).length]];'
    assert_status 0
    assert_output 'title=</title><script>document.title="owned"</script>
images=0
scripts=1
handlers=0
svgs=0
shown=True
entity=True
json=90
json_names=3'
}

@test "a terminal report fits the width, and names cannot write to the terminal" {
    hostile >in
    events >>in
    COLUMNS=60 run_tool audit-report --text in
    assert_status 0
    [[ $output == *"Look at these first"* ]]
    [ "$(grep -c $'[\x01-\x09\x0b-\x1f\x7f]' <<<"$output")" -eq 0 ]
    [ "$(python3 -c 'import sys
print(max(len(line) for line in sys.stdin.read().splitlines()[4:]))' <<<"$output")" -le 60 ]
}

@test "records that cannot be counted are named, and their number is on the page" {
    { events | head -n 5 && echo '{"a":1}' && echo nonsense; } >in
    run_tool audit-report --rejects=rejects in
    assert_status 1
    [[ $output == *"<strong>2 records could not be counted</strong>"* ]]
    [ "$(cat rejects)" = '{"a":1}
nonsense' ]
}

@test "input that cannot be read: the page says that it is not whole; without any there is no page" {
    events | head -n 20 >in
    run_tool audit-report in nosuch
    assert_status 2
    assert_stderr "audit-report: nosuch: No such file or directory"
    [[ $output == *'<strong class="bad">Not all of the input could be read; '* ]]
    run_tool audit-report --text in nosuch
    [[ $output == *$'\nNot all of the input could be read\n'* ]]
    run_tool audit-report --json in nosuch
    [ "$(jq .complete <<<"$output")" = false ]
    run_tool audit-report nosuch
    assert_status 2
    assert_output ''
    # A page at the end of its own input would destroy it.
    cp in before
    run_tool bash -c 'audit-report in >>in'
    assert_status 2
    cmp in before
}

@test "times are those of the zone, and the newest rows are kept" {
    for hour in 21 22 23; do
        echo '{"event":"user_login","timestamp":"2024-05-31 '$hour':30:00 UTC","user":{"id":'$hour',"email":"'$hour'@x"},"team":{"id":1}}'
    done >in
    run_tool audit-report --timezone=Europe/Berlin --rows=2 in
    [[ $output == *'2024-06-01 01:30:00</td><td>23@x'*'2024-06-01 00:30:00</td><td>22@x'* ]]
    [[ $output != *'<td>21@x'* ]]
    [[ $output == *"The newest 2 of 3 activities"* ]]
}

@test "the newest rows are the same ones in whatever order the events come" {
    # 3,000 activities of 500 different minutes; within a minute the later one is newer.
    python3 - <<'END'
import json, random
rng = random.Random(5)
events = [{"event": f"e{number}", "timestamp": f"2024-05-01T{number % 500 // 60:02}:{number % 60:02}:00Z",
           "user": {"id": 1, "email": "a@x"}, "team": {"id": 1}} for number in range(3000)]
orders = {"mixed": rng.sample(events, len(events)), "rising": sorted(events, key=lambda e: e["timestamp"]),
          "falling": sorted(events, key=lambda e: e["timestamp"], reverse=True), "few": events[:30]}
for name, order in orders.items():
    with open(name, "w") as file:
        file.writelines(json.dumps(event) + "\n" for event in order)
    newest = sorted(range(len(order)), key=lambda i: (order[i]["timestamp"], i), reverse=True)
    for rows in (1, 40, 700):
        with open(f"{name}.{rows}", "w") as file:
            file.writelines(order[i]["event"] + "\n" for i in newest[:rows])
END
    local order rows
    for order in mixed rising falling few; do
        for rows in 1 40 700; do
            echo "$order, $rows rows"
            audit-report --rows="$rows" "$order" | sed -n '/<tbody id="rows">/,$ s/.*<td>\(e[0-9]*\)<.*/\1/p' |
                diff "$order.$rows" -
        done
    done
}

# members_do COUNT MEMBERS: activities of so many members, each with a recipe of their own.
members_do() {
    awk -v count="$1" -v members="$2" 'BEGIN {
        for (i = 0; i < count; i++) {
            who = i * 7919 % members
            printf "{\"event\":\"recipe_updated\",\"timestamp\":\"2024-%02d-%02dT%02d:00:00Z\",", \
                i % 12 + 1, i % 28 + 1, i % 24
            printf "\"user\":{\"id\":%d,\"email\":\"member%d@example.com\"},", who, who
            printf "\"team\":{\"id\":%d},\"resource\":{\"type\":\"Flow\",\"id\":%d,", who % 50, who
            printf "\"name\":\"Sync orders %d\"}}\n", who
        }
    }'
}

# peak COUNT MEMBERS: the peak memory for their page.
peak() {
    members_do "$1" "$2" | python3 "$AUDIT_TESTS/peak.py" audit-report 2>&1 >page.html | sed -n 's/.*peak \([0-9]*\) bytes$/\1/p'
}

@test "memory is bounded by the different members, not by the events" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers need memory of their own"
    local few many
    few=$(peak 50000 20000)
    many=$(peak 200000 20000)
    echo "20,000 members: 50,000 events $few bytes, 200,000 events $many bytes"
    [ "$few" -gt 0 ] && [ "$many" -lt $((few + few / 20)) ]
    local count=100000
    [ -z "${AUDIT_LONG-}" ] || count=10000000
    many=$(peak "$count" 100000)
    echo "100,000 members: $count events $many bytes"
    [ "$many" -lt 100000000 ]
    grep -q 'Members <strong>100,000<' page.html
}

@test "of too many members the same ones are dropped in each run" {
    # Tables have more keys than they keep, and each run has another secret for its hash.
    local count=250000
    [ -z "${AUDIT_SANITIZED-}" ] || count=201000
    members_do "$count" "$count" >in
    members_do 1000 7 >>in
    audit-report --json in >first
    audit-report --json in | cmp - first
    [ -n "${AUDIT_SANITIZED-}" ] || audit-report --text in | cmp - <(audit-report --text in)
    [ "$(jq -r '.members.leading[0].key' first)" = member0@example.com ]
    [ "$(jq '.members.error' first)" -ge 1 ]
}

@test "mistakes are named" {
    run_tool audit-report --json --text /dev/null
    assert_status 2
    assert_stderr_has 'audit-report: --json and --text exclude each other'
    run_tool audit-report --timezone=Nowhere/City /dev/null
    assert_stderr_has 'audit-report: --timezone=Nowhere/City: not UTC, or a zone that this system knows, like Europe/Berlin'
    run_tool bash -c 'audit-report </dev/null >/dev/full'
    assert_status 2
    assert_stderr_has 'No space left on device'
}
