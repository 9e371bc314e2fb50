#!/usr/bin/env python3
"""An S3 endpoint that follows a script, for the tests of audit-s3put and audit-s3get.

    s3-peer.py DIRECTORY [UPSTREAM-PORT]

Listens on 127.0.0.1 and writes its port to DIRECTORY/port.  Each request becomes a line of
DIRECTORY/log: JSON with method, path, headers and the body's length.  DIRECTORY/script, read again
when it changes, is a JSON object:

    list      the answers to listings that ask for keys, one after the other, the last for good;
              {} stands for the listing, {"short": N} for its first N bytes
    page      the most keys of a page
    look      the answer to GETs of the bucket, put: the answers to PUTs, one after the other, the
              last for good:
              {"status": 301, "headers": {…}, "code": "PermanentRedirect", "more": "<Region>…"},
              or {"text": "…"}, whatever is asked
    head      the answer to HEADs
    get       the answers to GETs of objects, by key: {"a/b": [{"status": 503}, {}]}, one after the
              other, the last for good; {} stands for the object
    expired   an access key ID that is answered with ExpiredToken
    wait      seconds before every answer; wait_list, wait_get: before listings that ask for keys,
              and before GETs of objects
    alter     how many PUTs get another first byte on their way to the upstream
    alter_get how many GETs get another first byte on their way back
    objects   what is in the bucket: {"a/b": "content"}; HEADs are answered by it, and so are PUTs
              with If-None-Match
    replaced  what is there after an object was read once
    disorder  true: listings are out of order
    cut       each body of a GET ends after so many bytes, though its length says more; a Range of
              fewer bytes is whole.  cut_every: only of every so many GETs
    etag      the ETag of every object

Without a script everything is 200; with an upstream what has no answer here goes there.
"""
import functools
import hashlib
import http.client
import http.server
import json
import os
import re
import sys
import threading
import time
import urllib.parse

DIRECTORY = sys.argv[1]
UPSTREAM = int(sys.argv[2]) if len(sys.argv) > 2 else None
seen = {}
last = {}
lock = threading.Lock()


def script():
    """The script; parsed once, because it may contain many objects."""
    path = os.path.join(DIRECTORY, "script")
    try:
        stat = os.stat(path)
    except FileNotFoundError:
        return {}
    stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    with lock:
        if last.get("stamp") != stamp:
            with open(path, encoding="utf-8") as file:
                last.update(told=json.load(file), stamp=stamp)
        return last["told"]


@functools.lru_cache(maxsize=10000)
def md5_of(text):
    return hashlib.md5(text.encode()).hexdigest()


def etag_of(told, text):
    return told.get("etag", '"%s"' % md5_of(text))


