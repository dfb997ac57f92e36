"""Helpers: prototypes as the running kernel holds them, and who may call which, by source and by probe."""

import os
import re
import struct

import bpf
import csource

PRIVILEGES = ("none", "bpf", "perfmon")
SOURCES = (
    "net/core/filter.c net/core/sock_map.c net/core/bpf_sk_storage.c net/ipv4/bpf_tcp_ca.c net/netfilter/nf_bpf_link.c "
    "kernel/trace/bpf_trace.c kernel/bpf/bpf_inode_storage.c kernel/bpf/bpf_iter.c kernel/bpf/stackmap.c "
    "kernel/bpf/bpf_cgrp_storage.c kernel/bpf/ringbuf.c kernel/bpf/core.c kernel/bpf/task_iter.c kernel/bpf/bpf_lsm.c "
    "kernel/bpf/helpers.c kernel/bpf/syscall.c kernel/bpf/btf.c kernel/bpf/bpf_task_storage.c kernel/bpf/cgroup.c "
    "drivers/media/rc/bpf-lirc.c"
).split()
# What the kernel puts in place of a type that depends on the map's value (BPF_PTR_POISON).
POISON = 0xDEAD00000000EB9F
# The attach types of the types that are known by source, wholly or in part.
OWN_ATTACH_TYPES = {
    "tracing": ("trace_raw_tp", "trace_fentry", "trace_fexit", "modify_return", "trace_iter"),
    "lsm": ("lsm_mac", "lsm_cgroup"),
    "lirc_mode2": ("lirc_mode2",),
}
# Attach types whose trampoline programs the kernel gives helpers of their own.
TRAMPOLINE = ("trace_fentry", "trace_fexit", "modify_return", "lsm_mac", "lsm_cgroup", "trace_fsession")


class Source:
    """The kernel source's prototypes and choosers."""

    def __init__(self, root):
        self.prototypes, self.functions, self.operations = {}, {}, {}
        for name in SOURCES:
            text = open(os.path.join(root, name)).read()
            self.prototypes.update(csource.prototypes(text))
            for function, body in csource.choosers(text).items():
                if not (function == "tracing_prog_func_proto" and name.endswith("syscall.c")):  # the weak one
                    self.functions[function] = body
            self.operations.update(
                re.findall(r"bpf_verifier_ops (\w+)_verifier_ops\s*=\s*\{[^}]*?\.get_func_proto\s*=\s*(\w+)", csource.strip(text), flags=re.S))
        text = csource.strip(open(os.path.join(root, "include/linux/bpf_types.h")).read())
        self.types = {}
        for number, name in re.findall(r"BPF_PROG_TYPE\((\w+),\s*(\w+)", text):
            self.types[number] = name
        builtin = {
            "bpf_token_capable": lambda env, a: env[a[1][1]],
            "security_locked_down": lambda env, a: 0,
            "bpf_get_trace_printk_proto": lambda env, a: "&bpf_trace_printk_proto",
            "bpf_get_trace_vprintk_proto": lambda env, a: "&bpf_trace_vprintk_proto",
            "bpf_get_probe_write_proto": lambda env, a: "&bpf_probe_write_user_proto",
            "bpf_get_skb_set_tunnel_proto": lambda env, a: {
                "BPF_FUNC_skb_set_tunnel_key": "&bpf_skb_set_tunnel_key_proto",
                "BPF_FUNC_skb_set_tunnel_opt": "&bpf_skb_set_tunnel_opt_proto"}.get(env["func_id"]),
            "bpf_prog_check_recur": lambda env, a: env["prog->type"] == "BPF_PROG_TYPE_TRACING" and env[
                "prog->expected_attach_type"] != "BPF_TRACE_ITER",
            "bpf_prog_has_trampoline": lambda env, a: env["trampoline"],
            "is_kprobe_multi": lambda env, a: env["prog->expected_attach_type"] in ("BPF_TRACE_KPROBE_MULTI", "BPF_TRACE_KPROBE_SESSION"),
            "btf_id_set_contains": lambda env, a: a[0][1][1] == "bpf_lsm_locked_sockopt_hooks",
            "prog_ops_moff": lambda env, a: 0,
            "offsetof": lambda env, a: 1,
            "bpf_iter_get_func_proto": lambda env, a: None,
        }
        self.functions.pop("bpf_iter_get_func_proto", None)
        self.machine = csource.Machine(self.functions, builtin)

    def choose(self, helper, program_type, attach_type, privilege, sleepable):
        """The variable of the prototype that a program gets, or None."""
        operations = self.types.get("BPF_PROG_TYPE_" + program_type.upper())
        function = "bpf_tcp_ca_get_func_proto" if operations == "bpf_struct_ops" else self.operations.get(operations)
        if function is None:
            return None
        env = {
            "func_id": "BPF_FUNC_" + helper,
            "prog->type": "BPF_PROG_TYPE_" + program_type.upper(),
            "prog->expected_attach_type": "BPF_" + attach_type.upper(),
            "prog->sleepable": sleepable,
            "prog->aux->attach_btf_id": 0,
            "trampoline": attach_type in TRAMPOLINE,
            "CAP_BPF": privilege >= 1,
            "CAP_PERFMON": privilege >= 2,
        }
        result = self.machine.choose(function, env)
        return result[1:] if isinstance(result, str) and result.startswith("&") else None


