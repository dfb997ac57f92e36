// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The registers of a probed function (struct pt_regs, arch/*/include/uapi/asm/ptrace.h), and which of them hold what.
//
// A program of a probe is for one machine: the one that compiles it, or the one that __TARGET_ARCH_x86 or __TARGET_ARCH_arm64 names.
#ifndef CBPF_REGISTERS_H
#define CBPF_REGISTERS_H

#include "cbpf_base.h"

#if !defined(__TARGET_ARCH_x86) && !defined(__TARGET_ARCH_arm64)
#if defined(__aarch64__)
#define __TARGET_ARCH_arm64
#else
#define __TARGET_ARCH_x86
#endif
#endif

#if defined(__TARGET_ARCH_arm64)
struct pt_regs {
  __u64 regs[31];
  __u64 sp;
  __u64 pc;
  __u64 pstate;
};
#define CBPF_ARGUMENT(r, n) ((r)->regs[n])
#define CBPF_RESULT(r) ((r)->regs[0])
#define CBPF_POINTER_OF_CODE(r) ((r)->pc)
#define CBPF_POINTER_OF_STACK(r) ((r)->sp)
#define CBPF_POINTER_OF_FRAME(r) ((r)->regs[29])
#else
struct pt_regs {
  __u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss;
};
#define CBPF_ARGUMENT(r, n) ((n) == 0 ? (r)->rdi : (n) == 1 ? (r)->rsi : (n) == 2 ? (r)->rdx : (n) == 3 ? (r)->rcx : (n) == 4 ? (r)->r8 : (r)->r9)
#define CBPF_RESULT(r) ((r)->rax)
#define CBPF_POINTER_OF_CODE(r) ((r)->rip)
#define CBPF_POINTER_OF_STACK(r) ((r)->rsp)
#define CBPF_POINTER_OF_FRAME(r) ((r)->rbp)
#endif

/// A sample of a perf event (include/uapi/linux/bpf_perf_event.h).
struct bpf_perf_event_data {
  struct pt_regs regs;
  __u64 sample_period;
  __u64 addr;
};

/// Arguments by their place, from 0; each of these becomes one load.
CBPF_INLINE __u64 cbpf_argument0(const struct pt_regs *_Nonnull r) { return CBPF_ARGUMENT(r, 0); }
CBPF_INLINE __u64 cbpf_argument1(const struct pt_regs *_Nonnull r) { return CBPF_ARGUMENT(r, 1); }
CBPF_INLINE __u64 cbpf_argument2(const struct pt_regs *_Nonnull r) { return CBPF_ARGUMENT(r, 2); }
CBPF_INLINE __u64 cbpf_argument3(const struct pt_regs *_Nonnull r) { return CBPF_ARGUMENT(r, 3); }
CBPF_INLINE __u64 cbpf_argument4(const struct pt_regs *_Nonnull r) { return CBPF_ARGUMENT(r, 4); }
CBPF_INLINE __u64 cbpf_argument5(const struct pt_regs *_Nonnull r) { return CBPF_ARGUMENT(r, 5); }
CBPF_INLINE __u64 cbpf_result(const struct pt_regs *_Nonnull r) { return CBPF_RESULT(r); }
CBPF_INLINE __u64 cbpf_instruction_pointer(const struct pt_regs *_Nonnull r) { return CBPF_POINTER_OF_CODE(r); }
CBPF_INLINE __u64 cbpf_stack_pointer(const struct pt_regs *_Nonnull r) { return CBPF_POINTER_OF_STACK(r); }
CBPF_INLINE __u64 cbpf_frame_pointer(const struct pt_regs *_Nonnull r) { return CBPF_POINTER_OF_FRAME(r); }

#endif
