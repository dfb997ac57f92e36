/// The file header of a pcap file, 24 bytes (`pcap-savefile(5)`).
struct PcapHeader {
  static let size = 24
  var order: CaptureFormat.Order
  var nanoseconds: Bool
  /// Bytes of a record's header: 16, or 24 in the files of Alexey Kuznetsov's patched libpcap.
  var recordHeaderSize: Int
  var major: UInt16
  var minor: UInt16

  static func isMagic(_ magic: ArraySlice<UInt8>) -> Bool {
    kind(of: magic) != nil
  }

  static func kind(of magic: ArraySlice<UInt8>) -> (order: CaptureFormat.Order, nanoseconds: Bool, recordHeaderSize: Int)? {
    switch Array(magic) {
    case [0xd4, 0xc3, 0xb2, 0xa1]: (.little, false, 16)
    case [0xa1, 0xb2, 0xc3, 0xd4]: (.big, false, 16)
    case [0x4d, 0x3c, 0xb2, 0xa1]: (.little, true, 16)
    case [0xa1, 0xb2, 0x3c, 0x4d]: (.big, true, 16)
    case [0x34, 0xcd, 0xb2, 0xa1]: (.little, false, 24)
    case [0xa1, 0xb2, 0xcd, 0x34]: (.big, false, 24)
    default: nil
    }
  }
}

/// The largest packet that libpcap believes in (`MAXIMUM_SNAPLEN`); a longer one means a broken file.
let maximumPacketLength: UInt32 = 262_144

/// Reads a pcap file.
struct PcapReader {
  let bytes: [UInt8]
  let header: PcapHeader

  init(_ bytes: [UInt8]) throws(CaptureError) {
    guard bytes.count >= PcapHeader.size else {
      throw CaptureError(.truncated, "the pcap header is cut: \(bytes.count) of \(PcapHeader.size) bytes", offset: bytes.count)
    }
    guard let kind = PcapHeader.kind(of: bytes.prefix(4)) else {
      throw CaptureError(.notACapture, "not a pcap capture", offset: 0)
    }
    self.bytes = bytes
    header = PcapHeader(
      order: kind.order, nanoseconds: kind.nanoseconds, recordHeaderSize: kind.recordHeaderSize, major: bytes.number16(at: 4, kind.order),
      minor: bytes.number16(at: 6, kind.order))
    guard header.major == 2, header.minor <= 4 else {
      throw CaptureError(.unsupported, "pcap version \(header.major).\(header.minor); 2.4 is the newest known", offset: 4)
    }
  }

  /// The packets up to the place where the file is cut or damaged.
  func read(damage: inout CaptureError?) -> Capture {
    let order = header.order
    // The upper bits of the link type say whether frames end in a checksum.
    let linkType = LinkType(rawValue: UInt16(truncatingIfNeeded: bytes.number32(at: 20, order)))
    let interface = CaptureInterface(
      linkType: linkType, snapLength: bytes.number32(at: 16, order), clock: .pcap(nanoseconds: header.nanoseconds), byteOrder: order)
    var packets: [CapturedPacket] = []
    do throws(CaptureError) { try read(into: &packets) } catch { damage = error }
    return Capture(
      bytes: bytes, format: .pcap(order: order, nanoseconds: header.nanoseconds), interfaces: [interface], packets: packets)
  }

  private func read(into packets: inout [CapturedPacket]) throws(CaptureError) {
    let order = header.order
    var offset = PcapHeader.size
    while offset < bytes.count {
      guard bytes.count - offset >= header.recordHeaderSize else {
        throw CaptureError(
          .truncated, "the file is cut in a packet's header: \(bytes.count - offset) of \(header.recordHeaderSize) bytes", offset: offset,
          packetsBefore: packets.count)
      }
      var captured = bytes.number32(at: offset + 8, order)
      var original = bytes.number32(at: offset + 12, order)
      // Before 2.3 the two lengths stood the other way round; 2.3 itself was written both ways.
      if header.minor < 3 || (header.minor == 3 && captured > original) { swap(&captured, &original) }
      guard captured <= maximumPacketLength else {
        throw CaptureError(
          .malformed, "a packet of \(captured) captured bytes; \(maximumPacketLength) is the most", offset: offset + 8,
          packetsBefore: packets.count)
      }
      let start = offset + header.recordHeaderSize
      guard bytes.count - start >= Int(captured) else {
        throw CaptureError(
          .truncated, "the file is cut in a packet: \(bytes.count - start) of \(captured) captured bytes", offset: start,
          packetsBefore: packets.count)
      }
      packets.append(
        CapturedPacket(
          range: start..<start + Int(captured), originalLength: original, interface: 0,
          ticks: UInt64(bytes.number32(at: offset, order)) << 32 | UInt64(bytes.number32(at: offset + 4, order))))
      offset = start + Int(captured)
    }
  }
}
