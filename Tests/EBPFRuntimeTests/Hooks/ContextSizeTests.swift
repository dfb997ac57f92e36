import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

/// A proof holds for the memory that it was made for: a run on other memory is refused, and no caller's bytes become addresses.
@Suite("Memory behind r1")
struct ContextSizeTests {
  private static let types: [ProgramType] = [.syscall, .rawTracepoint, .kprobe]

  /// Loads programs that the verifier proves.
  private func load(
    _ programs: [(name: String, instructions: [Instruction])], type: ProgramType, engine: LoadOptions.Engine, maps: [MapSpec] = [],
    memorySize: Int = 0
  ) throws -> Loaded {
    var options = LoadOptions()
    options.engine = engine
    options.memorySize = memorySize
    let specs = programs.map { ProgramSpec(name: $0.name, type: type, instructions: $0.instructions) }
    return try UserspaceHost().load(ObjectSpec(programs: specs, maps: maps, license: "GPL"), options: options)
  }

  private func expect(
    _ loaded: Loaded, needs size: Int, largest: Int, _ location: SourceLocation = #_sourceLocation
  ) throws {
    for count in [0, size - 1] where count < size {
      let error = #expect(throws: HostError.self, sourceLocation: location) {
        try loaded.programs[0].run(TestInput(context: [UInt8](repeating: 7, count: count)))
      }
      #expect(error?.code == .badArgument && error?.errno == 22, sourceLocation: location)
      #expect(error?.message.contains("\(size) bytes of context, and \(count)") == true, sourceLocation: location)
    }
    for count in [size, largest] {
      let result = try loaded.programs[0].run(TestInput(context: [UInt8](repeating: 7, count: count)))
      #expect(result.context.count == count, sourceLocation: location)
    }
  }

  @Test("loads reach as far as they were proved", arguments: engines, types)
  func loads(engine: LoadOptions.Engine, type: ProgramType) throws {
    let loaded = try load([("load", [.load(.dw, .r0, .r1, 16), .exit])], type: type, engine: engine)
    defer { loaded.close() }
    try expect(loaded, needs: 24, largest: 96)
    #expect(try loaded.programs[0].run(TestInput(context: [UInt8](1...24))).returnValue == 0x1817_1615_1413_1211)
  }

  @Test("loads and stores far into a syscall program's context", arguments: engines)
  func farAccesses(engine: LoadOptions.Engine) throws {
    let far = try load([("far", [.load(.w, .r0, .r1, 4000), .exit])], type: .syscall, engine: engine)
    defer { far.close() }
    try expect(far, needs: 4004, largest: Int(UInt16.max))
    // One path of two stores, and the longer one counts.
    let store = try load(
      [
        (
          "store",
          [
            .load(.w, .r2, .r1, 0), .mov64(.r0, 0), .jump(.eq, .r2, 1, 1), .exit, .store(.dw, .r1, 192, 0x55), .exit,
          ]
        )
      ], type: .syscall, engine: engine)
    defer { store.close() }
    try expect(store, needs: 200, largest: 200)
    let written = try store.programs[0].run(TestInput(context: [1, 0, 0, 0] + [UInt8](repeating: 0, count: 196)))
    #expect(written.context == [1, 0, 0, 0] + [UInt8](repeating: 0, count: 188) + [0x55, 0, 0, 0, 0, 0, 0, 0])
  }

  /// A program that is called by tail call may need a larger context than the one that was run: it finds zeros, and never other memory.
  @Test("a tail call into a program that reaches farther", arguments: engines, [ProgramType.syscall, .rawTracepoint])
  func tailCalls(engine: LoadOptions.Engine, type: ProgramType) throws {
    let array = MapSpec(
      name: "calls", type: .progArray, keySize: 4, valueSize: 4, maxEntries: 1,
      contents: [.init(key: [0, 0, 0, 0], value: .program("callee"))])
    let offset: Int16 = type == .syscall ? 32_760 : 88
    let loaded = try load(
      [
        ("caller", Instruction.map(.r2, index: 0) + [.mov64(.r3, 0), .call(12), .mov64(.r0, 9), .exit]),
        ("callee", [.load(.dw, .r0, .r1, offset), .load(.w, .r2, .r1, 0), .add64(.r0, .r2), .exit]),
      ], type: type, engine: engine, maps: [array])
    defer { loaded.close() }
    let result = try loaded.programs[0].run(TestInput(context: [7, 0, 0, 0]))
    #expect(result.returnValue == 7 && result.context == [7, 0, 0, 0])
    #expect(try loaded.programs[0].run(TestInput()).returnValue == 0)
  }

  @Test("raw memory has the size that it was proved for", arguments: engines)
  func rawMemory(engine: LoadOptions.Engine) throws {
    let loaded = try load([("raw", [.load(.dw, .r0, .r1, 8), .add64(.r0, .r2), .exit])], type: .rawMemory, engine: engine, memorySize: 16)
    defer { loaded.close() }
    for count in [0, 15, 17, 4096] {
      let error = #expect(throws: HostError.self) { try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: count))) }
      #expect(error?.code == .badArgument && error?.message.contains("memorySize") == true)
    }
    #expect(try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 16))).returnValue == 16)
  }

  /// Bytes of a caller's in place of a packet's address, a socket, flow keys: such types have no hook in this process.
  @Test(
    "contexts with addresses are refused at load",
    arguments: [
      ProgramType.skSkb, .skMsg, .sockOps, .flowDissector, .cgroupSockAddr, .cgroupSockopt, .skReuseport, .skLookup, .netfilter,
      .rawTracepointWritable,
    ])
  func addresses(type: ProgramType) throws {
    for verification in [LoadOptions.Verification.required, .unchecked] {
      var options = LoadOptions()
      options.verification = verification
      var spec = ProgramSpec(name: "address", type: type, instructions: [.mov64(.r0, 1), .exit])
      spec.expectedAttachType = Self.attachType(of: type)
      let error = #expect(throws: HostError.self) { try UserspaceHost().load(ObjectSpec(programs: [spec]), options: options) }
      #expect(error?.code == .unsupported && error?.message.contains("of type \(type)") == true)
    }
  }

  /// Whatever type there is: a program that loads has a hook that fills in its addresses, or none to follow.
  @Test("every program type and attach type")
  func everyType() throws {
    var options = LoadOptions()
    options.verification = .unchecked
    let packets: Set<ProgramType> = [.xdp, .socketFilter, .schedCls, .schedAct, .cgroupSkb, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local]
    var loadedTypes: Set<ProgramType> = []
    for type in ProgramType.all where !packets.contains(type) {
      for attachType in AttachType.all {
        guard let layout = ContextLayout.find(type, attachType: attachType) else { continue }
        var spec = ProgramSpec(name: "any", type: type, instructions: [.mov64(.r0, 1), .exit])
        spec.expectedAttachType = attachType
        guard let loaded = try? UserspaceHost().load(ObjectSpec(programs: [spec]), options: options) else { continue }
        loaded.close()
        loadedTypes.insert(type)
        for offset in 0..<512 {
          for size in [1, 2, 4, 8] { #expect([nil, .scalar].contains(layout.load(at: offset, size: size)), "\(type), \(attachType)") }
        }
      }
    }
    #expect(loadedTypes.isSuperset(of: Self.types))
  }

  /// An attach type with which the kernel has programs of the type.
  private static func attachType(of type: ProgramType) -> AttachType? {
    AttachType.all.first { ContextLayout.find(type, attachType: $0) != nil }
  }
}
