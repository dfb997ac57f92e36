internal import EBPFISA

extension X86_64Translator {
  @inline(__always)
  mutating func jump(
    _ slot: Int, _ instruction: Instruction, wide: Bool, _ outline: borrowing ProgramOutline
  ) throws(JITError) -> Int {
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.ja, Opcode.call, Opcode.exit, Opcode.jcond: return try transfer(slot, instruction, outline)
    default: break
    }
    let target = try self.target(slot, distance: Int(instruction.offset))
    if instruction.offset == 0 || has(.neverTaken, slot) { return slot &+ 1 }
    branches.jump(&encoder, has(.alwaysTaken, slot) ? nil : compare(instruction, wide: wide), to: target)
    return slot &+ 1
  }

  /// Calls, exits and jumps without a comparison.
  private mutating func transfer(
    _ slot: Int, _ instruction: Instruction, _ outline: borrowing ProgramOutline
  ) throws(JITError) -> Int {
    switch instruction.opcode {
    case Opcode.callHelper: return call(slot, instruction, outline)
    case Opcode.callRegister: return callRegister(slot, instruction)
    case Opcode.exitProgram:
      epilogue()
      encoder.ret()
    case Opcode.mayGoto:
      let target = try self.target(slot, distance: Int(instruction.offset))
      // A counter of 64 bits that goes below zero stays there.
      encoder.memory(0x83, reg: X86_64Encoder.Arithmetic.sub.rawValue, Address(.rbp, frame.loopCounter), wide: true)
      encoder.immediate8(1)
      branches.jump(&encoder, .negative, to: target)
    default:
      let distance = instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset)
      let target = try self.target(slot, distance: distance)
      if distance != 0 { branches.jump(&encoder, nil, to: target) }
    }
    return slot &+ 1
  }

  /// Where a jump leads.
  @inline(__always)
  private func target(_ slot: Int, distance: Int) throws(JITError) -> Int {
    let target = slot &+ 1 &+ distance
    guard target >= function.start, target < function.end else {
      throw JITError(.jumpOutOfRange, slot: slot, "it jumps to \(target), out of its function (\(function.start) to \(function.end - 1))")
    }
    return target
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
    // A nibble for each operation, lowest first: jeq is operation 1, jsle 13.
    return Condition(rawValue: UInt8(truncatingIfNeeded: (0x00ec_6200_df55_3740 as UInt64) &>> (UInt64(operation) &>> 2)) & 0xf)
  }
}
