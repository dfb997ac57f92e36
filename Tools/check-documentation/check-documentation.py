#!/usr/bin/env python3
"""Lists public declarations without a documentation comment, and fails where there are any.

One comment may stand over a group of declarations of one line each. Left out: what a protocol asks for and says by itself (`rawValue`, `description`, `==`, …), initializers and cases whose names say all, generated
files, text that is Swift itself, names that begin with an underscore (public for the compiler only), and what is not public where it stands.
"""
import pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARIES = ROOT / "Sources"
# Not written by hand, or compiled into programs and documented where it is generated from.
SKIPPED = ("/Generated/",)
DECLARATION = re.compile(
  r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public|open)\s+(?:(?:static|final|class|mutating|nonmutating|override|indirect|convenience|required|borrowing|consuming)\s+)*"
  r"(?P<kind>func|var|let|init|struct|enum|class|actor|protocol|typealias|subscript|extension|import)\b\s*(?P<name>[\w`=<>!+\-*/&|~]*)")
WITNESSES = {
  "rawValue", "description", "debugDescription", "==", "<", "hash", "startIndex", "endIndex", "index", "makeIterator", "next", "init", "errorDescription",
  "id", "encode", "testDescription", "subscript", "advanced", "distance", "allCases", "RawValue", "Element", "Iterator",
  "configuration", "makeAsyncIterator", "Failure", "Key",
  # `MapLayout`: what kinds of maps a layout is for, and how it reaches them.
  "types", "access",
}
# In `Sources/BPF`: what its own protocols of contexts, maps, arguments and checksums ask for.
PROGRAM_WITNESSES = {
  "pointer", "rawPointer", "map", "type", "Key", "Value", "packet", "output", "printWord", "checksumWord", "checksumSize",
}


def is_short(line):
  """Whether a line is a whole public declaration of a value."""
  match = DECLARATION.match(line)
  return bool(match) and match["kind"] in ("var", "let") and (line.count("{") == line.count("}"))


def missing(path):
  lines = path.read_text().split("\n")
  in_text = False
  for number, line in enumerate(lines):
    if line.count('"""') % 2: in_text = not in_text
    if in_text: continue
    match = DECLARATION.match(line)
    if not match or match["kind"] in ("extension", "import"): continue
    name = match["name"] or match["kind"]
    if match["kind"] in ("init", "subscript"): name = match["kind"]
    if name.startswith("_") or name in WITNESSES or name in PROGRAM_WITNESSES and "BPF" in path.parts: continue
    # The comment stands before the attributes, and before the group.
    above = number - 1
    while above >= 0 and (lines[above].strip().startswith(("@", "#if", "#else")) or is_short(lines[above])): above -= 1
    text = lines[above].strip() if above >= 0 else ""
    # An extension that is one group.
    if text.startswith("extension ") and above > 0 and lines[above - 1].startswith("//"): continue
    if text.startswith("///") or text.endswith("*/"): continue
    yield number + 1, f"{match['kind']} {name}"


def main():
  found = 0
  for path in sorted(LIBRARIES.rglob("*.swift")):
    relative = "/" + str(path.relative_to(ROOT))
    if any(part in relative for part in SKIPPED): continue
    for number, what in missing(path):
      print(f"{relative[1:]}:{number}: {what} has no documentation comment")
      found += 1
  if found: sys.exit(f"check-documentation: {found} public declarations have no documentation comment")


if __name__ == "__main__": main()
