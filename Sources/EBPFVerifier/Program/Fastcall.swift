internal import EBPFISA
internal import EBPFTables

/// Finds registers that are saved before a call that does not touch them, and loaded again behind it (`mark_fastcall_patterns`).
///
/// Compilers put them there for kernels that do not know that the call leaves the registers alone; one that does takes them out, and their
/// place at the stack's lowest end does not count for the depth of calls. In this project's runtime they stay: each frame has room for both.
struct Fastcall {
  let program: ProgramModel

  init(_ program: ProgramModel) { self.program = program }

  func mark() {
    for index in program.functions.indices {
      let slots = program.functions[index].start..<program.functions[index].end
      var lowest = 0
      for slot in slots where isSave(program.instructions[slot]) { lowest = min(lowest, Int(program.instructions[slot].offset)) }
      if lowest == 0 { continue }
      for slot in slots where program.instructions[slot].isHelperCall { markCall(slot, function: index, lowest: lowest) }
    }
  }

  private func isSave(_ instruction: Instruction) -> Bool {
    instruction.opcode == Opcode.stx | Opcode.mem | Opcode.dw && instruction.destination == UInt8(Limits.framePointer)
  }

  private func isRestore(_ instruction: Instruction) -> Bool {
    instruction.opcode == Opcode.ldx | Opcode.mem | Opcode.dw && instruction.source == UInt8(Limits.framePointer)
  }

  private func markCall(_ call: Int, function: Int, lowest: Int) {
    let helper = HelperID(rawValue: UInt32(bitPattern: program.instructions[call].immediate))
    guard let prototype = program.prototype(of: helper) else { return }
    // r0 to r5 that the call leaves alone.
    var kept: UInt8 = 0b111110 << UInt8(prototype.argumentCount) & 0b111110
    if prototype.result.base == .void { kept |= 1 }
    if kept == 0 { return }
    var offset = lowest
    var pairs = 0
    while pairs < 6 {
      let before = call - pairs - 1
      let behind = call + pairs + 1
      guard before >= 0, behind < program.count, !program.marks[before + 1].contains(.jumpTarget),
        !program.marks[behind].contains(.jumpTarget)
      else { break }
      let (save, restore) = (program.instructions[before], program.instructions[behind])
      guard isSave(save), isRestore(restore), save.source == restore.destination, save.source < 6, kept >> save.source & 1 != 0,
        Int(save.offset) == offset, Int(restore.offset) == offset
      else { break }
      kept &= ~(1 << save.source)
      program.marks[before].insert(.fastcall)
      program.marks[behind].insert(.fastcall)
      pairs += 1
      offset += 8
    }
    if pairs == 0 { return }
    // The only helper that x86-64 replaces by instructions before it compiles the program.
    if prototype.allowsFastcall, helper == .getSmpProcessorId {
      program.functions[function].dropsSaves = true
    } else {
      program.functions[function].keepsFastcallStack = true
    }
    program.functions[function].fastcallOffset = min(program.functions[function].fastcallOffset, offset)
    program.hasFastcalls = true
  }
}

extension ProgramModel {
  /// An instruction touches a function's stack: where that is among saved registers and no part of their pattern, none of them is taken out.
  func noteStackUse(_ function: Int, at slot: Int, offset: Int) {
    if functions[function].fastcallOffset <= offset || marks[slot].contains(.fastcall) { return }
    functions[function].fastcallOffset = -1 << 15
    functions[function].dropsSaves = false
    for slot in functions[function].start..<functions[function].end { marks[slot].remove(.fastcall) }
  }
}
