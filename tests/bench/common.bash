# What the parts of the benchmark share; each sources it.
# shellcheck disable=SC2034,SC2154 # who sources this uses what it sets, and has set $work

# holds WHAT IS AT-LEAST: a line; false if it does not.
holds() {
    local answer=holds
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$2" "$3" || answer="DOES NOT HOLD"
    printf '%-52s %6.2f, at least %s: %s\n' "$1" "$2" "$3" "$answer"
    [ "$answer" = holds ]
}

calculate() { # PYTHON-EXPRESSION
    python3 -c "print($1)"
}

# seconds COMMAND...: how long it takes, wall clock.  What it writes is shown if it fails.
seconds() {
    local from=$EPOCHREALTIME
    "$@" >"$work/log" 2>&1 || { echo "bench: $* failed:" >&2 && cat "$work/log" >&2 && exit 2; }
    calculate "$EPOCHREALTIME - $from"
}

# least NUMBER...
least() {
    printf '%s\n' "$@" | sort -g | head -n 1
}

# median NUMBER...
median() {
    printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"
}

# speed OURS THEIRS: of two arrays with the seconds of runs that alternated, how much faster the first
# one's are: the median of the ratios run by run, as a machine that is quick for a while is so for
# both of a pair.
speed() {
    local -n speed_ours=$1 speed_theirs=$2
    local i ratios=()
    for i in "${!speed_ours[@]}"; do
        ratios+=("$(calculate "${speed_theirs[i]} / ${speed_ours[i]}")")
    done
    median "${ratios[@]}"
}

# can_compare RUNS SHORT: whether there is something of Fluent Bit to compare with; if not, says why.
# SHORT is what it did not come to the end of, if anything.
can_compare() {
    if [ "$1" = 0 ]; then
        echo "  Fluent Bit is not installed (Debian has no package of it): not compared"
    elif [ -n "$2" ]; then
        echo "  Fluent Bit $2 within $limit s: not compared"
    else
        return 0
    fi
    return 1
}

# figure NAME BYTES SECONDS...: sets $best, the least of them, and $rate, MB/s, and prints it.
figure() {
    best=$(least "${@:3}")
    rate=$(calculate "$2 / 1e6 / $best")
    printf '%-52s %6.0f MB/s\n' "$1" "$rate"
}
