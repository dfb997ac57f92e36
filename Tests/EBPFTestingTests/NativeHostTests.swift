import BPF
import EBPFHost
import EBPFTesting
import Synchronization
import Testing

/// Programs called as functions, with the userspace host's helpers and maps.
@Suite struct NativeHostTests {
  static let udp = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").udp(from: 4000, to: 9).payload("content")

  @Test func mapsAreTheHosts() throws {
    let native = NativeHost()
    for _ in 0..<3 { try native.run(countFlows, on: Self.udp).expect(XDPAction.drop).expectUnchangedPacket() }
    let flow = Flow(address: IPv4Address(10, 0, 0, 1), port: 9)
    #expect(try native.map(flows).value(of: flow, as: UInt64.self) == 3)
    #expect(try native.map(perProcessor).values(of: UInt32(0), as: UInt64.self)?.reduce(0, +) == 3)
    #expect(try native.map(reports).records(as: Flow.self) == [flow, flow, flow])
    // As the program itself reads them.
    #expect(try native.call { flows[flow]?.value } == 3)
    // Another host has maps of its own.
    let other = NativeHost()
    #expect(try other.map(flows).count == 0)
    #expect(try other.call { flows[flow]?.value } == nil)
  }

  @Test func fixturesAndFullMaps() throws {
    let native = NativeHost()
    let table = try native.map(flows)
    for port in 1...4 { try table.set(Flow(address: IPv4Address(1, 2, 3, 4), port: Port(UInt16(port))), UInt64(port)) }
    try native.run(countFlows, on: Self.udp).expect(XDPAction.drop)
    #expect(try table.count == 4, "no room for another")
    #expect(try native.call { flows.remove(Flow(address: IPv4Address(1, 2, 3, 4), port: 2)) })
    try native.run(countFlows, on: Self.udp).expect(XDPAction.drop)
    #expect(try table.value(of: Flow(address: IPv4Address(10, 0, 0, 1), port: 9), as: UInt64.self) == 1)
  }

  @Test func functionsOfAProgramAreCalledByThemselves() throws {
    let found = Mutex<[Flow?]>([])
    let native = NativeHost()
    for packet in [Self.udp, Self.udp.truncated(to: 30)] {
      _ = try native.run({ (ctx: XDPContext) in found.withLock { $0.append(flow(of: ctx)) } }, on: packet)
    }
    #expect(found.withLock { $0 } == [Flow(address: IPv4Address(10, 0, 0, 1), port: 9), nil])
  }

  @Test func packetsGrow() throws {
    let outcome = try NativeHost().run(grow, on: Self.udp).expect(XDPAction.tx)
    try outcome.expect(packet: Array(Self.udp.bytes.prefix(4)) + Self.udp.bytes + [0, 0])
  }

  @Test func socketBuffersHaveFieldsAndTags() throws {
    var context = __sk_buff()
    context.priority = 3
    let outcome = try NativeHost().run(markAndTag, on: Self.udp, context: context).expect(TCAction.ok)
    let left = try outcome.context(as: __sk_buff.self)
    #expect(left.mark == 7 && left.priority == 3)
    #expect(throws: HostError.self) { try NativeHost().run(markAndTag, on: Self.udp).context(as: __sk_buff.self) }
    #expect(outcome.packet == Self.udp.bytes, "the tag is beside the packet until it leaves")
  }

  @Test func settingsAreTheHosts() throws {
    let native = NativeHost()
    native.set(limit, to: 5)
    #expect(try native.call { limit.value } == 5)
    native.set(limit, to: 6)
    #expect(try native.call { limit.value } == 6)
    #expect(try NativeHost().call { limit.value } == 3)
    #expect(limit.value == 3, "outside of a host it is what the source says")
  }

