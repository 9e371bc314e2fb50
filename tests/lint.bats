#!/usr/bin/env bats
# The sources, scripts and pages against their checkers.  Nothing here depends on a build.
load common

@test "C sources are formatted as .clang-format says" {
    cd "$AUDIT_SOURCE"
    mapfile -t files < <(find src tests -name '*.[ch]' | sort)
    clang-format --dry-run -Werror "${files[@]}"
}

@test "threads are started by thread_start(): signals are for the main thread, which waits for them" {
    cd "$AUDIT_SOURCE"
    run grep -rl --include='*.c' 'pthread_create(' src
    [ "$output" = src/base/thread.c ]
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

@test "a test fails wherever a command in it fails" {
    cat >common.bash <"$AUDIT_TESTS/common.bash"
    cat >failing.bats <<'EOD'
load common
no() { false; echo "not reached"; }
deep() { no; }
wrong() { [ 1 = 2 ] || { echo "1 is not 2" && return 1; }; }
EOD
    local way ways=(
        'false; :' 'no; :' 'deep; :' 'wrong; :' 'wrong' 'for i in 1 2; do wrong; done; :' '[[ a = b ]]; :'
        '((1 > 2)); :' 'echo a | grep b; :' '(exit 3); :' 'return 1' 'exit 1' 'no_such_command; :'
        'run_tool false; assert_status 0; :' 'run_tool true; assert_output x; :' 'diff <(echo a) <(echo b); :')
    for way in "${ways[@]}"; do
        printf '@test "%s" {\n    %s\n}\n' "${way//\"/}" "$way" >>failing.bats
    done
    printf '@test "right" {\n    ! false\n    run_tool false\n    assert_status 1\n    if wrong; then :; fi\n}\n' >>failing.bats
    local -a fresh=()
    for way in $(compgen -e BATS_); do
        fresh+=(-u "$way")
    done
    run_tool env "${fresh[@]}" bats failing.bats
    # Where it does not, this test is no better: only exit is sure to be noticed.
    if [ "$status" != 1 ] || [ "$(grep -c '^not ok' <<<"$output")" != ${#ways[@]} ] ||
        [ "$(grep '^ok' <<<"$output")" != "ok $((${#ways[@]} + 1)) right" ]; then
        echo "$output"
        exit 1
    fi
}

@test "tests/run counts every test of every file, and what has no result as failed" {
    mkdir -p tree/tests tree/src tree/build/tests
    cp "$AUDIT_TESTS/run" tree/tests/
    sed -i 's/^first=(.*/first=(a b c d e f g h i j k l m) _=(/' tree/tests/run
    touch tree/src/audit-format.c
    local name
    for name in audit-format $(sed -n 's/^programs=(\(.*\))/\1/p' tree/tests/run); do
        install /dev/null "tree/build/$name"
    done
    # Each ends while later ones run.
    for name in a b c d e f g h i; do
        printf '@test "one" { sleep 0.3; }\n@test "two" { :; }\n' >tree/tests/$name.bats
    done
    printf '@test "fails" { false; }\n@test "is skipped" { skip; }\n@test "is slow" { sleep 1; }\n' >tree/tests/j.bats
    printf 'setup_file() { false; }\n@test "never runs" { :; }\n@test "nor this" { :; }\n' >tree/tests/k.bats
    echo '# No test.' >tree/tests/l.bats
    printf '@test "ends" { :; }\n@test "hangs" { sleep 100; }\n' >tree/tests/m.bats
    local -a fresh=()
    for name in $(compgen -e BATS_); do
        fresh+=(-u "$name")
    done
    run_tool env "${fresh[@]}" AUDIT_FILE_SECONDS=6 tree/tests/run tree/build
    assert_status 1
    grep -q '^# they were stopped after 6 seconds$' <<<"$output"
    [ "${lines[-1]}" = "20 passed, 5 failed, 1 skipped" ] || { show "not the right sum" && return 1; }
    grep -qE '^# j\.bats in build: [1-9]\.[0-9] s, [0-9.]+ s of processor time$' <<<"$output"
    grep -q '^# failed: j.bats in build: fails' <<<"$output"
    # Nothing ran at all.
    rm tree/tests/*.bats
    sed -i 's/^first=(.*/first=() _=(/' tree/tests/run
    run_tool env "${fresh[@]}" tree/tests/run tree/build
    assert_status 1
    [ "${lines[-1]}" = "0 passed, 0 failed" ]
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

@test "Makefile.am lists every file of the tarball" {
    cd "$AUDIT_SOURCE"
    local file
    for file in src/*/*.[ch] man/* completions/* templates/* examples/* tests/*.bats tests/*.bash tests/*.py tests/run; do
        echo "Makefile.am lacks $file"
        grep -qE "(^|[[:space:]])$file( |\$)" Makefile.am
    done
}

@test "folders use only those below them, and no modules form a circle" {
    python3 "$AUDIT_TESTS/includes.py" "$AUDIT_SOURCE" "$AUDIT_BUILD/src/libaudit.a"
    # The check finds what it looks for.
    mkdir -p tree/src/base tree/src/json
    printf '#include "config.h"\n#include "json/b.h"\n' >tree/src/base/a.c
    printf '#include "base/c.h"\n' >tree/src/base/a.h
    printf '#include "base/a.h"\n' >tree/src/base/c.h
    printf '#include "base/c.h"\n#include <event/d.h>\n' >tree/src/json/b.c
    mkdir tree/src/event && : >tree/src/event/d.h
    : >tree/src/json/b.h
    run python3 "$AUDIT_TESTS/includes.py" tree
    [ "$status" -eq 1 ]
    [ "$output" = 'base/a.c: base may not use json (json/b.h)
json/b.c: config.h is not the first include
json/b.c: json may not use event (event/d.h)
a circle of modules: base/a -> base/c -> base/a' ]
    # Of object files that no include ties.
    echo 'void there(void); void here(void) { there(); }' >here.c
    echo 'void here(void); void there(void) { here(); }' >there.c
    cc -c here.c there.c
    ar rc both.a here.o there.o
    mkdir -p good/src && printf '#include "config.h"\n' >good/src/a.c
    run python3 "$AUDIT_TESTS/includes.py" good both.a
    [ "$status" -eq 1 ]
    [ "$output" = 'a circle of object files: here -> there -> here' ]
}
