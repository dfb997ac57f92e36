// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of run_queue_latency.swift.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 10240);
  __type(key, __s32);
  __type(value, __u64);
} woken SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 32);
  __type(key, __u32);
  __type(value, __u64);
} histogram SEC(".maps");

struct wakeup {
  __u64 common;
  __u8 command[16];
  __s32 pid, priority, processor;
};

struct switching {
  __u64 common;
  __u8 previous_command[16];
  __s32 previous_pid, previous_priority;
  __s64 previous_state;
  __u8 next_command[16];
  __s32 next_pid, next_priority;
};

static __always_inline void note(__s32 pid, __u64 now) { bpf_map_update_elem(&woken, &pid, &now, BPF_ANY); }

SEC("tracepoint/sched/sched_wakeup")
int wakeup(struct wakeup *ctx) {
  note(ctx->pid, bpf_ktime_get_ns());
  return 0;
}

SEC("tracepoint/sched/sched_wakeup_new")
int wakeup_new(struct wakeup *ctx) {
  note(ctx->pid, bpf_ktime_get_ns());
  return 0;
}

static __always_inline __u32 bits(__u32 rest) {
  __u32 count = 0;
  if (rest >> 16) rest >>= 16, count += 16;
  if (rest >> 8) rest >>= 8, count += 8;
  if (rest >> 4) rest >>= 4, count += 4;
  if (rest >> 2) rest >>= 2, count += 2;
  if (rest >> 1) rest >>= 1, count += 1;
  return count + rest;
}

SEC("tracepoint/sched/sched_switch")
int switched(struct switching *ctx) {
  __u64 now = bpf_ktime_get_ns();
  if (!ctx->previous_state) note(ctx->previous_pid, now);
  __s32 pid = ctx->next_pid;
  __u64 *start = bpf_map_lookup_elem(&woken, &pid);
  if (!start) return 0;
  __u64 wait = (now - *start) / 1000;
  bpf_map_delete_elem(&woken, &pid);
  __u32 slot = bits(wait < 0xffffffff ? wait : 0xffffffff);
  if (slot > 31) slot = 31;
  __u64 *count = bpf_map_lookup_elem(&histogram, &slot);
  if (count) __sync_fetch_and_add(count, 1);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
