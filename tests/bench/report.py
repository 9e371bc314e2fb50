#!/usr/bin/env python3
"""Prints the tables of tests/bench/run, and whether the ratios that the toolkit promises hold.

    report.py RESULTS JQ_MEGABYTES

RESULTS has a line a measurement: subject, side, size, figure, with tabs between them.  Of several
with the same subject and side the median counts.
"""
import statistics
import sys

FILTER_TIMES_JQ, SELECT_TIMES_JQ, PIPELINE_TIMES_JQ = 25, 20, 30
FILTER_OF_YYJSON = 1    # parsing the same corpus
PIPELINE_OF_CATS = 0.6  # of cat | cat | cat | cat
GIANT_TIMES = 2         # as much time a byte for a record eight times as large
STARTUP_MS = 2
MEMORY_BASE, MEMORY_TIMES = 8 << 20, 2.2


def read(file):
    sides = {}
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            subject, side, size, figure = line.rstrip("\n").split("\t")
            _, figures = sides.setdefault(side, {}).setdefault(subject, (int(size), []))
            figures.append(float(figure))
    return {side: {subject: (size, statistics.median(figures))
                   for subject, (size, figures) in subjects.items()}
            for side, subjects in sides.items()}


def verdict(good, what, found, wanted):
    print(f"{'PASS' if good else 'FAIL'}  {what}: {found} (wanted: {wanted})")
    return good


CATS = "cat | cat | cat | cat"


def times_jq(subject):
    if subject == "pipeline":
        return PIPELINE_TIMES_JQ
    return SELECT_TIMES_JQ if subject.startswith("audit-select") else FILTER_TIMES_JQ


def throughput(sides, jq_megabytes):
    rate = {side: {subject: size / 1e6 / seconds for subject, (size, seconds) in sides[side].items()}
            for side in ("ours", "jq")}
    ours, jq = rate["ours"], rate["jq"]
    references = ("cat", CATS, "cJSON loop", "jq -c .")
    yyjson = {subject: size / 1e6 / seconds for subject, (size, seconds) in sides.get("yyjson", {}).items()}
    print(f"Throughput, MB of input a second (medians; jq on the first {jq_megabytes} MB)")
    print(f"{'':32}{'MB/s':>8}{'jq MB/s':>9}{'x jq':>8}{'x jq -c .':>11}{'x cJSON':>9}{'x cat':>8}")
    for subject, own in ours.items():
        edit = f"{jq[subject]:9.1f}{own / jq[subject]:8.1f}" if subject in jq else f"{'':17}"
        print(f"{subject:32}{own:8.0f}{edit}{own / ours['jq -c .']:11.1f}"
              f"{own / ours['cJSON loop']:9.1f}{own / ours['cat']:8.3f}")
    for subject, own in yyjson.items():
        print(f"{'yyjson parsing, ' + subject:32}{own:8.0f}")
    print()
    for subject, own in ours.items():
        if subject not in references:
            wanted = times_jq(subject)
            times = own / jq[subject]
            yield lambda s=subject, t=times, w=wanted: verdict(t >= w, s, f"{t:.1f} x jq", f"{w}")
            if subject == "pipeline":
                of = own / ours[CATS]
                yield lambda o=of: verdict(o >= PIPELINE_OF_CATS, "pipeline", f"{o:.2f} x {CATS}",
                                           f"{PIPELINE_OF_CATS}")
            elif yyjson:
                of = own / yyjson["raw" if subject == "audit-format" else "clean"]
                yield lambda s=subject, o=of: verdict(o >= FILTER_OF_YYJSON, s,
                                                      f"{o:.2f} x yyjson parsing", f"{FILTER_OF_YYJSON}")


def startup(sides):
    print("Start-up, ms (the least of 100 runs, on no input)")
    for subject, (_, seconds) in sides["startup"].items():
        print(f"{subject:32}{seconds * 1e3:8.2f}")
        if subject.startswith("audit-"):
            yield lambda s=subject, ms=seconds * 1e3: verdict(
                ms < STARTUP_MS, f"{s} start-up", f"{ms:.2f} ms", f"< {STARTUP_MS} ms")
    print()


def giants(sides):
    print("One giant record through audit-format, MB/s")
    rate = {subject: size / 1e6 / seconds for subject, (size, seconds) in sides["giant"].items()}
    for subject, each in rate.items():
        print(f"{subject + ' MB':32}{each:8.0f}")
    print()
    for kind in ("string", "pretty"):
        times = rate[kind + "8"] / rate[kind + "64"]
        yield lambda k=kind, t=times: verdict(t <= GIANT_TIMES, f"giant {k}, time a byte at 64 MB",
                                              f"{t:.2f} x at 8 MB", f"<= {GIANT_TIMES}")


def memory(sides):
    print("Memory for one event of 45 MB")
    print(f"{'':32}{'MiB':>8}{'x event':>9}")
    for subject, (size, peak) in sides["memory"].items():
        limit = MEMORY_BASE + MEMORY_TIMES * size
        print(f"{subject:32}{peak / 2**20:8.1f}{peak / size:9.2f}")
        yield lambda s=subject, p=peak, m=limit: verdict(
            p <= m, f"{s} memory", f"{p / 2**20:.1f} MiB", f"<= {m / 2**20:.1f} MiB")
    print()


def files(sides):
    print("Files a second")
    rate = {subject: count / seconds for subject, (count, seconds) in sides["files"].items()}
    for subject, each in rate.items():
        print(f"{subject:32}{each:8.0f}")
    print()
    times = rate["audit-fileput"] / rate["tar"]
    yield lambda: verdict(times >= 1, "audit-fileput", f"{times:.2f} x tar", "1")


def main():
    sides = read(sys.argv[1])
    verdicts = list(throughput(sides, sys.argv[2]))
    verdicts += startup(sides)
    verdicts += giants(sides)
    verdicts += memory(sides)
    if "files" in sides:
        verdicts += files(sides)
    return 0 if all([each() for each in verdicts]) else 1


if __name__ == "__main__":
    sys.exit(main())
