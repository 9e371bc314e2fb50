#!/usr/bin/env bash
# Measures audit-s3get next to curl, rclone and the AWS CLI, each reading the same objects from the
# same Ceph radosgw on this machine:
#   tests/bench/s3get.sh BUILD
# Objects a second, and the CPU time of the reader.  curl is given the URLs and writes files, as do
# the AWS CLI and nobody else; audit-s3get and rclone list the keys themselves.  Runs alternate, and
# of each side the best counts: the store runs on this machine too, and takes most of it.  Clients
# that are not installed are passed over, and one that takes longer than BENCH_LIMIT seconds is
# stopped.  A line for each ratio that is asked for says whether it holds; status 1 if one does not.
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

# The objects, and their URLs for curl.
seq "$events" | sed 's/.*/{"id":"j-&","status":"succeeded","recipe_id":1234,"completed_at":"2026-01-02T03:04:05Z","context":{"user_id":7301},"title":"an event of an ordinary size, with a title that says something about the job"}/' |
    "$build/audit-path" --layout='{recipe_id}/{job_id}.json' >"$work/addressed"
"$build/audit-s3put" --bucket="$S3_BUCKET" --prefix=bench/ --parallel=32 "$work/addressed"
sed 's/{"path":"\([^"]*\)".*/\1/' "$work/addressed" | while read -r path; do
    printf 'url = "%s"\noutput = "%s"\n' "$S3_ENDPOINT/$S3_BUCKET/bench/$path" "$work/out/${path//\//_}"
done >"$work/curl-config"

calculate() { # PYTHON-EXPRESSION
    python3 -c "print($1)"
}

# One run of each client reads all the objects.
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

clients=(s3get curl)
for client in rclone aws; do
    if command -v "$client" >/dev/null; then clients+=("$client"); else echo "$client is not installed"; fi
done
declare -A best cpu
stopped=
for ((i = 0; i < rounds; i++)); do
    for client in "${clients[@]}"; do
        # The slow ones need no second run to be slow.
        [ "$i" = 0 ] || [[ $client == s3get || $client == curl ]] || continue
        rm -rf "$work/out" && mkdir "$work/out"
        TIMEFORMAT='%R %U %S'
        status=0
        { time "run_$client" >"$work/messages" 2>&1; } 2>"$work/time" || status=$?
        # One that is stopped has taken at least so long.
        [ "$status" = 0 ] || [ "$status" = 124 ] || { cat "$work/messages" >&2; exit 2; }
        [ "$status" = 0 ] || { stopped+=" $client" && [[ $client != s3get ]] || exit 2; }
        read -r seconds user system <"$work/time"
        best[$client]=$(calculate "min(${best[$client]-1e9}, $seconds)")
        cpu[$client]=$(calculate "min(${cpu[$client]-1e9}, $user + $system)")
    done
done
[ "$(wc -l <"$work/got")" = "$events" ] || { echo "bench: audit-s3get did not read all" >&2; exit 2; }

echo "Objects from one radosgw, $events of $(($(stat -c %s "$work/addressed") / events)) bytes:"
for client in "${clients[@]}"; do
    printf '  %-12s %7.0f a second  %7.0f us of CPU an object\n' "$client" \
        "$(calculate "$events / ${best[$client]}")" "$(calculate "${cpu[$client]} / $events * 1e6")"
done
[ -z "$stopped" ] || echo "  stopped after $limit s, and so slower than that:$stopped"
holds() { # CLIENT AT-LEAST
    [ -n "${best[$1]-}" ] || return 0
    local ratio answer=holds
    ratio=$(calculate "${best[$1]} / ${best[s3get]}")
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$ratio" "$2" ||
        { answer="DOES NOT HOLD" && failed=1; }
    printf '  audit-s3get is %.2f times %s, at least %s: %s\n' "$ratio" "$1" "$2" "$answer"
}
holds curl 1.0
holds rclone 2
holds aws 5
exit "$failed"
