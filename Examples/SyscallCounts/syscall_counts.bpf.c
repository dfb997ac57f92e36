// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of syscall_counts.swift.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct call {
  __u32 pid;
  __u32 number;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, struct call);
  __type(value, __u64);
} calls SEC(".maps");

const volatile __u32 only_process;

SEC("raw_tracepoint/sys_enter")
int entered(struct bpf_raw_tracepoint_args *ctx) {
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (only_process && only_process != pid) return 0;
  struct call call = {.pid = pid, .number = ctx->args[1]};
  __u64 *count = bpf_map_lookup_elem(&calls, &call);
  if (count) {
    __sync_fetch_and_add(count, 1);
  } else {
    __u64 one = 1;
    bpf_map_update_elem(&calls, &call, &one, BPF_ANY);
  }
  return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
