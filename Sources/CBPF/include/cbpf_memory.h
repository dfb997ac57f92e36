// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Operations on memory that must reach the eBPF back end in one particular form.
#ifndef CBPF_MEMORY_H
#define CBPF_MEMORY_H

#include "cbpf_base.h"
#include "cbpf_contexts.h"
#include "cbpf_host.h"

// Packets: a context holds addresses in 32 bits, and the verifier knows them as pointers when they are loaded.
#if CBPF_NATIVE
#define CBPF_PACKET(c, field) cbpf_address(c, __builtin_offsetof(__typeof__(*(c)), field))
#else
#define CBPF_PACKET(c, field) ((void *)(unsigned long)(c)->field)
#endif
CBPF_INLINE void *_Nonnull cbpf_xdp_data(const struct xdp_md *_Nonnull c) { return CBPF_PACKET(c, data); }
CBPF_INLINE void *_Nonnull cbpf_xdp_data_end(const struct xdp_md *_Nonnull c) { return CBPF_PACKET(c, data_end); }
CBPF_INLINE void *_Nonnull cbpf_xdp_data_meta(const struct xdp_md *_Nonnull c) { return CBPF_PACKET(c, data_meta); }
CBPF_INLINE void *_Nonnull cbpf_skb_data(const struct __sk_buff *_Nonnull c) { return CBPF_PACKET(c, data); }
CBPF_INLINE void *_Nonnull cbpf_skb_data_end(const struct __sk_buff *_Nonnull c) { return CBPF_PACKET(c, data_end); }
CBPF_INLINE void *_Nonnull cbpf_skb_data_meta(const struct __sk_buff *_Nonnull c) { return CBPF_PACKET(c, data_meta); }

/// The verifier follows no packet further than 65535 bytes (MAX_PACKET_OFF in kernel/bpf/verifier.c). Less than that leaves something for what
/// comes before and behind an offset. Where the compiler sees that an offset is small it compares nothing.
#define CBPF_PACKET_LIMIT 0xF000

/// What lies `offset` bytes behind `start`. Where the offset is no constant the sum is made once and kept: made again behind the check of its
/// bounds, for one, it would be another pointer to the verifier.
CBPF_INLINE void *_Nonnull cbpf_packet_part(const void *_Nonnull start, unsigned long offset) {
  char *at = (char *)start + (offset > CBPF_PACKET_LIMIT ? CBPF_PACKET_LIMIT : offset);
  if (!__builtin_constant_p(offset)) __asm__("" : "+r"(at));
  return at;
}

/// `offset` bytes behind `start` where `size` bytes there end at `end` or before, else null. The comparison stays one of pointers:
/// as arithmetic LLVM may turn it into a form that the verifier does not follow.
CBPF_INLINE void *_Nullable cbpf_packet_at(void *_Nonnull start, void *_Nonnull end, unsigned long offset, unsigned long size) {
  char *at;
  if (offset > CBPF_PACKET_LIMIT) return 0;
  at = (char *)cbpf_packet_part(start, offset);
  if (at + size > (char *)end) return 0;
  // No packet lies at 0: without this the optional is compared with it once more.
  __builtin_assume(at != 0);
  return at;
}

/// Fills with zero bytes.
CBPF_INLINE void cbpf_zero(void *_Nonnull p, unsigned long n) { __builtin_memset(p, 0, n); }

/// Copies a number of bytes known to the compiler.
CBPF_INLINE void cbpf_copy(void *_Nonnull to, const void *_Nonnull from, unsigned long n) { __builtin_memcpy(to, from, n); }

/// The same number, which the compiler knows nothing about.
CBPF_INLINE __u64 cbpf_opaque(__u64 v) {
  __asm__ volatile("" : "+r"(v));
  return v;
}

/// The same pointer, which the compiler knows nothing about.
CBPF_INLINE void *_Nonnull cbpf_opaque_pointer(void *_Nonnull v) {
  __asm__ volatile("" : "+r"(v));
  return v;
}

/// Makes memory be used, for the compiler.
CBPF_INLINE void cbpf_use(const void *_Nonnull p) { __asm__ volatile("" : : "r"(p) : "memory"); }

