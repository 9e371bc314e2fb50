#!/usr/bin/env bats
# The sources, scripts and pages against their checkers.  Nothing here depends on a build.
load common

@test "C sources are formatted as .clang-format says" {
    cd "$AUDIT_SOURCE"
    mapfile -t files < <(find src tests -name '*.[ch]' | sort)
    clang-format --dry-run -Werror "${files[@]}"
}

@test "shell scripts pass shellcheck" {
    cd "$AUDIT_SOURCE"
    mapfile -t files < <(find bootstrap .ci tests -type f ! -name '*.bats' -exec grep -lE '^#!.*\<(ba)?sh$' {} + | sort)
    [[ " ${files[*]} " == *" bootstrap "* && " ${files[*]} " == *" tests/run "* ]]
    shellcheck "${files[@]}"
    shellcheck -s bash completions/*.bash
}

@test "the tests pass shellcheck" {
    cd "$AUDIT_SOURCE"
    # It does not know that `run --separate-stderr` sets $stderr and $stderr_lines (SC2154), nor who
    # loads a file of functions (SC2034).
    shellcheck -s bats --exclude=SC2154 tests/*.bats
    shellcheck -s bats --exclude=SC2154,SC2034 tests/*.bash
    shellcheck -s bash --exclude=SC2154,SC2034 tests/bench/*.bash
}

@test "man pages pass mandoc -Tlint" {
    cd "$AUDIT_SOURCE"
    mandoc -Tlint -W warning man/*.1 man/*.7
}

@test "zsh completions are zsh" {
    cd "$AUDIT_SOURCE"
    local file
    for file in completions/_*; do
        zsh -n "$file"
        [ "$(head -n 1 "$file")" = "#compdef ${file#completions/_}" ]
    done
}

@test "fish completions are fish" {
    cd "$AUDIT_SOURCE"
    local file
    for file in completions/*.fish; do
        HOME=$BATS_TEST_TMPDIR fish --no-config -n "$file"
    done
}

@test "Python scripts compile" {
    cd "$AUDIT_SOURCE"
    local file
    for file in tests/*.py; do
        python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$file"
    done
}

@test "the tarball has every file of the tests" {
    cd "$AUDIT_SOURCE"
    local file
    for file in tests/*.bats tests/*.bash tests/*.py tests/run; do
        echo "Makefile.am lacks $file"
        grep -qE "(^|[[:space:]])$file( |\$)" Makefile.am
    done
}

@test "folders use only those below them, and no modules form a circle" {
    python3 "$AUDIT_TESTS/includes.py" "$AUDIT_SOURCE"
    # The check finds what it looks for.
    mkdir -p tree/src/base tree/src/json
    printf '#include "config.h"\n#include "json/b.h"\n' >tree/src/base/a.c
    printf '#include "base/c.h"\n' >tree/src/base/a.h
    printf '#include "base/a.h"\n' >tree/src/base/c.h
    printf '#include "base/c.h"\n' >tree/src/json/b.c
    : >tree/src/json/b.h
    run python3 "$AUDIT_TESTS/includes.py" tree
    [ "$status" -eq 1 ]
    [ "$output" = 'base/a.c: base may not use json (json/b.h)
json/b.c: config.h is not the first include
a circle of modules: base/a -> base/c -> base/a' ]
}
