#!/usr/bin/env bats
# audit-s3get, with a Ceph radosgw of its own.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
load common
load peer
load s3

setup_file() {
    start_store ceph-rgw
}
teardown_file() {
    stop_store
}
setup() {
    use_store
}
teardown() {
    tell_failure
    stop_peers
}

# get_into FILE OPTION...: audit-s3get from below this test's own prefix.
get_into() {
    local file=$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands them
    run_tool bash -c 'file=$1; shift; timeout 600 audit-s3get "$@" >"$file"' - "$file" \
        --bucket="$S3_BUCKET" --prefix="$prefix" "$@"
}

# in_key_order FILE: the addressed events as audit-s3get writes them.
in_key_order() {
    python3 -c 'import json, sys
def parts(line):
    event = line.index(b",\"event\":")
    return json.loads(line)["path"], line[event:]
for path, event in sorted(map(parts, open(sys.argv[1], "rb").read().splitlines()), key=lambda p: p[0].encode()):
    path = json.dumps(path, ensure_ascii=False).encode()
    sys.stdout.buffer.write(b"{\"path\":" + path + event + b"\n")' "$1"
}

@test "objects come back byte for byte, in key order; --since and --until list no more than needed" {
    python3 - "${AUDIT_LONG:+20000}" <<'END' | audit-path --layout=current >current
import sys
for i in range(int(sys.argv[1] or 1500)):
    print('{"id":"j-%d","status":"succeeded","recipe_id":%d,"context":{"user_id":%d},"completed_at":'
          '"2024-03-%02dT10:00:00Z","lines":[{"n":%d.50,"text":"\\u00e9%s"}]}'
          % (i, i % 5, i % 3, i % 28 + 1, i, "x" * (i * 7919 % 900)))
END
    audit-format "$DATA/events.ndjson" | audit-path --user-id=7 --layout=hive >hive
    cat current hive >addressed
    put --parallel=32 addressed
    assert_status 0
    get_into got
    assert_stderr ""
    assert_status 0
    cmp got <(in_key_order addressed)
    get_into day --since=2024-03-12 --until=2024-03-14 --verbose
    assert_status 0
    cmp day <(in_key_order <(grep -E '"completed_at":"2024-03-1[23]T' current))
    # 3 users and kind=…; 5 recipes each; what is below kind=
    [[ $stderr =~ audit-s3get:\ ([0-9]+)\ requests\ to\ list ]]
    [ "${BASH_REMATCH[1]}" -le 40 ]
    get_into half --after="$(sed -n '1000s/{"path":"\([^"]*\)".*/\1/p' got)"
    cmp half <(tail -n +1001 got)
}

@test "keys with every odd character, empty objects, large ones and gzip; over TLS; round trip" {
    check_awkward_keys
    python3 -c 'print("{\"path\":\"large\",\"event\":{\"text\":\"%s\"}}" % ("abcdefghij" * 4500000))' >large
    put large
    assert_status 0
    put --compress=gzip --suffix=.gz <(printf '{"path":"zipped","event":{"n":1.50}}\n')
    assert_status 0
    aws --endpoint-url "$S3_ENDPOINT" s3api put-object --bucket "$S3_BUCKET" --key "${prefix}empty" >/dev/null
    cat addressed large <(printf '{"path":"zipped.gz","event":{"n":1.50}}\n') >all
    get_into got --endpoint="$S3_TLS_ENDPOINT" --cacert="$S3_TLS_CA" --rejects=rejects
    assert_status 1
    assert_stderr "audit-s3get: empty: the object is empty"
    [ "$(<rejects)" = '{"path":"empty","reason":"the object is empty"}' ]
    cmp got <(in_key_order all)
    # Into another place, compared by an independent client.
    run_tool audit-s3put --bucket="$S3_BUCKET" --prefix="copy/$prefix" got
    assert_status 0
    run_tool /usr/bin/python3 - "$S3_ENDPOINT" "$S3_BUCKET" "$prefix" "copy/$prefix" <<'END'
import sys
import botocore.session
from botocore.config import Config
store = botocore.session.get_session().create_client(
    "s3", endpoint_url=sys.argv[1], config=Config(s3={"addressing_style": "path"}))
def listing(prefix):
    return {item["Key"][len(prefix):]: item["ETag"]
            for page in store.get_paginator("list_objects_v2").paginate(Bucket=sys.argv[2], Prefix=prefix)
            for item in page.get("Contents", [])}
one, two = listing(sys.argv[3]), listing(sys.argv[4])
del one["empty"]
del one["zipped.gz"], two["zipped.gz"] # decompressed
assert one == two and len(one) > 10, (one, two)
END
    assert_status 0
}

@test "radosgw is killed and brought back in the middle: nothing twice, nothing missing" {
    not_sanitized
    make_events 1500
    put --parallel=32 addressed
    assert_status 0
    (
        eventually test -s got
        "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
        sleep 0.5
        "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory"
    ) >restart 2>&1 3>&- &
    local restart=$!
    get_into got --parallel=4
    wait "$restart"
    assert_stderr ""
    assert_status 0
    cmp got <(in_key_order addressed)
}

@test "connections that are cut in the middle of bodies, by a proxy before radosgw" {
    not_sanitized
    python3 -c 'import json
for i in range(60):
    print(json.dumps({"path": "k%02d" % i, "event": {"n": i, "text": "abc%d" % i * 20000}}, separators=(",", ":")))' >addressed
    put addressed
    assert_status 0
    start_s3_peer "$port"
    tell_peer '{"cut":50000,"cut_every":3}'
    get_into got --endpoint="$url"
    assert_stderr ""
    assert_status 0
    cmp got addressed
    grep -q '"Range": "bytes=50000-"' "$peer/log"
}

@test "503s of a radosgw that has too much to do are ridden out, reading" {
    not_sanitized
    make_events 300
    put addressed
    assert_status 0
    cp "$store_directory/ceph.conf" conf
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
    echo 'rgw max concurrent requests = 2' >>"$store_directory/ceph.conf"
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory" 3>&-
    get_into got --parallel=16 --verbose
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-kill "$store_directory"
    cp conf "$store_directory/ceph.conf"
    "$AUDIT_TESTS/ceph-rgw.sh" rgw-start "$store_directory" 3>&-
    assert_status 0
    cmp got <(in_key_order addressed)
    [[ $stderr =~ ([0-9]+)\ of\ them\ tried\ again ]]
    [ "${BASH_REMATCH[1]}" -gt 0 ]
}

@test "signature version 2, over TLS as well" {
    sample_events
    put addressed
    get_into got --signature=v2 --endpoint="$S3_TLS_ENDPOINT" --cacert="$S3_TLS_CA"
    assert_stderr ""
    assert_status 0
    cmp got <(in_key_order addressed)
}

@test "a wrong secret, key, bucket or host is status 2 and one line, reading" {
    AWS_SECRET_ACCESS_KEY=not-the-secret get_into got
    assert_status 2
    AWS_SECRET_ACCESS_KEY=not-the-secret assert_one_line "the signature does not match"
    AWS_ACCESS_KEY_ID=nobody get_into got
    assert_status 2
    assert_one_line "the store does not know the access key ID"
    get_into got --bucket=elsewhere
    assert_status 2
    assert_one_line "there is no bucket elsewhere"
}

@test "the README's replay from a bucket: killed, and run again it delivers the rest only" {
    not_sanitized
    python3 - <<'END' | audit-path >addressed
for i in range(600):
    print('{"id":"j-%d","status":"succeeded","recipe_id":1,"context":{"user_id":7},'
          '"completed_at":"2024-03-12T10:00:00Z"}' % i)
END
    awk '/^<!-- replay, runs with a store -->$/ { marked = 1; next }
        marked && /^```sh$/ { inside = 1; next }
        /^```$/ { marked = inside = 0 }
        inside' "$AUDIT_SOURCE/README.md" | sed "s|--prefix=workato/|--prefix=$prefix|" >example
    [ -s example ]
    put --parallel=32 addressed
    assert_status 0
    start_peer forward '{"seconds":0.02}'
    export AUDIT_BUCKET=$S3_BUCKET AUDIT_POST_URL=$url
    sed -i 's/--batch=lines/--batch=lines --batch-events=10 --parallel=1/' example
    sed '$d' example >example.1
    run_tool bash -euo pipefail example.1
    # shellcheck disable=SC2016 # the inner shell expands it
    run_tool setsid bash -c './replay & sleep 0.4; kill -9 -- -$$'
    run_tool timeout 600 ./replay
    assert_status 0
    grep -o '"j-[0-9]*"' "$peer/events" | sort | uniq -c >counts
    [ "$(wc -l <counts)" = 600 ]
    # Objects that had no receipt on disk at the kill may be delivered twice: receipts are written
    # ten times a second, which is some batches, and far from all.
    [ "$(awk '$1 > 1' counts | wc -l)" -le 150 ]
}
