import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFTables
import Testing

@Suite(.needsKernel) struct KernelProgramTests {
  private let host = KernelHost()

  private func spec(_ type: UInt32, _ instructions: [Instruction], name: String = "test") -> ProgramSpec {
    ProgramSpec(name: name, type: ProgramType(rawValue: type), instructions: instructions)
  }

  private func withProgram<R>(_ spec: ProgramSpec, maps: [MapSpec] = [], _ body: (Program, Loaded) throws -> R) throws -> R {
    let loaded = try host.load(ObjectSpec(programs: [spec], maps: maps, license: "GPL"))
    defer { loaded.close() }
    return try body(loaded.programs[0], loaded)
  }

  @Test func runsAPacketThroughXDP() throws {
    // Writes the second byte into the first, and returns XDP_TX.
    var code = ProgramBuilder()
    let out = code.label()
    code.emit(.load(.w, .r2, .r1, 0))
    code.emit(.load(.w, .r3, .r1, 4))
    code.emit(.mov64(.r4, .r2))
    code.emit(.add64(.r4, 14))
    code.emit(.mov64(.r0, 0))
    code.jump(.gt, .r4, .r3, to: out)
    code.emit(.load(.b, .r5, .r2, 1))
    code.emit(.store(.b, .r2, 0, .r5))
    code.emit(.mov64(.r0, 3))
    code.place(out)
    code.emit(.exit)
    try withProgram(spec(6, try code.finish())) { program, _ in
      let packet = (0..<64).map { UInt8($0 + 1) }
      let result = try program.run(TestInput(data: packet, repeatCount: 1))
      #expect(result.returnValue == 3)
      #expect(result.data == [2] + packet.dropFirst())
      let information = try program.kernelInformation()
      #expect(information.name == "test")
      #expect(information.type.rawValue == 6)
      #expect(information.instructionsVerified > 0)
      #expect(!information.translated.isEmpty)
      #expect(information.isGPLCompatible)
      #expect(information.id > 0)
    }
  }

  @Test func aPacketThatGrowsComesBackWhole() throws {
    var code = ProgramBuilder()
    code.emit(.mov64(.r2, -200))
    code.emit(.call(44))  // bpf_xdp_adjust_head
    code.emit(.exit)
    try withProgram(spec(6, try code.finish())) { program, _ in
      let result = try program.run(TestInput(data: [UInt8](repeating: 7, count: 1000)))
      #expect(result.returnValue == 0)
      #expect(result.data.count == 1200)
      #expect(result.data.suffix(1000).allSatisfy { $0 == 7 })
    }
  }

  @Test func contextsGoInAndOut() throws {
    // Doubles skb->mark.
    var code = ProgramBuilder()
    code.emit(.load(.w, .r2, .r1, 8))
    code.emit(.alu64(.lsh, .r2, 1))
    code.emit(.store(.w, .r1, 8, .r2))
    code.emit(.mov64(.r0, 0))
    code.emit(.exit)
    try withProgram(spec(3, try code.finish())) { program, _ in
      var context = [UInt8](repeating: 0, count: 192)
      context[8] = 21
      let result = try program.run(TestInput(data: [UInt8](repeating: 0, count: 64), context: context))
      #expect(result.context.count == 192)
      #expect(result.context[8] == 42)
      #expect(try program.run(TestInput(data: [UInt8](repeating: 0, count: 64))).context[8] == 0)
    }
  }

  @Test func aSyscallProgramChangesItsContext() throws {
    var code = ProgramBuilder()
    code.emit(.load(.dw, .r2, .r1, 0))
    code.emit(.add64(.r2, 5))
    code.emit(.store(.dw, .r1, 8, .r2))
    code.emit(.mov64(.r0, 9))
    code.emit(.exit)
    var program = spec(31, try code.finish())
    program.loadFlags = 1 << 4  // BPF_F_SLEEPABLE
    try withProgram(program) { program, _ in
      let context: [UInt8] = [1] + [UInt8](repeating: 0, count: 15)
      let result = try program.run(TestInput(context: context))
      #expect(result.returnValue == 9)
      #expect(result.context[8] == 6)
      #expect(context[8] == 0)
      #expect(throws: HostError.self) { try program.run(TestInput(data: [1, 2, 3], context: context)) }
    }
  }

  @Test func mapsAreWhatTheProgramSees() throws {
    // value[0] += 1 in an array's data section, at offset 4.
    var code = ProgramBuilder()
    code.emit(Instruction.mapValue(.r1, index: 0, offset: 4))
    code.emit(.load(.w, .r0, .r1, 0))
    code.emit(.add64(.r0, 1))
    code.emit(.store(.w, .r1, 0, .r0))
    code.emit(.exit)
    let data = MapSpec(
      name: ".data", type: MapType(rawValue: 2), keySize: 4, valueSize: 8, maxEntries: 1, flags: .mmapable,
      contents: [.init(key: [0, 0, 0, 0], value: .bytes([0, 0, 0, 0, 40, 0, 0, 0]))], dataSection: .data)
    try withProgram(spec(1, try code.finish()), maps: [data]) { program, loaded in
      let result = try program.run(TestInput(data: [UInt8](repeating: 0, count: 64), repeatCount: 2))
      #expect(result.returnValue == 42)
      #expect(try loaded.map(".data").lookup([0, 0, 0, 0]) == [0, 0, 0, 0, 42, 0, 0, 0])
    }
  }

