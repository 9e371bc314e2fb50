#!/usr/bin/env python3
"""Filters with several threads: whatever a file holds, standard output, messages, rejects and the
exit status are those of one thread, byte for byte.

    threads.py same BUILD ROUNDS SEED    compares runs over random files
    threads.py stop BUILD                signals a filter in the middle of a file
    threads.py corpus MEGABYTES          writes such a file, without faults

`same` prints how many runs were compared.  The working directory is the caller's, for files.
"""
import json
import os
import random
import signal
import subprocess
import sys

TIMEOUT = 300
RANDOM = random.Random()


def event():
    """A job or an activity."""
    number = RANDOM.randrange(10**9)
    second = '%02d' % RANDOM.randrange(60)
    if RANDOM.random() < 0.5:
        return {'timestamp': f'2024-03-01T10:11:{second}.{number % 1000:03}-05:00', 'id': str(number),
                'event': RANDOM.choice(['recipe_started', 'user_login', 'folder_updated']),
                'user': {'id': number % 97, 'name': 'Zoë "Z" Ünal', 'email': 'zoe@example.com'},
                'team': {'id': number % 7}, 'details': {'note': 'x' * RANDOM.randrange(300), 'rate': number / 1000}}
    lines = [{'recipe_line_number': i, 'adapter_name': 'rest', 'input': {'data': 'é' * RANDOM.randrange(200)},
              'output': [number, -1.5e-7, True, None], 'line_stat': {'total': 0.25}, 'mask_data': i == 3}
             for i in range(RANDOM.randrange(12))]
    return {'id': f'j-{number}', 'status': RANDOM.choice(['succeeded', 'failed', '成功']), 'handle': f'j-{number}',
            'completed_at': f'2024-03-01 10:11:{second} UTC', 'recipe_id': number % 31,
            'context': {'user_id': number % 11, 'job_id': f'j-{number}', 'user_email': 'zoe@example.com'},
            'lines': lines}


def text(value, **layout):
    return json.dumps(value, ensure_ascii=False, **layout).encode()


def compact():
    return text(event(), separators=(',', ':'))


def long_event(size):
    value = event()
    value['filler'] = 'y' * size
    return text(value)


def addressed():
    return b'{"path":"1/activity/x.json","event":' + compact() + b'}'


# What may stand where a line with an event is expected.
ODD = [
    lambda: compact() + b'\r',
    lambda: b'  ' + compact() + b' \t',
    lambda: b'',
    lambda: b' \t\r',
    lambda: b'\x1e' + compact(),
    lambda: compact()[:RANDOM.randrange(1, 60)],
    lambda: compact() + b'x',
    lambda: compact() + compact(),
    lambda: b'{"no":"event"}',
    lambda: b'{"no":"event"} ',
    lambda: b'{"id":1,"status":"failed","started_at":"never","recipe_id":2}',
    lambda: b'{"id":"a/b","status":"failed","started_at":"2024-01-01T00:00:00Z","recipe_id":2,"recipe_id":3}',
    lambda: b'{"log":' + compact() + b'}',
    lambda: b'{"data":[' + compact() + b',' + compact() + b'],"total":2}',
    lambda: b'\xff' + compact(),
    lambda: b'{"a":"\xc3"}',
    lambda: b'null',
    lambda: b']',
    lambda: addressed(),
    lambda: text(event(), indent=2),
    lambda: b'[' + compact() + b',\n' + compact() + b'\n]',
    lambda: b'[\n' + compact(),
    lambda: b'{"a":1' + b' ' * 10 + b'\n\n"b":2}',
    lambda: long_event(RANDOM.randrange(100_000, 500_000)),
]


def corpus(size, oddness):
    """About so many bytes; the share of lines that are odd.  An odd share comes in clusters, as faults do."""
    parts, total, odd = [], 0, False
    usual = addressed if RANDOM.random() < 0.3 else compact
    while total < size:
        if oddness > 0 and RANDOM.random() < 0.02:
            odd = RANDOM.random() < 0.3
        share = min(1.0, 5 * oddness) if odd else oddness / 5
        parts.append(RANDOM.choice(ODD)() if RANDOM.random() < share else usual())
        total += len(parts[-1]) + 1
    end = b'' if oddness > 0 and RANDOM.random() < 0.5 else b'\n'
    mark = b'\xef\xbb\xbf' if oddness > 0 and RANDOM.random() < 0.2 else b''
    return mark + b'\n'.join(parts) + end


