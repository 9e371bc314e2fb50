#!/usr/bin/env bats
# audit-receive and hostile or slow clients; nginx in front of it.
load common
load peer
load receive

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir spool
}
teardown() {
    tell_failure
    stop_peers
}

client() {
    run_tool timeout 800 python3 "$AUDIT_TESTS/receive-client.py" "$@"
}

# The receiver's memory was never more than this many MiB.
assert_memory() {
    local peak
    [ -z "${AUDIT_SANITIZED-}" ] || return 0
    peak=$(awk '/VmHWM/ { print $2 }' "/proc/$receiver/status")
    echo "peak: $peak KiB"
    [ "$peak" -le $(($1 * 1024)) ]
}

@test "malformed and ambiguous requests are refused, and nothing of them is kept" {
    start_receiver --timeout=10s spool
    client hostile "${address##*:}"
    assert_status 0
    [[ $output == *" requests" ]]
    assert_memory 64
    stop_receiver
    assert_status 0
    [ "$(spooled | sort -u)" = '{"good":1}' ]
}

@test "no second request hides in a first one" {
    start_receiver --timeout=600s --path=/ --path=/smuggled spool
    client smuggle "${address##*:}"
    assert_status 0
    client front-door "${address##*:}"
    assert_output 200
    stop_receiver
    [ "$(spooled)" = '{"direct":1}' ]
}

@test "headers, lines, bodies, chunks and trailers that never end are cut off" {
    start_receiver --max-body=1MB --timeout=5s spool
    for kind in header field line blank body chunk trailer; do
        client endless "${address##*:}" "$kind" 100000000
        assert_status 0
    done
    assert_memory 64
    stop_receiver
    assert_status 0
    [ "$(spooled | sort -u)" = '{"good":1}' ]
}

@test "slow clients do not keep a good one from being served, and are disconnected" {
    # A byte a minute, with the default limit of a minute, or all of it faster.
    local limit=5 most=300
    [ -z "${AUDIT_LONG-}" ] || limit=60 most=600
    start_receiver --timeout=${limit}s spool
    client slow "${address##*:}" 2000 $limit $most
    assert_status 0
    assert_output "all cut off"
    assert_memory 128
    stop_receiver
    assert_status 0
    # A client that is only slow is served within that time.
    start_receiver --timeout=300s spool
    client trickle "${address##*:}" 1.5
    assert_output 200
    stop_receiver
    assert_status 0
}

@test "more connections than --max-per-address from one address are closed" {
    start_receiver --max-per-address=3 spool
    for _ in 1 2 3; do
        halves "${address##*:}"
    done
    run_tool curl -s -d '{}' "$url"
    [ "$status" -ne 0 ]
    kill "${clients[@]}"
    eventually curl -s -d '{}' "$url"
}

# halves PORT: one more connection, in the middle of a request.
halves() {
    rm -f begun
    python3 "$AUDIT_TESTS/receive-client.py" halves "$1" '{}' begun never 3>&- &
    clients+=("$!")
    also_stop "$!"
    eventually test -s begun
}

@test "gzip bombs stop at --max-body, and deep nesting costs nothing" {
    start_receiver --max-memory=64MB --max-body=10MB spool
    python3 -c '
import gzip, sys
block = gzip.compress(b" " * 100000000)
sys.stdout.buffer.write(block * 20)' >bomb.gz
    for _ in 1 2 3; do
        post @bomb.gz -H 'Content-Encoding: gzip'
        assert_answer 413
    done
    python3 -c 'print("{\"a\":" * 2000000, end="")' >deep
    post @deep
    assert_answer 400
    assert_memory 128
    stop_receiver
    assert_status 0
    [ -z "$(spooled)" ]
}

# start_proxy: nginx with TLS before the receiver; $nginx_tls is its address.
start_proxy() {
    make_certificates
    # shellcheck disable=SC2034 # start_nginx uses it
    peer=$PWD/behind
    mkdir behind
    echo "${address##*:}" >behind/port
    start_nginx
}

@test "behind nginx with TLS: events arrive" {
    start_receiver --auth=bearer --credential-file=<(echo token) --timeout=600s spool
    start_proxy
    seq 1 200 | sed 's/.*/{"id":&}/' >events
    echo token >token
    audit-post --parallel=8 --auth=bearer --credential-file=token --cacert=ca.pem --url="$nginx_tls/" events
    url=$nginx_tls/ post '{"id":0}' --cacert ca.pem --http1.1 -H 'Authorization: Bearer token'
    assert_answer 200
    url=$nginx_tls/ post '{"id":-1}' --cacert ca.pem
    assert_answer 401
    stop_receiver
    assert_status 0
    [ "$(spooled | sort -u | wc -l)" -eq 201 ]
}

@test "no request for what nginx denies reaches the receiver inside another" {
    start_receiver --timeout=600s --path=/ --path=/smuggled spool
    start_proxy
    client smuggle "${nginx_plain##*:}"
    assert_status 0
    # Only nginx denies the path.
    client front-door "${nginx_plain##*:}"
    assert_output 403
    client front-door "${address##*:}"
    assert_output 200
    post '{"good":1}'
    assert_answer 200
    stop_receiver
    assert_status 0
    [ "$(spooled)" = $'{"direct":1}\n{"good":1}' ]
}
