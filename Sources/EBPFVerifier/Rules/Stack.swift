internal import EBPFISA
internal import EBPFTables

/// Loads and stores of the stack, where registers keep what is known of them.
extension Search {
  enum StackAccess {
    case read, write
    /// By a helper.
    case helperRead, helperWrite

    var words: String { self == .read || self == .helperRead ? " read from" : " write to" }
  }

  /// The frame that a stack pointer points into.
  func stackFrame(of pointer: Int) -> UnsafeMutablePointer<Frame> { state.pointee.frame(Int(registers[pointer].detail)) }

  /// The access is within the 512 bytes; makes room for it (`check_stack_access_within_bounds`).
  mutating func checkStackBounds(_ pointer: Int, offset: Int, size: Int, access: StackAccess) throws(Stop) {
    let scalar = registers[pointer].scalar
    let lowest: Int
    let end: Int
    if let variable = scalar.constant {
      lowest = Int(Int64(bitPattern: variable)) &+ offset
      end = lowest &+ size
    } else {
      if scalar.smax >= Register.maximumOffset || scalar.smin <= -Register.maximumOffset {
        throw fail("invalid unbounded variable-offset\(access.words) stack R\(pointer)", .offset, register: pointer)
      }
      lowest = Int(scalar.smin) + offset
      end = Int(scalar.smax) + offset + size
    }
    guard lowest >= -Limits.stackSize, lowest <= -1, end <= 0, size >= 0 else {
      if scalar.constant != nil {
        throw fail("invalid\(access.words) stack R\(pointer) off=\(lowest) size=\(size)", .stackBounds, register: pointer)
      }
      throw fail(
        "invalid variable-offset\(access.words) stack R\(pointer) var_off=\(scalar.bits.kernelText) off=\(offset) size=\(size)",
        .stackBounds, register: pointer)
    }
    let frame = stackFrame(of: pointer)
    let slots = (-lowest + 7) / 8
    if slots > frame.pointee.slots { frame.pointee.grow(to: slots) }
    let function = frame.pointee.function
    if program.functions[function].stackDepth < slots * 8 { program.functions[function].stackDepth = slots * 8 }
  }

  /// An access to where registers are saved around calls, from anything else: then they are saved for other purposes, too, and stay
  /// (`check_fastcall_stack_contract`).
  @inline(__always)
  private func noteStackUse(_ frame: UnsafeMutablePointer<Frame>, offset: Int) {
    if program.hasFastcalls { program.noteStackUse(frame.pointee.function, at: at, offset: offset) }
  }

  // MARK: Writing

  mutating func checkStackWrite(_ pointer: Int, offset: Int, size: Int, value: Int) throws(Stop) {
    if let variable = registers[pointer].scalar.constant {
      try writeStack(stackFrame(of: pointer), offset: offset + Int(Int64(bitPattern: variable)), size: size, value: value)
    } else {
      writeStackSomewhere(pointer, offset: offset, size: size, value: value)
    }
  }

  /// A store at a known place (`check_stack_write_fixed_off`).
  private mutating func writeStack(_ frame: UnsafeMutablePointer<Frame>, offset: Int, size: Int, value: Int) throws(Stop) {
    noteStackUse(frame, offset: offset)
    let place = -offset - 1
    let slot = place / 8
    let instruction = program.instructions[at]
    let isConstant = value < 0 && instruction.instructionClass == Opcode.st && instruction.opcode & Opcode.modeMask == Opcode.mem
    let isStartOfSlot = offset % 8 == 0
    if value >= 0, isStartOfSlot, registers[value].isScalar {
      let fits = registers[value].width <= 8 * size
      if fits { giveIdentity(to: value) }
      saveRegister(registers[value], in: frame, slot: slot, size: size)
      if !fits { frame.pointee.spilled[slot].id = 0 }
    } else if isConstant, isStartOfSlot {
      saveRegister(.constant(UInt64(bitPattern: Int64(instruction.immediate))), in: frame, slot: slot, size: size)
    } else if value >= 0, registers[value].kind != .scalar {
      if size != 8 { throw fail("invalid size of register spill", register: value) }
      if frame != self.frame, registers[value].kind == .stack {
        throw fail("cannot spill pointers to stack into stack frame of the caller", register: value)
      }
      saveRegister(registers[value], in: frame, slot: slot, size: size)
    } else {
      frame.pointee.spilled[slot] = .uninitialized
      frame.pointee.bytes[slot].scrub()
      if size == 8 { frame.pointee.writtenSlots |= 1 << UInt64(slot) }
      var kind = StackByte.misc
      if value >= 0 ? registers[value].isNull : isConstant && instruction.immediate == 0 {
        if value >= 0 { markPrecise(value) }
        kind = StackByte.zero
      }
      for index in 0..<size { frame.pointee.bytes[slot][(place - index) % 8] = kind }
      return
    }
    pushHistory(flags: HistoryEntry.access(frame: frame.pointee.number, slot: slot), linked: 0)
  }