def live_prototypes(btf, memory, wanted):
    """Every `struct bpf_func_proto` of these functions in the running kernel's read-only data: [dict], by the layout that its BTF gives."""
    functions, addresses = {}, {}
    for line in open("/proc/kallsyms"):
        address, kind, name = line.split()[:3]
        addresses.setdefault(name, int(address, 16))
        if kind in "tTwW" and (name in wanted or name.endswith("_allowed")):
            functions.setdefault(int(address, 16), name)
    size, fields = btf.struct("bpf_func_proto")
    at = {name: offset for name, offset, _, _ in fields}
    data, address = bytearray(), addresses["__start_rodata"]
    while len(data) < 64 << 20 and (page := memory.page(address)) is not None:
        data += page
        address += memory.PAGE
    flags = btf.enum("bpf_type_flag")
    bases = {number: name for name, number in btf.enum("bpf_arg_type").items() if number < 256 and not name.startswith("__")}
    returns = {number: name for name, number in btf.enum("bpf_return_type").items() if number < 256 and not name.startswith("__")}

    def kind(number, names):
        text = [names[number & 255]]
        text += [name for name, bit in flags.items() if not name.startswith("_") and number & bit]
        return " ".join(text)

    def type_name(pointer):
        data = memory.read(pointer, 4)
        number = struct.unpack("<I", data)[0] if data else len(btf.types)
        return btf.describe(number) if number < len(btf.types) else None

    found = []
    for index, value in enumerate(struct.unpack(f"<{len(data) // 8}Q", data)):
        if value not in functions or index * 8 + size > len(data):
            continue
        row = data[index * 8 : index * 8 + size]
        booleans = row[at["gpl_only"] : at["gpl_only"] + 4]
        result, *arguments = struct.unpack_from("<6I", row, at["ret_type"])
        pointers = struct.unpack_from("<5Q", row, at["arg1_btf_id"])
        return_type, allowed = struct.unpack_from("<2Q", row, at["ret_btf_id"])
        if max(booleans) > 1 or result & 255 not in returns or result >> 28:
            continue
        if any(a & 255 not in bases or a >> 28 for a in arguments) or (allowed and allowed not in functions):
            continue
        fixed, btf_base = flags["MEM_FIXED_SIZE"], [n for n, name in bases.items() if "BTF_ID" in name]
        if any(p not in (0, POISON) and not (a & fixed or a & 255 in btf_base) for a, p in zip(arguments, pointers)):
            continue
        rows = []
        for argument, pointer in zip(arguments, pointers):
            one = {"kind": kind(argument, bases)}
            if argument & fixed:
                one["size"] = pointer
            elif pointer > 1 << 63:
                one["type"] = type_name(pointer)
            rows.append(one)
        found.append({
            "function": functions[value], "gpl": bool(booleans[0]), "packet": bool(booleans[1]), "sleeps": bool(booleans[2]),
            "fastcall": bool(booleans[3]), "returns": kind(result, returns),
            "returnType": type_name(return_type) if return_type else None, "arguments": rows,
            "allowed": functions.get(allowed),
        })
    return found


