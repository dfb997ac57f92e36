// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Marks what leaves a machine by the class of its traffic, so that a shaper (tc htb, fq) can treat classes differently, and limits the
// bytes of each class that a budget is given for.
//
//   ebpf run egress_marks.swift --pcap ../Captures/web.pcap
import BPF

let license = License.dualMITGPL

/// The class of a port; what is not in it is class 0.
let classes = HashMap<Port, UInt32>(maxEntries: 1024)

struct Budget: BitwiseCopyable {
  /// Bytes a second; 0 for as many as there are.
  var rate: UInt64
  /// When the next packet may leave, in nanoseconds.
  var next: UInt64
  var packets: UInt64
  var delayed: UInt64
}

/// Budgets by class.
let budgets = ArrayMap<Budget>(count: 16)

/// How far ahead of time a packet may be queued before it is dropped.
let horizon = Setting<UInt64>(2_000_000_000)

func trafficClass(_ ctx: TCContext) -> UInt32 {
  guard let eth = ctx.packet.ethernet else { return 0 }
  let kind: IPProtocol
  let payload: Packet
  if let ip = eth.ipv4, !ip.isFragment {
    kind = ip.protocol
    payload = ip.payload
  } else if let ip = eth.ipv6 {
    kind = ip.nextHeader
    payload = ip.payload
  } else {
    return 0
  }
  let source, destination: Port
  if kind == .tcp, let tcp = payload.header(TCPHeader.self) {
    (source, destination) = (tcp.sourcePort, tcp.destinationPort)
  } else if kind == .udp, let udp = payload.header(UDPHeader.self) {
    (source, destination) = (udp.sourcePort, udp.destinationPort)
  } else {
    return 0
  }
  return classes[destination]?.value ?? classes[source]?.value ?? 0
}

@section("tc") @used
func egress_marks(_ ctx: TCContext) -> TCAction {
  let kind = trafficClass(ctx)
  ctx.mark = kind
  guard let budget = budgets[kind & 15] else { return .ok }
  budget.value.packets.atomicAdd(1)
  let rate = budget.value.rate
  if rate == 0 { return .ok }
  // The time that this packet takes at that rate; the queueing discipline fq sends it then.
  let now = Time.monotonic
  let start = max(budget.value.next, now)
  if start &- now > horizon.value { return .shot }
  budget.value.next = start &+ UInt64(ctx.byteCount) &* 1_000_000_000 / rate
  if start > now {
    budget.value.delayed.atomicAdd(1)
    ctx.timestamp = start
  }
  return .ok
}
