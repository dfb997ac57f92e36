import CEBPF
import EBPFTables

extension HelperTable {
  /// What classic filters ask of the kernel and eBPF has no helper for: only translations of classic programs call it.
  static var classicHelpers: [Entry] {
    [
      Entry(.skbGetPayOffset) { _, _, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return 0 }
        var offset = PayloadOffset(skb.pointee)
        return UInt64(offset.find())
      }
    ]
  }
}

/// Where a packet's payload begins behind its transport header, from the packet's first byte (`skb_get_poff`): the headers are followed as the
/// kernel's flow dissector follows them (`__skb_flow_dissect`, `net/core/flow_dissector.c`). 0 where it gives up.
struct PayloadOffset {
  private let packet: PacketState
  /// Where the next header begins, from the packet's first byte: negative where the packet begins behind it.
  private var offset: Int
  /// The type of the next header, and the IP protocol of the last.
  private var type: UInt16
  private var ipProtocol: UInt8 = 0
  private var isLaterFragment = false
  private var vlanTags = 0
  private var headers = 0

  /// `MAX_FLOW_DISSECT_HDRS`
  private static let mostHeaders = 15

  init(_ packet: PacketState) {
    self.packet = packet
    offset = Int(bitPattern: packet.networkHeader &- packet.data)
    type = packet.networkProtocol
    if hasTag { type = UInt16(bigEndian: UInt16(truncatingIfNeeded: packet.field(SocketBufferContext.vlanProtocol))) }
  }

  /// Whether a tag was taken out of the packet, and is told apart.
  private var hasTag: Bool { packet.field(SocketBufferContext.vlanPresent) != 0 }

  mutating func find() -> UInt32 {
    guard dissect() else { return 0 }
    let whole = Int(packet.fullLength)
    // A negative number is a large one, as for the kernel.
    let transport = offset < 0 ? whole : min(offset, whole)
    guard transport <= Int(UInt16.max) else { return 0 }
    return UInt32(transport + (isLaterFragment ? 0 : transportLength(at: transport)))
  }

  /// Bytes of the transport header.
  private func transportLength(at transport: Int) -> Int {
    switch ipProtocol {
    case IPProtocol.tcp: bytes(1, at: transport + 12).map { max(20, Int($0.load(as: UInt8.self) >> 4) * 4) } ?? 0
    case IPProtocol.udp, IPProtocol.udpLite, IPProtocol.icmp, IPProtocol.icmpv6, IPProtocol.igmp: 8
    case IPProtocol.dccp, IPProtocol.sctp: 12
    default: 0
    }
  }

  // MARK: Headers

  private enum Step {
    /// The header is the last.
    case done
    /// ``type`` says what comes next.
    case link
    /// ``ipProtocol`` says what comes next.
    case transport
    case bad
  }

  private mutating func dissect() -> Bool {
    var step = Step.link
    while true {
      switch step {
      case .link: step = link()
      case .transport: step = transport()
      case .done: return true
      case .bad: return false
      }
    }
  }

  /// Goes on with another header, if there have not been too many.
  private mutating func again(_ step: Step) -> Step {
    headers += 1
    return headers <= Self.mostHeaders ? step : .done
  }

  /// So many bytes at an offset, if they are there.
  private func bytes(_ count: Int, at offset: Int) -> UnsafeRawPointer? {
    guard packet.length - offset >= count, offset >= Int(bitPattern: packet.bufferStart &- packet.data) else { return nil }
    return UnsafeRawPointer(bitPattern: packet.data &+ UInt(bitPattern: offset))
  }

