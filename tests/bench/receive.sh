#!/usr/bin/env bash
# Compares audit-receive with nginx, which returns 200 for the same requests and stores nothing, and
# with itself with a sync for each request:
#   tests/bench/receive.sh BUILD
# One event a request, by wrk, from 32 and 128 connections: requests a second, and the CPU time of
# the server.  Batched, by audit-post: megabytes a second, compared with Fluent Bit's HTTP input if
# that is installed.  The sides run in turn, and the median of the rounds' ratios counts.  The time
# of a sync is measured too, because the results depend on it: if C connections wait for a sync of
# s, and a request takes h in addition, one group is at most C * (s + h) / (s + C * h) times as fast
# as a sync for each, which on a fast disk is less than the required ratio.  So both are also
# measured with a slow disk: each sync takes 5 ms more (slow-disk.c), and the required ratio applies
# to that.  A line for each required ratio says whether it holds; status 1 if one fails.  If one
# fails, there are more rounds, at most three times as many: the machine may be busy.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
rounds=${BENCH_ROUNDS:-3}
seconds=${BENCH_SECONDS:-3}
limit=${BENCH_LIMIT:-60} # seconds for one run of batches
here=$(cd "$(dirname "$0")" && pwd)

for command in nginx wrk cc python3; do
    command -v "$command" >/dev/null || { echo "bench: $command is missing; on Debian: apt-get install nginx-light wrk gcc python3" >&2; exit 2; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/audit-bench.XXXXXX")
server=
# shellcheck disable=SC2317 # called by the trap
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$work"
}
trap stop EXIT

cc -O2 -shared -fPIC -o "$work/slow-disk.so" "$here/slow-disk.c"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port/
cat >"$work/conf" <<END
daemon off;
worker_processes auto;
pid $work/pid;
$([ "$(id -u)" != 0 ] || echo "user root;")
error_log $work/errors;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    client_max_body_size 100m;
    keepalive_requests 1000000000;
    server {
        listen 127.0.0.1:$port;
        default_type application/json;
        location / { return 200 '{"events":1}'; }
    }
}
END
python3 - "$work/event" <<'END'
import json, sys
json.dump({"id": "j-1", "status": "succeeded", "started_at": "2026-01-02T03:04:05Z",
           "context": {"user_id": 7301, "recipe_id": 1234},
           "lines": [{"recipe_line_number": n, "adapter_name": "salesforce", "input": {"name": "x" * 40}} for n in range(8)]},
          open(sys.argv[1], "w"), separators=(",", ":"))
END
cat >"$work/wrk.lua" <<END
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '$(cat "$work/event")'
END


# Microseconds of CPU that the server's processes have taken so far.
cpu_of_server() {
    local process ticks=0
    for process in "$server" $(pgrep -P "$server" || :); do
        # Fields 14 and 15 of proc(5); the name before them may hold blanks.
        read -r user system < <(sed 's/.*) //' "/proc/$process/stat" | cut -d' ' -f12,13)
        ticks=$((ticks + user + system))
    done
    echo $((ticks * 1000000 / $(getconf CLK_TCK)))
}

serve() { # nginx, or a value of --sync; with "slow-" before it, on the slow disk
    rm -rf "$work/spool" "$work/pid"
    mkdir "$work/spool"
    if [ "$1" = nginx ]; then
        nginx -c "$work/conf" -e "$work/errors" &
    elif [ "$1" != "${1#slow-}" ]; then
        SLOW_DISK=5000 LD_PRELOAD=$work/slow-disk.so \
            "$build/audit-receive" --listen="$port" --sync="${1#slow-}" "$work/spool" 2>"$work/messages" &
    else
        "$build/audit-receive" --listen="$port" --sync="$1" "$work/spool" 2>"$work/messages" &
    fi
    server=$!
    await_server
}

# Waits until the server accepts connections, at most 20 s.
await_server() {
    python3 - "$port" "$server" 2>/dev/null <<'END' || { echo "bench: no server came up on port $port" >&2 && cat "$work/messages" >&2 && exit 2; }
import os, socket, sys, time
for attempt in range(400):
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        break
    except OSError:
        os.kill(int(sys.argv[2]), 0)
        time.sleep(0.05)
else:
    sys.exit(1)
END
}

# Ends the server, by force if it takes longer than a minute.
stop_serving() {
    local status=0
    kill "$server"
    timeout 60 tail --pid="$server" -s 0.05 -f /dev/null || kill -KILL "$server"
    wait "$server" || status=$?
    server=
    [ "$status" = 0 ] || { echo "bench: the server ended with status $status" >&2 && cat "$work/messages" >&2 && exit 2; }
}

declare -A rate cpu # the best
declare -a {nginx,none,group,each,slow_group,slow_each}_{32,128} # seconds a request, round by round
measure() { # KIND CONNECTIONS
    local before used requests this
    serve "$1"
    before=$(cpu_of_server)
    wrk -t1 "-c$2" "-d$seconds" -s "$work/wrk.lua" "$url" >"$work/wrk"
    used=$(($(cpu_of_server) - before))
    stop_serving
    ! grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2 || exit 2
    requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$work/wrk")
    if [ "$1" != nginx ] && [ "$(cat "$work"/spool/new/* | wc -l)" -lt "$requests" ]; then
        echo "bench: fewer events are kept than were answered 200" >&2
        exit 2
    fi
    this=$(sed -n 's/^Requests\/sec: *//p' "$work/wrk")
    local -n each_round=${1/-/_}_$2
    each_round+=("$(calculate "1 / $this")")
    rate[$1.$2]=$(calculate "max(${rate[$1.$2]-0}, $this)")
    cpu[$1.$2]=$(calculate "min(${cpu[$1.$2]-1e9}, $used / $requests)")
}

