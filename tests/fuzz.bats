#!/usr/bin/env bats
# The fuzz targets with their saved corpora, which include past findings (tests/fuzz/corpus). `make
# fuzz` searches for more.
load common

# holds_for TARGET: runs the target with each file of its corpus.
holds_for() {
    local corpus=("$AUDIT_TESTS/fuzz/corpus/$1"/*)
    run_tool "$AUDIT_BUILD/tests/fuzz/$1" "${corpus[@]}"
    assert_status 0
    assert_output "${#corpus[@]} inputs"
}

@test "no fuzz target is left out here, nor has one no corpus" {
    local source target
    for source in "$AUDIT_TESTS"/fuzz/*.c; do
        target=$(basename "$source" .c)
        grep -q LLVMFuzzerTestOneInput "$source" || continue
        [ "$target" != standalone ] || continue
        echo "$target"
        grep -qx "    holds_for $target" "$BATS_TEST_FILENAME"
        [ "$(find "$AUDIT_TESTS/fuzz/corpus/$target" -type f | wc -l)" -gt 5 ]
    done
}

@test "a fuzz target over a file that cannot be read is no success" {
    printf '{"a":1}' >good
    run_tool "$AUDIT_BUILD/tests/fuzz/json" good missing
    assert_status 2
    assert_stderr_has "missing: No such file or directory"
}

@test "fuzz json: the scanner and a second reader agree, whole, walked and growing" {
    holds_for json
}

@test "fuzz texts: what is found in an archive does not depend on how its bytes arrive" {
    holds_for texts
}

@test "fuzz format: the output is compact JSON, and formatting it again changes nothing" {
    holds_for format
}

@test "fuzz path: paths are made of safe components, the same every time, and events untouched" {
    holds_for path
}

@test "fuzz template: messages are JSON, and log_message_str decodes to the event" {
    holds_for template
}

@test "fuzz truncate: the bytes outside the lines are the input's" {
    holds_for truncate
}

@test "fuzz values: sizes, durations, times and components, compared with a slow parser" {
    holds_for values
}

@test "fuzz answers: each event is settled once, and no response controls the terminal" {
    holds_for answers
}

@test "fuzz body: lines are compact objects of the body, and splitting them again changes nothing" {
    holds_for body
}

@test "fuzz seal: what is read is what would be written, its paths are safe, and nothing controls the terminal" {
    holds_for seal
}

@test "fuzz credentials: files, documents and keys of objects" {
    holds_for credentials
}

@test "fuzz push: what is taken for Loki is JSON, sorted, with its labels" {
    holds_for push
}
