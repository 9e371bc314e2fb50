# Every test file begins with:  load common  The binaries come from $AUDIT_BUILD (the build's top
# directory; this tree's by default), each test runs in a directory of its own, and `run` keeps
# standard error apart in $stderr.
bats_require_minimum_version 1.5.0

AUDIT_TESTS=$BATS_TEST_DIRNAME
AUDIT_SOURCE=${AUDIT_TESTS%/tests*}
AUDIT_BUILD=${AUDIT_BUILD:-$AUDIT_SOURCE}
DATA=$AUDIT_SOURCE/tests/data
# The system's own python3 and the like: a version manager's wrappers start a shell at each call.
PATH=$AUDIT_BUILD:/usr/bin:$PATH
export AUDIT_TEMPLATE_PATH=$AUDIT_SOURCE/templates
export LC_ALL=C.UTF-8
unset TZ

# timeout(1), also in shells that a test starts, without the SIGCONT that it sends after its signal:
# under full load, a tool that is ending while its leak checker has stopped it would then wait for
# ever.
timeout() {
    command timeout --foreground "$@"
}
export -f timeout

# Before each command bats records the call stack, at half a millisecond, to report where a test
# failed: a fifth of the CPU time of many tests.  Here it records only the test's own lines, and the
# stack of a function only when it has failed.  In a loop of commands that takes a sixth of the
# time.  Other versions of bats may use these traps differently, so they keep their own.
if [ -n "${BATS_TEST_NAME-}" ] && [ "${BATS_VERSION-}" = 1.8.2 ]; then
    bats_debug_trap() {
        [ "${FUNCNAME[1]}" = "$BATS_TEST_NAME" ] || return 0
        BATS_DEBUG_LASTLAST_STACK_TRACE=("${BATS_DEBUG_LAST_STACK_TRACE[@]}")
        BATS_DEBUG_LAST_STACK_TRACE=("${BASH_LINENO[0]} ${FUNCNAME[1]} ${BASH_SOURCE[1]}")
    }
    bats_error_trap() {
        bats_check_status_from_trap
        [[ " ${FUNCNAME[*]} " != *" $BATS_TEST_NAME "* ]] || bats_capture_stack_trace
        BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
    }
fi

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}
# A file's own teardown begins with tell_failure.
teardown() {
    tell_failure
}

# tell_failure: prints what explains a failed test: bats prints the last $output and $stderr, this
# the status and the ends of the files that tools and services write messages to.
tell_failure() {
    [ -z "${BATS_TEST_COMPLETED-}" ] || return 0
    echo "--- the last status: ${status-none}"
    find "$BATS_TEST_TMPDIR" -maxdepth 2 -type f -size +0 \( -name '*err*' -o -name '*message*' -o -name '*log' \
        -o -name restart -o -name valgrind.log \) -printf '%P\n' | head -n 20 | while read -r file; do
        echo "--- the end of $file:"
        tail -n 15 "$BATS_TEST_TMPDIR/$file" | cut -c -500
    done
}

# run_tool COMMAND...: sets $status, $output and $stderr, and the arrays $lines and $stderr_lines of
# their nonempty lines, as bats' own `run --separate-stderr` does with four times the processes: the
# suite calls it some ten thousand times.
run_tool() {
    local flags=$- errors=$BATS_RUN_TMPDIR/stderr.$BASHPID
    set +eET
    output=$("$@" 2>"$errors")
    status=$?
    read -rd '' stderr <"$errors"
    IFS=$'\n' read -rd '' -a lines <<<"$output"
    IFS=$'\n' read -rd '' -a stderr_lines <<<"$stderr"
    set "-$flags"
}

# once [WHY]: the test does not depend on the build, and does not run again with sanitizers.
once() {
    [ -z "${AUDIT_SANITIZED-}" ] || skip "${1-the same in every build}"
}

