// C shims of the hosts: what Swift cannot say by itself (variadic system calls, layouts that machine code shares).
// SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_H
#define CEBPF_H

#include <stddef.h>
#include <stdint.h>

#include "cebpf_atomics.h"
#include "cebpf_maps.h"
#include "cebpf_native.h"
#include "cebpf_system.h"

struct ebpf_environment;

/// A helper as generated code and the interpreter call it: the five arguments and the environment, in the platform's C convention
/// (on x86-64 the eBPF argument registers are already rdi, rsi, rdx, rcx, r8; the environment goes to r9).
typedef uint64_t (*ebpf_helper)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, struct ebpf_environment *_Nonnull);

/// The entry point of compiled code.
typedef uint64_t (*ebpf_entry)(uint64_t r1, uint64_t r2, struct ebpf_environment *_Nonnull);

/// Calls back into the program that runs: `function` is the value that an `ld_imm64` with source 4 (a function) loaded, r1 to r5 its arguments,
/// the result its r0. Helpers with a callback (bpf_loop, bpf_for_each_map_elem) go through ``ebpf_environment/call``, so that they need not
/// know who executes the program.
///
/// In compiled code the value is the address of a thunk of type ``ebpf_helper`` (arguments r1 to r5 and the environment, in the platform's
/// C convention, which preserves what that convention says), so that this is a plain call there. In the interpreter it is the address of the
/// function's first decoded instruction.
typedef uint64_t (*ebpf_callback)(
  struct ebpf_environment *_Nonnull, uint64_t function, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5);

/// What a running program's machine code, interpreter and helpers share: one for each run, on the caller's stack.
///
/// The JIT knows the first fields by their offsets (EBPFJIT/X86_64/X86_64Translator+Calls.swift has the same numbers).
struct ebpf_environment {
  /// Tail calls that are left; whoever makes one counts it down.  offset 0
  uint32_t tail_calls_left;
  /// The per-CPU slot that the run holds: what bpf_get_smp_processor_id returns.  offset 4
  uint32_t cpu;
  /// The host's own state of the run (EBPFRuntime's RunState), opaque to generated code.  offset 8
  void *_Nullable state;
  /// The packet or other hook object that helpers such as bpf_xdp_adjust_head work on.  offset 16
  void *_Nullable hook;
  /// How a helper runs a function of the program.  offset 24
  ebpf_callback _Nullable call;
  /// A packet whose bytes do not move or change while the run lasts: compiled LD_ABS and LD_IND with offsets from 0 on read it directly.
  /// Both null: they ask the host for every load.  offset 32
  const void *_Nullable packet_start;
  /// The byte behind its last.  offset 40
  const void *_Nullable packet_end;
};

_Static_assert(offsetof(struct ebpf_environment, packet_start) == 32, "the JIT reads the packet's start there");
_Static_assert(offsetof(struct ebpf_environment, packet_end) == 40, "the JIT reads the packet's end there");

/// A loaded program as a prog array holds it: what a tail call needs to go there. It stays where it is while the program can be reached.
struct ebpf_program {
  /// The address at which compiled code enters by a tail call; 0 where the program is interpreted.
  uint64_t tail_call_entry;
  /// The first decoded instruction, for the interpreter.
  const void *_Nullable instructions;
  /// The program's own record in the runtime.
  void *_Nullable owner;
  /// `enum bpf_prog_type`: a prog array holds programs of one type.
  uint32_t type;
  uint32_t reserved;
};

/// What `callx` calls in compiled code: a helper's arguments and, behind them on the stack, the callee that the program had in the register.
typedef uint64_t (*ebpf_indirect_call)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, struct ebpf_environment *_Nonnull, uint64_t callee);

/// Instructions of this processor that the compiler of eBPF makes use of: bit 0 BMI2, bit 1 MOVBE; 0 on processors other than x86-64.
uint32_t cebpf_processor_features(void);

/// Makes instructions that were written as data visible to instruction fetch; nothing to do on x86-64.
static inline void cebpf_synchronize_code(void *_Nonnull start, long byte_count) {
  __builtin___clear_cache((char *)start, (char *)start + byte_count);
}

#endif
