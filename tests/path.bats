#!/usr/bin/env bats
# audit-path: the path of an event's file

load common

job() { # MEMBER... : a job event with further or other members first
    printf '{%s"id":"j-1","status":"succeeded","recipe_id":2,"context":{"user_id":3},"completed_at":"2024-03-12T00:02:32Z"}' "$1"
}
activity='{"event":"recipe_stopped","timestamp":"2024-03-12 00:06:33 UTC","team":{"id":55}}'

@test "the documentation's own paths: legacy with 21 digits, current with the date in the name" {
    run_tool audit-path --print --layout=legacy <<<'{"id":100,"recipe_id":234,"status":"succeeded","completed_at":"2018-05-21T00:00:00Z","context":{"user_id":5234}}'
    assert_output '5234/jobs/234/20180521/000/000/000/000/000/000/100/5234-234-100-20180521000000-succeeded.json'
    run_tool audit-path --print --name-date <<<'{"id":"j-KGAKfhsz-GYoLeD","recipe_id":"456","status":"succeeded","completed_at":"2022-06-14T23:59:59Z","context":{"user_id":"1234"}}'
    assert_output '1234/jobs/456/20220614/j-KGAKfhsz-GYoLeD/1234-456-j-KGAKfhsz-GYoLeD-20220614-succeeded.json'
}

@test "every sample event gets the path that a second implementation gives it" {
    audit-format "$DATA/events.ndjson" >events
    local options
    for options in --layout=current --layout=hive '--layout=current --name-date'; do
        # shellcheck disable=SC2086 # the options are words
        audit-path --user-id=7 $options events >ours
        # shellcheck disable=SC2086
        python3 "$AUDIT_TESTS/oracle.py" path --user-id=7 $options <events >theirs
        cmp ours theirs || { echo "with $options"; return 1; }
    done
}

@test "the event's bytes stay, between exactly two members" {
    local event='{"id":"j-1",  "x":[1.0,"\u0041"],"status":"failed","recipe_id":2,"context":{"user_id":3},"started_at":"2024-03-12T00:02:32Z"}'
    run_tool audit-path <<<"$event"
    assert_output '{"path":"3/jobs/2/20240312/j-1/3-2-j-1-20240312000232-failed.json","event":'"$event}"
}

@test "an addressed event is addressed anew" {
    run_tool audit-path <<<"{\"path\":\"old\",\"event\":$activity}"
    assert_output "$(audit-path <<<"$activity")"
    run_tool audit-path <<<"{\"path\":\"old\",\"event\":$activity,\"more\":1}"
    assert_status 1
    assert_stderr_has 'no further member may follow here'
}

@test "an activity's path ends with the first 16 hex digits of its SHA-256" {
    local digest
    digest=$(printf %s "$activity" | sha256sum | cut -c1-16)
    run_tool audit-path --print <<<"$activity"
    assert_output "55/activity/20240312/55-recipe_stopped-20240312000633-$digest.json"
}

@test "times: completed_at, else started_at; UTC, the record's zone, or a named one" {
    local event='{"id":"j","status":"failed","recipe_id":2,"account_id":3,"completed_at":null,"started_at":"2022-12-31T22:30:46.999-07:00"}'
    run_tool audit-path --print <<<"$event"
    assert_output '3/jobs/2/20230101/j/3-2-j-20230101053046-failed.json'
    run_tool audit-path --print --timezone=record <<<"$event"
    assert_output '3/jobs/2/20221231/j/3-2-j-20221231223046-failed.json'
    run_tool audit-path --print --timezone=Asia/Tokyo <<<"$event"
    assert_output '3/jobs/2/20230101/j/3-2-j-20230101143046-failed.json'
    run_tool audit-path --timezone=Mars/Olympus <<<"$event"
    assert_status 2
    assert_stderr_has '--timezone=Mars/Olympus: not record, UTC, or a zone that this system knows'
}

@test "a year that a zone makes 0000 or 10000 is a reject" {
    local when
    for when in Asia/Tokyo=9999-12-31T23:30:00Z America/New_York=0001-01-01T01:00:00Z; do
        run_tool audit-path --timezone="${when%=*}" --print \
            <<<"{\"event\":\"e\",\"user\":1,\"team\":{\"id\":1},\"timestamp\":\"${when#*=}\"}"
        assert_status 1
        assert_output ""
        assert_stderr "audit-path: stdin:1: in this time zone the year of the event's time is not one of 0001 to 9999"
    done
}

@test "a summer and a winter hour of one zone differ" {
    local hour
    for hour in 2024-07-01T22:30:00Z=20240702003000 2024-01-01T23:30:00Z=20240102003000; do
        run_tool audit-path --timezone=Europe/Berlin --layout='{datetime}' --print \
            <<<"{\"event\":\"e\",\"user\":1,\"team\":{\"id\":1},\"timestamp\":\"${hour%=*}\"}"
        assert_output "${hour#*=}"
    done
}

@test "a pattern may use every placeholder" {
    run_tool audit-path --print --layout='{kind}/{user_id}.{recipe_id}/{job_id}-{formatted_job_id}/{date} {datetime}/{year}/{month}/{day}/{hour}/{status}_{event}+{digest}' \
        <<<'{"id":7,"status":"succeeded","recipe_id":2,"context":{"user_id":3},"completed_at":"2024-03-12T13:02:32Z"}'
    assert_output "job/3.2/7-000/000/000/000/000/000/007/20240312 20240312130232/2024/03/12/13/succeeded_job+$(printf %s '{"id":7,"status":"succeeded","recipe_id":2,"context":{"user_id":3},"completed_at":"2024-03-12T13:02:32Z"}' | sha256sum | cut -c1-16)"
}

