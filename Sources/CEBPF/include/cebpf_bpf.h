// bpf(2) for the kernel host: the system calls that Swift cannot make by itself, and the attribute structures of our own, so that a
// build does not depend on how new the system's <linux/bpf.h> is. Layouts: include/uapi/linux/bpf.h (Linux 6.18), whose ABI only grows:
// the size that goes with each call tells the kernel which fields there are, and fields past the end count as zero.
// SPDX-License-Identifier: Apache-2.0
#ifndef CEBPF_BPF_H
#define CEBPF_BPF_H

#include <stddef.h>
#include <stdint.h>

/// `enum bpf_cmd`, those that the kernel host makes.
enum ebpf_command {
  EBPF_MAP_CREATE = 0,
  EBPF_MAP_LOOKUP_ELEM = 1,
  EBPF_MAP_UPDATE_ELEM = 2,
  EBPF_MAP_DELETE_ELEM = 3,
  EBPF_MAP_GET_NEXT_KEY = 4,
  EBPF_PROG_LOAD = 5,
  EBPF_PROG_TEST_RUN = 10,
  EBPF_OBJ_GET_INFO_BY_FD = 15,
  EBPF_BTF_LOAD = 18,
  EBPF_MAP_LOOKUP_AND_DELETE_ELEM = 21,
  EBPF_MAP_FREEZE = 22,
  EBPF_MAP_LOOKUP_BATCH = 24,
  EBPF_ENABLE_STATS = 32,
};

/// The attributes of `BPF_MAP_CREATE`.
struct ebpf_map_create {
  uint32_t map_type;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t max_entries;
  uint32_t map_flags;
  uint32_t inner_map_fd;
  uint32_t numa_node;
  char map_name[16];
  uint32_t map_ifindex;
  uint32_t btf_fd;
  uint32_t btf_key_type_id;
  uint32_t btf_value_type_id;
  uint32_t btf_vmlinux_value_type_id;
  uint64_t map_extra;
};

/// The attributes of the operations on one element: lookup, update, delete, next key.
struct ebpf_map_element {
  uint32_t map_fd;
  uint32_t reserved;
  uint64_t key;
  /// The value, or where the next key goes.
  uint64_t value;
  uint64_t flags;
};

/// The attributes of the operations on many elements: lookup.
struct ebpf_map_batch {
  /// Where the batch before ended, 0 for the first.
  uint64_t in_batch;
  uint64_t out_batch;
  uint64_t keys;
  uint64_t values;
  /// Elements that there is room for, and that were copied.
  uint32_t count;
  uint32_t map_fd;
  uint64_t elem_flags;
  uint64_t flags;
};

/// The attributes of `BPF_PROG_LOAD`.
struct ebpf_program_load {
  uint32_t prog_type;
  uint32_t insn_cnt;
  uint64_t insns;
  uint64_t license;
  uint32_t log_level;
  uint32_t log_size;
  uint64_t log_buf;
  uint32_t kern_version;
  uint32_t prog_flags;
  char prog_name[16];
  uint32_t prog_ifindex;
  uint32_t expected_attach_type;
  uint32_t prog_btf_fd;
  uint32_t func_info_rec_size;
  uint64_t func_info;
  uint32_t func_info_cnt;
  uint32_t line_info_rec_size;
  uint64_t line_info;
  uint32_t line_info_cnt;
  uint32_t attach_btf_id;
  uint32_t attach_prog_fd;
  uint32_t core_relo_cnt;
  uint64_t fd_array;
  uint64_t core_relos;
  uint32_t core_relo_rec_size;
  /// Out: the log's whole length, its final zero included, however small the buffer was (Linux 6.4).
  uint32_t log_true_size;
};

/// The attributes of `BPF_BTF_LOAD`.
struct ebpf_btf_load {
  uint64_t btf;
  uint64_t log_buf;
  uint32_t btf_size;
  uint32_t log_size;
  uint32_t log_level;
  uint32_t log_true_size;
};

