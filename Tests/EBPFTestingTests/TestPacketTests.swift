import EBPFCapture
import EBPFTesting
import EBPFTypes
import Foundation
import Testing

@Suite struct TestPacketTests {
  /// Frames that Linux sent, as tcpdump recorded them, built again from what their headers say.
  @Test func framesAreThoseThatLinuxSends() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Examples/Captures")
    var kinds: Set<String> = []
    for name in ["dns.pcap", "web.pcap"] {
      let capture = try Capture(bytes: Array(Data(contentsOf: folder.appendingPathComponent(name))))
      for packet in capture.packets {
        let frame = Array(capture.data(of: packet))
        guard frame.count > 54, frame[12] == 8, frame[13] == 0 else { continue }
        func load<Value: BitwiseCopyable>(_ at: Int, as type: Value.Type = Value.self) -> Value {
          frame.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: Value.self) }
        }
        let ip = load(14, as: IPv4Header.self)
        let start = TestPacket.ethernet(from: load(6), to: load(0)).ipv4(
          from: ip.source, to: ip.destination, timeToLive: ip.timeToLive, typeOfService: ip.typeOfService,
          identification: ip.identification.value, dontFragment: ip.dontFragment)
        switch ip.protocol {
        case .tcp:
          let tcp = load(34, as: TCPHeader.self)
          let data = 34 + tcp.headerLength
          let built = start.tcp(
            from: tcp.sourcePort, to: tcp.destinationPort, flags: tcp.flags, sequence: tcp.sequence.value,
            acknowledgment: tcp.acknowledgment.value, window: tcp.window.value, options: Array(frame[54..<data])
          ).payload(Array(frame[data..<14 + Int(ip.totalLength.value)]))
          // Between network namespaces the sender leaves the checksum to hardware that is not there.
          #expect(built.bytes.enumerated().allSatisfy { 50..<52 ~= $0.offset || $0.element == frame[$0.offset] })
          kinds.insert("tcp")
        case .udp:
          let built = start.udp(from: load(34), to: load(36)).payload(Array(frame[42..<14 + Int(ip.totalLength.value)]))
          #expect(built.bytes.enumerated().allSatisfy { 40..<42 ~= $0.offset || $0.element == frame[$0.offset] })
          kinds.insert("udp")
        case .icmp:
          let built = start.icmp(type: frame[34], code: frame[35], rest: UInt32(bigEndian: load(38))).payload(Array(frame[42...]))
          #expect(built.bytes == frame)
          kinds.insert("icmp")
        default: break
        }
      }
    }
    #expect(kinds.isSuperset(of: ["tcp", "udp"]))
  }

  @Test func checksumsAddUpToZero() {
    func sum(_ bytes: ArraySlice<UInt8>, _ pseudo: [UInt8] = []) -> UInt32 {
      var all = pseudo + bytes
      if all.count % 2 == 1 { all.append(0) }
      var sum: UInt32 = 0
      for index in stride(from: 0, to: all.count, by: 2) { sum += UInt32(all[index]) << 8 | UInt32(all[index + 1]) }
      while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
      return sum
    }
    for count in [0, 1, 2, 33, 1400] {
      let tcp = TestPacket.ethernet().ipv4(from: "10.1.2.3", to: "10.3.2.1").tcp(from: 1, to: 2, flags: [.syn], options: [2, 4, 5, 0xb4])
        .payload(count: count).bytes
      #expect(sum(tcp[14..<34]) == 0xffff)
      #expect(sum(tcp[34...], Array(tcp[26..<34]) + [0, 6, UInt8((24 + count) >> 8), UInt8((24 + count) & 255)]) == 0xffff)
      let udp = TestPacket.ethernet().ipv6(from: "2001:db8::1", to: "2001:db8::2").ipv6Extension(.hopByHopOptions).udp(from: 1, to: 2)
        .payload(count: count).bytes
      #expect(udp[20] == 0 && udp[54] == 17)
      #expect(sum(udp[62...], Array(udp[22..<54]) + [0, 0, UInt8((8 + count) >> 8), UInt8((8 + count) & 255), 0, 0, 0, 17]) == 0xffff)
      let ping = TestPacket.ethernet().ipv6(from: "fe80::1", to: "fe80::2").ping().payload(count: count).bytes
      #expect(ping[54] == 128)
      #expect(sum(ping[54...], Array(ping[22..<54]) + [0, 0, UInt8((8 + count) >> 8), UInt8((8 + count) & 255), 0, 0, 0, 58]) == 0xffff)
    }
  }

  @Test func layersSayWhatFollows() {
    let packet = TestPacket.ethernet().vlan(100, priority: 3, isService: true).vlan(7).ipv4(from: "10.0.0.1", to: "10.0.0.2")
      .udp(from: 5000, to: 4789).vxlan(0x1234).innerEthernet().ipv4(from: "10.1.0.1", to: "10.1.0.2").ping()
    let bytes = packet.bytes
    #expect(bytes[12..<22] == [0x88, 0xa8, 0x60, 100, 0x81, 0, 0, 7, 8, 0][...])
    #expect(bytes[50..<58] == [8, 0, 0, 0, 0, 0x12, 0x34, 0][...])
    #expect(bytes[70..<72] == [8, 0][...])
    #expect(bytes[72 + 9] == 1)
    let gre = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").gre(key: 5).ipv4(from: "10.1.0.1", to: "10.1.0.2").ping().bytes
    #expect(gre[23] == 47)
    #expect(gre[34..<42] == [0x20, 0, 8, 0, 0, 0, 0, 5][...])
  }

  @Test func packetsCanLie() {
    let whole = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").tcp(from: 1, to: 2)
    #expect(whole.truncated(to: 30).bytes.count == 30)
    #expect(whole.padded().bytes.count == 60)
    #expect(whole.set([0x4f], at: 14).bytes[14] == 0x4f)
    #expect(whole.set([1, 2], at: 53).bytes.count == 54)
    #expect(whole.set([1], at: 900) == whole)
  }

  @Test func differencesNameFields() {
    let a = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").tcp(from: 1000, to: 80).payload("hello")
    let b = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.3", timeToLive: 63).tcp(from: 1000, to: 80).payload("hallo")
    let difference = PacketDifference(expected: a.bytes, actual: b.bytes)
    #expect(
      difference.parts.map(\.field) == [
        "ipv4.time to live", "ipv4.checksum", "ipv4.destination", "tcp.checksum", "payload",
      ])
    #expect(difference.description.contains("  ipv4.time to live (offset 22): expected 64, got 63"))
    #expect(PacketDifference(expected: a.bytes, actual: a.bytes).isEmpty)
    let short = PacketDifference(expected: a.bytes, actual: a.truncated(to: 40).bytes)
    #expect(short.parts.first?.field == "length")
    for (first, second) in [([], [1]), ([1], []), ([0, 1, 2], a.bytes), (a.bytes, [])] as [([UInt8], [UInt8])] {
      #expect(!PacketDifference(expected: first, actual: second).isEmpty)
    }
  }
}