@test "odd characters in a pattern are JSON in the path member" {
    run_tool audit-path --layout='a"b\ü {user_id}' <<<"$activity"
    assert_status 0
    [ "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["path"])' <<<"$output")" = 'a"b\ü 55' ]
}

@test "patterns that leave the directory or say nothing are usage errors" {
    local pattern
    for pattern in '../{user_id}' '/{user_id}' '{user_id}//x' '{user_id}/' './{user_id}' '{user}' '{user_id' 'x}{date}' plain $'{date}\n' $'{date}\xff'; do
        run_tool audit-path --layout="$pattern" <<<"$activity"
        [ "$status" -eq 2 ] || { show "pattern $pattern"; return 1; }
        [ "${stderr_lines[1]}" = "Try 'audit-path --help' for more information." ]
    done
}

@test "hostile ids never become a path" {
    local id
    for id in '"../../etc/passwd"' '"a/b"' '"a\/b"' '".."' '"."' '".hidden"' '"-rf"' '""' '" "' '"a b"' \
        '"a\u0000b"' '"a\nb"' '"\u002e\u002e"' '"é"' '-5' 'true' '{}' '[]' "\"$(printf '%02000d' 0)\"" '"\ud800"'; do
        run_tool audit-path --print --rejects=rejects <<<"{\"id\":\"j\",\"status\":\"x\",\"recipe_id\":$id,\"account_id\":3,\"started_at\":\"2024-03-12T00:02:32Z\"}"
        [ "$status" -eq 1 ] && [ -z "$output" ] || { show "id $id"; return 1; }
    done
    [ "$(wc -l <rejects)" -eq 20 ]
    run_tool audit-path --print <<<'{"id":"j","status":"x","recipe_id":"../\u001b[31m","account_id":3,"started_at":"2024-03-12T00:02:32Z"}'
    assert_stderr "audit-path: stdin:1: recipe_id cannot be part of a path: \"../\\u001b[31m\" (letters, digits, '.', '_' and '-' can, a letter or digit first)"
}

@test "an id that appears twice with two values is a reject, however it is written" {
    run_tool audit-path --print <<<"$(job '"recipe_id":9,')"
    assert_status 1
    assert_stderr 'audit-path: stdin:1: recipe_id appears twice, with different values'
    run_tool audit-path --print <<<"$(job '"recipe_\u0069d":9,')"
    assert_status 1
    run_tool audit-path --print <<<"$(job '"context":{"user_id":9},')"
    assert_status 1
    assert_stderr_has 'appears twice, with different values'
    run_tool audit-path --print <<<"$(job '"completed_at":"2020-01-01T00:00:00Z",')"
    assert_status 1
    run_tool audit-path --print <<<"$(job '"recipe_id":2,"other":1,"other":2,')"
    assert_status 0
}

@test "missing members are named" {
    run_tool audit-path <<<'{"id":"j","status":"x","account_id":3,"started_at":"2024-03-12T00:02:32Z"}
{"id":"j","status":"x","recipe_id":3,"started_at":"2024-03-12T00:02:32Z"}
{"id":"j","status":"x","recipe_id":3,"account_id":3,"started_at":null}
{"id":"j","status":"x","recipe_id":3,"account_id":3,"started_at":"yesterday"}
{"any":"thing"}
[1]'
    assert_status 1
    assert_stderr 'audit-path: stdin:1: recipe_id is missing
audit-path: stdin:2: context.user_id is missing (--user-id=ID gives one)
audit-path: stdin:3: started_at is missing
audit-path: stdin:4: started_at is not a time: "yesterday"
audit-path: stdin:5: this is not an audit event; audit-format takes events out of their wrapper, and audit-template comes last, before the sink
audit-path: stdin:6: byte 1: an object is expected here'
}

@test "--user-id is used only if the record has none" {
    run_tool audit-path --print --user-id=9 <<<'{"id":"j","status":"x","recipe_id":3,"started_at":"2024-03-12T00:02:32Z"}
{"id":"j","status":"x","recipe_id":3,"account_id":4,"started_at":"2024-03-12T00:02:32Z"}'
    assert_output '9/jobs/3/20240312/j/9-3-j-20240312000232-x.json
4/jobs/3/20240312/j/4-3-j-20240312000232-x.json'
    run_tool audit-path --user-id=../x
    assert_status 2
}

@test "the legacy layout asks for a numeric job id of at most 21 digits" {
    run_tool audit-path --print --layout=legacy <<<"$(job '')"
    assert_status 1
    assert_stderr_has 'id j-1 is not a number of at most 21 digits'
    run_tool audit-path --print --layout=legacy <<<'{"id":123456789012345678901,"status":"x","recipe_id":3,"account_id":4,"started_at":"2024-03-12T00:02:32Z"}'
    assert_status 0
}

@test "a path longer than 1,024 bytes is a reject" {
    local id
    id=$(printf '%0400d' 0)
    run_tool audit-path <<<"{\"id\":\"$id\",\"status\":\"x\",\"recipe_id\":\"$id\",\"account_id\":4,\"started_at\":\"2024-03-12T00:02:32Z\"}"
    assert_status 1
    assert_stderr_has 'the path would be longer than 1024 bytes'
}
