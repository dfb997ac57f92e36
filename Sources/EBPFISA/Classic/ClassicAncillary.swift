/// What an absolute load from ``base`` on asks of the kernel instead of the packet (`SKF_AD_*` in `include/uapi/linux/filter.h`).
///
/// The size of the load says nothing: the whole number is loaded.
@frozen
public enum ClassicAncillary: UInt32, Hashable, Sendable, CaseIterable {
  /// The protocol that the link header names, in host order.
  case `protocol` = 0
  /// `PACKET_HOST`, `PACKET_BROADCAST`, …
  case packetType = 4
  /// The number of the interface; without one the filter ends with A.
  case interface = 8
  /// The offset of the netlink attribute of type X that follows offset A; 0 without.
  case netlinkAttribute = 12
  /// As ``netlinkAttribute``, inside the attribute at offset A.
  case nestedAttribute = 16
  case mark = 20
  case queue = 24
  /// The hardware type of the device (`ARPHRD_*`).
  case hardwareType = 28
  case hash = 32
  /// The processor that runs the filter.
  case processor = 36
  /// `A ^= X`: an instruction that classic BPF lacked.
  case xorX = 40
  case vlanTag = 44
  case vlanTagPresent = 48
  /// Where the payload behind the transport header begins.
  case payloadOffset = 52
  case random = 56
  /// The tag's protocol, in host order.
  case vlanProtocol = 60

  /// `SKF_AD_OFF`, -0x1000 as a 32-bit number: offsets from here on are not of the packet.
  public static let base: UInt32 = 0xffff_f000
  /// `SKF_NET_OFF`, -0x100000: offsets from here up to ``base`` count from the network header.
  public static let networkBase: UInt32 = 0xfff0_0000
  /// `SKF_LL_OFF`, -0x200000: offsets from here up to ``networkBase`` count from the link header.
  public static let linkBase: UInt32 = 0xffe0_0000

  /// What an absolute load of that offset asks for; `nil` where it is an offset into the packet, or means nothing.
  public init?(offset: UInt32) {
    guard offset >= Self.base, let known = ClassicAncillary(rawValue: offset - Self.base) else { return nil }
    self = known
  }

  /// The offset that asks for it.
  public var offset: UInt32 { Self.base + rawValue }

  /// The word in `tcpdump -d`'s brackets.
  var word: String {
    switch self {
    case .protocol: "proto"
    case .packetType: "type"
    case .interface: "ifidx"
    case .netlinkAttribute: "nla"
    case .nestedAttribute: "nlan"
    case .mark: "mark"
    case .queue: "queue"
    case .hardwareType: "hatype"
    case .hash: "rxhash"
    case .processor: "cpu"
    case .xorX: "xor_x"
    case .vlanTag: "vlan_tci"
    case .vlanTagPresent: "vlanp"
    case .payloadOffset: "poff"
    case .random: "random"
    case .vlanProtocol: "vlan_tpid"
    }
  }
}
