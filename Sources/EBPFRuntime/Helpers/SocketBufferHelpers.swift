import CEBPF
import EBPFCapture
import EBPFTables

/// The run's socket buffer; `nil` where its hook gives none, as in a raw-memory program.
@inline(__always)
func socketBuffer(_ environment: Environment) -> UnsafeMutablePointer<PacketState>? {
  guard let packet = PacketState.of(environment), packet.pointee.kind != .xdp else { return nil }
  return packet
}

extension HelperTable {
  /// Bytes and fields of socket buffers (`net/core/filter.c`). What a capture did not keep of a packet cannot be read or pulled, and counts in
  /// `skb->len`.
  static var socketBufferHelpers: [Entry] {
    [
      Entry(.skbLoadBytes, loadBytes),
      Entry(.skbLoadBytesRelative, loadBytesRelative),
      Entry(.skbStoreBytes, storeBytes),
      Entry(.skbPullData) { _, length, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        // All that there is, is at hand already.
        return count32(length) <= skb.pointee.length ? 0 : .error(.enomem)
      },
      Entry(.skbChangeType, changeType),
      Entry(.getHashRecalc) { _, _, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return 0 }
        if !skb.pointee.hasHash {
          skb.pointee.setField(SocketBufferContext.hash, FlowHash.of(skb.pointee))
          skb.pointee.hasHash = true
        }
        return UInt64(skb.pointee.field(SocketBufferContext.hash))
      },
      Entry(.setHashInvalid) { _, _, _, _, _, environment in
        socketBuffer(environment)?.pointee.clearHash()
        return 0
      },
      Entry(.setHash) { _, hash, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        skb.pointee.setField(SocketBufferContext.hash, UInt32(truncatingIfNeeded: hash))
        skb.pointee.hasHash = true
        return 0
      },
      Entry(.skbSetTstamp, setTimestamp),
      Entry(.skbEcnSetCe) { _, _, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return 0 }
        return skb.pointee.markCongestion() ? 1 : 0
      },
    ]
  }
}

private func loadBytes(
  _ context: UInt64, _ offset: UInt64, _ destination: UInt64, _ length: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  let offset = UInt(UInt32(truncatingIfNeeded: offset))
  let count = count32(length)
  let destination = pointer(destination)
  if let skb = socketBuffer(environment) {
    let size = skb.pointee.dataEnd &- skb.pointee.data
    if offset <= 0x7fff_ffff, offset <= size, UInt(count) <= size &- offset {
      destination.copyMemory(from: skb.pointee.start + Int(offset), byteCount: count)
      return 0
    }
  }
  destination.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  return .error(.efault)
}

private func loadBytesRelative(
  _ context: UInt64, _ offset: UInt64, _ destination: UInt64, _ length: UInt64, _ header: UInt64, _ environment: Environment
) -> UInt64 {
  let offset = UInt(UInt32(truncatingIfNeeded: offset))
  let count = count32(length)
  let destination = pointer(destination)
  if let skb = socketBuffer(environment), offset <= 0xffff, UInt32(truncatingIfNeeded: header) <= 1 {
    let start = UInt32(truncatingIfNeeded: header) == 0 ? skb.pointee.linkHeader : skb.pointee.networkHeader
    let first = start &+ offset
    if first <= skb.pointee.dataEnd, UInt(count) <= skb.pointee.dataEnd &- first, let source = UnsafeRawPointer(bitPattern: first) {
      destination.copyMemory(from: source, byteCount: count)
      return 0
    }
  }
  destination.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  return .error(.efault)
}

/// Flags of `bpf_skb_store_bytes`. The first is about a checksum of the device's, which packets here do not have.
private let recomputeChecksum: UInt64 = 1
private let invalidateHash: UInt64 = 2

private func storeBytes(
  _ context: UInt64, _ offset: UInt64, _ source: UInt64, _ length: UInt64, _ flags: UInt64, _ environment: Environment
) -> UInt64 {
  guard flags & ~(recomputeChecksum | invalidateHash) == 0, let skb = socketBuffer(environment) else { return .error(.einval) }
  let offset = UInt(UInt32(truncatingIfNeeded: offset))
  let count = count32(length)
  let size = skb.pointee.dataEnd &- skb.pointee.data
  guard offset <= 0x7fff_ffff, offset <= size, UInt(count) <= size &- offset else { return .error(.efault) }
  (skb.pointee.start + Int(offset)).copyMemory(from: pointer(source), byteCount: count)
  if flags & invalidateHash != 0 { skb.pointee.clearHash() }
  return 0
}

