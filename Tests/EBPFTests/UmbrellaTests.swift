import EBPF
import Testing

/// What an application writes, with `import EBPF` alone.
@Suite struct UmbrellaTests {
  private static let package = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  private static let capture = "\(package)/Examples/Captures/web.pcap"

  @Test func fromSourceToMapWithOneImport() async throws {
    let object: ObjectSpec = try await Toolchain().compile("\(Self.package)/Examples/PacketCounter/packet_counter.bpf.c")
    #expect(object.programs[0].type == .xdp && object.btf != nil)
    let host = UserspaceHost()
    let loaded = try host.load(object)
    defer { loaded.close() }
    let replay = try loaded.program("packet_counter").run(over: Capture(contentsOf: Self.capture))
    #expect(replay.packets > 0 && replay.actions.reduce(0) { $0 + $1.count } == replay.packets)
    let map = try loaded.map("sources")
    #expect(map.spec.type == .hash || map.spec.type == .lruHash)
    #expect(try !map.entries().isEmpty)
  }

  @Test func instructionsWithOneImport() throws {
    let code: [Instruction] = [.mov64(.r0, 2), .exit]
    let object = ObjectSpec(programs: [ProgramSpec(name: "two", type: .xdp, instructions: code)], license: "GPL")
    let loaded = try UserspaceHost().load(object)
    defer { loaded.close() }
    #expect(try loaded.program("two").run(TestInput(data: [UInt8](repeating: 0, count: 64))).returnValue == 2)
  }

  @Test func filesThatAreNotThereAreNamed() {
    #expect(throws: HostError.self) { try ObjectSpec(contentsOf: "/nonexistent.o") }
    do { _ = try Capture(contentsOf: "/nonexistent.pcap") } catch {
      #expect("\(error)".contains("/nonexistent.pcap"))
    }
    #expect(throws: ObjectError.self) { try ObjectSpec(contentsOf: Self.capture) }
  }
}