/// Keeps loads and stores on their side of this point.
CBPF_INLINE void cbpf_barrier(void) { __asm__ volatile("" ::: "memory"); }

// Loads and stores that happen exactly once, where they are written.
CBPF_INLINE __u8 cbpf_load8(const void *_Nonnull p) { return *(const volatile __u8 *)p; }
CBPF_INLINE __u16 cbpf_load16(const void *_Nonnull p) { return *(const volatile __u16 *)p; }
CBPF_INLINE __u32 cbpf_load32(const void *_Nonnull p) { return *(const volatile __u32 *)p; }
CBPF_INLINE __u64 cbpf_load64(const void *_Nonnull p) { return *(const volatile __u64 *)p; }
CBPF_INLINE void cbpf_store8(void *_Nonnull p, __u8 v) { *(volatile __u8 *)p = v; }
CBPF_INLINE void cbpf_store16(void *_Nonnull p, __u16 v) { *(volatile __u16 *)p = v; }
CBPF_INLINE void cbpf_store32(void *_Nonnull p, __u32 v) { *(volatile __u32 *)p = v; }
CBPF_INLINE void cbpf_store64(void *_Nonnull p, __u64 v) { *(volatile __u64 *)p = v; }

// Atomic operations. Those without a result may be relaxed; LLVM 21's eBPF back end loses the result of a relaxed one, so that those with a
// result are sequentially consistent (which is also what the instruction is).
CBPF_INLINE void cbpf_atomic_add32(void *_Nonnull p, __u32 v) { (void)__atomic_fetch_add((__u32 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_add64(void *_Nonnull p, __u64 v) { (void)__atomic_fetch_add((__u64 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_or32(void *_Nonnull p, __u32 v) { (void)__atomic_fetch_or((__u32 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_or64(void *_Nonnull p, __u64 v) { (void)__atomic_fetch_or((__u64 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_and32(void *_Nonnull p, __u32 v) { (void)__atomic_fetch_and((__u32 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_and64(void *_Nonnull p, __u64 v) { (void)__atomic_fetch_and((__u64 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_xor32(void *_Nonnull p, __u32 v) { (void)__atomic_fetch_xor((__u32 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE void cbpf_atomic_xor64(void *_Nonnull p, __u64 v) { (void)__atomic_fetch_xor((__u64 *)p, v, __ATOMIC_RELAXED); }
CBPF_INLINE __u32 cbpf_fetch_add32(void *_Nonnull p, __u32 v) { return __atomic_fetch_add((__u32 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u64 cbpf_fetch_add64(void *_Nonnull p, __u64 v) { return __atomic_fetch_add((__u64 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u32 cbpf_fetch_or32(void *_Nonnull p, __u32 v) { return __atomic_fetch_or((__u32 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u64 cbpf_fetch_or64(void *_Nonnull p, __u64 v) { return __atomic_fetch_or((__u64 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u32 cbpf_fetch_and32(void *_Nonnull p, __u32 v) { return __atomic_fetch_and((__u32 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u64 cbpf_fetch_and64(void *_Nonnull p, __u64 v) { return __atomic_fetch_and((__u64 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u32 cbpf_fetch_xor32(void *_Nonnull p, __u32 v) { return __atomic_fetch_xor((__u32 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u64 cbpf_fetch_xor64(void *_Nonnull p, __u64 v) { return __atomic_fetch_xor((__u64 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u32 cbpf_exchange32(void *_Nonnull p, __u32 v) { return __atomic_exchange_n((__u32 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u64 cbpf_exchange64(void *_Nonnull p, __u64 v) { return __atomic_exchange_n((__u64 *)p, v, __ATOMIC_SEQ_CST); }
CBPF_INLINE __u32 cbpf_compare_exchange32(void *_Nonnull p, __u32 expected, __u32 desired) {
  __atomic_compare_exchange_n((__u32 *)p, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}
CBPF_INLINE __u64 cbpf_compare_exchange64(void *_Nonnull p, __u64 expected, __u64 desired) {
  __atomic_compare_exchange_n((__u64 *)p, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}

#endif
