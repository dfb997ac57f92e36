#!/usr/bin/env python3
"""Checks that every target imports what Package.swift gives it, all of it and nothing else, and that the pure targets stay pure.

SwiftPM lets a target import whatever its dependencies depend on, and the system's modules: the layers would blur without this.
"""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Bytes and values in, bytes and values out.
PURE = {"EBPFISA", "EBPFTables", "EBPFTypes", "EBPFBTF", "EBPFCapture", "EBPFObject", "EBPFVerifier", "EBPFJIT"}
SYSTEM = {"Glibc", "Musl", "Darwin", "System", "Synchronization", "Dispatch"}
# Raw storage of maps needs the compiler's own module; the fields of records are found by the standard library's reflection.
BUILTIN = {"BPF": {"Builtin", "Swift"}, "EBPFHost": {"Swift"}}
TESTING = SYSTEM | {"Testing", "Foundation", "FoundationEssentials"}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)")


def targets():
    """Name, path, kind, dependencies and what is left out of every target, and of the package's products."""
    text = subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for target in json.loads(text)["targets"]:
        names = set()
        for dependency in target["dependencies"]:
            kind, value = next(iter(dependency.items()))
            names.add(value[0])
        kind = target["type"]
        path = target.get("path") or os.path.join("Tests" if kind == "test" else "Sources", target["name"])
        yield target["name"], path, kind, names, [os.path.join(path, one) for one in target.get("exclude", [])]


def imports(path, excluded):
    """File, line and module of every import under a folder."""
    for folder, _, files in os.walk(os.path.join(ROOT, path)):
        if any((os.path.relpath(folder, ROOT) + os.sep).startswith(one + os.sep) for one in excluded):
            continue
        for name in sorted(files):
            if not name.endswith(".swift"):
                continue
            file = os.path.join(folder, name)
            text = False  # inside of a literal of several lines, which may hold a source
            with open(file, encoding="utf-8") as source:
                for number, line in enumerate(source, 1):
                    match = None if text else IMPORT.match(line)
                    if match:
                        yield os.path.relpath(file, ROOT), number, match.group(1)
                    text ^= line.count('"""') % 2 == 1


def unused():
    """Prints what targets depend on and none of their files imports. Tests that run an executable depend on it, so that it is built."""
    everything = list(targets())
    executables = {target[0] for target in everything if target[2] == "executable"}
    wrong = 0
    for name, path, _, dependencies, *rest in everything:
        used = {module for _, _, module in imports(path, *rest)}
        for module in sorted(dependencies - used - executables):
            print(f"Package.swift: {name} depends on {module}, which none of its files imports")
            wrong += 1
    return wrong


def main():
    wrong = 0
    count = 0
    for name, path, kind, dependencies, excluded in targets():
        if not os.path.isdir(os.path.join(ROOT, path)):
            continue
        count += 1
        system = set() if name in PURE else TESTING if path.startswith("Tests") else SYSTEM | BUILTIN.get(name, set())
        if name in PURE and dependencies - PURE:
            print(f"Package.swift: the pure target {name} depends on {', '.join(sorted(dependencies - PURE))}")
            wrong += 1
        for file, line, module in imports(path, excluded):
            if module not in dependencies and module not in system:
                print(f"{file}:{line}: {name} imports {module}, which Package.swift does not give it")
                wrong += 1
    wrong += unused()
    print(f"{count} targets, {wrong} wrong imports")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
