#!/usr/bin/env python3
"""Reads strace's log of audit-spool and checks that nothing is acknowledged too early.

    spool-order.py LOG RECEIPTS

The log has whole strings (strace -s).  A line counts as safe once its segment's file was synced, then
renamed to new/, and new/ was synced after that.  At no moment may more lines have been written to
standard output, or be called spooled in RECEIPTS, than are safe.  Prints the numbers.
"""
import re
import sys

log, receipts = sys.argv[1:]
written = {}  # segment's name: [lines, synced], in tmp/
published = []  # lines of segments that were renamed after a sync; new/ is not yet synced
safe = handed_on = told = segments = syncs = 0


def fail(line, why):
    print(f"{why}: {line[:200]}")
    sys.exit(1)


def calls():
    """The lines of the log.  A call that another thread's interrupts counts from its beginning, but a
    sync only once it has ended."""
    begun = {}
    for line in open(log, errors="replace"):
        thread = line.split(" ", 1)[0]
        resumed = re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line)
        if resumed and thread in begun:
            yield begun.pop(thread) + resumed[1]
        elif not resumed and line.endswith("<unfinished ...>\n"):
            text = line[: -len("<unfinished ...>\n")].rstrip()
            if "sync(" in text[:40]:
                begun[thread] = text
            else:
                yield text + ") = 1"
        elif not resumed:
            yield line


for line in calls():
    call = re.match(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)", line)
    if not call or int(call[3]) < 0:
        continue
    name, arguments = call[1], call[2]
    file = re.match(r"(\d+)<([^>]*)>", arguments)
    fd, path = (file[1], file[2]) if file else ("", "")
    if name == "write" and "/tmp/" in path and path.endswith(".ndjson"):
        entry = written.setdefault(path.rsplit("/", 1)[1], [0, False])
        entry[0] += arguments.count("\\n")
        entry[1] = False
    elif name in ("fsync", "fdatasync") and path.endswith(".ndjson"):
        written[path.rsplit("/", 1)[1]][1] = True
    elif name in ("rename", "renameat", "renameat2", "linkat") and "/new>" in arguments:
        lines, synced = written.pop(re.findall(r'"([^"]*\.ndjson)"', arguments)[-1])
        if not synced:
            fail(line, "published before it was synced")
        published.append(lines)
        segments += 1
    elif name == "fsync" and path.endswith("/new"):
        safe += sum(published)
        published.clear()
        syncs += 1
    elif name == "write" and fd == "1":
        handed_on += arguments.count("\\n")
    elif name in ("write", "writev", "pwrite64", "pwritev") and path.endswith("/" + receipts):
        told += arguments.count('\\"spooled\\"')
    if handed_on > safe or told > safe:
        fail(line, f"{handed_on} lines handed on, {told} called spooled, {safe} safe")
print(f"{segments} segments, {syncs} syncs of new/, {safe} lines safe, {handed_on} handed on, {told} told")
if segments < 3 or safe == 0 or handed_on != safe or told != safe:
    fail("", "the log shows too little")
