#!/usr/bin/env bash
# Measures audit-spool and audit-drain on this machine's disk:
#   tests/bench/spool.sh BUILD
# audit-spool compared with dd writing the same bytes with a sync every 8 MB; audit-spool and
# audit-drain into audit-post, batched, compared with audit-post alone, with one nginx; and lines
# through a queue on disk into a file, compared with rsyslog if that is installed.  Alternating
# runs: the best of each side, and the median of the ratios.  Status 1 if a required ratio fails.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
megabytes=${BENCH_MEGABYTES:-200}
rounds=${BENCH_ROUNDS:-5}
failed=0

for command in nginx python3; do
    command -v "$command" >/dev/null || { echo "bench: $command is missing; on Debian: apt-get install nginx-light python3" >&2; exit 2; }
done

# Not in /tmp, which may be in memory.
work=$(mktemp -d "${BENCH_DISK:-$build}/audit-bench.XXXXXX")
nginx='' rsyslog='' drain=''
stop() {
    # shellcheck disable=SC2086 # those that run
    kill $nginx $rsyslog $drain 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$work"
}
trap stop EXIT

python3 - "$megabytes" >"$work/events" <<'END'
import sys
line = '{"id":"j-%09d","status":"succeeded","started_at":"2026-01-02T03:04:05Z","context":{"user_id":7301,"recipe_id":1234},"title":"' + "an event of an ordinary size " * 30 + '"}\n'
size = len(line % 0)
for n in range(int(sys.argv[1]) * 1000000 // size):
    sys.stdout.write(line % n)
END
bytes=$(stat -c %s "$work/events")

with_dd() {
    rm -f "$work/copy"
    dd if="$work/events" of="$work/copy" bs=8M oflag=dsync
}
with_spool() {
    rm -rf "$work/spool" && mkdir "$work/spool"
    "$build/audit-spool" "$work/spool" "$work/events"
}
dd_seconds=() spool_seconds=()
for ((i = 0; i < rounds; i++)); do
    dd_seconds+=("$(seconds with_dd)")
    spool_seconds+=("$(seconds with_spool)")
done
figure "dd with a sync every 8 MB" "$bytes" "${dd_seconds[@]}"
figure "audit-spool" "$bytes" "${spool_seconds[@]}"
holds "audit-spool next to dd" "$(speed spool_seconds dd_seconds)" 0.7 || failed=1

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
port=$(free_port)
cat >"$work/conf" <<END
daemon off;
worker_processes 1;
pid $work/pid;
$([ "$(id -u)" != 0 ] || echo "user root;")
error_log $work/errors;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    client_max_body_size 100m;
    server { listen 127.0.0.1:$port; location / { return 200 "{}"; } }
}
END
nginx -c "$work/conf" -e "$work/errors" &
nginx=$!
until [ -s "$work/pid" ]; do sleep 0.05; done
post=("$build/audit-post" --batch=lines --batch-bytes=1MB --url="http://127.0.0.1:$port/in")
with_post() {
    "${post[@]}" "$work/events"
}
with_drain() {
    "$build/audit-drain" "$work/spool" -- "${post[@]}"
}
# Both at once, as a service and its producer run; the drain has started before the writing begins.
side_by_side() {
    "$build/audit-spool" "$work/spool" "$work/events"
    for ((tries = 6000; tries > 0; tries--)); do
        [ -n "$(ls "$work/spool/new")" ] || return 0
        sleep 0.01
    done
    return 1
}
post_seconds=() drain_seconds=() both_seconds=()
for ((i = 0; i < rounds; i++)); do
    post_seconds+=("$(seconds with_post)")
    with_spool
    drain_seconds+=("$(seconds with_drain)")
    rm -rf "$work/spool" && mkdir "$work/spool"
    "$build/audit-drain" --follow "$work/spool" -- "${post[@]}" 2>"$work/drained" &
    drain=$!
    until [ -d "$work/spool/new" ]; do sleep 0.01; done
    both_seconds+=("$(seconds side_by_side)")
    kill "$drain"
    wait "$drain" || :
    drain=''
done
figure "audit-post alone, batched" "$bytes" "${post_seconds[@]}"
figure "audit-spool, with audit-drain --follow into it" "$bytes" "${both_seconds[@]}"
figure "audit-drain into audit-post, batched" "$bytes" "${drain_seconds[@]}"
holds "audit-drain into audit-post next to audit-post alone" "$(speed drain_seconds post_seconds)" 0.8 || failed=1
kill "$nginx"
wait "$nginx" || :
nginx='' port=$(free_port)

# rsyslog gets a tenth of the lines, because it is slow.  Its queue is not synced.
head -c $((megabytes * 100000)) "$work/events" | sed '$d' >"$work/lines"
bytes=$(stat -c %s "$work/lines")
through_spool() {
    rm -rf "$work/spool" "$work/drained" && mkdir "$work/spool"
    "$build/audit-spool" "$work/spool" "$work/lines"
    "$build/audit-drain" "$work/spool" -- tee -a "$work/drained"
    cmp "$work/lines" "$work/drained"
}
through_rsyslog() {
    : >"$work/out"
    cat "$work/lines" >"/dev/tcp/127.0.0.1/$port"
    for ((tries = 6000; tries > 0; tries--)); do
        [ "$(stat -c %s "$work/out")" -ne "$(stat -c %s "$work/lines")" ] || return 0
        sleep 0.01
    done
    return 1
}
if ! command -v rsyslogd >/dev/null; then
    echo "rsyslog is not installed (Debian: apt-get install rsyslog)"
    exit $failed
fi
mkdir "$work/queue"
cat >"$work/rsyslog.conf" <<END
global(workDirectory="$work/queue" maxMessageSize="64k")
module(load="imptcp")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="in" queue.type="Disk" queue.filename="lines" queue.maxFileSize="8m") {
    action(type="omfile" file="$work/out" template="raw")
}
input(type="imptcp" address="127.0.0.1" port="$port" ruleset="in")
END
rsyslogd -n -iNONE -f "$work/rsyslog.conf" &
rsyslog=$!
for ((tries = 200; tries > 0; tries--)); do
    ! (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    sleep 0.05
done
spool_seconds=() rsyslog_seconds=()
for ((i = 0; i < rounds; i++)); do
    rsyslog_seconds+=("$(seconds through_rsyslog)")
    spool_seconds+=("$(seconds through_spool)")
done
figure "rsyslog, through a disk queue into a file" "$bytes" "${rsyslog_seconds[@]}"
figure "audit-spool and audit-drain into a file" "$bytes" "${spool_seconds[@]}"
exit $failed
