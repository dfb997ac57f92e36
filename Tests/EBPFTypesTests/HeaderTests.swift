import EBPFTypes
import Testing

@Suite struct HeaderTests {
  /// Sizes and places of fields are those of the RFCs.
  @Test func layouts() {
    #expect(EthernetHeader.byteCount == 14)
    #expect(VLANHeader.byteCount == 4)
    #expect(ARPHeader.byteCount == 28)
    #expect(IPv4Header.byteCount == 20)
    #expect(IPv6Header.byteCount == 40)
    #expect(TCPHeader.byteCount == 20)
    #expect(UDPHeader.byteCount == 8)
    #expect(ICMPHeader.byteCount == 8 && ICMPv6Header.byteCount == 8)
    #expect(GREHeader.byteCount == 4 && VXLANHeader.byteCount == 8)
    #expect(IPv6ExtensionHeader.byteCount == 2 && IPv6FragmentHeader.byteCount == 8)
    #expect(MemoryLayout<ARPHeader>.offset(of: \.senderWords) == 14 && MemoryLayout<ARPHeader>.offset(of: \.targetWords) == 24)
    #expect(MemoryLayout<IPv4Header>.offset(of: \.checksum) == 10 && MemoryLayout<IPv4Header>.offset(of: \.destination) == 16)
    #expect(MemoryLayout<IPv6Header>.offset(of: \.source) == 8 && MemoryLayout<IPv6Header>.offset(of: \.destination) == 24)
    #expect(MemoryLayout<TCPHeader>.offset(of: \.checksum) == 16)
    #expect(MemoryLayout<IPv4Prefix>.size == 8 && MemoryLayout<IPv6Prefix>.size == 20)
  }

  private func load<Header: PacketHeader>(_ bytes: [UInt8]) -> Header {
    bytes.withUnsafeBytes { $0.loadUnaligned(as: Header.self) }
  }

  /// From a capture of a browser's connection to example.com (tcpdump -x).
  @Test func ipv4AndTCP() {
    var ip: IPv4Header = load([0x45, 0, 0, 0x3C, 0x1C, 0x46, 0x40, 0, 0x40, 6, 0xB1, 0xE6, 0xC0, 0xA8, 0, 0x68, 0xC0, 0xA8, 0, 1])
    #expect(ip.version == 4 && ip.headerLength == 20 && ip.totalLength == 60 && ip.protocol == .tcp && ip.dontFragment && !ip.isFragment)
    #expect(ip.source == IPv4Address(192, 168, 0, 104) && ip.destination == IPv4Address(192, 168, 0, 1))
    ip.differentiatedServices = 46
    #expect(ip.typeOfService == 0xB8 && ip.congestion == 0)
    let tcp: TCPHeader = load([0x9C, 0x40, 1, 0xBB, 0, 0, 0, 1, 0, 0, 0, 0, 0xA0, 2, 0xFA, 0xF0, 0, 0, 0, 0])
    #expect(tcp.sourcePort == 40000 && tcp.destinationPort == .https && tcp.headerLength == 40)
    #expect(tcp.flags == .syn && tcp.isSYN && !tcp.isSYNACK && tcp.window == 64240)
  }

  @Test func tags() {
    var tag: VLANHeader = load([0xA0, 0x64, 8, 0])
    #expect(tag.identifier == 100 && tag.priority == 5 && !tag.isDropEligible && tag.type == .ipv4)
    tag.identifier = 0xFFF
    tag.priority = 1
    tag.isDropEligible = true
    #expect(withUnsafeBytes(of: tag) { Array($0) } == [0x3F, 0xFF, 8, 0])
    let gre: GREHeader = load([0x30, 0, 8, 0])
    #expect(gre.hasKey && gre.hasSequence && !gre.hasChecksum && gre.headerLength == 12)
    var vxlan: VXLANHeader = load([8, 0, 0, 0, 0, 0x13, 0x88, 0])
    #expect(vxlan.isValid && vxlan.identifier == 5000)
    vxlan.identifier = 0x010203
    #expect(withUnsafeBytes(of: vxlan) { Array($0) } == [8, 0, 0, 0, 1, 2, 3, 0])
    var arp: ARPHeader = load([0, 1, 8, 0, 6, 4, 0, 1] + [1, 2, 3, 4, 5, 6] + [10, 0, 0, 1] + [0, 0, 0, 0, 0, 0] + [10, 0, 0, 2])
    #expect(arp.isRequest && arp.sender == IPv4Address(10, 0, 0, 1) && arp.target == IPv4Address(10, 0, 0, 2))
    arp.target = IPv4Address(1, 2, 3, 4)
    #expect(withUnsafeBytes(of: arp) { Array($0.suffix(4)) } == [1, 2, 3, 4])
  }

  /// A checksum that follows changes equals one that is computed anew.
  @Test func checksumFollowsChanges() {
    func computed(_ bytes: [UInt8]) -> InternetChecksum {
      var sum: UInt64 = 0
      for i in stride(from: 0, to: bytes.count, by: 2) { sum += UInt64(UInt16(bytes[i]) | UInt16(bytes[i + 1]) << 8) }
      return InternetChecksum(sum: sum)
    }
    // From Wikipedia, "Internet checksum": 0xb861.
    let header: [UInt8] = [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xC0, 0xA8, 0, 1, 0xC0, 0xA8, 0, 0xC7]
    #expect(UInt16(bigEndian: computed(header).bytes) == 0xB861 && "\(computed(header))" == "0xb861")
    let seed = UInt64.random(in: 0 ... .max)
    var state = seed
    func next() -> UInt32 {
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return UInt32(truncatingIfNeeded: state >> 32)
    }
    for turn in 0..<2000 {
      var bytes = (0..<20).map { _ in turn % 7 == 0 ? [0, 0xFF][Int(next() & 1)] : UInt8(truncatingIfNeeded: next()) }
      var checksum = computed(bytes)
      let old = IPv4Address(bytes[12], bytes[13], bytes[14], bytes[15])
      let new = IPv4Address(next())
      withUnsafeBytes(of: new) { for i in 0..<4 { bytes[12 + i] = $0[i] } }
      checksum.replace(old, with: new)
      let oldPort = Port(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
      let newPort = Port(UInt16(truncatingIfNeeded: next()))
      withUnsafeBytes(of: newPort) { for i in 0..<2 { bytes[i] = $0[i] } }
      checksum.replace(oldPort, with: newPort)
      // 0 and 0xFFFF are the same number in one's complement arithmetic.
      let expected = computed(bytes)
      let same =
        checksum == expected || (checksum.bytes == 0 || checksum.bytes == 0xFFFF) && (expected.bytes == 0 || expected.bytes == 0xFFFF)
      #expect(same, "seed \(seed), turn \(turn): \(checksum) for \(expected)")
    }
  }
}
