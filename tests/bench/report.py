#!/usr/bin/env python3
"""Prints the tables of tests/bench/run, and whether the promised ratios hold.

    report.py ROUNDS MEMORY JQ_MEGABYTES

ROUNDS is a directory with what hyperfine exported of each round, its commands named by subject, side
and size, with tabs between them.  A ratio is of two sides of one round, and the median of all rounds
counts.  MEMORY has a line a measurement: subject, "memory", size, peak.
"""
import glob
import json
import statistics
import sys

FILTER_TIMES_JQ, SELECT_TIMES_JQ, PIPELINE_TIMES_JQ = 25, 20, 30
FILTER_OF_YYJSON = 1    # parsing the same corpus
PIPELINE_OF_CATS = 0.6  # of cat | cat | cat | cat
GIANT_TIMES = 2         # as much time a byte for a record eight times as large
FILES_OF_TAR = 1
STARTUP_MS = 2
MEMORY_BASE, MEMORY_TIMES = 8 << 20, 2.2
CATS = "cat | cat | cat | cat"


class Ratio:
    """The median of the rounds' ratios, and the quartiles, between which half of them are."""

    def __init__(self, ratios):
        quartiles = statistics.quantiles(ratios, method="inclusive") if len(ratios) > 1 else ratios * 3
        self.low, self.median, self.high = quartiles

    def of(self, other):
        return f"{self.median:.2f} x {other}, quartiles {self.low:.2f} to {self.high:.2f}"


class Subject:
    """The rounds in which it was measured: of each the size and the seconds of each side."""

    def __init__(self):
        self.rounds = []

    def each(self, *sides):
        """The ratios of the rounds that have these sides."""
        return [[sides_of[side] for side in sides] for sides_of in self.rounds if sides_of.keys() >= set(sides)]

    def rate(self, side):
        return statistics.median(size / seconds for (size, seconds), in self.each(side))

    def ratio(self, side, other):
        """How many times as fast as the other; None where they were not measured together."""
        ratios = [size / seconds * other_seconds / other_size
                  for (size, seconds), (other_size, other_seconds) in self.each(side, other)]
        return Ratio(ratios) if ratios else None


def read(directory):
    subjects = {}
    for number in range(1, len(glob.glob(directory + "/*.json")) + 1):
        with open(f"{directory}/{number}.json", encoding="utf-8") as file:
            results = json.load(file)["results"]
        sides = {}
        for result in results:
            subject, side, size = result["command"].split("\t")
            sides[side] = int(size), result["median"]
        subjects.setdefault(subject, Subject()).rounds.append(sides)
    return subjects


def verdict(good, what, found, wanted):
    print(f"{'PASS' if good else 'FAIL'}  {what}: {found} (wanted: {wanted})")
    return good


def at_least(what, ratio, other, wanted):
    return lambda: verdict(ratio.median >= wanted, what, ratio.of(other), wanted)


def times_jq(name):
    if name == "pipeline":
        return PIPELINE_TIMES_JQ
    return SELECT_TIMES_JQ if name.startswith("audit-select") else FILTER_TIMES_JQ


def throughput(subjects, jq_megabytes):
    print(f"Throughput (jq and cJSON with the first {jq_megabytes} MB)")
    print(f"{'':32}{'MB/s':>8}{'x jq':>8}{'x jq -c .':>11}{'x cJSON':>9}{'x cat':>8}{'x yyjson':>10}{'one thread':>12}")
    for name, subject in subjects.items():
        jq = subject.ratio("ours", "jq")
        if jq is None:
            continue
        print(f"{name:32}{subject.rate('ours') / 1e6:8.0f}{jq.median:8.1f}{subject.ratio('ours', 'jq -c .').median:11.1f}"
              f"{subject.ratio('ours', 'cJSON').median:9.1f}{subject.ratio('ours', 'cat').median:8.3f}", end="")
        yield at_least(name, jq, "jq", times_jq(name))
        for other, text, wanted in (("yyjson", "yyjson parsing", FILTER_OF_YYJSON), (CATS, CATS, PIPELINE_OF_CATS)):
            ratio = subject.ratio("ours", other)
            if ratio:
                yield at_least(name, ratio, text, wanted)
        yyjson, alone = subject.ratio("ours", "yyjson"), subject.ratio("one thread", "yyjson")
        print(f"{yyjson.median:10.2f}{alone.median:12.2f}" if yyjson else "")
    print()


def startup(subject):
    print("Start-up, ms (the least of all rounds, on no input)")
    for side in subject.rounds[0]:
        ms = 1e3 * min(seconds for (_, seconds), in subject.each(side))
        print(f"{side:32}{ms:8.2f}")
        if side.startswith("audit-"):
            yield lambda s=side, ms=ms: verdict(ms < STARTUP_MS, f"{s} start-up", f"{ms:.2f} ms", f"< {STARTUP_MS} ms")
    print()


def giants(subjects):
    print("One giant record through audit-format, MB/s")
    for kind in ("string", "pretty"):
        for size in ("8 MB", "64 MB"):
            print(f"{kind + ', ' + size:32}{subjects[kind].rate(size) / 1e6:8.0f}")
        times = subjects[kind].ratio("8 MB", "64 MB")
        yield lambda k=kind, t=times: verdict(t.median <= GIANT_TIMES, f"giant {k}, time a byte at 64 MB",
                                              t.of("at 8 MB"), f"<= {GIANT_TIMES}")
    print()


def files(subject):
    print("Files a second")
    for side in ("audit-fileput", "tar"):
        print(f"{side:32}{subject.rate(side):8.0f}")
    print()
    yield at_least("audit-fileput", subject.ratio("audit-fileput", "tar"), "tar", FILES_OF_TAR)


def memory(file):
    print("Memory for one event of 45 MB")
    print(f"{'':32}{'MiB':>8}{'x event':>9}")
    with open(file, encoding="utf-8") as lines:
        for line in lines:
            name, _, size, peak = line.rstrip("\n").split("\t")
            size, peak = int(size), int(peak)
            limit = MEMORY_BASE + MEMORY_TIMES * size
            print(f"{name:32}{peak / 2**20:8.1f}{peak / size:9.2f}")
            yield lambda n=name, p=peak, m=limit: verdict(
                p <= m, f"{n} memory", f"{p / 2**20:.1f} MiB", f"<= {m / 2**20:.1f} MiB")
    print()


def main():
    subjects = read(sys.argv[1])
    verdicts = list(throughput(subjects, sys.argv[3]))
    verdicts += startup(subjects["start-up"])
    verdicts += giants(subjects)
    if "files" in subjects:
        verdicts += files(subjects["files"])
    verdicts += memory(sys.argv[2])
    return 0 if all([each() for each in verdicts]) else 1


if __name__ == "__main__":
    sys.exit(main())
