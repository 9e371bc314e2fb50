#!/usr/bin/env python3
"""Runs a tool again and again, each time with another call that fails (tests/fault.c), and checks
that nothing is lost silently.

    faults.py FAULT-LIBRARY CASE [SEED]

For every n, until the tool makes no n-th call of a kind any more, that call fails; where there are
very many (OpenSSL, cJSON), the later ones only in part, unless FAULTS_EVERY is set.  Afterwards:
no signal, no hanging; status 0 only with everything there as in an undisturbed run; status 1 only
with every record either there or in --rejects, byte for byte; a message whenever the status is not
0; and nothing ever that an undisturbed run does not write.  EINTR and calls that take part of what
they are asked for must change nothing at all.  Prints how many runs there were.
"""
import atexit
import functools
import gzip
import hashlib
import http.server
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'data')
TIMEOUT = 120
FAST = '/dev/shm'       # where files need no disk

# What fails, with which errors; once, or from then on.
FAULTS = [
    ('memory', 'ENOMEM', (False, True)),
    ('own-memory', 'ENOMEM', (False, True)),
    ('read', 'EIO', (False,)),
    ('write', 'ENOSPC', (True,)),
    ('write', 'EIO', (False,)),
    ('open', 'EMFILE', (False,)),
    ('close', 'EIO', (False,)),
    ('sync', 'EIO', (False,)),
    ('rename', 'EIO', (False,)),
    ('rename', 'EXDEV', (False,)),
    ('tree', 'EACCES', (False,)),
    ('wait', 'ENOMEM', (False,)),
    ('random', 'EIO', (False,)),
]
INTERRUPTED = ('read', 'write', 'wait')
EVERY = bool(os.environ.get('FAULTS_EVERY'))
LONG = bool(os.environ.get('AUDIT_LONG'))
FIRST = 24 if LONG else 12      # of the calls of a kind, the first so many are all tried;
FURTHER = 5 if LONG else 4      # of the later ones about so many for each doubling, drawn by the seed


class Failure(Exception):
    pass


def lines_of(name):
    with open(os.path.join(DATA, name), 'rb') as file:
        return file.read().splitlines()


@functools.lru_cache(maxsize=None)
def path_of(line):
    """The path of an addressed event."""
    return json.loads(line)['path']


@functools.lru_cache(maxsize=None)
def event_of(line):
    """The event's bytes."""
    return line.split(b'"event":', 1)[1][:-1]


def events():
    """Records that every filter handles, and one that is too large for a buffer at first."""
    found = [line for line in lines_of('bare.ndjson') if b'"user_id":' in line or b'"team":' in line]
    lines = b','.join(b'{"n":%d,"input":"%s"}' % (i, b'x' * 900) for i in range(600))
    found.insert(3, b'{"id":"j-Big0bYt-eS1ze0","status":"succeeded","recipe_id":7,"account_id":61204,'
                    b'"started_at":"2024-01-01T00:00:00Z","lines":[%s]}' % lines)
    return found


def broken():
    """The same with records among them that are rejected."""
    found = events()
    for at, bad in ((0, b'{"broken":nope}'), (5, b'"text"'), (9, b'{"x":"\xff"}')):
        found.insert(at, bad)
    return found


def addressed():
    return [b'{"path":"7/%s%d/e.json","event":%s}' % (b'jobs/' if i % 3 else b'', i % 4 * 100 + i, event)
            for i, event in enumerate(events()[:9])]


def many():
    """So many that tables in memory grow."""
    return [b'{"path":"8/%d.json","event":{"n":%d}}' % (n, n) for n in range(1000)]


def wide():
    """So many bytes in few records that threads share them: one in two has a block to itself."""
    found = [b'{"timestamp":"2024-01-01T00:00:00Z","event":"e%d","user":{"id":1},"team":{"id":%d},"note":"%s"}'
             % (n, n, b'x' * 70000) for n in range(14)]
    for at in (5, 9):
        found.insert(at, b'{"broken":nope}')
    return found


class Filter:
    """A tool that writes at most one line for each, in order."""
    first = FIRST
    own = False     # what libraries call does not fail

    def __init__(self, argv, lines, piped=False, each=True, spared=()):
        self.spared = spared    # what does not fail: groups of calls
        self.argv, self.lines, self.piped = argv, lines, piped
        self.expected = None
        self.each = each        # a line of input is a line of output, or none
        self.outputs = []       # of each line by itself

    def prepare(self, directory):
        with open(os.path.join(directory, 'in'), 'wb') as file:
            file.write(b''.join(line + b'\n' for line in self.lines))

    def command(self):
        return self.argv + ['--rejects=rejects'] + ([] if self.piped else ['in'])

    def learn(self, run):
        self.expected = run({})
        if self.expected.signal or self.expected.status not in (0, 1):
            raise Failure('undisturbed: %s' % self.expected)
        if not self.each:
            return
        whole = self.lines
        for line in whole:
            self.lines = [line]
            self.outputs.append(run({}).out)
        self.lines = whole
        if b''.join(self.outputs) != self.expected.out:
            raise Failure('a record alone gives another line')

    def check(self, result, changes_nothing):
        same = result.same_as(self.expected)
        if changes_nothing and not same:
            raise Failure('not as undisturbed')
        if result.status == 0 and not same:
            raise Failure('status 0, but something is missing')
        if self.expected.status == 1 and result.status < 1:
            raise Failure('status 0, but records were rejected')
        if result.status == 1 and self.each:
            self.account(result)
        if result.status == 2:
            self.is_part(result)

    def account(self, result):
        """Each record is in the output, or in the rejects."""
        out, rejects = result.out, result.files.get('rejects', b'')
        for line, output in zip(self.lines, self.outputs):
            if rejects.startswith(line + b'\n'):
                rejects = rejects[len(line) + 1:]
            elif out.startswith(output):
                out = out[len(output):]
            else:
                raise Failure('neither written nor rejected: %r' % line[:80])
        if out or rejects:
            raise Failure('beyond the records: %r %r' % (out[:80], rejects[:80]))

    def is_part(self, result):
        """What came out is some of the undisturbed lines in order, the last one maybe cut."""
        if not self.each:
            return
        parts = result.out.split(b'\n')
        rest = iter(self.expected.out.split(b'\n'))
        for part in parts[:-1]:
            if part not in rest:
                raise Failure('written, but not undisturbed: %r' % part[:80])
        if parts[-1] and not any(line.startswith(parts[-1]) for line in rest):
            raise Failure('written in part, but not undisturbed: %r' % parts[-1][:80])


