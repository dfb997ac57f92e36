import EBPF
import EBPFISA
import EBPFJIT
import EBPFTables
import EBPFVerifier

/// Assembler source: what is assembled and printed in any style is assembled to the same slots again.
func fuzzAssembly(_ input: [UInt8]) -> CInt {
  guard let assembly = try? Assembler().assemble(utf8: input) else { return 0 }
  for style in AssemblyStyle.allCases {
    let text = Disassembler(style: style).source(assembly.instructions)
    do {
      let again = try Assembler().assemble(text)
      check(again.instructions == assembly.instructions, "printed and assembled again it is another program:\n\(text)")
    } catch {
      check(false, "what was printed is not assembled: \(error)\n\(text)")
    }
  }
  return 0
}

/// Raw instructions: printed, compiled to machine code, proved; what is proved never faults and gives the same in every engine.
func fuzzProgram(_ input: [UInt8]) -> CInt {
  let size = min(input.count / 8 * 8, 8 * 4096)
  guard let program = Instruction.decode(input.prefix(size)) else { return 0 }
  for slot in program.indices { _ = Disassembler(style: .kernel).text(of: program, at: slot) }
  for features in [[], [.bmi2, .movbe]] as [X86_64Features] {
    if let code = try? JIT(processor: .x86_64(features)).compile(program) {
      check(code.slotOffsets.count == program.count, "offsets of \(code.slotOffsets.count) slots")
    }
  }
  runProved(program)
  return 0
}

/// Runs a program that the verifier accepts, with every engine.
private func runProved(_ given: [Instruction]) {
  // A stack that was not written may be read, and is different in every engine: the program's own is cleared first.
  let program = stride(from: Int16(-8), through: -512, by: -8).map { Instruction.store(.dw, .r10, $0, 0) } + given
  // The frames of functions that it calls are not.
  let hasFunctions = given.contains { $0.opcode == Opcode.callHelper && $0.source == CallSource.local }
  let data = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  // Most random loops would be explored up to the million instructions that the kernel allows.
  var verification = Verifier.Options()
  verification.type = .rawMemory
  verification.memorySize = data.count
  verification.instructionLimit = 5_000
  let candidate = ProgramSpec(name: "fuzz", type: .rawMemory, instructions: program)
  guard case .accepted = Verifier(options: verification).verify(candidate, in: ObjectSpec(programs: [candidate])) else { return }
  var results: [TestResult] = []
  for engine in [LoadOptions.Engine.checked, .interpreter, .jit] {
    var options = LoadOptions()
    options.engine = engine
    options.memorySize = data.count
    options.instructionBudget = 20_000_000
    let spec = ProgramSpec(name: "fuzz", type: .rawMemory, instructions: program)
    do {
      let loaded = try UserspaceHost().load(ObjectSpec(programs: [spec], license: "GPL"), options: options)
      defer { loaded.close() }
      results.append(try loaded.programs[0].run(TestInput(data: data)))
    } catch {
      check(error.code != .fault, "a proved program faults: \(error)")
      return
    }
  }
  for result in results.dropFirst() where !hasFunctions {
    check(result.returnValue == results[0].returnValue && result.data == results[0].data, "the engines differ")
  }
}
