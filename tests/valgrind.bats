#!/usr/bin/env bats
# The tools' main paths under valgrind: no leak, no read of uninitialized memory.  A start takes
# seconds, so each path through the code is run once; the sanitizers check the rest.  Each test is a
# subshell (SC2030, SC2031), which is meant.
# shellcheck disable=SC2030,SC2031
load common
load peer
load s3
load kafka

setup() {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers and valgrind do not go together"
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    tell_failure
    stop_peers
}

# Translating code takes most of valgrind's time, and the greater part of the code runs once: it
# need not follow jumps or unroll loops.  Inlined functions are not named in its reports; their
# lines are.
VALGRIND=(valgrind -q --error-exitcode=99 --leak-check=full --read-inline-info=no
    --vex-guest-chase=no --vex-iropt-unroll-thresh=0)

# clean STATUS COMMAND...: the command ends with that status, and valgrind reports nothing.  Its log
# is a file, because the tool's own messages go to standard error.  That it does not know
# pidfd_open(2), 434, is no finding: a thread then waits for the command.
clean() {
    local expected=$1
    shift
    run_tool "${VALGRIND[@]}" --log-file=valgrind.log "$@"
    ! grep -q '^--.*unhandled amd64-linux syscall: 434$' valgrind.log || sed -i '/^--[0-9]*-- /d' valgrind.log
    [ ! -s valgrind.log ] || { cat valgrind.log && return 1; }
    assert_status "$expected"
}

# Good events, then one of each kind of bad record.
mixed() {
    cat "$DATA/bare.ndjson"
    printf '%s\n' '{"broken":nope}' '[]' '{}' '{"x":"'$'\xff''"}' '{"path":1,"event":{}}' '' \
        "$(printf '{"a":%.0s' {1..1100})" "\"$(head -c 300000 /dev/zero | tr '\0' x)\""
}

@test "audit-format under valgrind" {
    clean 0 audit-format "$DATA/events.ndjson"
    clean 1 audit-format --rejects=rejects "$DATA/half-broken.txt" "$DATA/broken.txt"
    clean 1 audit-format --max-record=64KiB --pass-unknown --zero-retention < <(mixed)
    clean 1 audit-format --stream=job-status,user-activity "$DATA/half-broken.txt"
    printf '\xef\xbb\xbf[%s]' "$(paste -sd, "$DATA/events.ndjson")" >array
    clean 0 audit-format array
}

@test "audit-path under valgrind" {
    clean 0 audit-path "$DATA/bare.ndjson"
    clean 1 audit-path --layout=hive --user-id=7 --timezone=record --rejects=rejects --max-record=64KiB < <(mixed)
    clean 0 audit-path --layout='{year}/{month}/{day}/{hour}/{digest}' --timezone=Europe/Berlin "$DATA/bare.ndjson"
}

@test "audit-truncate under valgrind" {
    clean 0 audit-truncate "$DATA/bare.ndjson"
    clean 1 audit-truncate --limit=1200 --text='too "long"' --rejects=rejects --max-record=64KiB < <(mixed)
}

@test "audit-template under valgrind" {
    audit-path "$DATA/bare.ndjson" >addressed
    clean 0 audit-template -t newrelic --now=2024-01-01T00:00:00Z addressed
    clean 1 audit-template -t workato --rejects=rejects --max-record=64KiB < <(mixed)
    echo '{"unfinished": {{log_message}}' >template.json
    clean 0 audit-template -t ./template.json addressed
    clean 2 audit-template --check -t ./template.json
    clean 0 audit-template --list
}

@test "audit-select and audit-report under valgrind" {
    clean 0 audit-select --user=a@example.com --asset=Flow --since=2019-01-01 "$DATA/bare.ndjson"
    clean 0 audit-report --rows=3 --timezone=Europe/Berlin "$DATA/bare.ndjson"
    python3 "$AUDIT_TESTS/report-events.py" 200 >events
    mixed | cat events - >both
    clean 1 audit-report --rows=20 --text --rejects=rejects --max-record=64KiB both
}

@test "audit-fileput under valgrind" {
    mkdir store
    audit-path "$DATA/bare.ndjson" >addressed
    clean 0 audit-fileput --tee --receipts=receipts store addressed
    clean 1 audit-fileput --rejects=rejects --max-record=64KiB --no-overwrite store < <(cat addressed && mixed)
}

