#!/usr/bin/env bats
# audit-post and what log services answer, refuse and lose.
load common
load peer

teardown() {
    stop_peers
}

@test "URLs and header fields" {
    run_tool "$AUDIT_BUILD/tests/post-units"
    assert_status 0
}
