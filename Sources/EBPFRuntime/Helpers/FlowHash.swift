/// A packet's hash over its addresses, protocol and ports: `bpf_get_hash_recalc`. As in the kernel it is equal for both directions of a flow
/// (`__flow_hash_consistentify`) and never 0; the kernel's numbers come from a secret of its own and are others.
enum FlowHash {
  static func of(_ packet: PacketState) -> UInt32 {
    var state: UInt64 = 0x6a09_e667_f3bc_c908
    func mix(_ value: UInt64) {
      state = (state ^ value) &* 0x9e37_79b9_7f4a_7c15
      state ^= state >> 29
    }
    let network = packet.networkHeader
    let available = network <= packet.dataEnd ? Int(packet.dataEnd - network) : 0
    guard let header = UnsafeRawPointer(bitPattern: network) else { return 1 }
    let type = packet.networkProtocol
    var transport = 0
    var next: UInt8 = 0
    switch type {
    case EtherType.ipv4 where available >= 20:
      let source = header.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
      let destination = header.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
      mix(UInt64(min(source, destination)) << 32 | UInt64(max(source, destination)))
      next = header.load(fromByteOffset: 9, as: UInt8.self)
      // Fragments have no ports, but for the first, which must not differ from the rest.
      let fragment = UInt16(bigEndian: header.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
      transport = fragment & 0x3fff == 0 ? Int(header.load(as: UInt8.self) & 15) * 4 : 0
    case EtherType.ipv6 where available >= 40:
      var halves: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
      halves.0 = header.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      halves.1 = header.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
      halves.2 = header.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
      halves.3 = header.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
      if (halves.0, halves.1) > (halves.2, halves.3) { halves = (halves.2, halves.3, halves.0, halves.1) }
      mix(halves.0)
      mix(halves.1)
      mix(halves.2)
      mix(halves.3)
      next = header.load(fromByteOffset: 6, as: UInt8.self)
      transport = 40
    default: break
    }
    mix(UInt64(type) << 8 | UInt64(next))
    // TCP, UDP, DCCP, SCTP, UDP-Lite: two ports at the start.
    if [6, 17, 33, 132, 136].contains(next), transport > 0, available >= transport + 4 {
      let source = header.loadUnaligned(fromByteOffset: transport, as: UInt16.self)
      let destination = header.loadUnaligned(fromByteOffset: transport + 2, as: UInt16.self)
      mix(UInt64(min(source, destination)) << 16 | UInt64(max(source, destination)))
    }
    let hash = UInt32(truncatingIfNeeded: state >> 32)
    return hash == 0 ? 1 : hash
  }
}
