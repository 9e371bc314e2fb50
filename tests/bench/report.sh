#!/usr/bin/env bash
# Compares audit-report with GoAccess:
#   tests/bench/report.sh BUILD
# audit-report makes its page of BENCH_MEGABYTES of events; GoAccess makes its page of as many lines
# of a web server's log, its own format.  Alternating runs, the best of each side; processor time is
# printed too.  A browser opens the page of the newest 5,000 activities.  Status 1 if audit-report
# reads less than 300 MB/s, or if opening it keeps the browser's main thread busy for a second or
# longer.
# shellcheck disable=SC2317 # functions are called by name
set -euo pipefail
# shellcheck source=/dev/null
. "$(dirname "$0")/common.bash"
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
megabytes=${BENCH_MEGABYTES:-200}
rounds=${BENCH_ROUNDS:-3}

for command in goaccess python3 chromedriver; do
    command -v "$command" >/dev/null ||
        { echo "bench: $command is missing; on Debian: apt-get install goaccess python3 chromium-driver" >&2; exit 2; }
done
work=$(mktemp -d "${TMPDIR:-/tmp}/audit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Events as they are in an archive: jobs with lines, activities with details.
python3 - "$megabytes" "$here/../report-events.py" "$work" <<'END'
import json, subprocess, sys
events = [json.loads(line) for line in
          subprocess.run([sys.executable, sys.argv[2], "20000"], capture_output=True, check=True).stdout.splitlines()]
lines, hits = [], []
for number, event in enumerate(events):
    if "lines" in event:
        event["lines"] = [{"recipe_line_number": n, "adapter_name": "salesforce", "adapter_operation": "upsert",
                           "input": {"order": "SO-%06d" % (number + n), "amount": 17.5}, "output": {"ok": True}}
                          for n in range(number % 12)]
        at, who, what = event["completed_at"], "-", "/jobs/%s" % event["id"]
    else:
        at, who, what = event["timestamp"], event["user"]["email"], "/%s/%s" % (event["event"], event["resource"]["id"])
    lines.append(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")
    day = "%s/%s/2024:%s +0000" % (at[8:10], {"03": "Mar", "04": "Apr"}[at[5:7]], at[11:19])
    hits.append('192.0.2.%d - %s [%s] "GET %s HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0"\n'
                % (number % 250, who, day, what, number))
lines, hits = "".join(lines).encode(), "".join(hits).encode()
copies = int(sys.argv[1]) * 1000000 // len(lines) + 1
with open(sys.argv[3] + "/events", "wb") as e, open(sys.argv[3] + "/hits", "wb") as h:
    for _ in range(copies):
        e.write(lines)
        h.write(hits)
END
bytes=$(stat -c %s "$work/events")

with_report() {
    "$build/audit-report" "$work/events" >"$work/page.html"
}
with_goaccess() {
    goaccess "$work/hits" --log-format=COMBINED --no-global-config --no-progress -o "$work/goaccess.html"
}
# times COMMAND...: wall clock seconds, and seconds of the processor.
times() {
    local TIMEFORMAT='%R %U %S'
    { time "$@" >"$work/log" 2>&1; } 2>&1 || { echo "bench: $* failed:" >&2 && cat "$work/log" >&2 && exit 2; }
}
# figure NAME TIMES...: the best of both.
figure() {
    local name=$1
    shift
    best=$(least "$@" | cut -d' ' -f1)
    processor=$(printf '%s\n' "$@" | awk '{print $2 + $3}' | sort -g | head -n 1)
    printf '%-52s %6.2f s, %.2f s of the processor\n' "$name" "$best" "$processor"
}

echo
echo "audit-report, $((bytes / 1000000)) MB, $(wc -l <"$work/events") events"
for ((round = 0; round < rounds; round++)); do
    report_times+=("$(times with_report)")
    goaccess_times+=("$(times with_goaccess)")
done
figure 'goaccess, as many lines of its own format' "${goaccess_times[@]}"
goaccess_best=$best
figure 'audit-report' "${report_times[@]}"
printf '%-52s %6.1f times as fast\n' 'audit-report / goaccess' "$(calculate "$goaccess_best / $best")"
rate=$(calculate "$bytes / 1e6 / $best")
answer=holds status=0
python3 -c "import sys; sys.exit($rate < 300)" || { answer='DOES NOT HOLD' status=1; }
printf '%-52s %6.0f MB/s, at least 300: %s\n' 'audit-report' "$rate" "$answer"
printf '%-52s %6.0f MB/s\n' 'audit-report, by the time of the processor' \
    "$(calculate "$bytes / 1e6 / $processor")"

for ((round = 0; round < rounds; round++)); do
    opened=$(python3 "$here/../report-browser.py" "$work/page.html" \
        'return [["rows", document.getElementById("rows").rows.length]]' 2>&1) || { echo "$opened" >&2 && exit 2; }
    [[ $opened =~ rows=5000 ]]
    [[ $opened =~ main\ thread\ ([0-9.]+)\ s,\ painted\ after\ ([0-9.]+)\ s,\ loaded\ after\ ([0-9.]+)\ s,\ an\ empty\ page\ ([0-9.]+) ]]
    busy+=("${BASH_REMATCH[1]}") painted+=("${BASH_REMATCH[2]}") loaded+=("${BASH_REMATCH[3]}") empty+=("${BASH_REMATCH[4]}")
done
answer=holds
python3 -c "import sys; sys.exit($(least "${busy[@]}") >= 1)" || { answer='DOES NOT HOLD' status=1; }
printf '%-52s %6.2f s, %s s of the main thread, less than 1: %s\n' 'a running browser opens 5,000 rows' \
    "$(least "${loaded[@]}")" "$(least "${busy[@]}")" "$answer"
printf '%-52s %6.2f s\n' '  and paints the beginning after' "$(least "${painted[@]}")" \
    '  an empty page, for comparison' "$(least "${empty[@]}")"
exit "$status"
