#!/usr/bin/env python3
"""Clients for the tests of audit-receive, good and hostile.

    receive-client.py load PORT COUNT CONNECTIONS ACKED GO
                                                          posts events with ids, the last one when the
                                                          file GO is there, notes in the file
                                                          ACKED those that were answered 200; where
                                                          the receiver goes away it tries again
    receive-client.py hostile PORT                        malformed and ambiguous requests
    receive-client.py smuggle PORT                        two requests in what looks like one
    receive-client.py front-door PORT                     one good request for what smuggle is after
    receive-client.py endless PORT KIND LIMIT             a header, line or body that never ends:
                                                          cut off before LIMIT bytes were sent
    receive-client.py slow PORT COUNT PAUSE SECONDS       COUNT connections that send a byte every
                                                          PAUSE seconds, while a good one is served;
                                                          all are cut off within SECONDS
    receive-client.py trickle PORT SECONDS                a browser-like slow client: is served
    receive-client.py halves PORT BODY BEGUN GO           sends a request but for its last byte, makes
                                                          the file BEGUN, waits for the file GO, sends
                                                          the rest, and prints the status
    receive-client.py descriptors COMMAND [ARGUMENT...]   runs the command with a listening socket
                                                          as descriptor 3, as systemd does
"""
import os
import resource
import socket
import sys
import threading
import time

HOST = "127.0.0.1"
GOOD = b'{"good":1}'


def connect(port, timeout=120):
    return socket.create_connection((HOST, port), timeout=timeout)


def request(body, *fields, line=b"POST / HTTP/1.1"):
    """A request; without fields, with the one length that is right."""
    if not fields:
        fields = (b"Content-Length: %d" % len(body),)
    return b"\r\n".join((line, b"Host: x") + fields) + b"\r\n\r\n" + body


def read_all(connection):
    """The bytes received until the other side closes."""
    data = b""
    try:
        while True:
            part = connection.recv(65536)
            if not part:
                break
            data += part
    except ConnectionResetError:
        pass
    return data


