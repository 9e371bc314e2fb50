# A receiver for the tests.  `load receive` after `load common` and `load peer`.
# shellcheck disable=SC2034 # whoever loads this uses what it sets

# start_receiver [OPTION...]: audit-receive in the background on a free port; $url is its address,
# $receiver its process.  Its messages are in receiver.err, its standard output in receiver.out.
# Ends with stop_peers, or stop_receiver.
start_receiver() {
    : >receiver.err
    audit-receive --listen="${listen:-0}" "$@" >receiver.out 2>receiver.err 3>&- &
    receiver=$!
    also_stop "$receiver"
    eventually has_begun
    grep -q 'listening on' receiver.err || { cat receiver.err && return 1; }
    address=$(sed -n 's/.*listening on //p;' receiver.err | head -n 1)
    url=http://$address/
}

# For eventually: it listens, or has ended.
has_begun() {
    grep -q 'listening on' receiver.err || ! kill -0 "$receiver" 2>/dev/null
}

# stop_receiver [SIGNAL]: sets $status to its exit status.
stop_receiver() {
    kill "-${1:-TERM}" "$receiver"
    status=0
    wait "$receiver" || status=$?
}

# post BODY [CURL-OPTION...]: sets $code and $answer.  The body is sent as it is.
post() {
    local body=$1
    shift
    answer=$(curl -s -o answer -w '%{http_code}' --data-binary "$body" "$@" "$url") || :
    code=$answer answer=$(cat answer 2>/dev/null) || :
}

# assert_answer CODE [ANSWER]
assert_answer() {
    [ "$code" = "$1" ] && { [ $# -lt 2 ] || [ "$answer" = "$2" ]; } && return
    printf 'answered %s: %s\nnot %s\n' "$code" "$answer" "$*"
    cat receiver.err
    return 1
}

# published, for eventually: all kept events are in spool/new.
published() {
    [ -z "$(ls spool/tmp)" ]
}

# spooled [DIR]: the kept lines, published or not, in the order of their segments.
spooled() {
    find "${1:-spool}/new" "${1:-spool}/tmp" -name '*.ndjson' -printf '%f %p\n' | sort | cut -d' ' -f2- |
        xargs -r cat
}
