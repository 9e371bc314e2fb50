#!/usr/bin/env bats
# audit-select: who did what, when

load common

# activity TIME EVENT USER-ID TYPE ID [MORE-MEMBERS]: an event of an invented company.
activity() {
    printf '{"event":"%s","user":{"id":%s,"name":"Ana %s","email":"ana%s@example.com"},' \
        "$2" "$3" "$3" "$3"
    printf '"team":{"id":7001,"name":"Kestrel"},"resource":{"type":"%s","id":%s,"name":"Thing %s"}' \
        "$4" "$5" "$5"
    printf ',"timestamp":"%s"%s}\n' "$1" "${6-}"
}

# job TIME STATUS CUSTOMER RECIPE ID
job() {
    printf '{"id":"%s","status":"%s","started_at":"2024-01-01T00:00:00Z","completed_at":"%s",' \
        "$5" "$2" "$1"
    printf '"recipe_id":%s,"context":{"user_id":%s,"user_name":"Bo %s","user_email":"bo%s@example.com",' \
        "$4" "$3" "$3" "$3"
    printf '"recipe_name":"Recipe %s","user_external_id":"ext-%s"}}\n' "$4" "$3"
}

deployment() { # TIME
    printf '{"resource_type":"Deployment","timestamp":"%s","team_id_d":7001,"resource_id_d":55,' "$1"
    printf '"resource_project_name":"HR","user_name":"Ana 1"}\n'
}

# A file of six events, the same in most tests.
events() {
    {
        activity '2024-05-01 00:00:00 UTC' recipe_started 1 Flow 33
        activity '2024-05-02 10:00:00 -0800' recipe_stopped 2 Flow 33
        activity '2024-05-03 00:00:00 UTC' connection_created 1 SharedAccount 44
        deployment '2024-05-04 00:00:00 UTC'
        job 2024-05-05T00:00:00+02:00 succeeded 9001 33 j-1
        job 2024-05-06T00:00:00Z 失敗 9002 34 j-2
    } >in
}

# assert_lines NUMBER...: the output is these lines of the file `in`.
assert_lines() {
    local number expected=()
    for number; do expected+=("$(sed -n "${number}p" in)"); done
    assert_status 0
    assert_output "$(IFS=$'\n' && echo "${expected[*]-}")"
    assert_stderr ""
}

@test "without criteria every event leaves as it came, bare or addressed" {
    events
    printf '{ "path":"a/b.json" , "event" : %s }\n' "$(job 2024-05-06T00:00:00Z failed 1 2 j-9)" >>in
    audit-select in >out
    cmp in out
    audit-select "$DATA/bare.ndjson" >out
    cmp "$DATA/bare.ndjson" out
}

@test "an addressed event is selected by its event, and keeps its path" {
    printf '{"path":"a.json","event":%s}\n{"path":"b.json","event":%s}\n' \
        "$(activity '2024-05-01 00:00:00 UTC' user_login 1 User 1)" \
        "$(activity '2024-05-01 00:00:00 UTC' user_logout 1 User 1)" >in
    run_tool audit-select --event=user_login in
    assert_lines 1
}

@test "--since is inclusive, --until is not, a date is its first moment in UTC" {
    events
    run_tool audit-select --since=2024-05-03 in
    assert_lines 3 4 5 6
    run_tool audit-select --until=2024-05-03 in
    assert_lines 1 2
    run_tool audit-select --since=2024-05-02T18:00:00Z --until=2024-05-04T01:00:00+01:00 in
    assert_lines 2 3
    run_tool audit-select --since=2024-05-02T18:00:00.000000001Z --until=2024-05-04T00:00:00Z in
    assert_lines 3
}

@test "a job's time is completed_at, in any zone, else started_at" {
    printf '%s\n' '{"id":1,"status":"pending","started_at":"2024-05-01T00:00:00Z","completed_at":null}' \
        '{"id":2,"status":"succeeded","started_at":"2024-05-01T00:00:00Z","completed_at":"2024-05-02T01:00:00+02:00"}' >in
    run_tool audit-select --since=2024-05-01T00:00:00Z --until=2024-05-01T00:00:01Z in
    assert_lines 1
    run_tool audit-select --since=2024-05-01T23:00:00Z --until=2024-05-01T23:00:01Z in
    assert_lines 2
}

