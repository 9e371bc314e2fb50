#!/usr/bin/env python3
"""Delivery in random circumstances: batches, bad lines, faults, signals.  What must hold always:

  * what was delivered and what stands in --rejects is what was read: the first lines of the input,
    none left out, none changed, and nothing else;
  * what was delivered is whole, and byte for byte the event;
  * --tee has delivered lines in input order, and all of them where the run came to its end;
  * each line that was read has one receipt, audit-fileput's in input order, and that tells the truth;
  * status 0 only where every line was delivered, a message wherever the status is not 0.

For spools (audit-spool or audit-route, then audit-drain into audit-fileput, each disturbed) also:

  * what was acknowledged as spooled is in a spool at once, and a route's is in the right one;
  * after any number of drains that were killed, stopped or met faults, one that is left alone has
    each spooled line stored, or, where the sink refuses it, in failed/ with its receipt.

For Kafka (audit-kafkaput, then audit-kafkaget into audit-fileput, both disturbed, and the brokers,
too), besides:

  * no event is in the topic twice, unless a connection was cut: the mock brokers take a batch that is
    sent again for a new one, which real ones do not; and those of a key are in the order of the input;
  * after any number of workers that were killed or stopped, one that is left alone has each message
    of the topic stored, and what the sink refuses in --rejects; nothing else is there.

    invariants.py fileput|post|spool|route|kafka BUILD ROUNDS SEED

Prints how many rounds there were, and what happened in them.
"""
import collections
import json
import os
import random
import signal
import shutil
import subprocess
import sys
import tempfile
import threading
import time

FAST = '/dev/shm'       # where files need no disk
TIMEOUT = 300


class Failure(Exception):
    pass


