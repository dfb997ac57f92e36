// A map as programs see it, and the accesses to memory that several threads share: machine code, interpreter and helpers know a map by the
// address of its header alone.
// SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_MAPS_H
#define CEBPF_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ebpf_environment;
struct ebpf_map;

/// The address of the value under a key, or NULL.
typedef void *_Nullable (*ebpf_map_lookup)(struct ebpf_map *_Nonnull, const void *_Nonnull key, struct ebpf_environment *_Nonnull);
/// 0 or a negated errno.
typedef int64_t (*ebpf_map_update)(
  struct ebpf_map *_Nonnull, const void *_Nonnull key, const void *_Nonnull value, uint64_t flags, struct ebpf_environment *_Nonnull);
typedef int64_t (*ebpf_map_delete)(struct ebpf_map *_Nonnull, const void *_Nonnull key, struct ebpf_environment *_Nonnull);
typedef int64_t (*ebpf_map_push)(struct ebpf_map *_Nonnull, const void *_Nonnull value, uint64_t flags);
/// Copies a value out: the oldest of a queue, the newest of a stack.
typedef int64_t (*ebpf_map_pop)(struct ebpf_map *_Nonnull, void *_Nonnull value);
typedef void *_Nullable (*ebpf_map_lookup_on)(struct ebpf_map *_Nonnull, const void *_Nonnull key, uint32_t cpu);
/// Calls `function(map, key, value, context)` of the program for each element; how many there were, or a negated errno.
typedef int64_t (*ebpf_map_for_each)(
  struct ebpf_map *_Nonnull, uint64_t function, uint64_t context, struct ebpf_environment *_Nonnull);

/// A map's header: what `ld_imm64` loads for a map. It stays where it is while the map lives.
///
/// Machine code may rely on the offsets of what stands before `lookup`.
struct ebpf_map {
  /// `enum bpf_map_type`.  offset 0
  uint32_t type;
  /// Bytes.  offsets 4, 8
  uint32_t key_size;
  uint32_t value_size;
  /// offset 12
  uint32_t max_entries;
  /// `BPF_F_*`.  offset 16
  uint32_t flags;
  /// Arrays: bytes from one element to the next.  offset 20
  uint32_t value_stride;
  /// Arrays: the first element, of processor 0 where each has its own.  offset 24
  void *_Nullable values;
  /// Bytes from a value of one processor to the next one's; 0 where they share it.  offset 32
  uint64_t cpu_stride;
  /// How many processors have values of their own; 1 where they share them.  offset 40
  uint32_t processors;
  /// Bytes from a value's start to behind its `struct bpf_spin_lock`; 0 where it has none. Copies leave the lock alone.  offset 44
  uint32_t lock_end;
  ebpf_map_lookup _Nonnull lookup;
  ebpf_map_update _Nonnull update;
  ebpf_map_delete _Nonnull remove;
  ebpf_map_push _Nonnull push;
  ebpf_map_pop _Nonnull pop;
  ebpf_map_pop _Nonnull peek;
  ebpf_map_lookup_on _Nonnull lookup_on;
  ebpf_map_for_each _Nonnull for_each;
  /// The type's own state.
  void *_Nullable table;
  /// The map's object in the runtime, unretained.
  void *_Nullable owner;
};

// Loads and stores that may race with others', on purpose: a program and its host share values without locks, as in the kernel, where
// READ_ONCE and WRITE_ONCE say so.

