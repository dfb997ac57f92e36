// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
#include <linux/types.h>

/* What is known of a VLAN. */
struct vlan_usage {
	__u64 packets;
	__be16 last_type; /* of the last packet, as it lies there */
	__u8 priorities;  /* one bit for each that was seen */
};