@test "--since takes a duration ago" {
    { activity "$(date -u -d '-6 days' +'%F %T UTC')" user_login_failed 1 User 1
        activity "$(date -u -d '-8 days' +'%F %T UTC')" user_login_failed 2 User 2; } >in
    run_tool audit-select --since=7d in
    assert_lines 1
    run_tool audit-select --until=7d in
    assert_lines 2
}

@test "--user is an id, an email or a name, upper and lower case alike, of every kind of event" {
    events
    run_tool audit-select --user=1 in
    assert_lines 1 3
    run_tool audit-select --user=ANA2@Example.COM in
    assert_lines 2
    run_tool audit-select --user='ana 1' in
    assert_lines 1 3 4
    run_tool audit-select --user=9001 in
    assert_lines 5
    run_tool audit-select --user=bo9002@example.com --user='Bo 9001' in
    assert_lines 5 6
    run_tool audit-select --user=na in
    assert_lines
    run_tool audit-select --user=ext-5 <<<'{"event":"e","timestamp":"t","user":{"id":5,"external_id":"ext-5"}}'
    assert_output '{"event":"e","timestamp":"t","user":{"id":5,"external_id":"ext-5"}}'
}

@test "ids compare as texts, whether they stand there as numbers or as strings" {
    printf '%s\n' '{"event":"e","timestamp":"t","user":{"id":"61"}}' \
        '{"event":"e","timestamp":"t","user":{"id":61}}' \
        '{"event":"e","timestamp":"t","user":{"id":"Ab"}}' \
        '{"event":"e","timestamp":"t","user":{"id":[61]}}' \
        '{"event":"e","timestamp":"t","user":61}' >in
    run_tool audit-select --user=61 in
    assert_lines 1 2
    run_tool audit-select --user=ab in
    assert_lines
}

@test "escapes are decoded before strings are compared" {
    printf '%s\n' '{"event":"user\u005flogin","timestamp":"t","user":{"name":"\u4f50\u85e4 \"Y\""}}' \
        '{"event":"user_login\u0000x","timestamp":"t","user":{"name":"\ud800"}}' \
        '{"id":1,"status":"\u5931\u6557","started_at":"s"}' >in
    run_tool audit-select --event=user_login in
    assert_lines 1
    run_tool audit-select --event='user_login*' in
    assert_lines 1
    run_tool audit-select --user='佐藤 "y"' in
    assert_lines 1
    run_tool audit-select --status=failed in
    assert_lines 3
    run_tool audit-select --count-by=user in
    assert_output '{"user":"\\ud800","count":1}
{"user":"佐藤 \"Y\"","count":1}
{"user":null,"count":1}'
}

@test "--asset takes the console's names for types and the records', with an id or a name" {
    events
    run_tool audit-select --asset=connection in
    assert_lines 3
    run_tool audit-select --asset=SharedAccount:44 in
    assert_lines 3
    run_tool audit-select --asset='Connections:thing 44' in
    assert_lines 3
    run_tool audit-select --asset=connection:45 in
    assert_lines
    run_tool audit-select --asset=deployment:55 --asset=deployment:hr in
    assert_lines 4
    run_tool audit-select --asset=project in
    assert_lines
}

@test "a job is an event of its recipe" {
    events
    run_tool audit-select --asset=recipe in
    assert_lines 1 2 5 6
    run_tool audit-select --asset=recipe:33 in
    assert_lines 1 2 5
    run_tool audit-select --asset='Flow:Recipe 34' in
    assert_lines 6
    run_tool audit-select --asset=recipe:12 <<<'{"id":1,"status":"s","started_at":"t","flow_id":12}'
    assert_output '{"id":1,"status":"s","started_at":"t","flow_id":12}'
}

