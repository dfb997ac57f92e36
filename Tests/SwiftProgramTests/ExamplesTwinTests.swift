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
      for program in [swift, c] { try example.fill(program.map, isTimed: host != .kernel) }
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

  private func compareMaps(_ swift: TestProgram, _ c: TestProgram, hasTime: Bool, _ capture: String) throws {
    for map in swift.loaded.maps where map.spec.dataSection == nil {
      let twin = try #require(c.loaded.maps.first { plain($0.spec.name) == plain(map.spec.name) })
      let (one, other) = (try ExampleElement.all(of: map), try ExampleElement.all(of: twin))
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
}
