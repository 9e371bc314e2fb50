#!/usr/bin/env bats
# audit-s3get, with an endpoint that follows a script: responses that are rare in real stores.
# shellcheck disable=SC2016,SC2030,SC2031 # scripts are JSON; each test has its own environment
load common
load peer
load s3

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    local name
    for name in $(compgen -e AWS_); do unset "$name"; done
    export HOME=$PWD AWS_ACCESS_KEY_ID=AKIATEST AWS_SECRET_ACCESS_KEY=topsecret AWS_EC2_METADATA_DISABLED=true
    start_s3_peer
    export AWS_ENDPOINT_URL=$url
}
teardown() {
    tell_failure
    stop_peers
}

get_bucket() {
    run_tool timeout 300 audit-s3get --bucket=archive "$@"
}

# peer_gets: the number of GETs of objects, peer_lists: of the bucket.
peer_gets() {
    grep -c '"path": "/archive/[^?]' "$peer/log"
}
peer_lists() {
    grep -c '"path": "/archive/?' "$peer/log"
}

# objects PYTHON: a script of the peer; PYTHON sets `told`, which begins with objects.
objects() {
    python3 -c 'import json, sys
told = {"objects": {}}
exec(sys.argv[1])
print(json.dumps(told))' "$1" >"$peer/script.new"
    mv "$peer/script.new" "$peer/script"
}

@test "each object comes back under its path, in the order of keys' bytes" {
    objects '
for key in "b/2", "b/10", "b!", "a b+c%20/é&<>\"\\", "日本", "z\t\n", "B", "b/2/x":
    told["objects"][key] = json.dumps({"key": key})'
    get_bucket
    assert_status 0
    assert_stderr ""
    python3 - <(printf %s "$output") "$peer/script" <<'END'
import json, sys
told = json.load(open(sys.argv[2]))["objects"]
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [line["path"] for line in lines] == sorted(told, key=str.encode), lines
assert all(line["event"] == {"key": line["path"]} for line in lines)
END
    [ "$(grep -c 'SignedHeaders=[^,]*x-amz-content-sha256' "$peer/log")" = "$(wc -l <"$peer/log")" ]
}

@test "prefix and suffix are taken off, and numbers, escapes and white space stay" {
    objects '
told["objects"] = {"w/a.gz": "{\"n\": 1.50e+02, \"s\":\"\\u00e9\\/\"}", "w/b": " {\"n\":2}\n", "w/c": "{\n\"n\" : 3\n}", "v": "{}"}'
    get_bucket --prefix=w/ --suffix=.gz
    assert_status 0
    assert_output '{"path":"a","event":{"n": 1.50e+02, "s":"\u00e9\/"}}
{"path":"b","event":{"n":2}}
{"path":"c","event":{"n":3}}'
}