@test "types of assets that the console names: several types of one name, several names of one type" {
    local type
    for type in AccountProperty ProjectProperty ExportManifest Adapter LookupTable Topic Odd Tags::Tag; do
        activity '2024-05-01 00:00:00 UTC' some_event 1 "$type" 1
    done >in
    run_tool audit-select --asset=property in
    assert_lines 1 2
    run_tool audit-select --asset=ProjectProperty in
    assert_lines 2
    run_tool audit-select --asset=manifest --asset='custom connector' in
    assert_lines 3 4
    run_tool audit-select --asset=Lookup-Tables --asset=pub/sub_topic in
    assert_lines 5 6
    run_tool audit-select --asset=Odd:1 --asset=Tags::Tag:1 in
    assert_lines 7 8
}

@test "a package's name is its file's" {
    run_tool audit-select -c --asset='package:経理テンプレート.zip' "$DATA/bare.ndjson"
    assert_output 1
}

@test "--event is a glob on the activity's name; a deployment has its type's, a job none" {
    events
    run_tool audit-select --event='recipe_*' in
    assert_lines 1 2
    run_tool audit-select --event='*_st[ao]*ed' --event=deploy?ent in
    assert_lines 1 2 4
    run_tool audit-select --event='*' in
    assert_lines 1 2 3 4
    run_tool audit-select --event='Recipe_*' in
    assert_status 0
    assert_output ""
}

@test "an event's name that nothing matched and the catalogue lacks is a warning with the nearest" {
    events
    activity '2024-05-07 00:00:00 UTC' made_up_here 1 Flow 33 >>in
    local why='no event matched, and the catalogue has no such activity'
    run_tool audit-select -c --event=recipe_stoped --event='recipe_st*' --event=made_up_here in
    assert_status 0
    assert_output 3
    assert_stderr "audit-select: --event=recipe_stoped: $why; did you mean 'recipe_stopped', 'recipe_copied' or 'recipe_moved'?"
    run_tool audit-select --event='zebra_*' --event=user_login_failed in
    assert_status 0
    assert_output ""
    assert_stderr "audit-select: --event=zebra_*: $why"
    # All patterns are checked, although the first matches already.
    run_tool audit-select -c --event='made_*' --event=made_up_here in
    assert_output 1
    assert_stderr ""
}

@test "statuses are a closed list" {
    run_tool audit-select --status=succeded </dev/null
    assert_status 2
    [ "${stderr_lines[0]}" = "audit-select: --status=succeded: not one of succeeded, failed, pending; did you mean 'succeeded'?" ]
    local status
    for status in succeeded failed pending 成功 失敗; do
        run_tool audit-select --status="$status" </dev/null
        assert_status 0
    done
}

@test "--category goes by the event's name, and by the resource's type for a name that is new" {
    { activity '2024-05-01 00:00:00 UTC' recipe_stopped 1 Odd 1
        activity '2024-05-01 00:00:00 UTC' never_seen_before 1 Flow 1
        activity '2024-05-01 00:00:00 UTC' access_profile_created 1 ApiAccessProfile 1
        activity '2024-05-01 00:00:00 UTC' connector_shared 1 Adapter 1
        activity '2024-05-01 00:00:00 UTC' never_seen_before 1 NorThis 1
        job 2024-05-05T00:00:00Z succeeded 9001 33 j-1
        deployment '2024-05-04 00:00:00 UTC'; } >in
    run_tool audit-select --category=recipe in
    assert_lines 1 2
    run_tool audit-select --category='API access profile' in
    assert_lines 3
    run_tool audit-select --category=api-access-profiles --category=connector_sdk in
    assert_lines 3 4
    run_tool audit-select --category=Deployment in
    assert_lines 7
}

@test "--customer is the workspace's id or external id" {
    events
    run_tool audit-select --customer=7001 in
    assert_lines 1 2 3 4
    run_tool audit-select --customer=9001 --customer=ext-9002 in
    assert_lines 5 6
    printf '%s\n' '{"id":1,"status":"s","started_at":"t","account_id":42}' \
        '{"id":1,"status":"s","started_at":"t","account_id":42,"context":{"user_id":43}}' \
        '{"event":"e","timestamp":"t","team":{"id":1,"external_id":"42"}}' \
        '{"resource_type":"Deployment","timestamp":"t","team_id":42}' >in
    run_tool audit-select --customer=42 in
    assert_lines 1 3 4
}

