#!/usr/bin/env python3
"""An S3 endpoint that answers as it is told, for the tests of audit-s3put.

    s3-peer.py DIRECTORY [UPSTREAM-PORT]

Listens on 127.0.0.1 and writes its port to DIRECTORY/port.  Each request becomes a line of
DIRECTORY/log: JSON with method, path, headers and the body's length.  DIRECTORY/script, read anew
for every request, is a JSON object:

    look     the answer to GETs, put: the answers to PUTs, one after the other, the last for good:
             {"status": 301, "headers": {…}, "code": "PermanentRedirect", "more": "<Region>…"}
    expired  an access key id that is answered with ExpiredToken
    wait     seconds before every answer
    alter    how many PUTs get another first byte on their way to the upstream

Without a script everything is 200; with an upstream what has no answer here goes there.
"""
import http.client
import http.server
import json
import os
import sys
import threading
import time

DIRECTORY = sys.argv[1]
UPSTREAM = int(sys.argv[2]) if len(sys.argv) > 2 else None
seen = {"PUT": 0, "GET": 0}
lock = threading.Lock()


def script():
    try:
        with open(os.path.join(DIRECTORY, "script"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self, body):
        peer = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
        peer.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            peer.putheader(name, value)
        peer.endheaders(body)
        answer = peer.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                self.send_header(name, value)
        self.finish_answer(content)

    def finish_answer(self, content):
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, told):
        content = ""
        if "code" in told:
            content = ("<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>%s</Code>"
                       "<Message>%s</Message>%s</Error>"
                       % (told["code"], told.get("message", "told so"), told.get("more", "")))
        self.send_response(told.get("status", 200))
        for name, value in told.get("headers", {}).items():
            self.send_header(name, value)
        self.finish_answer(content.encode())

    def handle_request(self):
        told = script()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with lock:
            seen[self.command] += 1
            number = seen[self.command]
        time.sleep(told.get("wait", 0))
        with open(os.path.join(DIRECTORY, "log"), "a", encoding="utf-8") as log:
            log.write(json.dumps({"method": self.command, "path": self.path, "bytes": len(body),
                                  "headers": dict(self.headers)}) + "\n")
        if told.get("expired") and told["expired"] in self.headers.get("Authorization", ""):
            self.answer({"status": 400, "code": "ExpiredToken"})
        elif self.command == "GET" and "look" in told:
            self.answer(told["look"])
        elif self.command == "PUT" and "put" in told:
            self.answer(told["put"][min(number, len(told["put"])) - 1])
        elif UPSTREAM:
            if self.command == "PUT" and number <= told.get("alter", 0):
                body = bytes([body[0] ^ 1]) + body[1:]
            self.forward(body)
        else:
            self.answer({"headers": {"ETag": '"0123abcd"'}})

    do_GET = do_PUT = handle_request

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(DIRECTORY, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_port))
os.rename(os.path.join(DIRECTORY, "port.new"), os.path.join(DIRECTORY, "port"))
server.serve_forever()