def from_source(row, btf):
    """A prototype of the source in the shape of a live one (for configurations that the probe machine lacks)."""
    aliases = {
        "ARG_PTR_TO_MAP_VALUE_OR_NULL": "ARG_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", "ARG_PTR_TO_MEM_OR_NULL": "ARG_PTR_TO_MEM | PTR_MAYBE_NULL",
        "ARG_PTR_TO_CTX_OR_NULL": "ARG_PTR_TO_CTX | PTR_MAYBE_NULL", "ARG_PTR_TO_UNINIT_MEM": "ARG_PTR_TO_MEM | MEM_UNINIT | MEM_WRITE",
        "ARG_PTR_TO_FIXED_SIZE_MEM": "ARG_PTR_TO_MEM | MEM_FIXED_SIZE",
        "RET_PTR_TO_MAP_VALUE_OR_NULL": "RET_PTR_TO_MAP_VALUE | PTR_MAYBE_NULL", "RET_PTR_TO_BTF_ID_OR_NULL": "RET_PTR_TO_BTF_ID | PTR_MAYBE_NULL",
        "RET_PTR_TO_BTF_ID_TRUSTED": "RET_PTR_TO_BTF_ID | PTR_TRUSTED",
    }
    order = [name for name in btf.enum("bpf_type_flag")]

    def kind(text, default):
        parts = [part.strip() for one in (text or default).split("|") for part in aliases.get(one.strip(), one).split("|")]
        return " ".join([parts[0]] + sorted(set(parts[1:]), key=order.index))

    return {
        "function": row["func"], "gpl": row.get("gpl_only") == "true", "packet": row.get("pkt_access") == "true",
        "sleeps": row.get("might_sleep") == "true", "fastcall": row.get("allow_fastcall") == "true",
        "returns": kind(row.get("ret_type"), "RET_INTEGER"), "returnType": None,
        "arguments": [{"kind": kind(row.get(f"arg{i}_type"), "ARG_DONTCARE")} for i in range(1, 6)], "allowed": row.get("allowed"),
        "fromSource": True,
    }


def known(attachable, helpers):
    """{(type, attach, sleepable): set of helpers that the kernel's verifier knows for it}."""
    result = {}
    for (program_type, attach, sleepable), (number, attach_number, btf_id) in attachable.items():
        names = set()
        for helper, identifier in helpers.items():
            fd, log = bpf.load(number, bpf.call(identifier) + bpf.EXIT, attach_number, (1 << 4) if sleepable else 0, attach_btf_id=btf_id)
            if fd >= 0:
                os.close(fd)
            if not any(text in log for text in ("cannot use helper", "unknown func", "invalid func")):
                names.add(helper)
        result[program_type, attach, sleepable] = names
    return result


def known_with(capabilities, attachable, helpers):
    """`known` in a child that holds only these capabilities (bit numbers)."""

    def ask():
        loadable = {}
        for key, value in attachable.items():
            fd, _ = bpf.load(value[0], bpf.mov(0, 1) + bpf.EXIT, value[1], (1 << 4) if key[2] else 0)
            if fd >= 0:
                os.close(fd)
                loadable[key] = value
        return known(loadable, helpers)

    return bpf.with_capabilities(capabilities, ask)


