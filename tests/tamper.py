#!/usr/bin/env python3
"""Tampers with a sealed archive in every possible way, and checks that audit-verify finds exactly
that, each time.

    tamper.py ARCHIVE PUBLIC-KEY KEY HEAD [SEED]

ARCHIVE holds the events and, in seals/, a sound log of at least 12 seals in which each event is
sealed once; it is unchanged afterwards.  KEY is another key than the log's, HEAD a file with the log's
head.  Prints how many ways there were.
"""
import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys

ARCHIVE, PUBLIC, KEY, HEAD = sys.argv[1:5]
SEEDED = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else None)
SEALS = os.path.join(ARCHIVE, 'seals')


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content)


def in_archive(path):
    return os.path.join(ARCHIVE, path)


def seal_file(number, suffix='.sha256'):
    return os.path.join(SEALS, '%08d%s' % (number, suffix))


def read_log():
    """The events of each seal, and all of them."""
    events = {}
    numbers = sorted(int(name[:8]) for name in os.listdir(SEALS) if re.fullmatch(r'\d{8}\.sha256', name))
    for number in numbers:
        lines = read(seal_file(number)).decode().splitlines()
        entries = [line for line in lines if not line.startswith('#')]
        events[number] = [line[66:] for line in (entries if number == 1 else entries[1:])]
    return events


EVENTS = read_log()
NEWEST = max(EVENTS)
ALL = [path for paths in EVENTS.values() for path in paths]


