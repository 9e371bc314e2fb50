#!/usr/bin/env bats
# audit-prune: removes what is older than a retention, by the date in its path, and nothing else.
load common

# put PATH [TEXT]: a file of the archive.
put() {
    mkdir -p "archive/$(dirname "$1")"
    printf '%s' "${2-{\}}" >"archive/$1"
}

# The files of the archive, sorted, one a line.
files() {
    (cd archive && find . -type f -printf '%P\n' | sort)
}

event() { # TIME
    printf '{"event":"user_login","timestamp":"%s","user":{"id":1}}' "$1"
}

@test "days that are over go, in every layout, and the directories that this empties" {
    put 7/jobs/9/20230101/j-1/7-9-j-1-20230101120000-succeeded.json
    put 7/jobs/9/20230102/000/000/000/000/000/000/100/7-9-100-20230102000000-failed.json
    put 7/jobs/8/20240601/j-2/7-8-j-2-20240601120000-succeeded.json
    put 7/activity/20230103/7-user_login-20230103000000-0123456789abcdef.json
    put 7/activity/20240603/7-user_login-20240603000000-0123456789abcdef.json
    put kind=job/user_id=7/date=2023-01-04/7-9-j-3-20230104000000-succeeded.json
    put kind=job/user_id=7/date=2024-06-04/7-9-j-4-20240604000000-succeeded.json
    run_tool audit-prune --keep=1y --now=2024-06-10 --summary archive
    assert_status 0
    [ "$(sort <<<"$output")" = '7/activity/20230103/7-user_login-20230103000000-0123456789abcdef.json
7/jobs/9/20230101/j-1/7-9-j-1-20230101120000-succeeded.json
7/jobs/9/20230102/000/000/000/000/000/000/100/7-9-100-20230102000000-failed.json
kind=job/user_id=7/date=2023-01-04/7-9-j-3-20230104000000-succeeded.json' ]
    assert_stderr 'audit-prune: 4 files and 13 directories removed, 3 files kept, 0 without a date, 0 failed, 0 left alone'
    [ "$(files)" = '7/activity/20240603/7-user_login-20240603000000-0123456789abcdef.json
7/jobs/8/20240601/j-2/7-8-j-2-20240601120000-succeeded.json
kind=job/user_id=7/date=2024-06-04/7-9-j-4-20240604000000-succeeded.json' ]
    [ ! -e archive/7/jobs/9 ]
    [ -z "$(find archive -type d -empty)" ]
}

@test "a day is over once it has ended at UTC-12" {
    put 7/activity/20230103/a.json
    run_tool audit-prune --keep=1d --now=2023-01-05T11:59:59Z archive
    assert_status 0
    assert_output ''
    [ -e archive/7/activity/20230103/a.json ]
    run_tool audit-prune --keep=1d --now=2023-01-05T12:00:00Z archive
    assert_output 7/activity/20230103/a.json
    [ ! -e archive/7 ]
    [ -d archive ]
}

@test "--dry-run says the same and removes nothing" {
    put 7/jobs/9/20230101/j-1/a.json
    put 7/jobs/9/20230101/j-2/b.json
    run_tool audit-prune --keep=30d --now=2024-01-01 --dry-run --summary archive
    assert_status 0
    [ "$(sort <<<"$output")" = '7/jobs/9/20230101/j-1/a.json
7/jobs/9/20230101/j-2/b.json' ]
    assert_stderr 'audit-prune: 2 files and 6 directories would be removed, 0 files kept, 0 without a date, 0 failed, 0 left alone'
    [ "$(files | wc -l)" -eq 2 ]
}

@test "without a date in the path the event's own time decides, never the time of modification" {
    put own/old.json "$(event '2023-01-01 00:00:00 UTC')"
    put own/new.json "$(event '2024-06-01 00:00:00 UTC')"
    event '2023-01-01 00:00:00 UTC' | gzip >archive/own/old.json.gz
    touch -d 2001-01-01 archive/own/new.json
    put 7/activity/20240609/new.json
    touch -d 2001-01-01 archive/7/activity/20240609/new.json
    run_tool audit-prune --keep=1y --now=2024-06-10 archive
    assert_status 0
    [ "$(sort <<<"$output")" = 'own/old.json
own/old.json.gz' ]
    [ "$(files)" = '7/activity/20240609/new.json
own/new.json' ]
}

@test "what cannot be dated stays and is named" {
    put readme.txt 'not an event'
    put own/two.json "$(event '2023-01-01 00:00:00 UTC')
$(event '2023-01-01 00:00:00 UTC')"
    put own/timeless.json '{"event":"user_login","timestamp":"soon","user":{"id":1}}'
    put 7/jobs/9/20231301/x/month-13.json
    put 7/jobs/9/2023-01-01/x/other-form.json
    event '2023-01-01 00:00:00 UTC' | gzip | head -c 30 >archive/own/torn.json.gz
    put "$(printf '7/activity/20230101/line\nbreak.json')"
    local before
    before=$(files)
    run_tool audit-prune --keep=1y --now=2024-06-10 archive
    assert_status 1
    assert_output ''
    [ "$(files)" = "$before" ]
    assert_stderr_has 'audit-prune: readme.txt: no date in its path, and it is not a single audit event'
    assert_stderr_has 'audit-prune: own/two.json: no date in its path, and it is not a single audit event'
    assert_stderr_has 'audit-prune: own/timeless.json: no date in its path, and timestamp is not a time: "soon"'
    assert_stderr_has 'audit-prune: 7/jobs/9/20231301/x/month-13.json: no date in its path, and'
    assert_stderr_has 'audit-prune: own/torn.json.gz: '
    assert_stderr_has 'audit-prune: 7/activity/20230101/line\x0abreak.json: a line break is in its path'
    [ "${#stderr_lines[@]}" -eq 7 ]
}

@test "no link is followed, and links, hidden and special files stay" {
    mkdir -p outside/7/activity/20230101 archive/7/activity/20230102
    : >outside/7/activity/20230101/precious.json
    ln -s ../outside/7 archive/8
    ln -s ../../../../outside/7/activity/20230101/precious.json archive/7/activity/20230102/link.json
    mkfifo archive/7/activity/20230102/fifo
    : >archive/7/activity/20230102/.hidden.json
    put 7/activity/20230102/a.json
    run_tool audit-prune --keep=1y --now=2024-06-10 --summary archive
    assert_status 0
    assert_output 7/activity/20230102/a.json
    assert_stderr_has ', 4 left alone'
    [ -e outside/7/activity/20230101/precious.json ]
    [ -L archive/8 ] && [ -L archive/7/activity/20230102/link.json ]
    [ -p archive/7/activity/20230102/fifo ] && [ -e archive/7/activity/20230102/.hidden.json ]
}

@test "paths are written before anything is removed: a full disk or a closed pipe removes nothing" {
    put 7/activity/20230102/a.json
    run_tool bash -c 'audit-prune --keep=1y --now=2024-06-10 archive >/dev/full'
    assert_status 2
    assert_stderr 'audit-prune: standard output: No space left on device'
    [ -e archive/7/activity/20230102/a.json ]
    # A pipe without a reader.
    mkfifo gone
    run_tool bash -c 'exec 3<>gone 4>gone 3<&-; audit-prune --keep=1y --now=2024-06-10 archive >&4'
    assert_status 2
    assert_stderr 'audit-prune: standard output: Broken pipe'
    [ -e archive/7/activity/20230102/a.json ]
}

@test "killed at any moment and run again, everything old is gone and was printed" {
    local i
    for i in {1..60}; do
        mkdir -p archive/7/jobs/"$i"/20230101
        (cd archive/7/jobs/"$i"/20230101 && seq 100 | sed 's/$/.json/' | xargs touch)
    done
    put 7/activity/20240609/new.json
    files >before
    for i in 1 2 3 4 5; do
        audit-prune --keep=1y --now=2024-06-10 archive >>printed &
        sleep "0.00$((RANDOM % 10))"
        kill -9 $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        echo >>printed # the line that the kill has torn ends
    done
    find archive -type d -exec touch -d '2 hours ago' {} +
    audit-prune --keep=1y --now=2024-06-10 archive >>printed
    [ "$(files)" = 7/activity/20240609/new.json ]
    [ "$(find archive -type d | wc -l)" -eq 4 ]
    [ -z "$(grep -v new.json before | comm -23 - <(sort -u printed))" ]
}

@test "a million names take no memory" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers need memory of their own"
    local count=${AUDIT_LONG:+1000000} i
    count=${count:-20000}
    python3 - "$count" <<'END'
import os, sys
for i in range(int(sys.argv[1])):
    if i % 2000 == 0:
        directory = f"archive/7/jobs/{i // 2000}/2023{i // 2000 % 12 + 1:02}01"
        os.makedirs(directory)
    os.close(os.open(f"{directory}/{i}.json", os.O_CREAT | os.O_WRONLY))
END
    run_tool bash -c "python3 '$AUDIT_TESTS/peak.py' audit-prune --keep=90d --now=2024-06-10 archive | wc -l"
    assert_output "$count"
    echo "$stderr"
    [[ $stderr =~ peak\ ([0-9]+)\ bytes$ ]]
    [ "${BASH_REMATCH[1]}" -le $((18 * 1024 * 1024)) ] # Python, which starts it, has most of these
    [ -z "$(ls archive)" ]
}

@test "mistakes are named" {
    mkdir archive
    run_tool audit-prune archive
    assert_status 2
    assert_stderr "audit-prune: no retention; give --keep=DURATION, like --keep=1y
Try 'audit-prune --help' for more information."
    run_tool audit-prune --keep=1y
    assert_stderr_has 'audit-prune: the directory DIR is missing'
    run_tool audit-prune --keep=1y a b
    assert_stderr_has 'audit-prune: more than one directory'
    run_tool audit-prune --keep=soon archive
    assert_stderr_has 'audit-prune: --keep=soon: not a duration; durations are like 1y, 90d or 12h'
    run_tool audit-prune --keep=1y nowhere
    assert_status 2
    assert_stderr 'audit-prune: nowhere: No such file or directory'
}
