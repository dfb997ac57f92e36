// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Loops whose end the verifier does not see, and locks.
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

#endif