def verify(*options):
    process = subprocess.run(['audit-verify', '--key=' + PUBLIC, '--json', *options, SEALS, ARCHIVE],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    found = set()
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    if process.returncode not in (0, 1) or process.stderr or 'summary' not in lines[-1]:
        sys.exit('status %d, %s' % (process.returncode, process.stderr.decode()))
    for line in lines[:-1]:
        found.add((line['finding'], line.get('path') or line.get('file')))
    if (process.returncode == 0) != (not found) or lines[-1]['summary']['findings'] != len(lines) - 1:
        sys.exit('status %d with %d findings' % (process.returncode, len(found)))
    return found


@contextlib.contextmanager
def kept(*paths):
    """Restores the contents of these files, or their absence, afterwards."""
    before = {path: read(path) if os.path.isfile(path) else None for path in paths}
    try:
        yield
    finally:
        for path, content in before.items():
            if content is not None:
                write(path, content)
            elif os.path.lexists(path):
                os.remove(path)


ways = 0


def expect(what, found, expected):
    global ways
    ways += 1
    if found != expected:
        sys.exit('%s:\nfound but not expected: %s\nexpected but not found: %s' % (
            what, sorted(found - expected)[:20], sorted(expected - found)[:20]))


def seal_name(number, suffix='.sha256'):
    return '%08d%s' % (number, suffix)


def not_sealed(*numbers):
    return {('not-sealed', path) for number in numbers for path in EVENTS[number]}


def pick(count=1):
    paths = SEEDED.sample(ALL, count)
    return paths[0] if count == 1 else paths


def tamper_with_events():
    path, other = pick(2)
    with kept(in_archive(path)):
        content = bytearray(read(in_archive(path)))
        content[SEEDED.randrange(len(content))] ^= 1
        write(in_archive(path), bytes(content))
        expect('a bit of an event', verify(), {('changed', path)})
        write(in_archive(path), read(in_archive(path))[:-1])
        expect('a cut event', verify(), {('changed', path)})
        write(in_archive(path), b'')
        expect('an emptied event', verify(), {('changed', path)})
        os.remove(in_archive(path))
        expect('an event removed', verify(), {('missing', path)})
        os.symlink('/dev/null', in_archive(path))
        expect('an event exchanged for a link', verify(), {('not-a-file', path)})
        os.remove(in_archive(path))
        os.mkfifo(in_archive(path))
        expect('an event exchanged for a pipe', verify(), {('not-a-file', path)})
        os.remove(in_archive(path))
    new = os.path.dirname(path) + '/inserted.json'
    with kept(in_archive(new)):
        write(in_archive(new), read(in_archive(path)))
        expect('an event inserted', verify(), {('not-sealed', new)})
    with kept(in_archive(path), in_archive(other)):
        first, second = read(in_archive(path)), read(in_archive(other))
        write(in_archive(path), second)
        write(in_archive(other), first)
        expect('two events swapped', verify(), {('changed', path), ('changed', other)})


def rename(what, path, new):
    os.makedirs(os.path.dirname(in_archive(new)), exist_ok=True)
    os.rename(in_archive(path), in_archive(new))
    try:
        expect(what, verify(), {('missing', path), ('not-sealed', new)})
    finally:
        os.makedirs(os.path.dirname(in_archive(path)), exist_ok=True)
        os.rename(in_archive(new), in_archive(path))


def tamper_with_names():
    path = pick()
    rename('an event renamed', path, path[:-5] + 'x.json')
    rename('an event in other case', path, path[:-5] + '.JSON')
    rename('an event moved', path, 'elsewhere/' + path)
    rename('an event hidden', path, os.path.dirname(path) + '/.' + os.path.basename(path))
    old, new = in_archive('7'), in_archive('8')
    os.rename(old, new)
    try:
        expect('a directory renamed', verify(),
               {('missing', p) for p in ALL} | {('not-sealed', '8' + p[1:]) for p in ALL})
    finally:
        os.rename(new, old)


def tamper_with_lines():
    """A seal's lines.  Whatever is done to it, its signature and the next seal show it."""
    number = SEEDED.randrange(2, NEWEST)
    while not EVENTS[number]:
        number = SEEDED.randrange(2, NEWEST)
    text = read(seal_file(number)).decode()
    path = SEEDED.choice(EVENTS[number])
    line = next(l for l in text.splitlines(True) if l.endswith('  %s\n' % path))
    broken = {('bad-signature', seal_name(number, '.sig')), ('chain-broken', seal_name(number + 1))}
    unreadable = {('bad-seal', seal_name(number))}
    flipped = ('0' if line[0] != '0' else '1') + line[1:]
    with kept(seal_file(number)):
        def edited(new):
            write(seal_file(number), new.encode())
            return verify()
        expect('a digest edited', edited(text.replace(line, flipped)), broken | {('changed', path)})
        expect('a path edited', edited(text.replace(line, line.replace('.json\n', '.jsom\n'))),
               broken | {('not-sealed', path), ('missing', path[:-1] + 'm')})
        less = text.replace(line, '')
        count = '# events %d\n' % len(EVENTS[number])
        expect('a line removed, and the count with it',
               edited(less.replace(count, '# events %d\n' % (len(EVENTS[number]) - 1))),
               broken | {('not-sealed', path)})
        found = edited(text.replace('.json\n', '.json\r\n'))
        expect('lines that end in CR LF', found - not_sealed(number), broken | unreadable)
        expect('another log', edited(text.replace('# log seals\n', '# log other\n')),
               unreadable | not_sealed(number))
        expect('garbage', edited('garbage\n'), unreadable | not_sealed(number))
        expect('an empty file', edited(''), unreadable | not_sealed(number))
        os.remove(seal_file(number))
        os.symlink(os.path.basename(seal_file(number - 1)), seal_file(number))
        expect('a link to another seal', verify(), unreadable | not_sealed(number))
        os.remove(seal_file(number))
        os.mkfifo(seal_file(number))
        expect('a pipe', verify(), unreadable | not_sealed(number))
        os.remove(seal_file(number))
    with kept(seal_file(number, '.sig')):
        write(seal_file(number, '.sig'), read(seal_file(number - 1, '.sig')))
        expect('the signature of another seal', verify(), {('bad-signature', seal_name(number, '.sig'))})
        os.remove(seal_file(number, '.sig'))
        expect('no signature', verify(), {('bad-signature', seal_name(number, '.sig'))})
        sign(number, KEY)
        expect('a signature by another key', verify(), {('bad-signature', seal_name(number, '.sig'))})
    with kept(seal_file(number), seal_file(number, '.sig')):
        shutil.copy(seal_file(number - 1), seal_file(number))
        shutil.copy(seal_file(number - 1, '.sig'), seal_file(number, '.sig'))
        expect('another seal in its place', verify(), unreadable | not_sealed(number))


def sign(number, key):
    subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', seal_file(number),
                    '-out', seal_file(number, '.sig')], check=True)


def all_of(*numbers):
    return [seal_file(number, suffix) for number in numbers for suffix in ('.sha256', '.sig', '.tsr')]