@test "--status understands localised statuses on both sides; activities have none" {
    events
    run_tool audit-select --status=failed in
    assert_lines 6
    run_tool audit-select --status=成功 in
    assert_lines 5
    run_tool audit-select --status=pending --status=succeeded in
    assert_lines 5
}

@test "--kind tells jobs from activities, deployments among them" {
    events
    run_tool audit-select --kind=job in
    assert_lines 5 6
    run_tool audit-select --kind=activity in
    assert_lines 1 2 3 4
    run_tool audit-select --kind=activity --kind=job in
    assert_lines 1 2 3 4 5 6
}

@test "criteria of different kinds must all hold; -v inverts the whole, -c counts" {
    events
    run_tool audit-select --user=1 --user=2 --asset=recipe --until=2024-05-02 in
    assert_lines 1
    run_tool audit-select -v --user=1 --asset=recipe in
    assert_lines 2 3 4 5 6
    run_tool audit-select -c -v --user=1 --asset=recipe in
    assert_output 5
    run_tool audit-select --count --invert-match in
    assert_output 0
    assert_status 0
}

@test "--count-by counts what is selected, the highest first, then by key, what has none last" {
    events
    run_tool audit-select --count-by=event in
    assert_status 0
    assert_output '{"event":null,"count":2}
{"event":"connection_created","count":1}
{"event":"deployment","count":1}
{"event":"recipe_started","count":1}
{"event":"recipe_stopped","count":1}'
    run_tool audit-select --count-by=user --kind=activity in
    assert_output '{"user":"ana1@example.com","count":2}
{"user":"Ana 1","count":1}
{"user":"ana2@example.com","count":1}'
    run_tool audit-select --count-by=asset in
    assert_output '{"asset":"Flow:33","count":3}
{"asset":"Deployment:55","count":1}
{"asset":"Flow:34","count":1}
{"asset":"SharedAccount:44","count":1}'
    run_tool audit-select --count-by=customer in
    assert_output '{"customer":"7001","count":4}
{"customer":"9001","count":1}
{"customer":"9002","count":1}'
    run_tool audit-select --count-by=day --kind=job in
    assert_output '{"day":"2024-05-04","count":1}
{"day":"2024-05-06","count":1}'
    run_tool audit-select --count-by=status in
    assert_output '{"status":null,"count":4}
{"status":"failed","count":1}
{"status":"succeeded","count":1}'
    run_tool audit-select --count-by=event --user=nobody in
    assert_output ''
    run_tool audit-select --count-by=recipe in
    assert_output '{"recipe":"33","count":3}
{"recipe":null,"count":2}
{"recipe":"34","count":1}'
}

@test "--count-by counts several together" {
    events
    run_tool audit-select --count-by=month,kind in
    assert_status 2
    assert_stderr_has '--count-by=month,kind: not one of event, user, asset, recipe, customer, month, day, status'
    run_tool audit-select --count-by=month,recipe,status in
    assert_status 0
    assert_output '{"month":"2024-05","recipe":"33","status":null,"count":2}
{"month":"2024-05","recipe":null,"status":null,"count":2}
{"month":"2024-05","recipe":"33","status":"succeeded","count":1}
{"month":"2024-05","recipe":"34","status":"failed","count":1}'
    run_tool audit-select --table --count-by=day,event --kind=activity in
    assert_output 'count  day         event
    1  2024-05-01  recipe_started
    1  2024-05-02  recipe_stopped
    1  2024-05-03  connection_created
    1  2024-05-04  deployment'
    for option in day,day event,user,asset,customer,day ',' 'day,'; do
        run_tool audit-select --count-by=$option in
        assert_status 2
    done
}

@test "--timezone moves days, months and the times of tables" {
    events
    run_tool audit-select --timezone=Asia/Tokyo --count-by=day --event=recipe_stopped in
    assert_output '{"day":"2024-05-03","count":1}'
    run_tool audit-select --timezone=record --count-by=day --event=recipe_stopped in
    assert_output '{"day":"2024-05-02","count":1}'
    run_tool audit-select --timezone=America/Los_Angeles --count-by=month --event=recipe_started in
    assert_output '{"month":"2024-04","count":1}'
    run_tool audit-select --timezone=Mars/Olympus in
    assert_status 2
    assert_stderr_has '--timezone=Mars/Olympus: not record, UTC, or a zone that this system knows'
    activity '9999-12-31 23:00:00 UTC' recipe_started 1 Flow 33 >in
    run_tool audit-select --timezone=Asia/Tokyo --count-by=day in
    assert_status 1
    assert_output ""
    assert_stderr 'audit-select: in:1: in this time zone the year of the event'\''s time is not one of 0001 to 9999'
}

