"""The declarations of the helpers: for programs in C Sources/EBPFToolchain/Headers/bpf/bpf_helper_defs.h, for programs in Swift
Sources/CBPF/include/cbpf_helpers.h."""

import re

LICENCE = "// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only\n"
# The kernel's names of what programs see under another one.
NAMES = {
    "struct sk_buff": "struct __sk_buff", "struct xdp_buff": "struct xdp_md", "struct sk_msg_buff": "struct sk_msg_md",
    "u8": "__u8", "u16": "__u16", "u32": "__u32", "u64": "__u64", "s32": "__s32", "s64": "__s64", "size_t": "unsigned long",
}
# Helpers that take one of several types there.
# And lengths that Linux 6.19 takes in 64 bits, older ones in 32: so that no program hands over more than its kernel reads.
ANY = {
    "get_socket_cookie": "void *ctx", "sk_assign": "void *ctx, void *sk, u64 flags",
    "dynptr_from_mem": "void *data, u32 size, u64 flags, struct bpf_dynptr *ptr",
    "dynptr_read": "void *dst, u32 len, const struct bpf_dynptr *src, u32 offset, u64 flags",
    "dynptr_write": "const struct bpf_dynptr *dst, u32 offset, void *src, u32 len, u64 flags",
    "dynptr_data": "const struct bpf_dynptr *ptr, u32 offset, u32 len",
}


def c_type(text):
    # A map is an anonymous struct of the program.
    text = re.sub(r"struct bpf_map\s*\*", "void *", text)
    return re.sub(r"\bstruct \w+|\b\w+\b", lambda match: NAMES.get(match.group(0), match.group(0)), text)


def helper_definitions(enums, declarations):
    structs, lines = set(), []
    for name, number in enums["helpers"].items():
        if number == 0:
            continue
        declaration = declarations[name]
        result, parameters = c_type(declaration["returns"]), c_type(ANY.get(name, declaration["parameters"]))
        structs.update(re.findall(r"struct \w+", result + parameters))
        space = "" if result.endswith("*") else " "
        lines.append(f"static {result}{space}(*const bpf_{name})({parameters}) = (void *){number};")
    return "\n".join(
        ["#ifndef __BPF_HELPER_DEFS__", "#define __BPF_HELPER_DEFS__", ""] + [f"{one};" for one in sorted(structs)]
        + ["", "// A call of a helper is a call of its number: clang sees through a constant pointer."] + lines + ["", "#endif", ""])


MAPS = {"map", "key", "prog_array_map", "ringbuf"}
# Arguments that a helper only reads, though its declaration does not say so.
READ_ONLY = {
    "perf_event_output": {"data"}, "skb_output": {"data"}, "xdp_output": {"data"}, "ringbuf_output": {"data"}, "dynptr_write": {"src"},
    "xdp_store_bytes": {"buf"}, "bind": {"addr"}, "skb_set_tunnel_key": {"key"}, "redirect_neigh": {"params"}, "snprintf": {"data"},
    "lwt_push_encap": {"hdr"},
}
READ_ONLY_TYPES = {"__be32 *", "struct bpf_sock_tuple *", "struct iphdr *", "struct ipv6hdr *", "struct tcphdr *"}

SWIFT_TOP = """#ifndef CBPF_HELPERS_H
#define CBPF_HELPERS_H

#include "cbpf_base.h"
#include "cbpf_contexts.h"
#include "cbpf_host.h"

// A helper of each number. For eBPF: a call of a constant address, which the back end writes as a call of that helper.
// Natively: through the host's table, maps as its handles.
"""


def swift_parameter(name, declaration):
    """Type and name of a parameter."""
    kind, argument = re.match(r"(.*?)(\w+)$", declaration).groups()
    kind = kind.strip()
    if kind.endswith("*"):
        value = argument == "value" and name.endswith("storage_get")
        reads = argument in READ_ONLY.get(name, ()) or value or kind in READ_ONLY_TYPES or (kind == "void *" and argument in MAPS)
        kind = ("const " if reads and not kind.startswith("const") else "") + kind + "_Nullable"
    return kind, argument


def swift_definitions(enums, declarations, own_structs):
    """Inline functions. `own_structs`: what cbpf_contexts.h defines."""
    structs, functions = set(), []
    for name, number in enums["helpers"].items():
        if number == 0:
            continue
        declaration = declarations[name]
        result, text = c_type(declaration["returns"]), c_type(ANY.get(name, declaration["parameters"]))
        structs.update(re.findall(r"struct (\w+)", result + text))
        result += "_Nullable" if result.endswith("*") else ""
        if name == "trace_printk":
            text = text.replace("...", "__u64 a, __u64 b, __u64 c")
        parameters = [] if text == "void" else [swift_parameter(name, one) for one in text.split(", ")]
        listed = ", ".join(f"{kind} {argument}" for kind, argument in parameters) or "void"
        kinds = ", ".join(kind for kind, _ in parameters) or "void"
        words = []
        for kind, argument in parameters:
            if argument in MAPS - {"key"}:
                words.append(f"(__u64)cbpf_map({argument})")
            elif kind in ("int", "__s32"):
                words.append(f"(__u64)(__s64){argument}")
            else:
                words.append(f"(__u64){argument}")
        words += ["0"] * (5 - len(words))
        value = "" if result == "void" else "return "
        cast = "" if result == "void" else f"({result})"
        space = "" if result.endswith("*") else " "
        functions.append(
            f"CBPF_INLINE {result}{space}bpf_{name}({listed}) {{\n#if CBPF_NATIVE\n"
            f"  {value}{cast}cbpf_helper({number})({', '.join(words)}, cbpf_environment());\n#else\n"
            f"  {value}(({result} (*)({kinds})){number})({', '.join(argument for _, argument in parameters)});\n#endif\n}}")
    forward = [f"struct {one};" for one in sorted(structs - own_structs)]
    return SWIFT_TOP + "\n" + "\n".join(forward + [""] + functions) + "\n\n#endif\n"
