import CEBPF
import EBPFTables

extension HelperTable {
  /// Helpers that make socket buffers longer or shorter (`net/core/filter.c`).
  static var headroomHelpers: [Entry] {
    [
      Entry(.skbChangeTail) { _, length, flags, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        let result = skb.pointee.changeTail(count32(length), flags)
        skb.pointee.refreshContext()
        return result
      },
      Entry(.skbChangeHead) { _, count, flags, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        let result = skb.pointee.changeHead(count32(count), flags)
        skb.pointee.refreshContext()
        return result
      },
      Entry(.skbChangeProto) { _, type, flags, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        let result = skb.pointee.changeProtocol(UInt16(bigEndian: UInt16(truncatingIfNeeded: type)), flags)
        skb.pointee.refreshContext()
        return result
      },
      Entry(.skbAdjustRoom) { _, difference, mode, flags, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        let result = skb.pointee.adjustRoom(signed32(difference), UInt32(truncatingIfNeeded: mode), flags)
        skb.pointee.refreshContext()
        return result
      },
    ]
  }
}

/// Flags of `bpf_skb_adjust_room` (`BPF_F_ADJ_ROOM_*`).
private enum RoomFlags {
  static let fixedSegments: UInt64 = 1 << 0
  static let encapsulateIPv4: UInt64 = 1 << 1
  static let encapsulateIPv6: UInt64 = 1 << 2
  static let encapsulateGRE: UInt64 = 1 << 3
  static let encapsulateUDP: UInt64 = 1 << 4
  static let keepChecksum: UInt64 = 1 << 5
  static let encapsulateEthernet: UInt64 = 1 << 6
  static let decapsulateIPv4: UInt64 = 1 << 7
  static let decapsulateIPv6: UInt64 = 1 << 8
  /// The length of the inner link header, in the top byte.
  static let innerLinkShift: UInt64 = 56
  static let encapsulation = encapsulateIPv4 | encapsulateIPv6
  static let decapsulation = decapsulateIPv4 | decapsulateIPv6
  static let known =
    fixedSegments | encapsulation | encapsulateGRE | encapsulateUDP | keepChecksum | encapsulateEthernet | decapsulation
    | 0xff << innerLinkShift
}

extension PacketState {
  /// `BPF_SKB_MAX_LEN`: four pages, less what the kernel keeps at their end.
  private static let maximumSize = 4 * 4096 - SocketBuffer.tailroom
  private static let ipv4Header = 20
  private static let ipv6Header = 40

  /// How far the network header lies behind the data; negative where the data begins in it.
  private var networkOffset: Int { Int(bitPattern: networkHeader &- data) }
  /// `skb_mac_header_len`
  private var linkLength: Int { Int(bitPattern: networkHeader &- linkHeader) }
  /// `skb->len`
  private var totalLength: Int { length + Int(missing) }

  fileprivate mutating func changeTail(_ newLength: Int, _ flags: UInt64) -> UInt64 {
    var minimum = max(networkOffset, 0)
    if transportHeader != Self.noTransportHeader {
      let offset = Int(bitPattern: head &+ UInt(transportHeader) &- data)
      if offset > 0 { minimum = offset }
    }
    guard flags == 0, newLength <= Self.maximumSize, newLength >= minimum else { return .error(.einval) }
    if isEncapsulated { return .error(.enotsupp) }
    // The kernel pulls the whole packet in first; what a capture left out is not there to be pulled.
    guard missing == 0 else { return .error(.enomem) }
    if newLength > length {
      let count = newLength - length
      guard reserveTail(count) else { return .error(.enomem) }
      (start + length).initializeMemory(as: UInt8.self, repeating: 0, count: count)
    }
    dataEnd = data &+ UInt(newLength)
    if isSegmented {
      setField(SocketBufferContext.segmentSize, 0)
      setField(SocketBufferContext.segmentCount, 0)
    }
    return 0
  }

  fileprivate mutating func changeHead(_ count: Int, _ flags: UInt64) -> UInt64 {
    let newLength = totalLength + count
    guard flags == 0, isSegmented || newLength <= Self.maximumSize, newLength <= Int(UInt32.max) else { return .error(.einval) }
    guard reserveHead(count) else { return .error(.enomem) }
    data &-= UInt(count)
    dataMeta = data
    start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    linkHeader = data
    return 0
  }

