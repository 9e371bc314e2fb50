#!/usr/bin/env bash
# Compares audit-seal and audit-verify with `openssl dgst -sha256` and sha256sum over the same
# bytes:
#   tests/bench/seal.sh BUILD
# Events of 1 KB, 100 KB and 40 MB, BENCH_MB (1000) of each; and audit-verify over a directory of
# files of 1 KB.  Alternating runs: the best of each side, and the median of the ratios.  A line for
# each required ratio says whether it holds; status 1 if one fails.
# shellcheck disable=SC2034,SC2317 # arrays and functions are used by name
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
megabytes=${BENCH_MB:-1000}
rounds=${BENCH_ROUNDS:-5}
failed=0
PATH=$build:$PATH

work=$(mktemp -d "${TMPDIR:-/dev/shm}/audit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
audit-seal --new-key=log.key >fingerprint

make_events() { # BYTES
    python3 - "$1" "$((megabytes * 1000000 / $1))" <<'END'
import sys
size, count = int(sys.argv[1]), max(1, int(sys.argv[2]))
line = '{"n":%d.50,"adapter":"salesforce","input":{"text":"' + 'what a step of a recipe reads ' * 6 + '"}}'
lines = ','.join(line % i for i in range(max(1, (size - 200) // len(line))))
for i in range(count):
    print('{"path":"7/jobs/%d/20240312/j-%d/7-%d-j-%d-20240312000232-succeeded.json","event":{"id":"j-%d","status":'
          '"succeeded","recipe_id":%d,"completed_at":"2024-03-12T00:02:32Z","lines":[%s],"title":"%s"}}'
          % (i % 50, i, i % 50, i, i, i % 50, lines, 'x' * max(0, size - 200 - len(lines))))
END
}

# timed ARRAY COMMAND...: one more of its runs.
timed() {
    local -n timed_runs=$1
    timed_runs+=("$(seconds "${@:2}")")
}

sealing() {
    audit-seal --key=log.key seals events
}

for size in 1000 100000 40000000; do
    openssl=() sha256sum=() seal=() verify=()
    make_events $size >events
    bytes=$(stat -c %s events)
    for ((round = 0; round < rounds; round++)); do
        timed sha256sum sha256sum events
        rm -rf seals && mkdir seals
        timed seal sealing
        timed openssl openssl dgst -sha256 events
        timed verify audit-verify --key=log.key.pub seals events
    done
    echo "Events of $size bytes"
    figure "openssl dgst -sha256" "$bytes" "${openssl[@]}"
    figure "sha256sum" "$bytes" "${sha256sum[@]}"
    figure "audit-seal" "$bytes" "${seal[@]}"
    figure "audit-verify" "$bytes" "${verify[@]}"
    least=1.0
    [ $size -gt 1000 ] || least=0.8
    holds "audit-seal next to openssl dgst" "$(speed seal openssl)" $least || failed=1
    holds "audit-verify next to openssl dgst" "$(speed verify openssl)" $least || failed=1
done

rm -rf events seals && mkdir archive seals
megabytes=$((megabytes / 10))
make_events 1000 >events
audit-fileput --sync=none archive events
audit-seal --key=log.key seals events
bytes=$(stat -c %s events)
find archive -type f -print0 >files
openssl=() sha256sum=() verify=()
for ((round = 0; round < rounds; round++)); do
    timed sha256sum xargs -0 -a files sha256sum
    timed openssl xargs -0 -a files openssl dgst -sha256
    timed verify audit-verify --key=log.key.pub seals archive
done
echo "Files of 1000 bytes"
figure "openssl dgst -sha256" "$bytes" "${openssl[@]}"
figure "sha256sum" "$bytes" "${sha256sum[@]}"
figure "audit-verify" "$bytes" "${verify[@]}"
holds "audit-verify next to openssl dgst" "$(speed verify openssl)" 0.8 || failed=1
exit $failed