#define CEBPF_RELAXED(bits)                                                                                                       \
  static inline uint##bits##_t cebpf_load_relaxed##bits(uint64_t address) {                                                       \
    return __atomic_load_n((const uint##bits##_t *)(uintptr_t)address, __ATOMIC_RELAXED);                                         \
  }                                                                                                                               \
  static inline void cebpf_store_relaxed##bits(uint64_t address, uint##bits##_t value) {                                          \
    __atomic_store_n((uint##bits##_t *)(uintptr_t)address, value, __ATOMIC_RELAXED);                                              \
  }

CEBPF_RELAXED(8)
CEBPF_RELAXED(16)
CEBPF_RELAXED(32)
CEBPF_RELAXED(64)
#undef CEBPF_RELAXED

/// Copies bytes into shared memory, which is aligned to 8 bytes, in words.
static inline void cebpf_copy_in(void *_Nonnull shared, const void *_Nonnull bytes, size_t count) {
  uint8_t *to = (uint8_t *)shared;
  const uint8_t *from = (const uint8_t *)bytes;
  for (; count >= 8; count -= 8, to += 8, from += 8) {
    uint64_t word;
    memcpy(&word, from, 8);
    __atomic_store_n((uint64_t *)to, word, __ATOMIC_RELAXED);
  }
  if (count & 4) {
    uint32_t word;
    memcpy(&word, from, 4);
    __atomic_store_n((uint32_t *)to, word, __ATOMIC_RELAXED);
    to += 4;
    from += 4;
  }
  for (count &= 3; count > 0; count--) __atomic_store_n(to++, *from++, __ATOMIC_RELAXED);
}

/// Copies bytes out of shared memory, which is aligned to 8 bytes, in words.
static inline void cebpf_copy_out(void *_Nonnull bytes, const void *_Nonnull shared, size_t count) {
  uint8_t *to = (uint8_t *)bytes;
  const uint8_t *from = (const uint8_t *)shared;
  for (; count >= 8; count -= 8, to += 8, from += 8) {
    uint64_t word = __atomic_load_n((const uint64_t *)from, __ATOMIC_RELAXED);
    memcpy(to, &word, 8);
  }
  if (count & 4) {
    uint32_t word = __atomic_load_n((const uint32_t *)from, __ATOMIC_RELAXED);
    memcpy(to, &word, 4);
    to += 4;
    from += 4;
  }
  for (count &= 3; count > 0; count--) *to++ = __atomic_load_n(from++, __ATOMIC_RELAXED);
}

/// Zeroes shared memory that is aligned to 8 bytes.
static inline void cebpf_zero(void *_Nonnull shared, size_t count) {
  uint8_t *to = (uint8_t *)shared;
  for (; count >= 8; count -= 8, to += 8) __atomic_store_n((uint64_t *)to, 0, __ATOMIC_RELAXED);
  for (; count > 0; count--) __atomic_store_n(to++, 0, __ATOMIC_RELAXED);
}

/// Whether shared memory, aligned to 8 bytes, holds those bytes.
static inline int cebpf_equal(const void *_Nonnull shared, const void *_Nonnull bytes, size_t count) {
  const uint8_t *a = (const uint8_t *)shared;
  const uint8_t *b = (const uint8_t *)bytes;
  for (; count >= 8; count -= 8, a += 8, b += 8) {
    uint64_t word;
    memcpy(&word, b, 8);
    if (__atomic_load_n((const uint64_t *)a, __ATOMIC_RELAXED) != word) return 0;
  }
  if (count & 4) {
    uint32_t word;
    memcpy(&word, b, 4);
    if (__atomic_load_n((const uint32_t *)a, __ATOMIC_RELAXED) != word) return 0;
    a += 4;
    b += 4;
  }
  for (count &= 3; count > 0; count--)
    if (__atomic_load_n(a++, __ATOMIC_RELAXED) != *b++) return 0;
  return 1;
}

/// A load that all sequentially consistent operations agree about.
static inline uint64_t cebpf_load_sequential64(uint64_t address) {
  return __atomic_load_n((const uint64_t *)(uintptr_t)address, __ATOMIC_SEQ_CST);
}

/// Keeps later loads behind an earlier sequentially consistent exchange; on x86-64 that is so anyway.
static inline void cebpf_fence(void) {
#if !defined(__x86_64__)
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/// The process's epoch and the slots of its running programs, a cache line each: see EBPFRuntime's ProcessorSlots.
#define CEBPF_PROCESSOR_SLOTS 1024
uint64_t *_Nonnull cebpf_epoch(void);
uint64_t *_Nonnull cebpf_processor_slots(void);

/// A lock of one word, 0 when free, for sections of a few dozen instructions: whoever waits longer gives the processor away.
void cebpf_lock(uint32_t *_Nonnull lock);
static inline void cebpf_unlock(uint32_t *_Nonnull lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

/// Waits, at most so many nanoseconds, until the word no longer holds that value or ``cebpf_wake`` was called. Where the system has no such
/// wait it sleeps a millisecond.
void cebpf_wait(uint32_t *_Nonnull word, uint32_t value, int64_t nanoseconds);
void cebpf_wake(uint32_t *_Nonnull word);

/// The processor that the thread runs on at the moment; 0 where the system does not tell.
uint32_t cebpf_current_processor(void);

/// A file of memory without a name, of so many bytes; the descriptor or a negated errno.
int cebpf_memory_file(const char *_Nonnull name, size_t size);

#endif