class Fileput(Filter):
    """audit-fileput --tee --receipts."""

    def prepare(self, directory):
        super().prepare(directory)
        os.mkdir(os.path.join(directory, 'store'))

    def command(self):
        files = [] if self.piped else ['in']
        return self.argv + ['--tee', '--receipts=receipts', '--rejects=rejects', 'store'] + files

    def learn(self, run):
        self.expected = run({})
        if self.expected.status != 0 or self.expected.out.splitlines() != self.lines:
            raise Failure('undisturbed: %s' % self.expected)

    def check(self, result, changes_nothing):
        super().check(result, changes_nothing)
        stored = {}
        for line in self.lines:
            stored[path_of(line)] = line
        for path, content in result.tree.items():
            if path.startswith('.audit-fileput'):
                continue
            if path not in stored or content != event_of(stored[path]):
                raise Failure('stored, but not whole: %s' % path)
        for line in result.out.split(b'\n')[:-1]:
            if path_of(line) not in result.tree:
                raise Failure('acknowledged by --tee, but not stored: %r' % line[:80])
        for line in result.files.get('receipts', b'').split(b'\n')[:-1]:
            receipt = json.loads(line)
            if receipt['outcome'] == 'delivered' and receipt['path'] not in result.tree:
                raise Failure('a receipt for what is not stored: %s' % receipt['path'])

    def account(self, result):
        kept = set(result.files.get('rejects', b'').split(b'\n'))
        for line in self.lines:
            if path_of(line) not in result.tree and line not in kept:
                raise Failure('neither stored nor rejected: %r' % line[:80])

    def is_part(self, result):
        pass


class Spool(Fileput):
    """audit-spool and audit-route --tee --receipts.  The names of segments differ from run to run:
    the lines in new/ count."""

    def prepare(self, directory):
        super().prepare(directory)
        os.mkdir(os.path.join(directory, 'store/master'))

    def command(self):
        store = 'store/master' if self.argv[0] == 'audit-spool' else 'store'
        return self.argv + ['--tee', '--receipts=receipts', '--rejects=rejects', store] + \
            ([] if self.piped else ['in'])

    @staticmethod
    def spooled(result):
        return {'new': b''.join(content for name, content in sorted(result.tree.items()) if '/new/' in name)}

    def learn(self, run):
        def learn_run(faults):
            result = run(faults)
            result.tree = self.spooled(result)
            return result
        super().learn(learn_run)
        if self.expected.tree['new'].splitlines() != self.lines:
            raise Failure('undisturbed: not all is spooled')

    def check(self, result, changes_nothing):
        result.tree = self.spooled(result)
        # Leftovers of a killed writer could not be examined: the next run will do that.
        result.err = re.sub(rb'(?m)^audit-spool: store/master/tmp: [^/]*\n', b'', result.err)
        Filter.check(self, result, changes_nothing)
        kept = result.tree['new'].split(b'\n')
        if kept.pop():
            raise Failure('a segment that is not whole')
        if any(line not in self.lines for line in kept):
            raise Failure('spooled, but not read')
        if any(line not in kept for line in result.out.split(b'\n')[:-1]):
            raise Failure('acknowledged by --tee, but not spooled')
        for line in result.files.get('receipts', b'').split(b'\n')[:-1]:
            receipt = json.loads(line)
            if receipt['outcome'] == 'spooled' and self.lines[receipt['line'] - 1] not in kept:
                raise Failure('a receipt for what is not spooled: %s' % receipt['line'])

    def account(self, result):
        kept = set((result.tree['new'] + result.files.get('rejects', b'')).split(b'\n'))
        for line in self.lines:
            if line not in kept:
                raise Failure('neither spooled nor rejected: %r' % line[:80])