# Prints the required ratios, a line each; false if one fails.
ratios() {
    local connections all=0 median low high
    for connections in 32 128; do
        holds "  --sync=none, of nginx, $connections connections" "$(speed "none_$connections" "nginx_$connections")" 0.5 || all=1
        read -r median low high < <(speed "group_$connections" "each_$connections")
        printf '%-52s %6.2f (quartiles %s to %s)\n' "  group, of a sync for each, $connections connections" "$median" "$low" "$high"
        holds "  the same, where a sync takes 5 ms more" "$(speed "slow_group_$connections" "slow_each_$connections")" 20 || all=1
    done
    return $all
}

kinds=(nginx none group each slow-group slow-each)
for ((i = 0; i < 3 * rounds; i++)); do
    [ "$i" -lt "$rounds" ] || ! ratios >/dev/null || break
    for connections in 32 128; do
        for kind in "${kinds[@]}"; do
            measure "$kind" "$connections"
        done
    done
done
sync=$(python3 - "$work/spool/probe" <<'END'
import os, sys, time
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
begun = time.time()
for count in range(1, 10001):
    os.write(file, b"x" * 700)
    os.fdatasync(file)
    if time.time() - begun > 2:
        break
print((time.time() - begun) / count * 1e6)
END
)

printf 'One event of %d bytes a request; a sync takes %.0f us here:\n' "$(stat -c %s "$work/event")" "$sync"
declare -A name=([nginx]="nginx, storing nothing" [none]="--sync=none" [group]="--sync=group" [each]="--sync=each"
    [slow-group]="--sync=group, slow disk" [slow-each]="--sync=each, slow disk")
for connections in 32 128; do
    for kind in "${kinds[@]}"; do
        printf '  %-23s %3d connections %9.0f a second  %6.2f us of CPU a request\n' "${name[$kind]}" \
            "$connections" "${rate[$kind.$connections]}" "${cpu[$kind.$connections]}"
    done
done
failed=0
ratios || failed=1
# The most that a group of all could gain here, by the times of a sync and of a request without one.
for connections in 32 128; do
    printf '%-52s %6.2f\n' "  the most that this disk allows, $connections connections" \
        "$(calculate "$connections * ($sync + 1e6 / ${rate[none.$connections]}) / ($sync + $connections * 1e6 / ${rate[none.$connections]})")"
done

# Batched.
python3 - "$work" "${BENCH_EVENTS:-200000}" <<'END'
import sys
line = open(sys.argv[1] + "/event").read() + "\n"
open(sys.argv[1] + "/many", "w").write(line * int(sys.argv[2]))
END
size=$(stat -c %s "$work/many")
events=$(wc -l <"$work/many")

# Makes audit-post send all events to PATH of the server, in arrays of 1 MB.  Sets `took`, in
# seconds.
send() { # PATH
    local from=$EPOCHREALTIME
    timeout -k 5 "$limit" "$build/audit-post" --batch=array --parallel=4 --retry-for="${limit}s" --url="$url$1" "$work/many" \
        2>"$work/sender" || :
    took=$(calculate "$EPOCHREALTIME - $from")
}

# Fluent Bit keeps the events in memory when it responds, and writes them to a file afterwards,
# unchanged.  It gets buffers for larger bodies than by default, a second thread, and writes after a
# tenth of a second, not after one.  Its memory is not limited.
cat >"$work/fluent.conf" <<END
[SERVICE]
    flush 0.1
    grace 30
    log_level error
[INPUT]
    name http
    listen 127.0.0.1
    port $port
    http2 off
    workers 2
    buffer_chunk_size 1M
    buffer_max_size 8M
[OUTPUT]
    name file
    match *
    path $work
    file fluent.out
    format plain
END

receive_took=() fluent_took=() short=
for ((i = 0; i < rounds; i++)); do
    serve group
    send ""
    stop_serving
    kept=$(cat "$work"/spool/new/* | wc -l)
    [ "$kept" = "$events" ] || { echo "bench: audit-receive kept $kept of $events events within $limit s" >&2 && cat "$work/sender" >&2 && exit 2; }
    receive_took+=("$took")
    if [ -z "$short" ] && command -v fluent-bit >/dev/null; then
        : >"$work/fluent.out"
        fluent-bit -q -c "$work/fluent.conf" >/dev/null 2>"$work/messages" &
        server=$!
        await_server
        send in
        stop_serving
        kept=$(wc -l <"$work/fluent.out")
        fluent_took+=("$took")
        [ "$kept" = "$events" ] || short="kept $kept of $events events"
    fi
done
printf 'Batched (arrays of 1 MB), %d MB, median of %d runs:\n' $((size / 1000000)) "$rounds"
printf '  %-23s %9.0f MB/s, synced\n' audit-receive "$(calculate "$size / $(median "${receive_took[@]}") / 1e6")"
if can_compare ${#fluent_took[@]} "$short"; then
    printf '  %-23s %9.0f MB/s, in memory\n' "Fluent Bit" "$(calculate "$size / $(median "${fluent_took[@]}") / 1e6")"
    read -r ratio low high < <(speed receive_took fluent_took)
    printf '%-52s %6.2f (quartiles %s to %s)\n' "  of Fluent Bit" "$ratio" "$low" "$high"
fi
exit "$failed"
