// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// What a host gives to programs that run natively: helpers, maps and packets behind a table of function pointers.
//
// A program's functions are ordinary Swift functions in a native build. Before one is called, its thread is told which host serves
// it (cbpf_enter), and afterwards that it is over (cbpf_leave). On eBPF nothing of this exists.
#ifndef CBPF_HOST_H
#define CBPF_HOST_H

#include "cbpf_base.h"

/// A helper: its five arguments as 64-bit values (pointers as addresses, 32-bit values extended) and the host's environment.
typedef __u64 (*cbpf_function)(__u64, __u64, __u64, __u64, __u64, void *_Nullable environment);

/// What a map is: what the global of a program holds at its address, and what the compiler's lowering reads.
///
/// Sizes are in bytes. All zero where a field does not apply.
struct cbpf_map_definition {
  /// `enum bpf_map_type`.
  __u32 type;
  __u32 key_size;
  __u32 value_size;
  __u32 max_entries;
  /// `BPF_F_*`.
  __u32 flags;
  /// 0: none; 1: by name, under /sys/fs/bpf.
  __u32 pinning;
  /// The NUMA node, where `flags` has BPF_F_NUMA_NODE.
  __u32 numa_node;
  /// Maps of maps: what an inner map is.
  __u32 inner_type;
  __u32 inner_key_size;
  __u32 inner_value_size;
  __u32 inner_max_entries;
  __u32 inner_flags;
  /// `map_extra`: hash functions of a Bloom filter, address of an arena.
  __u64 extra;
};

/// A host, as a native build sees it. It stays where it is while a thread is in it.
struct cbpf_host {
  /// Helpers by their number in `enum bpf_func_id`; `helper_count` entries, null where the host has none.
  const cbpf_function _Nullable *_Nonnull helpers;
  __u32 helper_count;
  __u32 reserved;
  /// The last argument of every function here.
  void *_Nullable environment;
  /// The host's handle of the map that a global of the program defines: the address is the global's, where its definition is. A host makes
  /// the map when it first sees the address. Any other pointer (an inner map that a lookup returned) is a handle and comes back as it is.
  const void *_Nonnull (*_Nonnull map)(const void *_Nonnull pointer, void *_Nullable environment);
  /// The address that the 32-bit field at `offset` in a context stands for (data, data_end, data_meta): contexts of packets hold no 64-bit
  /// addresses.
  void *_Nonnull (*_Nonnull address)(const void *_Nonnull context, __u32 offset, void *_Nullable environment);
  /// Calls `body` for each element of a map until it returns other than 0; the number of calls, or a negative errno.
  long (*_Nullable for_each)(
    const void *_Nonnull map, long (*_Nonnull body)(const void *_Nonnull key, void *_Nonnull value, void *_Nullable argument),
    void *_Nullable argument, void *_Nullable environment);
  /// Says what a timer does when it fires: `body` with the map's handle, the key, the value and `argument`. 0, or a negative errno.
  long (*_Nullable timer_set_callback)(
    void *_Nonnull timer,
    void (*_Nonnull body)(void *_Nonnull map, void *_Nonnull key, void *_Nonnull value, void *_Nullable argument),
    void *_Nullable argument, void *_Nullable environment);
  /// Calls `body` with a dynptr for each sample of a user ring buffer until it returns other than 0; the number, or a negative errno.
  long (*_Nullable drain)(
    const void *_Nonnull map, long (*_Nonnull body)(void *_Nonnull dynptr, void *_Nullable argument), void *_Nullable argument,
    __u64 flags, void *_Nullable environment);
  /// Ends the run of a program that calls a helper which `helpers` has not. Where it is null, or returns, the process stops.
  void (*_Nullable missing)(__u32 number, void *_Nullable environment);
  /// The value of a program's setting that the host has in place of the one at `address`; null where the program's own counts.
  const void *_Nullable (*_Nullable setting)(const void *_Nonnull address, void *_Nullable environment);
};

#if CBPF_NATIVE
/// The host of the calling thread, or null.
const struct cbpf_host *_Nullable cbpf_current_host(void);
/// Makes a host the calling thread's; returns the one before, to hand to ``cbpf_leave``.
const struct cbpf_host *_Nullable cbpf_enter(const struct cbpf_host *_Nonnull host);
/// Puts back the host that ``cbpf_enter`` returned.
void cbpf_leave(const struct cbpf_host *_Nullable before);
/// A helper of the current host; where there is none, the process stops in a function whose name says so.
cbpf_function _Nonnull cbpf_helper(__u32 number);
/// The current host's environment.
void *_Nullable cbpf_environment(void);
/// The current host's handle of a map.
const void *_Nonnull cbpf_map(const void *_Nullable pointer);
/// The current host's address for a 32-bit field of a context.
void *_Nonnull cbpf_address(const void *_Nonnull context, __u32 offset);
/// Where the value of a setting lies: with the current host, or at `address` itself.
const void *_Nonnull cbpf_setting(const void *_Nonnull address);
#endif

#endif
