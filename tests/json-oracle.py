#!/usr/bin/env python3
"""Compares json-check with the table of data/json/strictness.txt and with Python's own JSON
parser.

    json-oracle.py table   CHECK TABLE
    json-oracle.py shifted CHECK TABLE
    json-oracle.py mutated CHECK TABLE SEED COUNT FILE...
    json-oracle.py dense   CHECK TABLE SEED COUNT REFERENCE

Status 1 after naming each text on which they differ; else the number of texts is printed.
"""
import json
import os
import random
import re
import subprocess
import sys

DEEPEST = 900  # brackets in a text that Python's recursive parser is asked about


def expand(text):
    """The bytes that a text of the table stands for."""

    def part(match):
        inside = match[1]
        if "**" in inside:
            repeated, times = inside.rsplit("**", 1)
            return repeated.encode() * int(times)
        pairs = (byte.partition("*") for byte in inside.split())
        return b"".join(bytes.fromhex(byte) * int(times or 1) for byte, _, times in pairs)

    pieces = re.split(r"<([^<>]*)>", text)
    spans = zip(pieces[::2], pieces[1::2] + [None])
    return b"".join(
        plain.encode() + (part(("", special)) if special is not None else b"")
        for plain, special in spans
    )


def read_table(name):
    """(answer, bytes, why) of each row; the answer is 0 for "ok", else the wrong byte's number."""
    with open(name, encoding="utf-8", newline="\n") as table:
        for line in table:
            if line.strip() and not line.startswith("#"):
                answer, text, why = line.rstrip("\n").split("\t")
                yield 0 if answer == "ok" else int(answer), expand(text), why


def ask_check(check, texts):
    """json-check's answers; it says itself if its ways of reading do not agree."""
    framed = b"".join(b"%d\n%s" % (len(text), text) for text in texts)
    run = subprocess.run([check, "--many"], input=framed, capture_output=True, check=False)
    answers = run.stdout.decode().splitlines()
    if run.returncode != 0 or len(answers) != len(texts):
        wrong = next((i for i, a in enumerate(answers) if a.startswith(("walked", "growing"))), 0)
        about = f"; {texts[wrong - 1][:200]!r}: {answers[wrong - 1:wrong + 1]}" if wrong else ""
        sys.exit(f"{check}: status {run.returncode}{about}\n{run.stderr.decode()}")
    return answers


def offset(answer):
    return 0 if answer == "ok" else int(re.match(r"byte (\d+): ", answer)[1])


def refuse(constant):
    raise ValueError(constant)


def python_accepts(text):
    try:
        # Numbers stay text: Python's integers have a limit of their own.
        json.loads(text.decode("utf-8"), parse_int=str, parse_float=str, parse_constant=refuse)
    except ValueError:
        return False
    return True


def asked_of_python(text):
    return text.count(b"[") + text.count(b"{") <= DEEPEST


def compare(texts, answers, expected=None, why=None):
    """Names each difference; status for the caller to exit with."""
    wrong = 0
    for i, (text, answer) in enumerate(zip(texts, answers)):
        complaints = []
        if expected is not None and offset(answer) != expected[i]:
            complaints.append(f"expected byte {expected[i]} (0 is ok)")
        if asked_of_python(text) and python_accepts(text) != (answer == "ok"):
            complaints.append("Python thinks otherwise")
        for complaint in complaints:
            wrong += 1
            print(f"{text[:300]!r}: {answer}: {complaint}", f"({why[i]})" if why else "")
    print(f"{len(texts)} texts")
    return 1 if wrong else 0


def table(check, name):
    answers, texts, why = zip(*read_table(name))
    return compare(texts, ask_check(check, texts), answers, why)


def shifted(check, name):
    """Every short row with blanks before it, so that each of its bytes comes to stand on both sides
    of the border between two blocks of 64 bytes, and between two windows of 4,096.  With sanitizers,
    which take ten times as long, every third row."""
    rows = [row for row in read_table(name) if len(row[1]) <= 100]
    rows = rows[:: 3 if os.environ.get("AUDIT_SANITIZED") else 1]
    wrong = total = 0
    while rows:  # some at a time: a process for each row would take longer than the reading
        some, rows = rows[:100], rows[100:]
        tried = [
            (n, *row) for row in some for n in (*range(1, 66), *range(4096 - len(row[1]), 4097))
        ]
        for (n, answer, text, why), got in zip(
            tried, ask_check(check, [b" " * n + text for n, _, text, _ in tried])
        ):
            total += 1
            if offset(got) != (answer + n if answer else 0):
                wrong += 1
                print(f"{n} blanks and {text!r}: {got} ({why})")
    print(f"{total} texts")
    return 1 if wrong else 0


