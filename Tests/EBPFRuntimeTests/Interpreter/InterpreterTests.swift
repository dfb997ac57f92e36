import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

@Suite("Interpreters")
struct InterpreterTests {
  @Test("the least number divided by -1, and every division by zero", arguments: engines)
  func division(engine: LoadOptions.Engine) throws {
    func result(_ operation: UInt8, signed: Bool, wide: Bool, _ a: UInt64, _ b: UInt64) throws -> UInt64 {
      let opcode = (wide ? Opcode.alu64 : Opcode.alu32) | operation | Opcode.x
      return try run(
        Instruction.wide(.r0, a) + Instruction.wide(.r1, b) + [
          Instruction(opcode: opcode, destination: 0, source: 1, offset: signed ? 1 : 0), .exit,
        ], engine: engine
      ).returnValue
    }
    let least = UInt64(1) << 63
    #expect(try result(Opcode.div, signed: true, wide: true, least, .max) == least)
    #expect(try result(Opcode.mod, signed: true, wide: true, least, .max) == 0)
    #expect(try result(Opcode.div, signed: true, wide: false, 0x8000_0000, 0xffff_ffff) == 0x8000_0000)
    #expect(try result(Opcode.mod, signed: true, wide: false, 0x8000_0000, 0xffff_ffff) == 0)
    #expect(try result(Opcode.div, signed: true, wide: true, UInt64(bitPattern: -7), 2) == UInt64(bitPattern: -3))
    #expect(try result(Opcode.mod, signed: true, wide: true, UInt64(bitPattern: -7), 2) == UInt64(bitPattern: -1))
    for signed in [false, true] {
      #expect(try result(Opcode.div, signed: signed, wide: true, 77, 0) == 0)
      #expect(try result(Opcode.mod, signed: signed, wide: true, 77, 0) == 77)
      #expect(try result(Opcode.div, signed: signed, wide: false, 77, 1 << 32) == 0)
      // The remainder is the dividend, and as of all 32-bit results its upper half is zero.
      #expect(try result(Opcode.mod, signed: signed, wide: false, 77 | 1 << 40, 1 << 32) == 77)
    }
  }

  @Test("functions keep r6 to r9 and have their own stack", arguments: engines)
  func localCalls(engine: LoadOptions.Engine) throws {
    var code = ProgramBuilder()
    let function = code.label()
    code.emit(.mov64(.r6, 6))
    code.emit(.mov64(.r1, 40))
    code.emit(.store(.dw, .r10, -8, 5))
    code.call(function)
    code.emit(.add64(.r0, .r6))
    code.emit(.load(.dw, .r1, .r10, -8))
    code.emit(.add64(.r0, .r1))
    code.emit(.exit)
    code.place(function)
    code.emit(.mov64(.r6, 1000))
    code.emit(.store(.dw, .r10, -8, 2))
    code.emit(.load(.dw, .r0, .r10, -8))
    code.emit(.add64(.r0, .r1))
    code.emit(.exit)
    #expect(try run(code.finish(), engine: engine).returnValue == 53)
  }

  @Test("endless recursion is a fault and no crash", arguments: interpreters)
  func recursion(engine: LoadOptions.Engine) throws {
    let error = #expect(throws: HostError.self) { try run([.callLocal(-1), .exit], engine: engine) }
    #expect(error?.code == .fault)
    #expect(error?.message.contains("nest") == true)
  }

  @Test("may_goto ends a loop after eight million turns", arguments: [LoadOptions.Engine.jit, .interpreter])
  func mayGoto(engine: LoadOptions.Engine) throws {
    let program = [.mov64(.r0, 0), .add64(.r0, 1), Instruction(opcode: Opcode.mayGoto, offset: 1), .goto(-3), .exit]
    #expect(try run(program, engine: engine).returnValue == 8 * 1024 * 1024 + 1)
  }

  @Test("an instruction budget stops a program that does not end")
  func budget() throws {
    var options = LoadOptions()
    options.instructionBudget = 1000
    let loaded = try load([.goto(-1), .exit], engine: .checked, options: options)
    let error = #expect(throws: HostError.self) { try loaded.programs[0].run(TestInput()) }
    #expect(error?.code == .fault)
    #expect(error?.message.contains("budget of 1000 instructions") == true)
  }

  @Test("what RFC 9669 does not define is refused, with the slot")
  func malformed() throws {
    let programs: [(String, [Instruction])] = [
      ("no instructions", []),
      ("instruction 0: unknown opcode 0xff", [Instruction(opcode: 0xff), .exit]),
      ("instruction 1: a register is over r10", [.mov64(.r0, 0), Instruction(opcode: 0xb7, destination: 11), .exit]),
      ("instruction 0: the frame pointer", [Instruction(opcode: 0xb7, destination: 10), .exit]),
      ("instruction 0: ld_imm64 lacks its second half", [Instruction(opcode: 0x18)]),
      ("instruction 0: the target 9", [.goto(8), .exit]),
      ("instruction 0: the target 2", [.goto(1)] + Instruction.wide(.r0, 1) + [.exit]),
      ("instruction 0: a field that must be zero", [Instruction(opcode: Opcode.exitProgram, immediate: 1)]),
      ("instruction 0: the userspace host does not have helper", [Instruction(opcode: Opcode.callHelper, immediate: 254), .exit]),
      ("instruction 0: a byte order conversion of 17 bits", [Instruction(opcode: 0xd4, immediate: 17), .exit]),
      ("instruction 0: there is no map 3", Instruction.map(.r1, index: 3) + [.exit]),
    ]
    for (message, program) in programs {
      let error = #expect(throws: HostError.self) { try load(program) }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
  }

  @Test("a program without an exit ends in a fault", arguments: interpreters)
  func noExit(engine: LoadOptions.Engine) throws {
    let error = #expect(throws: HostError.self) { try run([.mov64(.r0, 1)], engine: engine) }
    #expect(error?.message.contains("off the end of the program") == true)
  }

  @Test("every byte of memory outside what is given faults in checked mode")
  func checkedAccess() throws {
    let data = [UInt8](0..<16)
    #expect(try run([.load(.dw, .r0, .r1, 8), .exit], on: data, engine: .checked).returnValue == 0x0f0e_0d0c_0b0a_0908)
    let cases: [(String, [Instruction])] = [
      ("a load of 8 bytes at r1+9", [.load(.dw, .r0, .r1, 9), .exit]),
      ("a load of 1 bytes at r1-1", [.load(.b, .r0, .r1, -1), .exit]),
      ("a store of 4 bytes at r1+14", [.store(.w, .r1, 14, 0), .exit]),
      ("a store of 1 bytes at r10+0", [.store(.b, .r10, 0, 0), .exit]),
      ("a load of 2 bytes at r10-513", [.load(.h, .r0, .r10, -513), .exit]),
      ("null pointer", [.mov64(.r2, 8), .load(.w, .r0, .r2, 0), .exit]),
    ]
    for (message, program) in cases {
      let error = #expect(throws: HostError.self) { try run(program, on: data, engine: .checked) }
      #expect(error?.code == .fault)
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
  }
}
