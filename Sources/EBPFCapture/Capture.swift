/// A packet capture in memory: pcap in both byte orders and both resolutions, or pcapng.
///
/// Sources: `pcap-savefile(5)`, draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
/// The packets are ranges of ``bytes``; nothing is copied.
public struct Capture: Sendable {
  /// The file as it was read.
  public let bytes: [UInt8]
  /// How the file is written; ``CaptureWriter`` writes the same way again.
  public let format: CaptureFormat
  /// Where packets were captured: one for pcap, those of all sections, in order, for pcapng.
  public let interfaces: [CaptureInterface]
  /// The packets in the order of the file.
  public let packets: [CapturedPacket]

  /// Reads a capture.
  /// - Throws: ``CaptureError`` with the byte offset of what cannot be read.
  public init(bytes: [UInt8]) throws(CaptureError) {
    var damage: CaptureError?
    self = try Capture(bytes: bytes, damage: &damage)
    if let damage { throw damage }
  }

  /// Reads the packets of a capture up to the place where it is cut or damaged, as tcpdump does.
  /// - Parameter damage: Receives what cannot be read of the file behind the packets; `nil` where it is whole.
  /// - Throws: ``CaptureError`` where it is no capture, or its header cannot be read.
  public init(bytes: [UInt8], damage: inout CaptureError?) throws(CaptureError) {
    let magic = bytes.prefix(4)
    guard magic.count == 4 else {
      throw CaptureError(
        .truncated, "the file has \(bytes.count) bytes, a capture begins with a magic number of 4 bytes", offset: bytes.count)
    }
    if PcapHeader.isMagic(magic) {
      let reader = try PcapReader(bytes)
      self = reader.read(damage: &damage)
    } else if PcapNGReader.isMagic(magic) {
      var reader = PcapNGReader(bytes)
      self = reader.read(damage: &damage)
    } else {
      let shown = magic.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      throw CaptureError(
        .notACapture, "not a pcap or pcapng capture: it begins with the bytes \(shown) (gzip and other archives: unpack first)", offset: 0)
    }
  }

  package init(bytes: [UInt8], format: CaptureFormat, interfaces: [CaptureInterface], packets: [CapturedPacket]) {
    self.bytes = bytes
    self.format = format
    self.interfaces = interfaces
    self.packets = packets
  }

  /// The captured bytes of a packet.
  public func data(of packet: CapturedPacket) -> ArraySlice<UInt8> { bytes[packet.range] }

  /// The link type of a packet's interface.
  public func linkType(of packet: CapturedPacket) -> LinkType { interfaces[packet.interface].linkType }

  /// When a packet was captured; zero where the file does not say.
  public func timestamp(of packet: CapturedPacket) -> CaptureTimestamp {
    interfaces[packet.interface].clock.timestamp(packet.ticks)
  }
}

/// One packet of a ``Capture``.
public struct CapturedPacket: Sendable, Hashable {
  /// Its captured bytes in ``Capture/bytes``.
  public var range: Range<Int>
  /// Its length on the wire in bytes, at least that of ``range`` in a sane file.
  public var originalLength: UInt32
  /// Index in ``Capture/interfaces``.
  public var interface: Int
  /// The time as the file writes it; ``Capture/timestamp(of:)`` reads it.
  public var ticks: UInt64

  package init(range: Range<Int>, originalLength: UInt32, interface: Int, ticks: UInt64) {
    self.range = range
    self.originalLength = originalLength
    self.interface = interface
    self.ticks = ticks
  }
}

/// An interface that packets of a capture come from.
public struct CaptureInterface: Sendable, Hashable {
  /// What its packets begin with.
  public var linkType: LinkType
  /// The most bytes that were captured of a packet; 0: no limit.
  public var snapLength: UInt32
  /// The name that a pcapng file gives it.
  public var name: String?
  /// How its packets' times are written.
  public var clock: CaptureClock
  /// The block that declared it in a pcapng file, and that section's header block; ranges of ``Capture/bytes``.
  package var block: Range<Int>?
  package var section: Range<Int>?
  package var byteOrder: CaptureFormat.Order

  package init(
    linkType: LinkType, snapLength: UInt32, name: String? = nil, clock: CaptureClock, block: Range<Int>? = nil, section: Range<Int>? = nil,
    byteOrder: CaptureFormat.Order
  ) {
    self.linkType = linkType
    self.snapLength = snapLength
    self.name = name
    self.clock = clock
    self.block = block
    self.section = section
    self.byteOrder = byteOrder
  }
}

/// A point in time.
public struct CaptureTimestamp: Sendable, Hashable {
  /// Seconds since 1970-01-01 UTC.
  public var seconds: Int64
  /// 0 to 999,999,999.
  public var nanoseconds: UInt32

  public init(seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}

/// How a file writes times.
public enum CaptureClock: Sendable, Hashable {
  /// pcap: seconds in the upper 32 bits of the ticks, the fraction in the lower; nanoseconds or microseconds.
  case pcap(nanoseconds: Bool)
  /// pcapng: one number that counts `unit`s, from `offset` seconds after 1970.
  case counter(unit: Unit, offset: Int64)

  /// The length of a pcapng tick (option `if_tsresol`).
  public enum Unit: Sendable, Hashable {
    /// 10 to the power of minus that, in seconds.
    case decimal(UInt8)
    /// 2 to the power of minus that, in seconds.
    case binary(UInt8)
  }

  /// The time that a number of ticks stands for.
  public func timestamp(_ ticks: UInt64) -> CaptureTimestamp {
    switch self {
    case .pcap(let nanoseconds):
      let fraction = UInt32(truncatingIfNeeded: ticks)
      let scaled = nanoseconds ? UInt64(fraction) : UInt64(fraction) * 1000
      return CaptureTimestamp(seconds: Int64(ticks >> 32) &+ Int64(scaled / 1_000_000_000), nanoseconds: UInt32(scaled % 1_000_000_000))
    case .counter(.decimal(let exponent), let offset):
      // 10^19 is the largest power that 64 bits hold; a finer unit than that cannot reach a second.
      guard exponent <= 19 else { return CaptureTimestamp(seconds: offset, nanoseconds: 0) }
      var perSecond: UInt64 = 1
      for _ in 0..<exponent { perSecond *= 10 }
      let fraction = ticks % perSecond
      let product = fraction.multipliedFullWidth(by: 1_000_000_000)
      let nanoseconds = perSecond.dividingFullWidth((product.high, product.low)).quotient
      return CaptureTimestamp(seconds: offset &+ Int64(bitPattern: ticks / perSecond), nanoseconds: UInt32(nanoseconds))
    case .counter(.binary(let exponent), let offset):
      guard exponent < 64 else { return CaptureTimestamp(seconds: offset, nanoseconds: 0) }
      let fraction = exponent == 0 ? 0 : ticks << (64 - UInt64(exponent))
      let nanoseconds = fraction.multipliedFullWidth(by: 1_000_000_000).high
      return CaptureTimestamp(seconds: offset &+ Int64(bitPattern: ticks >> UInt64(exponent)), nanoseconds: UInt32(nanoseconds))
    }
  }
}