# choose_seed: sets $seed for a test that draws its cases, and prints it, for the record of a
# failure. The seed is fixed, so that two checks of a tree test the same; AUDIT_SEED sets another
# one, and AUDIT_SEED=random a new one.
choose_seed() {
    seed=${AUDIT_SEED:-20240501}
    [ "$seed" != random ] || seed=$RANDOM$RANDOM
    echo "AUDIT_SEED=$seed repeats this"
}

# eventually COMMAND...: waits until it succeeds, for 400 seconds: the machine may be busy.  With
# sanitizers it may take twice that.  It tries again after 10 ms, then less and less often, at last every
# 50 ms.  It sleeps on a pipe without a writer: that takes no process, and the tests of a run wait ten
# thousand times.
eventually() {
    local until=$((EPOCHSECONDS + (1 + ${AUDIT_SANITIZED:+1}+0) * 400)) eventually_ms=10 eventually_pause
    until "$@"; do
        [ "$EPOCHSECONDS" -lt "$until" ] || { echo "never: $*" && return 1; }
        printf -v eventually_pause '0.%03d' "$eventually_ms"
        eventually_ms=$((eventually_ms < 35 ? eventually_ms * 7 / 5 : 50))
        # No variables with common names: the command may use the caller's.
        [ -p "$BATS_RUN_TMPDIR/silent" ] || mkfifo "$BATS_RUN_TMPDIR/silent" 2>/dev/null || :
        read -rt "$eventually_pause" <>"$BATS_RUN_TMPDIR/silent" || [ $? -gt 128 ] || sleep "$eventually_pause"
    done
}
export -f eventually

# in_mounts COMMAND...: runs the shell command where it may mount file systems of its own.
in_mounts() {
    if unshare -m true 2>/dev/null; then
        unshare -m bash -euc "$@"
    else
        unshare -rm bash -euc "$@"
    fi
}
need_mounts() {
    mkdir -p probe
    in_mounts 'mount -t tmpfs none probe' 2>/dev/null || skip "no file system can be mounted here"
}

# has_lines FILE COUNT, for eventually: the file has that many lines, or more.
has_lines() {
    [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# stop_with SIGNAL MESSAGE COMMAND...: run_tool of the command, which timeout(1) stops with the
# signal after half a second.  On a slow machine that may be before all of its input is read: then
# the message is different, and it is run again with more time.  The command appends to `rejects`.
stop_with() {
    local signal=$1 message=$2 seconds
    shift 2
    for seconds in 0.5 2 8 32; do
        rm -f rejects
        run_tool timeout -s "$signal" "$seconds" "$@"
        [ "$stderr" != "$message" ] || break
    done
    assert_stderr "$message"
    assert_status 124
}

# Each of these prints the actual value if it is not the expected one.
assert_status() {
    [ "$status" -eq "$1" ] || { show "status $status, expected $1"; return 1; }
}
assert_output() {
    [ "$output" = "$1" ] || { show "output is not: $1"; return 1; }
}
assert_stderr() {
    [ "$stderr" = "$1" ] || { show "standard error is not: $1"; return 1; }
}
assert_stderr_has() {
    case $stderr in *"$1"*) ;; *) show "standard error lacks: $1"; return 1 ;; esac
}
# assert_peak FILE: after `run_tool python3 peak.py …`: the memory was at most 8 MiB and 2.2 times the
# file, which is one record and little more.  Sanitizers need memory of their own.
assert_peak() {
    local peak allowed
    [ -z "${AUDIT_SANITIZED-}" ] || return 0
    [[ $stderr =~ peak\ ([0-9]+)\ bytes$ ]] || { show "no peak was said"; return 1; }
    peak=${BASH_REMATCH[1]}
    allowed=$((8 * 1024 * 1024 + $(stat -c %s "$1") * 22 / 10))
    [ "$peak" -le "$allowed" ] || { show "peak $peak bytes, allowed $allowed"; return 1; }
}
show() {
    printf '%s\n--- status %s, standard output:\n%s\n--- standard error:\n%s\n' \
        "$1" "$status" "$output" "$stderr"
}