/// `bpf_skb_change_type`: `PACKET_HOST` to `PACKET_OTHERHOST` only.
private func changeType(
  _ context: UInt64, _ type: UInt64, _ r3: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  let type = UInt32(truncatingIfNeeded: type)
  guard let skb = socketBuffer(environment), type <= EthernetSummary.otherHost,
    skb.pointee.field(SocketBufferContext.packetType) <= EthernetSummary.otherHost
  else { return .error(.einval) }
  skb.pointee.setField(SocketBufferContext.packetType, type)
  return 0
}

/// `bpf_skb_set_tstamp`
private func setTimestamp(
  _ context: UInt64, _ time: UInt64, _ clock: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  guard let skb = socketBuffer(environment) else { return .error(.einval) }
  guard EtherType.isIP(skb.pointee.networkProtocol) else { return .error(.eopnotsupp) }
  // BPF_SKB_CLOCK_REALTIME, _MONOTONIC and _TAI; only the first has a time that means none.
  let clock = UInt32(truncatingIfNeeded: clock)
  guard clock <= 2, clock == 0 || time != 0 else { return .error(.einval) }
  skb.pointee.context.storeBytes(of: time, toByteOffset: SocketBufferContext.timestamp, as: UInt64.self)
  skb.pointee.context.storeBytes(of: UInt8(clock), toByteOffset: SocketBufferContext.timestampType, as: UInt8.self)
  return 0
}

/// The values of `skb->protocol` that helpers ask for (`include/uapi/linux/if_ether.h`).
enum EtherType {
  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86dd
  static let vlan: UInt16 = 0x8100
  static let serviceVLAN: UInt16 = 0x88a8

  @inline(__always)
  static func isIP(_ type: UInt16) -> Bool { type == ipv4 || type == ipv6 }
  @inline(__always)
  static func isVLAN(_ type: UInt16) -> Bool { type == vlan || type == serviceVLAN }
}

extension PacketState {
  /// The packet's protocol behind its VLAN tags (`skb_protocol(skb, true)`); 0 where the packet ends before it.
  func protocolBehindTags() -> UInt16 {
    var type = networkProtocol
    guard EtherType.isVLAN(type) else { return type }
    // As many nested tags as the kernel follows (`VLAN_MAX_DEPTH`). The first tag is where the network header is.
    var offset = networkHeader
    for _ in 0..<8 {
      guard offset >= bufferStart, offset &+ 4 <= dataEnd, let tag = UnsafeRawPointer(bitPattern: offset) else { return 0 }
      type = UInt16(bigEndian: tag.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      if !EtherType.isVLAN(type) { return type }
      offset &+= 4
    }
    return 0
  }

  /// `bpf_skb_ecn_set_ce`: marks an IP packet whose sender understands it as having met congestion (RFC 3168).
  /// - Returns: whether the packet carries the mark now.
  fileprivate func markCongestion() -> Bool {
    let type = protocolBehindTags()
    let size: UInt = type == EtherType.ipv4 ? 20 : type == EtherType.ipv6 ? 40 : 0
    guard size > 0, dataEnd &- data >= size, networkHeader &+ size <= dataEnd,
      let header = UnsafeMutableRawPointer(bitPattern: networkHeader)
    else { return false }
    if type == EtherType.ipv6 {
      let first = UInt32(bigEndian: header.loadUnaligned(as: UInt32.self))
      guard first >> 20 & 3 != 0 else { return false }
      header.storeBytes(of: (first | 3 << 20).bigEndian, as: UInt32.self)
      return true
    }
    let service = header.load(fromByteOffset: 1, as: UInt8.self)
    // Not capable (0) becomes 1, ECT(1) 2, ECT(0) 3, and the mark itself (3) 0.
    let step = UInt16(service &+ 1) & 3
    guard step & 2 != 0 else { return step == 0 }
    let checksum = UInt16(bigEndian: header.loadUnaligned(fromByteOffset: 10, as: UInt16.self))
    header.storeBytes(of: Checksum.add16(checksum, 0xfffb &+ step).bigEndian, toByteOffset: 10, as: UInt16.self)
    header.storeBytes(of: service | 3, toByteOffset: 1, as: UInt8.self)
    return true
  }
}
