#!/usr/bin/env python3
"""Changes the layout of an NDJSON file's lines, token by token, so that only white space and
separators differ.

    relayout.py LAYOUT <NDJSON      (see LAYOUTS below)
    relayout.py dribble <ANYTHING   writes its input in small, uneven pieces
"""
import random
import re
import sys

TOKEN = re.compile(r'("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^ \t\r\n{}\[\]:,"]+)')


def pretty(text, newline='\n', indent='  '):
    out, depth = '', 0
    for token in TOKEN.findall(text):
        if token in '}]':
            depth -= 1
            out += newline + indent * depth + token
        elif token in '{[':
            depth += 1
            out += token + newline + indent * depth
        elif token == ',':
            out += ',' + newline + indent * depth
        else:
            out += ': ' if token == ':' else token
    return out


LAYOUTS = {
    'pretty': lambda lines: '\n'.join(map(pretty, lines)) + '\n',
    'unindented': lambda lines: '\n\n'.join(pretty(line, indent='') for line in lines),
    'crlf': lambda lines: '\r\n'.join(pretty(line, newline='\r\n') for line in lines),
    'spaced': lambda lines: '\n'.join(pretty(line, newline=' ', indent='') for line in lines),
    'concatenated': ''.join,
    'array': lambda lines: '[' + ','.join(lines) + ']',
    'array-of-lines': lambda lines: '[\n' + ',\n'.join(lines) + '\n]\n',
    'pretty-array': lambda lines: pretty('[' + ','.join(lines) + ']'),
    'two-arrays': lambda lines: '[' + ','.join(lines[:9]) + '] [' + ','.join(lines[9:]) + ']',
    'bom': lambda lines: '\ufeff' + '\n'.join(lines),
    'rs': lambda lines: ''.join('\x1e' + line + '\n' for line in lines),
    'pretty-rs': lambda lines: ''.join('\x1e' + pretty(line) + '\n' for line in lines),
}


def dribble():
    data = sys.stdin.buffer.read()
    sizes = random.Random(7)
    while data:
        size = sizes.choice([1, 2, 3, 17, 64, 1000, 5000])
        sys.stdout.buffer.write(data[:size])
        sys.stdout.buffer.flush()
        data = data[size:]


if sys.argv[1:] == ['dribble']:
    dribble()
elif sys.argv[1:] == ['--list']:
    print('\n'.join(LAYOUTS))
else:
    source = [line for line in sys.stdin.buffer.read().decode().split('\n') if line]
    sys.stdout.buffer.write(LAYOUTS[sys.argv[1]](source).encode())
