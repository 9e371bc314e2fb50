# For the tests of audit-s3put: real stores on loopback.  `load common` and `load peer` first.
# shellcheck disable=SC2034,SC2154 # whoever loads this uses what it sets, and sets what it uses

# start_store ceph-rgw|swift-s3: for a whole file, from setup_file().  If the packages are not
# installed, use_store() skips each test.
start_store() {
    local program=radosgw try
    [ "$1" = ceph-rgw ] || program=swift-proxy-server
    for program in "$program" aws s3cmd; do
        # To bats 1.8 a skip in setup_file() is a failure.
        command -v "$program" >/dev/null || { export no_store="there is no $program" && return; }
    done
    store=$1 store_directory=$BATS_FILE_TMPDIR/store
    for try in 1 2 3 4 5; do
        S3_TLS=1 "$AUDIT_TESTS/$1.sh" start "$store_directory" $((21000 + RANDOM % 400 * 25)) \
            >"$BATS_FILE_TMPDIR/start" 2>&1 3>&- && break
    done
    [ -f "$store_directory/env" ] || { cat "$BATS_FILE_TMPDIR/start" && return 1; }
    export store store_directory
}

stop_store() {
    [ -z "${store-}" ] || "$AUDIT_TESTS/$store.sh" stop "$store_directory" 3>&-
    [ ! -e "$BATS_FILE_TMPDIR/compare-pid" ] || kill "$(<"$BATS_FILE_TMPDIR/compare-pid")"
}

# not_sanitized: the build with sanitizers runs a core of the tests.
not_sanitized() {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "not with sanitizers"
}

# use_store: in each test's setup(): the environment of a user of the store.
use_store() {
    [ -z "${no_store-}" ] || skip "$no_store"
    cd "$BATS_TEST_TMPDIR" || return
    local name
    for name in $(compgen -e AWS_); do unset "$name"; done
    # shellcheck disable=SC1091
    source "$store_directory/env"
    export HOME=$BATS_TEST_TMPDIR AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL_S3=$S3_ENDPOINT
    port=${S3_ENDPOINT##*:}
    prefix=t$BATS_TEST_NUMBER/
}

# put OPTION...: runs audit-s3put with the store, below this test's own prefix.
put() {
    run_tool timeout 600 audit-s3put --bucket="$S3_BUCKET" --prefix="$prefix" "$@"
}

# make_events N: the file `addressed`, N events that are all different.
make_events() {
    python3 -S - "$1" <<'END' | audit-path >addressed
import sys
for i in range(int(sys.argv[1])):
    print('{"id":"j-%d","status":"succeeded","recipe_id":%d,"context":{"user_id":7},'
          '"completed_at":"2024-03-12T00:02:32Z","lines":[{"n":%d.50,"text":"\\u00e9%s"}]}'
          % (i, i % 50, i, "x" * (i * 7919 % 900)))
END
}

# The data's own events, addressed.
sample_events() {
    audit-format "$DATA/events.ndjson" | audit-path --user-id=7 >addressed
}

# start_compare: tests/s3-compare.py, which answers all tests of a file, whatever environment they have.
start_compare() (
    cd "$BATS_FILE_TMPDIR" || return
    mkfifo ask answer
    for name in $(compgen -e AWS_); do unset "$name"; done
    # shellcheck disable=SC1091
    source "$store_directory/env"
    HOME=$PWD "$AUDIT_TESTS/s3-compare.py" "$S3_ENDPOINT" "$S3_BUCKET" ask answer >compare-errors 2>&1 3>&- &
    echo $! >compare-pid
)

# assert_stored FILE [fetch]: the objects below the test's prefix are FILE's events, byte for byte.
assert_stored() {
    [ -e "$BATS_FILE_TMPDIR/compare-pid" ] || start_compare
    # Held open, as the question would be lost while nobody has opened it.  The answer is open for writing
    # too, as it would be waited for without an end if nobody ever did.
    {
        printf '%s\t%s\t%s\n' "$prefix" "$PWD/$1" "${2-}" >&7
        IFS= read -rt 600 output <>"$BATS_FILE_TMPDIR/answer" || cat "$BATS_FILE_TMPDIR/compare-errors"
    } 7<>"$BATS_FILE_TMPDIR/ask"
    assert_output "$prefix: $(wc -l <"$1") objects are their events"
}

# get KEY FILE: an object, by s3cmd.
get() {
    s3cmd --config=/dev/null --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" \
        --host="127.0.0.1:$port" --host-bucket="127.0.0.1:$port" --no-ssl --force --quiet \
        get "s3://$S3_BUCKET/$prefix$1" "$2"
}

# head_object KEY: its metadata, as JSON.
head_object() {
    aws --endpoint-url "$S3_ENDPOINT" s3api head-object --bucket "$S3_BUCKET" --key "$prefix$1" --output json
}

# assert_one_line TEXT: the message is one line that contains it, and no secret.
assert_one_line() {
    [ "$(grep -c . <<<"$stderr")" = 1 ] || { show "not one line"; return 1; }
    assert_stderr_has "$1"
    case $stderr$output in *"$AWS_SECRET_ACCESS_KEY"*) show "the secret is shown"; return 1 ;; esac
}

