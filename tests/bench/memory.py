#!/usr/bin/env python3
"""One large event, and the memory that it takes.

    memory.py event                    writes a job event of 45 MB to standard output
    memory.py string MEGABYTES         writes an event that is nearly all one string without spaces
    memory.py pretty MEGABYTES         writes a job event that goes over many lines
    memory.py NAME FILE COMMAND...     runs COMMAND FILE, prints NAME, "memory", the file's size and
                                       the most bytes that the command had resident
"""
import os
import resource
import subprocess
import sys

LINE = ('{"recipe_line_number":%d,"adapter_name":"rest","adapter_operation":"get_quote","input":'
        '{"message":"%s"},"output":{},"mask_data":false,"line_stat":{"total":1e-05,"details":[]}}')


def write_event():
    line = LINE % (1, "x" * 800)
    lines = ",".join([line] * (45_000_000 // (len(line) + 1)))
    print('{"id":"j-Large","recipe_id":7,"status":"succeeded","started_at":"2022-10-19T22:30:46-07:00",'
          '"completed_at":"2022-10-19T22:30:47-07:00","context":{"user_id":5},"lines":[' + lines + "]}")


def write_string(megabytes):
    print('{"event":"' + "x" * (megabytes * 1_000_000) + '","timestamp":"t","user":{"id":1}}')


def write_pretty(megabytes):
    line = (LINE % (1, "x" * 80)).replace(",", ",\n  ")
    lines = ",\n".join([line] * (megabytes * 1_000_000 // (len(line) + 2)))
    print('{\n"id": "j-Large", "recipe_id": 7, "status": "succeeded", "started_at": "2022-10-19T22:30:46Z",\n'
          '"context": {"user_id": 5},\n"lines": [\n' + lines + "\n]}")


def measure(name, file, command):
    with open(os.devnull, "wb") as null:
        subprocess.run([*command, file], stdout=null, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(name, "memory", os.path.getsize(file), peak, sep="\t")


if __name__ == "__main__":
    if sys.argv[1] == "event":
        write_event()
    elif sys.argv[1] in ("string", "pretty") and len(sys.argv) == 3:
        {"string": write_string, "pretty": write_pretty}[sys.argv[1]](int(sys.argv[2]))
    else:
        measure(sys.argv[1], sys.argv[2], sys.argv[3:])
