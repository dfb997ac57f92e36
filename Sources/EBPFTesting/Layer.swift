import EBPFTypes

/// A layer of a packet that is being built.
enum Layer: Sendable {
  case ethernet(source: MACAddress, destination: MACAddress, type: EtherType?)
  case vlan(control: UInt16, isService: Bool)
  case ipv4(IPv4Header, options: [UInt8], isFixed: Bool)
  case ipv6(IPv6Header, isFixed: Bool)
  case ipv6Extension(kind: IPProtocol, body: [UInt8])
  case ipv6Fragment(offset: UInt16, identification: UInt32)
  case tcp(TCPHeader, options: [UInt8])
  case udp(source: Port, destination: Port, hasChecksum: Bool)
  case icmp(type: UInt8, code: UInt8, rest: UInt32)
  case gre(key: UInt32?)
  case payload([UInt8], type: EtherType? = nil)

  /// What a link layer before it calls it.
  private var etherType: EtherType? {
    switch self {
    case .vlan(_, let isService): isService ? .serviceVLAN : .vlan
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .ethernet: .transparentEthernet
    case .payload(_, let type): type
    default: nil
    }
  }

  /// What an internet layer before it calls it; `isIPv6` says which.
  private func ipProtocol(isIPv6: Bool) -> IPProtocol? {
    switch self {
    case .tcp: .tcp
    case .udp: .udp
    case .icmp: isIPv6 ? .icmpv6 : .icmp
    case .gre: .gre
    case .ipv4: .ipv4
    case .ipv6: .ipv6
    case .ipv6Extension(let kind, _): kind
    case .ipv6Fragment: .fragment
    default: nil
    }
  }

  /// This layer and what it carries.
  /// - Parameters:
  ///   - outer: The layers around it, outermost first.
  ///   - inner: The layers that it carries.
  ///   - body: Their bytes.
  func bytes(inside outer: ArraySlice<Layer>, before inner: ArraySlice<Layer>, around body: [UInt8]) -> [UInt8] {
    let next = inner.first
    switch self {
    case .payload(let bytes, _): return bytes + body
    case .ethernet(let source, let destination, let type):
      return memory(of: destination) + memory(of: source) + memory(of: type ?? next?.etherType ?? EtherType(0xffff)) + body
    case .vlan(let control, _):
      return big(control) + memory(of: next?.etherType ?? EtherType(0xffff)) + body
    case .ipv4(var header, let options, let isFixed):
      let options = options + [UInt8](repeating: 0, count: -options.count & 3)
      header.versionAndLength = 0x40 | UInt8(truncatingIfNeeded: 5 + options.count / 4)
      header.totalLength = BigEndian(UInt16(truncatingIfNeeded: 20 + options.count + body.count))
      if !isFixed, let known = next?.ipProtocol(isIPv6: false) { header.protocol = known }
      header.checksum = checksum(memory(of: header) + options)
      return memory(of: header) + options + body
    case .ipv6(var header, let isFixed):
      header.payloadLength = BigEndian(UInt16(truncatingIfNeeded: body.count))
      if !isFixed, let known = next?.ipProtocol(isIPv6: true) { header.nextHeader = known }
      return memory(of: header) + body
    case .ipv6Extension(_, let content):
      // Padding is an option of its own: Pad1 is a zero byte, PadN says how many.
      let missing = -(content.count + 2) & 7
      let padding: [UInt8] = missing == 0 ? [] : missing == 1 ? [0] : [1, UInt8(missing - 2)] + [UInt8](repeating: 0, count: missing - 2)
      let units = (2 + content.count + padding.count) / 8 - 1
      let following = next?.ipProtocol(isIPv6: true) ?? .noNextHeader
      return [following.rawValue, UInt8(truncatingIfNeeded: units)] + content + padding + body
    case .ipv6Fragment(let offset, let identification):
      let following = next?.ipProtocol(isIPv6: true) ?? .noNextHeader
      return [following.rawValue, 0] + big(offset) + big(identification) + body
    case .tcp(var header, let options):
      let options = options + [UInt8](repeating: 0, count: -options.count & 3)
      header.offsetAndFlags = BigEndian(header.offsetAndFlags.value & 0xfff | UInt16(truncatingIfNeeded: 5 + options.count / 4) << 12)
      header.checksum = checksum(Self.pseudoHeader(outer, .tcp, 20 + options.count + body.count) + memory(of: header) + options + body)
      return memory(of: header) + options + body
    case .udp(let source, let destination, let hasChecksum):
      let start = memory(of: source) + memory(of: destination) + big(UInt16(truncatingIfNeeded: 8 + body.count))
      guard hasChecksum else { return start + [0, 0] + body }
      var sum = checksum(Self.pseudoHeader(outer, .udp, 8 + body.count) + start + [0, 0] + body)
      // Zero means that there is none.
      if sum.bytes == 0 { sum.bytes = 0xffff }
      return start + memory(of: sum) + body
    case .icmp(let type, let code, let rest):
      var isIPv6 = false
      if case .ipv6? = outer.last(where: \.isInternet) { isIPv6 = true }
      let pseudo = isIPv6 ? Self.pseudoHeader(outer, .icmpv6, 8 + body.count) : []
      let sum = checksum(pseudo + [type, code, 0, 0] + big(rest) + body)
      return [type, code] + memory(of: sum) + big(rest) + body
    case .gre(let key):
      return big(UInt16(key == nil ? 0 : 0x2000)) + memory(of: next?.etherType ?? EtherType(0)) + (key.map { big($0) } ?? []) + body
    }
  }

  private var isInternet: Bool {
    switch self {
    case .ipv4, .ipv6: true
    default: false
    }
  }

  /// What a transport's checksum covers of the internet layer around it (RFC 9293 section 3.1, RFC 8200 section 8.1).
  private static func pseudoHeader(_ outer: ArraySlice<Layer>, _ kind: IPProtocol, _ count: Int) -> [UInt8] {
    switch outer.last(where: \.isInternet) {
    case .ipv4(let header, _, _)?:
      return memory(of: header.source) + memory(of: header.destination) + [0, kind.rawValue] + big(UInt16(truncatingIfNeeded: count))
    case .ipv6(let header, _)?:
      return memory(of: header.source) + memory(of: header.destination) + big(UInt32(truncatingIfNeeded: count)) + [0, 0, 0, kind.rawValue]
    default: return []
    }
  }
}

/// The bytes of a value as they lie in memory: of a header, those of the packet.
func memory<Value: BitwiseCopyable>(of value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

/// The bytes of a number in network byte order.
func big<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number) -> [UInt8] { memory(of: value.bigEndian) }

/// The internet checksum of bytes (RFC 1071).
func checksum(_ bytes: [UInt8]) -> InternetChecksum {
  var sum: UInt64 = 0
  for index in stride(from: 0, to: bytes.count, by: 2) {
    sum += UInt64(bytes[index]) | (index + 1 < bytes.count ? UInt64(bytes[index + 1]) << 8 : 0)
  }
  return InternetChecksum(sum: sum)
}
