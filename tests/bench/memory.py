#!/usr/bin/env python3
"""The memory that one large event takes.

    memory.py event                    writes a job event of 45 MB to standard output
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


def measure(name, file, command):
    with open(os.devnull, "wb") as null:
        subprocess.run([*command, file], stdout=null, check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(name, "memory", os.path.getsize(file), peak, sep="\t")


if __name__ == "__main__":
    if sys.argv[1] == "event":
        write_event()
    else:
        measure(sys.argv[1], sys.argv[2], sys.argv[3:])
