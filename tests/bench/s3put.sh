#!/usr/bin/env bash
# Measures audit-s3put next to curl, rclone, s4cmd and the AWS CLI, each putting the same objects into
# the same Ceph radosgw on this machine:
#   tests/bench/s3put.sh BUILD
# Objects a second, and the CPU time of the sender.  Runs alternate, and of each side the best
# counts: the store runs on this machine too, and takes most of it.  Clients that are not installed
# are passed over, and one that takes longer than BENCH_LIMIT seconds is stopped.  A line for each
# ratio that is asked for says whether it holds; status 1 if one does not.
# shellcheck disable=SC2317 # the run_… functions are called by their clients' names
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
events=${BENCH_EVENTS:-2000}
rounds=${BENCH_ROUNDS:-3}
limit=${BENCH_LIMIT:-120} # seconds for one run of a client
failed=0

for command in radosgw ceph-mon ceph-osd curl openssl python3; do
    command -v "$command" >/dev/null || {
        echo "bench: $command is missing; on Debian: apt-get install radosgw ceph-mon ceph-osd curl openssl python3" >&2
        exit 2
    }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/audit-bench.XXXXXX")
stop() {
    "$here/../ceph-rgw.sh" stop "$work/store"
    rm -rf "$work"
}
trap stop EXIT
"$here/../ceph-rgw.sh" start "$work/store" $((21000 + RANDOM % 400 * 25)) >"$work/start" 2>&1 || { cat "$work/start" >&2; exit 2; }
for name in $(compgen -e AWS_); do unset "$name"; done
# shellcheck disable=SC1091 # it was just made
source "$work/store/env"
export HOME=$work AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL_S3=$S3_ENDPOINT
export S3_ACCESS_KEY=$AWS_ACCESS_KEY_ID S3_SECRET_KEY=$AWS_SECRET_ACCESS_KEY

# The events: addressed ones for us, a file each for the others.
seq "$events" | sed 's/.*/{"id":"j-&","status":"succeeded","recipe_id":1234,"completed_at":"2026-01-02T03:04:05Z","context":{"user_id":7301},"title":"an event of an ordinary size, with a title that says something about the job"}/' |
    "$build/audit-path" --layout='{recipe_id}/{job_id}.json' >"$work/addressed"
python3 - "$work" <<'END'
import json, os, sys
os.makedirs(sys.argv[1] + "/files/1234")
for line in open(sys.argv[1] + "/addressed"):
    path, event = line[9:].split('","event":', 1)
    with open(sys.argv[1] + "/files/" + path, "w") as file:
        file.write(event[:-2])
END

calculate() { # PYTHON-EXPRESSION
    python3 -c "print($1)"
}

# One run of each client puts all the objects below the prefix $1.
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
prepare_curl() { # its list of what goes where
    find "$work/files" -type f -printf '%P\n' | while read -r path; do
        printf 'upload-file = "%s"\nurl = "%s"\n' "$work/files/$path" "$S3_ENDPOINT/$S3_BUCKET/$1/$path"
    done >"$work/curl-$1"
}

clients=(s3put curl)
for client in rclone s4cmd aws; do
    if command -v "$client" >/dev/null; then clients+=("$client"); else echo "$client is not installed"; fi
done
declare -A best cpu
stopped=
for ((i = 0; i < rounds; i++)); do
    for client in "${clients[@]}"; do
        # The slow ones need no second run to be slow.
        [ "$i" = 0 ] || [[ $client == s3put || $client == curl || $client == rclone ]] || continue
        [ "$client" != curl ] || prepare_curl "$client$i"
        TIMEFORMAT='%R %U %S'
        status=0
        { time "run_$client" "$client$i" >"$work/messages" 2>&1; } 2>"$work/time" || status=$?
        # One that is stopped has taken at least so long.
        [ "$status" = 0 ] || [ "$status" = 124 ] || { cat "$work/messages" >&2; exit 2; }
        [ "$status" = 0 ] || { stopped+=" $client" && [[ $client != s3put ]] || exit 2; }
        read -r seconds user system <"$work/time"
        best[$client]=$(calculate "min(${best[$client]-1e9}, $seconds)")
        cpu[$client]=$(calculate "min(${cpu[$client]-1e9}, $user + $system)")
    done
done

echo "Objects into one radosgw, $events of $(($(stat -c %s "$work/addressed") / events)) bytes:"
for client in "${clients[@]}"; do
    printf '  %-12s %7.0f a second  %7.0f us of CPU an object\n' "$client" \
        "$(calculate "$events / ${best[$client]}")" "$(calculate "${cpu[$client]} / $events * 1e6")"
done
[ -z "$stopped" ] || echo "  stopped after $limit s, and so slower than that:$stopped"
holds() { # CLIENT AT-LEAST
    [ -n "${best[$1]-}" ] || return 0
    local ratio answer=holds
    ratio=$(calculate "${best[$1]} / ${best[s3put]}")
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$ratio" "$2" ||
        { answer="DOES NOT HOLD" && failed=1; }
    printf '  audit-s3put is %.2f times %s, at least %s: %s\n' "$ratio" "$1" "$2" "$answer"
}
holds curl 1.0
holds rclone 1.5
holds aws 5
# A resume where everything is there already: 14,000 events in three seconds are 4,667 a second.
TIMEFORMAT=%R
resumed=1e9
for ((i = 0; i < rounds; i++)); do
    { time timeout "$limit" "$build/audit-s3put" --bucket="$S3_BUCKET" --prefix=s3put0/ --no-overwrite \
        --existing=list "$work/addressed" >"$work/messages" 2>&1; } 2>"$work/time" || { cat "$work/messages" >&2; exit 2; }
    resumed=$(calculate "min($resumed, $(<"$work/time"))")
done
rate=$(calculate "$events / $resumed") answer=holds
python3 -c 'import sys; sys.exit(float(sys.argv[1]) < 4667)' "$rate" || { answer="DOES NOT HOLD" && failed=1; }
printf '  audit-s3put --existing=list passes over %.0f a second, at least 4667: %s\n' "$rate" "$answer"
if [ -n "${cpu[rclone]-}" ]; then
    ratio=$(calculate "${cpu[rclone]} / ${cpu[s3put]}") answer=holds
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < 5)' "$ratio" || { answer="DOES NOT HOLD" && failed=1; }
    printf '  rclone takes %.2f times the CPU of audit-s3put, at least 5: %s\n' "$ratio" "$answer"
fi
exit "$failed"