  /// `save_register_state`: a whole register, or the lower part of a number at the slot's start.
  private func saveRegister(_ register: Register, in frame: UnsafeMutablePointer<Frame>, slot: Int, size: Int) {
    frame.pointee.spilled[slot] = register
    if size == 8 {
      frame.pointee.writtenSlots |= 1 << UInt64(slot)
      frame.pointee.bytes[slot] = .spill
      return
    }
    for index in 0..<8 {
      if index >= 8 - size {
        frame.pointee.bytes[slot][index] = StackByte.spill
      } else if frame.pointee.bytes[slot][index] == StackByte.spill {
        // Bytes of zeros and unwritten bytes stay what they are.
        frame.pointee.bytes[slot][index] = StackByte.misc
      }
    }
  }

  /// A store of something at an unknown place: every byte in reach may change (`check_stack_write_var_off`).
  private mutating func writeStackSomewhere(_ pointer: Int, offset: Int, size: Int, value: Int) {
    let frame = stackFrame(of: pointer)
    let scalar = registers[pointer].scalar
    noteStackUse(frame, offset: Int(scalar.smin) + offset)
    let instruction = program.instructions[at]
    let isZero =
      value >= 0
      ? registers[value].isNull
      : instruction.instructionClass == Opcode.st && instruction.opcode & Opcode.modeMask == Opcode.mem && instruction.immediate == 0
    var usesZero = false
    for place in (Int(scalar.smin) + offset)..<(Int(scalar.smax) + offset + size) {
      let index = -place - 1
      let slot = index / 8
      let byte = frame.pointee.bytes[slot][index % 8]
      if isZero, byte == StackByte.spill, frame.pointee.bytes[slot].isSpill, frame.pointee.spilled[slot].isNull {
        usesZero = true
        continue
      }
      frame.pointee.spilled[slot] = .uninitialized
      frame.pointee.bytes[slot].scrub()
      if isZero, byte == StackByte.zero {
        usesZero = true
      } else {
        frame.pointee.bytes[slot][index % 8] = StackByte.misc
      }
    }
    if usesZero, value >= 0 { markPrecise(value) }
  }

  // MARK: Reading

  mutating func checkStackRead(_ pointer: Int, offset: Int, size: Int, value: Int) throws(Stop) {
    let scalar = registers[pointer].scalar
    if let variable = scalar.constant {
      try readStack(stackFrame(of: pointer), offset: offset + Int(Int64(bitPattern: variable)), size: size, value: value)
      return
    }
    if value < 0 {
      throw fail(
        "variable offset stack pointer cannot be passed into helper function; var_off=\(scalar.bits.kernelText) off=\(offset) size=\(size)",
        register: pointer)
    }
    let frame = stackFrame(of: pointer)
    let lowest = Int(scalar.smin) + offset
    let end = Int(scalar.smax) + offset + size
    try checkStackRange(pointer, offset: offset, size: size, allowsZero: false, access: .read, isRaw: false)
    loadBytes(frame, from: lowest, to: end, into: value)
    noteStackUse(frame, offset: lowest)
  }

