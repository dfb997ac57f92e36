// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Packets and bytes by IP protocol, for each processor by itself: nothing is shared, so nothing waits.
//
//   ebpf run protocol_statistics.swift --pcap ../Captures/dns.pcap
import BPF

let license = License.dualMITGPL

struct Traffic: BitwiseCopyable {
  var packets: UInt64
  var bytes: UInt64
}

/// Traffic by IP protocol: 6 is TCP, 17 UDP, 58 ICMPv6; what is not IP is at 255.
let traffic = PerCPUArrayMap<Traffic>(count: 256)

/// Packets by their size: up to 64 bytes, 128, 256 and so on.
let sizes = PerCPUArrayMap<UInt64>(count: 12)

@section("tc") @used
func protocol_statistics(_ ctx: TCContext) -> TCAction {
  var kind = IPProtocol(rawValue: 255)
  if let eth = ctx.packet.ethernet {
    if let ip = eth.ipv4 { kind = ip.protocol }
    if let ip = eth.ipv6 { kind = ip.nextHeader }
  }
  let size = ctx.byteCount
  if let slot = traffic[UInt32(kind.rawValue)] {
    slot.value.packets &+= 1
    slot.value.bytes &+= UInt64(size)
  }
  var bucket: UInt32 = 0
  while bucket < 11, size > 64 << bucket { bucket &+= 1 }
  sizes.add(1, to: bucket)
  return .ok
}
