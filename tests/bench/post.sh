#!/usr/bin/env bash
# Compares audit-post with a bare loop over libcurl's multi interface and with wrk, each against the
# same nginx on this machine:
#   tests/bench/post.sh BUILD
# One event a request: requests a second, and the CPU time of the sender; and with faults, compared
# with the same without.  Batched: megabytes a second, compared with Fluent Bit if that is
# installed.  Start-up: compared with an empty program that is linked to the same libraries.  The
# last line of each part says whether the required ratio holds; status 1 if one does not.  The sides
# run in turn, and the median of the rounds' ratios counts.
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
events=${BENCH_EVENTS:-200000}
rounds=${BENCH_ROUNDS:-5}
limit=${BENCH_LIMIT:-60} # seconds for one run of Fluent Bit, and of audit-post next to it
failed=0

for command in nginx wrk cc python3; do
    command -v "$command" >/dev/null || { echo "bench: $command is missing; on Debian: apt-get install nginx-light wrk gcc python3" >&2; exit 2; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/audit-bench.XXXXXX")
# shellcheck disable=SC2317 # called by the trap
stop() {
    kill "$nginx" 2>/dev/null || :
    wait 2>/dev/null || :
    rm -rf "$work"
}
cc -O2 -o "$work/curl-multi" "$here/curl-multi.c" -lcurl
echo 'int main(void) { return 0; }' >"$work/empty.c"
cc -O2 -Wl,--no-as-needed -o "$work/empty" "$work/empty.c" -lcurl -lz -lnettle -lcjson

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/conf" <<END
daemon off;
worker_processes 1;
pid $work/pid;
$([ "$(id -u)" != 0 ] || echo "user root;")
error_log $work/errors;
events { worker_connections 256; }
http {
    access_log off;
    log_format body '\$msec \$status \$http_content_length';
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    client_max_body_size 100m;
    keepalive_requests 1000000000;
    # 8% 503, 3% 429 with Retry-After: 0, 4% connections that are closed without a response.
    split_clients \$request_id \$fault { 8% unavailable; 3% busy; 4% closed; * none; }
    server {
        listen 127.0.0.1:$port;
        location / { return 200 "{}"; }
        location /counted {
            access_log $work/counted body;
            return 200 "{}";
        }
        location /faulty {
            if (\$fault = unavailable) { return 503; }
            if (\$fault = busy) { add_header Retry-After 0 always; return 429; }
            if (\$fault = closed) { return 444; }
            return 200 "{}";
        }
    }
}
END
nginx -c "$work/conf" -e "$work/errors" &
nginx=$!
trap stop EXIT
until [ -s "$work/pid" ]; do sleep 0.05; done
url=http://127.0.0.1:$port/in

seq "$events" | sed 's/.*/{"id":"j-&","status":"succeeded","started_at":"2026-01-02T03:04:05Z","context":{"user_id":7301,"recipe_id":1234},"title":"an event of an ordinary size"}/' >"$work/events"


# Runs a command; sets `seconds` and `cpu` of it.
timed() {
    local file=$work/time
    TIMEFORMAT='%R %U %S'
    { time "$@" >/dev/null 2>"$work/messages"; } 2>"$file" || { cat "$work/messages" >&2; exit 2; }
    read -r seconds user system <"$file"
    cpu=$(calculate "$user + $system")
}

cat >"$work/wrk.lua" <<END
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '$(head -n 1 "$work/events")'
END
ours=() bare=() with_wrk=() ours_cpu=() bare_cpu=()
for ((i = 0; i < rounds; i++)); do
    timed "$work/curl-multi" "$url" "$work/events" 8
    bare+=("$seconds") bare_cpu+=("$cpu")
    timed "$build/audit-post" --url="$url" "$work/events"
    ours+=("$seconds") ours_cpu+=("$cpu")
    rate=$(wrk -t1 -c8 -d2 -s "$work/wrk.lua" "$url" | sed -n 's/^Requests\/sec: *//p')
    with_wrk+=("$(calculate "$events / $rate")")
done
echo "One event a request, 8 at once, $events events of $(($(stat -c %s "$work/events") / events)) bytes:"
printf '  %-20s %9.0f a second  %6.2f us of CPU a request\n' \
    audit-post "$(calculate "$events / $(least "${ours[@]}")")" "$(calculate "$(least "${ours_cpu[@]}") / $events * 1e6")" \
    "libcurl alone" "$(calculate "$events / $(least "${bare[@]}")")" "$(calculate "$(least "${bare_cpu[@]}") / $events * 1e6")"
printf '  %-20s %9.0f a second\n' wrk "$(calculate "$events / $(least "${with_wrk[@]}")")"
holds "  of libcurl alone" "$(speed ours bare)" 0.9 || failed=1
holds "  of wrk" "$(speed ours with_wrk)" 0.35 || failed=1

# The same with faults: at most twice the time.
calm=() faulty=()
for ((i = 0; i < rounds; i++)); do
    timed "$build/audit-post" --url="$url" "$work/events"
    calm+=("$seconds")
    timed "$build/audit-post" --url="${url%/in}/faulty" "$work/events"
    faulty+=("$seconds")
done
echo "Through 15% faults (503, 429 with Retry-After: 0, closed connections), one event a request:"
printf '  %-20s %9.0f a second\n' "without faults" "$(calculate "$events / $(least "${calm[@]}")")" \
    "with them" "$(calculate "$events / $(least "${faulty[@]}")")"
holds "  of the speed without faults" "$(speed faulty calm)" 0.5 || failed=1

# Batched: five times the file.
for ((i = 0; i < 5; i++)); do cat "$work/events"; done >"$work/many"
size=$(stat -c %s "$work/many")

# Makes a command deliver the file to /counted.  Sets `seconds`, from the command's start to the end
# of the last request, so that its exit does not count; and `arrived`, how many bytes of bodies got
# a 200.
deliver() {
    local from
    : >"$work/counted"
    from=$EPOCHREALTIME
    timeout -k 5 "$limit" "$@" >/dev/null 2>"$work/messages" || :
    read -r seconds arrived < <(awk -v from="$from" '$2 == 200 { bytes += $3; last = $1 }
        END { printf "%.3f %d\n", last ? last - from : 0, bytes }' "$work/counted")
}

# Fluent Bit reads the file and sends the same lines: without "date", the member that it adds, its
# JSON is the file's, byte for byte.  It has larger buffers than its defaults, reads and sends in
# separate threads, and sends after a tenth of a second, not after one.
cat >"$work/fluent.parsers" <<END
[PARSER]
    name json
    format json
END
cat >"$work/fluent.conf" <<END
[SERVICE]
    flush 0.1
    grace 30
    log_level error
    parsers_file $work/fluent.parsers
[INPUT]
    name tail
    path $work/many
    read_from_head true
    exit_on_eof true
    parser json
    threaded true
    buffer_chunk_size 1M
    buffer_max_size 4M
[OUTPUT]
    name http
    match *
    host 127.0.0.1
    port $port
    uri /counted
    format json_lines
    json_date_key false
    log_response_payload false
    workers 2
END

post_took=() fluent_took=() short=
for ((i = 0; i < rounds; i++)); do
    deliver "$build/audit-post" --url="http://127.0.0.1:$port/counted" --batch=lines "$work/many"
    [ "$arrived" = "$size" ] || { echo "bench: audit-post delivered $arrived of $size bytes within $limit s" >&2 && cat "$work/messages" >&2 && exit 2; }
    post_took+=("$seconds")
    if [ -z "$short" ] && command -v fluent-bit >/dev/null; then
        deliver fluent-bit -q -c "$work/fluent.conf"
        fluent_took+=("$seconds")
        [ "$arrived" = "$size" ] || short="delivered $arrived of $size bytes"
    fi
done
echo "Batched (lines of 1 MB), $((size / 1000000)) MB, median of $rounds runs:"
printf '  %-20s %9.0f MB/s\n' audit-post "$(calculate "$size / $(median "${post_took[@]}") / 1e6")"
if can_compare ${#fluent_took[@]} "$short"; then
    printf '  %-20s %9.0f MB/s\n' "Fluent Bit" "$(calculate "$size / $(median "${fluent_took[@]}") / 1e6")"
    holds "  of Fluent Bit" "$(speed post_took fluent_took)" 2 || failed=1
fi

# Start-up: the minimum of a hundred alternating runs, in microseconds.
our_start=1000000000 bare_start=1000000000
once() { # VARIABLE COMMAND...
    local -n once_least=$1
    local from=${EPOCHREALTIME/./} took
    "${@:2}" </dev/null
    took=$((${EPOCHREALTIME/./} - from))
    [ "$took" -ge "$once_least" ] || once_least=$took
}
for ((i = 0; i < 100; i++)); do
    once bare_start "$work/empty"
    once our_start "$build/audit-post" --url="$url"
done
printf 'Start-up: audit-post %.1f ms, an empty program with its libraries %.1f ms\n' \
    "$(calculate "$our_start / 1000")" "$(calculate "$bare_start / 1000")"
holds "  milliseconds to spare of 3" "$(calculate "3 - ($our_start - $bare_start) / 1000")" 0 || failed=1
exit "$failed"