class Service(http.server.ThreadingHTTPServer):
    """Takes what is posted, a line an event, and what is put, and says so.  As a bucket it has `objects`,
    by their paths in its URL."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.taken = set()
        self.objects = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that has disconnected is expected here."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *arguments):
        """Logs nothing."""

    def answer(self, body=b'', headers=()):
        self.send_response_only(200)
        for header in headers:
            self.send_header(*header)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        """An object, or a listing of all of them."""
        body = self.server.objects.get(self.path)
        if body is not None:
            self.answer(body, [('ETag', '"%s"' % hashlib.md5(body).hexdigest())])
            return
        contents = ''.join(
            '<Contents><Key>%s</Key><LastModified>2024-05-01T00:00:00.000Z</LastModified><ETag>&quot;%s&quot;</ETag>'
            '<Size>%d</Size></Contents>' % (path.split('/', 2)[2], hashlib.md5(content).hexdigest(), len(content))
            for path, content in sorted(self.server.objects.items()))
        self.answer(('<?xml version="1.0"?><ListBucketResult><Name>acme-audit</Name><IsTruncated>false</IsTruncated>'
                     '%s</ListBucketResult>' % contents).encode())

    def do_HEAD(self):
        self.answer()

    def do_POST(self):
        length = int(self.headers['Content-Length'])
        body = self.rfile.read(length)
        if len(body) == length:
            self.server.taken.update(body.split(b'\n'))
            self.answer()

    do_PUT = do_POST


class Sink(Fileput):
    """audit-post and audit-s3put, with --tee and --receipts."""
    service = None

    def prepare(self, directory):
        Filter.prepare(self, directory)
        if Sink.service is None:
            Sink.service = Service()
            os.environ.update(AWS_ACCESS_KEY_ID='AK', AWS_SECRET_ACCESS_KEY='sk', AWS_REGION='us-east-1',
                              AWS_CONFIG_FILE='/dev/null', AWS_SHARED_CREDENTIALS_FILE='/dev/null')
        Sink.service.taken.clear()

    def command(self):
        port = Sink.service.server_address[1]
        return [word.replace('PORT', str(port)) for word in self.argv] + \
            ['--tee', '--receipts=receipts', '--rejects=rejects', '--retry-for=1s', '--timeout=20s', '--parallel=1'] + \
            ([] if self.piped else ['in'])

    def check(self, result, changes_nothing):
        Filter.check(self, result, changes_nothing)
        for line in result.out.split(b'\n')[:-1]:
            if not self.is_taken(line):
                raise Failure('acknowledged by --tee, but not delivered: %r' % line[:80])
        paths = {path_of(line): line for line in self.lines}
        for line in result.files.get('receipts', b'').split(b'\n')[:-1]:
            receipt = json.loads(line)
            if receipt['outcome'] == 'delivered' and not self.is_taken(paths[receipt['path']]):
                raise Failure('a receipt for what was not delivered: %s' % receipt['path'])

    @staticmethod
    def is_taken(line):
        return event_of(line) in Sink.service.taken

    def account(self, result):
        kept = set(result.files.get('rejects', b'').split(b'\n'))
        for line in self.lines:
            if not self.is_taken(line) and line not in kept:
                raise Failure('neither delivered nor rejected: %r' % line[:80])


class S3get(Sink):
    """audit-s3get of a bucket with these events, of which one is broken: what is printed or rejected are
    the first ones, in the order of their keys."""

    def prepare(self, directory):
        super().prepare(directory)
        self.objects = {}
        for line in self.lines:
            path, event = path_of(line), event_of(line)
            self.objects['/acme-audit/' + path] = event
        self.objects['/acme-audit/7/jobs/broken.json'] = b'{"half":'
        Sink.service.objects = self.objects

    def command(self):
        port = Sink.service.server_address[1]
        return [word.replace('PORT', str(port)) for word in self.argv] + \
            ['--rejects=rejects', '--retry-for=1s', '--timeout=20s']

    def learn(self, run):
        self.expected = run({})
        if self.expected.status != 1 or self.settled(self.expected) != len(self.objects):
            raise Failure('undisturbed: %s' % self.expected)

    def settled(self, result):
        """How many objects were printed or rejected."""
        printed = result.out.split(b'\n')
        rest = printed.pop()
        rejected = [json.loads(line)['path'] for line in result.files.get('rejects', b'').split(b'\n')[:-1]]
        count = 0
        for path, event in sorted(self.objects.items()):
            line = b'{"path":"%s","event":%s}' % (path.split('/', 2)[2].encode(), event)
            if printed and printed[0] == line:
                printed.pop(0)
            elif path.split('/', 2)[2] in rejected:
                rejected.remove(path.split('/', 2)[2])
            else:
                if not line.startswith(rest):
                    raise Failure('neither a line nor its beginning: %r' % rest[:80])
                break
            count += 1
        # Even if output is lost, a later reject is reported all the same.
        if printed or (rejected and result.status != 2):
            raise Failure('printed or rejected, but not in order: %r %r' % (printed, rejected))
        return count

    def check(self, result, changes_nothing):
        if changes_nothing and not result.same_as(self.expected):
            raise Failure('not as undisturbed')
        if result.status == 0:
            raise Failure('status 0, but an object is broken')
        if self.settled(result) < len(self.objects) and result.status == 1:
            raise Failure('status 1, but not all was printed or rejected')


class Mock:
    """Mock brokers of Kafka (tests/kafka-mock.c)."""

    def __init__(self, *arguments):
        program = os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), 'kafka-mock')
        self.program, self.topics = program, 0
        self.process = subprocess.Popen([program, 'cluster', *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)
        self.brokers = self.process.stdout.readline().decode().strip()

    def make_topic(self):
        self.topics += 1
        topic = 'faults-%d' % self.topics
        self.process.stdin.write(b'topic %s 1\n' % topic.encode())
        self.process.stdin.flush()
        if not self.process.stdout.readline().startswith(b'ok '):
            raise Failure('no topic')
        return topic

    def committed(self, group, topic):
        """How many of the topic's messages the group has committed."""
        found = subprocess.run([self.program, 'committed', self.brokers, group, topic],
                               stdout=subprocess.PIPE, timeout=TIMEOUT, check=True).stdout.split()
        return 0 if found[1] == b'-' else int(found[1])


