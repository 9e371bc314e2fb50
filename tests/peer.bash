# An HTTP service for the tests of senders: tests/peer.py, which follows a script, and nginx.  `load
# peer` after `load common`.
# shellcheck disable=SC2034 # whoever loads this uses what it sets

# start_peer NAME [SCRIPT [ARGUMENT...]]: a peer.py in the directory NAME; $peer is that directory,
# $url its address.  Ends with stop_peers.
start_peer() {
    peer=$PWD/$1
    local script=${2-} scheme=http
    [ $# -lt 2 ] || shift
    shift
    mkdir -p "$peer"
    rm -f "$peer/port"
    [ -z "$script" ] || tell_peer "$script"
    python3 -S "$AUDIT_TESTS/peer.py" "$peer" "$@" 3>&- 2>"$peer/errors" &
    echo $! >"$peer/pid"
    peers+=("$!")
    eventually test -s "$peer/port"
    case " $* " in *" --tls "*) scheme=https ;; esac
    url=$scheme://127.0.0.1:$(cat "$peer/port")/in
}

# tell_peer SCRIPT: from now on the peer follows this script.
tell_peer() {
    printf '%s\n' "$1" >"$peer/script.new"
    mv "$peer/script.new" "$peer/script"
}

# kill_peer: ends it at once, whatever it is doing.
kill_peer() {
    kill -9 "$(cat "$peer/pid")"
    wait "$(cat "$peer/pid")" 2>/dev/null || :
}

# assert_delivered FILE: the peer has acknowledged the events of the file, each at least once, and
# no others.
assert_delivered() {
    diff <(sort -u "$1") <(sort -u "$peer/events") >differences || { head -n 6 differences && return 1; }
}

# An address on which nothing listens.
nobody() {
    echo http://127.0.0.1:1/
}

# make_certificates: ca.pem, and server.pem and client.pem with their keys, signed by it.
make_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
        -subj "/CN=tests' own authority" -days 2 2>/dev/null
    local name
    for name in server client; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" \
            -out "$name.csr" -subj "/CN=$name" 2>/dev/null
        openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
            -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost") -out "$name.pem" 2>/dev/null
    done
}

# free_port: a port on which nothing listens, and which the system gives to no client either: while
# a service is down, its port could otherwise be reused.
free_port() {
    local port
    while port=$((10000 + RANDOM % 11000)); do
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# start_nginx: passes requests to the peer: $nginx_plain/in over HTTP/1.1, $nginx_tls/in over TLS
# with HTTP/2; /sink responds itself.  Its log has each request's protocol and connection.
start_nginx() {
    local plain tls
    plain=$(free_port)
    tls=$(free_port)
    mkdir -p nginx
    cat >nginx/conf <<END
daemon off;
worker_processes 1;
pid $PWD/nginx/pid;
$([ "$(id -u)" != 0 ] || echo "user root;")
error_log $PWD/nginx/errors;
events { worker_connections 256; }
http {
    log_format short '\$server_protocol \$connection \$status \$ssl_session_reused';
    access_log $PWD/nginx/log short;
    client_body_temp_path $PWD/nginx/body;
    proxy_temp_path $PWD/nginx/proxy;
    fastcgi_temp_path $PWD/nginx/fastcgi;
    uwsgi_temp_path $PWD/nginx/uwsgi;
    scgi_temp_path $PWD/nginx/scgi;
    client_max_body_size 64k;
    keepalive_requests 100000;
    upstream peer { server 127.0.0.1:$(cat "$peer/port"); keepalive 16; }
    server {
        listen 127.0.0.1:$plain;
        listen 127.0.0.1:$tls ssl http2;
        ssl_certificate $PWD/server.pem;
        ssl_certificate_key $PWD/server.key;
        location /sink {
            client_max_body_size 100m;
            return 200 "{}";
        }
        location = /smuggled {
            return 403;
        }
        location / {
            proxy_pass http://peer;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
END
    nginx -c "$PWD/nginx/conf" -e "$PWD/nginx/errors" 3>&- &
    peers+=("$!")
    eventually test -s nginx/pid
    nginx_plain=http://127.0.0.1:$plain
    nginx_tls=https://127.0.0.1:$tls
}

# also_stop PID: stop_peers ends this one too.
also_stop() {
    peers+=("$1")
}

stop_peers() {
    local pid
    for pid in "${peers[@]}"; do
        # If it was waited for, another process may have its number by now.
        [[ $'\n'$(jobs -p)$'\n' = *$'\n'$pid$'\n'* ]] || continue
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    peers=()
}
peers=()

# events COUNT [FROM]: so many small events, numbered.
events() {
    local from=${2:-1}
    seq "$from" $((from + $1 - 1)) | sed 's/.*/{"id":"j-&","status":"succeeded","started_at":"2026-01-02T03:04:05Z","n":&}/'
}

# assert_taken FILE: the peer has acknowledged exactly these events, in any order.
assert_taken() {
    sort "$peer/events" | cmp - <(sort "$1") || { show "not the events of $1"; return 1; }
}

# assert_receipts FILE COUNT: one receipt for each of the lines 1 to COUNT.
assert_receipts() {
    python3 -S - "$1" "$2" <<'END'
import json, sys
lines = sorted(json.loads(line)["line"] for line in open(sys.argv[1]))
assert lines == list(range(1, int(sys.argv[2]) + 1)), lines[:20]
END
}

# from_log EXPRESSION: a Python expression over `log`, the peer's requests.
from_log() {
    python3 -S -c 'import json, sys
log = [json.loads(line) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$peer/log" "$1"
}
