internal import EBPFISA

extension X86_64Translator {
  @inline(__always)
  mutating func jump(
    _ slot: Int, _ instruction: Instruction, wide: Bool, _ outline: borrowing ProgramOutline
  ) throws(JITError) -> Int {
    switch instruction.opcode {
    case Opcode.callHelper: return call(slot, instruction, outline)
    case Opcode.callRegister: return callRegister(slot, instruction)
    case Opcode.exitProgram:
      epilogue()
      encoder.ret()
      return slot &+ 1
    default: break
    }
    let distance = instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset)
    let target = slot &+ 1 &+ distance
    guard target >= function.start, target < function.end else {
      throw JITError(.jumpOutOfRange, slot: slot, "it jumps to \(target), out of its function (\(function.start) to \(function.end - 1))")
    }
    switch instruction.opcode {
    case Opcode.gotoNear, Opcode.gotoLong:
      if distance != 0 { branches.jump(&encoder, nil, to: target) }
    case Opcode.mayGoto:
      // A counter of 64 bits that goes below zero stays there.
      encoder.memory(0x83, reg: X86_64Encoder.Arithmetic.sub.rawValue, Address(.rbp, frame.loopCounter), wide: true)
      encoder.immediate8(1)
      branches.jump(&encoder, .negative, to: target)
    default:
      if distance == 0 || has(.neverTaken, slot) { break }
      if has(.alwaysTaken, slot) {
        branches.jump(&encoder, nil, to: target)
      } else {
        branches.jump(&encoder, compare(instruction, wide: wide), to: target)
      }
    }
    return slot &+ 1
  }

  /// Sets the flags for a conditional jump.
  /// - Returns: the condition under which it is taken.
  @inline(__always)
  mutating func compare(_ instruction: Instruction, wide: Bool) -> Condition {
    let left = Register(instruction.destination)
    let operation = instruction.opcode & Opcode.operationMask
    if instruction.opcode & Opcode.x != 0 {
      let right = Register(instruction.source)
      if operation == Opcode.jset { encoder.test(left, right, wide: wide) } else { encoder.arithmetic(.cmp, left, right, wide: wide) }
    } else if operation == Opcode.jset {
      encoder.test(left, instruction.immediate, wide: wide)
    } else if instruction.immediate == 0 {
      encoder.test(left, left, wide: wide)
    } else {
      encoder.arithmetic(.cmp, left, instruction.immediate, wide: wide)
    }
    switch operation {
    case Opcode.jeq: return .equal
    case Opcode.jgt: return .above
    case Opcode.jge: return .aboveOrEqual
    case Opcode.jset, Opcode.jne: return .notEqual
    case Opcode.jsgt: return .greater
    case Opcode.jsge: return .greaterOrEqual
    case Opcode.jlt: return .below
    case Opcode.jle: return .belowOrEqual
    case Opcode.jslt: return .less
    default: return .lessOrEqual
    }
  }
}
