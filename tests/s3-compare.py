#!/usr/bin/python3
"""Holds what is in a bucket below a prefix against the addressed events that were put there.

    s3-compare.py ENDPOINT BUCKET ASK ANSWER

Every event must be an object whose size and ETag, the MD5 of its bytes, are the event's, and there
must be no other object.  Through Debian's python3-botocore, which the AWS CLI is made of; so it runs
with Debian's Python.

It takes longer to start than to compare, so it goes on until it is stopped: each line of the FIFO ASK
is a question, its fields separated by tabs: the prefix, the file of events, and "fetch" where each
object is to be read too.  The answer is a line in the FIFO ANSWER: the prefix, and how many objects there
are, or what is wrong.  Each question has a process and connections of its own.
"""
import hashlib
import json
import os
import re
import sys

import botocore.session
from botocore.config import Config


def read_events(path, prefix):
    """The bytes of each event, by its object's key."""
    events = {}
    with open(path, "rb") as lines:
        for line in lines:
            head, event = re.fullmatch(rb'(\{"path":"(?:[^"\\]|\\.)*"),"event":(.*)\}\n', line).groups()
            events[prefix + json.loads(head + b"}")["path"]] = event
    return events


def compare(store, bucket, prefix, path, fetch):
    """What the answer is."""
    expected = read_events(path, prefix)
    listed = {}
    for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            listed[item["Key"]] = (item["Size"], item["ETag"].strip('"'))
    for key in listed.keys() - expected.keys():
        return "%r: nobody put that" % key
    for key, event in expected.items():
        if listed.get(key) != (len(event), hashlib.md5(event).hexdigest()):
            return "%r: in the bucket %s, the event is %d bytes" % (key, listed.get(key), len(event))
        if fetch and store.get_object(Bucket=bucket, Key=key)["Body"].read() != event:
            return "%r: other bytes than the event's" % key
    return "%d objects are their events" % len(listed)


def answer(store, bucket, question, path):
    """Ends the process."""
    try:
        prefix, addressed, fetch = question.rstrip("\n").split("\t")
        said = prefix + ": " + compare(store, bucket, prefix, addressed, fetch == "fetch")
    except Exception as error:
        said = "%r: %r" % (question, error)
    with open(path, "w", encoding="utf-8") as file:
        file.write(said + "\n")
    os._exit(0)


def main():
    endpoint, bucket, ask, path = sys.argv[1:]
    store = botocore.session.get_session().create_client(
        "s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}))
    # Open for writing too: its end does not come when one who asked has gone.
    with os.fdopen(os.open(ask, os.O_RDWR), "r", encoding="utf-8") as questions:
        while True:
            question = questions.readline()
            child = os.fork()
            if child == 0:
                answer(store, bucket, question, path)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main()
