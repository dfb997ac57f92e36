#!/usr/bin/env python3
"""Step 1 of the tables: collects facts (names, numbers, prototypes) of the kernel and writes them as JSON into facts/.

Run as root on a Linux kernel with BTF:

    extract.py --kernel-source DIR --libbpf FILE --uapi FILE

DIR holds the parts of a kernel source named in helpers.py and include/; FILE are libbpf's libbpf.c (its table of section names)
and a current include/uapi/linux/bpf.h (enumerators newer than the running kernel, C prototypes of helpers). Numbers, prototypes
and rules come from the running kernel itself, through its BTF, its read-only data and its verifier's answers; the source says
what the running kernel refuses to load, and which prototype is meant. Step 2 (generate.py) makes code from the facts alone.
"""

import argparse
import json
import os
import platform
import re

import bpf
import btf as btf_reader
import contexts
import csource
import helpers as helper_facts
import uapi as kernel_interface

HERE = os.path.dirname(os.path.abspath(__file__))


def enumerators(text, name):
    """The enumerators of an enum in a C header, name to number, aliases included."""
    body = re.search(r"enum\s+" + name + r"\s*\{(.*?)\}", csource.strip(text), flags=re.S).group(1)
    result, number = {}, 0
    for item in body.split(","):
        item = item.strip()
        if not item:
            continue
        key, _, value = (part.strip() for part in item.partition("="))
        if value:
            number = result[value] if value in result else int(value, 0)
        result[key] = number
        number += 1
    return result


def named(values, prefix, keep_unspec=True):
    """{kernel's name in lower case: number} without the prefix and without the internal last enumerators."""
    return {key[len(prefix):].lower(): value for key, value in values.items() if key.startswith(prefix) and not key.startswith("__")}


def attachable_types(btf, program_types, attach_types):
    """{(type, attach, sleepable): (numbers, BTF id)} of all that the running kernel loads an empty program as."""
    trace = btf.by_name[("typedef", "btf_trace_sched_switch")]
    found = {}
    for program_type, number in program_types.items():
        for attach, attach_number in attach_types.items():
            if program_type == "unspec" or (program_type == "struct_ops" and attach_number != 1):
                continue
            btf_id = 0
            if program_type == "tracing":
                btf_id = {"trace_iter": btf.by_name[("func", "bpf_iter_task")], "trace_raw_tp": trace}.get(attach, 0)
                if not btf_id:
                    continue
            if program_type == "struct_ops":
                btf_id = btf.by_name[("struct", "tcp_congestion_ops")]
            for sleepable in (False, True):
                for result in (0, 1, 2):
                    fd, _ = bpf.load(
                        number, bpf.mov(0, result) + bpf.EXIT, attach_number, (1 << 4) if sleepable else 0, attach_btf_id=btf_id)
                    if fd >= 0:
                        os.close(fd)
                        found[program_type, attach, sleepable] = (number, attach_number, btf_id)
                        break
    return found


def sections(text):
    """libbpf's SEC_DEF table: [{section, type, attach, flags}]."""
    rows = []
    for section, kind, attach, flags in re.findall(r'SEC_DEF\("([^"]+)",\s*(\w+),\s*(\w+),\s*([\w| ]+?)\s*(?:,\s*\w+\s*)?\)', csource.strip(text)):
        rows.append({
            "section": section, "type": kind.lower(), "attach": None if attach == "0" else attach[4:].lower(),
            "flags": [flag.strip()[4:].lower() for flag in flags.split("|") if flag.strip() not in ("SEC_NONE", "0")]})
    return rows


def c_prototypes(text):
    """{helper: C prototype} from the description that the UAPI header carries."""
    comment = text[text.index("Start of BPF helper function descriptions"): text.index("___BPF_FUNC_MAPPER(FN")]
    result = {}
    for line in re.findall(r"^ \* ((?:const |static |unsigned |struct |enum )*\w+\s*\**\s*bpf_\w+\(.*\))\s*$", comment, flags=re.M):
        match = re.match(r"(.*?)(\**)bpf_(\w+)\((.*)\)", line)
        result[match.group(3)] = {"returns": (match.group(1).strip() + " " + match.group(2)).strip(), "parameters": match.group(4).strip()}
    return result