class Kafkaput(Sink):
    """audit-kafkaput, with --tee and --receipts, into a new topic of a mock broker each time.  The
    library's calls are spared: it aborts without memory, and waits for its pipes, which do not fail."""
    own = True
    first = FIRST if EVERY or LONG else 4
    mock = None

    def prepare(self, directory):
        Filter.prepare(self, directory)
        if Kafkaput.mock is None:
            Kafkaput.mock = Mock('1')
        self.topic = Kafkaput.mock.make_topic()

    def command(self):
        return self.argv + ['--brokers=' + Kafkaput.mock.brokers, '--topic=' + self.topic, '--retry-for=3s', '--tee',
                            '--receipts=receipts', '--rejects=rejects'] + ([] if self.piped else ['in'])

    def check(self, result, changes_nothing):
        found = subprocess.run(['kcat', '-C', '-q', '-e', '-b', Kafkaput.mock.brokers, '-t', self.topic,
                                '-X', 'fetch.wait.max.ms=10'],
                               stdout=subprocess.PIPE, timeout=TIMEOUT, check=True).stdout.split(b'\n')
        self.taken = set(found)
        for event in found[:-1]:
            if not any(line.endswith(b'"event":' + event + b'}') for line in self.lines):
                raise Failure('in the topic, but never read: %r' % event[:80])
        if len(self.taken) != len(found):
            raise Failure('in the topic twice')
        super().check(result, changes_nothing)

    def is_taken(self, line):
        return event_of(line) in self.taken


class Kafkaget(Filter):
    """audit-kafkaget, each time as a new group that has all of a topic before it.  The brokers' clock is
    fast, so that a group begins at once.  What is committed is done; the rest comes to the next worker."""
    own = True      # as with audit-kafkaput
    first = FIRST if EVERY or LONG else 4
    mock = None
    groups = 0

    def prepare(self, directory):
        if Kafkaget.mock is None:
            Kafkaget.mock = Mock('1', '60')
        if not hasattr(self, 'topic'):
            self.topic = Kafkaget.mock.make_topic()
            lines = b''.join(line + b'\n' for line in self.lines)
            subprocess.run(['audit-kafkaput', '--brokers=' + Kafkaget.mock.brokers, '--topic=' + self.topic,
                            '--key=none'], input=lines, timeout=TIMEOUT, check=True)
        Kafkaget.groups += 1
        self.group = 'group-%d' % Kafkaget.groups
        os.mkdir(os.path.join(directory, 'store'))
        with open(os.path.join(directory, 'config'), 'w') as file:
            file.write('session.timeout.ms=180000\nheartbeat.interval.ms=100\nfetch.wait.max.ms=10\n'
                       'max.poll.interval.ms=180000\n')

    def command(self):
        command = [self.argv[0], '--config=config', '--brokers=' + Kafkaget.mock.brokers, '--topic=' + self.topic,
                   '--group=' + self.group, '--rejects=rejects'] + self.argv[1:]
        return command

    def learn(self, run):
        self.expected = run({})
        self.account(self.expected)
        if Kafkaget.mock.committed(self.group, self.topic) != len(self.lines):
            raise Failure('undisturbed: not all is committed: %s' % self.expected)

    def is_done(self, line, result, printed):
        if line in result.files.get('rejects', b'').split(b'\n'):
            return True
        if '--' not in self.argv:
            return line in printed
        event = json.loads(line)
        return 'path' in event and result.tree.get(event['path']) == line.split(b'"event":', 1)[1][:-1]

    def account(self, result, count=None):
        """The first of them are done."""
        printed = result.out.split(b'\n')[:-1]
        for line in self.lines[:count]:
            if not self.is_done(line, result, printed):
                raise Failure('neither taken nor rejected: %r' % line[:80])

    def is_part(self, result):
        """What came out is some of the lines, in order; a write that failed may leave half of one."""
        if not self.expected.out.startswith(result.out):
            raise Failure('not what is in the topic: %r' % result.out[-80:])

    def check(self, result, changes_nothing):
        committed = Kafkaget.mock.committed(self.group, self.topic)
        self.account(result, committed)
        if result.status == 0 and committed != len(self.lines):
            raise Failure('status 0, but %d of %d are committed' % (committed, len(self.lines)))
        # The other checks of a status 1 apply to lines one by one.
        super().check(result, changes_nothing)
        self.is_part(result)