@test "audit-seal and audit-verify under valgrind" {
    mkdir -p archive/seals
    audit-path "$DATA/bare.ndjson" >addressed
    audit-fileput archive addressed
    clean 0 audit-seal --new-key=log.key
    clean 1 audit-seal --key=log.key --tee --rejects=rejects --max-record=64KiB archive/seals < <(cat addressed && mixed)
    clean 0 audit-verify --key=log.key.pub archive/seals archive
    AUDIT_SEAL_PASSPHRASE=phrase audit-seal --new-key=next.key
    AUDIT_SEAL_PASSPHRASE=phrase clean 0 audit-seal --key=next.key --removed archive/seals <<<'7/gone.json'
    audit-seal --head archive/seals >head.txt
    clean 1 audit-verify --key=log.key.pub --head=head.txt --json archive/seals < <(sed 2d addressed && mixed)
    # Files from other programs.
    cp archive/seals/00000001.sha256 archive/seals/00000004.sha256
    head -c 700 archive/seals/00000001.sha256 >archive/seals/00000005.sha256
    touch archive/seals/00000005.sig archive/seals/00000002.tsr
    clean 1 audit-verify --key=log.key.pub --key=next.key.pub archive/seals archive
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out log.key 2>/dev/null
    mkdir seals
    clean 0 audit-seal --key=log.key seals addressed
}

@test "audit-s3get under valgrind" {
    local url='' # start_s3_peer sets it
    start_s3_peer
    export AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret AWS_SESSION_TOKEN=token
    python3 -c 'import json
told = {"objects": {"7/jobs/1/202403%02d/%d.json" % (d, n): json.dumps({"id": "j", "status": "s",
        "completed_at": "2024-03-%02dT10:00:00Z" % d, "text": "x" * 3000}) for d in range(1, 5) for n in range(4)}}
told["objects"].update({"e": "", "d/": "", "wrong": "{"})
told.update({"cut": 1000, "cut_every": 3, "get": {"wrong": [{"status": 503}, {}], "e": [{"status": 404, "code": "NoSuchKey"}]}})
json.dump(told, open("peer/script", "w"))'
    printf '{"line":1,"path":"7/jobs/1/20240301/0.json","outcome":"delivered"}\n' >receipts
    clean 1 audit-s3get --bucket=archive --endpoint="$url" --rejects=rejects --skip=receipts
    clean 1 audit-s3get --bucket=archive --endpoint="$url" --since=2024-03-02 --until=2024-03-04 --unordered
    clean 2 audit-s3get --bucket=archive --endpoint="$(nobody)" --retry-for=200ms
    echo '{"look":{"status":200}}' >peer/script
    clean 2 audit-s3get --bucket=archive --endpoint="$url"
}

@test "audit-post under valgrind" {
    local url='' # start_peer sets it
    start_peer service '{"faults":[[0.2,503],[0.2,"reset"]],"poison":"recipe_stopped","seed":1}'
    echo me:secret >credential
    clean 1 audit-post --url="$url" --batch=array --batch-events=5 --compress=gzip --auth=basic \
        --credential-file=credential --rejects=rejects --receipts=receipts --tee "$DATA/bare.ndjson"
    tell_peer '{"token":{"seconds":1},"reply":"elastic","item_429":0.3}'
    clean 1 audit-post --preset=elastic --auth=oauth2 --token-url="${url%/in}/token" --max-record=64KiB \
        --credential-file=credential --rejects=rejects --progress --url="$url" < <(mixed)
    clean 1 audit-post --url="$(nobody)" --retry-for=200ms --rejects=rejects "$DATA/bare.ndjson"
    tell_peer '{"faults":[[1,401]]}'
    clean 2 audit-post --url="$url" --header='X-A: b' --rejects=rejects "$DATA/bare.ndjson"
}

@test "audit-s3put under valgrind" {
    local url='' # start_s3_peer sets it
    export AWS_ACCESS_KEY_ID=AKIATEST AWS_SECRET_ACCESS_KEY=topsecret AWS_REGION=us-east-1
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
    start_s3_peer
    audit-path "$DATA/bare.ndjson" >addressed
    clean 0 audit-s3put --bucket=archive --endpoint="$url" --receipts=receipts --tee --prefix=a/ addressed
    AWS_SESSION_TOKEN=token clean 1 audit-s3put --bucket=archive --endpoint="$url" --compress=gzip \
        --signature=v2 --content-md5 --no-overwrite --existing=list --rejects=rejects --max-record=64KiB \
        < <(cat addressed && mixed)
    tell_peer '{"look":{"status":404,"code":"NoSuchBucket"}}'
    clean 2 audit-s3put --bucket=archive --endpoint="$url" --rejects=rejects addressed
    clean 1 audit-s3put --bucket=archive --endpoint="$(nobody)" --retry-for=200ms --rejects=rejects addressed
}

