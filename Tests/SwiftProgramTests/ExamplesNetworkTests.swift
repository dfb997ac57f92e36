import EBPFHost
import EBPFTesting
import EBPFTypes
import Testing

/// What the examples that run on packets do, with packets built here.
@Suite struct ExamplesNetworkTests {
  static let client = IPv4Address(10, 0, 0, 1)
  static let server = IPv4Address(10, 0, 0, 2)

  private func tcp(to port: Port, from source: Port = 40000, flags: TCPFlags = [.ack]) -> TestPacket {
    TestPacket.ethernet().ipv4(from: Self.client, to: Self.server).tcp(from: source, to: port, flags: flags).payload("x")
  }

  // MARK: Packet counter

  @Test(arguments: Example.hosts) func packetCounterCountsAndBlocksAPort(_ host: TestHost) async throws {
    let program = try await Example.packetCounter.program(on: host)
    let udp = TestPacket.ethernet().vlan(5).vlan(6).ipv4(from: Self.client, to: Self.server).udp(from: 1, to: 2)
    let ipv6 = TestPacket.ethernet().ipv6(from: "2001:db8::1", to: "2001:db8::2").tcp(from: 1, to: 81)
    try program.run(tcp(to: 80)).expect(XDPAction.pass).expectUnchangedPacket()
    try program.run(tcp(to: 81)).expect(XDPAction.drop)
    try program.run(udp).expect(XDPAction.pass)
    try program.run(ipv6).expect(XDPAction.drop)
    try program.run(TestPacket.ethernet().ipv6(from: "::1", to: "::2").ping()).expect(XDPAction.pass)
    // A header that does not fit into the packet ends the program.
    try program.run(tcp(to: 80).truncated(to: 20)).expect(XDPAction.aborted)
    let protocols = try program.map("protocols")
    #expect(try protocols.value(of: UInt32(3), as: Traffic.self) == Traffic(packets: 2, bytes: UInt64(2 * tcp(to: 80).bytes.count)))
    #expect(try protocols.value(of: UInt32(4), as: Traffic.self) == Traffic(packets: 1, bytes: UInt64(udp.bytes.count)))
    #expect(try protocols.value(of: UInt32(5), as: Traffic.self)?.packets == 1)
    #expect(try protocols.value(of: UInt32(6), as: Traffic.self) == Traffic(packets: 1, bytes: UInt64(ipv6.bytes.count)))
    let sources = try program.map("sources")
    #expect(try sources.count == 1)
    #expect(try sources.value(of: Self.client, as: Traffic.self)?.packets == 3)
  }

  @Test(arguments: Example.hosts) func packetCounterBlocksAnotherPort(_ host: TestHost) async throws {
    let program = try await Example.packetCounter.program(on: host, settings: ["blockedPort": UInt64(Port(443).bytes)])
    try program.run(tcp(to: 443)).expect(XDPAction.drop)
    try program.run(tcp(to: 81)).expect(XDPAction.pass)
  }

  // MARK: Protocol statistics

  @Test(arguments: Example.hosts) func protocolStatisticsCountsByProtocolAndSize(_ host: TestHost) async throws {
    let program = try await Example.protocolStatistics.program(on: host)
    let small = tcp(to: 80).bytes
    let large = TestPacket.ethernet().ipv6(from: "::1", to: "::2").udp(from: 1, to: 2).payload(count: 500).bytes
    for packet in [small, small, large, TestPacket.ethernet(type: .arp).payload(count: 28).bytes] {
      try program.run(packet).expect(TCAction.ok).expectUnchangedPacket()
    }
    let traffic = try program.map("traffic")
    func total(_ kind: UInt32) throws -> Traffic {
      try traffic.values(of: kind, as: Traffic.self)?.reduce(into: Traffic(packets: 0, bytes: 0)) {
        $0.packets += $1.packets
        $0.bytes += $1.bytes
      } ?? Traffic(packets: 0, bytes: 0)
    }
    #expect(try total(6) == Traffic(packets: 2, bytes: UInt64(2 * small.count)))
    #expect(try total(17) == Traffic(packets: 1, bytes: UInt64(large.count)))
    #expect(try total(255) == Traffic(packets: 1, bytes: 42))
    let sizes = try program.map("sizes")
    #expect(try sizes.total(of: UInt32(0)) == 3)
    #expect(try sizes.total(of: UInt32(4)) == 1, "\(large.count) bytes are up to 1024")
  }

  // MARK: SYN guard

