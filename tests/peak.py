#!/usr/bin/env python3
"""Runs a command, and says on standard error, as its last line, how much memory it had at its peak:
"peak N bytes".  Exits with the command's status."""
import resource
import subprocess
import sys

status = subprocess.run(sys.argv[1:], check=False).returncode
print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, 'bytes', file=sys.stderr)
sys.exit(status)
