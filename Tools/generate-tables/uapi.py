"""What <linux/bpf.h> gives to programs: enumerators, flags and structs, from a UAPI header; and the Swift table of them.

Systems' headers are older than the kernels that programs run on. The library compares what a system's header has with this table
and supplies the rest (Sources/EBPFToolchain/KernelInterface.swift).
"""

import json
import re

# What only the callers of bpf(2) use.
NOT_FOR_PROGRAMS = re.compile(r"bpf_\w*attr|bpf_\w+_info")


def evaluate(text, known):
    """A constant expression of C: integers, shifts, and names that are known; `None` for another."""
    text = re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", text)
    if re.search(r"\bsizeof\b|\"|\?", text):
        return None
    names = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"0[xX][0-9a-fA-F]+", "", text)))
    if names - set(known):
        return None
    try:
        return int(eval(text, {"__builtins__": {}}, known))
    except (SyntaxError, TypeError):
        return None


def extract(text):
    plain = re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")
    values, macros, tags = {}, {}, {}
    mapper = re.search(r"#define ___BPF_FUNC_MAPPER\(.*?\)(.*)", plain)
    if mapper:
        values.update({f"BPF_FUNC_{name}": int(number) for name, number in re.findall(r"FN\((\w+),\s*(\d+)", mapper.group(1))})
    for line in plain.split("\n"):
        if (match := re.match(r"#define\s+(BPF_\w+|XDP_\w+)\s+(\S.*?)\s*$", line)) and match.group(1) != match.group(2):
            number = evaluate(match.group(2), {**values, **macros})
            if number is not None:
                macros[match.group(1)] = number
    body = "\n".join(line for line in plain.split("\n") if not line.startswith("#"))
    for tag, enum in re.findall(r"\benum\s*(\w*)\s*\{(.*?)\}", body, flags=re.S):
        number = 0
        for item in re.split(r",(?![^(]*\))", enum):
            name, _, value = (part.strip() for part in item.partition("="))
            if not re.fullmatch(r"[A-Za-z_]\w*", name):
                continue
            if value:
                number = evaluate(value, {**values, **macros})
            if number is None:
                break
            if not name.startswith("__"):
                values[name] = number
                tags[name] = tag
            number += 1
    structs = {}
    for match in re.finditer(r"^struct (\w+) \{", body, flags=re.M):
        at, depth = match.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(body[at], 0)
            at += 1
        members = " ".join(body[match.end() : at - 1].split())
        attributes = " ".join(body[at : body.index(";", at)].split())
        if not NOT_FOR_PROGRAMS.fullmatch(match.group(1)):
            structs[match.group(1)] = [members, attributes]
    macros = {name: number for name, number in macros.items() if name not in values}
    return {"enumerators": {name: [tags.get(name, "bpf_func_id"), value] for name, value in values.items()}, "macros": macros, "structs": structs}


def table(facts):
    out = ["/// What the newest <linux/bpf.h> that this table knows gives to programs.", "enum KernelInterface {"]
    out += ["  /// Enumerators: name, value and the enum's tag (or `-`) a line.", '  static let enumerators = """']
    out += [f"    {name} {value} {tag or '-'}" for name, (tag, value) in facts["enumerators"].items()]
    out += ['    """', "", "  /// Macros: name and value a line.", '  static let macros = """']
    out += [f"    {name} {value}" for name, value in facts["macros"].items()]
    out += ['    """', "", "  /// Structs: `struct`, name and the attributes behind its body a line, then its members."]
    out += ['  static let structs = """']
    for name, (members, attributes) in facts["structs"].items():
        out.append(f"    struct {name} {attributes}".rstrip())
        line = "     "
        for word in members.split():
            if len(line) + len(word) > 130:
                out.append(line)
                line = "     "
            line += " " + word
        out.append(line)
    return "\n".join(out + ['    """', "}", ""])
