// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of protocol_statistics.swift.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct traffic {
  __u64 packets;
  __u64 bytes;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, struct traffic);
} traffic SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 12);
  __type(key, __u32);
  __type(value, __u64);
} sizes SEC(".maps");

SEC("tc")
int protocol_statistics(struct __sk_buff *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  __u32 kind = 255;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) <= end) {
    if (eth->h_proto == bpf_htons(ETH_P_IP)) {
      struct iphdr *ip = (void *)(eth + 1);
      if ((void *)(ip + 1) <= end) kind = ip->protocol;
    } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
      struct ipv6hdr *ip = (void *)(eth + 1);
      if ((void *)(ip + 1) <= end) kind = ip->nexthdr;
    }
  }
  __u32 size = ctx->len;
  struct traffic *slot = bpf_map_lookup_elem(&traffic, &kind);
  if (slot) {
    slot->packets++;
    slot->bytes += size;
  }
  __u32 bucket = 0;
  while (bucket < 11 && size > 64u << bucket) bucket++;
  __u64 *count = bpf_map_lookup_elem(&sizes, &bucket);
  if (count) ++*count;
  return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
