// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "cebpf_system.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <sys/uio.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#include <mach/mach_vm.h>
#include <sys/random.h>
#endif

#if defined(__linux__)

static long read_process(void *destination, uint64_t address, uint64_t size) {
  struct iovec to = {destination, size};
  struct iovec from = {(void *)(uintptr_t)address, size};
  return syscall(SYS_process_vm_readv, (long)getpid(), &to, 1L, &from, 1L, 0L);
}

/// The same through a file, for sandboxes that do not let processes use process_vm_readv.
static long read_memory_file(void *destination, uint64_t address, uint64_t size) {
  if (address > INT64_MAX) return -1;
  int file = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  long count = pread(file, destination, size, (off_t)address);
  close(file);
  return count;
}

uint64_t cebpf_probe_read(void *destination, uint64_t address, uint64_t size) {
  uint64_t done = 0;
  while (done < size) {
    long count = read_process((char *)destination + done, address + done, size - done);
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
      count = read_memory_file((char *)destination + done, address + done, size - done);
    }
    if (count <= 0) break;
    done += (uint64_t)count;
  }
  return done;
}

uint32_t cebpf_thread_id(void) { return (uint32_t)syscall(SYS_gettid); }

uint32_t cebpf_memory_node(void) {
  unsigned processor = 0, node = 0;
  return syscall(SYS_getcpu, &processor, &node, NULL) == 0 ? node : 0;
}

#elif defined(__APPLE__)

uint64_t cebpf_probe_read(void *destination, uint64_t address, uint64_t size) {
  mach_vm_size_t count = 0;
  kern_return_t result = mach_vm_read_overwrite(
    mach_task_self(), address, size, (mach_vm_address_t)(uintptr_t)destination, &count);
  return result == KERN_SUCCESS ? count : 0;
}

uint32_t cebpf_thread_id(void) {
  uint64_t number = 0;
  pthread_threadid_np(NULL, &number);
  return (uint32_t)number;
}

uint32_t cebpf_memory_node(void) { return 0; }

#endif

uint32_t cebpf_process_id(void) { return (uint32_t)getpid(); }

int cebpf_thread_name(char name[16]) {
  char whole[64] = {0};
  int error = pthread_getname_np(pthread_self(), whole, sizeof whole);
  memcpy(name, whole, 15);
  name[15] = 0;
  return error;
}

uint32_t cebpf_random32(void) {
  // SplitMix64: a state that only counts up, mixed on the way out.
  static _Thread_local uint64_t state = 0;
  if (state == 0 && getentropy(&state, sizeof state) != 0) state = (uint64_t)(uintptr_t)&state;
  uint64_t mixed = state += 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((mixed ^ (mixed >> 31)) >> 32);
}
