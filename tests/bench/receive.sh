#!/usr/bin/env bash
# Measures audit-receive next to nginx, which answers 200 to the same requests and stores nothing,
# and next to itself with a sync for each request:
#   tests/bench/receive.sh BUILD
# One event a request, by wrk, from 32 and 128 connections: requests a second, and the CPU time of
# the server.  Batched, by audit-post: megabytes a second, next to Fluent Bit's HTTP input where that
# is installed.  Runs alternate, and of each side the best counts: wrk runs on this machine, too.
# How long a sync takes here is measured as well, for all that is synced depends on it.
# A line for each ratio that is asked for says whether it holds; status 1 if one does not.
set -euo pipefail
export LC_ALL=C.UTF-8
build=$(cd "$1" && pwd)
rounds=${BENCH_ROUNDS:-3}
seconds=${BENCH_SECONDS:-3}
failed=0

for command in nginx wrk python3; do
    command -v "$command" >/dev/null || { echo "bench: $command is missing; on Debian: apt-get install nginx-light wrk python3" >&2; exit 2; }
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

# holds WHAT IS AT-LEAST
holds() {
    local answer=holds
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$2" "$3" || { answer="DOES NOT HOLD" failed=1; }
    printf '%-52s %6.2f, at least %s: %s\n' "$1" "$2" "$3" "$answer"
}
calculate() { # PYTHON-EXPRESSION
    python3 -c "print($1)"
}

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

serve() { # nginx, or a value of --sync
    rm -rf "$work/spool" "$work/pid"
    mkdir "$work/spool"
    if [ "$1" = nginx ]; then
        nginx -c "$work/conf" -e "$work/errors" &
    else
        "$build/audit-receive" --listen="$port" --sync="$1" "$work/spool" 2>"$work/messages" &
    fi
    server=$!
    until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null; do
        kill -0 "$server"
        sleep 0.05
    done
}
stop_serving() {
    kill "$server"
    wait "$server" || { cat "$work/messages" >&2; exit 2; }
    server=
}

declare -A rate cpu
for ((i = 0; i < rounds; i++)); do
    for kind in nginx none group each; do
        for connections in 32 128; do
            serve "$kind"
            before=$(cpu_of_server)
            wrk -t1 "-c$connections" "-d$seconds" -s "$work/wrk.lua" "$url" >"$work/wrk"
            used=$(($(cpu_of_server) - before))
            stop_serving
            ! grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2 || exit 2
            requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$work/wrk")
            if [ "$kind" != nginx ] && [ "$(cat "$work"/spool/new/* | wc -l)" -lt "$requests" ]; then
                echo "bench: fewer events are kept than were answered 200" >&2
                exit 2
            fi
            this=$(sed -n 's/^Requests\/sec: *//p' "$work/wrk")
            rate[$kind.$connections]=$(calculate "max(${rate[$kind.$connections]-0}, $this)")
            cpu[$kind.$connections]=$(calculate "min(${cpu[$kind.$connections]-1e9}, $used / $requests)")
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
declare -A name=([nginx]="nginx, storing nothing" [none]="--sync=none" [group]="--sync=group" [each]="--sync=each")
for connections in 32 128; do
    for kind in nginx none group each; do
        printf '  %-22s %3d connections %9.0f a second  %6.2f us of CPU a request\n' "${name[$kind]}" \
            "$connections" "${rate[$kind.$connections]}" "${cpu[$kind.$connections]}"
    done
done
for connections in 32 128; do
    holds "  --sync=none, of nginx, $connections connections" \
        "$(calculate "${rate[none.$connections]} / ${rate[nginx.$connections]}")" 0.5
    holds "  group, of a sync for each, $connections connections" \
        "$(calculate "${rate[group.$connections]} / ${rate[each.$connections]}")" 20
done

# Batched.
python3 - "$work" "${BENCH_EVENTS:-200000}" <<'END'
import sys
line = open(sys.argv[1] + "/event").read() + "\n"
open(sys.argv[1] + "/many", "w").write(line * int(sys.argv[2]))
END
size=$(stat -c %s "$work/many")
batched=0
for ((i = 0; i < rounds; i++)); do
    serve group
    begun=$(date +%s%N)
    "$build/audit-post" --batch=lines --parallel=4 --url="$url" "$work/many"
    batched=$(calculate "max($batched, $size / ($(date +%s%N) - $begun) * 1e3)")
    stop_serving
done
printf 'Batched (lines of 1 MB), %d MB: audit-receive %.0f MB/s\n' $((size / 1000000)) "$batched"
if command -v fluent-bit >/dev/null; then
    fluent-bit -q -i http -p listen=127.0.0.1 -p port="$port" -o file -p path="$work" -p file=fluent.out &
    server=$!
    until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null; do sleep 0.05; done
    begun=$(date +%s%N)
    "$build/audit-post" --batch=array --parallel=4 --url="${url}in" "$work/many"
    printf '  Fluent Bit %26.0f MB/s\n' "$(calculate "$size / ($(date +%s%N) - $begun) * 1e3")"
    kill "$server"
    server=
else
    echo "  Fluent Bit is not installed"
fi
exit "$failed"
