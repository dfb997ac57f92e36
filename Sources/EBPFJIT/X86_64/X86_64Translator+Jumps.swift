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
    if has(.alwaysTaken, slot) {
      branches.jump(&encoder, nil, to: target)
    } else {
      branches.jump(&encoder, Self.condition(instruction), to: target, behind: Self.comparison(instruction, wide: wide))
    }
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

  /// The condition under which a conditional jump is taken, once its ``comparison(_:wide:)`` has set the flags.
  @inline(__always)
  private static func condition(_ instruction: Instruction) -> Condition {
    // A nibble for each operation, lowest first: jeq is operation 1, jsle 13.
    let operation = UInt64(instruction.opcode & Opcode.operationMask)
    return Condition(rawValue: UInt8(truncatingIfNeeded: (0x00ec_6200_df55_3740 as UInt64) &>> (operation &>> 2)) & 0xf)
  }

  /// What sets the flags for a conditional jump: its bytes, the first lowest, and how many.
  @inline(__always)
  private static func comparison(_ instruction: Instruction, wide: Bool) -> (bits: UInt64, count: Int) {
    let left = Register(instruction.destination)
    let isSet = instruction.opcode & Opcode.operationMask == Opcode.jset
    if instruction.opcode & Opcode.x != 0 {
      return X86_64Encoder.comparison(isSet ? 0x85 : 0x39, left, Register(instruction.source), wide: wide)
    }
    if isSet { return X86_64Encoder.test(left, instruction.immediate, wide: wide) }
    if instruction.immediate == 0 { return X86_64Encoder.comparison(0x85, left, left, wide: wide) }
    return X86_64Encoder.compare(left, instruction.immediate, wide: wide)
  }
}