  private static func pair(_ header: UnsafeRawPointer, _ offset: Int) -> UInt16 {
    UInt16(bigEndian: header.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// A header that ``type`` names.
  private mutating func link() -> Step {
    switch type {
    case EtherType.ipv4:
      guard let header = bytes(20, at: offset), header.load(as: UInt8.self) & 15 >= 5 else { return .bad }
      offset += Int(header.load(as: UInt8.self) & 15) * 4
      ipProtocol = header.load(fromByteOffset: 9, as: UInt8.self)
      // More fragments, or not the first.
      let fragment = Self.pair(header, 6)
      guard fragment & 0x3fff != 0 else { return .transport }
      isLaterFragment = fragment & 0x1fff != 0
      return .done
    case EtherType.ipv6:
      guard let header = bytes(40, at: offset) else { return .bad }
      ipProtocol = header.load(fromByteOffset: 6, as: UInt8.self)
      offset += 40
      return .transport
    case LinkType.vlan, LinkType.serviceVLAN:
      if vlanTags == 0, hasTag {
        type = packet.networkProtocol
      } else {
        guard let header = bytes(4, at: offset) else { return .bad }
        type = Self.pair(header, 2)
        offset += 4
      }
      vlanTags = min(vlanTags + 1, 3)
      return again(.link)
    case LinkType.pppoeSession: return pppoe()
    case LinkType.mplsUnicast, LinkType.mplsMulticast:
      // Nobody asks for labels, so that the first is the last.
      offset += 4
      return .done
    case LinkType.fcoe:
      guard packet.length - offset >= 38 else { return .bad }
      offset += 38
      return .done
    case LinkType.arp, LinkType.rarp, LinkType.cfm: return .done
    case LinkType.tipc: return bytes(16, at: offset) == nil ? .bad : .done
    case LinkType.batman:
      // A unicast packet of version 15, and the Ethernet header behind its ten bytes.
      guard let header = bytes(24, at: offset), header.load(as: UInt8.self) == 0x40, header.load(fromByteOffset: 1, as: UInt8.self) == 15
      else { return .bad }
      type = Self.pair(header, 22)
      offset += 24
      return again(.link)
    case LinkType.precisionTime:
      guard bytes(34, at: offset) != nil else { return .bad }
      offset += 34
      return .done
    case LinkType.prp, LinkType.hsr:
      guard let header = bytes(6, at: offset) else { return .bad }
      type = Self.pair(header, 4)
      offset += 6
      return again(.link)
    default: return .bad
    }
  }

  private mutating func pppoe() -> Step {
    // Version and type 1, code 0.
    guard let header = bytes(8, at: offset), header.load(as: UInt8.self) == 0x11, header.load(fromByteOffset: 1, as: UInt8.self) == 0 else {
      return .bad
    }
    offset += 8
    switch Self.pair(header, 6) {
    case 0x0021: type = EtherType.ipv4
    case 0x0057: type = EtherType.ipv6
    case 0x0281: type = LinkType.mplsUnicast
    case 0x0283: type = LinkType.mplsMulticast
    // Protocols of two bytes are odd, with an even first byte.
    case let number: return number & 0x0101 == 1 ? .done : .bad
    }
    return again(.link)
  }

  /// A header that ``ipProtocol`` names.
  private mutating func transport() -> Step {
    switch ipProtocol {
    case IPProtocol.gre: return gre()
    case IPProtocol.hopByHop, IPProtocol.routing, IPProtocol.destination:
      guard type == EtherType.ipv6 else { return .done }
      guard let header = bytes(2, at: offset) else { return .bad }
      ipProtocol = header.load(as: UInt8.self)
      offset += (Int(header.load(fromByteOffset: 1, as: UInt8.self)) + 1) * 8
      return again(.transport)
    case IPProtocol.fragment:
      guard type == EtherType.ipv6 else { return .done }
      guard let header = bytes(8, at: offset) else { return .bad }
      ipProtocol = header.load(as: UInt8.self)
      offset += 8
      isLaterFragment = Self.pair(header, 2) & 0xfff8 != 0
      return .done
    case IPProtocol.ipv4: type = EtherType.ipv4
    case IPProtocol.ipv6: type = EtherType.ipv6
    case IPProtocol.mpls: type = LinkType.mplsUnicast
    default: return .done
    }
    return again(.link)
  }

  /// Generic routing encapsulation (RFC 2784, 2890), and its version 1 of PPTP (RFC 2637).
  private mutating func gre() -> Step {
    guard let header = bytes(4, at: offset) else { return .bad }
    let flags = Self.pair(header, 0)
    let (hasChecksum, hasRouting, hasKey, hasSequence, hasAcknowledgment) =
      (flags & 0x8000 != 0, flags & 0x4000 != 0, flags & 0x2000 != 0, flags & 0x1000 != 0, flags & 0x0080 != 0)
    let version = flags & 7
    guard !hasRouting, version <= 1 else { return .done }
    type = Self.pair(header, 2)
    if version == 1, type != LinkType.ppp || !hasKey { return .done }
    var length = hasChecksum ? 8 : 4
    if hasKey {
      guard bytes(4, at: offset + length) != nil else { return .bad }
      length += 4
    }
    if hasSequence { length += 4 }
    if version == 0, type == LinkType.bridged {
      guard let ethernet = bytes(14, at: offset + length) else { return .bad }
      type = Self.pair(ethernet, 12)
      length += 14
    } else if version == 1 {
      if hasAcknowledgment { length += 4 }
      guard let ppp = bytes(4, at: offset + length) else { return .bad }
      switch Self.pair(ppp, 2) {
      case 0x0021: type = EtherType.ipv4
      case 0x0057: type = EtherType.ipv6
      default: break
      }
      length += 4
    }
    offset += length
    return again(.link)
  }
}

/// `ETH_P_*` (`include/uapi/linux/if_ether.h`) beside those of IP.
private enum LinkType {
  static let arp: UInt16 = 0x0806
  static let rarp: UInt16 = 0x8035
  static let vlan: UInt16 = 0x8100
  static let serviceVLAN: UInt16 = 0x88a8
  static let pppoeSession: UInt16 = 0x8864
  static let mplsUnicast: UInt16 = 0x8847
  static let mplsMulticast: UInt16 = 0x8848
  static let fcoe: UInt16 = 0x8906
  static let cfm: UInt16 = 0x8902
  static let tipc: UInt16 = 0x88ca
  static let batman: UInt16 = 0x4305
  static let precisionTime: UInt16 = 0x88f7
  static let prp: UInt16 = 0x88fb
  static let hsr: UInt16 = 0x892f
  static let bridged: UInt16 = 0x6558
  static let ppp: UInt16 = 0x880b
}

/// `IPPROTO_*` (`include/uapi/linux/in.h`) and the extension headers of IPv6.
private enum IPProtocol {
  static let hopByHop: UInt8 = 0
  static let icmp: UInt8 = 1
  static let igmp: UInt8 = 2
  static let ipv4: UInt8 = 4
  static let tcp: UInt8 = 6
  static let udp: UInt8 = 17
  static let dccp: UInt8 = 33
  static let ipv6: UInt8 = 41
  static let routing: UInt8 = 43
  static let fragment: UInt8 = 44
  static let gre: UInt8 = 47
  static let icmpv6: UInt8 = 58
  static let destination: UInt8 = 60
  static let sctp: UInt8 = 132
  static let udpLite: UInt8 = 136
  static let mpls: UInt8 = 137
}