def write(name, value):
    """JSON with a row a line, so that changes can be read."""
    def text(node, depth):
        if isinstance(node, dict) and depth < 2:
            return "{\n" + ",\n".join(" " * (depth + 1) + json.dumps(key) + ": " + text(one, depth + 1) for key, one in node.items()) + "\n" + " " * depth + "}"
        if isinstance(node, list) and depth < 3 and any(isinstance(one, (dict, list)) for one in node):
            return "[\n" + ",\n".join(" " * (depth + 1) + text(one, depth + 3) for one in node) + "\n" + " " * depth + "]"
        return json.dumps(node)

    os.makedirs(os.path.join(HERE, "facts"), exist_ok=True)
    with open(os.path.join(HERE, "facts", name), "w") as out:
        out.write(text(value, 0) + "\n")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kernel-source", required=True)
    options.add_argument("--libbpf", required=True)
    options.add_argument("--uapi", required=True)
    options.add_argument("--btf", default="/sys/kernel/btf/vmlinux")
    options = options.parse_args()
    btf = btf_reader.BTF(open(options.btf, "rb").read())
    uapi = open(options.uapi).read()
    kernel = platform.release().split("-")[0]

    live_programs = named(btf.enum("bpf_prog_type"), "BPF_PROG_TYPE_")
    live_attach = named(btf.enum("bpf_attach_type"), "BPF_")
    live_helpers = named(btf.enum_with("BPF_FUNC_map_lookup_elem"), "BPF_FUNC_")
    live_helpers.pop("unspec")
    newest = {name: enumerators(uapi, name) for name in ("bpf_prog_type", "bpf_map_type", "bpf_attach_type", "bpf_link_type")}
    write("enums.json", {
        "from": f"BTF of Linux {kernel}; enumerators newer than it from the UAPI header",
        "programTypes": {**named(newest["bpf_prog_type"], "BPF_PROG_TYPE_"), **live_programs},
        "mapTypes": {**named(newest["bpf_map_type"], "BPF_MAP_TYPE_"), **named(btf.enum("bpf_map_type"), "BPF_MAP_TYPE_")},
        "attachTypes": {**named(newest["bpf_attach_type"], "BPF_"), **live_attach},
        "helpers": {"unspec": 0, **live_helpers},
        "live": {"programTypes": len(live_programs), "attachTypes": len(live_attach), "helpers": len(live_helpers) + 1},
        "argumentTypes": {key[4:].lower(): value for key, value in btf.enum("bpf_arg_type").items() if value < 256 and not key.startswith("__")},
        "returnTypes": {key[4:].lower(): value for key, value in btf.enum("bpf_return_type").items() if value < 256 and not key.startswith("__")},
        "typeFlags": {key.lower(): value for key, value in btf.enum("bpf_type_flag").items() if not key.startswith("__")},
    })
    write("sections.json", {"from": "libbpf's table of section names", "sections": sections(open(options.libbpf).read())})

    attachable = attachable_types(btf, live_programs, live_attach)
    source = helper_facts.Source(options.kernel_source)
    variants, rows, _ = helper_facts.extract(btf, source, live_programs, live_attach, live_helpers, attachable)
    universe = {}
    for cells in rows.values():
        for program_type, attach, sleepable in cells:
            universe.setdefault(program_type, {}).setdefault(sleepable, set()).add(attach)
    write("helpers.json", {
        "from": f"prototypes: read-only data of Linux {kernel}; rules: its verifier's answers, and for tracing (fentry, fexit, "
        "modify_return), lsm, lirc_mode2, probe_write_user and override_return, which it refuses here, the source of 6.12 "
        "with what every type gained since",
        "variants": variants, "rules": helper_facts.rules(rows, universe)})
    write("declarations.json", {"from": "the UAPI header's description of helpers", "declarations": c_prototypes(uapi)})

    write("uapi.json", {"from": "the UAPI header", **kernel_interface.extract(uapi)})

    structs = {}
    for name in sorted(set(contexts.STRUCTS.values())):
        size, fields = btf.struct(name)
        structs[name] = {"size": size, "fields": [[field, offset, width] for field, offset, width, _ in fields]}
    write("contexts.json", {
        "from": f"the verifier's answers of Linux {kernel}, structs from its BTF; by source: lsm, lirc_mode2 and tracing but trace_raw_tp and trace_iter",
        "structs": structs, "layouts": contexts.extract(attachable) + contexts.BY_SOURCE,
        "unprivileged": bpf.with_capabilities((), lambda: contexts.extract(
            {key: value for key, value in attachable.items() if key[0] in ("socket_filter", "cgroup_skb") and (key[0] != "socket_filter" or value[1] == 0)}))})


if __name__ == "__main__":
    main()
