import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// Every row of the instruction set, in every engine, on edge values.
@Suite struct OpcodeVectorTests {
  @Test("instructions that compute, compare, load and store", arguments: engines)
  func vectors(engine: LoadOptions.Engine) throws {
    var loaded: (code: [Instruction], programs: Loaded)?
    var count = 0
    for vector in OpcodeVectors.all {
      if loaded?.code != vector.code {
        loaded?.programs.close()
        loaded = (vector.code, try load(vector.memoryProgram, engine: engine))
      }
      let result = try loaded!.programs.programs[0].run(TestInput(data: vector.before.bytes + [UInt8](repeating: 0, count: 40)))
      let after = OpcodeVector.Machine(bytes: result.data[40..<80])
      guard after == vector.after else {
        Issue.record("\(engine), \(vector.form), \(vector.code): \(vector.before) gave \(after), not \(vector.after)")
        return
      }
      count += 1
    }
    #expect(count > 40_000)
  }

  /// Rows that are about control: whole programs on raw memory, and what they return.
  static let control: [(form: String, program: [Instruction], result: UInt64)] = [
    ("ja", [.mov64(.r0, 1), .goto(1), .mov64(.r0, 2), .exit], 1),
    ("ja", [.mov64(.r0, 0), .goto(2), .mov64(.r0, 7), .exit, .goto(-3)], 7),
    ("gotol", [.mov64(.r0, 1), .gotoLong(1), .mov64(.r0, 2), .exit], 1),
    ("gotol", [.mov64(.r0, 0), .gotoLong(2), .mov64(.r0, 7), .exit, .gotoLong(-3)], 7),
    // Not taken while there are turns left; after eight million of them it is.
    ("may_goto", [.mov64(.r0, 1), .mayGoto(1), .mov64(.r0, 2), .exit], 2),
    ("may_goto", [.mov64(.r0, 0), .add64(.r0, 1), .mayGoto(1), .goto(-3), .exit], 8 * 1024 * 1024 + 1),
    ("exit", [.mov64(.r0, 42), .exit], 42),
    ("exit", Instruction.wide(.r0, .max) + [.exit], .max),
    // The time does not go backward.
    ("call", [.call(5), .mov64(.r6, .r0), .call(5), .mov64(.r1, 0), .jump(.lt, .r0, .r6, 1), .mov64(.r1, 1), .mov64(.r0, .r1), .exit], 1),
    (
      "call_local",
      [.mov64(.r1, 40), .mov64(.r6, 2), .callLocal(2), .add64(.r0, .r6), .exit, .mov64(.r6, 1000), .mov64(.r0, .r1), .exit], 42
    ),
    // A call by a register that holds a helper's number.
    ("callx", [.mov64(.r6, 5), .callRegister(.r6), .jump(.ne, .r0, 0, 1), .exit, .mov64(.r0, 1), .exit], 1),
    // bpf_loop: the callback adds its index, 0 to 9, to what r2 points to.
    (
      "lddw_function",
      [.store(.dw, .r10, -8, 0), .mov64(.r1, 10)] + Instruction.function(.r2, 7)
        + [
          .mov64(.r3, .r10), .add64(.r3, -8), .mov64(.r4, 0), .call(181), .load(.dw, .r0, .r10, -8), .exit,
          .load(.dw, .r3, .r2, 0), .add64(.r3, .r1), .store(.dw, .r2, 0, .r3), .mov64(.r0, 0), .exit,
        ], 45
    ),
    // Stores to an array's only value by its address, and finds it by a look-up.
    (
      "lddw_map_index_value",
      Instruction.mapValue(.r1, index: 0, offset: 4) + [.store(.w, .r1, 0, 33), .load(.w, .r0, .r1, 0), .exit], 33
    ),
    (
      "lddw_map_index",
      Instruction.mapValue(.r1, index: 0, offset: 4) + [.store(.w, .r1, 0, 44), .store(.w, .r10, -4, 0)] + Instruction.map(.r1, index: 0)
        + [.mov64(.r2, .r10), .add64(.r2, -4), .call(1), .jump(.ne, .r0, 0, 1), .exit, .load(.w, .r0, .r0, 4), .exit], 44
    ),
  ]