TOKENS = [t.encode() for t in '{ } [ ] : , " \\ \\" \\u \\ud83d 0 1 - . e E+ true false null NaN'.split()]
TOKENS += [b" ", b"\n", b"\t", b"\0", b"\x1f", b"\x7f", "é".encode(), "成".encode(), "🚚".encode()]
TOKENS += [b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\xef\xbb\xbf"]


def mutate(draw, text, others):
    at = draw.randrange(len(text) + 1)
    to = min(len(text), at + draw.choice((1, 1, 1, 2, 3, 10, 70)))
    kind = draw.randrange(6)
    if kind == 0:  # a byte flipped
        return text[:at] + bytes([draw.randrange(256)]) + text[at + 1:]
    if kind == 1:  # a token inserted
        return text[:at] + draw.choice(TOKENS) + text[at:]
    if kind == 2:  # bytes removed
        return text[:at] + text[to:]
    if kind == 3:  # bytes repeated
        return text[:to] + text[at:]
    if kind == 4:  # the end removed
        return text[:at]
    return text[:at] + draw.choice(others) + text[to:]  # another text in place of a part


def mutated(check, name, seed, count, *files):
    draw = random.Random(int(seed))
    small = [text for _, text, _ in read_table(name) if len(text) <= 200]
    large = []
    for file in files:
        with open(file, "rb") as lines:
            large += lines.read().splitlines()
    texts = []
    for _ in range(int(count)):
        text = draw.choice(draw.choice((small, large)))
        for _ in range(draw.choice((1, 1, 2, 4))):
            text = mutate(draw, text, small)
        texts.append(text)
    status = compare(texts, ask_check(check, texts))
    accepted = sum(python_accepts(text) for text in texts if asked_of_python(text))
    print(f"seed {seed}: {accepted} of them are JSON")
    # A run with only one kind of result proves nothing.
    return status if 0 < accepted < len(texts) else 1


GOOD = [b"\\\\", b'\\"', b"\\n", b"\\/", b"\\u00e9", b"\\uD83D", b"a", b'","', b'",12,"', b'" ,[] ,"']
GOOD += [chr(c).encode() for c in (0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF)]
BAD = [b"\\x", b"\\u12g4", b"\\u123", b"\x01", b"\x1f", b"\x80", b"\xc3", b"\xc0\x80", b"\xc1\xbf", b"\xff"]
BAD += [b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80"]
BAD += [b"\xe6\x88", b"\xf0\x9f\x9a", b'"\xc2\xba"', b'",\\n"', b'"', b"\\"]


def dense(check, _, seed, count, reference):
    """Strings full of escapes and long characters, most with one error, ending at all places of a block
    and of a window of 4,096: the same answer from two versions of the reader."""
    draw = random.Random(int(seed))
    texts = []
    for i in range(int(count)):
        pieces = draw.choices(GOOD, k=draw.choice((3, 10, 30)))
        if i % 3:
            pieces.insert(draw.randrange(len(pieces) + 1), draw.choice(BAD))
        text = b'["' + b"".join(pieces) + b'"]'
        if i % 5 == 0:  # not in a string, or truncated
            text = text[draw.randrange(2):draw.randrange(1, len(text))]
        before = draw.randrange(130) if i % 2 else draw.randrange(4096 - len(text), 4160)
        texts.append(b" " * before + text)
    answers, others = ask_check(check, texts), ask_check(reference, texts)
    wrong = 0
    for text, answer, other in zip(texts, answers, others):
        if answer != other:
            wrong += 1
            print(f"{len(text)} bytes, {text.strip()!r}: {answer}, but {other}")
    good = answers.count("ok")
    print(f"seed {seed}: {good} of them are JSON")
    status = compare(texts, answers)
    return 1 if wrong or not 0 < good < len(texts) else status


if __name__ == "__main__":
    MODES = {"table": table, "shifted": shifted, "mutated": mutated, "dense": dense}
    if len(sys.argv) < 4 or sys.argv[1] not in MODES:
        sys.exit(__doc__)
    sys.exit(MODES[sys.argv[1]](*sys.argv[2:]))
