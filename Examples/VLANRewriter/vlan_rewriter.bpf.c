// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// The twin in C of vlan_rewriter.swift.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct ethernet {
  __be16 destination[3], source[3], type;
};

struct vlan {
  __be16 control, type;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, __u16);
  __type(value, __u16);
} rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 5);
  __type(key, __u32);
  __type(value, __u64);
} done SEC(".maps");

#define DROPPED 4095

static __always_inline int finish(__u32 what, int action) {
  __u64 *slot = bpf_map_lookup_elem(&done, &what);
  if (slot) ++*slot;
  return action;
}

SEC("xdp")
int vlan_rewriter(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethernet *eth = data;
  if ((void *)(eth + 1) > end) return XDP_DROP;
  struct ethernet header = *eth;
  if (eth->type == bpf_htons(ETH_P_8021Q) || eth->type == bpf_htons(ETH_P_8021AD)) {
    struct vlan *tag = (void *)(eth + 1);
    if ((void *)(tag + 1) > end) goto untagged;
    __u16 identifier = bpf_ntohs(tag->control) & 0xfff;
    __u16 *rule = bpf_map_lookup_elem(&rules, &identifier);
    if (!rule) return finish(0, XDP_PASS);
    if (*rule == DROPPED) return finish(4, XDP_DROP);
    if (*rule == 0) {
      header.type = tag->type;
      if (bpf_xdp_adjust_head(ctx, 4)) return XDP_ABORTED;
      data = (void *)(long)ctx->data, end = (void *)(long)ctx->data_end;
      eth = data;
      if ((void *)(eth + 1) > end) return XDP_ABORTED;
      *eth = header;
      return finish(2, XDP_PASS);
    }
    tag->control = bpf_htons((bpf_ntohs(tag->control) & 0xf000) | (*rule & 0xfff));
    return finish(1, XDP_PASS);
  }
untagged:;
  __u16 none = 0;
  __u16 *rule = bpf_map_lookup_elem(&rules, &none);
  if (!rule || *rule == 0) return finish(0, XDP_PASS);
  if (*rule == DROPPED) return finish(4, XDP_DROP);
  struct vlan tag = {.control = bpf_htons(*rule), .type = header.type};
  header.type = bpf_htons(ETH_P_8021Q);
  if (bpf_xdp_adjust_head(ctx, -4)) return XDP_ABORTED;
  data = (void *)(long)ctx->data, end = (void *)(long)ctx->data_end;
  eth = data;
  struct vlan *new_tag = (void *)(eth + 1);
  if ((void *)(eth + 1) > end || (void *)(new_tag + 1) > end) return XDP_ABORTED;
  *eth = header;
  *new_tag = tag;
  return finish(3, XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