  @Test func programArraysAreFilledByName() throws {
    var first = ProgramBuilder()
    first.emit(Instruction.map(.r2, index: 0))
    first.emit(.mov64(.r3, 1))
    first.emit(.call(12))
    first.emit(.mov64(.r0, 1))
    first.emit(.exit)
    let object = ObjectSpec(
      programs: [
        spec(3, try first.finish(), name: "first"), spec(3, [.mov64(.r0, 77), .exit], name: "second"),
      ],
      maps: [
        MapSpec(
          name: "jumps", type: MapType(rawValue: 3), keySize: 4, valueSize: 4, maxEntries: 2,
          contents: [.init(key: [1, 0, 0, 0], value: .program("second"))])
      ], license: "GPL")
    let loaded = try host.load(object)
    defer { loaded.close() }
    #expect(try loaded.program("first").run(TestInput(data: [UInt8](repeating: 0, count: 64))).returnValue == 77)
    #expect(throws: HostError.self) { try loaded.program("third") }
  }

  @Test func aRefusalHasTheKernelsWordsAndThePlace() throws {
    let bad = spec(1, [.mov64(.r1, 0), .load(.b, .r0, .r1, 0), .exit])
    let verdict = try host.verify(bad, in: ObjectSpec(programs: [bad]))
    #expect(verdict.answer == .reject)
    #expect(verdict.message == "R1 invalid mem access 'scalar'")
    #expect(verdict.instruction == 1)
    #expect(verdict.instructionsProcessed == 2)
    #expect(verdict.errno == 13)
    do throws(HostError) {
      try host.load(ObjectSpec(programs: [bad])).close()
      Issue.record("the kernel accepted a load through a number")
    } catch {
      #expect(error.code == .rejected)
      #expect(error.message.contains("R1 invalid mem access 'scalar'"))
      #expect(error.log.contains("processed 2 insns"))
    }
  }

  /// The log of every instruction of a long loop is megabytes: a buffer that is too small must not cost the verdict.
  @Test(arguments: KernelVerdict.LogDetail.allCases)
  func aLongLogDoesNotHideTheVerdict(_ detail: KernelVerdict.LogDetail) throws {
    var code = ProgramBuilder()
    let top = code.label()
    code.emit(.mov64(.r0, 0))
    code.place(top)
    code.emit(.add64(.r0, 1))
    code.jump(.lt, .r0, 3000, to: top)
    code.emit(.mov64(.r0, 0))
    code.emit(.exit)
    let good = spec(1, try code.finish())
    let verdict = try host.verify(good, in: ObjectSpec(programs: [good]), detail: detail)
    #expect(verdict.answer == .accept)
    #expect(verdict.instructionsProcessed > 6000)
    if detail == .everything { #expect(verdict.log.utf8.count > 100_000) }
    var bad = good
    bad.instructions[3] = .mov64(.r0, .r9)
    let refusal = try host.verify(bad, in: ObjectSpec(programs: [bad]), detail: detail)
    #expect(refusal.answer == .reject)
    #expect(refusal.message.contains("R9 !read_ok"))
    #expect(refusal.instruction == 3)
  }

  @Test func whatThisHostCannotDoIsSaid() throws {
    let untyped = ProgramSpec(name: "untyped", section: "somewhere", instructions: [.mov64(.r0, 0), .exit])
    let raw = ProgramSpec(name: "raw", type: .rawMemory, instructions: [.mov64(.r0, 0), .exit])
    let unknown = spec(9999, [.mov64(.r0, 0), .exit], name: "unknown")
    for program in [untyped, raw, unknown] {
      do throws(HostError) {
        try host.load(ObjectSpec(programs: [program])).close()
        Issue.record("\(program.name) was loaded")
      } catch {
        #expect(error.code == .unsupported)
        #expect(error.message.contains("'\(program.name)'"))
      }
    }
    var unchecked = LoadOptions()
    unchecked.verification = .unchecked
    #expect(throws: HostError.self) { try host.load(ObjectSpec(programs: [unknown]), options: unchecked) }
    let stray = spec(1, Instruction.map(.r1, index: 3) + [.mov64(.r0, 0), .exit], name: "stray")
    #expect(throws: HostError.self) { try host.load(ObjectSpec(programs: [stray])) }
    var big = ObjectSpec(programs: [spec(1, [.mov64(.r0, 0), .exit])])
    big.byteOrder = .big
    #expect(throws: HostError.self) { try host.load(big) }
  }

  @Test func theOracleRunsOneProgramAfterAnother() throws {
    var oracle = try KernelOracle(type: ProgramType(rawValue: 1))
    let packet = [UInt8](repeating: 0, count: 64)
    #expect(try oracle.judge([.mov64(.r0, 5), .exit], packet) == .ran(5))
    #expect(try oracle.judge([.mov64(.r0, .r8), .exit], packet) == .rejected("R8 !read_ok"))
    #expect(try oracle.judge([.mov64(.r0, -1), .exit], packet) == .ran(0xffff_ffff))
    #expect(try oracle.judge([.exit], packet) == .rejected("R0 !read_ok"))
  }
}
