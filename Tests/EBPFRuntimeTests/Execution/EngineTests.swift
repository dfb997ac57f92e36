import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFVerifier
import Testing

@Suite("Engines")
struct EngineTests {
  @Test("a program says what executes it")
  func names() throws {
    let program: [Instruction] = [.mov64(.r0, 7), .exit]
    for engine in [LoadOptions.Engine.interpreter, .checked] {
      #expect(try load(program, engine: engine).programs[0].engine == engine)
    }
    #if arch(x86_64)
    #expect(try load(program, engine: .jit).programs[0].engine == .jit)
    #else
    #expect(try load(program, engine: .jit).programs[0].engine == .interpreter)
    #endif
  }

  @Test("without a proof a program is refused, and the rejection travels along", arguments: [LoadOptions.Engine.jit, .interpreter])
  func unproved(engine: LoadOptions.Engine) throws {
    var options = LoadOptions()
    options.engine = engine
    // A read from nowhere.
    let program = ProgramSpec(name: "wild", type: .rawMemory, instructions: [.mov64(.r1, 1), .load(.dw, .r0, .r1, 0), .exit])
    let error = #expect(throws: HostError.self) { try UserspaceHost().load(ObjectSpec(programs: [program]), options: options) }
    #expect(error?.code == .rejected)
    #expect(error?.message.contains("program 'wild'") == true)
    #expect(error?.underlying is Rejection)
  }

  @Test("a call by register takes a helper's number", arguments: engines)
  func indirectCall(engine: LoadOptions.Engine) throws {
    func program(_ helper: Int32) -> [Instruction] {
      [.mov64(.r6, helper), Instruction(opcode: Opcode.callRegister, destination: 6), .exit]
    }
    // bpf_ktime_get_ns
    #expect(try run(program(5), engine: engine).returnValue > 0)
    let error = #expect(throws: HostError.self) { try run(program(254), engine: engine) }
    #expect(error?.code == .fault)
  }

  @Test("a program with a call of a helper that there is not is refused", arguments: engines)
  func unknownHelper(engine: LoadOptions.Engine) throws {
    let error = #expect(throws: HostError.self) { try load([.call(250), .exit], engine: engine) }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains("program 'test': instruction 0") == true)
  }
}
