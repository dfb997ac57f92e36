import EBPFCapture
import EBPFHost
import EBPFObject
import EBPFRuntime
import EBPFTesting
import EBPFTypes
import NativeDNSInspector
import NativeEgressMarks
import NativeExampleSupport
import NativeExecTracer
import NativeLoadBalancer
import NativePacketCounter
import NativeProtocolStatistics
import NativeRunQueueLatency
import NativeSYNGuard
import NativeSyscallCounts
import NativeTCPLifetimes
import NativeVLANRewriter
import Testing

/// The examples called as functions of this process do what their objects do: the same verdicts, packets, contexts and maps.
@Suite struct NativeExamplesTests {
  static let network: [(Example, NativeExample)] = [
    (.packetCounter, .packetCounter), (.protocolStatistics, .protocolStatistics), (.synGuard, .synGuard), (.loadBalancer, .loadBalancer),
    (.dnsInspector, .dnsInspector), (.vlanRewriter, .vlanRewriter), (.egressMarks, .egressMarks),
  ]

  @Test(arguments: network) func functionsAgreeWithObjectsOnEveryCapture(_ example: Example, _ native: NativeExample) async throws {
    for name in ExamplesTwinTests.captures {
      let capture = try Example.capture(name)
      let settings: [String: UInt64] = example == .synGuard ? ["rate": 1, "burst": 2] : [:]
      let program = try await example.program(on: .userspaceJIT, settings: settings)
      let host = NativeHost()
      native.set(host, settings)
      let maps = try native.maps(host)
      try example.fill(program.map, isTimed: true)
      try example.fill({ try #require(maps[$0]) }, isTimed: true)
      let context = [UInt8](repeating: 0, count: example == .egressMarks ? 192 : 0)
      for (number, packet) in capture.packets.enumerated() {
        let data = Array(capture.data(of: packet))
        let one = try native.run(host, data, context)
        let other = try program.run(data, context: context)
        #expect(one.returnValue == other.returnValue, "\(name), packet \(number + 1)")
        #expect(one.packet == other.packet, "\(name), packet \(number + 1)")
        #expect(one.context == other.context, "\(name), packet \(number + 1)")
        program.clock.advance(by: .milliseconds(3))
        try host.advance(by: .milliseconds(3))
      }
      try compare(maps, program, name)
    }
  }

  /// Compares all maps that the source declares.
  private func compare(_ maps: [String: TestMap], _ program: TestProgram, _ what: String) throws {
    let declared = program.loaded.maps.filter { $0.spec.dataSection == nil }
    #expect(Set(declared.map(\.spec.name)) == Set(maps.keys))
    for map in declared {
      let own = try #require(maps[map.spec.name])
      #expect(own.map.spec.type == map.spec.type && own.map.spec.keySize == map.spec.keySize && own.map.spec.flags == map.spec.flags)
      #expect(own.map.spec.valueSize == map.spec.valueSize && own.map.spec.maxEntries == map.spec.maxEntries)
      #expect(try ExampleElement.all(of: own.map) == ExampleElement.all(of: map), "\(what), map '\(map.spec.name)'")
    }
  }

  @Test func aSettingIsTheHosts() throws {
    let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").tcp(from: 4000, to: 443)
    let host = NativeHost()
    NativeExample.packetCounter.set(host, ["blockedPort": 443])
    try NativeExample.packetCounter.run(host, packet.bytes, []).expect(XDPAction.drop)
    try NativeExample.packetCounter.run(NativeHost(), packet.bytes, []).expect(XDPAction.pass)
  }

  // MARK: Programs without packets

  /// The bytes of numbers, one behind the other.
  private func bytes(_ numbers: [any FixedWidthInteger & BitwiseCopyable]) -> [UInt8] {
    func one<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    return numbers.flatMap { one($0) }
  }

  /// Runs contexts through the functions of an example and through its object.
  private func compare(
    _ folder: String, _ steps: [(program: String, native: NativeExample, context: [UInt8])]
  ) async throws {
    let example = try #require(Example.tracers.first { $0.folder == folder })
    let clock = VirtualClock()
    var options = LoadOptions()
    options.clock = clock
    let loaded = try UserspaceHost().load(await example.object(), options: options)
    defer { loaded.close() }
    let host = NativeHost()
    for (name, native, context) in steps {
      let one = try native.run(host, [], context)
      let other = try loaded.program(name).run(TestInput(context: context))
      #expect(one.returnValue == Int32(truncatingIfNeeded: other.returnValue))
      clock.advance(by: .microseconds(37))
      try host.advance(by: .microseconds(37))
    }
    let maps = try #require(try steps.first?.native.maps(host))
    for map in loaded.maps where map.spec.dataSection == nil {
      let own = try ExampleElement.all(of: try #require(maps[map.spec.name]).map)
      #expect(try own == ExampleElement.all(of: map), "map '\(map.spec.name)'")
      if map.spec.name != "woken" { #expect(!own.isEmpty, "map '\(map.spec.name)'") }
    }
  }

  @Test func syscallCountsAgree() async throws {
    let calls = [0, 1, 257, 0, 0].map { bytes([UInt64(0), UInt64($0)]) }
    try await compare("SyscallCounts", calls.map { ("entered", .syscallCounts, $0) })
  }

  @Test func runQueueLatencyAgrees() async throws {
    let name = bytes([UInt64(1), UInt64(2)])
    func woken(_ pid: Int32) -> [UInt8] { bytes([UInt64(0)]) + name + bytes([pid, Int32(120), Int32(0)]) }
    func switched(_ previous: Int32, _ state: Int64, _ next: Int32) -> [UInt8] {
      bytes([UInt64(0)]) + name + bytes([previous, Int32(120), state]) + name + bytes([next, Int32(120)])
    }
    try await compare(
      "RunQueueLatency",
      [
        ("wakeup", .runQueueWakeup, woken(7)), ("wakeup", .runQueueWakeup, woken(8)), ("switched", .runQueueSwitched, switched(1, 0, 7)),
        ("switched", .runQueueSwitched, switched(7, 1, 8)), ("switched", .runQueueSwitched, switched(8, 1, 1)),
        ("wakeup", .runQueueWakeup, woken(9)),
      ])
  }

  @Test func tcpLifetimesAgree() async throws {
    func change(_ socket: UInt64, _ old: Int32, _ new: Int32, family: UInt16) -> [UInt8] {
      bytes([UInt64(0), socket, old, new, UInt16(4000), UInt16(80), family, UInt16(6), UInt32(0x0100_000a), UInt32(0x0200_000a)])
        + (0..<32).map { UInt8($0) }
    }
    try await compare(
      "TCPLifetimes",
      [
        ("stateChanged", .tcpLifetimes, change(1, 7, 2, family: 2)), ("stateChanged", .tcpLifetimes, change(1, 2, 1, family: 2)),
        ("stateChanged", .tcpLifetimes, change(2, 7, 1, family: 10)), ("stateChanged", .tcpLifetimes, change(1, 1, 7, family: 2)),
        ("stateChanged", .tcpLifetimes, change(2, 1, 7, family: 10)), ("stateChanged", .tcpLifetimes, change(3, 7, 1, family: 2)),
      ])
  }

  @Test func execTracerAgrees() async throws {
    let path = Array("/usr/bin/true\0".utf8)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: path.count)
    defer { memory.deallocate() }
    memory.initialize(from: path, count: path.count)
    let address = UInt64(UInt(bitPattern: memory))
    let open = bytes([UInt64(0), UInt64(257), UInt64(0), address, UInt64(0), UInt64(0), UInt64(0), UInt64(0)])
    // The name lies in the record, behind its fields.
    let exec = bytes([UInt64(0), UInt32(20 | 14 << 16), Int32(5), Int32(5)]) + path
    try await compare("ExecTracer", [("opened", .tracedOpen, open), ("executed", .tracedExec, exec)])
  }
}