def end_of(process, name):
    """Its exit status."""
    try:
        return process.wait(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure(name + ' hangs') from None


def holds(condition, what, *details):
    if not condition:
        raise Failure(' '.join([what] + [repr(d)[:300] for d in details]))


def split_lines(text):
    """The lines, and what follows the last newline."""
    lines = text.split(b'\n')
    return lines[:-1], lines[-1]


class Line:
    """A line of input, and its outcome if nothing fails."""

    def __init__(self, text, event=None, path=None):
        self.text, self.event, self.path = text, event, path

    @property
    def good(self):
        return self.event is not None


def make_event(draw, mark, number):
    size = draw.choice([0, 10, 100, 1000, 5000]) if draw.random() < 0.98 else 300000
    return b'{"id":"j-%d-%d","n":1.0e%d,"x":"%s"}' % (mark, number, draw.randint(1, 9), b'\\u00e9' * (size // 6))


def make_lines(draw, addressed, mark=0):
    lines = []
    for number in range(draw.choice([1, 2, 7, 30, 80])):
        event = make_event(draw, mark, number)
        path = '%s/e%d.json' % ('/'.join(draw.choice(['a', 'b', 'ccc']) for _ in range(draw.randint(1, 4))),
                                number)
        kind = draw.random()
        if kind < 0.06:
            lines.append(Line(b'{"broken":%d,nope}' % number))
        elif kind < 0.10 and addressed:
            lines.append(Line(b'{"path":"../out%d","event":%s}' % (number, event)))
        elif kind < 0.13 and addressed:
            lines.append(Line(event))
        elif addressed or draw.random() < 0.3:
            lines.append(Line(b'{"path":"%s","event":%s}' % (path.encode(), event), event, path))
        else:
            lines.append(Line(event, event, None))
    return lines


class Run:
    """One run of a tool, and its results."""

    def __init__(self, argv, directory, lines, draw, environment, disturbance, extra=b''):
        self.directory = directory
        self.piped = draw.random() < 0.5
        self.disturbance = disturbance
        text = b''.join(line.text + b'\n' + (b'\n' if draw.random() < 0.05 else b'') for line in lines) + extra
        with open(os.path.join(directory, 'in'), 'wb') as file:
            file.write(text)
        with open(os.path.join(directory, 'out'), 'wb') as out, open(os.path.join(directory, 'err'), 'wb') as err:
            process = subprocess.Popen(
                argv + ([] if self.piped else ['in']), cwd=directory, env=dict(os.environ, **environment),
                stdin=subprocess.PIPE if self.piped else subprocess.DEVNULL, stdout=out, stderr=err)
            if self.piped:
                threading.Thread(target=self.feed, args=(process, text, draw.randint(1, 1 << 30))).start()
            if disturbance in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                time.sleep(draw.choice([0.0005, 0.002, 0.005, 0.01, 0.03]) * draw.random())
                process.send_signal(disturbance)
            self.status = end_of(process, 'it')
        self.out, self.err = self.read('out'), self.read('err')
        self.rejects, self.receipts = self.read('rejects'), self.read('receipts')

    @staticmethod
    def feed(process, text, seed):
        draw = random.Random(seed)
        try:
            while text:
                size = draw.choice([1, 100, 5000, 1 << 20])
                process.stdin.write(text[:size])
                process.stdin.flush()
                text = text[size:]
                if draw.random() < 0.05:
                    time.sleep(0.003)
            process.stdin.close()
        except (BrokenPipeError, OSError):
            pass

    def read(self, name):
        try:
            with open(os.path.join(self.directory, name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return b''

    @property
    def interrupted(self):
        return self.disturbance in (signal.SIGTERM, signal.SIGINT)

    @property
    def killed(self):
        """Before it could finish: by SIGKILL, or a signal that came before it was awaited."""
        return self.status < 0

    def lost_output(self):
        """A file that it was to write failed, and it says so."""
        return any(name in self.err for name in (b'rejects: ', b'receipts: ', b'standard output: '))


def check_status(run, lines):
    if run.killed:
        holds(run.disturbance in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT), 'ended by a signal')
        return
    holds(run.status in (0, 1, 2), 'no status of a tool')
    holds(run.status == 0 or run.err, 'no message')
    if run.status == 0 and not run.interrupted:
        holds(all(line.good for line in lines), 'status 0 with a bad line')
        holds(run.rejects == b'', 'status 0 with rejects')


def check_rejects(run, lines):
    """The rejected lines, each byte for byte a line of the input.  The last one may be part of one,
    where a signal ended the reading."""
    texts = collections.Counter(line.text for line in lines)
    found, rest = split_lines(run.rejects)
    holds(not rest or run.killed or run.lost_output(), 'the rejects end within a line', rest)
    cut = None
    for text in found:
        if texts[text] > 0:
            texts[text] -= 1
        else:
            part = cut is None and (run.interrupted or run.disturbance == 'fault')
            holds(part and any(line.text.startswith(text) for line in lines), 'rejected, but no line', text)
            cut = text
    return [text for text in found if text is not cut], cut


def check_accounts(run, lines, is_delivered, rejected):
    """Delivered or rejected are the first lines, and all where nothing ended the reading.  Returns
    how many."""
    kept = set(rejected)
    accounted = [line.text in kept or (line.good and is_delivered(line)) for line in lines]
    read = accounted.index(False) if False in accounted else len(lines)
    if not run.lost_output():
        holds(not any(accounted[read:]), 'a line is lost', lines[read].text if read < len(lines) else b'')
        if run.status in (0, 1) and not run.interrupted:
            holds(read == len(lines), 'a line was not read, or is lost', lines[min(read, len(lines) - 1)].text)
    return read


def check_tee(run, lines, is_delivered):
    found, _ = split_lines(run.out)
    rest = iter(lines)
    for text in found:
        line = next((line for line in rest if line.text == text), None)
        holds(line is not None, '--tee: no line, or not in order', text)
        holds(is_delivered(line), '--tee: not delivered', text)
    if run.status in (0, 1) and not run.interrupted and '--tee' in run.options:
        holds(found == [line.text for line in lines if line.good and line.text not in run.rejected],
              '--tee: not all that was delivered')


def check_receipts(run, lines, is_delivered, read):
    found, _ = split_lines(run.receipts)
    numbers = {}
    with open(os.path.join(run.directory, 'in'), 'rb') as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                numbers[number] = lines[len(numbers)] if len(numbers) < len(lines) else None
    receipts = [json.loads(text) for text in found]
    told = [r['line'] for r in receipts]
    holds(len(set(told)) == len(told), 'receipts: a line twice')
    if run.ordered:
        holds(told == list(numbers)[:len(told)], 'receipts: not in order')
    elif not run.killed:
        holds(sorted(told) == list(numbers)[:len(told)], 'receipts: a line is left out')
    if not run.killed and not run.lost_output():
        holds(len(receipts) in (read, read + 1), 'receipts: not one a line', len(receipts), read)
    for receipt in receipts:
        line = numbers[receipt['line']]
        if receipt['outcome'] in ('delivered', 'exists', 'replaced', 'spooled'):
            holds(line is not None and is_delivered(line), 'a receipt for what was not delivered', receipt)
        elif line is not None and not run.lost_output():
            holds(line.text in run.rejected or run.cut is not None or run.killed,
                  'a receipt for a reject that is none', receipt)


def check_order(run):
    """Of a killed run: a reject is written before its receipt."""
    with open(os.path.join(run.directory, 'in'), 'rb') as file:
        texts = [text.rstrip(b'\n') for text in file]
    kept = set(split_lines(run.rejects)[0])
    for text in split_lines(run.receipts)[0]:
        receipt = json.loads(text)
        if receipt['outcome'] in ('rejected', 'undelivered'):
            holds(texts[receipt['line'] - 1] in kept, 'a receipt for a reject that is nowhere', receipt)


def check_all(run, lines, is_delivered):
    check_status(run, lines)
    if run.killed:
        check_order(run)
        return
    run.rejected, run.cut = check_rejects(run, lines)
    read = check_accounts(run, lines, is_delivered, run.rejected)
    check_tee(run, lines, is_delivered)
    check_receipts(run, lines, is_delivered, read)


class FileputRounds:
    def __init__(self, build, top):
        self.directory = os.path.join(top, 'round')
        self.library = os.path.join(build, 'tests', 'fault.so')
        self.can_fault = not os.environ.get('AUDIT_SANITIZED')
        self.base = {'LD_PRELOAD': self.library} if self.can_fault else {}

    def stored(self):
        found, store = {}, os.path.join(self.directory, 'store')
        for base, _, names in os.walk(store):
            for name in names:
                path = os.path.relpath(os.path.join(base, name), store)
                with open(os.path.join(base, name), 'rb') as file:
                    found[path] = file.read()
        return found

    def fault(self, draw):
        group, error = draw.choice([('write', 'ENOSPC'), ('write', 'EIO'), ('sync', 'EIO'), ('rename', 'EIO'),
                                    ('open', 'EMFILE'), ('tree', 'EACCES'), ('close', 'EIO'), ('read', 'EIO')])
        return {'FAULT_CALL': group, 'FAULT_ERROR': error, 'FAULT_AT': str(draw.randint(1, 90)),
                'FAULT_STAYS': draw.choice('01'), 'FAULT_SHORT': draw.choice(['0', '0', str(draw.randint(2, 1 << 60))])}

    def round(self, draw):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(os.path.join(self.directory, 'store'))
        lines = make_lines(draw, True)
        options = [option for option in ('--tee', '--overwrite') if draw.random() < 0.7]
        options += ['--sync=' + draw.choice(['group', 'each', 'none']), '--receipts=receipts', '--rejects=rejects']
        disturbances = [None, signal.SIGTERM, signal.SIGINT, signal.SIGKILL] + ['fault'] * 3 * self.can_fault
        disturbance = draw.choice(disturbances)
        environment = dict(self.base, **(self.fault(draw) if disturbance == 'fault' else {}))
        run = Run(['audit-fileput'] + options + ['store'], self.directory, lines, draw, environment, disturbance)
        run.options, run.ordered = options, True
        try:
            self.check(run, lines)
            self.replay(lines, draw)
        except Failure as failure:
            raise Failure('%s\n%s %s status %d: %s' % (failure, disturbance, environment, run.status,
                                                       run.err[-400:])) from None
        return disturbance if isinstance(disturbance, str) else getattr(disturbance, 'name', 'nothing')

    def check(self, run, lines):
        events = {line.path: line.event for line in lines if line.good}
        stored = self.stored()
        for path, content in stored.items():
            if not path.startswith('.audit-fileput.'):
                holds(events.get(path) == content, 'stored, but not whole', path)
        check_all(run, lines, lambda line: stored.get(line.path) == line.event)

    def replay(self, lines, draw):
        """Whatever happened, another run brings the store to its correct state."""
        os.remove(os.path.join(self.directory, 'rejects')) if os.path.exists(
            os.path.join(self.directory, 'rejects')) else None
        Run(['audit-fileput', 'store', '--rejects=rejects'], self.directory, lines, draw, self.base, None)
        holds(self.stored() == {line.path: line.event for line in lines if line.good}, 'a replay does not complete it')
        holds(os.listdir(os.path.join(self.directory, 'store')).count('.audit-fileput') == 0, 'staging stays')


class PostRounds:
    def __init__(self, build, top):
        self.directory = os.path.join(top, 'round')
        self.peer = os.path.join(top, 'peer')
        os.mkdir(self.peer)
        self.process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peer.py'),
                                         self.peer], stderr=subprocess.DEVNULL)
        while not os.path.exists(os.path.join(self.peer, 'port')):
            time.sleep(0.01)
        with open(os.path.join(self.peer, 'port')) as file:
            self.url = 'http://127.0.0.1:%d/in' % int(file.read())

    def script(self, draw, mark):
        shares = [[0.08, what] for what in draw.sample([503, 429, 500, 'reset', 'slow', 502, 408], draw.randint(0, 2))]
        if draw.random() < 0.15:
            shares.append([0.5, draw.choice([422, 400])])
        told = {'faults': shares, 'seconds': 0.02, 'delay': draw.choice([0, 0, 0.002]), 'seed': draw.randint(1, 1 << 30)}
        if draw.random() < 0.3:
            told['most_bytes'] = draw.choice([2000, 20000])
        if draw.random() < 0.3:
            told['poison'] = '"j-%d-%d"' % (mark, draw.randint(0, 9))
        with open(os.path.join(self.peer, 'script.new'), 'w') as file:
            json.dump(told, file)
        os.rename(os.path.join(self.peer, 'script.new'), os.path.join(self.peer, 'script'))
        return told

    def round(self, draw):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        # Requests that an earlier run sent before it was killed may arrive only now: each run has
        # its own mark.
        mark = draw.randint(1, 1 << 60)
        lines = make_lines(draw, False, mark)
        told = self.script(draw, mark)
        options = ['--url=' + self.url, '--receipts=receipts', '--rejects=rejects', '--retry-for=1s', '--drain=5s',
                   '--batch=' + draw.choice(['none', 'array', 'lines', 'concat']), '--parallel=' + draw.choice('148'),
                   '--batch-events=' + draw.choice(['1', '3', '1000']), '--batch-wait=1s']
        options += [option for option in ('--tee', '--compress=gzip') if draw.random() < 0.6]
        disturbance = draw.choice([None, None, signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
        log = os.path.join(self.peer, 'events')
        before = os.path.getsize(log)
        run = Run(['audit-post'] + options, self.directory, lines, draw, {}, disturbance)
        run.options, run.ordered = options, False
        with open(log, 'rb') as file:
            file.seek(before)
            taken = collections.Counter(event for event in file.read().split(b'\n')[:-1]
                                        if b'"j-%d-' % mark in event)
        try:
            for event in taken:
                holds(any(line.event == event for line in lines), 'sent, but no event', event)
            check_all(run, lines, lambda line: taken[line.event] > 0)
        except Failure as failure:
            raise Failure('%s\n%s %s %s status %d: %s' % (failure, disturbance, told, options, run.status,
                                                          run.err[-400:])) from None
        return getattr(disturbance, 'name', 'nothing')

    def end(self):
        self.process.kill()
        self.process.wait()


class SpoolRounds:
    ALONE = ('1', '22')     # customers with a spool of their own

    def __init__(self, build, top, tool):
        self.directory = os.path.join(top, 'round')
        self.tool, self.routes = tool, tool == 'audit-route'
        self.can_fault = not os.environ.get('AUDIT_SANITIZED')
        self.base = {'LD_PRELOAD': os.path.join(build, 'tests', 'fault.so')} if self.can_fault else {}

    def names(self):
        return ['store/' + name for name in self.ALONE + ('master',)] if self.routes else ['store']

    def place_of(self, customer):
        return 'store/' + (customer if customer in self.ALONE else 'master') if self.routes else 'store'

    def make_lines(self, draw):
        """Lines that the spool takes or not; of those that it takes the sink refuses some."""
        lines = []
        for number in range(draw.choice([1, 2, 7, 30, 80])):
            customer = draw.choice(['1', '22', '333', '4', '"a b"', '"../1"', '"x/y"'])
            event = b'{"id":"j-%d","status":"succeeded","started_at":"2024-01-01T00:00:00Z",' \
                b'"recipe_id":1,"context":{"user_id":%s},"x":"%s"}' \
                % (number, customer.encode(), b'x' * draw.choice([0, 10, 1000, 5000]))
            path = 'a/e%d.json' % number
            text = b'{"path":"%s","event":%s}' % (path.encode(), event)
            if draw.random() < 0.05:
                line = Line(b'{"broken":%d,nope}' % number)
            elif self.routes and '"' in customer:
                line = Line(text)
            elif draw.random() < 0.1:
                line = Line(event, event)
            else:
                line = Line(text, event, path)
            line.place = self.place_of(customer)
            lines.append(line)
        return lines

    def lines_in(self, place, kind):
        """The lines of the segments there."""
        found, directory = [], os.path.join(self.directory, place, kind)
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
            if name.endswith('.ndjson'):
                with open(os.path.join(directory, name), 'rb') as file:
                    lines, rest = split_lines(file.read())
                holds(not rest, 'a segment that is not whole', name)
                found += lines
        return found

    def fault(self, draw, tool):
        group, error = draw.choice([('write', 'ENOSPC'), ('write', 'EIO'), ('sync', 'EIO'), ('rename', 'EIO'),
                                    ('open', 'EMFILE'), ('tree', 'EACCES'), ('close', 'EIO'), ('read', 'EIO')])
        return {'FAULT_CALL': group, 'FAULT_ERROR': error, 'FAULT_AT': str(draw.randint(1, 60)),
                'FAULT_STAYS': draw.choice('01'), 'FAULT_ONLY': tool}

    def disturb(self, draw, tool):
        disturbance = draw.choice([None, signal.SIGTERM, signal.SIGINT, signal.SIGKILL] + ['fault'] * 3 * self.can_fault)
        return disturbance, dict(self.base, **(self.fault(draw, tool) if disturbance == 'fault' else {}))

    def round(self, draw):
        shutil.rmtree(self.directory, ignore_errors=True)
        for name in self.names() + ['archive']:
            os.makedirs(os.path.join(self.directory, name))
        lines = self.make_lines(draw)
        options = ['--tee'] * (draw.random() < 0.7) + \
            ['--segment-size=' + draw.choice(['1', '5kB', '1MB']), '--receipts=receipts', '--rejects=rejects']
        disturbance, environment = self.disturb(draw, self.tool)
        run = Run([self.tool] + options + ['store'], self.directory, lines, draw, environment, disturbance)
        run.options, run.ordered = options, True
        told = [disturbance, environment]
        try:
            spooled = self.check_spool(run, lines)
            for _ in range(draw.choice([0, 1, 1, 2, 3])):
                disturbance, environment = self.disturb(draw, 'audit-drain')
                told += [disturbance, environment]
                self.drain(draw, disturbance, environment)
            self.check_end(draw, lines, spooled)
        except Failure as failure:
            raise Failure('%s\n%s status %d: %s' % (failure, told, run.status, run.err[-400:])) from None
        return told[0] if isinstance(told[0], str) else getattr(told[0], 'name', 'nothing')

    def check_spool(self, run, lines):
        """Returns the lines that are spooled."""
        spooled = set()
        known = {line.text: line for line in lines if line.good}
        for place in self.names():
            for text in self.lines_in(place, 'new'):
                holds(text in known and text not in spooled, 'spooled, but not read, or twice', text)
                holds(known[text].place == place, 'in the wrong spool', place, text)
                spooled.add(text)
        check_all(run, lines, lambda line: line.text in spooled)
        for text in split_lines(run.out)[0]:
            holds(text in spooled, 'handed on, but not spooled', text)
        with open(os.path.join(self.directory, 'in'), 'rb') as file:
            texts = [text.rstrip(b'\n') for text in file]
        for receipt in map(json.loads, split_lines(run.receipts)[0]):
            holds(receipt['outcome'] != 'spooled' or texts[receipt['line'] - 1] in spooled,
                  'a receipt for what is not spooled', receipt)
        return spooled

    def drain(self, draw, disturbance=None, environment=None):
        """Returns the status, and what was said."""
        command = ['audit-drain', '--join=' + draw.choice(['0', '8MiB'])] + self.names() + \
            ['--', 'sh', '-c', 'exec audit-fileput ' + os.path.join(self.directory, 'archive')]
        with open(os.path.join(self.directory, 'err'), 'wb') as err:
            process = subprocess.Popen(command, cwd=self.directory, env=dict(os.environ, **(environment or self.base)),
                                       stdin=subprocess.DEVNULL, stderr=err)
            if disturbance in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
                time.sleep(draw.choice([0.002, 0.01, 0.03]) * draw.random())
                process.send_signal(disturbance)
            status = end_of(process, 'audit-drain')
        holds(status in (0, 1, 2) or disturbance in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL),
              'audit-drain: no status of a tool', status)
        with open(os.path.join(self.directory, 'err'), 'rb') as err:
            return status, err.read()

    def check_end(self, draw, lines, spooled):
        status, err = self.drain(draw)
        holds(status in (0, 1), 'the last drain', status, err)
        stored = {}
        for base, _, names in os.walk(os.path.join(self.directory, 'archive')):
            for name in names:
                with open(os.path.join(base, name), 'rb') as file:
                    stored[os.path.relpath(os.path.join(base, name), os.path.join(self.directory, 'archive'))] = file.read()
        events = {line.path: line.event for line in lines if line.path is not None}
        for path, event in stored.items():
            if not os.path.basename(path).startswith('.audit-fileput'):
                holds(events.get(path) == event, 'stored, but not read', path)
        failed = collections.Counter(text for place in self.names() for text in self.lines_in(place, 'failed'))
        told = sum(len(self.receipts_in(place)) for place in self.names())
        for line in lines:
            refused = line.good and line.path is None
            holds(line.text not in failed or (refused and failed[line.text] == 1), 'failed, but fit, or twice', line.text)
            if line.text in spooled:
                holds(failed[line.text] if refused else stored.get(line.path) == line.event, 'lost', line.text)
        holds(told == sum(failed.values()), 'failed lines and their receipts', told, failed)
        holds(not any(self.lines_in(place, kind) for place in self.names() for kind in ('new', 'tmp')),
              'not drained')

    def receipts_in(self, place):
        found, directory = [], os.path.join(self.directory, place, 'failed')
        for name in os.listdir(directory) if os.path.isdir(directory) else []:
            if name.endswith('.receipts'):
                with open(os.path.join(directory, name), 'rb') as file:
                    found += [json.loads(text) for text in split_lines(file.read())[0]]
        holds(all(receipt['outcome'] == 'rejected' and receipt['reason'] for receipt in found), 'no reason', found)
        return found


class KafkaRounds:
    """Each round has a topic of its own on the same three mock brokers.  Workers are in every sixth: a
    group takes the mock brokers seconds."""
    ERRORS = ['NOT_LEADER_FOR_PARTITION', 'REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS', '_TRANSPORT',
              'NOT_LEADER_FOR_PARTITION']

    def __init__(self, build, top):
        self.directory = os.path.join(top, 'round')
        self.mock = subprocess.Popen([os.path.join(build, 'tests', 'kafka-mock'), 'cluster', '3'], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.brokers = self.mock.stdout.readline().strip()
        self.rounds = 0

    def tell(self, *words):
        command = ' '.join(map(str, words))
        self.mock.stdin.write(command + '\n')
        self.mock.stdin.flush()
        holds(self.mock.stdout.readline() == 'ok %s\n' % command, 'the mock brokers refuse', command)

    def disturb_brokers(self, draw):
        """Produce errors now, and brokers that go away and come back, in a thread; returns both."""
        errors = [draw.choice(self.ERRORS) for _ in range(draw.choice([0, 0, 1, 2, 4]))]
        if errors:
            self.tell('errors', 0, *errors)
        brokers = draw.choice([[], [], [draw.randint(1, 3)], [0]])
        before, away = 0.05 * draw.random(), 0.2 * draw.random()

        def go():
            time.sleep(before)
            for broker in brokers:
                self.tell('down', broker)
            time.sleep(away)
            for broker in brokers:
                self.tell('up', broker)
        thread = threading.Thread(target=go)
        thread.start()
        return thread, [errors, brokers]

    def messages(self):
        """Of the topic, each with its partition and key."""
        found = subprocess.run(['kcat', '-C', '-q', '-e', '-b', self.brokers, '-t', self.topic, '-f', '%p %k %s\\n'],
                               stdout=subprocess.PIPE, timeout=TIMEOUT, check=True).stdout
        return [tuple(text.split(b' ', 2)) for text in split_lines(found)[0]]

    def make_lines(self, draw):
        lines = []
        for number in range(draw.choice([1, 2, 7, 30, 80])):
            event = b'{"id":"j-%d","status":"succeeded","started_at":"2024-01-01T00:00:00Z","context":{"user_id":%d},"x":"%s"}' \
                % (number, draw.randint(1, 5), b'x' * draw.choice([0, 10, 1000, 5000]))
            path = 'a/e%d.json' % number
            kind = draw.random()
            if kind < 0.06:
                lines.append(Line(b'{"broken":%d,nope}' % number))
            elif kind < 0.12:
                lines.append(Line(event, event))
            else:
                lines.append(Line(b'{"path":"%s","event":%s}' % (path.encode(), event), event, path))
        return lines

    def round(self, draw):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(os.path.join(self.directory, 'archive'))
        self.rounds += 1
        self.topic = 'round-%d' % self.rounds
        self.tell('topic', self.topic, draw.choice([1, 3]))
        lines = self.make_lines(draw)
        options = ['--tee'] * (draw.random() < 0.5) + ['--receipts=receipts', '--rejects=rejects', '--drain=5s',
                                                       '--retry-for=' + draw.choice(['2s', '20s'])]
        disturbance = draw.choice([None, None, signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
        thread, told = self.disturb_brokers(draw)
        try:
            run = Run(['audit-kafkaput', '--brokers=' + self.brokers, '--topic=' + self.topic] + options,
                      self.directory, lines, draw, {}, disturbance)
        finally:
            thread.join()
            self.tell('clear', 0)
        run.options, run.ordered = options, False
        try:
            messages = self.messages()
            self.check_topic(run, lines, messages, bool(told[1]) or '_TRANSPORT' in told[0])
            if draw.random() < 1 / 6:
                for _ in range(draw.choice([0, 1])):
                    self.get(draw, draw.choice([signal.SIGKILL, signal.SIGTERM]))
                self.check_end(draw, lines, messages)
        except Failure as failure:
            raise Failure('%s\n%s %s %s status %d: %s' % (failure, disturbance, told, options, run.status,
                                                          run.err[-400:])) from None
        return getattr(disturbance, 'name', 'nothing')

    @staticmethod
    def check_topic(run, lines, messages, cut):
        number = {line.event: n for n, line in enumerate(lines) if line.good}
        taken, last = set(), {}
        for partition, key, event in messages:
            holds(event in number, 'in the topic, but not read', event)
            holds(event not in taken or cut, 'in the topic twice', event)
            if event in taken:
                continue
            holds(number[event] > last.get((partition, key), -1), 'not in the order of its key', event)
            taken.add(event)
            last[partition, key] = number[event]
        check_all(run, lines, lambda line: line.event in taken)

    def get(self, draw, disturbance=None):
        """A worker with a command that fails now and then, where it is disturbed; returns its status
        and what it said."""
        config = os.path.join(self.directory, 'config')
        with open(config, 'w') as file:
            file.write('session.timeout.ms=3000\nheartbeat.interval.ms=200\nmax.poll.interval.ms=30000\n')
        fails = 'true' if disturbance is None else draw.choice(['true', 'head -c 2000 >/dev/null; false'])
        command = ['audit-kafkaget', '--config=' + config, '--brokers=' + self.brokers, '--topic=' + self.topic,
                   '--group=' + self.topic, '--batch-bytes=' + draw.choice(['1', '5kB', '1MB']), '--batch-wait=20ms',
                   '--rejects=refused', '--', 'sh', '-c', fails + ' && exec audit-fileput --sync=none archive']
        with open(os.path.join(self.directory, 'err'), 'wb') as err:
            process = subprocess.Popen(command, cwd=self.directory, stdin=subprocess.DEVNULL, stderr=err)
            if disturbance is not None:
                time.sleep(5 * draw.random())
                process.send_signal(disturbance)
            status = end_of(process, 'audit-kafkaget')
        with open(os.path.join(self.directory, 'err'), 'rb') as err:
            return status, err.read()

    def check_end(self, draw, lines, messages):
        status, err = self.get(draw)
        taken = {event for _, _, event in messages}
        holds(status in (0, 1), 'the last worker', status, err)
        stored = {}
        for base, _, names in os.walk(os.path.join(self.directory, 'archive')):
            for name in names:
                if not name.startswith('.audit-fileput'):
                    with open(os.path.join(base, name), 'rb') as file:
                        stored[os.path.relpath(os.path.join(base, name), os.path.join(self.directory, 'archive'))] = file.read()
        fit = {line.path: line.event for line in lines if line.path is not None and line.event in taken}
        holds(stored == fit, 'stored is not what the topic has', sorted(set(fit) - set(stored)),
              sorted(set(stored) - set(fit)), status, err)
        name = os.path.join(self.directory, 'refused')
        refused = set()
        if os.path.exists(name):
            with open(name, 'rb') as file:
                refused = set(split_lines(file.read())[0])
        holds(refused == {line.event for line in lines if line.good and line.path is None and line.event in taken},
              'refused is not what the topic has without a path', refused)

    def end(self):
        self.mock.kill()
        self.mock.wait()


def main():
    kind, build, rounds, seed = sys.argv[1], os.path.abspath(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    os.environ['PATH'] = build + os.pathsep + os.environ['PATH']
    top = tempfile.mkdtemp(prefix='invariants.', dir=FAST if os.access(FAST, os.W_OK) else None)
    make = {'fileput': FileputRounds, 'post': PostRounds, 'kafka': KafkaRounds,
            'spool': lambda *where: SpoolRounds(*where, 'audit-spool'),
            'route': lambda *where: SpoolRounds(*where, 'audit-route')}
    circumstances = make[kind](build, top)
    met = collections.Counter()
    try:
        for number in range(rounds):
            try:
                met[circumstances.round(random.Random(seed + number))] += 1
            except Failure as failure:
                print('invariants.py: %s: seed %d repeats it with one round: %s' % (kind, seed + number, failure),
                      file=sys.stderr)
                return 1
        print('%d rounds:' % rounds, ', '.join('%s %d' % item for item in sorted(met.items())))
        return 0
    finally:
        if kind in ('post', 'kafka'):
            circumstances.end()
        shutil.rmtree(top)


if __name__ == '__main__':
    sys.exit(main())
