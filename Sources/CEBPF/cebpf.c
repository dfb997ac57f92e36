// SPDX-License-Identifier: Apache-2.0
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "cebpf.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#else
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#endif

_Static_assert(offsetof(struct ebpf_map, values) == 24, "ebpf_map.values");
_Static_assert(offsetof(struct ebpf_map, cpu_stride) == 32, "ebpf_map.cpu_stride");

uint32_t cebpf_processor_features(void) {
  uint32_t features = 0;
#if defined(__x86_64__)
  unsigned eax, ebx, ecx, edx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && ebx & bit_BMI2) features |= 1;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && ecx & bit_MOVBE) features |= 2;
#endif
  return features;
}

void cebpf_lock(uint32_t *lock) {
  unsigned turns = 0;
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
    while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) {
      if (++turns < 100) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      } else {
        sched_yield();
      }
    }
  }
}

#if defined(__linux__)
void cebpf_wait(uint32_t *word, uint32_t value, int64_t nanoseconds) {
  struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &timeout, NULL, 0);
}

void cebpf_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

int cebpf_memory_file(const char *name, size_t size) {
  int fd = (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */);
  if (fd < 0) return -errno;
  if (ftruncate(fd, (off_t)size) != 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}
#else
void cebpf_wait(uint32_t *word, uint32_t value, int64_t nanoseconds) {
  struct timespec pause = {.tv_sec = 0, .tv_nsec = nanoseconds < 1000000 ? nanoseconds : 1000000};
  if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) nanosleep(&pause, NULL);
}

void cebpf_wake(uint32_t *word) { (void)word; }

int cebpf_memory_file(const char *name, size_t size) {
  static unsigned number;
  char path[64];
  snprintf(path, sizeof path, "/%.20s-%d-%u", name, (int)getpid(), __atomic_add_fetch(&number, 1, __ATOMIC_RELAXED));
  int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return -errno;
  shm_unlink(path);
  if (ftruncate(fd, (off_t)size) != 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}
#endif

uint32_t cebpf_current_processor(void) {
#if defined(__linux__)
  int processor = sched_getcpu();
  return processor < 0 ? 0 : (uint32_t)processor;
#else
  return 0;
#endif
}

static _Alignas(128) uint64_t epoch[16] = {1};
static _Alignas(128) uint64_t processor_slots[CEBPF_PROCESSOR_SLOTS * 8];

uint64_t *cebpf_epoch(void) { return epoch; }
uint64_t *cebpf_processor_slots(void) { return processor_slots; }
