#!/usr/bin/env bash
# Measures audit-prune on this machine's disk:
#   tests/bench/prune.sh BUILD
# An archive of BENCH_FILES files (half of them jobs, each in a directory of its own; half of them
# activities, thousands a directory), all of them old, removed by audit-prune, which prints each
# path, and by find -delete, which prints nothing.  Alternating runs: the best of each side, and the
# median of the ratios.  Status 1 if the required ratio fails.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
files=${BENCH_FILES:-100000}
rounds=${BENCH_ROUNDS:-3}
failed=0

# Not in /tmp, which may be in memory.
work=$(mktemp -d "${BENCH_DISK:-$build}/audit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

archive() {
    python3 - "$files" <<'END'
import os, sys
made = None
for i in range(int(sys.argv[1])):
    day = '2023%02d%02d' % (i // 28 % 12 + 1, i % 28 + 1)
    if i % 2:
        directory = 'archive/7301/jobs/%d/%s/j-%08d' % (i % 50, day, i)
        name = '7301-%d-j-%08d-%s000000-succeeded.json' % (i % 50, i, day)
    else:
        directory = 'archive/7301/activity/2023%02d01' % (i * 12 // int(sys.argv[1]) + 1)
        name = '7301-user_login-20230101000000-%016x.json' % i
    if i % 2 or directory != made:
        os.makedirs(directory, exist_ok=True)
        made = directory
    os.close(os.open(directory + '/' + name, os.O_CREAT | os.O_WRONLY))
END
}

with_find() {
    find archive -mindepth 1 -delete
}
with_prune() {
    "$build/audit-prune" --keep=1y --now=2025-06-01 archive >removed
    [ "$(wc -l <removed)" -eq "$files" ]
}

# seconds_to_empty COMMAND...: the time to empty the archive.
seconds_to_empty() {
    archive
    seconds "$@"
    [ -z "$(ls archive)" ] || { echo "bench: $* left something" >&2 && exit 2; }
}
# figure NAME SECONDS...: the best.
figure() {
    best=$(least "${@:2}")
    printf '%-52s %8.2f s, %.0f files a second\n' "$1" "$best" "$(calculate "$files / $best")"
}

echo
echo "audit-prune, $files files"
for ((round = 0; round < rounds; round++)); do
    find_times+=("$(seconds_to_empty with_find)")
    prune_times+=("$(seconds_to_empty with_prune)")
done
figure 'find -delete' "${find_times[@]}"
figure 'audit-prune' "${prune_times[@]}"
holds 'audit-prune / find -delete' "$(speed prune_times find_times)" 0.7 || failed=1
exit "$failed"