def read_answer(connection):
    """The status of one response with a length."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the connection ended")
        data += part
    head, rest = data.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(rest) < length:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the connection ended")
        rest += part
    return int(head.split()[1])


def statuses(data):
    """The statuses of all answers in the data."""
    return [int(part.split()[0]) for part in data.split(b"HTTP/1.1 ")[1:]]


def exchange(port, data):
    """Sends it all on a connection of its own; what comes back until the other side closes.  Our
    side stays open for a while: who half-closes has not finished a request."""
    with connect(port) as connection:
        connection.settimeout(120)
        try:
            connection.sendall(data)
            return read_all(connection), True
        except (BrokenPipeError, ConnectionResetError):
            return b"", True
        except TimeoutError:
            return b"", False


def is_served(port):
    with connect(port) as connection:
        connection.sendall(request(GOOD))
        return read_answer(connection) == 200


def must(condition, what):
    if not condition:
        sys.exit("receive-client: " + what)


def await_file(name):
    until = time.time() + 600
    while not os.path.exists(name) and time.time() < until:
        time.sleep(0.02)


def load(port, count, connections, acked, go):
    left = iter(range(count))
    lock = threading.Lock()
    with open(acked, "w", buffering=1) as file:

        def work():
            connection = None
            while True:
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                body = b'{"id":%d,"pad":"%s"}' % (number, b"x" * (number % 700))
                status = 0
                if number == count - 1:
                    await_file(go)
                until = time.time() + 300
                while status != 200:
                    must(time.time() < until, "event %d was not taken" % number)
                    try:
                        if connection is None:
                            connection = connect(port)
                        connection.sendall(request(body))
                        status = read_answer(connection)
                        must(status in (200, 503), "answered %d" % status)
                    except OSError:
                        connection = None
                        time.sleep(0.02)
                with lock:
                    file.write("%d\n" % number)

        threads = [threading.Thread(target=work) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


EVIL = b'{"evil":1}'

# Requests that must get a 4xx, or be closed without a response, and never kept.
MALFORMED = {
    "two lengths": request(EVIL, b"Content-Length: 10", b"Content-Length: 11"),
    "two equal lengths": request(EVIL, b"Content-Length: 10", b"Content-Length: 10"),
    "a list of lengths": request(EVIL, b"Content-Length: 10, 10"),
    "length and chunked": request(b"a\r\n" + EVIL + b"\r\n0\r\n\r\n", b"Content-Length: 10", b"Transfer-Encoding: chunked"),
    "a negative length": request(EVIL, b"Content-Length: -10"),
    "a length with a plus": request(EVIL, b"Content-Length: +10"),
    "a length in hexadecimal": request(EVIL, b"Content-Length: 0xa"),
    "a length beyond 64 bits": request(EVIL, b"Content-Length: 18446744073709551626"),
    "a length that is empty": request(EVIL, b"Content-Length:"),
    "a blank before the colon": request(EVIL, b"Content-Length : 10"),
    "a tab before the colon": request(EVIL, b"Transfer-Encoding\t: chunked"),
    "another transfer coding": request(EVIL, b"Transfer-Encoding: gzip, chunked"),
    "a coding with a tail": request(EVIL, b"Transfer-Encoding: chunked, x"),
    "a coding in quotes": request(EVIL, b'Transfer-Encoding: "chunked"'),
    "two codings": request(b"a\r\n" + EVIL + b"\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "chunked in HTTP/1.0": request(b"a\r\n" + EVIL + b"\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", line=b"POST / HTTP/1.0"),
    "a chunk size that is no number": request(b"zz\r\n" + EVIL + b"\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "a negative chunk size": request(b"-a\r\n" + EVIL + b"\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "a chunk size beyond 64 bits": request(b"fffffffffffffffff\r\n" + EVIL, b"Transfer-Encoding: chunked"),
    "a chunk without its end": request(b"a\r\n" + EVIL + b"XX0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "two hosts": request(EVIL, b"Content-Length: 10", b"Host: y"),
    "no host": b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n" + EVIL,
    "a control character in a header": request(EVIL, b"Content-Length: 10", b"X: a\x1b[31mb"),
    "a NUL in a header": request(EVIL, b"Content-Length: 10", b"X: a\0b"),
    "a NUL in a header that is not the last": request(EVIL, b"X: a\0b", b"Content-Length: 10"),
    "a name with a bracket": request(EVIL, b"Content-Length: 10", b"X(y): a"),
    "a header without a colon": request(EVIL, b"Content-Length: 10", b"nonsense"),
    "two content codings": request(EVIL, b"Content-Length: 10", b"Content-Encoding: gzip", b"Content-Encoding: identity"),
    "another version": request(EVIL, b"Content-Length: 10", line=b"POST / HTTP/3.0"),
    "no version": request(EVIL, b"Content-Length: 10", line=b"POST /"),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500) + b"\r\n\r\n",
    "a body cut short": request(EVIL[:-1], b"Content-Length: 10"),
}


def hostile(port):
    for name, data in MALFORMED.items():
        with connect(port) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                answers = statuses(read_all(connection))
            except (BrokenPipeError, ConnectionResetError):
                answers = []
            except TimeoutError:
                must(False, name + ": the connection stays open")
        must(all(400 <= status < 600 for status in answers), "%s: answered %s" % (name, answers))
        must(is_served(port), name + ": a good client is no longer served")
    print(len(MALFORMED), "requests")


def smuggle(port):
    """What one reader takes for a body, another may take for a second request: it must not be one
    here, whatever the first one is answered."""
    second = request(b'{"smuggled":1}', line=b"POST /smuggled HTTP/1.1")
    for name, fields in {
        "CL.TE": (b"Content-Length: %d" % (5 + len(second)), b"Transfer-Encoding: chunked"),
        "TE.CL": (b"Transfer-Encoding: chunked", b"Content-Length: 4"),
        "TE blank": (b"Transfer-Encoding : chunked", b"Content-Length: %d" % (5 + len(second))),
        "TE tab": (b"Transfer-Encoding:\tchunked", b"Content-Length: %d" % (5 + len(second))),
        "TE twice": (b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"Content-Length: 4"),
        "TE odd": (b"Transfer-Encoding: xchunked", b"Content-Length: 4"),
        "TE vertical tab": (b"Transfer-Encoding: \x0bchunked", b"Content-Length: 4"),
        "CL twice": (b"Content-Length: 5", b"Content-Length: %d" % (5 + len(second))),
        "TE folded": (b"Transfer-Encoding:\r\n chunked", b"Content-Length: 4"),
        "TE after a bare CR": (b"X: a\rTransfer-Encoding: chunked", b"Content-Length: %d" % (5 + len(second))),
        "TE after a bare LF": (b"X: a\nTransfer-Encoding: chunked", b"Content-Length: 4"),
        "CL with a sign": (b"Content-Length: +4",),
        "CL with a NUL": (b"Content-Length: 4\0",),
        "CL with more after a NUL": (b"Content-Length: 4\0 5", b"X: a"),
        "TE with a NUL": (b"Transfer-Encoding: chunked\0",),
        "TE with more after a NUL": (b"Transfer-Encoding: chunked\0, identity", b"X: a"),
    }.items():
        data = request(b"0\r\n\r\n" + second, *fields)
        answer, closed = exchange(port, data)
        answers = statuses(answer)
        must(closed, name + ": the connection stays open")
        must(200 not in answers, "%s: answered %s" % (name, answers))
    print("none")


def front_door(port):
    """Checks that the target of smuggle() exists."""
    with connect(port) as connection:
        connection.sendall(request(b'{"direct":1}', line=b"POST /smuggled HTTP/1.1"))
        print(read_answer(connection))


def endless(port, kind, limit):
    start, part = {
        "header": (b"POST / HTTP/1.1\r\nHost: x\r\n", b"X-Pad: " + b"y" * 1000 + b"\r\n"),
        "field": (b"POST / HTTP/1.1\r\nHost: x\r\nX-Pad: ", b"y" * 1000),
        "line": (b"POST /", b"y" * 1000),
        "blank": (b"", b"\r\n" * 500),
        "body": (request(b"", b"Transfer-Encoding: chunked"), b"400\r\n" + b" " * 1024 + b"\r\n"),
        "chunk": (request(b"", b"Transfer-Encoding: chunked") + b"1;", b"y" * 1000),
        "trailer": (request(b"2\r\n{}\r\n0\r\n", b"Transfer-Encoding: chunked"), b"X-Pad: yyyyy\r\n" * 50),
    }[kind]
    sent = 0
    with connect(port) as connection:
        try:
            connection.sendall(start)
            while sent < limit:
                connection.sendall(part)
                sent += len(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
    must(sent < limit, "%s: took %d bytes" % (kind, sent))
    must(is_served(port), kind + ": a good client is no longer served")
    print("cut off")


def slow(port, count, pause, seconds):
    begun = time.time()
    resource.setrlimit(resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
    idle = []
    starts = (b"", b"P", b"POST / HTTP/1.1\r\nHost: x\r\nX-", request(b"{", b"Content-Length: 1000"))
    for number in range(count):
        connection = connect(port)
        connection.sendall(starts[number % len(starts)])
        idle.append(connection)
    next_byte = time.time() + pause
    while idle:
        must(is_served(port), "a good client is not served")
        # Each slow client sends one more byte, so that none is idle.
        if time.time() >= next_byte:
            next_byte += pause
            for connection in idle:
                try:
                    connection.send(b"x")
                except OSError:
                    pass
        must(time.time() - begun < seconds, "%d slow connections are left" % len(idle))
        still = []
        for connection in idle:
            connection.setblocking(False)
            try:
                open_yet = connection.recv(1000) != b""
            except BlockingIOError:
                open_yet = True
            except OSError:
                open_yet = False
            if open_yet:
                still.append(connection)
            else:
                connection.close()
        idle = still
        time.sleep(0.1)
    print("all cut off")


def trickle(port, seconds):
    """A request in small parts, with pauses, that ends within the limits."""
    data = request(b'{"slow":1}')
    with connect(port) as connection:
        for at in range(0, len(data), 9):
            connection.sendall(data[at : at + 9])
            time.sleep(seconds / (len(data) / 9))
        print(read_answer(connection))


def halves(port, body, begun, go):
    body = body.encode()
    data = request(body, b"Content-Length: %d" % len(body), b"Expect: 100-continue")
    with connect(port, 300) as connection:
        connection.sendall(data[:-len(body)])
        # The receiver asks for the body: it has read the rest.
        must(connection.recv(65536).startswith(b"HTTP/1.1 100 "), "not asked to continue")
        connection.sendall(body[:-1])
        with open(begun, "w") as file:
            file.write("yes")
        await_file(go)
        connection.sendall(data[-1:])
        print(read_answer(connection))


def descriptors(*command):
    listening = socket.socket()
    listening.bind((HOST, 0))
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    os.dup2(listening.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    os.execvp(command[0], command)


def main():
    actions = {
        "load": (load, int, int, int, str, str),
        "hostile": (hostile, int),
        "smuggle": (smuggle, int),
        "endless": (endless, int, str, int),
        "front-door": (front_door, int),
        "slow": (slow, int, int, float, float),
        "halves": (halves, int, str, str, str),
        "trickle": (trickle, int, float),
    }
    if sys.argv[1] == "descriptors":
        descriptors(*sys.argv[2:])
    action, *types = actions[sys.argv[1]]
    action(*(kind(text) for kind, text in zip(types, sys.argv[2:], strict=True)))


main()