  @Test func tailCallsGoOn() throws {
    let native = NativeHost(processorCount: 1)
    try native.run(goOn, on: Self.udp).expect(XDPAction.pass)
    let counts = try native.map(perProcessor)
    #expect(try counts.value(of: UInt32(1), as: UInt64.self) == 1, "nothing is in the slot")
    try native.put(grow, at: 1, in: nextPrograms)
    try native.run(goOn, on: Self.udp).expect(XDPAction.tx)
    #expect(try counts.value(of: UInt32(0), as: UInt64.self) == 2)
    #expect(try counts.value(of: UInt32(1), as: UInt64.self) == 1, "what is behind the call does not run")
    // Only 33 programs go on.
    try native.put(goOnForever, at: 2, in: nextPrograms)
    try counts.set(UInt32(0), UInt64(0))
    try native.run(goOnForever, on: Self.udp).expect(XDPAction.tx)
    #expect(try counts.value(of: UInt32(0), as: UInt64.self) == 34)
    // Programs of another kind do not go there.
    #expect(throws: HostError.self) { try native.put(markAndTag, at: 3, in: nextPrograms) }
  }

  @Test func mapsOfMaps() throws {
    let native = NativeHost()
    try native.run(inTables, on: Self.udp).expect(XDPAction.aborted)
    let inner = try native.putMap(under: UInt32(1), of: tables)
    try native.run(inTables, on: Self.udp).expect(XDPAction.pass)
    #expect(try inner.value(of: UInt32(1), as: UInt64.self) == 12)
  }

  @Test func timersFireWhenTheClockMoves() throws {
    let native = NativeHost()
    let start = native.clock.nanoseconds
    for _ in 0..<2 { try native.run(withTimer, on: Self.udp).expect(XDPAction.pass) }
    try native.advance(by: .microseconds(999))
    let expiries = try native.map(expired)
    #expect(try expiries.value(of: UInt32(0), as: UInt64.self) == 0)
    // Starting it again puts it off.
    try native.run(withTimer, on: Self.udp).expect(XDPAction.pass)
    try native.advance(by: .microseconds(2))
    #expect(try native.map(sessions).count == 1)
    try native.advance(by: .seconds(1))
    #expect(try expiries.value(of: UInt32(0), as: UInt64.self) == 3, "the packets of the session")
    #expect(try expiries.value(of: UInt32(1), as: UInt64.self) == start + 1_999_000, "it fires at its time, however far the clock moves")
    #expect(try native.map(sessions).count == 0)
    #expect(native.clock.nanoseconds == start + 1_001_001_000)
    // With the element the timer goes.
    try native.run(withTimer, on: Self.udp).expect(XDPAction.pass)
    #expect(try native.map(sessions).remove(UInt32(Self.udp.bytes.count)))
    try native.advance(by: .seconds(1))
    #expect(try expiries.value(of: UInt32(0), as: UInt64.self) == 3)
    try native.run(withTimer, on: Self.udp).expect(XDPAction.pass)
    try native.advance(by: .seconds(1))
    #expect(try expiries.value(of: UInt32(0), as: UInt64.self) == 4)
  }