/// The attributes of `BPF_PROG_TEST_RUN`.
struct ebpf_program_test_run {
  uint32_t prog_fd;
  uint32_t retval;
  uint32_t data_size_in;
  uint32_t data_size_out;
  uint64_t data_in;
  uint64_t data_out;
  uint32_t repeat;
  uint32_t duration;
  uint32_t ctx_size_in;
  uint32_t ctx_size_out;
  uint64_t ctx_in;
  uint64_t ctx_out;
  uint32_t flags;
  uint32_t cpu;
  uint32_t batch_size;
  uint32_t reserved;
};

/// The attributes of `BPF_OBJ_GET_INFO_BY_FD`.
struct ebpf_object_info {
  uint32_t bpf_fd;
  uint32_t info_len;
  uint64_t info;
};

/// `struct bpf_prog_info`.
struct ebpf_program_info {
  uint32_t type;
  uint32_t id;
  uint8_t tag[8];
  uint32_t jited_prog_len;
  uint32_t xlated_prog_len;
  uint64_t jited_prog_insns;
  uint64_t xlated_prog_insns;
  uint64_t load_time;
  uint32_t created_by_uid;
  uint32_t nr_map_ids;
  uint64_t map_ids;
  char name[16];
  uint32_t ifindex;
  uint32_t gpl_compatible;
  uint64_t netns_dev;
  uint64_t netns_ino;
  uint32_t nr_jited_ksyms;
  uint32_t nr_jited_func_lens;
  uint64_t jited_ksyms;
  uint64_t jited_func_lens;
  uint32_t btf_id;
  uint32_t func_info_rec_size;
  uint64_t func_info;
  uint32_t nr_func_info;
  uint32_t nr_line_info;
  uint64_t line_info;
  uint64_t jited_line_info;
  uint32_t nr_jited_line_info;
  uint32_t line_info_rec_size;
  uint32_t jited_line_info_rec_size;
  uint32_t nr_prog_tags;
  uint64_t prog_tags;
  uint64_t run_time_ns;
  uint64_t run_cnt;
  uint64_t recursion_misses;
  uint32_t verified_insns;
  uint32_t attach_btf_obj_id;
  uint32_t attach_btf_id;
  uint32_t reserved;
};

/// `struct bpf_func_info`.
struct ebpf_function_info {
  uint32_t insn_off;
  uint32_t type_id;
};

/// `struct bpf_line_info`.
struct ebpf_line_info {
  uint32_t insn_off;
  uint32_t file_name_off;
  uint32_t line_off;
  /// The line in the upper 22 bits, the column in the lower 10.
  uint32_t line_col;
};

/// bpf(2): the call's result where it is 0 or more, else the negated errno; `-ENOSYS` where the system has no such call.
long ebpf_bpf(int command, void *_Nonnull attributes, size_t size);

/// Closes a file descriptor, once: the number is free even where close(2) says EINTR.
void ebpf_close(int fd);

/// Maps `size` bytes of a file descriptor, shared. The address, or NULL with `*error` set to the errno.
void *_Nullable ebpf_map_memory(int fd, size_t size, uint64_t offset, int writable, int *_Nonnull error);
void ebpf_unmap_memory(void *_Nonnull address, size_t size);

/// Bytes of a page of memory.
size_t ebpf_page_size(void);

/// The accesses with which a ring buffer's two sides hand over (the kernel's smp_load_acquire and smp_store_release).
static inline uint64_t ebpf_load_acquire_64(const void *_Nonnull address) {
  return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
}
static inline uint32_t ebpf_load_acquire_32(const void *_Nonnull address) {
  return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE);
}
static inline void ebpf_store_release_64(void *_Nonnull address, uint64_t value) {
  __atomic_store_n((uint64_t *)address, value, __ATOMIC_RELEASE);
}

#endif