class Seal(Fileput):
    """audit-seal --tee.  Times and signatures differ from run to run: the seals' entries count."""
    key = None

    def prepare(self, directory):
        Fileput.prepare(self, directory)
        if Seal.key is None:
            Seal.key = tempfile.NamedTemporaryFile(suffix='.key')
            subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', Seal.key.name],
                           check=True)

    def command(self):
        return self.argv + ['--key=' + Seal.key.name, '--tee', '--rejects=rejects', 'store'] + \
            ([] if self.piped else ['in'])

    @staticmethod
    def entries(result):
        return {name: [line for line in content.splitlines() if not line.startswith(b'#')]
                for name, content in result.tree.items() if re.fullmatch(r'\d{8}\.sha256', name)}

    def learn(self, run):
        def learn_run(faults):
            result = run(faults)
            result.tree = self.entries(result)
            return result
        Fileput.learn(self, learn_run)

    def check(self, result, changes_nothing):
        files = result.tree
        result.tree = self.entries(result)
        Filter.check(self, result, changes_nothing)
        for name in result.tree:
            if not files[name].startswith(b'# audit-seal 1\n') or name[:8] + '.sig' not in files:
                raise Failure('a seal that is not whole: ' + name)
        known = set(line for entries in self.expected.tree.values() for line in entries)
        for line in self.sealed(result):
            if line not in known:
                raise Failure('sealed, but not undisturbed: %r' % line)

    @staticmethod
    def sealed(result):
        return [line for entries in result.tree.values() for line in entries]

    def account(self, result):
        kept = set(result.files.get('rejects', b'').split(b'\n'))
        paths = set(line[66:].decode() for line in self.sealed(result))
        for line in self.lines:
            if path_of(line) not in paths and line not in kept:
                raise Failure('neither sealed nor rejected: %r' % line[:80])


class Resume(Seal):
    """audit-seal where a run was killed while it published a seal: that seal is never put away."""
    left = None

    def __init__(self, argv, lines, placed):
        super().__init__(argv, lines)
        self.placed = placed    # the signature has its final name already

    def prepare(self, directory):
        super().prepare(directory)
        if Resume.left is None:
            Resume.left = {}
            with tempfile.TemporaryDirectory() as top:
                for n in range(2):
                    event = b'{"path":"7/killed/%d.json","event":{"n":%d}}\n' % (n, n)
                    subprocess.run(['audit-seal', '--key=' + Seal.key.name, '--log=store', top], input=event, check=True)
                for name in ('00000001.sha256', '00000001.sig', '00000002.sha256', '00000002.sig'):
                    with open(os.path.join(top, name), 'rb') as file:
                        Resume.left[name] = file.read()
        for name, content in Resume.left.items():
            if name.startswith('00000002') and not (name.endswith('.sig') and self.placed):
                name = '.pending' + name[8:]
            with open(os.path.join(directory, 'store', name), 'wb') as file:
                file.write(content)

    def check(self, result, changes_nothing):
        seal, signature = (Resume.left['00000002.' + suffix] for suffix in ('sha256', 'sig'))
        if seal not in result.tree.values() or signature not in result.tree.values():
            raise Failure('the seal of the run that was killed is lost')
        super().check(result, changes_nothing)


class Verify(Filter):
    """audit-verify over a sound archive: whatever fails, it is never called unsound."""
    top = None

    def prepare(self, directory):
        if Verify.top is None:
            Verify.top = tempfile.TemporaryDirectory()
            top = Verify.top.name
            os.makedirs(os.path.join(top, 'archive/seals'))
            subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', top + '/log.key'], check=True)
            subprocess.run(['openssl', 'pkey', '-in', top + '/log.key', '-pubout', '-out', top + '/log.pub'],
                           check=True)
            lines = b''.join(line + b'\n' for line in self.lines)
            subprocess.run(['audit-fileput', '--sync=none', top + '/archive'], input=lines, check=True)
            for _ in range(2):
                subprocess.run(['audit-seal', '--key=' + top + '/log.key', top + '/archive/seals'],
                               input=lines, check=True)
        Filter.prepare(self, directory)

    def command(self):
        top = Verify.top.name
        return self.argv + ['--key=' + top + '/log.pub', top + '/archive/seals'] + \
            (['-'] if self.piped else [top + '/archive'])

    def account(self, result):
        raise Failure('findings in a sound archive')


class Prune(Filter):
    """audit-prune over an archive with old and new files, dated by their paths and by their events."""

    OLD = ['7/activity/20230101/%d.json' % n for n in range(3)] + \
        ['7/jobs/9/20230102/j-%d/a.json' % n for n in range(3)] + ['own/old.json', 'own/old.json.gz']
    NEW = ['7/activity/20240609/a.json', 'own/new.json']

    def prepare(self, directory):
        for name in self.OLD + self.NEW:
            path = os.path.join(directory, 'store', name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            year = 2023 if name in self.OLD else 2024
            event = b'{"event":"user_login","timestamp":"%d-06-01 00:00:00 UTC","user":{"id":1}}' % year
            with open(path, 'wb') as file:
                file.write(gzip.compress(event) if name.endswith('.gz') else event)

    def command(self):
        return self.argv + ['store']

    def learn(self, run):
        self.expected = run({})
        if self.expected.status != 0 or sorted(self.expected.out.decode().splitlines()) != sorted(self.OLD) or \
                sorted(self.expected.tree) != sorted(self.NEW):
            raise Failure('undisturbed: %s' % self.expected)

    def check(self, result, changes_nothing):
        printed = result.out.decode().split('\n')[:-1]
        gone = set(self.OLD + self.NEW) - set(result.tree)
        if gone & set(self.NEW) or set(printed) - set(self.OLD):
            raise Failure('removed or printed, but not old: %s' % (gone | set(printed)))
        if gone - set(printed):
            raise Failure('removed, but not printed: %s' % (gone - set(printed)))
        if (changes_nothing or result.status == 0) and (result.status != 0 or gone != set(self.OLD)):
            raise Failure('status %d, and left: %s' % (result.status, set(self.OLD) - gone))


class Drain(Filter):
    """audit-drain of a spool with two segments, into audit-fileput, in which nothing fails: each line
    is in the archive, in failed/ or still in new/, and the next drain ends what was begun."""

    COMMAND = ['sh', '-c', 'exec audit-fileput store/archive 2>/dev/null']
    directory = None

    def prepare(self, directory):
        self.directory = directory
        half = len(self.lines) // 2 + 1
        os.makedirs(os.path.join(directory, 'store/archive'))
        os.makedirs(os.path.join(directory, 'store/spool/new'))
        for name, lines in (('1.ndjson', self.lines[:half]), ('2.ndjson', self.lines[half:])):
            with open(os.path.join(directory, 'store/spool/new', name), 'wb') as file:
                file.write(b''.join(line + b'\n' for line in lines))

    def command(self):
        return self.argv + ['store/spool', '--'] + self.COMMAND

    @staticmethod
    def places(tree):
        """Lines by their place: delivered ones as their events, without their paths."""
        place = {'archive': set(), 'failed': [], 'new': []}
        for name, content in sorted(tree.items()):
            if name.startswith('archive/'):
                place['archive'].add((name[len('archive/'):], content))
            elif re.fullmatch(r'spool/(new|failed)/[^/]*\.ndjson', name):
                place[name.split('/')[1]] += content.splitlines()
                if not content.endswith(b'\n'):
                    raise Failure('not whole: %s' % name)
        return place

    def is_delivered(self, line, place):
        if not line.startswith(b'{"path":"'):
            return False
        return (path_of(line), event_of(line)) in place['archive']

    def learn(self, run):
        self.expected = run({})
        self.expected.tree = self.places(self.expected.tree)
        self.account(self.expected.tree, True)

    def account(self, place, at_end):
        for line in self.lines:
            bad = not line.startswith(b'{"path":"')
            if not self.is_delivered(line, place) and line not in place['failed'] and \
                    (at_end or line not in place['new']):
                raise Failure('lost: %r' % line[:80])
            if not bad and line in place['failed']:
                raise Failure('failed without a reason: %r' % line[:80])
        if at_end and place['new']:
            raise Failure('not drained: %r' % place['new'])
        if any(line not in self.lines for line in place['new'] + place['failed']):
            raise Failure('a line that nobody spooled')

    def check(self, result, changes_nothing):
        result.tree = self.places(result.tree)
        # Leftovers of a killed writer could not be examined: the next run will do that.
        result.err = re.sub(rb'(?m)^audit-drain: store/spool/tmp: [^/]*\n', b'', result.err)
        Filter.check(self, result, changes_nothing)
        self.account(result.tree, result.status == 0)
        again = subprocess.run(self.command(), cwd=self.directory, timeout=TIMEOUT, capture_output=True, check=False)
        settled = Result(again, again.stderr, self.directory)
        if again.returncode == 2:
            raise Failure('the next drain: %s' % settled)
        self.account(self.places(settled.tree), True)


def small(lines):
    return [line for line in lines if len(line) < 5000][:5]


CASES = {
    'format': Filter(['audit-format', '--zero-retention'], broken()),
    'format-pass': Filter(['audit-format', '--pass-unknown'],
                          events() + lines_of('events.ndjson') + [b'{"unknown":"{}"}']),
    'format-pretty': Filter(['audit-format'], [json.dumps(json.loads(e), indent=1).encode()
                                               for e in events()]),
    'path': Filter(['audit-path', '--user-id=7'], broken()),
    'threads': Filter(['audit-path', '--threads=3'], wide()),
    'threads-format': Filter(['audit-format', '--threads=3'], wide()),
    'path-zone': Filter(['audit-path', '--user-id=7', '--timezone=Asia/Tokyo'], events()),
    'truncate': Filter(['audit-truncate', '--limit=900'], broken()),
    'template': Filter(['audit-template', '-t', 'splunk', '--now=2024-01-01T00:00:00Z'], broken()),
    'template-list': Filter(['audit-template', '--list'], [], piped=True, each=False),
    'select': Filter(['audit-select', '--category=recipe', '--kind=job', '-v'], broken()),
    'select-count': Filter(['audit-select', '--count-by=user'], events(), each=False),
    'select-list': Filter(['audit-select', '--list-activities'], [], piped=True, each=False),
    'prune': Prune(['audit-prune', '--keep=1y', '--now=2024-06-10'], []),
    'report': Filter(['audit-report', '--json', '--now=2024-01-01T00:00:00Z'], events(), each=False),
    'pipe': Filter(['audit-truncate', '--limit=900'], broken(), piped=True),
    'fileput': Fileput(['audit-fileput'], addressed()),
    'fileput-each': Fileput(['audit-fileput', '--sync=each'], addressed()),
    'fileput-new': Fileput(['audit-fileput', '--sync=none', '--no-overwrite'], addressed()),
    'post': Sink(['audit-post', '--url=http://127.0.0.1:PORT/'], small(addressed())),
    'post-batch': Sink(['audit-post', '--url=http://127.0.0.1:PORT/', '--batch=lines'], small(addressed()), piped=True),
    # libcurl 7.88 signs with a digest for which it had no memory.
    's3put': Sink(['audit-s3put', '--endpoint=http://127.0.0.1:PORT', '--bucket=acme-audit'],
                  small(addressed()), spared=('memory',)),
    's3put-list': Sink(['audit-s3put', '--endpoint=http://127.0.0.1:PORT', '--bucket=acme-audit', '--signature=v2',
                        '--existing=list', '--no-overwrite'], small(addressed())),
    # OpenSSL 3.0, which libcurl uses to sign, crashes if it has no memory to initialize itself.
    's3get': S3get(['audit-s3get', '--endpoint=http://127.0.0.1:PORT', '--bucket=acme-audit', '--parallel=3'],
                   small(addressed()), spared=('memory',)),
    'kafkaput': Kafkaput(['audit-kafkaput'], small(addressed()), spared=('memory',)),
    'kafkaget': Kafkaget(['audit-kafkaget', '--', 'sh', '-c', 'exec audit-fileput --sync=none store 2>/dev/null'],
                         small(addressed()) + [b'{"event":"without a path"}'], each=False, spared=('memory',)),
    'kafkaget-lines': Kafkaget(['audit-kafkaget', '--batch-bytes=1kB'], small(addressed()), each=False,
                               spared=('memory',)),
    'seal': Seal(['audit-seal'], small(addressed())),
    'seal-pipe': Seal(['audit-seal'], addressed(), piped=True),
    'seal-resume': Resume(['audit-seal'], small(addressed())[:1], placed=False),
    'seal-place': Resume(['audit-seal'], small(addressed())[:1], placed=True),
    'verify': Verify(['audit-verify'], addressed() + many(), each=False),
    'verify-pipe': Verify(['audit-verify', '--json'], addressed(), piped=True, each=False),
    'spool': Spool(['audit-spool', '--segment-size=2kB'], small(addressed())),
    'spool-pipe': Spool(['audit-spool'], addressed(), piped=True),
    'drain': Drain(['audit-drain', '--join=1MB'], small(addressed()), each=False),
    'drain-reject': Drain(['audit-drain', '--join=0'], small(addressed()) + [b'{"event":"without a path"}'], each=False),
    'route': Spool(['audit-route', '--segment-size=2kB'], small(addressed())),
    'fileput-pipe': Fileput(['audit-fileput'], addressed(), piped=True),
}


class Result:
    def __init__(self, process, err, directory):
        self.signal = process.returncode if process.returncode < 0 else 0
        self.status = process.returncode
        self.out, self.err = process.stdout, err
        self.files, self.tree = {}, {}
        for name in ('rejects', 'receipts'):
            if os.path.exists(os.path.join(directory, name)):
                with open(os.path.join(directory, name), 'rb') as file:
                    self.files[name] = file.read()
        store = os.path.join(directory, 'store')
        for base, _, names in os.walk(store):
            for name in names:
                with open(os.path.join(base, name), 'rb') as file:
                    self.tree[os.path.relpath(os.path.join(base, name), store)] = file.read()
        self.fired = os.path.exists(os.path.join(directory, 'fired'))

    def receipts(self):
        """Only the outcomes: times and numbers of attempts differ."""
        receipts = [json.loads(line) for line in self.files.get('receipts', b'').split(b'\n')[:-1]]
        return [(receipt['line'], receipt['path'], receipt['outcome']) for receipt in receipts]

    def same_as(self, other):
        return (self.status, self.out, self.err, self.files.get('rejects'), self.tree, self.receipts()) == \
            (other.status, other.out, other.err, other.files.get('rejects'), other.tree, other.receipts())

    def __str__(self):
        return 'status %d, %d bytes, standard error %r' % (self.status, len(self.out), self.err[-300:])


class Server:
    """The tool with the library in it, ready to begin: each run is a fork of it (serve() in fault.c)."""

    def __init__(self, library, argv, directory):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            argv, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            env=dict(os.environ, LD_PRELOAD=library, FAULT_ONLY=argv[0], FAULT_SERVER=str(theirs.fileno())))
        theirs.close()
        self.arguments = len(argv)

    def close(self):
        self.socket.close()
        self.process.wait(timeout=TIMEOUT)

    def told(self):
        """The next number that it sends."""
        told = self.socket.recv(4)
        if len(told) != 4:
            raise Failure('the server of runs is gone')
        return int.from_bytes(told, sys.byteorder)

    @staticmethod
    def feed(pipe, text):
        try:
            with open(pipe, 'wb') as file:
                file.write(text)
        except BrokenPipeError:
            """Not all is read."""

    @staticmethod
    def read(pipe, until):
        """All of the output; None: it takes too long."""
        read = []
        while select.select([pipe], [], [], max(0, until - time.monotonic()))[0]:
            read.append(os.read(pipe, 1 << 20))
            if not read[-1]:
                return b''.join(read)
        return None

    def run(self, argv, directory, environment, text, err):
        """As subprocess.run() does it; text: what standard input is, or None."""
        if len(argv) != self.arguments:
            raise Failure('another number of arguments')
        words = [directory] + argv[1:] + ['%s=%s' % variable for variable in environment.items()]
        until = time.monotonic() + TIMEOUT
        self.socket.settimeout(TIMEOUT)
        out, out_end = os.pipe()
        source, source_end = os.pipe() if text is not None else (os.open(os.devnull, os.O_RDONLY), None)
        socket.send_fds(self.socket, [b''.join(os.fsencode(word) + b'\0' for word in words)],
                        [source, out_end, err.fileno()])
        os.close(source)
        os.close(out_end)
        process = self.told()
        if text is not None:
            threading.Thread(target=self.feed, args=(source_end, text), daemon=True).start()
        try:
            printed = self.read(out, until)
            self.socket.settimeout(max(0.001, until - time.monotonic()))
            status = None if printed is None else self.told()
        except TimeoutError:
            status = None
        finally:
            os.close(out)
        if status is None:
            os.kill(process, signal.SIGKILL)
            self.socket.settimeout(TIMEOUT)
            self.told()
            raise subprocess.TimeoutExpired(argv, TIMEOUT)
        return subprocess.CompletedProcess(argv, os.waitstatus_to_exitcode(status), printed)