@test "usage errors, help and versions under valgrind" {
    # The same code for all tools.
    clean 0 audit-format --help
    clean 0 audit-format --version
    clean 2 audit-format --no-such-option
}

@test "the reader of JSON under valgrind, on every text of the table" {
    cat >check <<END
#!/bin/sh
exec ${VALGRIND[*]} "$AUDIT_BUILD/tests/json-check" "\$@"
END
    chmod +x check
    run_tool python3 "$AUDIT_TESTS/json-oracle.py" table ./check "$DATA/json/strictness.txt"
    assert_status 0
}

@test "audit-receive under valgrind" {
    mkdir spool
    echo token >tokens
    make_certificates
    for tls in "" "--cert=server.pem --key=server.key --client-ca=ca.pem"; do
        rm -f messages
        # shellcheck disable=SC2086 # none, or several
        "${VALGRIND[@]}" --log-file=valgrind.log \
            audit-receive --listen=unix:in.sock --auth=bearer --credential-file=tokens --max-body=100KB \
            --rejects=rejects --receipts=receipts -v $tls spool 2>messages 3>&- &
        receiver=$!
        also_stop "$receiver"
        eventually test -s messages
        local base=http://localhost/ options=(--unix-socket in.sock)
        [ -z "$tls" ] || base=https://localhost/ options+=(--cacert ca.pem --cert client.pem --key client.key)
        send() { curl -s -o /dev/null -w '%{http_code} ' "${options[@]}" "$@" "$base" >>codes; }
        : >codes
        send -d '{}'
        options+=(-H 'Authorization: Bearer token')
        send -d '{"a": 1}[{},{}]'
        send -d '{"create":{}}{"a":1}'
        send -d '{"streams":[{"stream":{},"values":[["1","{}"]]}]}'
        send -d '{"broken":'
        gzip -c "$DATA/bare.ndjson" >body.gz
        send --data-binary @body.gz -H 'Content-Encoding: gzip'
        send -d 'x' -H 'Content-Encoding: gzip'
        send --data-binary @<(head -c 200000 /dev/zero) -H 'Transfer-Encoding: chunked'
        send -d '{}' -H 'Content-Encoding: br'
        kill -HUP "$receiver"
        eventually grep -sqF "SIGHUP: reloaded" messages
        send -d '{}'
        kill -TERM "$receiver"
        status=0
        wait "$receiver" || status=$?
        [ ! -s valgrind.log ] || { cat valgrind.log && return 1; }
        [ "$status" -eq 0 ]
        echo "$tls: $(cat codes)"
        [ "$(cat codes)" = "401 200 200 200 400 200 400 413 415 200 " ]
    done
}

@test "audit-spool, audit-drain and audit-route under valgrind" {
    mkdir -p spool archive root/{7301,master}
    audit-path --user-id=42 "$DATA/bare.ndjson" >addressed
    clean 0 audit-spool --tee --receipts=receipts --segment-size=2kB spool addressed
    clean 1 audit-spool --rejects=rejects --max-record=64KiB spool < <(mixed)
    clean 2 audit-spool --max-size=3kB --when-full=fail spool addressed
    clean 0 audit-drain --status spool
    clean 1 audit-drain spool -- audit-fileput archive
    clean 0 audit-drain --retry-failed spool
    clean 2 audit-drain spool -- ./no-such-command
    clean 1 audit-route --receipts=receipts --rejects=rejects root < <(mixed)
}

@test "audit-kafkaput and audit-kafkaget under valgrind" {
    local topic='' brokers='' # start_kafka and make_topic set them
    start_kafka
    make_topic 2
    quick_group
    audit-path "$DATA/bare.ndjson" >addressed
    local kafka_options=(--brokers="$brokers" --topic="$topic")
    clean 1 audit-kafkaput "${kafka_options[@]}" --tee --receipts=receipts --rejects=rejects --max-record=64KiB \
        < <(cat addressed && mixed)
    clean 1 audit-kafkaput --brokers=127.0.0.1:1 --topic=audit --retry-for=500ms --rejects=rejects addressed
    printf '{"a":\n1}' >pretty
    kcat -P -b "$brokers" -t "$topic" -H path=a pretty
    printf 'no JSON' >wrong
    kcat -P -b "$brokers" -t "$topic" -H path=a wrong
    # Without a command: valgrind does not know pidfd_open(2).
    clean 1 audit-kafkaget "${kafka_options[@]}" --config=config --group=workers --rejects=rejects
    echo 'acks=1' >config
    clean 2 audit-kafkaput "${kafka_options[@]}" --config=config addressed
}
