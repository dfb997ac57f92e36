/// Reads a pcapng file (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces, enhanced, simple and obsolete packet blocks.
/// Blocks of other kinds are passed over, as the format asks.
struct PcapNGReader {
  enum BlockType {
    static let sectionHeader: UInt32 = 0x0A0D_0D0A
    static let interfaceDescription: UInt32 = 1
    /// The obsolete packet block.
    static let packet: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
  }

  /// Option codes of an interface description block.
  enum InterfaceOption {
    static let end: UInt16 = 0
    static let name: UInt16 = 2
    static let timestampResolution: UInt16 = 9
    static let timestampOffset: UInt16 = 14
  }

  /// libpcap's bound on a block (`INITIAL_MAX_BLOCKSIZE` grows up to this).
  static let maximumBlockLength: UInt32 = 16 << 20

  let bytes: [UInt8]
  var order = CaptureFormat.Order.little
  var firstOrder: CaptureFormat.Order?
  var section: Range<Int>?
  var interfaces: [CaptureInterface] = []
  /// Index of the current section's first interface.
  var firstInterface = 0
  var packets: [CapturedPacket] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  static func isMagic(_ magic: ArraySlice<UInt8>) -> Bool { Array(magic) == [0x0a, 0x0d, 0x0d, 0x0a] }

  /// The packets up to the place where the file is cut or damaged.
  mutating func read(damage: inout CaptureError?) -> Capture {
    var offset = 0
    do throws(CaptureError) {
      while offset < bytes.count {
        let block = try block(at: offset)
        try take(block)
        offset = block.range.upperBound
      }
    } catch {
      damage = error
    }
    return Capture(bytes: bytes, format: .pcapng(order: firstOrder ?? .little), interfaces: interfaces, packets: packets)
  }

  /// A block: its type, the whole of it, and what stands between its two lengths.
  struct Block {
    var type: UInt32
    var range: Range<Int>
    var body: Range<Int>
  }

  private mutating func block(at offset: Int) throws(CaptureError) -> Block {
    guard bytes.count - offset >= 12 else {
      throw failure(.truncated, "the file is cut in a block's header: \(bytes.count - offset) of 12 bytes", offset)
    }
    var type = bytes.number32(at: offset, order)
    if type == BlockType.sectionHeader {
      // Its type reads the same in both orders; the magic after the length tells which one holds from here on.
      switch bytes.number32(at: offset + 8, .little) {
      case 0x1A2B_3C4D: order = .little
      case 0x4D3C_2B1A: order = .big
      default: throw failure(.malformed, "a section header without its byte-order magic", offset + 8)
      }
      if firstOrder == nil { firstOrder = order }
      type = BlockType.sectionHeader
    }
    let length = bytes.number32(at: offset + 4, order)
    guard length >= 12, length % 4 == 0, length <= Self.maximumBlockLength else {
      throw failure(.malformed, "a block of \(length) bytes; blocks are multiples of 4 from 12 to \(Self.maximumBlockLength)", offset + 4)
    }
    guard bytes.count - offset >= Int(length) else {
      throw failure(.truncated, "the file is cut in a block: \(bytes.count - offset) of \(length) bytes", offset)
    }
    let end = offset + Int(length)
    guard bytes.number32(at: end - 4, order) == length else {
      throw failure(.malformed, "the two lengths of a block differ: \(length) and \(bytes.number32(at: end - 4, order))", end - 4)
    }
    return Block(type: type, range: offset..<end, body: offset + 8..<end - 4)
  }

