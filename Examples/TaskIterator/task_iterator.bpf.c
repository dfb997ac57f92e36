// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of task_iterator.swift.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

const volatile __s32 only_parent = 0;
const volatile bool kernel_threads = false;

SEC("iter/task")
int list(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (!task) return 0;
  struct seq_file *output = ctx->meta->seq;
  if (ctx->meta->seq_num == 0) BPF_SEQ_PRINTF(output, "    PID  PARENT THREADS MICROSECONDS COMMAND\n");
  if (task->pid != task->tgid) return 0;
  if (!task->mm && !kernel_threads) return 0;
  __s32 parent = task->real_parent->tgid;
  if (only_parent && parent != only_parent) return 0;
  BPF_SEQ_PRINTF(
      output, "%7d %7d %7d %12llu %s\n", task->tgid, parent, task->signal->nr_threads, task->se.sum_exec_runtime / 1000,
      task->comm);
  return 0;
}

char _license[] SEC("license") = "GPL";
