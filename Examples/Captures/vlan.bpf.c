// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Puts VLAN tags on what leaves and takes them off what comes in, so that the example captures can be recorded on kernels
// without VLAN devices: 198.51.100.0/24 travels in VLAN 42, 203.0.113.0/24 in VLAN 8 inside the 802.1ad service VLAN 7.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NETWORK(a, b, c) ((a) << 24 | (b) << 16 | (c) << 8)

SEC("tc")
int push(struct __sk_buff *skb) {
  // The IPv4 destination, or the target of an ARP request: 16 or 24 bytes behind the Ethernet header.
  __u32 offset, address;
  if (skb->protocol == bpf_htons(ETH_P_IP)) offset = ETH_HLEN + 16;
  else if (skb->protocol == bpf_htons(ETH_P_ARP)) offset = ETH_HLEN + 24;
  else return TC_ACT_OK;
  if (bpf_skb_load_bytes(skb, offset, &address, sizeof address)) return TC_ACT_OK;
  switch (bpf_ntohl(address) & 0xffffff00) {
    case NETWORK(198, 51, 100): bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 42); break;
    case NETWORK(203, 0, 113):
      bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 8);
      bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), 7);
      break;
  }
  return TC_ACT_OK;
}

SEC("tc")
int pop(struct __sk_buff *skb) {
  for (int i = 0; i < 2 && skb->vlan_present; i++) bpf_skb_vlan_pop(skb);
  return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";