  @Test(arguments: Example.hosts) func synGuardLimitsASource(_ host: TestHost) async throws {
    let program = try await Example.synGuard.program(on: host, settings: ["rate": 1, "burst": 3])
    let open = tcp(to: 80, flags: [.syn])
    for _ in 0..<3 { try program.run(open).expect(XDPAction.pass).expectUnchangedPacket() }
    try program.run(open).expect(XDPAction.drop)
    // Another source, an answer and what belongs to an open connection go through.
    let other = TestPacket.ethernet().ipv4(from: "10.0.0.9", to: "10.0.0.2").tcp(from: 1, to: 80, flags: [.syn])
    try program.run(other).expect(XDPAction.pass)
    try program.run(tcp(to: 80, flags: [.syn, .ack])).expect(XDPAction.pass)
    try program.run(tcp(to: 80)).expect(XDPAction.pass)
    let outcomes = try program.map("outcomes")
    #expect(try (0..<3).map { try outcomes.total(of: UInt32($0)) } == [2, 4, 1])
    #expect(try program.map("buckets").count == 2)
  }

  @Test(arguments: [TestHost.userspace, .userspaceJIT]) func synGuardFillsBucketsWithTime(_ host: TestHost) async throws {
    let program = try await Example.synGuard.program(on: host, settings: ["rate": 2, "burst": 3])
    let open = tcp(to: 80, flags: [.syn])
    for _ in 0..<3 { try program.run(open).expect(XDPAction.pass) }
    try program.run(open).expect(XDPAction.drop)
    program.clock.advance(by: .milliseconds(499))
    try program.run(open).expect(XDPAction.drop)
    program.clock.advance(by: .milliseconds(1))
    try program.run(open).expect(XDPAction.pass)
    try program.run(open).expect(XDPAction.drop)
    // Not more than the burst, however long it is quiet.
    program.clock.advance(by: .seconds(86_400))
    for _ in 0..<3 { try program.run(open).expect(XDPAction.pass) }
    try program.run(open).expect(XDPAction.drop)
  }

  // MARK: Load balancer

  private static let backends: [Backend] = (1...2).map {
    Backend(address: IPv4Address(192, 0, 2, $0), mac: MACAddress(2, 0, 0, 0, 9, $0), packets: 0)
  }

  private func balancer(_ host: TestHost) async throws -> TestProgram {
    let program = try await Example.loadBalancer.program(on: host)
    let services = try program.map("services")
    try services.set(Service(address: Self.server, port: 80, protocol: .tcp), UInt32(1))
    try services.set(Service(address: Self.server, port: 53, protocol: .udp), UInt32(1))
    let rings = try program.map("rings")
    for slot in UInt32(0)..<4096 { try rings.set(4096 + slot, 1 + slot % 2) }
    for (index, backend) in Self.backends.enumerated() { try program.map("backends").set(UInt32(index + 1), backend) }
    return program
  }

  @Test(arguments: Example.hosts) func loadBalancerSendsConnectionsToBackEnds(_ host: TestHost) async throws {
    let program = try await balancer(host)
    var chosen: [UInt64] = [0, 0]
    for source in UInt16(40000)..<40064 {
      let outcome = try program.run(tcp(to: 80, from: Port(source))).expect(XDPAction.tx)
      // The packet is what the client would have sent to the back end itself: addresses, both checksums.
      let index = try #require(Self.backends.firstIndex { outcome.packet[33] == UInt8($0.address.value & 0xff) })
      let backend = Self.backends[index]
      let expected = TestPacket.ethernet(from: MACAddress(2, 0, 0, 0, 0, 2), to: backend.mac).ipv4(from: Self.client, to: backend.address)
        .tcp(from: Port(source), to: 80).payload("x")
      try outcome.expect(packet: expected)
      // A connection stays where it is.
      try program.run(tcp(to: 80, from: Port(source))).expect(XDPAction.tx).expect(packet: expected)
      chosen[index] += 2
    }
    #expect(chosen.allSatisfy { $0 >= 32 }, "connections spread over both: \(chosen)")
    let entries = try program.map("backends")
    #expect(try (1...2).map { try entries.value(of: UInt32($0), as: Backend.self)?.packets } == chosen)
  }

  @Test(arguments: Example.hosts, [true, false]) func loadBalancerKeepsUDPChecksums(_ host: TestHost, _ hasChecksum: Bool) async throws {
    let program = try await balancer(host)
    func packet(_ frame: TestPacket, to address: IPv4Address) -> TestPacket {
      frame.ipv4(from: Self.client, to: address, options: [1, 1, 1]).udp(from: 5000, to: 53, hasChecksum: hasChecksum).payload("query")
    }
    let outcome = try program.run(packet(.ethernet(), to: Self.server)).expect(XDPAction.tx)
    let backend = Self.backends[Int(outcome.packet[33]) - 1]
    try outcome.expect(packet: packet(.ethernet(from: MACAddress(2, 0, 0, 0, 0, 2), to: backend.mac), to: backend.address))
  }

