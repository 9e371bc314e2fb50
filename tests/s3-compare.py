#!/usr/bin/python3
"""Holds what is in a bucket below a prefix against the addressed events that were put there.

    s3-compare.py [--fetch] ENDPOINT BUCKET PREFIX ADDRESSED

Every event must be an object whose size and ETag, the MD5 of its bytes, are the event's, and there
must be no other object.  With --fetch each is read too.  Says how many there are.  Through Debian's
python3-botocore, which the AWS CLI is made of; so it runs with Debian's Python.
"""
import argparse
import hashlib
import json
import re
import sys

import botocore.session
from botocore.config import Config

parser = argparse.ArgumentParser()
parser.add_argument("--fetch", action="store_true")
for name in ("endpoint", "bucket", "prefix", "addressed"):
    parser.add_argument(name)
args = parser.parse_args()

expected = {}
with open(args.addressed, "rb") as lines:
    for line in lines:
        head, event = re.fullmatch(rb'(\{"path":"(?:[^"\\]|\\.)*"),"event":(.*)\}\n', line).groups()
        expected[args.prefix + json.loads(head + b"}")["path"]] = event

store = botocore.session.get_session().create_client(
    "s3", endpoint_url=args.endpoint, config=Config(s3={"addressing_style": "path"}))
listed = {}
for page in store.get_paginator("list_objects_v2").paginate(Bucket=args.bucket, Prefix=args.prefix):
    for item in page.get("Contents", []):
        listed[item["Key"]] = (item["Size"], item["ETag"].strip('"'))
for key in listed.keys() - expected.keys():
    sys.exit("%r: nobody put that" % key)
for key, event in expected.items():
    if listed.get(key) != (len(event), hashlib.md5(event).hexdigest()):
        sys.exit("%r: in the bucket %s, the event is %d bytes" % (key, listed.get(key), len(event)))
    if args.fetch and store.get_object(Bucket=args.bucket, Key=key)["Body"].read() != event:
        sys.exit("%r: other bytes than the event's" % key)
print(len(listed), "objects are their events")
