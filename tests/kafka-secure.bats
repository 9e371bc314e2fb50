#!/usr/bin/env bats
# audit-kafkaput and audit-kafkaget over TLS, and with a password: tests/kafka-front.py provides
# both in front of the mock brokers.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load common
load peer
load kafka

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    [ -z "${AUDIT_TEST_KAFKA-}" ] || skip "the certificates and passwords of a real cluster are its own"
    start_kafka
    make_topic 2
    customers 50 5 >events
}
teardown() {
    tell_failure
    stop_peers
}

# certificate NAME [OPTION]...: NAME.pem, self-signed, and NAME.key.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
        -subj "/CN=$1" -days 2 "${@:2}" 2>/dev/null
}

# front [OPTION]...: starts the front; $brokers is then its address.
front() {
    python3 "$AUDIT_TESTS/kafka-front.py" "$brokers" "$@" >front-log 2>front-errors 3>&- &
    also_stop $!
    eventually test -s front-log
    brokers=$(cat front-log)
}

# settings LINE...: the file `config`.
settings() {
    printf '%s\n' 'session.timeout.ms=6000' 'heartbeat.interval.ms=300' 'max.poll.interval.ms=30000' "$@" >config
}

# passes: events can be written and read.
passes() {
    run_tool put --config=config --receipts=receipts events
    assert_status 0
    assert_stderr ""
    assert_receipts receipts 50
    rm receipts
    get >out
    sort out | cmp - <(sort events)
}

# is_refused TEXT: there is one message, nothing is sent, and nothing is read.
is_refused() {
    run_tool timeout 300 audit-kafkaput --config=config --brokers="$brokers" --topic="$topic" --rejects=rejects events
    assert_status 2
    assert_stderr_has "$1"
    assert_stderr_has "; nothing more is sent"
    [ ${#stderr_lines[@]} -eq 1 ] || { show "more than one line" && return 1; }
    cmp events rejects
    rm rejects
    run_tool timeout 300 audit-kafkaget --config=config --brokers="$brokers" --topic="$topic" --group=refused
    assert_status 2
    assert_stderr_has "$1"
    [ ${#stderr_lines[@]} -eq 1 ] || { show "more than one line" && return 1; }
    assert_output ""
}

@test "TLS: a broker with the right certificate gets the events; another one is status 2 and one line" {
    certificate broker -addext subjectAltName=IP:127.0.0.2
    certificate other
    front --tls broker.pem broker.key
    settings security.protocol=SSL ssl.ca.location=broker.pem
    passes
    settings security.protocol=SSL ssl.ca.location=other.pem
    is_refused "certificate verify failed"
    # Debian's authorities do not sign it either.
    settings security.protocol=SSL
    is_refused "certificate verify failed"
    # Without TLS the brokers cannot be reached; this cannot be distinguished from an outage.
    run_tool put --retry-for=2s --rejects=rejects events
    assert_status 1
    cmp <(sort rejects) <(sort events)
}

@test "TLS: a certificate for another host is refused" {
    certificate broker -addext subjectAltName=IP:127.0.0.9
    front --tls broker.pem broker.key
    settings security.protocol=SSL ssl.ca.location=broker.pem
    is_refused "certificate verify failed"
}

@test "TLS: the client's certificate comes from --config" {
    certificate broker -addext subjectAltName=IP:127.0.0.2
    certificate worker
    certificate stranger
    front --tls broker.pem broker.key --client-ca worker.pem
    settings security.protocol=SSL ssl.ca.location=broker.pem ssl.certificate.location=worker.pem ssl.key.location=worker.key
    passes
    settings security.protocol=SSL ssl.ca.location=broker.pem ssl.certificate.location=stranger.pem ssl.key.location=worker.key
    run_tool put --config=config events
    assert_status 2
    assert_stderr_has "ssl.key.location failed: "
    settings security.protocol=SSL ssl.ca.location=broker.pem ssl.certificate.location=stranger.pem ssl.key.location=stranger.key
    is_refused "unknown ca"
}

@test "SASL: the right password is taken, a wrong one is status 2 and one line, and none is ever printed" {
    local dead=$topic-dead
    certificate broker -addext subjectAltName=IP:127.0.0.2
    echo 'me hunter-two-three' >users
    kafka topic "$dead" 1
    front --tls broker.pem broker.key --users users
    settings security.protocol=SASL_SSL sasl.mechanisms=PLAIN ssl.ca.location=broker.pem sasl.username=me sasl.password=hunter-two-three
    passes
    # The topic of dead letters is on the same cluster.
    mkdir store
    put --config=config events
    run_tool get --dead-letter="$dead" -- audit-fileput "$PWD/store"
    assert_status 1
    assert_stderr_has "lines were rejected; see topic $dead"
    # The environment's password overrides the file's.
    export AUDIT_KAFKA_PASSWORD=hunter-two-four
    is_refused "Authentication failed: Invalid username or password"
    [[ $stderr != *hunter-two* ]]
    run_tool timeout 300 audit-kafkaput --config=config --brokers="$brokers" --topic="$topic" events
    assert_status 2
    [[ $stderr != *hunter-two* ]]
    { cat config && echo debug=all; } >talkative
    run_tool timeout 300 audit-kafkaput --verbose --config=talkative --brokers="$brokers" --topic="$topic" events
    assert_status 2
    assert_stderr_has "SaslHandshake"
    [[ $stderr != *hunter-two* ]]
    export AUDIT_KAFKA_PASSWORD=hunter-two-three
    run_tool timeout 300 audit-kafkaput --verbose --config=talkative --brokers="$brokers" --topic="$topic" events
    assert_status 0
    [[ $stderr != *hunter-two* ]]
    # A mechanism that the brokers do not support.
    settings security.protocol=SASL_SSL sasl.mechanisms=SCRAM-SHA-256 ssl.ca.location=broker.pem sasl.username=me
    is_refused "mechanism"
    # Without a password access is refused, and also without authentication.
    settings security.protocol=SSL ssl.ca.location=broker.pem
    run_tool put --config=config --retry-for=2s --rejects=rejects events
    assert_status 1
    [ "$(wc -l <rejects)" -eq 50 ]
}
