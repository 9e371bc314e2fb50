#!/usr/bin/env bash
# Compares audit-s3get with curl, rclone and the AWS CLI, each reading the same objects from the
# same Ceph radosgw on this machine:
#   tests/bench/s3get.sh BUILD
# Objects a second, and the CPU time of the reader.  curl is given the URLs; only curl and the AWS
# CLI write files; audit-s3get and rclone list the keys themselves.  s3.bash says how runs are
# counted.  A line for each required ratio says whether it holds; status 1 if one fails.
# shellcheck disable=SC2154,SC2317 # from s3.bash; the run_… functions are called by their clients' names
set -euo pipefail
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
# shellcheck source=/dev/null
. "$(dirname "$0")/s3.bash"

# The objects, and their URLs for curl.
"$build/audit-s3put" --bucket="$S3_BUCKET" --prefix=bench/ --parallel=32 "$work/addressed"
sed 's/{"path":"\([^"]*\)".*/\1/' "$work/addressed" | while read -r path; do
    printf 'url = "%s"\noutput = "%s"\n' "$S3_ENDPOINT/$S3_BUCKET/bench/$path" "$work/out/${path//\//_}"
done >"$work/curl-config"

# One run of each client reads all the objects.
prepare() {
    rm -rf "$work/out" && mkdir "$work/out"
}
run_s3get() {
    timeout "$limit" "$build/audit-s3get" --bucket="$S3_BUCKET" --prefix=bench/ >"$work/got"
}
run_curl() {
    timeout "$limit" curl -sS -Z --parallel-max 32 --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
        --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
        --fail --config "$work/curl-config"
}
run_rclone() {
    timeout "$limit" rclone cat --config /dev/null --s3-no-head-object --s3-provider Ceph --s3-env-auth \
        --s3-endpoint "$S3_ENDPOINT" ":s3:$S3_BUCKET/bench" >"$work/cat"
}
run_aws() {
    timeout "$limit" aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors --recursive "s3://$S3_BUCKET/bench" "$work/aws"
}

echo "Objects from one radosgw, $events of $(($(stat -c %s "$work/addressed") / events)) bytes:"
compare s3get rclone aws
[ "$(wc -l <"$work/got")" = "$events" ] || { echo "bench: audit-s3get did not read all" >&2; exit 2; }
at_least curl 1.0
at_least rclone 2
at_least aws 5
exit "$failed"
