import EBPF
import EBPFISA
import EBPFJIT
import EBPFTables
import EBPFVerifier

/// Raw instructions: printed, compiled to machine code, proved; what is proved never faults and gives the same in every engine.
func fuzzProgram(_ input: [UInt8]) -> CInt {
  let size = min(input.count / 8, 4096) * 8
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

/// Instructions that one input may cost the verifier. Most random loops would be explored up to the million that the kernel allows.
let instructionLimit = 2_000
/// Instructions that a proved program may execute; a loop of `bpf_loop` or `may_goto` is proved at once and takes millions of turns.
let instructionBudget = 100_000

/// Whether the verifier accepts a program.
func isProved(_ program: ProgramSpec, in object: ObjectSpec, memorySize: Int, limit: Int) -> Bool {
  var options = Verifier.Options()
  options.memorySize = memorySize
  options.instructionLimit = limit
  if case .accepted = Verifier(options: options).verify(program, in: object) { return true }
  return false
}

/// Fails where a run was stopped by something that the verifier should have seen; a used-up budget is none.
func checkFault(_ error: HostError) {
  check(error.code != .fault || error.message.contains("the budget of"), "a proved program faults: \(error)")
}

/// Runs a program that the verifier accepts, with every engine.
private func runProved(_ given: [Instruction]) {
  let data = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  let bare = ProgramSpec(name: "fuzz", type: .rawMemory, instructions: given)
  guard isProved(bare, in: ObjectSpec(programs: [bare]), memorySize: data.count, limit: instructionLimit) else { return }
  // A stack that was not written may be read, and is different in every engine: the program's own is cleared first.
  let cleared = stride(from: Int16(-8), through: -512, by: -8).map { Instruction.store(.dw, .r10, $0, 0) } + given
  let spec = ProgramSpec(name: "fuzz", type: .rawMemory, instructions: cleared)
  let object = ObjectSpec(programs: [spec], license: "GPL")
  // Its known zeros can make a loop longer.
  guard isProved(spec, in: object, memorySize: data.count, limit: 2 * instructionLimit) else { return }
  var results: [TestResult] = []
  for engine in [LoadOptions.Engine.checked, .interpreter, .jit] {
    var options = LoadOptions()
    options.engine = engine
    // The compiler uses what was proved; the others need not have it proved again.
    options.verification = engine == .jit ? .required : .unchecked
    options.memorySize = data.count
    options.instructionBudget = instructionBudget
    do {
      let loaded = try UserspaceHost().load(object, options: options)
      defer { loaded.close() }
      results.append(try loaded.programs[0].run(TestInput(data: data)))
    } catch {
      checkFault(error)
      return
    }
  }
  for result in results.dropFirst() where result.returnValue != results[0].returnValue || result.data != results[0].data {
    check(isRunDependent(given), "the engines differ: \(results.map { ($0.returnValue, $0.data) })")
  }
}

/// Whether a program's result may be another in every run: it shows an address, the time or chance, or it has functions, whose frames are not
/// cleared. Programs of a privileged loader may do all of that. Errs towards yes; asked only where results differ.
///
/// Sixteen bits are followed through the program's paths: r0 to r10, what the stack and what other memory holds.
private func isRunDependent(_ program: [Instruction]) -> Bool {
  let stack = 11
  let memory = 12
  var known = [UInt16?](repeating: nil, count: program.count)
  var open = [(slot: 0, marks: UInt16(1 << 1 | 1 << 10))]
  while let (slot, before) = open.popLast() {
    guard program.indices.contains(slot) else { continue }
    if let seen = known[slot], seen | before == seen { continue }
    var marks = before | (known[slot] ?? 0)
    known[slot] = marks
    let instruction = program[slot]
    let destination = Int(instruction.destination)
    let source = Int(instruction.source)
    func isMarked(_ bit: Int) -> Bool { marks >> UInt16(bit) & 1 != 0 }
    func mark(_ bit: Int, _ value: Bool) { marks = marks & ~(1 << UInt16(bit)) | (value ? 1 << UInt16(bit) : 0) }
    let usesRegister = instruction.opcode & Opcode.x != 0
    switch instruction.instructionClass {
    case Opcode.alu64, Opcode.alu32:
      let operation = instruction.opcode & Opcode.operationMask
      if operation == Opcode.mov {
        mark(destination, usesRegister && isMarked(source))
      } else if usesRegister, operation != Opcode.end, operation != Opcode.neg {
        mark(destination, isMarked(destination) || isMarked(source))
      }
    case Opcode.ld:
      if instruction.source == WideSource.function { return true }
      mark(instruction.isWide ? destination : 0, instruction.isWide && instruction.source != WideSource.constant)
      if instruction.isWide {
        open.append((slot + 2, marks))
        continue
      }
    case Opcode.ldx:
      mark(destination, isMarked(stack) || isMarked(memory))
    case Opcode.st: break
    case Opcode.stx:
      if isMarked(source) { mark(destination == 10 ? stack : memory, true) }
      if instruction.opcode & Opcode.modeMask == Opcode.atomic {
        let holds = isMarked(stack) || isMarked(memory)
        if isMarked(0) { mark(memory, true) }
        if holds { mark(0, true) }
        if holds { mark(source, true) }
      }
    default:
      switch instruction.opcode & Opcode.operationMask {
      case Opcode.exit:
        if isMarked(0) || isMarked(memory) { return true }
        continue
      case Opcode.call:
        guard instruction.opcode == Opcode.callHelper, instruction.source == CallSource.helper else { return true }
        if changingHelpers.contains(instruction.immediate) { return true }
        if isMarked(stack) { mark(memory, true) }
        mark(0, (1...5).contains { isMarked($0) } || isMarked(memory))
        for register in 1...5 { mark(register, false) }
      case Opcode.ja:
        open.append((slot + 1 + (instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset)), marks))
        continue
      case Opcode.jcond:
        open.append((slot + 1 + Int(instruction.offset), marks))
      default:
        if isMarked(destination) || usesRegister && isMarked(source) { return true }
        open.append((slot + 1 + Int(instruction.offset), marks))
      }
    }
    open.append((slot + 1, marks))
  }
  return false
}

/// Helpers that give another answer in every run: clocks, chance, the processor.
private let changingHelpers: Set<Int32> = [5, 7, 8, 42, 118, 125, 160, 208]