TOOLS = [
    ['audit-format', '--summary'],
    ['audit-format', '--stream=job-status', '--summary'],
    ['audit-format', '--pass-unknown', '--keep-duplicates', '--zero-retention', '--summary'],
    ['audit-path'],
    ['audit-path', '--print', '--layout=hive', '--timezone=Europe/Berlin'],
    ['audit-truncate', '--limit=1500'],
    ['audit-template', '--template=splunk'],
    ['audit-template', '--template=./members.json', '--now=2024-05-06T07:08:09.123456789Z'],
    ['audit-select', '--event=recipe_*', '--event=none', '--user=zoe@example.com'],
    ['audit-select', '--count', '--invert-match', '--status=failed'],
]
MEMBERS = b'{"who":{{log_message.context.user_email}},"at":"{{now_utc_nano}}","e":"{{log_message_str}}","t":{{log_message.team}}}'


def run(build, arguments, threads, files, standard):
    command = [os.path.join(build, arguments[0]), *arguments[1:], f'--threads={threads}', '--rejects=rejects', *files]
    with open(standard, 'rb') as source:
        done = subprocess.run(command, stdin=source, capture_output=True, timeout=TIMEOUT, check=False)
        where = os.lseek(source.fileno(), 0, os.SEEK_CUR)
    try:
        with open('rejects', 'rb') as file:
            rejects = file.read()
        os.unlink('rejects')
    except FileNotFoundError:
        rejects = None
    return {'status': done.returncode, 'standard output': done.stdout, 'standard error': done.stderr,
            'rejects': rejects, 'position': where if '--fail-fast' not in arguments else None}


def same(build, rounds, seed):
    compared = 0
    with open('members.json', 'wb') as file:
        file.write(MEMBERS)
    for number in range(rounds):
        RANDOM.seed(f'{seed} {number}')
        oddness = RANDOM.choice([0, 0.0002, 0.002, 0.02, 0.3])
        for name in 'ab':
            with open(name, 'wb') as file:
                file.write(corpus(RANDOM.randrange(600_000, 4_000_000), oddness))
        for tool in TOOLS:
            options = [o for o in ('--fail-fast', '--verbose', '--max-record=200000', '--max-record=5000')
                       if RANDOM.random() < 0.15]
            files = RANDOM.choice([['a', 'b'], ['-'], []])
            one = run(build, tool + options, 1, files, 'a')
            threads = RANDOM.choice([2, 3, 5, 16])
            several = run(build, tool + options, threads, files, 'a')
            compared += 1
            for what, value in one.items():
                if value != several[what]:
                    sys.exit(f'round {number}, seed {seed}: {" ".join(tool + options)} {files}: with {threads} threads '
                             f'{what} is another')
    print(f'{compared} runs')


def stop(build):
    """The output is the beginning of the full output, and the message says how far it goes."""
    RANDOM.seed(1)
    with open('a', 'wb') as file:
        file.write(corpus(8_000_000, 0))
    for tool in (['audit-path'], ['audit-format']):
        whole = run(build, tool, 1, ['a'], '/dev/null')['standard output']
        with subprocess.Popen([os.path.join(build, tool[0]), '--threads=3', 'a'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            begun = process.stdout.read(300_000)
            process.send_signal(signal.SIGTERM)
            rest = process.stdout.read()
            message = process.stderr.read().decode()
        written = begun + rest
        lines = written.count(b'\n')
        if not (whole.startswith(written) and written.endswith(b'\n') and len(written) < len(whole)):
            sys.exit(f'{tool}: {len(written)} of {len(whole)} bytes were written, and not the first ones')
        if message != f'{tool[0]}: stopped by SIGTERM; a was read up to line {lines}\n' or process.returncode != 2:
            sys.exit(f'{tool}: {lines} lines were written, but: {message} (status {process.returncode})')


def main():
    what, *arguments = sys.argv[1:]
    if what == 'same':
        build, rounds, seed = arguments
        same(build, int(rounds), seed)
    elif what == 'stop':
        stop(*arguments)
    else:
        sys.stdout.buffer.write(corpus(int(arguments[0]) * 1_000_000, 0))


if __name__ == '__main__':
    main()