  @Test func whatTheHostHasNotIsAnError() throws {
    let native = NativeHost()
    let helper = #expect(throws: HostError.self) { try native.run(needsATask, on: Self.udp) }
    #expect(
      helper?.message.contains("helper 35 (") == true && helper?.message.contains("get_current_task") == true, "\(helper?.message ?? "")")
    let map = #expect(throws: HostError.self) { try native.run(needsABloomFilter, on: Self.udp) }
    #expect(map?.code == .unsupported && map?.message.contains("bloom") == true, "\(map?.message ?? "")")
    let packet = #expect(throws: HostError.self) { try native.call { XDPContext(.allocate(capacity: 1)).packet.byteCount } }
    #expect(packet?.message.contains("reads a packet") == true)
    // The host goes on afterwards.
    try native.run(countFlows, on: Self.udp).expect(XDPAction.drop)
  }

  @Test func resultsOfEveryType() throws {
    let native = NativeHost()
    func result<Answer>(_ answer: Answer) throws -> Int32 { try native.run({ (_: XDPContext) in answer }, on: Self.udp).returnValue }
    #expect(try result(XDPAction.redirect) == 4)
    #expect(try result(TCAction.unspecified) == -1)
    #expect(try result(true) == 1)
    #expect(try result(()) == 0)
    #expect(try result(Int32(-22)) == -22)
    #expect(try result(UInt32.max) == -1)
    #expect(try result(Choice.third) == 2)
  }

  @Test func contextsAlone() throws {
    let native = NativeHost()
    let words = Numbers(a: 0x0101_0101, b: 0)
    let outcome = try native.run(
      { (ctx: SyscallProgramContext<Numbers>) in
        ctx.arguments.b = ctx.arguments.a &+ 1
        return Int32(7)
      }, context: words)
    try outcome.expect(returning: 7)
    #expect(outcome.context == [1, 1, 1, 1, 2, 1, 1, 1])
    #expect(throws: HostError.self) { try native.run({ (_: NetfilterContext) in 0 as UInt32 }, on: Self.udp) }
  }

  @Test func printingAndTime() throws {
    let lines = Mutex<[String]>([])
    let native = NativeHost(trace: { line in lines.withLock { $0.append(line) } })
    native.clock.nanoseconds = 5_000
    try native.call { printk("it is %llu", Time.monotonic) }
    try native.advance(by: .milliseconds(2))
    try native.call { printk("it is %llu", Time.monotonic) }
    #expect(lines.withLock { $0.filter { $0.contains("it is 5000") }.count == 1 && $0.last?.contains("it is 2005000") == true })
  }

  @Test func queuesPrefixesAndLoops() throws {
    let native = NativeHost()
    try native.call {
      #expect(waiting.push(1) && waiting.push(2))
      #expect(waiting.pop() == 1 && waiting.peek() == 2)
      prefixes.update(Prefix(IPv4Address(10, 0, 0, 0), length: 8), 1)
      prefixes.update(Prefix(IPv4Address(10, 1, 0, 0), length: 16), 2)
      #expect(prefixes[Prefix(IPv4Address(10, 1, 2, 3), length: 32)]?.value == 2)
      #expect(prefixes[Prefix(IPv4Address(10, 2, 2, 3), length: 32)]?.value == 1)
      for key in UInt32(0)..<10 { recent.update(key, UInt64(key)) }
      var sum: UInt64 = 0
      #expect(
        recent.forEach { _, value in
          sum += value.value
          return .next
        } == 10)
      #expect(sum == 45)
      #expect(recent.forEach { _, _ in .stop } == 1)
    }
  }

  @Test func hostsRunAtTheSameTime() async throws {
    try await withThrowingTaskGroup(of: UInt64?.self) { group in
      for number in 1...16 {
        group.addTask {
          let native = NativeHost()
          for _ in 0..<number { try native.run(countFlows, on: Self.udp).expect(XDPAction.drop) }
          return try native.map(flows).value(of: Flow(address: IPv4Address(10, 0, 0, 1), port: 9))
        }
      }
      var counts: [UInt64] = []
      for try await count in group { counts.append(try #require(count)) }
      #expect(counts.sorted() == Array(1...16))
    }
    // One host on several threads.
    let native = NativeHost()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { for _ in 0..<50 { _ = try native.run(goOn, on: Self.udp) } } }
      try await group.waitForAll()
    }
    #expect(try native.map(perProcessor).values(of: UInt32(0), as: UInt64.self)?.reduce(0, +) == 400)
  }

  @Test func aFailedCheckEndsTheProcess() async {
    await #expect(processExitsWith: .failure) {
      _ = try NativeHost().run(needsNoCarry, on: NativeHostTests.udp.payload(count: 40))
    }
  }

  @Test func withoutAHostTheProcessStops() async {
    await #expect(processExitsWith: .failure) { _ = flows.remove(Flow(address: IPv4Address(1, 2, 3, 4), port: 1)) }
  }
}
