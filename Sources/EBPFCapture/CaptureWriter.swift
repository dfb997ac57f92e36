/// Writes packets as a capture again, in the format, byte order, resolution and with the interfaces of the one that they came from.
///
/// The result is bytes; whoever calls puts them into a file.
public struct CaptureWriter: Sendable {
  /// The file so far: whole after every call.
  public private(set) var bytes: [UInt8] = []
  private let source: Capture
  private var sectionWritten: Range<Int>?
  /// For each interface of the source, its number in the section that is being written, -1 before it is declared there.
  private var numbers: [Int]

  /// A writer for packets of `source`, with the file's header already written.
  public init(like source: Capture) {
    self.source = source
    numbers = Array(repeating: -1, count: source.interfaces.count)
    switch source.format {
    case .pcap(let order, let nanoseconds):
      let interface = source.interfaces[0]
      bytes.appendNumber((nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4) as UInt32, order)
      bytes.appendNumber(UInt16(2), order)
      bytes.appendNumber(UInt16(4), order)
      bytes.appendNumber(UInt32(0), order)
      bytes.appendNumber(UInt32(0), order)
      bytes.appendNumber(interface.snapLength, order)
      bytes.appendNumber(UInt32(interface.linkType.rawValue), order)
    case .pcapng(let order):
      // A capture without packets still says which interfaces it had.
      guard !source.interfaces.isEmpty else {
        bytes.appendNumber(PcapNGReader.BlockType.sectionHeader, order)
        bytes.appendNumber(UInt32(28), order)
        bytes.appendNumber(0x1A2B_3C4D as UInt32, order)
        bytes.appendNumber(UInt16(1), order)
        bytes.appendNumber(UInt16(0), order)
        bytes.appendNumber(UInt32.max, order)
        bytes.appendNumber(UInt32.max, order)
        bytes.appendNumber(UInt32(28), order)
        break
      }
      beginSection(of: 0)
    }
  }

  /// Adds a packet as it was captured.
  public mutating func append(_ packet: CapturedPacket) {
    append(packet, data: source.data(of: packet))
  }

  /// Adds a packet with other bytes: what a program made of it. The length on the wire grows or shrinks by as much as the bytes did.
  public mutating func append(_ packet: CapturedPacket, data: some Collection<UInt8>) {
    let interface = source.interfaces[packet.interface]
    let order = interface.byteOrder
    let captured = UInt32(truncatingIfNeeded: data.count)
    // A file may say that a packet was shorter than what is there of it; of a packet that did not change, that is kept.
    let change = data.count - packet.range.count
    let length = change == 0 ? packet.originalLength : UInt32(truncatingIfNeeded: max(data.count, Int(packet.originalLength) + change))
    switch source.format {
    case .pcap:
      bytes.appendNumber(UInt32(truncatingIfNeeded: packet.ticks >> 32), order)
      bytes.appendNumber(UInt32(truncatingIfNeeded: packet.ticks), order)
      bytes.appendNumber(captured, order)
      bytes.appendNumber(length, order)
      bytes.append(contentsOf: data)
    case .pcapng:
      if interface.section != sectionWritten { beginSection(of: packet.interface) }
      let padding = (4 - data.count % 4) % 4
      let blockLength = UInt32(32 + data.count + padding)
      bytes.appendNumber(PcapNGReader.BlockType.enhancedPacket, order)
      bytes.appendNumber(blockLength, order)
      bytes.appendNumber(UInt32(numbers[packet.interface]), order)
      bytes.appendNumber(UInt32(truncatingIfNeeded: packet.ticks >> 32), order)
      bytes.appendNumber(UInt32(truncatingIfNeeded: packet.ticks), order)
      bytes.appendNumber(captured, order)
      bytes.appendNumber(length, order)
      bytes.append(contentsOf: data)
      for _ in 0..<padding { bytes.append(0) }
      bytes.appendNumber(blockLength, order)
    }
  }

  /// Writes the header of an interface's section, with an unknown length, and all its interfaces, their options kept.
  private mutating func beginSection(of interface: Int) {
    guard let section = source.interfaces[interface].section else { return }
    let order = source.interfaces[interface].byteOrder
    sectionWritten = section
    // The section's length no longer holds: "unknown" is all ones.
    bytes.append(contentsOf: source.bytes[section.lowerBound..<section.lowerBound + 16])
    bytes.appendNumber(UInt32.max, order)
    bytes.appendNumber(UInt32.max, order)
    bytes.append(contentsOf: source.bytes[section.lowerBound + 24..<section.upperBound])
    // A section's interfaces stand in a row.
    var first = interface
    while first > 0, source.interfaces[first - 1].section == section { first -= 1 }
    var index = first
    while index < source.interfaces.count, source.interfaces[index].section == section {
      if let block = source.interfaces[index].block { bytes.append(contentsOf: source.bytes[block]) }
      numbers[index] = index - first
      index += 1
    }
  }
}
