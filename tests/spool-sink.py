#!/usr/bin/env python3
"""A command for audit-drain that treats each line as its text says, and writes receipts as the
toolkit's sinks do.

    spool-sink.py [--out FILE] [--status N] [--until FILE] [--no-digest] [--tear] [--stop-at TEXT]

A line with "reject" in it is rejected, one with "later" stays undelivered (unless FILE of --until
exists), every other one is delivered: appended to --out (delivered, by default).
    --status N    ends with this, whatever the outcomes
    --no-digest   receipts without their digest
    --tear        ends the receipts in the middle of one
    --stop-at     is killed by its own signal 9 at the line with this text, before its receipt
    --each N      delivers at most N lines, and ends with 1 if there are more
"""
import argparse
import hashlib
import json
import os
import signal
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--out", default="delivered")
parser.add_argument("--status", type=int)
parser.add_argument("--until", default="")
parser.add_argument("--no-digest", action="store_true")
parser.add_argument("--tear", action="store_true")
parser.add_argument("--stop-at", default="")
parser.add_argument("--each", type=int, default=1 << 60)
options = parser.parse_args()

receipts = open(os.environ["AUDIT_RECEIPTS"], "ab", buffering=0)
out = open(options.out, "ab", buffering=0)
status = done = 0
text = b""
for number, line in enumerate(sys.stdin.buffer, 1):
    line = line.rstrip(b"\n")
    if not line.strip(b" \t\r"):
        continue
    receipt = {"line": number, "path": None, "outcome": "delivered", "status": 200}
    if b"reject" in line:
        receipt.update(outcome="rejected", status=400)
        status = 1
    elif (b"later" in line and not os.path.exists(options.until)) or done >= options.each:
        receipt.update(outcome="undelivered", status=503)
        status = 1
    else:
        out.write(line + b"\n")
        done += 1
    if options.stop_at and options.stop_at.encode() in line:
        os.kill(os.getpid(), signal.SIGKILL)
    if not options.no_digest:
        receipt["digest"] = hashlib.sha256(line).hexdigest()[:16]
    text = json.dumps(receipt, separators=(",", ":")).encode() + b"\n"
    receipts.write(text)
if options.tear:
    os.ftruncate(receipts.fileno(), os.lseek(receipts.fileno(), 0, os.SEEK_END) - len(text) // 2)
if status:
    print("spool-sink: not all lines were taken", file=sys.stderr)
sys.exit(status if options.status is None else options.status)