def extract(btf, source, program_types, attach_types, helpers, attachable):
    """The helpers' facts: variants of prototypes, and rules that say which program gets which."""
    live = live_prototypes(btf, bpf.KernelMemory(), {row["func"] for row in source.prototypes.values()} | {"bpf_" + name for name in helpers})
    by_function = {}
    for row in live:
        by_function.setdefault(row["function"], []).append(row)
    everywhere = {key: value for key, value in attachable.items() if key[0] != "struct_ops" or value[1] == 1}
    full = known(everywhere, helpers)
    # One attach type for each different answer is enough to see what the capabilities change.
    few, same = {}, {}
    for key, names in full.items():
        mark = (key[0], key[2], frozenset(names))
        if key[0] not in ("tracing", "struct_ops", "syscall"):
            same[key] = next((other for other in few if (other[0], other[2], frozenset(full[other])) == mark), key)
            few[same[key]] = everywhere[same[key]]
    with_bpf = known_with((39, 12), few, helpers)  # CAP_BPF, CAP_NET_ADMIN
    without = known_with((), {key: value for key, value in few.items() if key[0] in ("socket_filter", "cgroup_skb")}, helpers)
    # Base helpers that the source at hand does not know as such yet: every type may call them now.
    common = set.intersection(*full.values())
    needs = {}
    for helper in common:
        bare = without.values()
        needs[helper] = 0 if bare and all(helper in names for names in bare) else 1 if all(helper in n for n in with_bpf.values()) else 2

    variants, rows = {}, {}

    def variant(helper, variable):
        if variable is None or variable not in source.prototypes:
            names = by_function.get("bpf_" + helper, [])
            if not names and helper == "get_cgroup_classid":
                names = by_function["bpf_get_cgroup_classid_curr"]
            found = dict(names[0])
        else:
            text = from_source(source.prototypes[variable], btf)
            names = by_function.get(text["function"])
            if not names:
                found = text
            else:
                wanted = [one["kind"].split()[0] for one in text["arguments"]] + [text["allowed"] is None]
                names = sorted(names, key=lambda row: [one["kind"].split()[0] for one in row["arguments"]] + [row["allowed"] is None] != wanted)
                found = dict(names[0])
        known_variants = variants.setdefault(helper, [])
        if found not in known_variants:
            known_variants.append(found)
        return known_variants.index(found)

    skb_types = ("socket_filter", "sched_cls", "sched_act", "cgroup_skb")
    for helper, identifier in helpers.items():
        cells = {}
        for program_type in program_types:
            if program_type in ("unspec", "ext"):
                continue
            probed = [key for key in full if key[0] == program_type]
            combos = [(attach, sleepable) for attach in OWN_ATTACH_TYPES.get(program_type, attach_types) for sleepable in (False, True)]
            if program_type in ("struct_ops",):
                combos = [(attach_of(full, program_type), sleepable) for sleepable in (False, True)]
            elif probed and program_type != "tracing":
                combos = [(key[1], key[2]) for key in probed]
            sibling = next(filter(None, (source.choose(helper, program_type, attach, 2, sleepable) for attach, sleepable in combos)), "")
            for attach, sleepable in combos:
                key = (program_type, attach, sleepable)
                by_level = [source.choose(helper, program_type, attach, level, sleepable) for level in range(3)]
                if helper in common and by_level[2] is None and program_type != "lirc_mode2":
                    by_level = [None if level < needs[helper] else sibling for level in range(3)]
                if key in full:
                    if helper in full[key] and by_level[2] is None:
                        by_level[2] = sibling
                    elif helper not in full[key] and by_level[2] is not None:
                        if helper not in ("probe_write_user", "override_return"):  # lockdown, no kprobes: not for the type's sake
                            by_level = [None, None, None]
                    for level, table in ((1, with_bpf), (0, without)):
                        if same.get(key) in table:
                            if helper not in table[same[key]]:
                                by_level[level] = None
                            elif by_level[level] is None:
                                by_level[level] = by_level[2]
                if by_level[2] is None:
                    continue
                level = next(level for level in range(3) if by_level[level] is not None)
                variable = by_level[2]
                if variable == "" and helper == "get_netns_cookie" and program_type in skb_types:
                    cells[key] = (variant_named(variants, by_function, helper, "bpf_get_netns_cookie"), level)
                else:
                    cells[key] = (variant(helper, variable or None), level)
        rows[helper] = cells
    return variants, rows, full


def attach_of(full, program_type):
    return next(key[1] for key in full if key[0] == program_type)


def variant_named(variants, by_function, helper, function):
    found = dict(by_function[function][0])
    known_variants = variants.setdefault(helper, [])
    if found not in known_variants:
        known_variants.append(found)
    return known_variants.index(found)


def rules(rows, attachable_types):
    """Cells merged: [{variant, types, attach or None, sleepable or None, needs, source}] for each helper."""
    result = {}
    for helper, cells in rows.items():
        by_type = {}
        for (program_type, attach, sleepable), value in cells.items():
            by_type.setdefault(program_type, {})[attach, sleepable] = value
        merged = {}
        for program_type, entries in by_type.items():
            universe = attachable_types[program_type]
            groups = {}
            for (attach, sleepable), value in entries.items():
                groups.setdefault(value, {}).setdefault(sleepable, set()).add(attach)
            for value, by_sleepable in groups.items():
                shapes = {}
                for sleepable in universe:
                    attach = by_sleepable.get(sleepable)
                    if attach:
                        shapes.setdefault(frozenset(attach), []).append(sleepable)
                for attach, sleepables in shapes.items():
                    whole = all(attach == universe[s] for s in sleepables)
                    key = (
                        value[0], None if whole else tuple(sorted(attach)), None if len(sleepables) == len(universe) else sleepables[0], value[1])
                    merged.setdefault(key, []).append(program_type)
        result[helper] = [
            {"variant": key[0], "types": types, "attach": list(key[1]) if key[1] else None, "sleepable": key[2],
             "needs": PRIVILEGES[key[3]]}
            for key, types in sorted(merged.items(), key=lambda item: (item[0][0], item[1], str(item[0])))]
    return result
