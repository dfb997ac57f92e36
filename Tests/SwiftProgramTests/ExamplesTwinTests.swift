import EBPFCapture
import EBPFHost
import EBPFObject
import EBPFTables
import EBPFTesting
import EBPFTypes
import Testing

/// The examples that run on packets do what their twins in C do: on every packet of every capture the same verdict and the same packet,
/// and the same maps in the end.
@Suite struct ExamplesTwinTests {
  static let captures = ["dns", "iperf", "vlan", "web"]

  @Test(arguments: Example.network, Example.hosts) func theTwinsAgreeOnEveryCapture(_ example: Example, _ host: TestHost) async throws {
    for name in Self.captures {
      let capture = try Example.capture(name)
      try #require(capture.packets.count > 10)
      let settings: [String: UInt64] = example == .synGuard ? ["rate": 1, "burst": 2] : [:]
      let swift = try await example.program(.swift, on: host, settings: settings)
      let c = try await example.program(.c, on: host, settings: settings)
      for program in [swift, c] { try fill(program, for: example) }
      // A `struct __sk_buff` that is given comes back with what the program wrote into it.
      let context = [UInt8](repeating: 0, count: example == .egressMarks ? 192 : 0)
      for (number, packet) in capture.packets.enumerated() {
        let data = Array(capture.data(of: packet))
        let one = try swift.run(data, context: context)
        let other = try c.run(data, context: context)
        #expect(one.returnValue == other.returnValue, "\(name), packet \(number + 1)")
        #expect(one.packet == other.packet, "\(name), packet \(number + 1)")
        // The time that a packet may leave at is the kernel's own.
        let isTimed = host == .kernel && example == .egressMarks
        #expect((isTimed ? Array(one.context.prefix(12)) : one.context) == (isTimed ? Array(other.context.prefix(12)) : other.context))
        for program in [swift, c] { program.clock.advance(by: .milliseconds(3)) }
      }
      try compareMaps(swift, c, hasTime: host != .kernel, name)
    }
  }

  /// What each example is set up with, so that every branch of it runs on some capture.
  private func fill(_ program: TestProgram, for example: Example) throws {
    switch example {
    case .loadBalancer:
      let services = try program.map("services"), rings = try program.map("rings"), backends = try program.map("backends")
      try services.set(Service(address: IPv4Address(192, 0, 2, 2), port: 80, protocol: .tcp), UInt32(1))
      try services.set(Service(address: IPv4Address(192, 0, 2, 2), port: .dns, protocol: .udp), UInt32(2))
      for slot in UInt32(0)..<4096 {
        try rings.set(4096 + slot, 1 + slot % 3)
        try rings.set(8192 + slot, slot % 2)
      }
      for number in UInt32(1)...3 {
        let mac = MACAddress(2, 0, 0, 0, 1, UInt8(number))
        try backends.set(number, Backend(address: IPv4Address(10, 0, 0, UInt8(number)), mac: mac, packets: 0))
      }
    case .vlanRewriter:
      let rules = try program.map("rules")
      try rules.set(UInt16(42), UInt16(43))
      try rules.set(UInt16(7), UInt16(0))
      try rules.set(UInt16(0), UInt16(99))
    case .egressMarks:
      let classes = try program.map("classes"), budgets = try program.map("budgets")
      try classes.set(Port(80), UInt32(3))
      try classes.set(Port.dns, UInt32(4))
      try classes.set(Port(5201), UInt32(21))
      // In virtual time some packets are delayed and some dropped; in the kernel's none is.
      let rate: UInt64 = program.host == .kernel ? 1 << 30 : 10_000
      for kind in [UInt32(3), 5] { try budgets.set(kind, Budget(rate: rate, next: 0, packets: 0, delayed: 0)) }
    default: break
    }
  }

  private func compareMaps(_ swift: TestProgram, _ c: TestProgram, hasTime: Bool, _ capture: String) throws {
    for map in swift.loaded.maps where map.spec.dataSection == nil {
      let twin = try #require(c.loaded.maps.first { plain($0.spec.name) == plain(map.spec.name) })
      let (one, other) = (try contents(map), try contents(twin))
      if !hasTime, ["buckets", "budgets"].contains(map.spec.name) {
        #expect(one.map(\.key) == other.map(\.key), "\(capture), map '\(map.spec.name)'")
      } else {
        #expect(one == other, "\(capture), map '\(map.spec.name)'")
      }
    }
    for variable in swift.loaded.object.variables {
      let twin = try #require(c.loaded.object.variables.first { plain($0.name) == plain(variable.name) })
      guard swift.loaded.object.maps[variable.map].dataSection != .rodata else { continue }
      #expect(try value(variable, swift) == value(twin, c), "\(capture), variable '\(variable.name)'")
    }
  }

  private func value(_ variable: VariableSpec, _ program: TestProgram) throws -> [UInt8] {
    let section = try #require(try program.loaded.maps[variable.map].lookup([0, 0, 0, 0]))
    return Array(section[variable.offset..<variable.offset + variable.size])
  }

  private struct Element: Equatable {
    var key: [UInt8]
    var value: [UInt8]
  }

  /// What is in a map, in an order of its own: an array's elements that are not zero, a ring's records. Of a per-CPU map the sums.
  private func contents(_ map: Map) throws -> [Element] {
    var elements: [Element] = []
    switch map.spec.type {
    case .ringbuf:
      _ = try map.drain { elements.append(Element(key: [], value: Array($0))) }
      return elements
    case .array, .percpuArray:
      var indices: [Int] = []
      try map.visitNonzero { indices.append($0) }
      for index in indices {
        let key = withUnsafeBytes(of: UInt32(index)) { Array($0) }
        if let value = try map.lookup(key) { elements.append(Element(key: key, value: value)) }
      }
    default:
      elements = try map.entries().map { Element(key: $0.key, value: $0.value) }
      elements.sort { $0.key.lexicographicallyPrecedes($1.key) }
    }
    if map.processorCount > 1 {
      for index in elements.indices { elements[index].value = sum(elements[index].value, over: map.processorCount) }
    }
    return elements
  }

  /// The values of each processor added, eight bytes by eight bytes.
  private func sum(_ bytes: [UInt8], over processors: Int) -> [UInt8] {
    let words = bytes.withUnsafeBytes { raw in (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) } }
    let count = words.count / processors
    let sums = (0..<count).map { word in (0..<processors).reduce(UInt64(0)) { $0 &+ words[$1 * count + word] } }
    return sums.withUnsafeBytes { Array($0) }
  }
}
