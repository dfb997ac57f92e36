// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Loops whose end the verifier does not see, and kernel functions (kfuncs), which are called by name.
#ifndef CBPF_LOOPS_H
#define CBPF_LOOPS_H

#include "cbpf_base.h"
#include "cbpf_contexts.h"
#include "cbpf_helpers.h"

/// Whether a loop may go on: the instruction may_goto (Linux 6.9) leaves it after about eight million turns (BPF_MAX_LOOPS).
CBPF_INLINE _Bool cbpf_may_continue(void) {
#if CBPF_NATIVE
  return 1;
#else
  __asm__ volatile goto("may_goto %l[over]" : : : : over);
  return 1;
over:
  return 0;
#endif
}

/// `bpf_spin_lock`, whose name is also the struct's.
CBPF_INLINE void cbpf_lock(struct bpf_spin_lock *_Nonnull lock) { (void)bpf_spin_lock(lock); }
/// `bpf_spin_unlock`
CBPF_INLINE void cbpf_unlock(struct bpf_spin_lock *_Nonnull lock) { (void)bpf_spin_unlock(lock); }

#if !CBPF_NATIVE
// Kernel functions: the loader finds them by name in the kernel's BTF. The lowering gives these declarations debug information.
#define CBPF_KERNEL extern __attribute__((section(".ksyms")))

/// An open-coded iterator over numbers (Linux 6.4).
struct bpf_iter_num {
  __u64 opaque[1];
};
CBPF_KERNEL int bpf_iter_num_new(struct bpf_iter_num *_Nonnull it, int start, int end);
CBPF_KERNEL int *_Nullable bpf_iter_num_next(struct bpf_iter_num *_Nonnull it);
CBPF_KERNEL void bpf_iter_num_destroy(struct bpf_iter_num *_Nonnull it);
CBPF_INLINE int cbpf_iter_num_new(struct bpf_iter_num *_Nonnull it, int start, int end) { return bpf_iter_num_new(it, start, end); }
CBPF_KERNEL void bpf_rcu_read_lock(void);
CBPF_KERNEL void bpf_rcu_read_unlock(void);
CBPF_KERNEL void bpf_preempt_disable(void);
CBPF_KERNEL void bpf_preempt_enable(void);
#endif

#endif
