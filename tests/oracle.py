#!/usr/bin/env python3
"""A second, slow and plain implementation of audit-format and audit-path, to compare the real ones
with.

It parses each line into a tree whose leaves are the unchanged text, edits the tree, and prints it:
another way to the same bytes.

    oracle.py format [--stream=LIST] [--keep-duplicates] [--zero-retention] <NDJSON
    oracle.py path [--user-id=ID] [--layout=current|legacy|hive] [--name-date] <NDJSON
"""
import argparse
import datetime
import hashlib
import json
import re
import sys

TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^ \t\r\n{}\[\]:,"]+)')
DUPLICATES = {
    'repeated_job', 'job_created_at', 'job_id', 'master_job_id', 'calling_recipe_id',
    'calling_job_id', 'is_repeat', 'repeat_count', 'repeated_count', 'parent_job_id',
}
STATUS = {'成功': 'succeeded', '失敗': 'failed'}


class Object(list):
    """Pairs of an unchanged name, including its quotes, and a value."""

    def all(self, name):
        return [v for k, v in self if json.loads(k) == name]

    def get(self, name):
        return (self.all(name) or [None])[0]

    def without(self, names):
        return Object((k, v) for k, v in self if json.loads(k) not in names)

    def mapped(self, name, change):
        return Object((k, change(v) if json.loads(k) == name else v) for k, v in self)


def parse(text):
    tokens = TOKEN.findall(text)
    position = 0

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1]

    def value():
        token = take()
        if token == '{':
            pairs = Object()
            while tokens[position] != '}':
                if tokens[position] == ',':
                    take()
                key = take()
                assert take() == ':'
                pairs.append((key, value()))
            take()
            return pairs
        if token == '[':
            items = []
            while tokens[position] != ']':
                if tokens[position] == ',':
                    take()
                items.append(value())
            take()
            return items
        return token

    return value()


def dump(node):
    if isinstance(node, Object):
        return '{' + ','.join(k + ':' + dump(v) for k, v in node) + '}'
    if isinstance(node, list):
        return '[' + ','.join(dump(v) for v in node) + ']'
    return node


def kind(node):
    if not isinstance(node, Object):
        return None
    names = {json.loads(k) for k, _ in node}
    if {'status', 'id'} <= names and names & {'started_at', 'completed_at'}:
        return 'job'
    if {'event', 'timestamp'} <= names and names & {'user', 'team', 'resource'}:
        return 'activity'
    return 'flattened' if {'resource_type', 'timestamp'} <= names else None


def find_event(root):
    """The record itself, an object member down to three levels, a string member that decodes."""
    if kind(root):
        return root
    level, strings = [root], []
    for _ in range(3):
        members = [v for node in level for _, v in node]
        for node in members:
            if kind(node):
                return node
        strings += [v for v in members if isinstance(v, str) and v.startswith('"')]
        level = [v for v in members if isinstance(v, Object)]
    for string in strings:
        try:
            text = json.loads(string)
            json.loads(text)
            node = parse(text)
        except (ValueError, IndexError, AssertionError):
            continue
        if kind(node):
            return node
    return None


def format_line(node, options):
    if not isinstance(node, Object):
        return node
    masked = 'true' in node.all('mask_data')
    if not options.keep_duplicates:
        node = node.without({'line_stat'})
    if options.zero_retention:
        return node.without({'input', 'output'})
    if masked:
        for name in ('input', 'output'):
            node = node.mapped(name, lambda _: '{"data":"masked"}')
    return node


def format_event(event, options):
    streams = options.stream.split(',')
    if kind(event) != 'job':
        return event if 'user-activity' in streams else None
    if not {'job-status', 'job-details'} & set(streams):
        return None

    def status(text):
        status = json.loads(text) if text.startswith('"') else None
        return f'"{STATUS[status]}"' if status in STATUS else text

    event = event.mapped('status', status)
    if 'job-details' not in streams:
        return event.without({'lines'})

    def lines(node):
        return node if isinstance(node, str) else [format_line(line, options) for line in node]

    event = event.mapped('lines', lines)
    if not options.keep_duplicates:
        event = event.without({'parent_id'})
        event = event.mapped('context',
                             lambda c: c.without(DUPLICATES) if isinstance(c, Object) else c)
    return event


def text_of(node):
    if node is None or node == 'null':
        return None
    return json.loads(node) if node.startswith('"') else node


def moment(text):
    text = re.sub(r' UTC$', '+00:00', text).replace(' ', 'T', 1)
    text = re.sub(r'[ ]?([+-]\d\d):?(\d\d)$', r'\1:\2', text)
    return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)


def path(event, line, options):
    what = kind(event)
    stamp = '%Y%m%d' if options.name_date else '%Y%m%d%H%M%S'
    if what == 'job':
        context = event.get('context')
        user = (isinstance(context, Object) and text_of(context.get('user_id'))) or \
            text_of(event.get('account_id')) or options.user_id
        recipe = text_of(event.get('recipe_id')) or text_of(event.get('flow_id'))
        job = text_of(event.get('id'))
        when = moment(text_of(event.get('completed_at')) or text_of(event.get('started_at')))
        status = text_of(event.get('status'))
        name = f'{user}-{recipe}-{job}-{when:{stamp}}-{STATUS.get(status, status)}.json'
        padded = job.rjust(21, '0')
        last = '/'.join(padded[i:i + 3] for i in range(0, 21, 3)) if options.layout == 'legacy' else job
        directory = f'{user}/jobs/{recipe}/{when:%Y%m%d}/{last}'
    else:
        team = event.get('team')
        user = (what == 'activity' and isinstance(team, Object) and text_of(team.get('id'))) or \
            (what == 'flattened' and (text_of(event.get('team_id_d')) or text_of(event.get('team_id')))) or \
            options.user_id
        when = moment(text_of(event.get('timestamp')))
        digest = hashlib.sha256(line.encode()).hexdigest()[:16]
        label = text_of(event.get('event')) if what == 'activity' else text_of(event.get('resource_type')).lower()
        name = f'{user}-{label}-{when:{stamp}}-{digest}.json'
        directory = f'{user}/activity/{when:%Y%m%d}'
    if options.layout == 'hive':
        group = 'job' if what == 'job' else 'activity'
        directory = f'kind={group}/user_id={user}/date={when:%Y-%m-%d}'
    return directory + '/' + name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('tool', choices=['format', 'path'])
    parser.add_argument('--stream', default='job-details,user-activity')
    parser.add_argument('--keep-duplicates', action='store_true')
    parser.add_argument('--zero-retention', action='store_true')
    parser.add_argument('--user-id')
    parser.add_argument('--layout', default='current')
    parser.add_argument('--name-date', action='store_true')
    options = parser.parse_args()
    for line in sys.stdin.buffer.read().decode().split('\n'):
        if not line:
            continue
        node = parse(line)
        if options.tool == 'path':
            print('{"path":%s,"event":%s}' % (json.dumps(path(node, line, options)), line))
            continue
        event = format_event(find_event(node), options)
        if event is not None:
            print(dump(event))


main()
