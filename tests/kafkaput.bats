#!/usr/bin/env bats
# audit-kafkaput: events become messages of a Kafka topic.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
load common
load peer
load kafka

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    start_kafka
}
teardown() {
    tell_failure
    stop_peers
}

@test "each event is a message: its bytes, its customer as the key, its path as a header" {
    make_topic 4
    audit-path --user-id=42 "$DATA/bare.ndjson" >addressed
    run_tool put addressed
    assert_status 0
    assert_stderr ""
    assert_output ""
    topic_has '%h %s\n' | sort >found
    sed 's/^{"path":"\([^"]*\)","event":\(.*\)}$/path=\1 \2/' addressed | sort | cmp - found
    # audit-path's first component is the customer.
    topic_has '%k/%h\n' | sed 's,path=,,' >keys
    [ "$(wc -l <keys)" -eq "$(wc -l <addressed)" ]
    awk -F/ '$1 != $2 { exit 1 }' keys
    # A bare event has no path, and numbers and escapes stay as they are.
    make_topic 1
    printf '%s\n' '{"event":"a","timestamp":"2024-05-01 00:00:00 UTC","team":{"id":7},"x":[1.50,1e400,"\u0041\/"]}' >odd
    run_tool put odd
    assert_status 0
    [ "$(topic_has '%k|%h|%s\n')" = "7||$(cat odd)" ]
    # A path's escapes are decoded for the header.
    make_topic 1
    printf '{"path":"7\\/\\u0061 b","event":%s}\n' "$(cat odd)" >escaped
    run_tool put escaped
    assert_status 0
    [ "$(topic_has '%h|%s\n')" = "path=7/a b|$(cat odd)" ]
}

@test "one customer's events keep their order, on one partition" {
    make_topic 4
    customers 5000 50 >events
    run_tool put --summary events
    assert_status 0
    assert_stderr_has "5,000 delivered, 0 rejected, 0 undelivered"
    topic_has '%s\n' >found
    assert_order found 5000
    [ "$(topic_has '%p %k\n' | sort -u | wc -l)" -eq 50 ]
    [ "$(topic_has '%p\n' | sort -u | wc -l)" -eq 4 ]
}

@test "receipts have topic, partition and offset, and one of the digest of the line" {
    make_topic 3
    customers 2000 20 >events
    run_tool put --receipts=receipts events
    assert_status 0
    topic_has '%p %o %s\n' >found
    python3 - "$topic" <<'END'
import hashlib, json, sys
lines = open("events", "rb").read().split(b"\n")
found = {}
for line in open("found", "rb").read().split(b"\n")[:-1]:
    partition, offset, text = line.split(b" ", 2)
    found[int(partition), int(offset)] = text
receipts = [json.loads(line) for line in open("receipts")]
assert sorted(r["line"] for r in receipts) == list(range(1, 2001))
for r in receipts:
    text = lines[r["line"] - 1]
    assert r["outcome"] == "delivered" and r["attempts"] == 1 and r["topic"] == sys.argv[1], r
    assert r["digest"] == hashlib.sha256(text).hexdigest()[:16], r
    assert found[r["partition"], r["offset"]] == text, r
END
    # Events that the receipts call delivered are skipped, if they have paths.
    make_topic 1
    audit-path --user-id=42 "$DATA/bare.ndjson" >addressed
    put --receipts=receipts2 addressed
    run_tool put --skip=receipts2 --summary addressed
    assert_status 0
    assert_stderr_has "0 delivered, $(wc -l <addressed) skipped"
    [ "$(topic_has '%o\n' | wc -l)" -eq "$(wc -l <addressed)" ]
}