  static let array = MapSpec(name: "array", type: MapType(rawValue: 2), keySize: 4, valueSize: 8, maxEntries: 1)

  @Test("jumps, calls and maps", arguments: engines)
  func controlFlow(engine: LoadOptions.Engine) throws {
    for (form, program, result) in Self.control {
      let loaded = try load(program, engine: engine, maps: [Self.array])
      defer { loaded.close() }
      #expect(try loaded.programs[0].run(TestInput()).returnValue == result, "\(form)")
    }
  }

  /// `LD_ABS` and `LD_IND`: in the packet, over its end, and from the network and link headers.
  @Test("loads from packets", arguments: engines)
  func packetLoads(engine: LoadOptions.Engine) throws {
    let bytes = OpcodeVectors.pattern
    for size in [MemorySize.b, .h, .w] {
      for place in -2...18 {
        for base in [0, -0x10_0000, -0x20_0000] {
          // The network header is at 4, the link header at 2.
          let start = base == 0 ? place : base == -0x10_0000 ? place + 4 : place + 2
          guard base == 0 || place >= 0 else { continue }
          let isInside = start >= 0 && start + size.bytes <= bytes.count && (base != 0 || place >= 0)
          let expected = isInside ? OpcodeReference.number(bytes[start..<start + size.bytes].reversed()) + 1 : 0
          let offset = Int32(base + place)
          let programs: [(String, [Instruction])] = [
            ("absolute", [.mov64(.r6, .r1), .loadAbsolute(size, offset), .add64(.r0, 1), .exit]),
            ("indirect", [.mov64(.r6, .r1), .mov64(.r7, offset), .loadIndirect(size, .r7, 0), .add64(.r0, 1), .exit]),
            ("sum", [.mov64(.r6, .r1), .mov64(.r7, -100), .loadIndirect(size, .r7, offset + 100), .add64(.r0, 1), .exit]),
          ]
          for (name, program) in programs {
            let loaded = try load(program, type: .socketFilterType, engine: engine)
            defer { loaded.close() }
            let result = try loaded.programs[0].run(on: SocketBufferImage(data: bytes, linkHeader: 2, networkHeader: 4))
            #expect(result == expected, "\(name), \(size) at \(offset)")
          }
        }
      }
    }
  }

  /// Rows that this host has nothing for, and why.
  static let refused: [(form: String, program: [Instruction], message: String)] = [
    ("addr_space_cast", [.addressSpaceCast(.r1, .r1, to: 0, from: 1), .mov64(.r0, 0), .exit], "needs an arena"),
    ("call_kfunc", [.callKfunc(7), .exit], "does not have kernel functions"),
    ("lddw_map_fd", Instruction.map(.r1, fd: 3) + [.exit], "a map by file descriptor"),
    ("lddw_map_fd_value", Instruction.mapValue(.r1, fd: 3, offset: 0) + [.exit], "a map by file descriptor"),
    ("lddw_btf_id", Instruction.wide(.r1, 5, source: WideSource.btfID) + [.exit], "does not have kernel variables"),
  ]

  @Test("what only the kernel has is refused with the reason", arguments: engines)
  func refusals(engine: LoadOptions.Engine) throws {
    for (form, program, message) in Self.refused {
      let error = #expect(throws: HostError.self) { try load(program, engine: engine) }
      #expect(error?.message.contains(message) == true, "\(form): \(error?.message ?? "")")
    }
  }

  @Test("no row of the instruction set is left out")
  func everyRow() {
    var rows = Set(OpcodeVectors.all.map(\.form)).union(Self.control.map(\.form)).union(Self.refused.map(\.form))
    for size in ["b", "h", "w"] { rows.formUnion(["ldabs\(size)", "ldind\(size)"]) }
    #expect(rows == Set(InstructionForm.all.map(\.name)))
    // And each vector's code is of the row that it names.
    for vector in OpcodeVectors.all { #expect(vector.code.contains { InstructionForm.of($0)?.name == vector.form }) }
    for (form, program, _) in Self.control { #expect(program.contains { InstructionForm.of($0)?.name == form }, "\(form)") }
    for (form, program, _) in Self.refused { #expect(program.contains { InstructionForm.of($0)?.name == form }, "\(form)") }
  }
}