def listing(told, query):
    """The page of ListObjectsV2 that the query asks for."""
    prefix, after = (query.get(name, [""])[0] for name in ("prefix", "start-after"))
    delimiter, most = query.get("delimiter", [""])[0], int(query.get("max-keys", ["1000"])[0])
    items, rolled = [], None
    for key in sorted(told.get("objects", {}), key=str.encode):
        if not key.startswith(prefix) or key.encode() <= after.encode():
            continue
        end = key.find(delimiter, len(prefix)) if delimiter else -1
        if end < 0:
            items.append((key, False))
        elif key[:end + 1] != rolled:
            rolled = key[:end + 1]
            items.append((rolled, True))
    page = items[:min(most, told.get("page", most))]
    if told.get("disorder"):
        page.reverse()
    text = "<?xml version='1.0' encoding='UTF-8'?>\n<ListBucketResult><EncodingType>url</EncodingType>"
    text += "<IsTruncated>%s</IsTruncated>" % ("true" if len(items) > len(page) else "false")
    for key, common in page:
        quoted = urllib.parse.quote(key)
        if common:
            text += "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>" % quoted
            continue
        content = told["objects"][key]
        text += ("<Contents><Key>%s</Key><LastModified>2024-03-12T00:02:32.000Z</LastModified>"
                 "<ETag>%s</ETag><Size>%d</Size></Contents>"
                 % (quoted, etag_of(told, content).replace('"', "&quot;"), len(content.encode())))
    return (text + "</ListBucketResult>").encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self, body, told):
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
        self.finish_answer(content, told if answer.status in (200, 206) else {})

    def finish_answer(self, content, told=None):
        cut = (told or {}).get("cut", 0)
        if told and "list-type=" not in self.path:
            with lock:
                number = seen["whole"] = seen.get("whole", 0) + 1
            if number <= told.get("alter_get", 0) and content:
                content = bytes([content[0] ^ 1]) + content[1:]
            if number % told.get("cut_every", 1) != 0:
                cut = 0
        else:
            cut = 0
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut and len(content) > cut:
            self.wfile.write(content[:cut])
            self.close_connection = True
            return
        self.wfile.write(content)

    def answer(self, told):
        content = told.get("text", "")
        if "code" in told:
            content = ("<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>%s</Code>"
                       "<Message>%s</Message>%s</Error>"
                       % (told["code"], told.get("message", "told so"), told.get("more", "")))
        self.send_response(told.get("status", 200))
        for name, value in told.get("headers", {}).items():
            self.send_header(name, value)
        self.finish_answer(content.encode())

    def get_object(self, told, key, turn):
        if turn > 1 and key in told.get("replaced", {}):
            told = dict(told, objects=told["replaced"], cut=0)
        if key not in told.get("objects", {}):
            self.answer({"status": 404, "code": "NoSuchKey"})
            return
        etag = etag_of(told, told["objects"][key])
        content = told["objects"][key].encode()
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))
        match = self.headers.get("If-Match")
        if match not in (None, etag):
            self.answer({"status": 412, "code": "PreconditionFailed"})
            return
        self.send_response(206 if "Range" in self.headers else 200)
        if "Range" in self.headers:
            self.send_header("Content-Range", "bytes %s-%d/%d"
                             % (start[1], len(content) - 1, len(content)))
        self.send_header("ETag", etag)
        self.finish_answer(content[int(start[1]):], told)

    def list_objects(self, told, query, one):
        self.send_response(200)
        content = listing(told, query)
        self.finish_answer(content[:one.get("short", len(content))])

    def handle_request(self):
        told = script()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path, _, query = self.path.partition("?")
        query = urllib.parse.parse_qs(query)
        key = urllib.parse.unquote(path).partition("/")[2].partition("/")[2]
        lists = self.command == "GET" and key == ""
        keys = lists and query.get("max-keys") != ["0"]
        with lock:
            number = seen[self.command] = seen.get(self.command, 0) + 1
            with open(os.path.join(DIRECTORY, "log"), "a", encoding="utf-8") as log:
                log.write(json.dumps({"method": self.command, "path": self.path,
                                      "bytes": len(body), "headers": dict(self.headers)}) + "\n")
            gets = told.get("list", [{}]) if keys else told.get("get", {}).get(key, [{}])
            name = " list" if keys else key
            turn = seen[name] = seen.get(name, 0) + (self.command == "GET")
        slow = "wait_list" if keys else "wait_get" if self.command == "GET" and not lists else ""
        time.sleep(told.get("wait", 0) + told.get(slow, 0))
        one = gets[min(turn, len(gets)) - 1]
        if told.get("expired") and told["expired"] in self.headers.get("Authorization", ""):
            self.answer({"status": 400, "code": "ExpiredToken"})
        elif lists and "look" in told:
            self.answer(told["look"])
        elif self.command == "HEAD" and "head" in told:
            self.answer(told["head"])
        elif self.command == "GET" and (keys or not lists) and one and "short" not in one:
            self.answer(one)
        elif self.command == "PUT" and "If-None-Match" in self.headers and key in told.get("objects", {}):
            self.answer({"status": 412, "code": "PreconditionFailed"})
        elif self.command == "PUT" and "put" in told:
            self.answer(told["put"][min(number, len(told["put"])) - 1])
        elif UPSTREAM:
            if self.command == "PUT" and number <= told.get("alter", 0):
                body = bytes([body[0] ^ 1]) + body[1:]
            self.forward(body, told)
        elif lists:
            self.list_objects(told, query, one)
        elif self.command == "GET" or (self.command == "HEAD" and "objects" in told):
            self.get_object(told, key, turn)
        else:
            self.answer({"headers": {"ETag": '"0123abcd"'}})

    do_GET = do_PUT = do_HEAD = handle_request

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(DIRECTORY, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(server.server_port))
os.rename(os.path.join(DIRECTORY, "port.new"), os.path.join(DIRECTORY, "port"))
server.serve_forever()
