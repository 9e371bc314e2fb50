#!/usr/bin/env python3
"""An HTTP service that misbehaves according to a script, for the tests of audit-post.

    peer.py DIRECTORY [--port N] [--tls CERT KEY [--client-ca CA]]

It listens on 127.0.0.1, writes its port to DIRECTORY/port, and keeps in DIRECTORY
    log        one JSON line a request: path, headers, status, and the number of events
    events     every event that was acknowledged, one a line, in the order of acknowledgement
    begun      a line for the request that came first: it is there before that is answered
How it behaves is in DIRECTORY/script, a JSON object that is read again when it changes:
    faults      [[share, what], …]: shares of the requests that are answered with a status, or
                "reset" (the connection is reset before an answer), "slow" (an answer after a while)
    sequence    answers to the first requests since the script changed, one after the other: a
                status, a fault's name, or {"status": N, "body": TEXT, "keep": BOOL}, and "keep" says
                whether the events are acknowledged all the same; {"raw": TEXT} is not HTTP
    headers     header fields for the answers that are not 2xx
    seconds     how long "slow" takes; delay: seconds before every answer
    most_bytes  a longer body is answered with 413
    poison      a batch with this text in it is answered with 400, and with what "refusal" says
    silent      a request with this text in it is answered with 200 and nothing, and its other events
                are acknowledged
    broken      a request with this text in it is answered with 500
    reply       "splunk", "elastic" or "loki": answers as that service gives them
    behind      of loki: seconds that an entry may be behind the newest one of its stream; others
                are dropped, and 400 is answered only if the last stream object had one of them
    status      of the answer to what is taken (200)
    need        [header, value]: without it 401
    token       {"seconds": N, "delay": N}: /token gives OAuth2 tokens that are good for so long,
                and with "requests" for so many requests;
                with "status" and "said" it answers that
    seed        of the random source
Its own address answers too: GET /quit ends it.  Standard library only.
"""
import argparse
import gzip
import hashlib
import json
import os
import random
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

REASONS = {200: "OK", 204: "No Content"}


