// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Counts packets by VLAN. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "vlan_tags.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4094);
	__type(key, __u16);
	__type(value, struct vlan_usage);
} vlans SEC(".maps");

/* Packets without a tag. */
__u64 untagged;

SEC("xdp")
int count_tags(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct tag { __be16 tci, type; } *tag = (void *)(eth + 1);

	if ((void *)(tag + 1) > end)
		return XDP_PASS;
	if (eth->h_proto != bpf_htons(ETH_P_8021Q)) {
		__sync_fetch_and_add(&untagged, 1);
		return XDP_PASS;
	}
	__u16 tci = bpf_ntohs(tag->tci), id = tci & 0xfff;
	struct vlan_usage *usage = bpf_map_lookup_elem(&vlans, &id);
	if (!usage) {
		struct vlan_usage first = {};
		bpf_map_update_elem(&vlans, &id, &first, BPF_NOEXIST);
		usage = bpf_map_lookup_elem(&vlans, &id);
		if (!usage)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&usage->packets, 1);
	usage->last_type = tag->type;
	usage->priorities |= 1 << (tci >> 13);
	return XDP_PASS;
}