@test "--table says when, who, what and which asset, in aligned columns" {
    events
    run_tool audit-select --table in
    assert_status 0
    python3 - <<'EOF' "$output"
import sys
lines = sys.argv[1].split("\n")
assert len(lines) == 7, lines
columns = [lines[0].index(name) for name in ("time", "who", "what", "asset")]
rows = [[line[a:b].rstrip() for a, b in zip(columns, columns[1:] + [None])] for line in lines]
assert rows[1] == ["2024-05-01T00:00:00Z", "ana1@example.com", "recipe_started", "Flow:33 (Thing 33)"], rows
assert rows[4] == ["2024-05-04T00:00:00Z", "Ana 1", "deployment", "Deployment:55 (HR)"], rows
assert rows[6] == ["2024-05-06T00:00:00Z", "bo9002@example.com", "job failed", "Flow:34 (Recipe 34)"], rows
EOF
    run_tool audit-select --table --timezone=record --event=recipe_stopped --asset=recipe:33 in
    assert_output 'time                       who               what            asset
2024-05-02T10:00:00-08:00  ana2@example.com  recipe_stopped  Flow:33 (Thing 33)'
    run_tool audit-select --table --user=nobody in
    assert_output 'time  who  what  asset'
    run_tool audit-select --table --count in
    assert_status 2
    assert_stderr_has '--count and --table exclude each other'
}

@test "on a terminal counts are a table, aligned though names are Japanese, and without commands to it" {
    printf '%s\n' '{"event":"e","timestamp":"t","user":{"name":"佐藤 由紀"}}' \
        '{"event":"e","timestamp":"t","user":{"name":"佐藤 由紀"}}' \
        '{"event":"e","timestamp":"t","user":{"name":"a\u001b]0;x\u0007\u009bb"}}' \
        '{"event":"e","timestamp":"t","team":{}}' >in
    run -- script -qec 'audit-select --count-by=user in' /dev/null
    [ "$output" = $'count  user\r\n    2  佐藤 由紀\r\n    1  a?]0;x??b\r\n    1  -\r' ]
}

@test "--list-activities prints every activity of the documentation in its category" {
    audit-select --list-activities >out
    python3 - out <<'EOF'
import collections, json, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
members = ["category", "activity", "event", "seen", "resource_type", "description"]
assert all(list(row) == members and row["activity"] and row["description"] for row in rows)
assert all((row["event"] is None) == (row["seen"] is None) for row in rows)
counts = collections.Counter(row["category"] for row in rows)
assert counts == {
    "Account": 20, "Team": 9, "Recipe": 9, "Connection": 5, "Folder": 4, "Package": 5,
    "Connector SDK": 4, "Common Data Model": 3, "Lookup Table": 3, "Message Template": 3,
    "Properties": 3, "Pub/Sub Topic": 2, "API Collection": 3, "API Endpoint": 5,
    "API Customer": 3, "API Access Profile": 4, "API Policy": 3, "Deployment": 1}, counts
# One name, one category: else --category would have to choose.
for member in "event", "resource_type":
    of = collections.defaultdict(set)
    for row in rows:
        of[row[member]].add(row["category"])
    assert all(len(c) == 1 for name, c in of.items() if name), of
assert len({(row["category"], row["activity"]) for row in rows}) == len(rows)
EOF
}

