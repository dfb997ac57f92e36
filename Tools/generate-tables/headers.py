"""The C declarations of the helpers, for programs in C: Sources/EBPFToolchain/Headers/bpf/bpf_helper_defs.h."""

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
