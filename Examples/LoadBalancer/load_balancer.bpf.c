// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of load_balancer.swift.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct service {
  __be32 address;
  __be16 port;
  __u8 protocol;
  __u8 padding;
};

struct backend {
  __be32 address;
  __be16 mac[3];
  __u64 packets;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 512);
  __type(key, struct service);
  __type(value, __u32);
} services SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 16 * 4096);
  __type(key, __u32);
  __type(value, __u32);
} rings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1024);
  __type(key, __u32);
  __type(value, struct backend);
} backends SEC(".maps");

static __always_inline __u32 hash(__be32 address, __be16 source, __be16 destination) {
  __u32 value = address ^ ((__u32)source << 16 | destination);
  value = (value ^ value >> 16) * 0x85ebca6b;
  value = (value ^ value >> 13) * 0xc2b2ae35;
  return value ^ value >> 16;
}

static __always_inline struct backend *backend_of(struct service *service, __be32 address, __be16 source) {
  __u32 *ring = bpf_map_lookup_elem(&services, service);
  if (!ring) return 0;
  __u32 slot = *ring * 4096 + (hash(address, source, service->port) & 4095);
  __u32 *number = bpf_map_lookup_elem(&rings, &slot);
  if (!number || !*number) return 0;
  return bpf_map_lookup_elem(&backends, number);
}

static __always_inline void replace(__u16 *checksum, __be32 old, __be32 new) {
  __u32 sum = (__u16)~*checksum + (~old & 0xffff) + (~old >> 16) + (new & 0xffff) + (new >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  *checksum = ~sum;
}

SEC("xdp")
int load_balancer(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = (void *)(eth + 1);
  if ((void *)(eth + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end) return XDP_PASS;
  if (ip->frag_off & bpf_htons(0x3fff)) return XDP_PASS;
  __be32 old = ip->daddr;
  struct service service = {.address = old, .protocol = ip->protocol};
  struct backend *chosen;
  if (ip->protocol == IPPROTO_TCP) {
    struct tcphdr *tcp = (void *)ip + ip->ihl * 4;
    if ((void *)(tcp + 1) > end) return XDP_PASS;
    service.port = tcp->dest;
    chosen = backend_of(&service, ip->saddr, tcp->source);
    if (!chosen) return XDP_PASS;
    replace(&tcp->check, old, chosen->address);
  } else if (ip->protocol == IPPROTO_UDP) {
    struct udphdr *udp = (void *)ip + ip->ihl * 4;
    if ((void *)(udp + 1) > end) return XDP_PASS;
    service.port = udp->dest;
    chosen = backend_of(&service, ip->saddr, udp->source);
    if (!chosen) return XDP_PASS;
    if (udp->check) replace(&udp->check, old, chosen->address);
  } else {
    return XDP_PASS;
  }
  replace(&ip->check, old, chosen->address);
  ip->daddr = chosen->address;
  __be16 *mac = (__be16 *)eth;
  mac[3] = mac[0];
  mac[4] = mac[1];
  mac[5] = mac[2];
  mac[0] = chosen->mac[0];
  mac[1] = chosen->mac[1];
  mac[2] = chosen->mac[2];
  __sync_fetch_and_add(&chosen->packets, 1);
  return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