@test "more than a page is listed by start-after, the next page while the first is read" {
    objects '
for i in range(2500):
    told["objects"]["k%04d" % i] = "{\"n\":%d}" % i'
    get_bucket --verbose
    assert_status 0
    [ "$(wc -l <<<"$output")" = 2500 ]
    [ "$output" = "$(seq 0 2499 | awk '{ printf "{\"path\":\"k%04d\",\"event\":{\"n\":%d}}\n", $1, $1 }')" ]
    [ "$(peer_lists)" = 3 ]
    grep -q 'start-after=k0999' "$peer/log"
    assert_stderr_has "3 requests to list, 2500 to read, 0 of them tried again"
}

@test "--after continues; --skip skips what receipts call delivered" {
    objects '
for i in range(10):
    told["objects"]["w/k%d" % i] = "{\"n\":%d}" % i'
    get_bucket --prefix=w/ --after=k6
    assert_status 0
    [ "$(grep -c . <<<"$output")" = 3 ]
    [ "${output:0:12}" = '{"path":"k7"' ]
    printf '{"line":1,"path":"k%d","outcome":"%s","status":200}\n' 1 delivered 2 exists 3 rejected 4 undelivered \
        5 skipped >receipts
    printf '{"line":9,"path":"k9","outco' >>receipts # torn
    get_bucket --prefix=w/ --skip=receipts --summary
    assert_status 0
    [ "$(grep -o 'k[0-9]' <<<"$output" | tr -d '\n')" = k0k3k4k6k7k8k9 ]
    assert_stderr_has "7 objects read"
    assert_stderr_has "3 skipped"
    [ "$(peer_gets)" = 10 ] # skipped objects were not requested
}

@test "an interrupted body is continued at the same position, with If-Match" {
    objects '
import random
random.seed(4)
told["cut"] = 100000
for i in range(5):
    told["objects"]["k%d" % i] = json.dumps({"n": i, "text": "".join(random.choices("abc", k=450000))})'
    get_bucket --summary
    assert_status 0
    assert_stderr_has "5 objects read"
    python3 - "$peer/script" <(printf '%s\n' "$output") <<'END'
import json, sys
told = json.load(open(sys.argv[1]))["objects"]
assert {line["path"]: line["event"] for line in map(json.loads, open(sys.argv[2]))} == \
    {key: json.loads(value) for key, value in told.items()}
END
    [ "$(peer_gets)" = 25 ]
    [ "$(grep -c '"Range": "bytes=[1-4]00000-"' "$peer/log")" = 20 ]
    [ "$(grep -c '"If-Match": "\\"[0-9a-f]*\\""' "$peer/log")" = 20 ]
}

@test "an object that changes while it is read is read again from its beginning" {
    objects '
told["objects"]["k"] = "{\"n\":\"" + "a" * 300000 + "\"}"
told["replaced"] = {"k": "{\"n\":\"" + "b" * 300000 + "\"}"}
told["cut"] = 200000'
    get_bucket
    assert_status 0
    [ "$output" = "{\"path\":\"k\",\"event\":{\"n\":\"$(head -c 300000 /dev/zero | tr '\0' b)\"}}" ]
}

@test "bytes that were altered on their way are noticed by their MD5, and read again" {
    objects 'told["objects"]["k"] = "{\"n\":1}"; told["alter_get"] = 2'
    get_bucket
    assert_status 0
    assert_output '{"path":"k","event":{"n":1}}'
    [ "$(peer_gets)" = 3 ]
    objects 'told["objects"]["k"] = "{\"n\":1}"; told["alter_get"] = 1000'
    get_bucket --retry-for=500ms --rejects=rejects
    assert_status 1
    assert_output ''
    assert_stderr_has "audit-s3get: k: not read (attempts: "
    assert_stderr_has "the MD5 of the bytes received is not the ETag"
    grep -q '^{"path":"k","reason":"not read' rejects
    # An ETag that is not an MD5 is no proof.
    objects 'told["objects"]["k"] = "{\"n\":1}"; told["etag"] = "\"0123-2\""'
    get_bucket
    assert_status 0
}

@test "temporary errors are retried; others are rejects by key, and the rest is written" {
    objects '
for key in "abcdefgh":
    told["objects"][key] = "{\"n\":1}"
told["objects"]["f"] = "{\"n\":"
told["objects"]["g"] = ""
told["objects"]["h/"] = ""
told["get"] = {"a": [{"status": 503, "code": "SlowDown"}, {"status": 500}, {}],
               "b": [{"status": 403, "code": "AccessDenied", "message": "no"}],
               "c": [{"status": 404, "code": "NoSuchKey"}],
               "d": [{"status": 400, "code": "RequestTimeout"}, {}]}'
    get_bucket --rejects=rejects
    assert_status 1
    [ "$(cut -d'"' -f4 <<<"$output" | tr -d '\n')" = adeh ]
    assert_stderr_has "audit-s3get: b: status 403 AccessDenied: no"
    assert_stderr_has "audit-s3get: c: the object was deleted after it was listed"
    assert_stderr_has "audit-s3get: f: "
    assert_stderr_has "audit-s3get: g: the object is empty"
    [ "$(cut -d'"' -f4 rejects | tr -d '\n')" = bcfg ]
    [ "$(wc -l <<<"$stderr")" = 4 ]
}

@test "--since and --until list only their days of the layouts, and look into everything else" {
    objects '
def add(key, time):
    told["objects"]["p/" + key] = json.dumps({"id": "j", "status": "succeeded", "completed_at": time})
for user in 7, 8:
    for recipe in 1, 2, 3:
        for day in range(1, 29):
            for n in range(3):
                add("%d/jobs/%d/202403%02d/j%d/x.json" % (user, recipe, day, n), "2024-03-%02dT1%d:00:00Z" % (day, n))
    for day in range(1, 29):
        add("%d/activity/202403%02d/a.json" % (user, day), "2024-03-%02dT12:00:00Z" % day)
for day in range(1, 29):
    add("kind=job/user_id=7/date=2024-03-%02d/h.json" % day, "2024-03-%02dT12:00:00Z" % day)
add("7/other/late.json", "2024-03-12T00:00:00Z")
add("7/other/early.json", "2024-02-12T00:00:00Z")
add("top.json", "2024-03-12T23:59:59Z")'
    get_bucket --prefix=p/ --since=2024-03-12 --until=2024-03-13 --verbose
    assert_status 0
    [ "$(grep -c . <<<"$output")" = 23 ] # 2 x 3 x 3 jobs, 2 activities, hive, other, top
    [ "$(grep -c '2024-03-12T' <<<"$output")" = 23 ]
    LC_ALL=C sort -c <<<"$(cut -d'"' -f4 <<<"$output")"
    # top, 2 users, 2 jobs/, 6 recipes, 2 activity/, other/, kind=job/, user_id=7/
    assert_stderr_has "audit-s3get: 16 requests to list, 24 to read"
    get_bucket --prefix=p/ --since=2024-03-12T11:00:00Z --until=2024-03-14T12:00:00Z --print
    get_bucket --prefix=p/ --since=2024-03-27
    [ "$(grep -c . <<<"$output")" = 42 ]
    get_bucket --prefix=p/ --until=2024-03-02T11:30:00Z
    [ "$(grep -c . <<<"$output")" = 34 ]
    get_bucket --prefix=p/ --since=2024-03-12 --until=2024-03-13 --timezone=Europe/Berlin --verbose
    [ "$(grep -c . <<<"$output")" = 23 ]
    assert_stderr_has "16 requests to list, 66 to read"
    # An object without a time cannot be judged.
    objects 'told["objects"] = {"x": "{\"n\":1}", "y": "[]"}'
    get_bucket --since=1d
    assert_status 1
    assert_stderr_has "audit-s3get: y: it is not an event, and has no time"
}

@test "--after resumes inside a walk over days" {
    objects '
for user in 7, 8:
    for recipe in 1, 2:
        for day in 11, 12, 13:
            told["objects"]["%d/jobs/%d/202403%02d/x.json" % (user, recipe, day)] = \
                json.dumps({"id": "j", "status": "s", "completed_at": "2024-03-%02dT10:00:00Z" % day})'
    get_bucket --since=2024-03-11
    [ "$(grep -c . <<<"$output")" = 12 ]
    local all=$output seen
    for seen in 1 4 6 11; do
        get_bucket --since=2024-03-11 --after="$(sed -n "${seen}s/{\"path\":\"\([^\"]*\)\".*/\1/p" <<<"$all")"
        assert_status 0
        assert_output "$(tail -n +$((seen + 1)) <<<"$all")"
    done
}

@test "--lines gives each line of an object, and names those that are not JSON" {
    printf '{"n":1}\n\n{"n":2}\nnonsense\n{"n":3}' >plain
    objects 'told["objects"]["lines"] = open("plain").read()'
    get_bucket --lines
    assert_status 1
    assert_output '{"path":"lines","event":{"n":1}}
{"path":"lines","event":{"n":2}}
{"path":"lines","event":{"n":3}}'
    assert_stderr_has "audit-s3get: lines: line 4: "
    get_bucket
    assert_status 1
    assert_output ''
}

@test "--list, --print and --dry-run read no object" {
    objects 'told["objects"] = {"a": "{}", "b\n\"c": "{\"n\":1}"}'
    get_bucket --list
    assert_status 0
    assert_output '{"path":"a","size":2,"time":"2024-03-12T00:02:32.000Z","etag":"99914b932bd37a50b983c5e7c90ae93b"}
{"path":"b\n\"c","size":7,"time":"2024-03-12T00:02:32.000Z","etag":"5dea8f9de62d0f8a83ca2c0e5ab5b0a1"}' ||
        [ "$(grep -c '"etag":"[0-9a-f]\{32\}"' <<<"$output")" = 2 ]
    get_bucket --print
    assert_status 1
    assert_output a
    get_bucket --dry-run
    assert_status 0
    assert_output ''
    assert_stderr_has "2 objects listed, 9 bytes"
    assert_stderr_has "1 requests to list, 2 to read (not sent)"
    [ ! -e "$peer/log" ] || [ "$(peer_gets || :)" = 0 ]
}

# lists PYTHON...: the peer's listings have these items, one page after the other, whatever the
# request: an object's key, or a prefix that ends in a slash.
lists() {
    objects '
def page(*items):
    return {"text": "<ListBucketResult><IsTruncated>false</IsTruncated>" + "".join(
        "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % item if item.endswith("/")
        else "<Contents><Key>%s</Key><Size>2</Size></Contents>" % item
        for item in items) + "</ListBucketResult>"}
told["list"] = ['"$(IFS=,; echo "$*")"']'
}

@test "a store that lists what was not asked for is status 2 and one line: a key without the prefix" {
    lists 'page("b")'
    get_bucket --prefix="$(printf 'a%.0s' {1..1000})/"
    assert_status 2
    assert_one_line "the store lists 'b', which does not begin with the prefix"
}

@test "… a directory above the one that was asked for" {
    lists 'page("5234/")' 'page("5/")'
    get_bucket --since=2024-01-01
    assert_status 2
    assert_one_line "the store lists '5/', which does not begin with the prefix '5234/'"
}

@test "… a directory with a name longer than a key can be" {
    lists 'page("5234/")' 'page("5234/jobs/")' 'page("5234/jobs/" + 5000 * "r" + "/")'
    get_bucket --since=2024-01-01
    assert_status 2
    assert_one_line "the store lists a key of more than 1,024 bytes"
}

@test "a store that lists out of order, or does not list, is status 2 and one line" {
    objects 'told["objects"] = {"a": "{}", "b": "{}"}; told["disorder"] = True'
    get_bucket
    assert_status 2
    assert_one_line "does not list keys in the order of their bytes"
    objects 'told["objects"] = {"k" * 1100: "{}", "l": "{}"}; told["page"] = 1'
    get_bucket
    assert_status 2
    assert_one_line "the store lists a key of more than 1,024 bytes"
    tell_peer '{"look":{"status":200,"headers":{"Server":"nginx"}}}'
    get_bucket
    assert_status 2
    assert_one_line "is not an S3 store, or not one that lists"
    tell_peer '{"look":{"status":403,"code":"AccessDenied","message":"no"}}'
    get_bucket
    assert_status 2
    assert_one_line "status 403 AccessDenied: no"
    tell_peer '{"look":{"status":404,"code":"NoSuchBucket"}}'
    get_bucket
    assert_status 2
    assert_one_line "there is no bucket archive"
    get_bucket --endpoint="$(nobody)" --retry-for=300ms
    assert_status 2
    assert_one_line "the keys cannot be listed (attempts: "
}

@test "large objects do not stop the others, the window bounds the memory" {
    objects '
for i in range(40):
    told["objects"]["k%02d" % i] = json.dumps({"n": i, "text": "x" * (3000000 if i % 10 == 0 else 300)})'
    run_tool bash -c 'python3 "$1"/peak.py audit-s3get --bucket=archive --window=1MiB >got' - "$AUDIT_TESTS"
    assert_status 0
    [ "$(wc -l <got)" = 40 ]
    if [ -z "${AUDIT_SANITIZED-}" ]; then
        [[ $stderr =~ peak\ ([0-9]+)\ bytes$ ]]
        [ "${BASH_REMATCH[1]}" -lt 40000000 ] # most of that is libcurl and its libraries
    fi
    run_tool bash -c 'timeout 300 audit-s3get --bucket=archive --max-record=1MB >less'
    assert_status 1
    [ "$(wc -l <less)" = 36 ]
    assert_stderr_has "audit-s3get: k00: the object has 3000020 bytes, more than 1000000 (--max-record)"
    run_tool bash -c 'timeout 300 audit-s3get --bucket=archive --unordered --parallel=3 >other'
    assert_status 0
    sort other | cmp - <(sort got)
}

@test "a signal stops it at once, and says that not all was read" {
    objects '
told["wait_get"] = 600
told["objects"] = {"a": "{}", "b": "{}"}'
    local began=$SECONDS
    stop_with TERM "audit-s3get: stopped by SIGTERM; not all was read" audit-s3get --bucket=archive
    [ $((SECONDS - began)) -le 300 ]
}

@test "a full disk is status 2" {
    objects 'told["objects"] = {"a": "{}", "b": "{}"}'
    run_tool bash -c 'timeout 300 audit-s3get --bucket=archive >/dev/full'
    assert_status 2
    assert_stderr_has "audit-s3get: standard output: No space left on device"
}

@test "usage errors of audit-s3get" {
    local options
    for options in '' --bucket=x '--bucket=abc --since=x' '--bucket=abc --since=2024-03-02 --until=2024-03-01' '--bucket=abc --since=1h --until=1h' \
        '--bucket=abc --list --print' '--bucket=abc --lines --skip=/dev/null' '--bucket=abc file' \
        '--bucket=abc --skip=/nowhere' '--bucket=abc --timezone=Nowhere' '--bucket=abc --parallel=0'; do
        # shellcheck disable=SC2086 # the options are words
        run_tool timeout 300 audit-s3get $options
        assert_status 2
        [ -n "$stderr" ] && [ -z "$output" ] || { show "$options"; return 1; }
    done
    run_tool audit-s3get --bucket=s3://acme/logs --endpoint=http://127.0.0.1:9
    assert_status 2
    assert_stderr "audit-s3get: 's3://acme/logs' is not the name of a bucket: give it without s3://, and what follows it as --prefix"
    [ ! -e "$peer/log" ]
}

@test "signature version 2, for reads too, and continues where it was" {
    objects '
told["cut"] = 1000
for i in range(5):
    told["objects"]["k%d" % i] = json.dumps({"n": i, "text": "x" * 1500})'
    get_bucket --signature=v2
    assert_status 0
    [ "$(grep -c . <<<"$output")" = 5 ]
    [ "$(grep -c '"Authorization": "AWS AKIATEST:' "$peer/log")" = 11 ]
}
