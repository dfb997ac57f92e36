package import EBPFISA

/// Makes a program that shows something smaller, as long as it still shows it.
package enum ProgramShrinker {
  /// - Parameter shows: whether a program still shows what is looked for.
  package static func shrink(_ program: [Instruction], while shows: ([Instruction]) -> Bool) -> [Instruction] {
    var best = program
    var tries = 0
    var isSmaller = true
    while isSmaller, tries < 4000 {
      isSmaller = false
      // From the end, in pieces of falling length.
      for length in [8, 4, 2, 1] {
        var slot = best.count - length
        while slot >= 0, tries < 4000 {
          var candidate = best
          for _ in 0..<length where slot < candidate.count { candidate = without(slot, candidate) }
          tries += 1
          if candidate.count < best.count, !candidate.isEmpty, shows(candidate) {
            best = candidate
            isSmaller = true
          }
          slot -= 1
        }
      }
    }
    return best
  }

  /// The program without the instruction at `slot` (both slots of a wide one); jumps lead where they led, those to it to what follows it.
  package static func without(_ slot: Int, _ program: [Instruction]) -> [Instruction] {
    let first = slot > 0 && program[slot].opcode == 0 && program[slot - 1].isWide ? slot - 1 : slot
    let count = program[first].isWide && first + 1 < program.count ? 2 : 1
    func moved(_ target: Int) -> Int { target <= first ? target : max(first, target - count) }
    var result: [Instruction] = []
    for (index, instruction) in program.enumerated() where index < first || index >= first + count {
      var instruction = instruction
      let place = moved(index)
      if instruction.hasLongDistance {
        instruction.immediate = Int32(truncatingIfNeeded: moved(index + 1 + Int(instruction.immediate)) - place - 1)
      } else if instruction.isNearJump {
        instruction.offset = Int16(truncatingIfNeeded: moved(index + 1 + Int(instruction.offset)) - place - 1)
      }
      result.append(instruction)
    }
    return result
  }
}

extension Instruction {
  /// Whether the offset is a jump's distance.
  fileprivate var isNearJump: Bool {
    let kind = instructionClass
    guard kind == Opcode.jmp || kind == Opcode.jmp32 else { return false }
    let operation = opcode & 0xf0
    return operation != Opcode.call && operation != Opcode.exit && opcode != Opcode.gotoLong
  }
}
