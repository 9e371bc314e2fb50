# shellcheck shell=bash
# The common parts of the S3 tools' benchmarks: one Ceph radosgw on this machine, the events, and
# clients that take turns with the same objects.  Runs alternate, and the best of each side counts:
# the store runs on this machine too, and uses most of it.  Clients that are not installed are
# skipped, and one that takes longer than BENCH_LIMIT seconds is stopped.
# shellcheck disable=SC2034,SC2154 # who sources this uses what it sets, and has set $build
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
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"

work=$(mktemp -d "${TMPDIR:-/tmp}/audit-bench.XXXXXX")
stop() {
    "$(dirname "$0")/../ceph-rgw.sh" stop "$work/store"
    rm -rf "$work"
}
trap stop EXIT
"$(dirname "$0")/../ceph-rgw.sh" start "$work/store" $((21000 + RANDOM % 400 * 25)) >"$work/start" 2>&1 || { cat "$work/start" >&2; exit 2; }
for name in $(compgen -e AWS_); do unset "$name"; done
# shellcheck disable=SC1091 # it was just made
source "$work/store/env"
export HOME=$work AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL_S3=$S3_ENDPOINT

seq "$events" | sed 's/.*/{"id":"j-&","status":"succeeded","recipe_id":1234,"completed_at":"2026-01-02T03:04:05Z","context":{"user_id":7301},"title":"an event of an ordinary size, with a title that says something about the job"}/' |
    "$build/audit-path" --layout='{recipe_id}/{job_id}.json' >"$work/addressed"

# run_timed CLIENT ARGUMENT: notes the time of run_CLIENT in its array CLIENT_seconds, and the least
# in $best and $cpu.
declare -A best cpu
stopped=
run_timed() {
    local TIMEFORMAT='%R %U %S' status=0 seconds user system
    { time "run_$1" "$2" >"$work/messages" 2>&1; } 2>"$work/time" || status=$?
    # A stopped client has taken at least this long.
    [ "$status" = 0 ] || [ "$status" = 124 ] || { cat "$work/messages" >&2; exit 2; }
    [ "$status" = 0 ] || { stopped+=" $1" && [[ $1 != "${clients[0]}" ]] || exit 2; }
    read -r seconds user system <"$work/time"
    local -n each_round=$1_seconds
    each_round+=("$seconds")
    best[$1]=$(calculate "min(${best[$1]-1e9}, $seconds)")
    cpu[$1]=$(calculate "min(${cpu[$1]-1e9}, $user + $system)")
}

# compare OURS OTHER...: calls prepare_CLIENT and run_CLIENT, each with its own argument, for each
# installed client; prints the time per object of each.
compare() {
    local client i
    clients=("$1" curl)
    for client in "${@:2}"; do
        if command -v "$client" >/dev/null; then clients+=("$client"); else echo "$client is not installed"; fi
    done
    for ((i = 0; i < rounds; i++)); do
        for client in "${clients[@]}"; do
            # Slow clients are run only once.
            [ "$i" = 0 ] || [[ $client == "$1" || $client == curl || $client == rclone ]] || continue
            prepare "$client" "$client$i"
            run_timed "$client" "$client$i"
        done
    done
    for client in "${clients[@]}"; do
        printf '%-12s %7.0f a second  %7.0f us of CPU an object\n' "$client" \
            "$(calculate "$events / ${best[$client]}")" "$(calculate "${cpu[$client]} / $events * 1e6")"
    done
    [ -z "$stopped" ] || echo "stopped after $limit s, and so slower than that:$stopped"
}

# at_least CLIENT AT-LEAST: how much longer than ours it takes, if it was measured.
at_least() {
    [ -z "${best[$1]-}" ] || holds "audit-${clients[0]} times $1" "$(speed "${clients[0]}_seconds" "$1_seconds")" "$2" || failed=1
}
