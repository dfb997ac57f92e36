import EBPFTypes
import Testing

@Suite struct AddressTests {
  @Test func ipv4Text() {
    #expect(IPv4Address(10, 0, 0, 1).description == "10.0.0.1")
    #expect(IPv4Address("192.0.2.255") == IPv4Address(192, 0, 2, 255))
    #expect(IPv4Address(0x0A00_0001) == IPv4Address(10, 0, 0, 1))
    for wrong in ["", "10.0.0", "10.0.0.0.1", "10.0.0.256", "10.0.0.+1", "10.0.0.", "a.b.c.d", "1000.0.0.1"] {
      #expect(IPv4Address(wrong) == nil, "\(wrong)")
    }
  }

  @Test func ipv4BytesLieInNetworkOrder() {
    let address = IPv4Address(1, 2, 3, 4)
    #expect(withUnsafeBytes(of: address) { Array($0) } == [1, 2, 3, 4])
    #expect(address.value == 0x0102_0304)
  }

  @Test func ipv4Networks() {
    #expect(IPv4Address(172, 31, 9, 9).isPrivate)
    #expect(!IPv4Address(172, 32, 0, 0).isPrivate)
    #expect(IPv4Address(127, 9, 9, 9).isLoopback)
    #expect(IPv4Address(239, 1, 2, 3).isMulticast)
    #expect(IPv4Address(10, 1, 2, 3).network(prefixLength: 16) == IPv4Address(10, 1, 0, 0))
    #expect(IPv4Address(10, 1, 2, 3).network(prefixLength: 0) == .any)
    #expect(IPv4Address(10, 1, 2, 3).network(prefixLength: 32) == IPv4Address(10, 1, 2, 3))
    #expect(IPv4Address(9, 9, 9, 9).isIn(.any, prefixLength: 0))
  }

  /// Forms of RFC 5952.
  @Test(arguments: [
    "::", "::1", "1::", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "fe80::1:2:3:4", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8",
    "2001:db8::1:0:0:1", "0:1::",
  ]) func ipv6Text(_ text: String) {
    #expect(IPv6Address(text)?.description == text)
  }

  @Test func ipv6TextOtherForms() {
    #expect(IPv6Address("2001:DB8:0:0:0:0:0:1")?.description == "2001:db8::1")
    #expect(IPv6Address("64:ff9b::192.0.2.33") == IPv6Address(0x64, 0xff9b, 0, 0, 0, 0, 0xC000, 0x0221))
    #expect(IPv6Address(mapping: IPv4Address(192, 0, 2, 1)).mappedIPv4 == IPv4Address(192, 0, 2, 1))
    for wrong in [
      "", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "1:", ":1", "1:2:3:4:5:6:7:8::", "+1::",
    ] {
      #expect(IPv6Address(wrong) == nil, "\(wrong)")
    }
  }

  @Test func macText() {
    let address = MACAddress(0x02, 0, 0xAB, 3, 4, 5)
    #expect(address.description == "02:00:ab:03:04:05")
    #expect(MACAddress("02-00-AB-03-04-05") == address)
    #expect(withUnsafeBytes(of: address) { Array($0) } == [2, 0, 0xAB, 3, 4, 5])
    #expect(MACAddress.broadcast.isMulticast && !address.isMulticast)
    for wrong in ["", "02:00:ab:03:04", "02:00:ab:03:04:5", "02:00:ab:03:04:0g", "+2:00:ab:03:04:05"] {
      #expect(MACAddress(wrong) == nil, "\(wrong)")
    }
  }

  @Test func numbersOfTypesAndPorts() {
    #expect(Port(443) == .https && Port.https.value == 443 && "\(Port.https)" == "443")
    #expect(withUnsafeBytes(of: Port(0x1234)) { Array($0) } == [0x12, 0x34])
    #expect(EtherType.arp.value == 0x0806 && EtherType.vlan.isVLAN && "\(EtherType(0x88CC))" == "0x88cc")
    #expect("\(IPProtocol.udp)" == "UDP" && "\(IPProtocol(rawValue: 200))" == "200")
    let length: BigEndian<UInt16> = 20
    #expect(length == 20 && length.value == 20 && length < 21)
    if case 400...500 = Port.https {} else { Issue.record("443 is in 400...500") }
  }
}
