// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Counts packets and bytes by IPv4 source, reports each new one, and drops TCP to one port.
import BPF

let license = License.dualMITGPL

/// Packets and bytes of a source. `package`, so that the application has the same type.
package struct Traffic: BitwiseCopyable, Sendable {
  package var packets: UInt64
  package var bytes: UInt64
}

/// A source that was not seen before.
package struct Arrival: BitwiseCopyable, Sendable {
  package var source: IPv4Address
  package var length: UInt32
}

/// Traffic by IPv4 source.
let sources = HashMap<IPv4Address, Traffic>(maxEntries: 1024)

/// New sources, as they come.
let arrivals = RingBuffer<Arrival>(byteCount: 1 << 16)

/// TCP to this port is dropped. It is set before the program is loaded.
let blockedPort = Setting<Port>(0)

/// Packets that were dropped.
var dropped: UInt64 = 0

@section("xdp") @used
func filter(_ ctx: XDPContext) -> XDPAction {
  guard let ip = ctx.packet.ethernet?.ipv4 else { return .pass }
  let size = UInt64(ctx.packet.byteCount)
  if let source = sources[ip.source] {
    source.value.packets.atomicAdd(1)
    source.value.bytes.atomicAdd(size)
  } else {
    sources.update(ip.source, Traffic(packets: 1, bytes: size))
    arrivals.submit(Arrival(source: ip.source, length: UInt32(truncatingIfNeeded: size)))
  }
  guard let tcp = ip.tcp, tcp.destinationPort == blockedPort.value else { return .pass }
  dropped.atomicAdd(1)
  return .drop
}