  @Test(arguments: Example.hosts) func loadBalancerLeavesTheRest(_ host: TestHost) async throws {
    let program = try await balancer(host)
    let fragment = TestPacket.ethernet().ipv4(from: Self.client, to: Self.server, dontFragment: false, moreFragments: true)
      .tcp(from: 1, to: 80)
    let rest = [
      tcp(to: 81), fragment, tcp(to: 80).truncated(to: 40),
      TestPacket.ethernet().ipv4(from: Self.client, to: Self.server).udp(from: 1, to: 80),
      TestPacket.ethernet().ipv4(from: Self.server, to: Self.client).tcp(from: 80, to: 80),
      TestPacket.ethernet().ipv4(from: Self.client, to: Self.server).ping(),
    ]
    for packet in rest { try program.run(packet).expect(XDPAction.pass).expectUnchangedPacket() }
    // A slot without a back end.
    for slot in UInt32(0)..<4096 { try program.map("rings").set(4096 + slot, UInt32(0)) }
    try program.run(tcp(to: 80)).expect(XDPAction.pass).expectUnchangedPacket()
  }

  // MARK: DNS inspector

  private struct Query: BitwiseCopyable {
    var client: IPv4Address
    var identifier: UInt16
    var type: UInt16
    var name: InlineArray<64, UInt8>
  }

