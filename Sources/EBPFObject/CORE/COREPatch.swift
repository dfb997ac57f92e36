internal import EBPFISA

/// Puts a relocation's value into its instruction.
enum COREPatch {
  /// The call that stands where a relocation found nothing: no helper has this number (libbpf's, "bad relo"), so that whoever verifies the
  /// program refuses it, unless the instruction is never reached.
  static let poison: Int32 = 195_896_080

  /// What was done with the instruction.
  enum Result {
    case patched(old: UInt64, new: UInt64)
    case unresolved
    case wrongSize
  }

  /// Changes the instruction in that slot, both slots of a wide one.
  ///
  /// An arithmetic instruction or a move with a constant, a load or store at an offset, a wide constant: nothing else carries relocations.
  static func apply(_ value: COREValue, _ instructions: inout [Instruction], _ slot: Int) throws(COREFailure) -> Result {
    guard instructions.indices.contains(slot) else { throw COREFailure("the program has no instruction \(slot)") }
    let instruction = instructions[slot]
    switch instruction.instructionClass {
    case Opcode.alu32, Opcode.alu64:
      guard instruction.opcode & Opcode.x == 0 else { break }
      if value.isUnresolved { return poison(&instructions, slot, .unresolved) }
      let old = UInt64(bitPattern: Int64(instruction.immediate))
      try check(old, value)
      instructions[slot].immediate = Int32(truncatingIfNeeded: value.new)
      return .patched(old: old, new: value.new)
    case Opcode.ldx, Opcode.st, Opcode.stx:
      if value.isUnresolved { return poison(&instructions, slot, .unresolved) }
      let old = UInt64(bitPattern: Int64(instruction.offset))
      try check(old, value)
      guard value.new <= UInt64(Int16.max) else {
        throw COREFailure("offset \(value.new) does not fit a load or store (\(Int16.max) at most): take the field's address first")
      }
      if value.isSizeWrong { return poison(&instructions, slot, .wrongSize) }
      instructions[slot].offset = Int16(truncatingIfNeeded: value.new)
      if value.oldSize != value.newSize { try resize(&instructions[slot], value) }
      return .patched(old: old, new: value.new)
    case Opcode.ld:
      guard instruction.isWide, instruction.source == 0, instruction.offset == 0, slot + 1 < instructions.count,
        instructions[slot + 1].bits & 0xffff_ffff == 0
      else { break }
      if value.isUnresolved { return poison(&instructions, slot, .unresolved) }
      let old = UInt64(UInt32(bitPattern: instruction.immediate)) | UInt64(UInt32(bitPattern: instructions[slot + 1].immediate)) << 32
      var new = value.new
      if value.isOldNarrow, old != value.old, old == UInt64(UInt32(truncatingIfNeeded: value.old)) {
        // An unsigned enumeration's upper half (libbpf refuses it).
        if value.isNewNarrow { new &= 0xffff_ffff }
      } else {
        try check(old, value)
      }
      instructions[slot].immediate = Int32(truncatingIfNeeded: new)
      instructions[slot + 1].immediate = Int32(truncatingIfNeeded: new >> 32)
      return .patched(old: old, new: new)
    default: break
    }
    throw COREFailure("the instruction (opcode 0x\(String(instruction.opcode, radix: 16))) is not one that a relocation can change")
  }

  private static func check(_ found: UInt64, _ value: COREValue) throws(COREFailure) {
    guard value.isOldKnown, found != value.old else { return }
    throw COREFailure(
      "the instruction holds \(Int64(bitPattern: found)) and the object's types say \(Int64(bitPattern: value.old)): the two do not belong together"
    )
  }

  private static func resize(_ instruction: inout Instruction, _ value: COREValue) throws(COREFailure) {
    let size = Opcode.accessSize(instruction.opcode)
    guard size == value.oldSize else {
      throw COREFailure("the instruction accesses \(size) bytes of a field of \(value.oldSize), which has \(value.newSize) in the target")
    }
    let bits: UInt8
    switch value.newSize {
    case 1: bits = Opcode.b
    case 2: bits = Opcode.h
    case 4: bits = Opcode.w
    case 8: bits = Opcode.dw
    default: throw COREFailure("no load or store has the \(value.newSize) bytes that the field has in the target")
    }
    instruction.opcode = instruction.opcode & ~Opcode.sizeMask | bits
  }

  private static func poison(_ instructions: inout [Instruction], _ slot: Int, _ result: Result) -> Result {
    for place in slot..<slot + (instructions[slot].isWide ? 2 : 1) {
      instructions[place] = Instruction(opcode: Opcode.callHelper, immediate: COREPatch.poison)
    }
    return result
  }
}