class Runner:
    def __init__(self, library, case):
        self.library, self.case, self.runs = library, case, 0
        self.server = None
        self.top = tempfile.mkdtemp(prefix='faults.', dir=FAST if os.access(FAST, os.W_OK) else None)

    def run(self, faults):
        directory = os.path.join(self.top, 'run')
        shutil.rmtree(directory, ignore_errors=True)
        os.mkdir(directory)
        self.case.prepare(directory)
        text = b''.join(line + b'\n' for line in self.case.lines) if self.case.piped else None
        command = self.case.command()
        with open(os.path.join(directory, 'err'), 'w+b') as err:
            if faults:
                if self.server is None:
                    self.server = Server(self.library, command, self.top)
                environment = dict(os.environ, LD_PRELOAD=self.library, FAULT_FIRED='fired', FAULT_ONLY=command[0],
                                   FAULT_OWN=str(int(self.case.own)), **faults)
                process = self.server.run(command, directory, environment, text, err)
            else:
                process = subprocess.run(
                    command, cwd=directory, stdout=subprocess.PIPE, stderr=err, timeout=TIMEOUT, check=False,
                    **({'stdin': subprocess.DEVNULL} if text is None else {'input': text}))
            err.seek(0)
            self.runs += 1
            return Result(process, err.read(), directory)

    def attempt(self, faults, changes_nothing):
        """One run with that fault. False: the fault did not occur."""
        said = ' '.join('%s=%s' % item for item in faults.items())
        try:
            result = self.run(faults)
        except subprocess.TimeoutExpired:
            raise Failure('%s: it hangs' % said) from None
        try:
            if result.signal:
                raise Failure('ended by signal %d' % -result.signal)
            if result.status > 2:
                raise Failure('no status of a tool')
            if result.status != 0 and not result.err.startswith(self.case.argv[0].encode() + b': '):
                raise Failure('no message')
            self.case.check(result, changes_nothing)
        except Failure as failure:
            raise Failure('%s: %s\n%s' % (said, failure, result)) from None
        return result.fired

    def sweep(self, faults, draw, changes_nothing):
        """Every n of the first ones, and some of those after them."""
        n, step = 1, 1
        while self.attempt(dict(faults, FAULT_AT=str(n)), changes_nothing):
            if n >= self.case.first and not EVERY:
                step = max(1, n // FURTHER)
            n += draw.randint(1, 2 * step - 1)

    def all(self, seed):
        draw = random.Random(seed)
        self.case.learn(self.run)
        for group, error, stays in FAULTS:
            if group in self.case.spared:
                continue
            for stay in stays:
                faults = {'FAULT_CALL': group, 'FAULT_ERROR': error, 'FAULT_STAYS': str(int(stay))}
                if group == 'write':
                    faults['FAULT_SHORT'] = str(draw.randint(2, 1 << 60))
                self.sweep(faults, draw, False)
        for group in INTERRUPTED:
            self.sweep({'FAULT_CALL': group, 'FAULT_ERROR': 'EINTR'}, draw, True)
        for short in [str(draw.randint(2, 1 << 60)) for _ in range(4)]:
            self.attempt({'FAULT_SHORT': short}, True)
            faults = {'FAULT_SHORT': short, 'FAULT_ERROR': 'EINTR', 'FAULT_AT': str(draw.randint(1, 9))}
            self.attempt(dict(faults, FAULT_CALL='read'), True)
            self.attempt(dict(faults, FAULT_CALL='write'), True)
        few = [line for line in self.case.lines if len(line) < 5000]
        if len(few) < len(self.case.lines) and not (EVERY or LONG):
            # Byte by byte, the record that is too large for any buffer takes a million calls.
            self.case.lines, self.case.outputs = few, []
            self.case.learn(self.run)
        self.attempt({'FAULT_SHORT': '1'}, True)


def main():
    library, name = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    runner = Runner(os.path.abspath(library), CASES[name])
    try:
        runner.all(seed)
        print('%d runs' % runner.runs)
        return 0
    except Failure as failure:
        print('faults.py: %s, seed %d: %s' % (name, seed, failure), file=sys.stderr)
        return 1
    finally:
        if runner.server is not None:
            runner.server.close()
        shutil.rmtree(runner.top)


if __name__ == '__main__':
    sys.exit(main())
