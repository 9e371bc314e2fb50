#!/usr/bin/env bats
# audit-seal after audit-s3put, and a bucket checked against the seals, with a Ceph radosgw.
# shellcheck disable=SC2030,SC2031 # each test has its own environment
load common
load peer
load s3
load seal

setup_file() {
    [ -n "${AUDIT_SANITIZED-}" ] || start_store ceph-rgw
}
teardown_file() {
    stop_store
}
setup() {
    not_sanitized
    use_store
}
teardown() {
    tell_failure
    stop_peers
}

# read_back: the bucket's objects below the test's prefix, as files below bucket/, by another client.
read_back() {
    rm -rf bucket
    aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors --recursive "s3://$S3_BUCKET/$prefix" bucket
}

# decompress DIRECTORY: every file in it.
decompress() {
    python3 -S -c 'import gzip, os, sys
for directory, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(directory, name), "r+b") as file:
            text = gzip.decompress(file.read())
            file.seek(0)
            file.write(text)
            file.truncate()' "$1"
}

# put_object FILE KEY: by another client.
put_object() {
    s3cmd --config=/dev/null --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" \
        --host="127.0.0.1:$port" --host-bucket="127.0.0.1:$port" --no-ssl --force --quiet \
        put "$1" "s3://$S3_BUCKET/$prefix$2"
}

@test "audit-s3put --tee | audit-seal: what another client changes in the bucket is found" {
    make_key log
    make_events 300
    mkdir seals
    audit-s3put --bucket="$S3_BUCKET" --prefix="$prefix" --parallel=16 --tee --compress=gzip addressed |
        audit-seal --key=log.key --tee seals >sealed
    sort addressed | cmp - <(sort sealed)
    # Objects are compressed: the seal has the event's own bytes.
    read_back
    decompress bucket
    verify seals bucket
    assert_sound
    ln -s ../seals bucket/seals
    (cd bucket && sha256sum --strict --quiet -c seals/*.sha256)
    # Changed, removed, added.
    local keys
    mapfile -t keys < <(find bucket -type f -name '*.json' -printf '%P\n' | sort | head -n 3)
    sed 's/"succeeded"/"rewritten"/' "bucket/${keys[0]}" | gzip >changed
    put_object changed "${keys[0]}"
    aws --endpoint-url "$S3_ENDPOINT" s3api delete-object --bucket "$S3_BUCKET" --key "$prefix${keys[1]}"
    put_object changed "7/added.json"
    read_back
    decompress bucket
    verify seals bucket
    assert_found "changed ${keys[0]}" "missing ${keys[1]}" "not-sealed 7/added.json"
}

@test "the same through audit-s3get: the bucket is read and checked without a directory" {
    command -v audit-s3get >/dev/null || skip "there is no audit-s3get"
    make_key log
    make_events 200
    mkdir seals
    audit-s3put --bucket="$S3_BUCKET" --prefix="$prefix" --parallel=16 --tee addressed | audit-seal --key=log.key seals
    audit-s3get --bucket="$S3_BUCKET" --prefix="$prefix" >back
    verify seals back
    assert_sound
    local path
    path=$(audit-s3get --bucket="$S3_BUCKET" --prefix="$prefix" --print | sed -n 5p)
    path=${path#"$prefix"}
    echo '{"id":"another"}' >changed
    put_object changed "$path"
    audit-s3get --bucket="$S3_BUCKET" --prefix="$prefix" >back
    verify seals back
    assert_found "changed $path"
}
