// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of dns_inspector.swift.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct dns_header {
  __be16 identifier, flags, questions, answers, authorities, additional;
};

struct query {
  __be32 client;
  __u16 identifier;
  __u16 type;
  __u8 name[64];
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 16);
} queries SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, __u64);
} query_types SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, __u64);
} response_codes SEC(".maps");

__u64 lost;

SEC("xdp")
int dns_inspector(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = (void *)(eth + 1);
  if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end || ip->protocol != IPPROTO_UDP) return XDP_PASS;
  struct udphdr *udp = (void *)ip + ip->ihl * 4;
  if ((void *)(udp + 1) > end || (udp->dest != bpf_htons(53) && udp->source != bpf_htons(53))) return XDP_PASS;
  struct dns_header *dns = (void *)(udp + 1);
  if ((void *)(dns + 1) > end) return XDP_PASS;
  if (bpf_ntohs(dns->flags) & 0x8000) {
    __u32 code = bpf_ntohs(dns->flags) & 15;
    __u64 *slot = bpf_map_lookup_elem(&response_codes, &code);
    if (slot) ++*slot;
    return XDP_PASS;
  }
  struct query *record = bpf_ringbuf_reserve(&queries, sizeof *record, 0);
  if (!record) {
    __sync_fetch_and_add(&lost, 1);
    return XDP_PASS;
  }
  __builtin_memset(record, 0, sizeof *record);
  record->client = ip->saddr;
  record->identifier = bpf_ntohs(dns->identifier);
  __u8 *name = (void *)(dns + 1);
  __u16 type = 0;
  __u32 label_end = 0;
  for (__u32 index = 0; index < 64; index++) {
    if ((void *)(name + index + 1) > end) break;
    record->name[index] = name[index];
    if (index == label_end) {
      if (name[index] == 0) {
        __be16 *question = (void *)(name + index + 1);
        type = (void *)(question + 1) > end ? 0 : bpf_ntohs(*question);
        break;
      }
      label_end = index + 1 + name[index];
    }
  }
  record->type = type;
  bpf_ringbuf_submit(record, 0);
  __u32 kind = type < 255 ? type : 255;
  __u64 *slot = bpf_map_lookup_elem(&query_types, &kind);
  if (slot) ++*slot;
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
