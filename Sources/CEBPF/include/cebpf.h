// C shims of the hosts: what Swift cannot say by itself (variadic system calls, layouts that machine code shares).
// SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_H
#define CEBPF_H

#include <stdint.h>

/// What a running program's machine code, interpreter and helpers share: one for each run, on the caller's stack.
///
/// The JIT knows the first fields by their offsets (EBPFJIT/EnvironmentLayout.swift has the same numbers, a test compares them).
struct ebpf_environment {
  /// Tail calls that are left; the JIT counts it down.  offset 0
  uint32_t tail_calls_left;
  /// The per-CPU slot that the run holds: what bpf_get_smp_processor_id returns.  offset 4
  uint32_t cpu;
  /// The host's own state of the run (EBPFRuntime's RunState), opaque to generated code.  offset 8
  void *_Nullable state;
  /// The packet or other hook object that helpers such as bpf_xdp_adjust_head work on.  offset 16
  void *_Nullable hook;
};

/// A helper as generated code and the interpreter call it: the five arguments and the environment, in the platform's C convention
/// (on x86-64 the eBPF argument registers are already rdi, rsi, rdx, rcx, r8; the environment goes to r9).
typedef uint64_t (*ebpf_helper)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, struct ebpf_environment *_Nonnull);

/// The entry point of compiled code.
typedef uint64_t (*ebpf_entry)(uint64_t r1, uint64_t r2, struct ebpf_environment *_Nonnull);

#endif