def drop_torn_line(path):
    """A peer that was killed may have written half a line of what it was about to acknowledge; the
    next line must not be glued to it."""
    if os.path.exists(path):
        with open(path, "r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


class State:
    def __init__(self, directory):
        self.directory = directory
        self.lock = threading.Lock()
        self.script, self.stamp = {}, None
        self.random = random.Random(1)
        self.requests = 0
        self.tokens = 0
        self.expiry = {}
        self.uses = {}
        self.stored = set()
        self.newest = {}
        for name in "log", "events":
            drop_torn_line(os.path.join(directory, name))
        self.log = open(os.path.join(directory, "log"), "a", buffering=1)
        self.events = open(os.path.join(directory, "events"), "ab", buffering=0)

    def use(self, token):
        """Whether the token is still valid for this request."""
        with self.lock:
            self.uses[token] = self.uses.get(token, 0) - 1
            return self.uses[token] >= 0 and self.expiry[token] > time.time()

    def begin(self):
        path = os.path.join(self.directory, "begun")
        if not os.path.exists(path):
            with open(path, "w") as f:
                f.write("yes\n")

    def read_script(self):
        path = os.path.join(self.directory, "script")
        try:
            stat = os.stat(path)
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except FileNotFoundError:
            return self.script
        if stamp != self.stamp:
            with open(path) as f:
                self.script = json.load(f)
            self.stamp = stamp
            self.requests = 0
            if "seed" in self.script:
                self.random = random.Random(self.script["seed"])
        return self.script


def split_events(body, reply):
    """The events of a body, whatever its framing: as the bytes that they are."""
    text = body.decode()
    if reply == "loki":
        document = json.loads(text)
        assert list(document) == ["streams"]
        return [json.dumps({"stream": s["stream"], "values": [v]}, separators=(",", ":")).encode()
                for s in document["streams"] for v in s["values"]]
    if reply == "elastic":
        assert text.endswith("\n")
        lines = text[:-1].split("\n")
        assert len(lines) % 2 == 0
        for action, event in zip(lines[::2], lines[1::2]):
            digest = hashlib.sha256(event.encode()).hexdigest()
            assert json.loads(action) == {"create": {"_id": digest}}, action
        return [line.encode() for line in lines[1::2]]
    decoder = json.JSONDecoder()
    at, events = 0, []
    array = text.startswith("[")
    if array:
        at = 1
    while at < len(text):
        if text[at] in ",\n" or (array and text[at] == "]"):
            at += 1
            continue
        _, end = decoder.raw_decode(text, at)
        events.append(text[at:end].encode())
        at = end
    return events


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response_only(status, REASONS.get(status, "As Scripted"))
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)
        self.wfile.flush()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def do_GET(self):
        if self.path == "/quit":
            self.answer(200)
            os._exit(0)
        self.answer(404)

    def note(self, status, count, size):
        record = {"path": self.path, "headers": dict(self.headers.items()), "status": status,
                  "events": count, "bytes": size, "time": time.time()}
        self.server.state.log.write(json.dumps(record) + "\n")

    def give_token(self, body, script):
        state = self.server.state
        with state.lock:
            state.tokens += 1
            token = "token-%d" % state.tokens
            wanted = script["token"]
            state.expiry[token] = time.time() + wanted.get("seconds", 3600)
            state.uses[token] = wanted.get("requests", float("inf"))
        time.sleep(wanted.get("delay", 0))
        status = wanted.get("status", 200)
        with open(os.path.join(state.directory, "tokens"), "ab") as f:
            f.write(body + b"\n")
        self.note(status, 0, len(body))
        if "said" in wanted:
            self.answer(status, wanted["said"].encode())
            return
        self.answer(status, json.dumps({"access_token": token, "token_type": "Bearer",
                                        "expires_in": wanted.get("told", wanted.get("seconds", 3600))}).encode(),
                    [("Content-Type", "application/json")])

    def choose(self, script):
        """The response to this request: a status, or a fault's name."""
        state = self.server.state
        with state.lock:
            state.requests += 1
            number = state.requests
            dice = state.random.random()
        sequence = script.get("sequence", [])
        if number <= len(sequence):
            what = sequence[number - 1]
            if isinstance(what, dict):
                return what
            return int(what) if str(what).isdigit() else what
        for share, what in script.get("faults", []):
            if dice < share:
                return what
            dice -= share
        return None

    def refused_by_content(self, script, body, events):
        if len(body) > script.get("most_bytes", len(body)):
            return 413, b""
        poison = script.get("poison")
        if poison is None or poison.encode() not in body:
            return None
        if script.get("reply") != "splunk":
            return 400, script.get("refusal", '{"error":"an event in it is wrong"}').encode()
        bad = next(i for i, e in enumerate(events) if poison.encode() in e)
        self.keep(events[:bad])
        return 400, json.dumps({"text": "Invalid data format", "code": 6,
                                "invalid-event-number": bad}).encode()

    def keep(self, events):
        state = self.server.state
        with state.lock:
            state.events.write(b"".join(e + b"\n" for e in events))

    def take_bulk(self, script, events):
        state = self.server.state
        items, kept = [], []
        poison = script.get("poison", "\0").encode()
        with state.lock:
            for event in events:
                digest = hashlib.sha256(event).hexdigest()
                dice = state.random.random()
                if poison in event:
                    item = {"status": 400, "error": {"type": "mapper_parsing_exception",
                                                     "reason": "failed to parse"}}
                elif digest in state.stored:
                    item = {"status": 409, "error": {"type": "version_conflict_engine_exception"}}
                elif dice < script.get("item_429", 0):
                    item = {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
                else:
                    item = {"status": 201, "result": "created"}
                    state.stored.add(digest)
                    kept.append(event)
                items.append({"create": dict(_index="audit", _id=digest, **item)})
        self.keep(kept)
        errors = any(i["create"]["status"] > 299 for i in items)
        return 200, json.dumps({"took": 1, "errors": errors, "items": items}).encode()

    def take_push(self, script, body):
        """Keeps what Loki's ingester would, and returns the error of the last stream object."""
        state = self.server.state
        kept, error = [], None
        with state.lock:
            for stream in json.loads(body)["streams"]:
                labels = json.dumps(stream["stream"], sort_keys=True)
                newest = state.newest.get(labels, 0)
                error, late = None, 0
                for value in stream["values"]:
                    if int(value[0]) < newest - script["behind"] * 10 ** 9:
                        late += 1
                        error = "entry too far behind, total ignored: %d out of %d" % (
                            late, len(stream["values"]))
                        continue
                    newest = max(newest, int(value[0]))
                    if (labels, *value) not in state.stored:
                        state.stored.add((labels, *value))
                        kept.append(value[1].encode())
                state.newest[labels] = newest
        self.keep(kept)
        return (204, b"") if error is None else (400, error.encode())

    def take(self, script, events, body):
        reply = script.get("reply")
        if "behind" in script:
            return self.take_push(script, body)
        if reply == "elastic":
            return self.take_bulk(script, events)
        self.keep(events)
        if reply == "splunk":
            return 200, b'{"text":"Success","code":0}'
        if reply == "loki":
            return script.get("status", 204), b""
        return script.get("status", 200), b"{}"

    def answer_literally(self, what, script, body):
        events = split_events(body, script.get("reply"))
        self.note("literal", len(events), len(body))
        if what.get("keep"):
            self.keep([e for e in events if what.get("but", "\0").encode() not in e])
        if "raw" in what:
            self.wfile.write(what["raw"].encode())
            self.wfile.flush()
            self.close_connection = True
            return
        self.answer(what.get("status", 200), what.get("body", "").encode())

    def is_let_in(self, script):
        need = script.get("need")
        if need is not None and self.headers.get(need[0]) != need[1]:
            return False
        if "token" in script:
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            return self.server.state.use(token)
        return True

    def do_POST(self):
        script = self.server.state.read_script()
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/token":
            self.give_token(raw, script)
            return
        body = gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw
        what = self.choose(script)
        self.server.state.begin()
        time.sleep(script.get("delay", 0))
        if what == "reset":
            self.note(what, 0, len(raw))
            self.reset()
            return
        if script.get("silent", "\0").encode() in body:
            what = {"status": 200, "keep": True, "but": script["silent"]}
        if isinstance(what, dict):
            self.answer_literally(what, script, body)
            return
        if script.get("broken", "\0").encode() in body:
            what = 500
        if what == "slow":
            time.sleep(script.get("seconds", 0.3))
        elif what is not None and not 200 <= what <= 299:
            self.note(what, 0, len(raw))
            self.answer(what, script.get("said", "").encode(), script.get("headers", {}).items())
            return
        if not self.is_let_in(script):
            self.note(401, 0, len(raw))
            self.answer(401, script.get("said", "").encode())
            return
        events = split_events(body, script.get("reply"))
        refused = self.refused_by_content(script, body, events) \
            if script.get("reply") != "elastic" else None
        status, said = refused or self.take(script, events, body)
        if what is not None and what != "slow":
            status = what
        self.note(status, len(events), len(raw))
        self.answer(status, said, script.get("headers", {}).items() if status > 299 else ())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass


def main():
    sys.setrecursionlimit(10000)  # events may be nested deep
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--client-ca")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.state = State(options.directory)
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        if options.client_ca:
            context.load_verify_locations(options.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    path = os.path.join(options.directory, "port")
    with open(path + ".new", "w") as f:
        f.write("%d\n" % server.server_address[1])
    os.rename(path + ".new", path)
    server.serve_forever()


main()
