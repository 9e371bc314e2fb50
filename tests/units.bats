#!/usr/bin/env bats
# The library's small functions, called directly: see units.c.
load common

@test "sizes, durations, times, strings and messages hold their tables" {
    run_tool "$AUDIT_BUILD/tests/units"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
}

@test "files that several processes append to keep their lines whole" {
    run_tool "$AUDIT_BUILD/tests/base-units" "$PWD"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
}
