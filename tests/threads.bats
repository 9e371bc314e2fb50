#!/usr/bin/env bats
# Filters with several threads (tests/threads.py).  AUDIT_ROUNDS is how often, AUDIT_SEED=random draws
# other files each time.
load common

SEED=${AUDIT_SEED:-1}

threads() {
    [ "$SEED" != random ] || SEED=$RANDOM
    run_tool python3 "$AUDIT_TESTS/threads.py" "$@"
    assert_status 0
    assert_stderr ''
}

# clones COMMAND...: how many threads it starts.  Standard input is the caller's.
clones() {
    strace -f -e trace=clone,clone3 -o calls "$@" >out
    grep -c 'clone3\?(.*CLONE_THREAD' calls || true
}

@test "no tool with threads is left out here" {
    local sources tool
    mapfile -t sources < <(grep -l parallel_options "$AUDIT_SOURCE"/src/audit-*.c)
    for tool in $(basename -s .c "${sources[@]}"); do
        echo "$tool is not in threads.py, or not among the tools that helgrind checks"
        grep -qF "['$tool'" "$AUDIT_TESTS/threads.py"
        grep -A 3 '^    for tool in ' "$BATS_TEST_FILENAME" | grep -qw "$tool"
    done
}

@test "several threads write, say and reject the same as one, whatever is in the files" {
    local rounds=25 commands
    commands=$(grep -c "^    \['audit-" "$AUDIT_TESTS/threads.py")
    [ -z "${AUDIT_SANITIZED-}" ] || rounds=5
    threads same "$AUDIT_BUILD" "${AUDIT_ROUNDS:-$rounds}" "$SEED"
    assert_output "$((commands * ${AUDIT_ROUNDS:-$rounds})) runs"
}

@test "a signal ends several threads after a whole line, and the message says after which" {
    threads stop "$AUDIT_BUILD"
}

@test "a file is read with the threads that were asked for, a pipe or gzip with one" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "what sanitizers start counts, too"
    python3 "$AUDIT_TESTS/threads.py" corpus 2 >in
    gzip -k in
    [ "$(clones audit-path --threads=3 in)" = 2 ]
    [ "$(clones audit-path --threads=3 - <in)" = 2 ]
    [ "$(clones audit-path --threads=1 in)" = 0 ]
    # shellcheck disable=SC2002 # a pipe is meant
    [ "$(cat in | clones audit-path --threads=3)" = 0 ]
    [ "$(clones audit-path --threads=3 in.gz)" = 0 ]
    [ "$(clones audit-path --threads=3 --max-record=100KB in)" = 0 ]
    [ "$(clones taskset -c 0 audit-path in)" = 0 ]
    echo '{"event":{{log_message}},"sent":"{{now}}"}' >timed.json
    [ "$(clones audit-template --threads=3 -t ./timed.json in)" = 0 ]
    [ "$(clones audit-template --threads=3 -t ./timed.json --now=2024-01-01 in)" = 2 ]
    [ "$(clones audit-select --threads=3 --count-by=event in)" = 0 ]
}

@test "what is left to read after several threads is what the file has after them: nothing" {
    python3 "$AUDIT_TESTS/threads.py" corpus 2 >in
    { audit-path --threads=3 >out && cat >rest; } <in
    [ ! -s rest ]
    [ "$(wc -l <out)" = "$(wc -l <in)" ]
}

@test "a file that is truncated while it is read is status 2, with any number of threads" {
    local threads
    for threads in 1 3; do
        python3 "$AUDIT_TESTS/threads.py" corpus 8 >in
        # The tool waits for room in the pipe.
        run_tool bash -o pipefail -c "audit-path --threads=$threads in | { sleep 0.5 && : >in && cat >out; }"
        assert_status 2
        assert_stderr_has "audit-path: in: the file became shorter while it was read"
    done
}

@test "a failed write ends several threads with one message" {
    python3 "$AUDIT_TESTS/threads.py" corpus 4 >in
    for tool in audit-path audit-format; do
        run_tool bash -c "$tool --threads=3 --rejects=rejects in >/dev/full"
        assert_status 2
        assert_stderr "$tool: standard output: No space left on device"
        [ ! -s rejects ]
    done
    run_tool bash -c 'set -o pipefail; audit-format --threads=3 in | head -n 1 >/dev/null'
    assert_status 2
    assert_stderr 'audit-format: standard output: Broken pipe'
}

@test "where there is no memory for threads, or none can be started, one does the work" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers need much memory themselves"
    python3 "$AUDIT_TESTS/threads.py" corpus 4 >in
    audit-path --threads=1 in >expected
    run_tool bash -c 'ulimit -v 20000 && audit-path --threads=64 in >out'
    assert_status 0
    assert_stderr ''
    cmp expected out
}

@test "threads share nothing that they should not" {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "sanitizers and valgrind do not go together"
    python3 "$AUDIT_TESTS/threads.py" corpus 1 >in
    for tool in "audit-path --timezone=Europe/Berlin" audit-format "audit-select --event=recipe_*" \
        "audit-template -t splunk" "audit-truncate --limit=2000"; do
        # shellcheck disable=SC2086
        valgrind -q --tool=helgrind --error-exitcode=99 --log-file=found $tool --threads=3 in >out
        [ ! -s found ] || { cat found && return 1; }
    done
}

@test "a number of threads that is none, or too many, is a usage error" {
    run_tool audit-path --threads=0 in
    assert_status 2
    [ "${stderr_lines[0]}" = 'audit-path: --threads=0: not a number from 1 to 64' ]
    run_tool audit-path --threads=many in
    assert_status 2
    [ "${stderr_lines[0]}" = 'audit-path: --threads=many: not a number from 1 to 64' ]
}
