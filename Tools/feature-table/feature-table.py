#!/usr/bin/env python3
"""Writes Documentation/SwiftFeatures.md from the programs of Tests/SwiftProgramTests/Programs.

Each program says in its first line what is expected of it and in its second which feature it shows; the tests run it on both hosts and
hold it to what these lines say, so that the table is what the tests prove.

    feature-table.py           writes the file
    feature-table.py --check   fails where the file is not what would be written
"""
import os
import re
import sys

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
folder = os.path.join(top, "Tests", "SwiftProgramTests", "Programs")
target = os.path.join(top, "Documentation", "SwiftFeatures.md")

areas = {
    "language": "The language",
    "checks": "Checks that fail",
    "globals": "Globals",
    "kinds": "Kinds of programs",
    "packets": "Packets",
    "maps": "Maps",
    "helpers": "Helpers and kernel functions",
    "kernel": "The kernel's types",
}


def fail(message):
    sys.exit(f"feature-table.py: {message}")


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        lines = file.read().split("\n")
    if not lines[0].startswith("// expect: "):
        fail(f"{name}: the first line is '// expect: …' (see README.md beside it)")
    words = lines[0].removeprefix("// expect: ").split()
    options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    match = re.fullmatch(r"// (\w+): (.+)", lines[1])
    if match and match[1] in areas:
        area, text = match[1], match[2]
    else:
        # A program without a line of its own: its name says it.
        area, text = "language", name.removesuffix(".swift").replace("_", " ").capitalize()
    return area, text, words[0], options


def outcome(expectation):
    if expectation in ("loads", "compiles"):
        return expectation
    return "runs"


def table():
    rows = {area: [] for area in areas}
    counts = {"all": 0, "both": 0, "ran": 0}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".swift"):
            continue
        area, text, expectation, options = read(name)
        done = outcome(expectation)
        userspace = "not yet" if options.get("hosts") == "kernel" else done
        kernel = done
        kind = "`" + options.get("kind", "xdp").split("/")[0] + "`"
        if options.get("cpu"):
            kind += f" ({options['cpu']})"
        rows[area].append((text, kind, userspace, kernel, name))
        counts["all"] += 1
        counts["both"] += userspace == kernel
        counts["ran"] += done == "runs"
    lines = [
        "# What of Swift becomes eBPF",
        "",
        "Made by `Tools/feature-table/feature-table.py` from the programs that the tests compile, load and run; do not edit it.",
        "",
        f"{counts['all']} programs, a feature each: {counts['ran']} are run and their results compared, the others are proved and loaded; "
        f"{counts['both']} on both hosts.",
        "`runs`: loaded and run with the expected result. `loads`: proved and loaded; it needs its event to run. `compiles`: an object comes",
        "out. `not yet`: the userspace host says that it does not support it; the kernel takes it.",
    ]
    for area, title in areas.items():
        if not rows[area]:
            continue
        lines += ["", f"## {title}", "", "| feature | kind | userspace | kernel | program |", "|---|---|---|---|---|"]
        for text, kind, userspace, kernel, name in sorted(rows[area], key=lambda row: (row[0].strip("`").lower(), row[4])):
            path = f"../Tests/SwiftProgramTests/Programs/{name}"
            lines.append(f"| {text} | {kind} | {userspace} | {kernel} | [{name}]({path}) |")
    return "\n".join(lines) + "\n"


def main():
    text = table()
    if sys.argv[1:] == ["--check"]:
        with open(target, encoding="utf-8") as file:
            if file.read() != text:
                fail("Documentation/SwiftFeatures.md is not current: run Tools/feature-table/feature-table.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)


main()
