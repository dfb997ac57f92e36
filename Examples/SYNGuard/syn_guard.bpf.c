// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of syn_guard.swift.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

const volatile __u64 rate = 20;
const volatile __u64 burst = 40;

struct bucket {
  __u64 filled;
  __u64 tokens;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __be32);
  __type(value, struct bucket);
} buckets SEC(".maps");

enum outcome { OTHER, ALLOWED, LIMITED };

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 3);
  __type(key, __u32);
  __type(value, __u64);
} outcomes SEC(".maps");

#define CONNECTION 1000000000ull

static __always_inline void count(__u32 outcome) {
  __u64 *slot = bpf_map_lookup_elem(&outcomes, &outcome);
  if (slot) ++*slot;
}

static __always_inline __u64 min(__u64 a, __u64 b) { return a < b ? a : b; }

SEC("xdp")
int syn_guard(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = (void *)(eth + 1);
  if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end || ip->protocol != IPPROTO_TCP) goto other;
  struct tcphdr *tcp = (void *)ip + ip->ihl * 4;
  if ((void *)(tcp + 1) > end || !tcp->syn || tcp->ack) goto other;

  __u64 now = bpf_ktime_get_ns();
  __be32 source = ip->saddr;
  struct bucket *bucket = bpf_map_lookup_elem(&buckets, &source);
  if (!bucket) {
    struct bucket first = {.filled = now, .tokens = burst * CONNECTION};
    bpf_map_update_elem(&buckets, &source, &first, BPF_NOEXIST);
    bucket = bpf_map_lookup_elem(&buckets, &source);
    if (!bucket) return XDP_PASS;
  }
  __u64 elapsed = min(now - bucket->filled, 1ull << 36);
  __u64 tokens = min(bucket->tokens + elapsed * rate, burst * CONNECTION);
  bucket->filled = now;
  if (tokens < CONNECTION) {
    bucket->tokens = tokens;
    count(LIMITED);
    return XDP_DROP;
  }
  bucket->tokens = tokens - CONNECTION;
  count(ALLOWED);
  return XDP_PASS;

other:
  count(OTHER);
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
