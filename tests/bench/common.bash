# The common functions of the benchmark's parts, which source this file.
# shellcheck disable=SC2034,SC2154 # who sources this uses what it sets, and has set $work

# holds WHAT IS AT-LEAST: prints a line; false if it does not hold. IS may be the output of `speed`.
holds() {
    local answer=holds is low high
    read -r is low high <<<"$2"
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$is" "$3" || answer="DOES NOT HOLD"
    printf '%-52s %6.2f%s, at least %s: %s\n' "$1" "$is" "${low:+ (quartiles $low to $high)}" "$3" "$answer"
    [ "$answer" = holds ]
}

calculate() { # PYTHON-EXPRESSION
    python3 -c "print($1)"
}

# seconds COMMAND...: its wall clock time.  Its output is shown if it fails.
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

# speed OURS THEIRS: from two arrays with the seconds of alternating runs, how many times as fast
# ours are: the median of the rounds' ratios, because a machine that is fast for a while is so for
# both sides of a round; and the quartiles, between which half of the ratios are.
speed() {
    local -n speed_ours=$1 speed_theirs=$2
    python3 - "${#speed_ours[@]}" "${speed_ours[@]}" "${speed_theirs[@]}" <<'END'
import statistics, sys
count, *seconds = map(float, sys.argv[1:])
ratios = [theirs / ours for ours, theirs in zip(seconds[:int(count)], seconds[int(count):])]
low, median, high = statistics.quantiles(ratios, method="inclusive") if len(ratios) > 1 else ratios * 3
print("%.4f %.2f %.2f" % (median, low, high))
END
}

# can_compare RUNS SHORT: whether there is a result of Fluent Bit to compare with; if not, prints
# why.  SHORT is what it did not finish, if anything.
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

# figure NAME BYTES SECONDS...: sets $best, the least time, and $rate, MB/s, and prints it.
figure() {
    best=$(least "${@:3}")
    rate=$(calculate "$2 / 1e6 / $best")
    printf '%-52s %6.0f MB/s\n' "$1" "$rate"
}
