#!/usr/bin/env python3
"""Runs a command, and prints its peak memory on standard error, as the last line:
"peak N bytes".  Exits with the command's status."""
import resource
import subprocess
import sys

status = subprocess.run(sys.argv[1:], check=False).returncode
print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, 'bytes', file=sys.stderr)
sys.exit(status)
