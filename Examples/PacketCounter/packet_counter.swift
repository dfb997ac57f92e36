// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Counts traffic by protocol and by IPv4 source, and drops TCP connections to one port.
//
//   ebpf run packet_counter.swift --pcap ../Captures/web.pcap
import BPF

let license = License.dualMITGPL

enum Kind: UInt32 { case other, arp, ipv4ICMP, ipv4TCP, ipv4UDP, ipv6ICMP, ipv6TCP, ipv6UDP }

struct Traffic: BitwiseCopyable {
  var packets: UInt64
  var bytes: UInt64

  mutating func count(_ size: UInt64) {
    packets.atomicAdd(1)
    bytes.atomicAdd(size)
  }
}

/// Traffic by protocol, tagged or not.
let protocols = ArrayMap<Traffic>(count: 8)

/// Traffic by IPv4 source.
let sources = HashMap<IPv4Address, Traffic>(maxEntries: 1024)

/// TCP to this port is dropped.
let blockedPort = Setting<Port>(81)

/// Packets by the number of VLAN tags that they carry.
var vlanTags: InlineArray<3, UInt64> = [0, 0, 0]

@section("xdp") @used
func packet_counter(_ ctx: XDPContext) -> XDPAction {
  let size = UInt64(ctx.packet.byteCount)
  var cursor = ctx.packet.cursor
  guard let eth = cursor.next(EthernetHeader.self) else { return .aborted }
  var type = eth.type
  var tags = 0
  while tags < 2, type.isVLAN {
    guard let tag = cursor.next(VLANHeader.self) else { return .aborted }
    type = tag.type
    tags += 1
  }
  vlanTags[tags].atomicAdd(1)

  var kind = Kind.other
  var tcp: Header<TCPHeader>?
  switch type {
  case .arp: kind = .arp
  case .ipv4:
    guard let ip = cursor.next(IPv4Header.self), ip.headerLength >= 20 else { return .aborted }
    if let slot = sources[ip.source, default: Traffic(packets: 0, bytes: 0)] { slot.value.count(size) }
    switch ip.protocol {
    case .icmp: kind = .ipv4ICMP
    case .tcp:
      kind = .ipv4TCP
      if ip.fragmentOffset == 0 { tcp = ip.tcp }
    case .udp: kind = .ipv4UDP
    default: break
    }
  case .ipv6:
    guard let ip = cursor.next(IPv6Header.self) else { return .aborted }
    switch ip.nextHeader {
    case .icmpv6: kind = .ipv6ICMP
    case .tcp:
      kind = .ipv6TCP
      tcp = ip.following.header()
    case .udp: kind = .ipv6UDP
    default: break
    }
  default: break
  }
  if let slot = protocols[kind.rawValue] { slot.value.count(size) }
  return tcp?.destinationPort == blockedPort.value ? .drop : .pass
}
