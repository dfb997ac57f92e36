// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of egress_marks.swift.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __be16);
  __type(value, __u32);
} classes SEC(".maps");

struct budget {
  __u64 rate;
  __u64 next;
  __u64 packets;
  __u64 delayed;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 16);
  __type(key, __u32);
  __type(value, struct budget);
} budgets SEC(".maps");

const volatile __u64 horizon = 2000000000;

static __always_inline __u32 traffic_class(struct __sk_buff *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return 0;
  __u8 protocol;
  void *transport;
  if (eth->h_proto == bpf_htons(ETH_P_IP)) {
    struct iphdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > end || ip->frag_off & bpf_htons(0x3fff)) return 0;
    protocol = ip->protocol;
    transport = (void *)ip + ip->ihl * 4;
  } else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr *ip = (void *)(eth + 1);
    if ((void *)(ip + 1) > end) return 0;
    protocol = ip->nexthdr;
    transport = ip + 1;
  } else {
    return 0;
  }
  __be16 source, destination;
  if (protocol == IPPROTO_TCP) {
    struct tcphdr *tcp = transport;
    if ((void *)(tcp + 1) > end) return 0;
    source = tcp->source, destination = tcp->dest;
  } else if (protocol == IPPROTO_UDP) {
    struct udphdr *udp = transport;
    if ((void *)(udp + 1) > end) return 0;
    source = udp->source, destination = udp->dest;
  } else {
    return 0;
  }
  __u32 *kind = bpf_map_lookup_elem(&classes, &destination);
  if (!kind) kind = bpf_map_lookup_elem(&classes, &source);
  return kind ? *kind : 0;
}

SEC("tc")
int egress_marks(struct __sk_buff *ctx) {
  __u32 kind = traffic_class(ctx);
  ctx->mark = kind;
  kind &= 15;
  struct budget *budget = bpf_map_lookup_elem(&budgets, &kind);
  if (!budget) return TC_ACT_OK;
  __sync_fetch_and_add(&budget->packets, 1);
  __u64 rate = budget->rate;
  if (!rate) return TC_ACT_OK;
  __u64 now = bpf_ktime_get_ns();
  __u64 start = budget->next > now ? budget->next : now;
  if (start - now > horizon) return TC_ACT_SHOT;
  budget->next = start + (__u64)ctx->len * 1000000000 / rate;
  if (start > now) {
    __sync_fetch_and_add(&budget->delayed, 1);
    ctx->tstamp = start;
  }
  return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
