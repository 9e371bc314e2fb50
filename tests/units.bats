#!/usr/bin/env bats
# The library's small functions, called directly: see units.c.
load common

@test "sizes, durations, times, strings and messages hold their tables" {
    run_tool "$AUDIT_BUILD/tests/units"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
}

@test "appended lines stay whole, and no spelling of a secret is printed" {
    run_tool "$AUDIT_BUILD/tests/base-units" "$PWD"
    assert_status 0
    assert_stderr "base-units: the URL https://host/[secret] failed"
    [[ $output == *" checks, 0 failed" ]]
}

@test "what a listing tells of keys is right, in few pages; signatures are those of the documents" {
    run_tool "$AUDIT_BUILD/tests/s3-units"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
}

@test "the index of what was sealed settles what is as it was sealed, and takes as much as it has room for" {
    run_tool "$AUDIT_BUILD/tests/seal-units"
    assert_status 0
    assert_stderr ""
    [[ $output == *" checks, 0 failed" ]]
}
