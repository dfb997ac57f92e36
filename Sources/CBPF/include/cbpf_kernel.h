// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Functions of the kernel (kfuncs): the loader finds them by name in the kernel's BTF. They exist on eBPF only.
//
// Each has an inline function in front of it: that is what gives its declaration the debug information of its prototype, which loaders
// compare with the kernel's.
#ifndef CBPF_KERNEL_H
#define CBPF_KERNEL_H

#include "cbpf_base.h"
#include "cbpf_contexts.h"

#if !CBPF_NATIVE

struct task_struct;
struct cgroup;

/// An open-coded iterator over numbers (Linux 6.4).
struct bpf_iter_num {
  __u64 opaque[1];
};

/// An open-coded iterator over tasks (Linux 6.7).
struct bpf_iter_task {
  __u64 opaque[3];
};

/// How a network interface computed a hash (include/net/xdp.h): bits.
enum xdp_rss_hash_type { CBPF_HASH_TYPE_NONE = 0 };

#define CBPF_KERNEL_FUNCTION extern __attribute__((section(".ksyms")))

CBPF_KERNEL_FUNCTION int bpf_iter_num_new(struct bpf_iter_num *_Nonnull it, int start, int end);
CBPF_INLINE int cbpf_iter_num_new(struct bpf_iter_num *_Nonnull it, int start, int end) { return bpf_iter_num_new(it, start, end); }
CBPF_KERNEL_FUNCTION int *_Nullable bpf_iter_num_next(struct bpf_iter_num *_Nonnull it);
CBPF_INLINE int *_Nullable cbpf_iter_num_next(struct bpf_iter_num *_Nonnull it) { return bpf_iter_num_next(it); }
CBPF_KERNEL_FUNCTION void bpf_iter_num_destroy(struct bpf_iter_num *_Nonnull it);
CBPF_INLINE void cbpf_iter_num_destroy(struct bpf_iter_num *_Nonnull it) { bpf_iter_num_destroy(it); }
CBPF_KERNEL_FUNCTION int bpf_iter_task_new(struct bpf_iter_task *_Nonnull it, struct task_struct *_Nullable task, unsigned int flags);
CBPF_INLINE int cbpf_iter_task_new(struct bpf_iter_task *_Nonnull it, struct task_struct *_Nullable task, unsigned int flags) { return bpf_iter_task_new(it, task, flags); }
CBPF_KERNEL_FUNCTION struct task_struct *_Nullable bpf_iter_task_next(struct bpf_iter_task *_Nonnull it);
CBPF_INLINE struct task_struct *_Nullable cbpf_iter_task_next(struct bpf_iter_task *_Nonnull it) { return bpf_iter_task_next(it); }
CBPF_KERNEL_FUNCTION void bpf_iter_task_destroy(struct bpf_iter_task *_Nonnull it);
CBPF_INLINE void cbpf_iter_task_destroy(struct bpf_iter_task *_Nonnull it) { bpf_iter_task_destroy(it); }
CBPF_KERNEL_FUNCTION void bpf_rcu_read_lock(void);
CBPF_INLINE void cbpf_rcu_read_lock(void) { bpf_rcu_read_lock(); }
CBPF_KERNEL_FUNCTION void bpf_rcu_read_unlock(void);
CBPF_INLINE void cbpf_rcu_read_unlock(void) { bpf_rcu_read_unlock(); }
CBPF_KERNEL_FUNCTION void bpf_preempt_disable(void);
CBPF_INLINE void cbpf_preempt_disable(void) { bpf_preempt_disable(); }
CBPF_KERNEL_FUNCTION void bpf_preempt_enable(void);
CBPF_INLINE void cbpf_preempt_enable(void) { bpf_preempt_enable(); }
CBPF_KERNEL_FUNCTION struct task_struct *_Nullable bpf_task_from_pid(__s32 pid);
CBPF_INLINE struct task_struct *_Nullable cbpf_task_from_pid(__s32 pid) { return bpf_task_from_pid(pid); }
CBPF_KERNEL_FUNCTION struct task_struct *_Nullable bpf_task_acquire(struct task_struct *_Nonnull task);
CBPF_INLINE struct task_struct *_Nullable cbpf_task_acquire(struct task_struct *_Nonnull task) { return bpf_task_acquire(task); }
CBPF_KERNEL_FUNCTION void bpf_task_release(struct task_struct *_Nonnull task);
CBPF_INLINE void cbpf_task_release(struct task_struct *_Nonnull task) { bpf_task_release(task); }
CBPF_KERNEL_FUNCTION struct cgroup *_Nullable bpf_cgroup_from_id(__u64 id);
CBPF_INLINE struct cgroup *_Nullable cbpf_cgroup_from_id(__u64 id) { return bpf_cgroup_from_id(id); }
CBPF_KERNEL_FUNCTION void bpf_cgroup_release(struct cgroup *_Nonnull cgroup);
CBPF_INLINE void cbpf_cgroup_release(struct cgroup *_Nonnull cgroup) { bpf_cgroup_release(cgroup); }
CBPF_KERNEL_FUNCTION long bpf_task_under_cgroup(struct task_struct *_Nonnull task, struct cgroup *_Nonnull ancestor);
CBPF_INLINE long cbpf_task_under_cgroup(struct task_struct *_Nonnull task, struct cgroup *_Nonnull ancestor) { return bpf_task_under_cgroup(task, ancestor); }
CBPF_KERNEL_FUNCTION int bpf_dynptr_from_xdp(struct xdp_md *_Nonnull context, __u64 flags, struct bpf_dynptr *_Nonnull result);
CBPF_INLINE int cbpf_dynptr_from_xdp(struct xdp_md *_Nonnull context, __u64 flags, struct bpf_dynptr *_Nonnull result) { return bpf_dynptr_from_xdp(context, flags, result); }
CBPF_KERNEL_FUNCTION int bpf_dynptr_from_skb(struct __sk_buff *_Nonnull context, __u64 flags, struct bpf_dynptr *_Nonnull result);
CBPF_INLINE int cbpf_dynptr_from_skb(struct __sk_buff *_Nonnull context, __u64 flags, struct bpf_dynptr *_Nonnull result) { return bpf_dynptr_from_skb(context, flags, result); }
CBPF_KERNEL_FUNCTION __u32 bpf_dynptr_size(const struct bpf_dynptr *_Nonnull dynptr);
CBPF_INLINE __u32 cbpf_dynptr_size(const struct bpf_dynptr *_Nonnull dynptr) { return bpf_dynptr_size(dynptr); }
CBPF_KERNEL_FUNCTION int bpf_xdp_metadata_rx_hash(const struct xdp_md *_Nonnull context, __u32 *_Nonnull hash, enum xdp_rss_hash_type *_Nonnull type);
CBPF_INLINE int cbpf_xdp_metadata_rx_hash(const struct xdp_md *_Nonnull context, __u32 *_Nonnull hash, enum xdp_rss_hash_type *_Nonnull type) { return bpf_xdp_metadata_rx_hash(context, hash, type); }
CBPF_KERNEL_FUNCTION int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *_Nonnull context, __u64 *_Nonnull timestamp);
CBPF_INLINE int cbpf_xdp_metadata_rx_timestamp(const struct xdp_md *_Nonnull context, __u64 *_Nonnull timestamp) { return bpf_xdp_metadata_rx_timestamp(context, timestamp); }
CBPF_KERNEL_FUNCTION int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *_Nonnull context, __be16 *_Nonnull protocol, __u16 *_Nonnull tag);
CBPF_INLINE int cbpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *_Nonnull context, __be16 *_Nonnull protocol, __u16 *_Nonnull tag) { return bpf_xdp_metadata_rx_vlan_tag(context, protocol, tag); }
CBPF_KERNEL_FUNCTION void *_Nullable bpf_arena_alloc_pages(void *_Nonnull map, void *_Nullable address, __u32 count, int node, __u64 flags);
CBPF_INLINE void *_Nullable cbpf_arena_alloc_pages(const void *_Nonnull map, void *_Nullable address, __u32 count, int node, __u64 flags) {
  return bpf_arena_alloc_pages((void *)map, address, count, node, flags);
}
CBPF_KERNEL_FUNCTION void bpf_arena_free_pages(void *_Nonnull map, void *_Nonnull address, __u32 count);
CBPF_INLINE void cbpf_arena_free_pages(const void *_Nonnull map, void *_Nonnull address, __u32 count) {
  bpf_arena_free_pages((void *)map, address, count);
}

/// A pointer as programs use it, of one into an arena as user space and the arena itself hold it.
CBPF_INLINE void *_Nullable cbpf_arena_cast(void *_Nullable p) {
  __asm__ volatile("%0 = addr_space_cast(%0, 0x0, 0x1)" : "+r"(p));
  return p;
}
/// The other way round.
CBPF_INLINE void *_Nullable cbpf_arena_cast_user(void *_Nullable p) {
  __asm__ volatile("%0 = addr_space_cast(%0, 0x1, 0x0)" : "+r"(p));
  return p;
}

#endif

#endif