@test "--key: user, recipe, kind, a pattern, none; an event without one is a reject" {
    customers 3 3 >events
    local option key
    topic=any
    while read -r option key; do
        run_tool put --dry-run --key="$option" events
        assert_status 0
        [ "$(head -n 1 <<<"$output" | sed 's/.*,"key":\(.*\),"headers.*/\1/')" = "$key" ] ||
            { show "--key=$option is not $key" && return 1; }
    done <<'END'
customer "1001"
user "7"
kind "activity"
{user_id}-{kind} "1001-activity"
none null
END
    # Events that audit-template has changed still have their paths.
    audit-path --user-id=42 "$DATA/bare.ndjson" | head -n 1 | audit-template -t splunk >message
    run_tool put --dry-run --key=path message
    assert_status 0
    [[ $output == *',"key":"'"$(sed 's/{"path":"\([^/]*\).*/\1/' message)"'",'* ]]
    run_tool put --dry-run --key=path events
    assert_status 1
    assert_stderr_has "events:1: no key: the event has no path; pipe it through audit-path first"
    { cat events && echo '{"log":"no event"}' && echo '{"event":"x","timestamp":"2024-05-01 00:00:00 UTC","team":{"id":"../7"}}'; } >some
    make_topic 1
    run_tool put --rejects=rejects some
    assert_status 1
    assert_stderr_has "some:4: this is not an audit event"
    assert_stderr_has "some:5: "
    tail -n 2 some | cmp - rejects
    run_tool put --key=none some
    assert_status 0
    run_tool put --key=who some
    assert_status 2
    assert_stderr_has "--key=who: not customer, user, recipe, kind, or a pattern"
}

@test "--dry-run shows the messages and needs no broker" {
    audit-path "$DATA/bare.ndjson" | head -n 1 >one
    run_tool audit-kafkaput --dry-run --brokers=127.0.0.1:1 --topic=audit one
    assert_status 0
    assert_stderr ""
    python3 - "$output" <<'END'
import json, sys
line = json.loads(open("one").read())
assert json.loads(sys.argv[1]) == {"topic": "audit", "key": line["path"].split("/")[0],
                                   "headers": {"path": line["path"]}, "value": line["event"]}
END
    run_tool audit-kafkaput --dry-run --tee --brokers=127.0.0.1:1 --topic=audit one
    assert_status 2
}

@test "--compression, and --tee in input order" {
    local how
    customers 3000 30 >events
    for how in none gzip lz4 zstd; do
        make_topic 3
        put --compression=$how --tee events >teed
        cmp events teed
        topic_has '%s\n' | sort | cmp - <(sort events)
    done
    run_tool put --compression=brotli events
    assert_status 2
    assert_stderr_has "--compression=brotli: not one of none, gzip, lz4, zstd"
}

@test "produce errors: what may be tried again is, and nothing is lost, doubled or out of order" {
    needs_mock
    local try again
    customers 10000 50 >events
    # The mock brokers, unlike real ones, take a batch that was on its way when a connection was
    # closed, and is sent again, for a new one.  This happens only on a busy machine.
    for try in {1..10}; do
        make_topic 4
        kafka errors 0 NOT_LEADER_FOR_PARTITION REQUEST_TIMED_OUT NOT_ENOUGH_REPLICAS _TRANSPORT \
            REQUEST_TIMED_OUT LEADER_NOT_AVAILABLE NOT_LEADER_FOR_PARTITION _TRANSPORT
        rm -f receipts
        run_tool put --receipts=receipts --rejects=rejects events
        assert_status 0
        [ ! -s rejects ]
        topic_has '%s\n' >found
        again=$(assert_order found 10000)
        assert_receipts receipts 10000
        echo "try $try: $again came again"
        [ "$again" != 0 ] || break
    done
    [ "$again" = 0 ]
}

@test "a batch that is refused for its size is sent again one by one; too large events are rejects" {
    needs_mock
    make_topic 1
    customers 300 5 >events
    kafka errors 0 MSG_SIZE_TOO_LARGE
    run_tool put --receipts=receipts events
    assert_status 0
    assert_stderr_has "its messages are sent one by one; a smaller batch.size in the file of --config avoids that"
    [ "$(wc -l <<<"$stderr")" -eq 1 ]
    [ "$(grep -c '"attempts":2' receipts)" -gt 0 ]
    topic_has '%s\n' | sort | cmp - <(sort events)
    # Refused again: the message is at fault.
    make_topic 1
    head -n 1 events >one
    kafka errors 0 MSG_SIZE_TOO_LARGE MSG_SIZE_TOO_LARGE
    run_tool put --receipts=receipts2 --rejects=rejects one
    assert_status 1
    assert_stderr_has "one:1: Broker: Message size too large; max.message.bytes of the topic sets the limit"
    cmp one rejects
    [ "$(topic_has '%o\n' | wc -l)" -eq 0 ]
    # Larger than the client may send: the others are not delayed.
    { head -n 1 events && customers 1 1 | sed "s/an event/$(head -c 3000 /dev/zero | tr '\0' x)/" && sed -n 2p events; } >mixed
    echo 'message.max.bytes=2000' >config
    run_tool put --config=config --rejects=rejects2 mixed
    assert_status 1
    assert_stderr_has "mixed:2: the event has "
    assert_stderr_has "and message.max.bytes, a property for --config, is 2000"
    sed -n 2p mixed | cmp - rejects2
    [ "$(topic_has '%o\n' | wc -l)" -eq 2 ]
}

@test "a topic that does not exist, and one without a right to it, are status 2 and one line" {
    needs_mock
    echo 'topic.metadata.propagation.max.ms=500' >config
    customers 100 5 >events
    topic=missing
    kafka topic-error missing UNKNOWN_TOPIC_OR_PART
    run_tool put --config=config --rejects=rejects events
    assert_status 2
    assert_stderr "audit-kafkaput: topic missing: Broker: Unknown topic or partition; nothing more is sent"
    cmp events rejects
    make_topic 1
    kafka errors 0 TOPIC_AUTHORIZATION_FAILED
    run_tool put --rejects=rejects2 events
    assert_status 2
    assert_stderr "audit-kafkaput: topic $topic: Broker: Topic authorization failed; nothing more is sent"
    sort rejects2 | cmp - <(sort events)
}

@test "brokers that go away and come back: reported twice, and all is delivered in order" {
    needs_mock
    make_topic 4
    customers 8000 50 >events
    mkfifo pipe
    put --receipts=receipts <pipe 2>messages 3>&- &
    local process=$! status=0
    exec {writer}>pipe
    head -n 1000 events >&"$writer"
    eventually grep -q '"line":1000,' receipts
    kafka down 0
    tail -n +1001 events >&"$writer"
    exec {writer}>&-
    eventually grep -q "nothing gets through, trying again until" messages
    kafka up 0
    wait $process || status=$?
    [ "$status" -eq 0 ]
    [ "$(grep -c "events get through again" messages)" -eq 1 ]
    [ "$(wc -l <messages)" -eq 2 ]
    topic_has '%s\n' >found
    [ "$(assert_order found 8000)" = 0 ]
    assert_receipts receipts 8000
}

@test "one broker after the other is away while events come" {
    needs_mock
    make_topic 6
    customers 12000 50 >events
    { head -n 3000 events && sleep 1 && sed -n 3001,6000p events && sleep 1 && sed -n 6001,9000p events &&
        sleep 1 && tail -n +9001 events; } | put --receipts=receipts 2>messages 3>&- &
    local process=$! status=0 n
    eventually grep -q '"line":10,' receipts
    for n in 1 2 3; do
        kafka down $n
        sleep 0.7
        kafka up $n
    done
    wait $process || status=$?
    cat messages
    [ "$status" -eq 0 ]
    topic_has '%s\n' >found
    [ "$(assert_order found 12000)" = 0 ]
    assert_receipts receipts 12000
}

@test "no broker responds for --retry-for: each event is undelivered, with a receipt, and goes to --rejects" {
    customers 20 5 >events
    topic=audit
    run_tool audit-kafkaput --brokers=127.0.0.1:1 --topic=audit --retry-for=1s --rejects=rejects --receipts=receipts events
    assert_status 1
    assert_stderr_has "Connection refused"
    sort rejects | cmp - <(sort events)
    assert_receipts receipts 20
    [ "$(grep -c '"outcome":"undelivered".*"reason":"Local: Message timed out; last: ' receipts)" -eq 20 ]
    # An unknown host name is a mistake, not an outage.
    run_tool audit-kafkaput --brokers=no-such-host.invalid:9092 --topic=audit --rejects=rejects2 events
    assert_status 2
    assert_stderr_has "no-such-host.invalid"
    assert_stderr_has "; nothing more is sent"
    cmp events rejects2
}

@test "SIGTERM in an outage: undelivered records go to --rejects" {
    needs_mock
    make_topic 2
    customers 500 5 >events
    kafka down 0
    audit-kafkaput --brokers="$brokers" --topic="$topic" --drain=500ms --rejects=rejects \
        --receipts=receipts events 2>messages 3>&- &
    local process=$! status=0
    eventually grep -q "nothing gets through" messages
    kill -TERM $process
    wait $process || status=$?
    cat messages
    [ "$status" -eq 1 ]
    grep -q "stopped by SIGTERM; 500 lines that were read were not delivered" messages
    sort rejects | cmp - <(sort events)
    assert_receipts receipts 500
}

@test "--fail-fast: nothing after the first reject is read" {
    make_topic 1
    { customers 3 1 && echo '{"broken":nope}' && customers 100 1 4; } >events
    run_tool put --fail-fast --rejects=rejects --receipts=receipts events
    assert_status 1
    sed -n 4p events >expected
    cmp expected <(head -n 1 rejects)
    [ "$(topic_has '%o\n' | wc -l)" -le 3 ]
}

@test "--config: a wrong property is one clear line" {
    customers 1 1 >events
    topic=audit
    local line expected
    while IFS='|' read -r line expected; do
        printf '# a comment\n\n%s\n' "$line" >config
        run_tool put --config=config events
        assert_status 2
        assert_stderr "audit-kafkaput: $expected"
    done <<'END'
compresion.codec=zstd|config:3: librdkafka has no property compresion.codec; did you mean 'compression.codec'?
wholly-unknown = 1|config:3: librdkafka has no property wholly-unknown
acks=1|config:3: acks cannot be set here: audit-kafkaput relies on its own value
 enable.idempotence = false |config:3: enable.idempotence cannot be set here: audit-kafkaput relies on its own value
just words|config:3: the line is not NAME=VALUE
security.protocol=plan|config:3: Invalid value "plan" for configuration property "security.protocol"
dr_cb=1|config:3: Property "dr_cb" must be set through dedicated .._set_..() function
linger.ms=400000|`message.timeout.ms` must be greater than `linger.ms`
END
    run_tool put --config=no-such-file events
    assert_status 2
    assert_stderr "audit-kafkaput: no-such-file: No such file or directory"
    run_tool audit-kafkaput --brokers=https://kafka.example.com --topic=audit events
    assert_status 2
    assert_stderr "audit-kafkaput: --brokers=https://kafka.example.com: a broker is HOST:PORT, and not a URL
Try 'audit-kafkaput --help' for more information."
    # The brokers may be set there.
    make_topic 1
    echo "bootstrap.servers = $brokers" >config
    run_tool audit-kafkaput --config=config --topic="$topic" events
    assert_status 0
    [ "$(topic_has '%s\n')" = "$(cat events)" ]
}

@test "no secret appears in a message" {
    customers 1 1 >events
    topic=audit
    printf '%s\n' 'security.protocol=SASL_PLAINTEXT' 'sasl.mechanisms=PLAIN' 'sasl.username=me' \
        'sasl.password=hunter-two-three' 'debug=security,broker' >config
    run_tool put --config=config --retry-for=1s --verbose events
    [ "$status" -ne 0 ]
    [[ $stderr != *hunter-two* ]]
    printf 'sasl.password=hunter-two-three\nsecurity.protocol=hunter-two-three\n' >config
    run_tool put --config=config events
    assert_status 2
    assert_stderr_has 'config:2: Invalid value'
    [[ $stderr != *hunter-two* ]]
    AUDIT_KAFKA_USERNAME=me AUDIT_KAFKA_PASSWORD=hunter-two-three run_tool put --config=config events
    [[ $stderr != *hunter-two* ]]
}

# tls_server: openssl's, with a certificate signed by `ca.pem`; $tls_port is its port.
tls_server() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out ca.pem \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 2>/dev/null
    openssl s_server -www -accept 127.0.0.1:0 -cert ca.pem -key server.key >tls-log 2>&1 3>&- </dev/null &
    also_stop $!
    eventually grep -q "^ACCEPT 127.0.0.1:" tls-log
    tls_port=$(sed -n 's/^ACCEPT 127.0.0.1://p' tls-log)
}

@test "TLS and SASL: a broker that is not who it should be, or cannot do it, is status 2, and said" {
    needs_mock
    local tls_port property says
    make_topic 1
    customers 3 1 >events
    tls_server
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem \
        -subj /CN=other -days 2 2>/dev/null
    export AUDIT_KAFKA_USERNAME=me AUDIT_KAFKA_PASSWORD=hunter-two-three
    # Position, property, and message.
    while IFS='|' read -r at property says; do
        printf '%b\n' "$property" >config
        echo "$at $property"
        run_tool timeout 300 audit-kafkaput --config=config --brokers="${at/mock/$brokers}" --topic="$topic" --rejects=rejects events
        assert_status 2
        assert_stderr_has "$says"
        assert_stderr_has "; nothing more is sent"
        [ ${#stderr_lines[@]} -eq 1 ]
        [[ $stderr != *hunter-two* ]]
        cmp events rejects
        rm rejects
        run_tool timeout 300 audit-kafkaget --config=config --brokers="${at/mock/$brokers}" --topic="$topic" --group=g
        assert_status 2
        assert_stderr_has "$says"
        assert_output ""
        [[ $stderr != *hunter-two* ]]
    done <<END
localhost:$tls_port|security.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\nssl.ca.location=other.pem|certificate verify failed
127.0.0.1:$tls_port|security.protocol=SSL\nssl.ca.location=ca.pem|certificate verify failed
mock|security.protocol=SASL_PLAINTEXT\nsasl.mechanisms=PLAIN|SASL Handshake not supported by broker
END
    printf 'security.protocol=SSL\nssl.ca.location=no-such.pem\n' >config
    run_tool put --config=config events
    assert_status 2
    assert_stderr_has "ssl.ca.location failed: "
}

@test "usage" {
    customers 1 1 >events
    run_tool audit-kafkaput --brokers="$brokers" events
    assert_status 2
    assert_stderr "audit-kafkaput: no topic; give --topic
Try 'audit-kafkaput --help' for more information."
    run_tool audit-kafkaput --topic=audit events
    assert_status 2
    assert_stderr "audit-kafkaput: no brokers; give --brokers, or bootstrap.servers in the file of --config
Try 'audit-kafkaput --help' for more information."
    run_tool audit-kafkaput --brokers="$brokers" --topic=a/b events
    assert_status 2
    assert_stderr_has "--topic=a/b: not a topic's name, which has letters, digits, '.', '_' and '-'"
}
