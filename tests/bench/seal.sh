#!/usr/bin/env bash
# Measures audit-seal and audit-verify next to `openssl dgst -sha256` and sha256sum over the same bytes:
#   tests/bench/seal.sh BUILD
# Events of 1 KB, 100 KB and 40 MB, BENCH_MB (1000) of each; and audit-verify over a directory of files
# of 1 KB.  Runs alternate, and of each side the best counts.  A line for each ratio that is asked for
# says whether it holds; status 1 if one does not.
# shellcheck disable=SC2317 # sealing is called by `best`
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
megabytes=${BENCH_MB:-1000}
rounds=${BENCH_ROUNDS:-3}
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

# best NAME COMMAND...: the least of this and earlier runs, in times/NAME.
best() {
    local name=$1 took
    shift
    took=$(seconds "$@")
    python3 - "times/$name" "$took" <<'END'
import os, sys
name, took = sys.argv[1], float(sys.argv[2])
if os.path.exists(name):
    took = min(took, float(open(name).read()))
open(name, 'w').write(str(took))
END
}

rate() { # NAME
    python3 -c "print('%8.0f MB/s' % ($bytes / float(open('times/$1').read()) / 1e6))"
}

# promise WHAT LEAST A B: A is at least LEAST times as fast as B.
promise() {
    python3 - "$@" <<'END' || failed=1
import sys
what, least, a, b = sys.argv[1:]
ratio = float(open('times/' + b).read()) / float(open('times/' + a).read())
print('%s  %-62s %5.2f, asked for %s' % ('PASS' if ratio >= float(least) else 'FAIL', what, ratio, least))
sys.exit(ratio < float(least))
END
}

sealing() {
    audit-seal --key=log.key seals events
}

for size in 1000 100000 40000000; do
    rm -rf times && mkdir times
    make_events $size >events
    bytes=$(stat -c %s events)
    for ((round = 0; round < rounds; round++)); do
        best openssl openssl dgst -sha256 events
        best sha256sum sha256sum events
        rm -rf seals && mkdir seals
        best seal sealing
        best verify audit-verify --key=log.key.pub seals events
    done
    for name in openssl sha256sum seal verify; do
        printf 'events of %8d bytes  %-10s %s\n' $size $name "$(rate $name)"
    done
    least=1.0
    [ $size -gt 1000 ] || least=0.8
    promise "audit-seal, events of $size bytes, next to openssl dgst" $least seal openssl
    promise "audit-verify, events of $size bytes, next to openssl dgst" $least verify openssl
done

# Files.
rm -rf times events seals && mkdir times archive seals
megabytes=$((megabytes / 10))
make_events 1000 >events
audit-fileput --sync=none archive events
audit-seal --key=log.key seals events
bytes=$(stat -c %s events)
find archive -type f -print0 >files
for ((round = 0; round < rounds; round++)); do
    best openssl xargs -0 -a files openssl dgst -sha256
    best sha256sum xargs -0 -a files sha256sum
    best verify audit-verify --key=log.key.pub seals archive
done
for name in openssl sha256sum verify; do
    printf 'files of     1000 bytes  %-10s %s\n' $name "$(rate $name)"
done
promise "audit-verify, files of 1000 bytes, next to openssl dgst" 0.8 verify openssl
exit $failed