  /// A load at a known place (`check_stack_read_fixed_off`).
  private mutating func readStack(_ frame: UnsafeMutablePointer<Frame>, offset: Int, size: Int, value: Int) throws(Stop) {
    let place = -offset - 1
    let slot = place / 8
    noteStackUse(frame, offset: offset)
    let number = frame.pointee.number
    let bytes = frame.pointee.bytes[slot]
    guard bytes.isSpill else {
      markRead(frame: number, slot: slot)
      if value >= 0 { loadBytes(frame, from: offset, to: offset + size, into: value) }
      return
    }
    let spilled = frame.pointee.spilled[slot]
    var spillSize = 1
    while spillSize < 8, bytes[7 - spillSize] == StackByte.spill { spillSize += 1 }
    var isFill = true
    if size != 8 || spillSize != 8 {
      if !spilled.isScalar { throw fail("invalid size of register fill") }
      markRead(frame: number, slot: slot)
      if value < 0 { return }
      if size <= spillSize, offset % 8 == 0 {
        registers[value] = spilled
        if spilled.width > 8 * size { registers[value].clearLink() }
      } else {
        var spills = 0
        var zeros = 0
        for index in 0..<size {
          let byte = bytes[(place - index) % 8]
          if byte == StackByte.spill { spills += 1 }
          if byte == StackByte.zero { zeros += 1 }
        }
        if spills == size, spilled.isNull {
          registers[value] = .constant(0)
        } else if zeros == size {
          registers[value] = .constant(0)
          isFill = false
        } else {
          registers[value] = .unknown
          isFill = false
        }
      }
    } else {
      if value >= 0 { registers[value] = spilled }
      markRead(frame: number, slot: slot)
    }
    if isFill { pushHistory(flags: HistoryEntry.access(frame: number, slot: slot), linked: 0) }
  }

  /// Bytes that are no register: zero where all of them are (`mark_reg_stack_read`).
  private func loadBytes(_ frame: UnsafeMutablePointer<Frame>, from start: Int, to end: Int, into register: Int) {
    for place in start..<end where frame.pointee.bytes[(-place - 1) / 8][(-place - 1) % 8] != StackByte.zero {
      registers[register] = .unknown
      return
    }
    registers[register] = .constant(0)
  }

  // MARK: Ranges

  /// Stack memory that a helper gets, or that is read at an unknown place (`check_stack_range_initialized`).
  ///
  /// - Parameter isRaw: The helper fills the memory: it need not be written before.
  /// - Returns: whether the memory is such, at a known place; the caller then marks its bytes as written.
  @discardableResult
  mutating func checkStackRange(
    _ pointer: Int, offset: Int, size: Int, allowsZero: Bool, access: StackAccess, isRaw: Bool
  ) throws(Stop) -> Bool {
    if size == 0, !allowsZero { throw fail("invalid zero-sized read", .zeroSize, register: pointer) }
    try checkStackBounds(pointer, offset: offset, size: size, access: access)
    let scalar = registers[pointer].scalar
    let frame = stackFrame(of: pointer)
    let lowest: Int
    let highest: Int
    if let variable = scalar.constant {
      lowest = Int(Int64(bitPattern: variable)) + offset
      highest = lowest
      if isRaw { return true }
    } else {
      lowest = Int(scalar.smin) + offset
      highest = Int(scalar.smax) + offset
    }
    let isOverwritten = access == .helperWrite
    for place in lowest..<(highest + size) {
      let index = -place - 1
      let slot = index / 8
      switch frame.pointee.bytes[slot][index % 8] {
      case StackByte.misc: break
      case StackByte.zero, StackByte.invalid:
        if isOverwritten { frame.pointee.bytes[slot][index % 8] = StackByte.misc }
      default:
        if isOverwritten {
          // The helper may have written there.
          frame.pointee.spilled[slot] = .unknown
          frame.pointee.bytes[slot].scrub()
        }
      }
      markRead(frame: frame.pointee.number, slot: slot)
    }
    return false
  }
}

extension Register {
  /// Bits that the number takes at most (`get_reg_width`).
  var width: Int { 64 - scalar.umax.leadingZeroBitCount }
}

extension Search {
  /// Gives a number an identity before it is copied, so that what is learned of one copy is learned of the other (`assign_scalar_id_before_mov`).
  mutating func giveIdentity(to register: Int) {
    guard registers[register].isScalar else { return }
    if registers[register].id & Register.distanceMask != 0 { registers[register].clearLink() }
    if registers[register].id == 0, registers[register].scalar.constant == nil { registers[register].id = newID() }
  }
}
