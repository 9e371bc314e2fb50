#!/usr/bin/env python3
"""Answers as a container's credentials endpoint and as EC2's instance metadata, version 2.

metadata-server.py PORT-FILE LOG [SECONDS]: writes the port it listens on; each request becomes a
line of LOG.  SECONDS is how long the credentials are valid. /slow never responds, /broken is not
JSON.
"""
import datetime
import http.server
import json
import os
import sys
import time

LIFE = int(sys.argv[3]) if len(sys.argv) > 3 else 3600
issued = 0


def document():
    global issued
    issued += 1
    expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=LIFE)
    return json.dumps({
        "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": os.environ.get("KEY", "ASIATEST"),
        "SecretAccessKey": os.environ.get("SECRET", "secret/of+role"),
        "Token": os.environ.get("TOKEN", f"token-{issued}"),
        "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ")})


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def handle_request(self):
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            log.write(f"{self.command} {self.path} {self.headers.get('Authorization', '-')}\n")
        session = self.headers.get("X-aws-ec2-metadata-token") == "session"
        base = "/latest/meta-data/iam/security-credentials/"
        if self.command == "PUT" and self.path == "/latest/api/token":
            right = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "").isdigit()
            self.answer(200 if right else 400, "session")
        elif self.path.startswith("/latest/") and not session:
            self.answer(401, "")
        elif self.path == base:
            self.answer(200, "archiver")
        elif self.path in (base + "archiver", "/container"):
            self.answer(200, document())
        elif self.path == "/locked":
            right = self.headers.get("Authorization") == "let me in"
            self.answer(200 if right else 403, document())
        elif self.path == "/refused":
            self.answer(200, '{"Code":"AccessDenied","Message":"no"}')
        elif self.path == "/broken":
            self.answer(200, "<html>")
        elif self.path.startswith("/slow") and self.path.count("/") == 1:
            time.sleep(600)
        else:
            self.answer(404, "")

    do_GET = do_PUT = handle_request

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w", encoding="utf-8") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
