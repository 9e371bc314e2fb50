#!/usr/bin/env bats
# Delivery in random circumstances; tests/invariants.py describes the checks.  AUDIT_ROUNDS is how
# often each is tried.
load common

# hold KIND [ROUNDS]: 100 rounds in each build, or as many as given, twice that with AUDIT_LONG, or
# $AUDIT_ROUNDS.
hold() {
    local seed rounds=$((${2-100} * (1 + ${AUDIT_LONG:+1}+0)))
    choose_seed
    run_tool python3 "$AUDIT_TESTS/invariants.py" "$1" "$AUDIT_BUILD" "${AUDIT_ROUNDS:-$rounds}" "$seed"
    assert_stderr ""
    assert_status 0
}

@test "audit-fileput: all records read are stored or rejected, whatever happens" {
    hold fileput
    [[ $output == *SIGKILL*SIGTERM* ]]
}

@test "audit-post: all records read are accepted or rejected, whatever happens" {
    hold post
    [[ $output == *SIGKILL*SIGTERM* ]]
}

@test "audit-spool, audit-drain: all spooled events are stored or in failed/, whatever happens" {
    hold spool 40
}

@test "audit-route, audit-drain: all routed events are stored or in failed/, whatever happens" {
    hold route 40
}

@test "audit-kafkaput, audit-kafkaget: all events in the topic are stored or rejected, whatever happens" {
    hold kafka 12
}
