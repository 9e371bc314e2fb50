#!/usr/bin/env bats
# Every tool with failing system calls and allocations, each call in turn: nothing is lost silently.
# tests/faults.py describes the checks; FAULTS_EVERY=1 tries every call.
load common

setup() {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "LD_PRELOAD and sanitizers do not go together"
    cd "$BATS_TEST_TMPDIR" || return
}

# lose_nothing CASE...: of tests/faults.py.
lose_nothing() {
    local case seed
    choose_seed
    for case; do
        run_tool python3 "$AUDIT_TESTS/faults.py" "$AUDIT_BUILD/tests/fault.so" "$case" "$seed"
        assert_stderr ""
        assert_status 0
        [ "${output% runs}" -gt 50 ]
    done
}

@test "audit-format loses nothing in silence, whatever fails" {
    lose_nothing format format-pass format-pretty
}

@test "audit-path loses nothing in silence, whatever fails" {
    lose_nothing path path-zone
}

@test "several threads lose nothing in silence, whatever fails" {
    lose_nothing threads threads-format
}

@test "audit-truncate loses nothing in silence, whatever fails" {
    lose_nothing truncate pipe
}

@test "audit-template loses nothing in silence, whatever fails" {
    lose_nothing template template-list
}

@test "audit-select loses nothing in silence, whatever fails" {
    lose_nothing select select-count select-list
}

@test "audit-fileput loses nothing in silence, whatever fails" {
    lose_nothing fileput fileput-each ${AUDIT_LONG:+fileput-new fileput-pipe}
}

@test "audit-spool loses nothing in silence, whatever fails" {
    lose_nothing spool ${AUDIT_LONG:+spool-pipe}
}

@test "audit-drain loses nothing in silence, whatever fails" {
    lose_nothing drain-reject ${AUDIT_LONG:+drain}
}

@test "audit-route loses nothing in silence, whatever fails" {
    lose_nothing route
}

@test "audit-post loses nothing in silence, whatever fails" {
    lose_nothing post post-batch
}

@test "audit-receive loses nothing in silence, whatever fails" {
    local seed
    choose_seed
    run_tool python3 "$AUDIT_TESTS/receive-faults.py" "$AUDIT_BUILD/tests/fault.so" "$seed"
    assert_stderr ""
    assert_status 0
    [ "${output% runs}" -ge 24 ]
}

@test "audit-s3put loses nothing in silence, whatever fails" {
    lose_nothing s3put s3put-list
}

@test "audit-s3get loses nothing in silence, whatever fails" {
    lose_nothing s3get
}

@test "audit-kafkaput loses nothing in silence, whatever fails" {
    lose_nothing kafkaput
}

@test "audit-kafkaget loses nothing in silence, whatever fails" {
    lose_nothing kafkaget ${AUDIT_LONG:+kafkaget-lines}
}

@test "audit-seal loses nothing in silence, whatever fails" {
    lose_nothing seal seal-resume ${AUDIT_LONG:+seal-place seal-pipe}
}

@test "audit-prune loses nothing in silence, whatever fails" {
    lose_nothing prune
}

@test "audit-report loses nothing in silence, whatever fails" {
    lose_nothing report
}

@test "audit-verify loses nothing in silence, whatever fails" {
    lose_nothing verify ${AUDIT_LONG:+verify-pipe}
}

@test "no tool is left out here" {
    local source
    for source in "$AUDIT_SOURCE"/src/audit-*.c; do
        source=$(basename "$source" .c)
        grep -q "^@test \"$source loses nothing" "$BATS_TEST_FILENAME" || { echo "$source" && return 1; }
    done
}

@test "the faults come to pass" {
    record='{"event":"user_login","timestamp":"2024-05-01T00:00:00Z","team":{"id":1}}'
    fault() {
        run_tool env LD_PRELOAD="$AUDIT_BUILD/tests/fault.so" "$@" audit-truncate in
    }
    echo "$record" >in
    fault FAULT_CALL=write FAULT_ERROR=ENOSPC FAULT_AT=1
    assert_status 2
    assert_stderr "audit-truncate: standard output: No space left on device"
    fault FAULT_CALL=read FAULT_ERROR=EIO FAULT_AT=1
    assert_status 2
    assert_stderr "audit-truncate: in: Input/output error"
    fault FAULT_CALL=memory FAULT_ERROR=ENOMEM FAULT_AT=1
    assert_status 2
    assert_stderr "audit-truncate: Cannot allocate memory"
    fault FAULT_SHORT=1
    assert_status 0
    assert_output "$record"
    fault FAULT_CALL=nothing
    assert_status 125
}
