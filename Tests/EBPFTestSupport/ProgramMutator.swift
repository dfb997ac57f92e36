package import EBPFISA

/// Changes programs at random places: the results are often invalid, and sometimes valid in a way that nobody thought of.
package struct ProgramMutator {
  private var random: SeededGenerator

  package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// The program with one to three changes.
  package mutating func mutate(_ instructions: [Instruction]) -> [Instruction] {
    var result = instructions
    for _ in 0..<Int.random(in: 1...3, using: &random) where !result.isEmpty { change(&result) }
    return result
  }

  private mutating func change(_ program: inout [Instruction]) {
    let slot = Int.random(in: 0..<program.count, using: &random)
    // Mostly such changes that a slot stays an instruction: what no verifier looks at twice is not worth much.
    guard Int.random(in: 0..<8, using: &random) > 0, let form = InstructionForm.of(program[slot]), !isSecondHalf(slot, program) else {
      return changeBits(&program, slot)
    }
    switch Int.random(in: 0...8, using: &random) {
    case 0 where form.destination == .register: program[slot].destination = UInt8.random(in: 0...10, using: &random)
    case 1 where form.source == .register: program[slot].source = UInt8.random(in: 0...10, using: &random)
    case 2 where form.offset == .memory: program[slot].offset &+= Int16.random(in: -9...9, using: &random)
    case 3 where form.offset == .memory: program[slot].offset = Int16.random(in: -140...70, using: &random)
    case 4 where form.offset == .distance: program[slot].offset &+= Int16.random(in: -6...6, using: &random)
    case 5 where form.immediate == .any && !program[slot].isWide: program[slot].immediate = Int32.random(in: -70...70, using: &random)
    case 6 where form.immediate == .any && !program[slot].isWide:
      program[slot].immediate = Int32.random(in: .min ... .max, using: &random)
    case 7: swapForm(&program[slot], form)
    default:
      if program.count > 2 { program = ProgramShrinker.without(slot, program) }
    }
  }

  /// Another instruction with the same operands: another operation, size or condition.
  private mutating func swapForm(_ instruction: inout Instruction, _ form: InstructionForm) {
    let others = InstructionForm.all.filter {
      $0 != form && $0.opcode & 7 == form.opcode & 7 && $0.destination == form.destination && $0.source == form.source
    }
    guard let other = others.randomElement(using: &random) else { return }
    instruction.opcode = other.opcode
    switch other.offset {
    case .zero: instruction.offset = 0
    case .exactly(let number): instruction.offset = number
    default: break
    }
    switch other.immediate {
    case .zero: instruction.immediate = 0
    case .exactly(let number): instruction.immediate = number
    default: break
    }
  }

  private func isSecondHalf(_ slot: Int, _ program: [Instruction]) -> Bool {
    slot > 0 && program[slot].opcode == 0 && program[slot - 1].isWide
  }

  private mutating func changeBits(_ program: inout [Instruction], _ slot: Int) {
    switch Int.random(in: 0...6, using: &random) {
    case 0: program[slot].registers = UInt8.random(in: 0...255, using: &random)
    case 1: program[slot].offset = Int16.random(in: .min ... .max, using: &random)
    case 2: program[slot].immediate = Int32.random(in: .min ... .max, using: &random)
    case 3: program[slot].opcode ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 4: program.swapAt(slot, Int.random(in: 0..<program.count, using: &random))
    case 5: program[slot] = .goto(0)
    default: program[slot] = program[Int.random(in: 0..<program.count, using: &random)]
    }
  }
}
