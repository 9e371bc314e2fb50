#!/usr/bin/env python3
"""Helps tests/fileput.bats.

make N              prints N addressed events, each with a path of its own, many with new directories
complete DIR INPUT  DIR holds the files of INPUT's events, byte for byte, and nothing else
sound DIR INPUT     each file in DIR is whole: an event of INPUT, byte for byte; staging apart;
                    prints how many there are
split INPUT PART... the PARTs' lines are INPUT's first lines, each once; prints how many
receipts INPUT FILE the receipts are of INPUT's first lines, in order; prints each outcome's number
"""
import collections
import hashlib
import json
import os
import sys


def fail(message):
    sys.exit('fileput-check: ' + message)


def make(count):
    for i in range(int(count)):
        job = 'j-%06d' % i
        path = '5234/jobs/%d/202405%02d/%s/5234-%s-succeeded.json' % (i % 7, i % 28 + 1, job, job)
        event = {'id': job, 'status': 'succeeded', 'note': 'x' * (i % 1500), 'n': 1.5}
        print('{"path":"%s","event":%s}' % (path, json.dumps(event)))


def events(file):
    """Path to the bytes of the event, of the last line that has the path."""
    found = {}
    for line in open(file, 'rb').read().splitlines():
        path = json.loads(line)['path']
        found[path] = line[line.index(b'"event":') + len(b'"event":'):-1]
    return found


def files(directory):
    for where, names, here in os.walk(directory):
        names[:] = [name for name in names if not name.startswith('.audit-fileput.')]
        for name in here:
            path = os.path.join(where, name)
            yield os.path.relpath(path, directory), open(path, 'rb').read()


def sound(directory, file):
    expected, count = events(file), 0
    for path, found in files(directory):
        if found != expected.get(path):
            fail('%s is not the event: %d bytes' % (path, len(found)))
        count += 1
    print(count)


def complete(directory, file):
    found, expected = dict(files(directory)), events(file)
    if found != expected:
        fail('of %d files %d are right' % (
            len(expected), sum(found.get(path) == expected[path] for path in expected)))
    left = [name for name in os.listdir(directory) if name.startswith('.')]
    if left:
        fail('left behind: %s' % left)


def split(file, *parts):
    lines = [line for part in parts for line in open(part, 'rb').read().splitlines()]
    expected = open(file, 'rb').read().splitlines()[:len(lines)]
    if sorted(lines) != sorted(expected):
        fail('the %d lines are not the first ones' % len(lines))
    print(len(lines))


def receipts(file, receipts_file):
    given = [json.loads(line) for line in open(receipts_file, encoding='utf-8')]
    lines = open(file, 'rb').read().splitlines()
    members = ['line', 'path', 'outcome', 'status', 'attempts', 'bytes', 'queued', 'seconds',
               'digest']
    for number, (receipt, line) in enumerate(zip(given, lines), 1):
        has_reason = receipt.get('outcome') in ('rejected', 'undelivered') and 'reason' in receipt
        if list(receipt) != members + ['reason'] * has_reason or receipt['line'] != number:
            fail('receipt %d is %s' % (number, receipt))
        if receipt['outcome'] == 'rejected' and not receipt.get('reason'):
            fail('receipt %d has no reason' % number)
        if receipt['digest'] != hashlib.sha256(line).hexdigest()[:16]:
            fail('receipt %d has the digest %s' % (number, receipt['digest']))
        if receipt['path'] is not None and receipt['path'] != json.loads(line)['path']:
            fail('receipt %d has the path %s' % (number, receipt['path']))
        if receipt['status'] is not None or min(receipt['queued'], receipt['seconds']) < 0 or \
                receipt['queued'] + receipt['seconds'] > 600:
            fail('receipt %d is %s' % (number, receipt))
    if len(given) > len(lines):
        fail('more receipts than lines')
    outcomes = collections.Counter(receipt['outcome'] for receipt in given)
    print(' '.join('%s %d' % pair for pair in sorted(outcomes.items())))


{'make': make, 'sound': sound, 'complete': complete, 'split': split,
 'receipts': receipts}[sys.argv[1]](*sys.argv[2:])