  private func message(flags: UInt16 = 0x0100, _ labels: [String], type: UInt8) -> [UInt8] {
    var bytes: [UInt8] = [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 0xff), 0, 1, 0, 0, 0, 0, 0, 0]
    for label in labels {
      bytes.append(UInt8(label.utf8.count))
      bytes += Array(label.utf8)
    }
    return bytes + [0, 0, type, 0, 1]
  }

  private func query(_ labels: [String], type: UInt8) -> TestPacket {
    TestPacket.ethernet().ipv4(from: Self.client, to: Self.server).udp(from: 5000, to: 53).payload(message(labels, type: type))
  }

  @Test(arguments: Example.hosts) func dnsInspectorReportsQueries(_ host: TestHost) async throws {
    let program = try await Example.dnsInspector.program(on: host)
    try program.run(query(["example", "test"], type: 28)).expect(XDPAction.pass).expectUnchangedPacket()
    try program.run(query([], type: 2)).expect(XDPAction.pass)
    let long = [String](repeating: "abcdefghijklmnopqrstuvwxyz", count: 4)
    try program.run(query(long, type: 1)).expect(XDPAction.pass)
    let records = try program.map("queries").records(as: Query.self)
    try #require(records.count == 3)
    #expect(records.allSatisfy { $0.client == Self.client && $0.identifier == 0x1234 })
    #expect(records.map(\.type) == [28, 2, 0], "of a name that is too long the type is not known")
    func name(_ record: Query) -> [UInt8] { record.name.indices.map { record.name[$0] } }
    let expected = Array("\u{7}example\u{4}test\0".utf8)
    #expect(name(records[0]) == expected + [UInt8](repeating: 0, count: 64 - expected.count))
    #expect(name(records[1]).allSatisfy { $0 == 0 })
    #expect(name(records[2]) == Array(message(long, type: 1)[12..<76]))
    let types = try program.map("queryTypes")
    #expect(try [0, 1, 2, 28].map { try types.total(of: UInt32($0)) } == [1, 0, 1, 1])
  }

  @Test(arguments: Example.hosts) func dnsInspectorCountsAnswers(_ host: TestHost) async throws {
    let program = try await Example.dnsInspector.program(on: host)
    for flags in [UInt16(0x8180), 0x8183, 0x8183] {
      let answer = TestPacket.ethernet().ipv4(from: Self.server, to: Self.client).udp(from: 53, to: 5000)
        .payload(message(flags: flags, ["example"], type: 1))
      try program.run(answer).expect(XDPAction.pass)
    }
    try program.run(tcp(to: 53)).expect(XDPAction.pass)
    let codes = try program.map("responseCodes")
    #expect(try [0, 3].map { try codes.total(of: UInt32($0)) } == [1, 2])
    #expect(try program.map("queries").records(as: Query.self).isEmpty)
  }

  // MARK: VLAN rewriter

  @Test(arguments: Example.hosts) func vlanRewriterFollowsItsRules(_ host: TestHost) async throws {
    let program = try await Example.vlanRewriter.program(on: host)
    let rules = try program.map("rules")
    func frame(_ tag: (TestPacket) -> TestPacket) -> TestPacket {
      tag(.ethernet()).ipv4(from: Self.client, to: Self.server).udp(from: 1, to: 2).payload("content")
    }
    let plain = frame { $0 }
    try program.run(plain).expect(XDPAction.pass).expectUnchangedPacket()
    try rules.set(UInt16(7), UInt16(9))
    try rules.set(UInt16(42), UInt16(0))
    try rules.set(UInt16(13), UInt16(4095))
    // Another number; the priority and the inner tag stay.
    try program.run(frame { $0.vlan(7, priority: 5).vlan(8) }).expect(XDPAction.pass).expect(
      packet: frame { $0.vlan(9, priority: 5).vlan(8) })
    // The tag comes off, of a service provider's too.
    try program.run(frame { $0.vlan(42, priority: 3) }).expect(XDPAction.pass).expect(packet: plain)
    try program.run(frame { $0.vlan(42, isService: true).vlan(7) }).expect(XDPAction.pass).expect(packet: frame { $0.vlan(7) })
    try program.run(frame { $0.vlan(13) }).expect(XDPAction.drop)
    try program.run(frame { $0.vlan(14) }).expect(XDPAction.pass).expectUnchangedPacket()
    // A tag goes on.
    try rules.set(UInt16(0), UInt16(5))
    try program.run(plain).expect(XDPAction.pass).expect(packet: frame { $0.vlan(5) })
    try rules.set(UInt16(0), UInt16(4095))
    try program.run(plain).expect(XDPAction.drop)
    let done = try program.map("done")
    #expect(try (0..<5).map { try done.total(of: UInt32($0)) } == [2, 1, 2, 1, 2])
  }

  // MARK: Egress marks

  /// A `struct __sk_buff` of zeros: with it given, the hosts give back what the program wrote into it.
  private static let context = [UInt8](repeating: 0, count: 192)

  private func word<Value: FixedWidthInteger & BitwiseCopyable>(_ outcome: TestOutcome, at offset: Int, as type: Value.Type) -> Value {
    outcome.context.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
  }

  @Test(arguments: Example.hosts) func egressMarksMarksByPort(_ host: TestHost) async throws {
    let program = try await Example.egressMarks.program(on: host)
    let classes = try program.map("classes")
    try classes.set(Port(80), UInt32(3))
    try classes.set(Port(53), UInt32(20))
    func mark(_ packet: TestPacket) throws -> UInt32 {
      // `mark` of struct __sk_buff.
      word(try program.run(packet, context: Self.context).expect(TCAction.ok).expectUnchangedPacket(), at: 8, as: UInt32.self)
    }
    #expect(try mark(tcp(to: 80)) == 3)
    #expect(try mark(tcp(to: 5, from: 80)) == 3)
    #expect(try mark(tcp(to: 53, from: 80)) == 20, "the destination's class comes first")
    #expect(try mark(tcp(to: 5)) == 0)
    #expect(try mark(TestPacket.ethernet().ipv6(from: "::1", to: "::2").udp(from: 9, to: 53)) == 20)
    #expect(try mark(TestPacket.ethernet().ipv6(from: "::1", to: "::2").tcp(from: 80, to: 9)) == 3)
    let fragment = TestPacket.ethernet().ipv4(from: Self.client, to: Self.server, dontFragment: false, fragmentOffset: 8).tcp(
      from: 1, to: 80)
    #expect(try mark(fragment) == 0)
    #expect(try mark(TestPacket.ethernet().ipv4(from: Self.client, to: Self.server).ping()) == 0)
    let budgets = try program.map("budgets")
    #expect(
      try [0, 3, 4].map { try budgets.value(of: UInt32($0), as: Budget.self)?.packets } == [3, 3, 2], "classes 20 and 4 share a budget")
  }

  @Test(arguments: [TestHost.userspace, .userspaceJIT]) func egressMarksPacesAClass(_ host: TestHost) async throws {
    let program = try await Example.egressMarks.program(on: host)
    try program.map("classes").set(Port(80), UInt32(1))
    // A hundred bytes a millisecond.
    try program.map("budgets").set(UInt32(1), Budget(rate: 100_000, next: 0, packets: 0, delayed: 0))
    let packet = TestPacket.ethernet().ipv4(from: Self.client, to: Self.server).tcp(from: 1, to: 80).payload(count: 1000 - 54)
    func leaves() throws -> UInt64 { word(try program.run(packet, context: Self.context).expect(TCAction.ok), at: 152, as: UInt64.self) }
    let now = program.clock.nanoseconds
    #expect(try leaves() == 0, "at once")
    #expect(try leaves() == now + 10_000_000)
    #expect(try leaves() == now + 20_000_000)
    program.clock.advance(by: .seconds(1))
    #expect(try leaves() == 0)
    #expect(try program.map("budgets").value(of: UInt32(1), as: Budget.self)?.delayed == 2)
    // Two seconds ahead of time is the horizon.
    for _ in 0..<200 { try program.run(packet).expect(TCAction.ok) }
    try program.run(packet).expect(TCAction.shot)
  }
}