# start_s3_peer [UPSTREAM-PORT]: an endpoint that follows tell_peer's script; $url is its address.
start_s3_peer() {
    peer=$PWD/peer
    while [ -e "$peer" ]; do peer=${peer}2; done
    mkdir "$peer"
    python3 -S "$AUDIT_TESTS/s3-peer.py" "$peer" "$@" 3>&- 2>"$peer/errors" &
    echo $! >"$peer/pid"
    also_stop $!
    eventually test -s "$peer/port"
    url=http://127.0.0.1:$(cat "$peer/port")
}

# peer_saw METHOD: the number of such requests.
peer_saw() {
    grep -c "\"method\": \"$1\"" "$peer/log"
}

# The common parts of the tests of each store.

# Ten addressed events whose keys have every odd character.
make_awkward_events() {
    # shellcheck disable=SC1003 # a backslash at the end is meant
    local keys=(
        'a b+c%20=é/*~().json' "!-_.*'()" '@:,$&;=?#[]{}|<>^`"\' 'x//double/slash/' $'tab\tand\nline'
        '日本語/🦀.json' '%2F%2f%' '...three/..two' 'a+b a%2Bb' "$(printf '%0900d' 0)"
    )
    python3 -S -c 'import json, sys
for key in sys.argv[1:]:
    print(json.dumps({"path": key, "event": {"key": key}}, separators=(",", ":")))' "${keys[@]}" >addressed
}

check_awkward_keys() {
    make_awkward_events
    put addressed
    assert_stderr ""
    assert_status 0
    assert_stored addressed fetch
}

check_objects_are_events() {
    sample_events
    put --receipts=receipts addressed
    assert_status 0
    assert_stderr ""
    assert_stored addressed fetch
    # The same by s3cmd, and the receipt.
    local line path event
    line=$(sed -n 5p addressed)
    path=${line#*\"path\":\"} path=${path%%\"*} event=${line#*,\"event\":} event=${event%\}}
    get "$path" got
    printf %s "$event" | cmp - got
    grep -F "\"path\":\"$path\",\"outcome\":\"delivered\",\"status\":200" receipts |
        grep -qF "\"etag\":\"$(md5sum <got | cut -d' ' -f1)\"}"
}

# Errors before anything is sent: each is status 2 and one line.
check_refusals() {
    sample_events
    AWS_SECRET_ACCESS_KEY=not-the-secret put addressed
    assert_status 2
    AWS_SECRET_ACCESS_KEY=not-the-secret assert_one_line "the signature does not match"
    AWS_ACCESS_KEY_ID=nobody put addressed
    assert_status 2
    assert_one_line "${1-the store does not know the access key ID}"
    put --bucket=elsewhere addressed
    assert_status 2
    assert_one_line "there is no bucket elsewhere"
    put --endpoint=http://nobody.invalid addressed
    assert_status 2
    assert_one_line "Could not resolve host"
}

check_skewed_clock() {
    command -v faketime >/dev/null || skip "there is no faketime"
    not_sanitized # both are preloaded
    sample_events
    local theirs
    theirs=$(date -u +%Y-%m-%dT%H)
    run_tool faketime -f +1d audit-s3put --bucket="$S3_BUCKET" addressed
    assert_status 2
    assert_one_line "this machine's clock says $(date -u -d '+1 day' +%Y-%m-%dT)"
    assert_stderr_has ", the store's ${theirs%T*}"
}

# assert_only_outages: standard error has at most messages about outages and their ends.
assert_only_outages() {
    local others
    others=$(sed -e '/nothing gets through, trying again until/d' -e '/events get through again/d' <<<"$stderr")
    [ -z "$others" ] || { show "other messages: $others"; return 1; }
}
