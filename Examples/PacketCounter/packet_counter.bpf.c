// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Counts traffic by protocol and by IPv4 source, and drops TCP connections to one port.
//
//   ebpf run packet_counter.bpf.c --pcap ../Captures/web.pcap
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum protocol { OTHER, ARP, IPV4_ICMP, IPV4_TCP, IPV4_UDP, IPV6_ICMP, IPV6_TCP, IPV6_UDP, PROTOCOLS };

struct traffic {
  __u64 packets;
  __u64 bytes;
};

struct ipv4_address {
  __u8 octets[4];
};

struct vlan_tag {
  __be16 control;
  __be16 protocol;
};

/// Traffic by protocol, tagged or not.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, PROTOCOLS);
  __type(key, enum protocol);
  __type(value, struct traffic);
} protocols SEC(".maps");

/// Traffic by IPv4 source.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, struct ipv4_address);
  __type(value, struct traffic);
} sources SEC(".maps");

/// TCP to this port is dropped.
const volatile __u16 blocked_port = 81;

/// Packets by the number of VLAN tags that they carry.
__u64 vlan_tags[3];

static __always_inline void count(struct traffic *traffic, __u64 bytes) {
  if (!traffic) return;
  __sync_fetch_and_add(&traffic->packets, 1);
  __sync_fetch_and_add(&traffic->bytes, bytes);
}

static __always_inline void count_source(const struct iphdr *ip, __u64 bytes) {
  struct ipv4_address source;
  __builtin_memcpy(&source, &ip->saddr, sizeof source);
  struct traffic *traffic = bpf_map_lookup_elem(&sources, &source);
  if (traffic) {
    count(traffic, bytes);
  } else {
    struct traffic first = {.packets = 1, .bytes = bytes};
    bpf_map_update_elem(&sources, &source, &first, BPF_NOEXIST);
  }
}

SEC("xdp")
int packet_counter(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  __u64 bytes = end - data;
  enum protocol protocol = OTHER;
  int verdict = XDP_PASS;

  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return XDP_ABORTED;
  __be16 type = eth->h_proto;
  void *network = eth + 1;

  __u32 tags = 0;
  for (; tags < 2 && (type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD)); tags++) {
    struct vlan_tag *tag = network;
    if ((void *)(tag + 1) > end) return XDP_ABORTED;
    type = tag->protocol;
    network = tag + 1;
  }
  __sync_fetch_and_add(&vlan_tags[tags], 1);

  struct tcphdr *tcp = 0;
  if (type == bpf_htons(ETH_P_ARP)) {
    protocol = ARP;
  } else if (type == bpf_htons(ETH_P_IP)) {
    struct iphdr *ip = network;
    if ((void *)(ip + 1) > end || ip->ihl < 5) return XDP_ABORTED;
    count_source(ip, bytes);
    switch (ip->protocol) {
      case IPPROTO_ICMP: protocol = IPV4_ICMP; break;
      case IPPROTO_TCP: protocol = IPV4_TCP; break;
      case IPPROTO_UDP: protocol = IPV4_UDP; break;
    }
    if (protocol == IPV4_TCP && !(ip->frag_off & bpf_htons(0x1fff))) tcp = network + ip->ihl * 4;
  } else if (type == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr *ip = network;
    if ((void *)(ip + 1) > end) return XDP_ABORTED;
    switch (ip->nexthdr) {
      case IPPROTO_ICMPV6: protocol = IPV6_ICMP; break;
      case IPPROTO_TCP: protocol = IPV6_TCP; tcp = (void *)(ip + 1); break;
      case IPPROTO_UDP: protocol = IPV6_UDP; break;
    }
  }
  if (tcp && (void *)(tcp + 1) <= end && tcp->dest == bpf_htons(blocked_port)) verdict = XDP_DROP;

  count(bpf_map_lookup_elem(&protocols, &protocol), bytes);
  return verdict;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
