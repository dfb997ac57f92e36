// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of exec_tracer.swift.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
  __u64 time;
  __u32 pid;
  __u32 uid;
  __u32 kind;
  __s32 length;
  __u8 command[16];
  __u8 path[128];
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 18);
} events SEC(".maps");

__u64 lost;
const volatile __u32 only_user = ~0u;

struct process_exec {
  __u64 common;
  __u32 filename;
  __s32 pid;
  __s32 old_pid;
};

struct syscall_enter {
  __u64 common;
  __s64 number;
  __u64 arguments[6];
};

static __always_inline struct event *begin(__u32 kind) {
  __u32 user = bpf_get_current_uid_gid();
  if (only_user != ~0u && user != only_user) return 0;
  struct event *record = bpf_ringbuf_reserve(&events, sizeof *record, 0);
  if (!record) {
    __sync_fetch_and_add(&lost, 1);
    return 0;
  }
  __builtin_memset(record, 0, sizeof *record);
  record->time = bpf_ktime_get_ns();
  record->pid = bpf_get_current_pid_tgid() >> 32;
  record->uid = user;
  record->kind = kind;
  bpf_get_current_comm(record->command, sizeof record->command);
  return record;
}

SEC("tracepoint/sched/sched_process_exec")
int executed(struct process_exec *ctx) {
  void *name = (void *)ctx + (ctx->filename & 0xffff);
  struct event *record = begin(0);
  if (!record) return 0;
  record->length = bpf_probe_read_kernel_str(record->path, sizeof record->path, name);
  bpf_ringbuf_submit(record, 0);
  return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int opened(struct syscall_enter *ctx) {
  void *path = (void *)ctx->arguments[1];
  struct event *record = begin(1);
  if (!record) return 0;
  record->length = bpf_probe_read_user_str(record->path, sizeof record->path, path);
  bpf_ringbuf_submit(record, 0);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