  private mutating func take(_ block: Block) throws(CaptureError) {
    switch block.type {
    case BlockType.sectionHeader:
      try need(16, of: block, "section header")
      let major = bytes.number16(at: block.body.lowerBound + 4, order)
      guard major == 1 else {
        throw failure(.unsupported, "pcapng version \(major); 1 is the newest known", block.body.lowerBound + 4)
      }
      section = block.range
      firstInterface = interfaces.count
    case BlockType.interfaceDescription:
      try need(8, of: block, "interface description")
      try takeInterface(block)
    case BlockType.enhancedPacket:
      try need(20, of: block, "enhanced packet")
      let at = block.body.lowerBound
      try takePacket(
        block, interface: bytes.number32(at: at, order), header: 20, captured: bytes.number32(at: at + 12, order),
        original: bytes.number32(at: at + 16, order), ticks: ticks(at: at + 4))
    case BlockType.packet:
      try need(20, of: block, "packet")
      let at = block.body.lowerBound
      try takePacket(
        block, interface: UInt32(bytes.number16(at: at, order)), header: 20, captured: bytes.number32(at: at + 12, order),
        original: bytes.number32(at: at + 16, order), ticks: ticks(at: at + 4))
    case BlockType.simplePacket:
      try need(4, of: block, "simple packet")
      let original = bytes.number32(at: block.body.lowerBound, order)
      var captured = original
      if firstInterface < interfaces.count, interfaces[firstInterface].snapLength > 0 {
        captured = min(captured, interfaces[firstInterface].snapLength)
      }
      captured = min(captured, UInt32(block.body.count - 4))
      try takePacket(block, interface: 0, header: 4, captured: captured, original: original, ticks: 0)
    default:
      break
    }
  }

  /// A 64-bit time is two 32-bit numbers, the upper one first, each in the section's order.
  private func ticks(at offset: Int) -> UInt64 {
    UInt64(bytes.number32(at: offset, order)) << 32 | UInt64(bytes.number32(at: offset + 4, order))
  }

  private mutating func takePacket(
    _ block: Block, interface: UInt32, header: Int, captured: UInt32, original: UInt32, ticks: UInt64
  ) throws(CaptureError) {
    guard Int(interface) < interfaces.count - firstInterface else {
      throw failure(
        .malformed, "a packet of interface \(interface); the section has declared \(interfaces.count - firstInterface)",
        block.body.lowerBound)
    }
    guard captured <= maximumPacketLength, Int(captured) <= block.body.count - header else {
      throw failure(.malformed, "a packet of \(captured) captured bytes in a block of \(block.range.count)", block.body.lowerBound)
    }
    let start = block.body.lowerBound + header
    packets.append(
      CapturedPacket(
        range: start..<start + Int(captured), originalLength: original, interface: firstInterface + Int(interface), ticks: ticks))
  }

  private mutating func takeInterface(_ block: Block) throws(CaptureError) {
    guard let section else { throw failure(.malformed, "an interface before the first section", block.range.lowerBound) }
    let at = block.body.lowerBound
    var interface = CaptureInterface(
      linkType: LinkType(rawValue: bytes.number16(at: at, order)), snapLength: bytes.number32(at: at + 4, order),
      clock: .counter(unit: .decimal(6), offset: 0), block: block.range, section: section, byteOrder: order)
    var unit = CaptureClock.Unit.decimal(6)
    var offset: Int64 = 0
    var position = at + 8
    while block.body.upperBound - position >= 4 {
      let code = bytes.number16(at: position, order)
      let length = Int(bytes.number16(at: position + 2, order))
      if code == InterfaceOption.end { break }
      let value = position + 4
      guard block.body.upperBound - value >= length else {
        throw failure(.malformed, "an option of \(length) bytes that ends behind its block", position)
      }
      switch (code, length) {
      case (InterfaceOption.name, _):
        interface.name = String(decoding: bytes[value..<value + length], as: UTF8.self)
      case (InterfaceOption.timestampResolution, 1):
        let resolution = bytes[value]
        unit = resolution & 0x80 == 0 ? .decimal(resolution) : .binary(resolution & 0x7f)
      case (InterfaceOption.timestampOffset, 8):
        let low = UInt64(bytes.number32(at: value, order))
        let high = UInt64(bytes.number32(at: value + 4, order))
        offset = Int64(bitPattern: order == .little ? high << 32 | low : low << 32 | high)
      default:
        break
      }
      position = value + (length + 3) / 4 * 4
    }
    interface.clock = .counter(unit: unit, offset: offset)
    interfaces.append(interface)
  }

  private func need(_ count: Int, of block: Block, _ name: String) throws(CaptureError) {
    guard block.body.count >= count else {
      throw failure(.malformed, "a \(name) block of \(block.range.count) bytes is too short", block.range.lowerBound)
    }
  }

  private func failure(_ code: CaptureError.Code, _ message: String, _ offset: Int) -> CaptureError {
    CaptureError(code, message, offset: offset, packetsBefore: packets.count)
  }
}
