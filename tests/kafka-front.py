#!/usr/bin/env python3
"""TLS and SASL in front of librdkafka's mock brokers, which speak neither.

    kafka-front.py BROKERS [--tls CERTIFICATE KEY] [--client-ca CA] [--users FILE]

For each broker at 127.0.0.1:PORT it listens on 127.0.0.2:PORT, prints those addresses once it does,
and passes requests and answers on, in which its own addresses take the place of the brokers' (they
are as long).  --tls: it speaks TLS; --client-ca: and asks for a client certificate.  --users: a
client has to authenticate by SASL PLAIN with a user and password of the file, a line each
"USER PASSWORD", before any of its requests reaches a broker.

Requests: the Kafka protocol guide, ApiVersions (18), SaslHandshake (17), SaslAuthenticate (36).
"""
import argparse
import select
import socket
import ssl
import struct
import threading

SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 17, 18, 36
UNSUPPORTED_MECHANISM, UNSUPPORTED_VERSION, AUTHENTICATION_FAILED = 33, 35, 58


def text(string):
    return struct.pack('>h', len(string)) + string


class Frames:
    """Requests or answers as they come, each after its length."""

    def __init__(self, source):
        self.source, self.rest = source, b''

    def read(self):
        """Those that are whole after one more read; EOFError at the end."""
        block = self.source.recv(1 << 20)
        if not block:
            raise EOFError
        self.rest += block
        frames = []
        while len(self.rest) >= 4 and len(self.rest) >= 4 + struct.unpack('>i', self.rest[:4])[0]:
            end = 4 + struct.unpack('>i', self.rest[:4])[0]
            frames.append(self.rest[4:end])
            self.rest = self.rest[end:]
        return frames


def write_frame(to, frame):
    to.sendall(struct.pack('>i', len(frame)) + frame)


class Connection:
    def __init__(self, users, client, broker):
        self.users, self.client, self.broker = users, client, broker
        self.known = users is None      # who it is
        self.versions = set()           # ApiVersions requests to which the broker has not responded yet

    def answer(self, correlation, body):
        write_frame(self.client, struct.pack('>i', correlation) + body)

    def request(self, frame):
        """Handles a request; False: the connection ends."""
        key, version, correlation, id_length = struct.unpack('>hhih', frame[:10])
        body = frame[10 + max(id_length, 0):]
        if self.users is None:
            write_frame(self.broker, frame)
        elif key == API_VERSIONS and version > 0:
            # The client then asks with version 0.
            self.answer(correlation, struct.pack('>hihhh', UNSUPPORTED_VERSION, 1, API_VERSIONS, 0, 0))
        elif key == API_VERSIONS:
            self.versions.add(correlation)
            write_frame(self.broker, frame)
        elif key == SASL_HANDSHAKE:
            known = body[2:] == b'PLAIN'
            self.answer(correlation, struct.pack('>hi', 0 if known else UNSUPPORTED_MECHANISM, 1) + text(b'PLAIN'))
        elif key == SASL_AUTHENTICATE:
            self.known = tuple(body[4:].split(b'\0')[1:]) in self.users
            said = b'' if self.known else b'Authentication failed: Invalid username or password'
            lifetime = struct.pack('>q', 0) if version > 0 else b''
            self.answer(correlation, struct.pack('>h', 0 if self.known else AUTHENTICATION_FAILED) + text(said) +
                        struct.pack('>i', 0) + lifetime)
            return self.known
        elif self.known:
            write_frame(self.broker, frame)
        else:
            return False
        return True

    def response(self, frame):
        correlation = struct.unpack('>i', frame[:4])[0]
        if correlation in self.versions:
            self.versions.remove(correlation)
            error, count = struct.unpack('>hi', frame[4:10])
            frame = frame[:4] + struct.pack('>hi', error, count + 2) + frame[10:10 + 6 * count] + \
                struct.pack('>hhhhhh', SASL_HANDSHAKE, 0, 1, SASL_AUTHENTICATE, 0, 1) + frame[10 + 6 * count:]
        write_frame(self.client, frame.replace(b'127.0.0.1', b'127.0.0.2'))

    def run(self):
        requests, answers = Frames(self.client), Frames(self.broker)
        pending = getattr(self.client, 'pending', lambda: 0)    # bytes that TLS has read ahead
        while True:
            ready, _, _ = select.select([self.client, self.broker], [], [], 0 if pending() else None)
            if (self.client in ready or pending()) and not all(map(self.request, requests.read())):
                return
            if self.broker in ready:
                for frame in answers.read():
                    self.response(frame)


def serve(users, tls, client, port):
    """One connection, in a thread of its own."""
    try:
        if tls is not None:
            client = tls.wrap_socket(client, server_side=True)
        with client, socket.create_connection(('127.0.0.1', port)) as broker:
            Connection(users, client, broker).run()
    except (OSError, EOFError):
        """The other end has gone, or TLS refuses it."""
    finally:
        client.close()


def accept(users, tls, listener, port):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(users, tls, client, port), daemon=True).start()


def tls_of(options):
    if options.tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    if options.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.client_ca)
    return context


def users_of(options):
    if options.users is None:
        return None
    with open(options.users, 'rb') as file:
        return set(tuple(line.split()) for line in file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('brokers')
    parser.add_argument('--tls', nargs=2)
    parser.add_argument('--client-ca')
    parser.add_argument('--users')
    options = parser.parse_args()
    users, tls = users_of(options), tls_of(options)
    ports = [int(broker.rsplit(':', 1)[1]) for broker in options.brokers.split(',')]
    for port in ports:
        listener = socket.create_server(('127.0.0.2', port))
        threading.Thread(target=accept, args=(users, tls, listener, port), daemon=True).start()
    print(','.join('127.0.0.2:%d' % port for port in ports), flush=True)
    threading.Event().wait()


main()
