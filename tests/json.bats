#!/usr/bin/env bats
# The JSON reader compared with RFC 8259: a table of its rules, and Python's parser as a second
# opinion. Each test runs with the reader as built here, which uses the processor's features, with
# its versions without AVX-512 and without AVX2, and with its portable one.
load common

TABLE=$DATA/json/strictness.txt

# oracle MODE ARGUMENT...: the results of tests/json-oracle.py for each reader.
oracle() {
    local mode=$1 check
    shift
    for check in json-check json-check-avx2 json-check-sse2 json-check-portable; do
        run_tool python3 "$AUDIT_TESTS/json-oracle.py" "$mode" "$AUDIT_BUILD/tests/$check" "$TABLE" "$@"
        assert_status 0
        assert_stderr ""
    done
}

@test "JSON: the reader's results are those of the table of RFC 8259's rules" {
    oracle table
    assert_output "$(grep -c '^[^#]' "$TABLE") texts"
}

@test "JSON: the results do not depend on block and window borders" {
    oracle shifted
    [ "${output% texts}" -gt "$([ -n "${AUDIT_SANITIZED-}" ] && echo 10000 || echo 30000)" ]
}

@test "JSON: mutated texts are accepted if and only if Python accepts them" {
    local seed
    choose_seed
    oracle mutated "$seed" 4000 "$DATA/events.ndjson" "$DATA/broken.txt"
}

@test "JSON: escapes, long characters and errors in them are found wherever they lie" {
    local seed
    choose_seed
    oracle dense "$seed" "$([ -n "${AUDIT_LONG-}" ] && echo 300000 || echo 2000)" "$AUDIT_BUILD/tests/json-check-portable"
}

@test "JSON: all test data is JSON, and the broken texts are not" {
    local line
    while IFS= read -r line; do
        run_tool "$AUDIT_BUILD/tests/json-check" <<<"$line"
        assert_output ok
    done <"$DATA/bare.ndjson"
    run_tool "$AUDIT_BUILD/tests/json-check" <"$DATA/broken.txt"
    assert_status 0
    assert_output "byte 290: a number may not begin with a zero and another digit"
}

# says TEXT MESSAGE: the output of json-check for a text.
says() {
    run_tool "$AUDIT_BUILD/tests/json-check" < <(printf '%b' "$1")
    assert_status 0
    assert_output "$2"
}

@test "JSON: each kind of error has a message of its own" {
    says '{"a":[1, "b", true]}' "ok"
    says '{"a":' "byte 6: the text ends inside a value"
    says '{"a' "byte 4: the text ends inside a string"
    says '[nope]' "byte 2: a value is expected here"
    says '{a:1}' "byte 2: a member name in double quotes is expected here"
    says '{"a" 1}' "byte 6: a ':' must follow a member name"
    says '{"a":1;}' "byte 6: this is not a number"
    says '{"a":"";}' "byte 8: a ',' or '}' must follow a member"
    says '["" ""]' "byte 5: a ',' or ']' must follow an element"
    says '[1.]' "byte 2: this is not a number"
    says '[007]' "byte 2: a number may not begin with a zero and another digit"
    says '"\001"' "byte 2: a control character in a string must be escaped"
    says '"\\q"' "byte 2: this escape is unknown or incomplete"
    says '"\0377"' "byte 2: this is not UTF-8"
    says '{} {}' "byte 4: nothing may follow the value"
    says "$(printf '[%.0s' {1..1025})" "byte 1025: values are nested more than 1,024 deep"
}
