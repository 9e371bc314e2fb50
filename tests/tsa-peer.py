#!/usr/bin/env python3
"""A time stamp authority (RFC 3161) on loopback for the tests: openssl ts -reply behind HTTP.

    tsa-peer.py DIRECTORY

DIRECTORY holds tsa.conf, and gets `port` and `log`, a line a request. The file `fault` in it, if
there is one, says what to do instead of a proper response: refuse (503), garbage (200 with
something else), deny (a response without a token), old (the answer to an earlier request), more
(a proper response and a line end), hold (wait until the file says something else, and do that).
"""
import http.server
import os
import subprocess
import sys
import threading
import time

DIRECTORY = sys.argv[1]
OPENSSL = threading.Lock()  # its files have fixed names


def fault():
    try:
        with open(os.path.join(DIRECTORY, 'fault')) as file:
            return file.read().strip()
    except FileNotFoundError:
        return ''


def reply_to(query):
    with open(os.path.join(DIRECTORY, 'query.tsq'), 'wb') as file:
        file.write(query)
    answer = os.path.join(DIRECTORY, 'answer.tsr')
    subprocess.run(['openssl', 'ts', '-reply', '-config', 'tsa.conf', '-queryfile', 'query.tsq',
                    '-out', 'answer.tsr'], cwd=DIRECTORY, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(answer, 'rb') as file:
        return file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    last = b''

    def do_POST(self):
        query = self.rfile.read(int(self.headers['Content-Length']))
        what = fault()
        with open(os.path.join(DIRECTORY, 'log'), 'a') as log:
            log.write('%s %s\n' % (self.headers['Content-Type'], what or 'honest'))
        while what == 'hold':
            time.sleep(0.05)
            what = fault()
        if what == 'refuse':
            self.send_response(503)
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        if what == 'garbage':
            body = b'<html>not a time stamp</html>'
        elif what == 'deny':
            body = bytes.fromhex('30053003020102')  # status rejection, no token
        elif what == 'old':
            body = Handler.last
        else:
            with OPENSSL:
                body = Handler.last = reply_to(query)
            if what == 'more':
                body += b'\r\n'
        self.send_response(200)
        self.send_header('Content-Type', 'application/timestamp-reply')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
with open(os.path.join(DIRECTORY, 'port.new'), 'w') as file:
    file.write(str(server.server_port))
os.rename(os.path.join(DIRECTORY, 'port.new'), os.path.join(DIRECTORY, 'port'))
server.serve_forever()