@test "--list-activities of one category, as a table on a terminal" {
    run_tool audit-select --list-activities=folder
    assert_status 0
    assert_output '{"category":"Folder","activity":"Folder created","event":"folder_created","seen":true,"resource_type":"Folder","description":"A folder was made."}
{"category":"Folder","activity":"Folder deleted","event":"folder_deleted","seen":true,"resource_type":"Folder","description":"A folder was deleted."}
{"category":"Folder","activity":"Folder renamed","event":"folder_renamed","seen":false,"resource_type":"Folder","description":"A folder got another name."}
{"category":"Folder","activity":"Folder moved","event":"folder_moved","seen":false,"resource_type":"Folder","description":"A folder went to another place."}'
    run -- script -qec 'audit-select --list-activities=Pub/Sub-topic' /dev/null
    [ "$output" = $'category       activity               event  resource type  description\r
Pub/Sub Topic  Pub/Sub topic created  -      Topic          A topic for messages between recipes was made.\r
Pub/Sub Topic  Pub/Sub topic updated  -      Topic          A topic for messages between recipes was changed.\r' ]
    run -- script -qec 'audit-select --list-activities=account' /dev/null
    [[ $output == *' user_login_failed?  User '* ]]
    [[ $output == *' user_logout         User '* ]]
}

@test "every event name of the test data is in the catalogue" {
    audit-select --count-by=event --kind=activity "$DATA/bare.ndjson" | cut -d'"' -f4 | sort >met
    audit-select --list-activities | grep '"seen":true' | sed 's/.*"event":"\([^"]*\).*/\1/' | sort >known
    [ "$(wc -l <met)" -gt 10 ]
    run comm -23 met known
    [ -z "$output" ]
}

@test "the completions know every event of the catalogue, and every value" {
    local file name
    audit-select --list-activities | python3 -c 'import json, sys
print(*sorted({e for e in (json.loads(line)["event"] for line in sys.stdin) if e}), sep="\n")' >events
    [ "$(wc -l <events)" -gt 50 ]
    for file in audit-select.bash _audit-select audit-select.fish; do
        while read -r name; do
            grep -qw -- "$name" "$AUDIT_SOURCE/completions/$file" || { echo "$file lacks $name"; return 1; }
        done <events
        for name in month recipe pending; do
            grep -qw -- "$name" "$AUDIT_SOURCE/completions/$file" || { echo "$file lacks $name"; return 1; }
        done
    done
}

@test "the completions know every category" {
    local name file
    audit-select --list-activities | cut -d'"' -f4 | uniq | tr 'A-Z /' 'a-z--' >names
    [ "$(wc -l <names)" -eq 18 ]
    while read -r name; do
        for file in audit-select.bash _audit-select audit-select.fish; do
            grep -qwF -e "$name" "$AUDIT_SOURCE/completions/$file" || show "$file lacks $name"
            grep -qwF -e "$name" "$AUDIT_SOURCE/completions/$file"
        done
        audit-select -c --category="$name" </dev/null >/dev/null
    done <names
}

@test "a member that appears twice with different values is a reject, if it is read" {
    echo '{"event":"a","timestamp":"2024-05-01 00:00:00 UTC","user":{"id":1,"id":2},"event":"a","team":{"id":1}}' >in
    run_tool audit-select --event=a --customer=1 in
    assert_lines 1
    run_tool audit-select --user=1 in
    assert_status 1
    assert_output ""
    assert_stderr "audit-select: in:1: user.id appears twice, with different values"
    run_tool audit-select -v --user=1 in
    assert_status 1
    assert_output ""
    run_tool audit-select --count-by=user in
    assert_status 1
    assert_output ""
    run_tool audit-select --event=user_login --user=1 in
    assert_lines
    run_tool audit-select --user=1 <<<'{"event":"a","timestamp":"t","user":{"id":1},"user":{"id":2}}'
    assert_status 1
}

@test "an event whose time is missing or none is a reject, if it is asked for" {
    printf '%s\n' '{"event":"a","timestamp":"yesterday","user":{}}' \
        '{"event":"a","timestamp":null,"user":{}}' \
        '{"event":"a","timestamp":"2024-05-01 00:00:00 UTC","user":{}}' >in
    run_tool audit-select --until=2024-06-01 in
    assert_status 1
    assert_output "$(sed -n 3p in)"
    assert_stderr 'audit-select: in:1: timestamp is not a time: "yesterday"
audit-select: in:2: timestamp is missing'
    run_tool audit-select --count-by=day in
    assert_status 1
    assert_output '{"day":"2024-05-01","count":1}'
    run_tool audit-select -c in
    assert_status 0
    assert_output 3
}

@test "a record that is no event is rejected, and audit-format is named" {
    { echo '{"content":{"attributes":{"event":"a","timestamp":"t","user":{}}}}'
        echo '["event"]'
        echo '{"event":'
        activity '2024-05-01 00:00:00 UTC' user_login 1 User 1; } >in
    run_tool audit-select --rejects=bad in
    assert_status 1
    assert_output "$(tail -n 1 in)"
    assert_stderr_has 'audit-select: in:1: this is not an audit event; audit-format takes events out of their wrapper, and audit-template comes last, before the sink'
    assert_stderr_has 'audit-select: in:2: '
    assert_stderr_has 'audit-select: in:3: byte '
    cmp bad <(head -n 3 in)
    run_tool audit-select -v --fail-fast in
    assert_status 1
    assert_output ""
}

@test "wrapped events can be selected once audit-format has unwrapped them" {
    run bash -c "audit-format '$DATA/events.ndjson' | audit-select -c --asset=recipe:40712"
    [ "$status" -eq 0 ]
    [ "$output" -eq 4 ]
}

@test "what the options do not know is a usage error that says what they do" {
    local option
    run_tool audit-select --category=recipies
    assert_status 2
    assert_stderr_has 'audit-select: --category=recipies: not a category; categories are Account, Team, Recipe,'
    assert_stderr_has ', API Policy, Deployment'
    assert_stderr_has "Try 'audit-select --help' for more information."
    run_tool audit-select --list-activities=x
    assert_status 2
    assert_stderr_has 'not a category; categories are Account,'
    run_tool audit-select --asset=recpie:3
    assert_status 2
    assert_stderr_has 'not a type of asset; types are recipe, connection, folder,'
    assert_stderr_has 'deployment, or as records have them, like Flow'
    run_tool audit-select --since=2024-06-01 --until=2024-06-01
    assert_status 2
    assert_stderr_has 'no time is left between --since and --until'
    for option in --asset=recipe: --asset=:3 --asset= --since=x --until= --kind=jobs --count-by=color \
        --category= '-c --count-by=user' --count=3 --user; do
        # shellcheck disable=SC2086 # two options in one word
        run_tool audit-select $option </dev/null
        assert_status 2
        assert_output ""
        assert_stderr_has "Try 'audit-select --help' for more information."
    done
}

@test "counts that cannot be written are no success" {
    events
    local option
    for option in -c --count-by=user --list-activities; do
        run bash -c "audit-select $option in >/dev/full"
        [ "$status" -eq 2 ]
        [[ $output == *'standard output: No space left on device'* ]]
    done
}

@test "who stopped a recipe?" {
    run_tool audit-select --event=recipe_stopped --asset=recipe:4410301 --count-by=user "$DATA/bare.ndjson"
    assert_output '{"user":"mara.quist@example.com","count":1}'
}

@test "has a login failed in the last 7 days, and how often?" {
    local now week
    now=$(date -u +'%F %T UTC') week=$(date -u -d '-10 days' +'%F %T UTC')
    { activity "$now" user_login_failed 1 User 1
        activity "$now" user_login_failed 2 User 2
        activity "$now" user_login 2 User 2
        activity "$now" user_login_failed 2 User 2
        activity "$week" user_login_failed 1 User 1; } >in
    run_tool audit-select --event=user_login_failed --since=7d --count-by=user in
    assert_output '{"user":"ana2@example.com","count":2}
{"user":"ana1@example.com","count":1}'
}

@test "what did one member touch between two dates?" {
    run_tool audit-select --user=dele.okafor@example.com --kind=activity --since=2023-05-01 \
        --until=2023-05-09 --count-by=asset "$DATA/bare.ndjson"
    assert_output '{"asset":"Flow:4410301","count":2}
{"asset":"User:61377","count":2}
{"asset":"Flow:4410302","count":1}'
}

@test "which jobs of a customer failed?" {
    run_tool audit-select --customer=61204 --status=failed "$DATA/bare.ndjson"
    assert_status 0
    assert_output "$(sed -n 2p "$DATA/bare.ndjson")"
}
