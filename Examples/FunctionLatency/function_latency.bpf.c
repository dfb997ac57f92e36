// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of function_latency.swift.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 10240);
  __type(key, __u64);
  __type(value, __u64);
} started SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 32);
  __type(key, __u32);
  __type(value, __u64);
} histogram SEC(".maps");

__u64 count;
__u64 nanoseconds;

SEC("uprobe")
int entered(struct pt_regs *ctx) {
  __u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
  bpf_map_update_elem(&started, &thread, &now, BPF_ANY);
  return 0;
}

SEC("uretprobe")
int returned(struct pt_regs *ctx) {
  __u64 thread = bpf_get_current_pid_tgid();
  __u64 *found = bpf_map_lookup_elem(&started, &thread);
  if (!found) return 0;
  __u64 start = *found;
  bpf_map_delete_elem(&started, &thread);
  __u64 time = bpf_ktime_get_ns() - start;
  __sync_fetch_and_add(&count, 1);
  __sync_fetch_and_add(&nanoseconds, time);
  __u32 slot = 0;
  while (slot < 31 && time / 1000 >= 1ull << slot) slot++;
  __u64 *calls = bpf_map_lookup_elem(&histogram, &slot);
  if (calls) ++*calls;
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
