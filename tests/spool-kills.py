#!/usr/bin/env python3
"""Kills audit-spool, audit-drain and audit-post at random moments and counts what arrives.

    spool-kills.py [--events N] [--kills N] [--seed N]

A producer writes numbered events to audit-spool and goes on, after a kill, with the first one that
has no receipt.  audit-drain --follow takes them to audit-post, and that to an HTTP service of our
own, which is down for a while and answers 503 or resets connections in between.  Holds that every
event that was acknowledged arrives, and that an event arrives twice only where its spool, its drain
or its sink was killed in between.  Prints the figures.
"""
import argparse
import http.server
import json
import os
import random
import signal
import socketserver
import struct
import socket
import subprocess
import sys
import tempfile
import threading
import time

parser = argparse.ArgumentParser()
parser.add_argument("--events", type=int, default=20000)
parser.add_argument("--kills", type=int, default=12)
parser.add_argument("--seed", type=int, default=int(time.time()))
options = parser.parse_args([a for a in sys.argv[1:] if a])
rng = random.Random(options.seed)
work = tempfile.mkdtemp(dir=".")
spool = os.path.join(work, "spool")
os.mkdir(spool)

arrived = {}  # number: the times at which it was stored
arrivals = 0
mode = "good"
requests = {"stored": 0, "refused": 0, "reset": 0}
lock = threading.Lock()


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global arrivals
        body = self.rfile.read(int(self.headers["Content-Length"]))
        what = mode
        if what == "faulty":
            what = rng.choices(["good", "refuse", "reset"], [70, 20, 10])[0]
        if what == "reset":
            requests["reset"] += 1
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        if what in ("refuse", "down"):
            requests["refused"] += 1
            self.answer(503)
            return
        now = time.monotonic()
        with lock:
            requests["stored"] += 1
            for line in body.splitlines():
                arrived.setdefault(json.loads(line)["n"], []).append(now)
                arrivals += 1
        self.answer(200)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}/in"

kills = {"audit-spool": [], "audit-drain": [], "audit-post": []}
acknowledged = set()
written_again = set()  # by the producer, after its spool was killed
drain = None
stop = threading.Event()
current_spool = [None]
finished = threading.Event()
errors = open(os.path.join(work, "errors"), "ab")


def start_drain():
    return subprocess.Popen(
        ["audit-drain", "--follow", "--backoff=1s", "--join=64kB", spool, "--",
         "audit-post", "--retry-for=2s", "--parallel=4", "--batch=lines", "--batch-events=50",
         "--batch-wait=20ms", f"--url={url}"], stderr=errors)


def spooled(receipts, first):
    """The numbers that these receipts acknowledge; the run began with the event `first`."""
    numbers = []
    try:
        for line in open(receipts, "rb"):
            try:
                receipt = json.loads(line)
            except ValueError:
                continue  # torn
            if receipt["outcome"] == "spooled":
                numbers.append(first + receipt["line"] - 1)
    except FileNotFoundError:
        pass
    return numbers


def produce():
    """Writes all events, at about the pace that the kills need; starts again after a kill."""
    first = run = 0
    pause = options.kills * 0.45 / (options.events / 100)
    while first < options.events:
        run += 1
        receipts = os.path.join(work, f"receipts.{run}")
        process = subprocess.Popen(
            ["audit-spool", "--segment-time=50ms", "--segment-size=20kB", "--no-summary",
             f"--receipts={receipts}", spool], stdin=subprocess.PIPE, stderr=errors)
        current_spool[0] = process
        written = first
        try:
            for n in range(first, options.events, 100):
                written = min(n + 100, options.events)
                process.stdin.write(b"".join(
                    b'{"event":"user_login","timestamp":"2024-05-01 00:00:00 UTC","n":%d}\n' % k
                    for k in range(n, min(n + 100, options.events))))
                process.stdin.flush()
                time.sleep(pause)
            process.stdin.close()
        except BrokenPipeError:
            pass
        process.wait()
        numbers = spooled(receipts, first)
        acknowledged.update(numbers)
        first += len(numbers)
        written_again.update(range(first, written))
        if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            print("receipts are not in order")
            os._exit(1)
    current_spool[0] = None
    finished.set()


def children_of(pid, name):
    try:
        for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
            if open(f"/proc/{child}/comm").read().strip() == name:
                return int(child)
    except OSError:
        pass
    return None


def kill(name, pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    kills[name].append(time.monotonic())


def wait_for(what, seconds):
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


longest = [0]  # seconds that a thread of this program had to wait for a processor


def measure():
    while True:
        before = time.monotonic()
        time.sleep(0.05)
        longest[0] = max(longest[0], time.monotonic() - before - 0.05)


threading.Thread(target=measure, daemon=True).start()
began = time.monotonic()
drain = start_drain()
producer = threading.Thread(target=produce, daemon=True)
producer.start()
for number in range(options.kills):
    time.sleep(rng.uniform(0.05, 0.7))
    mode = rng.choices(["good", "faulty", "down"], [5, 4, 1 if number < options.kills - 1 else 0])[0]
    victim = rng.choice(list(kills))
    if victim == "audit-spool" and current_spool[0] is not None:
        kill(victim, current_spool[0].pid)
    elif victim == "audit-post" and (child := children_of(drain.pid, "audit-post")):
        kill(victim, child)
    else:
        kill("audit-drain", drain.pid)
        drain.wait()
        drain = start_drain()
mode = "good"
if not wait_for(finished.is_set, 300):
    print("the producer did not come to its end")
    sys.exit(1)
if not wait_for(lambda: not os.listdir(os.path.join(spool, "new")) and
                not os.listdir(os.path.join(spool, "work")), 300):
    print("the spool is not empty:", os.listdir(os.path.join(spool, "new")))
    sys.exit(1)
drain.terminate()
status = drain.wait()

lost = acknowledged - arrived.keys()
twice = {n: times for n, times in arrived.items() if len(times) > 1}
# A killed drain or sink has delivered without a receipt, and the service may have stored that a
# little after the kill, or later on a busy machine; a killed spool has kept lines that it had not
# acknowledged, and its producer writes them again.
LATE = 1 + 2 * longest[0]  # seconds
unexplained = [n for n, times in twice.items()
               if not any(times[0] - LATE <= moment <= times[-1]
                          for moment in kills["audit-drain"] + kills["audit-post"])
               and n not in written_again]
print(f"seed {options.seed}: {options.events} events, {len(acknowledged)} acknowledged, {len(arrived)} arrived; "
      + ", ".join(f"{name} killed {len(times)} times" for name, times in kills.items())
      + f"; requests: {requests}; {len(twice)} events came more than once, {arrivals - len(arrived)} copies, "
      f"{len(unexplained)} without a kill; {time.monotonic() - began:.0f} seconds")
failed = os.listdir(os.path.join(spool, "failed"))
if lost or unexplained or failed or status != 0 or len(acknowledged) != options.events:
    print(f"lost: {sorted(lost)[:20]}; unexplained: {unexplained[:20]}; failed: {failed}; drain: {status}")
    print(open(os.path.join(work, "errors")).read()[-3000:])
    sys.exit(1)
