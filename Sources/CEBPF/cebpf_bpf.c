// SPDX-License-Identifier: Apache-2.0
#include "cebpf_bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

// The kernel reads and writes these by offset; a field that moves is a bug that no test would name.
_Static_assert(offsetof(struct ebpf_map_create, map_extra) == 64, "bpf_attr.map_extra");
_Static_assert(sizeof(struct ebpf_map_element) == 32, "bpf_attr, element operations");
_Static_assert(sizeof(struct ebpf_map_batch) == 56, "bpf_attr.batch");
_Static_assert(offsetof(struct ebpf_program_load, log_true_size) == 140, "bpf_attr.log_true_size");
_Static_assert(offsetof(struct ebpf_btf_load, log_true_size) == 28, "bpf_attr.btf_log_true_size");
_Static_assert(offsetof(struct ebpf_program_test_run, batch_size) == 72, "bpf_attr.test.batch_size");
_Static_assert(offsetof(struct ebpf_program_info, verified_insns) == 216, "bpf_prog_info.verified_insns");

long ebpf_bpf(int command, void *attributes, size_t size) {
#if defined(__linux__) && defined(SYS_bpf)
  long result = syscall(SYS_bpf, command, attributes, size);
  return result < 0 ? -(long)errno : result;
#else
  (void)command;
  (void)attributes;
  (void)size;
  return -ENOSYS;
#endif
}

void ebpf_close(int fd) { close(fd); }

void *ebpf_map_memory(int fd, size_t size, uint64_t offset, int writable, int *error) {
  void *address = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, (off_t)offset);
  if (address == MAP_FAILED) {
    *error = errno;
    return NULL;
  }
  return address;
}

void ebpf_unmap_memory(void *address, size_t size) { munmap(address, size); }

size_t ebpf_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }
