#!/usr/bin/env python3
"""Checks that the source tree keeps to its layers.

usage: includes.py SOURCE [ARCHIVE]

Reads the #include lines under SOURCE/src.  A folder may use itself and the folders before it in
LAYERS; modules (a .c file and its .h file are one) and folders must not form a circle.  Nor may the
object files of the library ARCHIVE: where a .c file defines what another module's header declares,
no #include shows a circle.  Prints what is wrong, one finding a line; status 1 if there is any.
"""

import os
import re
import subprocess
import sys

# From the ground up.  src/README.md describes them.
LAYERS = ["base", "json", "event", "filter", "deliver", "post", "s3", "file", "spool", "receive",
          "seal", "kafka", "report"]

# The folders before it that a folder may use, if not all: some are siblings.
ONLY = {
    "post": {"base", "json", "event", "filter", "deliver"},
    "s3": {"base", "json", "event", "filter", "deliver"},
    "file": {"base", "json", "event", "filter", "deliver"},
    "spool": {"base", "json", "event", "filter", "deliver"},
    "receive": {"base", "json", "event", "filter", "deliver", "spool"},
    "seal": {"base", "json", "event", "filter", "deliver"},
    "kafka": {"base", "json", "event", "filter", "deliver", "spool"},
    "report": {"base", "json", "event", "filter"},
}

# A path with a folder in angle brackets is ours, too, if there is such a file.
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def read_tree(top):
    """The includes of each file, by its path below top: in quotes, and of our files in any form."""
    includes = {}
    for directory, _, names in os.walk(top):
        for name in names:
            if name.endswith((".c", ".h")):
                path = os.path.join(directory, name)
                with open(path, encoding="utf-8") as file:
                    includes[os.path.relpath(path, top)] = [
                        quoted or bracketed for quoted, bracketed in INCLUDE.findall(file.read())
                        if quoted or os.path.exists(os.path.join(top, bracketed))]
    return includes


def module(path):
    return path.rsplit(".", 1)[0]


def folder(path):
    return path.split("/")[0] if "/" in path else None


def read_archive(archive):
    """The object files of the archive whose symbols each one uses."""
    defined, used = {}, {}
    listing = subprocess.run(["nm", "-A", "-P", "-g", archive], check=True, capture_output=True,
                             text=True).stdout
    for line in listing.splitlines():
        place, symbol, kind = line.split()[:3]
        name = re.search(r"\[(.*)\.o\]", place).group(1)
        if kind == "U":
            used.setdefault(name, set()).add(symbol)
        else:
            defined[symbol] = name
    return {name: {defined[symbol] for symbol in symbols & defined.keys()} - {name}
            for name, symbols in used.items()}


def find_circle(graph):
    """The nodes of a circle in the graph {node: set of nodes}, [] where there is none."""
    done, path, on_path = set(), [], set()

    def visit(node):
        if node in done:
            return []
        if node in on_path:
            return path[path.index(node):] + [node]
        path.append(node)
        on_path.add(node)
        for other in sorted(graph.get(node, ())):
            circle = visit(other)
            if circle:
                return circle
        path.pop()
        on_path.remove(node)
        done.add(node)
        return []

    for node in sorted(graph):
        circle = visit(node)
        if circle:
            return circle
    return []


def main():
    top = os.path.join(sys.argv[1], "src")
    includes = read_tree(top)
    findings, modules = [], {}
    for path, names in sorted(includes.items()):
        if path.endswith(".c") and (not names or names[0] != "config.h"):
            findings.append(f"{path}: config.h is not the first include")
        for name in names:
            if name == "config.h":
                continue
            if name not in includes:
                findings.append(f"{path}: there is no src/{name}")
                continue
            above, below = folder(path), folder(name)
            if above is None:
                continue  # a tool may use every folder
            allowed = ONLY.get(above, set(LAYERS[:LAYERS.index(above)])) if above in LAYERS else set()
            if above != below and below not in allowed:
                findings.append(f"{path}: {above} may not use {below} ({name})")
            if module(path) != module(name):
                modules.setdefault(module(path), set()).add(module(name))
    for above in sorted({folder(path) for path in includes} - {None} - set(LAYERS)):
        findings.append(f"{above}: this folder is not among the layers")
    circle = find_circle(modules)
    if circle:
        findings.append("a circle of modules: " + " -> ".join(circle))
    circle = find_circle(read_archive(sys.argv[2])) if len(sys.argv) > 2 else []
    if circle:
        findings.append("a circle of object files: " + " -> ".join(circle))
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings or not includes else 0


if __name__ == "__main__":
    sys.exit(main())
