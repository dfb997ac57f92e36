// The atomic memory operations of eBPF on plain addresses, sequentially consistent where they fetch, as RFC 9669 section 5.3 and the
// kernel's memory model say. Swift's Synchronization has atomics on its own storage only.
// SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_ATOMICS_H
#define CEBPF_ATOMICS_H

#include <stdint.h>

#define CEBPF_ATOMIC(bits)                                                                                                        \
  static inline uint##bits##_t cebpf_atomic_add##bits(uint64_t address, uint##bits##_t value) {                                   \
    return __atomic_fetch_add((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_SEQ_CST);                                     \
  }                                                                                                                               \
  static inline uint##bits##_t cebpf_atomic_or##bits(uint64_t address, uint##bits##_t value) {                                    \
    return __atomic_fetch_or((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_SEQ_CST);                                      \
  }                                                                                                                               \
  static inline uint##bits##_t cebpf_atomic_and##bits(uint64_t address, uint##bits##_t value) {                                   \
    return __atomic_fetch_and((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_SEQ_CST);                                     \
  }                                                                                                                               \
  static inline uint##bits##_t cebpf_atomic_xor##bits(uint64_t address, uint##bits##_t value) {                                   \
    return __atomic_fetch_xor((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_SEQ_CST);                                     \
  }                                                                                                                               \
  static inline uint##bits##_t cebpf_atomic_exchange##bits(uint64_t address, uint##bits##_t value) {                              \
    return __atomic_exchange_n((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_SEQ_CST);                                    \
  }                                                                                                                               \
  /* Stores `value` where memory holds `expected`; the result is what memory held. */                                             \
  static inline uint##bits##_t cebpf_atomic_compare_exchange##bits(                                                               \
    uint64_t address, uint##bits##_t expected, uint##bits##_t value) {                                                            \
    __atomic_compare_exchange_n(                                                                                                  \
      (uint##bits##_t *)(uintptr_t)address, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                             \
    return expected;                                                                                                              \
  }

CEBPF_ATOMIC(32)
CEBPF_ATOMIC(64)
#undef CEBPF_ATOMIC

#define CEBPF_ORDERED(bits)                                                                                                       \
  static inline uint##bits##_t cebpf_load_acquire##bits(uint64_t address) {                                                       \
    return __atomic_load_n((const uint##bits##_t *)(uintptr_t)address, __ATOMIC_ACQUIRE);                                         \
  }                                                                                                                               \
  static inline void cebpf_store_release##bits(uint64_t address, uint##bits##_t value) {                                          \
    __atomic_store_n((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_RELEASE);                                              \
  }

CEBPF_ORDERED(8)
CEBPF_ORDERED(16)
CEBPF_ORDERED(32)
CEBPF_ORDERED(64)
#undef CEBPF_ORDERED

#endif
