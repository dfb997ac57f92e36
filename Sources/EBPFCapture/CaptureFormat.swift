/// How a capture file is written.
public enum CaptureFormat: Sendable, Hashable {
  /// `pcap-savefile(5)`: one link type, one resolution.
  case pcap(order: Order, nanoseconds: Bool)
  /// pcapng: sections, interfaces, options. The order is that of the first section.
  case pcapng(order: Order)

  /// The byte order of the numbers in a file's headers; packets are bytes.
  public enum Order: Sendable, Hashable {
    case little
    case big
  }
}

/// What the bytes of packets begin with (`LINKTYPE_*`, https://www.tcpdump.org/linktypes.html).
public struct LinkType: RawRepresentable, Sendable, Hashable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// BSD loopback: four bytes of protocol family in the order of the capturing host.
  public static let null = LinkType(rawValue: 0)
  /// Ethernet frames without their checksum.
  public static let ethernet = LinkType(rawValue: 1)
  /// An IPv4 or IPv6 header at once.
  public static let raw = LinkType(rawValue: 101)
  /// Linux's "any" interface: 16 bytes before the network header (`LINKTYPE_LINUX_SLL`).
  public static let linuxCooked = LinkType(rawValue: 113)
  /// An IPv4 header at once.
  public static let ipv4 = LinkType(rawValue: 228)
  /// An IPv6 header at once.
  public static let ipv6 = LinkType(rawValue: 229)
  /// The newer form of ``linuxCooked``, 20 bytes (`LINKTYPE_LINUX_SLL2`).
  public static let linuxCooked2 = LinkType(rawValue: 276)

  /// The number that libpcap's functions take for it on Linux (`DLT_*`): the same but for a few old ones (`pcap-common.c` has the table).
  public var dlt: Int32 {
    switch rawValue {
    case 100: 11  // ATM, RFC 1483
    case 101: 12  // raw IP
    case 102: 15  // SLIP of BSD/OS
    case 103: 16  // PPP of BSD/OS
    case 106: 19  // ATM of Classical IP
    default: Int32(rawValue)
    }
  }
}

/// Why a file is not a capture that can be read.
public struct CaptureError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Kinds of failure; more may come.
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The file begins as no capture does.
    public static let notACapture = Code(rawValue: "notACapture")
    /// The file ends in the middle of a header or packet.
    public static let truncated = Code(rawValue: "truncated")
    /// A length or number contradicts another.
    public static let malformed = Code(rawValue: "malformed")
    /// Valid, but of a version or kind that is not read.
    public static let unsupported = Code(rawValue: "unsupported")
    /// Packets that the format to be written cannot hold.
    public static let cannotWrite = Code(rawValue: "cannotWrite")
  }
  /// Which kind of failure.
  public var code: Code
  /// What is wrong, in one line.
  public var message: String
  /// The byte in the file at which it was seen.
  public var offset: Int
  /// Packets that were whole before that place.
  public var packetsBefore: Int

  public init(_ code: Code, _ message: String, offset: Int, packetsBefore: Int = 0) {
    self.code = code
    self.message = message
    self.offset = offset
    self.packetsBefore = packetsBefore
  }

  public var description: String {
    let before = packetsBefore > 0 ? " (after \(packetsBefore) whole packets)" : ""
    return "offset \(offset): \(message)\(before)"
  }
}

extension [UInt8] {
  /// The number at `offset`; the caller has checked that the bytes are there.
  func number32(at offset: Int, _ order: CaptureFormat.Order) -> UInt32 {
    let value =
      UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16 | UInt32(self[offset + 3]) << 24
    return order == .little ? value : value.byteSwapped
  }

  func number16(at offset: Int, _ order: CaptureFormat.Order) -> UInt16 {
    let value = UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    return order == .little ? value : value.byteSwapped
  }

  mutating func appendNumber(_ value: UInt32, _ order: CaptureFormat.Order) {
    let value = order == .little ? value : value.byteSwapped
    for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func appendNumber(_ value: UInt16, _ order: CaptureFormat.Order) {
    let value = order == .little ? value : value.byteSwapped
    append(UInt8(truncatingIfNeeded: value))
    append(UInt8(truncatingIfNeeded: value >> 8))
  }
}
