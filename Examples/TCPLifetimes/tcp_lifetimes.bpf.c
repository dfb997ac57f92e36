// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of tcp_lifetimes.swift.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __type(key, __u64);
  __type(value, __u64);
} opened SEC(".maps");

struct lifetime {
  __u64 nanoseconds;
  __be32 source[4];
  __be32 destination[4];
  __u16 source_port, destination_port;
  __u32 version;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 18);
} lifetimes SEC(".maps");

__u64 lost;

struct state_change {
  __u64 common;
  __u64 socket;
  __s32 old_state, new_state;
  __u16 source_port, destination_port, family, protocol;
  __be32 source, destination;
  __be32 source6[4], destination6[4];
};

SEC("tracepoint/sock/inet_sock_set_state")
int state_changed(struct state_change *ctx) {
  if (ctx->protocol != 6) return 0;
  __u64 socket = ctx->socket;
  if (ctx->new_state == 1) {
    __u64 now = bpf_ktime_get_ns();
    bpf_map_update_elem(&opened, &socket, &now, BPF_ANY);
    return 0;
  }
  if (ctx->new_state != 7) return 0;
  __u64 *found = bpf_map_lookup_elem(&opened, &socket);
  if (!found) return 0;
  __u64 start = *found;
  bpf_map_delete_elem(&opened, &socket);
  struct lifetime *record = bpf_ringbuf_reserve(&lifetimes, sizeof *record, 0);
  if (!record) {
    __sync_fetch_and_add(&lost, 1);
    return 0;
  }
  __builtin_memset(record, 0, sizeof *record);
  record->nanoseconds = bpf_ktime_get_ns() - start;
  __builtin_memcpy(record->source, ctx->source6, 16);
  __builtin_memcpy(record->destination, ctx->destination6, 16);
  record->source_port = ctx->source_port;
  record->destination_port = ctx->destination_port;
  record->version = ctx->family == 2 ? 4 : 6;
  bpf_ringbuf_submit(record, 0);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