def remove_seals(what, numbers, *options, more=()):
    with kept(*all_of(*numbers)):
        for file in all_of(*numbers):
            with contextlib.suppress(FileNotFoundError):
                os.remove(file)
        missing = {('missing-seal', seal_name(n)) for n in numbers if n < NEWEST and max(numbers) < NEWEST}
        expect(what, verify(*options), missing | not_sealed(*numbers) | set(more))


def remove_seals_all():
    middle = SEEDED.randrange(4, NEWEST - 4)
    remove_seals('the first seal removed', [1])
    remove_seals('a seal removed', [middle])
    remove_seals('several seals in a row removed', [middle, middle + 1, middle + 2])
    remove_seals('the newest seals removed', [NEWEST - 1, NEWEST])
    remove_seals('the newest seals removed, and a head that was kept', [NEWEST - 1, NEWEST],
                 '--head=' + HEAD, more=[('head', seal_name(NEWEST))])
    remove_seals('all seals but the last removed', list(range(1, NEWEST)))
    with kept(seal_file(NEWEST)):
        os.remove(seal_file(NEWEST))
        expect('the newest seal removed, its signature left', verify(),
               {('missing-seal', seal_name(NEWEST))} | not_sealed(NEWEST))


def remake(key, first):
    """Writes the seals from `first` on anew, over what the archive has now, as the owner of `key`
    can."""
    digest = None
    for number in range(first, NEWEST + 1):
        lines = read(seal_file(number)).decode().splitlines(True)
        new = []
        for line in lines:
            if line.startswith('# key '):
                der = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'],
                                     stdout=subprocess.PIPE, check=True).stdout
                line = '# key %s\n' % sha256(der)
            elif not line.startswith('#'):
                path = line[66:-1]
                if path.startswith('seals/'):
                    line = '%s  %s\n' % (digest or line[:64], path)
                else:
                    line = '%s  %s\n' % (sha256(read(in_archive(path))), path)
            new.append(line)
        write(seal_file(number), ''.join(new).encode())
        sign(number, key)
        digest = sha256(read(seal_file(number)))


def sha256(content):
    import hashlib
    return hashlib.sha256(content).hexdigest()


def remake_the_chain():
    """A chain that was rewritten with another key has no other fault."""
    first = 2
    path = next(p for n in range(first, NEWEST + 1) for p in EVENTS[n])
    with kept(in_archive(path), *all_of(*range(1, NEWEST + 1))):
        write(in_archive(path), read(in_archive(path)).replace(b'"succeeded"', b'"rewritten"'))
        remake(KEY, first)
        rewritten = {('unknown-key', seal_name(n)) for n in range(first, NEWEST + 1)}
        expect('the chain made anew', verify(), rewritten)
        expect('the chain made anew, and a head that was kept', verify('--head=' + HEAD),
               rewritten | {('head', seal_name(NEWEST))})


def other_files():
    for name, finding in (('000000000000000000000000000000124.sha256', 'stray'), ('124.sig', 'stray'),
                          ('00000000.sha256', 'stray'), ('0000001x.tsr', 'stray')):
        with kept(os.path.join(SEALS, name)):
            write(os.path.join(SEALS, name), b'x')
            expect('a file ' + name, verify(), {(finding, name)})
    with kept(seal_file(99999999)):
        write(seal_file(99999999), b'x')
        expect('a seal with a giant number', verify(),
               {('missing-seal', seal_name(NEWEST + 1)), ('bad-seal', '99999999.sha256')})
    with kept(seal_file(NEWEST + 2, '.tsr')):
        write(seal_file(NEWEST + 2, '.tsr'), b'x')
        expect('a time stamp without its seal', verify(),
               {('missing-seal', seal_name(NEWEST + 1)), ('missing-seal', seal_name(NEWEST + 2))})
    with kept(os.path.join(SEALS, 'README'), os.path.join(SEALS, '.pending.sha256')):
        write(os.path.join(SEALS, 'README'), b'x')
        write(os.path.join(SEALS, '.pending.sha256'), b'x')
        expect('other files among the seals', verify(), set())


expect('untouched', verify('--head=' + HEAD), set())
tamper_with_events()
tamper_with_names()
tamper_with_lines()
remove_seals_all()
remake_the_chain()
other_files()
expect('as it was', verify('--head=' + HEAD), set())
print('%d ways' % ways)
