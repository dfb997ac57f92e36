// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// A layer 4 load balancer: TCP and UDP to a virtual address go to one of its back ends, always the same for a connection, and with few
// connections moved when back ends come and go (consistent hashing). Addresses are rewritten, checksums follow.
//
//   ebpf run load_balancer.swift --pcap ../Captures/web.pcap
import BPF

let license = License.dualMITGPL

/// An address and port that clients know.
struct Service: BitwiseCopyable {
  var address: IPv4Address
  var port: Port
  var `protocol`: IPProtocol
}

/// A machine that does the work.
struct Backend: BitwiseCopyable {
  var address: IPv4Address
  var mac: MACAddress
  var packets: UInt64
}

/// Which ring of back ends serves an address.
let services = HashMap<Service, UInt32>(maxEntries: 512)

/// The rings, 4096 slots each: a slot holds the number of a back end. Whoever fills a ring keeps most slots as they were when back ends
/// change.
let rings = ArrayMap<UInt32>(count: 16 * 4096)

/// The back ends by number; 0 stands for none.
let backends = ArrayMap<Backend>(count: 1024)

/// A hash of what tells connections apart (the finisher of MurmurHash3).
func hash(_ address: IPv4Address, _ source: Port, _ destination: Port) -> UInt32 {
  var value = address.bytes ^ (UInt32(source.bytes) << 16 | UInt32(destination.bytes))
  value = (value ^ value >> 16) &* 0x85eb_ca6b
  value = (value ^ value >> 13) &* 0xc2b2_ae35
  return value ^ value >> 16
}

/// The back end for a connection.
func backend(of service: Service, from address: IPv4Address, _ source: Port) -> MapValue<Backend>? {
  guard let ring = services[service] else { return nil }
  let slot = ring.value &* 4096 &+ hash(address, source, service.port) & 4095
  guard let number = rings[slot], number.value != 0 else { return nil }
  return backends[number.value]
}

@section("xdp") @used
func load_balancer(_ ctx: XDPContext) -> XDPAction {
  guard let eth = ctx.packet.ethernet, let ip = eth.ipv4, !ip.isFragment else { return .pass }
  let old = ip.destination
  let new: MapValue<Backend>
  if let tcp = ip.tcp {
    let service = Service(address: old, port: tcp.destinationPort, protocol: .tcp)
    guard let chosen = backend(of: service, from: ip.source, tcp.sourcePort) else { return .pass }
    new = chosen
    tcp.checksum.replace(old, with: chosen.value.address)
  } else if let udp = ip.udp {
    let service = Service(address: old, port: udp.destinationPort, protocol: .udp)
    guard let chosen = backend(of: service, from: ip.source, udp.sourcePort) else { return .pass }
    new = chosen
    // A checksum of zero says that there is none.
    if udp.checksum != .none { udp.checksum.replace(old, with: chosen.value.address) }
  } else {
    return .pass
  }
  ip.checksum.replace(old, with: new.value.address)
  ip.destination = new.value.address
  eth.source = eth.destination
  eth.destination = new.value.mac
  new.value.packets.atomicAdd(1)
  return .tx
}
