#!/usr/bin/env bash
# Compares audit-s3put with curl, rclone, s4cmd and the AWS CLI, each putting the same objects into
# the same Ceph radosgw on this machine:
#   tests/bench/s3put.sh BUILD
# Objects a second, and the CPU time of the sender.  s3.bash says how runs are counted.  A line for
# each required ratio says whether it holds; status 1 if one fails.
# shellcheck disable=SC2154,SC2317 # from s3.bash; the run_… functions are called by their clients' names
set -euo pipefail
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
# shellcheck source=/dev/null
. "$(dirname "$0")/s3.bash"
export S3_ACCESS_KEY=$AWS_ACCESS_KEY_ID S3_SECRET_KEY=$AWS_SECRET_ACCESS_KEY

# One file for each object, for the other clients.
python3 - "$work" <<'END'
import json, os, sys
os.makedirs(sys.argv[1] + "/files/1234")
for line in open(sys.argv[1] + "/addressed"):
    path, event = line[9:].split('","event":', 1)
    with open(sys.argv[1] + "/files/" + path, "w") as file:
        file.write(event[:-2])
END

# One run of each client puts all the objects below the prefix $1; curl has a list of files and
# URLs.
prepare() {
    [ "$1" = curl ] || return 0
    find "$work/files" -type f -printf '%P\n' | while read -r path; do
        printf 'upload-file = "%s"\nurl = "%s"\n' "$work/files/$path" "$S3_ENDPOINT/$S3_BUCKET/$2/$path"
    done >"$work/curl-$2"
}
run_s3put() {
    timeout "$limit" "$build/audit-s3put" --bucket="$S3_BUCKET" --prefix="$1/" --parallel=32 "$work/addressed"
}
run_curl() {
    timeout "$limit" curl -sS -Z --parallel-max 32 --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
        --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
        --fail --config "$work/curl-$1"
}
run_rclone() {
    timeout "$limit" rclone copy --config /dev/null --transfers 16 --no-check-dest --s3-no-head --s3-no-check-bucket \
        --s3-provider Ceph --s3-env-auth --s3-endpoint "$S3_ENDPOINT" \
        "$work/files" ":s3:$S3_BUCKET/$1"
}
run_s4cmd() {
    timeout "$limit" s4cmd --endpoint-url "$S3_ENDPOINT" --num-threads 16 put -r "$work/files" "s3://$S3_BUCKET/$1/"
}
run_aws() {
    timeout "$limit" aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors --recursive "$work/files" "s3://$S3_BUCKET/$1"
}

echo "Objects into one radosgw, $events of $(($(stat -c %s "$work/addressed") / events)) bytes:"
compare s3put rclone s4cmd aws
at_least curl 1.0
at_least rclone 1.5
at_least aws 5
# A resume when all objects exist: 14,000 events in three seconds are 4,667 a second.
resume=()
for ((i = 0; i < rounds; i++)); do
    resume+=("$(seconds timeout "$limit" "$build/audit-s3put" --bucket="$S3_BUCKET" --prefix=s3put0/ --no-overwrite \
        --existing=list "$work/addressed")")
done
holds 'audit-s3put --existing=list, events passed over a second' "$(calculate "$events / $(least "${resume[@]}")")" 4667 || failed=1
[ -z "${cpu[rclone]-}" ] || holds 'CPU of rclone, times that of audit-s3put' "$(calculate "${cpu[rclone]} / ${cpu[s3put]}")" 5 || failed=1
exit "$failed"
