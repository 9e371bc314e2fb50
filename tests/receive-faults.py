#!/usr/bin/env python3
"""audit-receive with failing system calls and allocations.

    receive-faults.py FAULT.SO SEED

Each run has one group of calls fail at a random call, once or from then on (tests/fault.c), and
posts events meanwhile.  It must hold that

- every event that was answered 200 is in the spool, once a receiver without faults has published
  what was left, and nothing is in it that was not sent;
- every line is whole;
- the receiver ends with 0 or 2, and with a message where it could not start.  A signal may end it
  only where libmicrohttpd cannot write to the descriptor that wakes its own threads.
"""
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

GROUPS = {
    "own-memory": ["ENOMEM"],
    "read": ["EIO"],
    "write": ["ENOSPC", "EIO"],
    "open": ["EMFILE", "EACCES"],
    "close": ["EIO"],
    "sync": ["EIO", "ENOSPC"],
    "rename": ["EIO", "ENOSPC"],
    "tree": ["EIO"],
}
EVENTS = 12


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=3)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(3)
        self.sock.connect(self.path)


def start(directory, environment):
    """A receiver that listens, or has ended."""
    messages = open(directory + "/messages", "wb")
    receiver = subprocess.Popen(
        ["audit-receive", "--listen=unix:" + directory + "/in.sock", "--segment-time=50ms",
         "--drain=500ms", directory + "/spool"],
        env={**os.environ, **environment}, stderr=messages, stdout=subprocess.DEVNULL)
    until = time.time() + 300
    while receiver.poll() is None and time.time() < until:
        if b"listening on" in open(directory + "/messages", "rb").read():
            break
        time.sleep(0.01)
    return receiver


def stop(receiver):
    if receiver.poll() is None:
        receiver.send_signal(signal.SIGTERM)
    return receiver.wait(timeout=300)


def post(directory, number):
    """The status of the response; 0: there was none."""
    connection = Connection(directory + "/in.sock")
    try:
        connection.request("POST", "/", json.dumps({"id": number, "pad": "x" * 50 * number}))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def check(condition, what, case, directory):
    if not condition:
        sys.exit("%s: %s\n%s" % (case, what, open(directory + "/messages").read()))


def run(library, case, environment):
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(directory + "/spool")
        receiver = start(directory, {"LD_PRELOAD": library, **environment})
        answered, silent = [], 0
        for number in range(EVENTS):
            if receiver.poll() is not None or silent == 2:
                break
            answer = post(directory, number)
            silent += answer == 0
            if answer == 200:
                answered.append(number)
        status = stop(receiver)
        waking = "inter-thread" in open(directory + "/messages").read()
        check(status in (0, 2) or (waking and "=write" in case), "ended with %d" % status, case, directory)
        if status == 2:
            check(os.path.getsize(directory + "/messages") > 0, "no message", case, directory)
        check(stop(start(directory, {})) == 0, "the next one cannot run", case, directory)
        kept = []
        for name in os.listdir(directory + "/spool/new"):
            text = open(directory + "/spool/new/" + name).read()
            check(text.endswith("\n"), "a torn line", case, directory)
            kept += [json.loads(line)["id"] for line in text.splitlines()]
        check(not os.listdir(directory + "/spool/tmp"), "something is left in tmp", case, directory)
        missing = set(answered) - set(kept)
        check(not missing, "answered 200 and lost: %s" % sorted(missing), case, directory)
        check(set(kept) <= set(range(EVENTS)), "kept what was not sent", case, directory)
        return len(answered)


def main():
    library, seed = sys.argv[1], sys.argv[2]
    random.seed(seed)
    runs = answered = 0
    for group, errors in GROUPS.items():
        for _ in range(40 if os.environ.get("AUDIT_LONG") else 3):
            environment = {
                "FAULT_CALL": group,
                "FAULT_AT": str(random.randint(1, 60)),
                "FAULT_ERROR": random.choice(errors),
                "FAULT_STAYS": random.choice("01"),
            }
            answered += run(library, " ".join("%s=%s" % pair for pair in environment.items()), environment)
            runs += 1
    if answered == 0:
        sys.exit("nothing was ever taken")
    print(runs, "runs")


main()
