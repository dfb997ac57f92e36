"""Contexts: for each program type (and attach type, where it matters) what may be read and written, found by asking the kernel."""

import os
import re

import bpf

# The context's C type of each program type (include/linux/bpf_types.h); None: the arguments of what it is attached to.
STRUCTS = {
    "socket_filter": "__sk_buff", "sched_cls": "__sk_buff", "sched_act": "__sk_buff", "xdp": "xdp_md", "cgroup_skb": "__sk_buff",
    "cgroup_sock": "bpf_sock", "cgroup_sock_addr": "bpf_sock_addr", "lwt_in": "__sk_buff", "lwt_out": "__sk_buff",
    "lwt_xmit": "__sk_buff", "lwt_seg6local": "__sk_buff", "sock_ops": "bpf_sock_ops", "sk_skb": "__sk_buff", "sk_msg": "sk_msg_md",
    "flow_dissector": "__sk_buff", "kprobe": "pt_regs", "perf_event": "bpf_perf_event_data", "cgroup_device": "bpf_cgroup_dev_ctx",
    "cgroup_sysctl": "bpf_sysctl", "cgroup_sockopt": "bpf_sockopt", "sk_reuseport": "sk_reuseport_md", "sk_lookup": "bpf_sk_lookup",
    "netfilter": "bpf_nf_ctx",
}
# Contexts too large to try every offset: bytes (PERF_MAX_TRACE_SIZE, U16_MAX).
LARGE = {"tracepoint": 8192, "syscall": 65535}
WINDOW = 320
# What the probe machine refuses to load, from kernel/bpf/verifier.c, bpf_lsm.c and drivers/media/rc/bpf-lirc.c.
BY_SOURCE = [
    {"type": "tracing", "attach": ["trace_fentry", "trace_fexit"], "struct": None, "access": [], "result": [0, 0]},
    {"type": "tracing", "attach": ["modify_return"], "struct": None, "access": [], "result": None},
    {"type": "lsm", "attach": ["lsm_mac"], "struct": None, "access": [], "result": [-4095, 0]},
    {"type": "lsm", "attach": ["lsm_cgroup"], "struct": None, "access": [], "result": [0, 1]},
    {"type": "lirc_mode2", "attach": None, "struct": None, "access": [["read", 4, 0, 0, 4, "scalar"]], "result": None},
]


def attempt(number, attach, btf_id, sleepable, body, result):
    code = body + bpf.mov(0, result) + bpf.EXIT
    fd, log = bpf.load(number, code, attach, (1 << 4) if sleepable else 0, level=0, attach_btf_id=btf_id)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def kind_of(number, attach, btf_id, sleepable, size, offset, result):
    """The verifier's word for what a load yields: `scalar`, `pkt`, `sock_common_or_null`, ..."""
    code = bpf.ldx(size, 2, 1, offset) + bpf.mov(0, result) + bpf.EXIT
    fd, log = bpf.load(number, code, attach, (1 << 4) if sleepable else 0, level=2, attach_btf_id=btf_id)
    if fd >= 0:
        os.close(fd)
    match = re.search(r"R2(?:_w)?=([^(\s]+)", log)
    text = match.group(1) if match else "scalar"
    return "scalar" if re.fullmatch(r"-?\d+|0x[0-9a-f]+|scalar|P?scalar", text) else text


def result_range(number, attach, btf_id, sleepable):
    """[low, high] that R0 must be in at exit, or None."""
    code = bpf.call(7) + bpf.EXIT  # bpf_get_prandom_u32: a number that nothing is known of
    fd, log = bpf.load(number, code, attach, (1 << 4) if sleepable else 0, level=1, attach_btf_id=btf_id)
    if fd >= 0:
        os.close(fd)
        return None
    match = re.search(r"should have been in \[(-?\d+), (-?\d+)\]", log)
    if not match:
        raise ValueError(f"unexpected answer: {log}")
    return [int(match.group(1)), int(match.group(2))]


def offsets(program_type):
    """The offsets to try: all of a struct; of large contexts both ends."""
    if program_type in LARGE:
        end = LARGE[program_type]
        return list(range(0, 64)) + list(range(min(end - 64, 32700), min(end + 16, 32768)))
    return range(0, WINDOW)


def runs(cells):
    """{(mode, size): {offset: kind}} as sorted [mode, size, first, last, step, kind] rows."""
    rows = []
    for (mode, size), by_offset in sorted(cells.items()):
        kinds = {}
        for offset, kind in by_offset.items():
            kinds.setdefault(kind, []).append(offset)
        for kind, places in sorted(kinds.items()):
            places.sort()
            at = 0
            while at < len(places):
                step = places[at + 1] - places[at] if at + 1 < len(places) else size
                if step > size:
                    step = size
                end = at
                while end + 1 < len(places) and places[end + 1] - places[end] == step:
                    end += 1
                rows.append([mode, size, places[at], places[end], step, kind])
                at = end + 1
    return rows


def layout(program_type, number, attach, btf_id, sleepable, result):
    cells = {}
    for size in (1, 2, 4, 8):
        for offset in offsets(program_type):
            if attempt(number, attach, btf_id, sleepable, bpf.ldx(size, 2, 1, offset), result):
                kind = kind_of(number, attach, btf_id, sleepable, size, offset, result)
                cells.setdefault(("read", size), {})[offset] = kind
            if attempt(number, attach, btf_id, sleepable, bpf.mov(2, 0) + bpf.stx(size, 1, 2, offset), result):
                cells.setdefault(("write", size), {})[offset] = "scalar"
    if program_type in LARGE:  # the ends agree, so the middle is as they are; an instruction's offset ends at 32767
        for (_, size), by_offset in cells.items():
            for offset in range(min(by_offset), LARGE[program_type], size):
                by_offset.setdefault(offset, "scalar")
    return runs(cells)


def fingerprint(number, attach, btf_id, sleepable, result):
    """What a quick look sees: aligned words only. Where two attach types agree on it, they agree on the rest."""
    mark = []
    for size in (4, 8):
        for offset in range(0, WINDOW, size):
            for body in (bpf.ldx(size, 2, 1, offset), bpf.mov(2, 0) + bpf.stx(size, 1, 2, offset)):
                mark.append(attempt(number, attach, btf_id, sleepable, body, result))
    return tuple(mark)


def extract(attachable):
    """[{type, attach, access, result}]: one for each attach type where the answers differ, else one with attach None."""
    found = []
    by_type = {}
    for (program_type, attach, sleepable), where in attachable.items():
        if sleepable and program_type != "syscall":
            continue
        by_type.setdefault(program_type, []).append((attach, sleepable, where))
    for program_type, entries in by_type.items():
        if program_type in ("tracing", "struct_ops"):
            entries = entries if program_type == "tracing" else entries[:1]
        answers = []
        cache = {}
        for attach, sleepable, (number, attach_number, btf_id) in entries:
            span = result_range(number, attach_number, btf_id, sleepable)
            result = span[1] if span else 0
            where = (number, attach_number, btf_id, sleepable, result)
            if program_type in ("tracing", "struct_ops"):
                access = []
            else:
                mark = fingerprint(*where)
                if mark not in cache:
                    cache[mark] = layout(program_type, *where)
                access = cache[mark]
            answers.append((attach, access, span))
        groups = {}
        for attach, access, span in answers:
            groups.setdefault((str(access), str(span)), ([], access, span))[0].append(attach)
        for attaches, access, span in groups.values():
            found.append({
                "type": program_type, "attach": None if len(attaches) == len(entries) else attaches, "struct": STRUCTS.get(program_type),
                "access": access, "result": span})
    return found