  /// Between IPv4 and IPv6: makes the place for the other header, which the program then writes.
  fileprivate mutating func changeProtocol(_ type: UInt16, _ flags: UInt64) -> UInt64 {
    guard flags == 0 else { return .error(.einval) }
    let difference = Self.ipv6Header - Self.ipv4Header
    switch (networkProtocol, type) {
    case (EtherType.ipv4, EtherType.ipv6):
      guard reserveHead(difference) else { return .error(.enomem) }
      guard UInt(linkLength) <= bufferEnd &- data else { return .error(.enomem) }
      insertBeforeNetwork(difference, at: linkLength)
    case (EtherType.ipv6, EtherType.ipv4):
      guard removeBeforeNetwork(difference, at: linkLength) else { return .error(.enomem) }
    default: return .error(.enotsupp)
    }
    networkProtocol = type
    clearHash()
    return 0
  }

  fileprivate mutating func adjustRoom(_ difference: Int, _ mode: UInt32, _ flags: UInt64) -> UInt64 {
    guard flags & ~RoomFlags.known == 0 else { return .error(.einval) }
    let count = abs(difference)
    let shrinks = difference < 0
    guard count <= 0xfff else { return .error(.efault) }
    let type = networkProtocol
    guard EtherType.isIP(type) else { return .error(.enotsupp) }
    let headerLength = type == EtherType.ipv4 ? Self.ipv4Header : Self.ipv6Header
    let offset: Int
    switch mode {
    case 0: offset = linkLength + headerLength
    case 1: offset = linkLength
    default: return .error(.enotsupp)
    }
    var minimum = headerLength
    if flags & RoomFlags.decapsulation != 0 {
      guard shrinks else { return .error(.einval) }
      switch flags & RoomFlags.decapsulation {
      case RoomFlags.decapsulateIPv4: minimum = Self.ipv4Header
      case RoomFlags.decapsulateIPv6: minimum = Self.ipv6Header
      default: return .error(.einval)
      }
    }
    let current = totalLength - networkOffset
    if shrinks {
      guard count < current, current - count >= minimum else { return .error(.enotsupp) }
    } else {
      guard totalLength + count <= Self.maximumSize || isSegmented else { return .error(.enotsupp) }
    }
    let result = shrinks ? shrink(count, at: offset, flags) : grow(count, at: offset, flags)
    if result == 0, flags & RoomFlags.keepChecksum == 0 { checksumLevel = -1 }
    return result
  }

  private mutating func grow(_ count: Int, at offset: Int, _ flags: UInt64) -> UInt64 {
    // Of the segmented packets that a test run makes the kernel does not know the kind.
    if isSegmented { return .error(.enotsupp) }
    guard reserveHead(count) else { return .error(.enomem) }
    let encapsulates = flags & RoomFlags.encapsulation != 0
    let isUDP = flags & RoomFlags.encapsulateUDP != 0
    let isGRE = flags & RoomFlags.encapsulateGRE != 0
    let isOuterIPv6 = flags & RoomFlags.encapsulateIPv6 != 0
    let link = linkLength
    if encapsulates {
      let innerLink = Int(flags >> RoomFlags.innerLinkShift)
      if flags & RoomFlags.encapsulation == RoomFlags.encapsulation || isUDP && isGRE { return .error(.einval) }
      if flags & RoomFlags.encapsulateEthernet != 0, innerLink < SocketBuffer.linkHeader { return .error(.einval) }
      if isEncapsulated { return .error(.ealready) }
      if innerLink > count { return .error(.einval) }
    }
    // A packet may have been cut inside the header that room is made behind; what is there instead is what lies behind the packet.
    guard UInt(offset) <= bufferEnd &- data else { return .error(.enomem) }
    insertBeforeNetwork(count, at: offset)
    guard encapsulates else { return 0 }
    isEncapsulated = true
    networkHeader = data &+ UInt(link)
    if isUDP || isGRE {
      transportHeader = UInt16(truncatingIfNeeded: networkHeader &- head) &+ UInt16(isOuterIPv6 ? Self.ipv6Header : Self.ipv4Header)
    }
    networkProtocol = isOuterIPv6 ? EtherType.ipv6 : EtherType.ipv4
    return 0
  }

  private mutating func shrink(_ count: Int, at offset: Int, _ flags: UInt64) -> UInt64 {
    guard flags & ~(RoomFlags.fixedSegments | RoomFlags.decapsulation | RoomFlags.keepChecksum) == 0 else { return .error(.einval) }
    if isSegmented { return .error(.enotsupp) }
    guard removeBeforeNetwork(count, at: offset) else { return .error(.enomem) }
    switch flags & RoomFlags.decapsulation {
    case RoomFlags.decapsulateIPv6: networkProtocol = EtherType.ipv6
    case RoomFlags.decapsulateIPv4: networkProtocol = EtherType.ipv4
    default: break
    }
    return 0
  }
}
