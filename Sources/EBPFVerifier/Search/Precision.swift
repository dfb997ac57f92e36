internal import EBPFISA
internal import EBPFTables

/// Registers and stack slots whose exact range is needed, while a path is followed backwards (`struct backtrack_state`).
struct Backtrack {
  var frame = 0
  fileprivate(set) var registers = InlineArray<8, UInt16>(repeating: 0)
  fileprivate(set) var slots = InlineArray<8, UInt64>(repeating: 0)

  @inline(__always)
  var isEmpty: Bool {
    var all: UInt64 = 0
    var index = 0
    while index <= frame {
      all |= slots[index] | UInt64(registers[index])
      index += 1
    }
    return all == 0
  }

  mutating func reset(frame: Int) {
    self.frame = frame
    registers = InlineArray(repeating: 0)
    slots = InlineArray(repeating: 0)
  }

  @inline(__always)
  func has(register: Int) -> Bool { registers[frame] >> UInt16(register) & 1 != 0 }
  @inline(__always)
  func has(register: Int, in frame: Int) -> Bool { registers[frame] >> UInt16(register) & 1 != 0 }
  @inline(__always)
  func has(slot: Int, in frame: Int) -> Bool { slots[frame] >> UInt64(slot) & 1 != 0 }
  @inline(__always)
  mutating func add(register: Int) { registers[frame] |= 1 << UInt16(register) }
  @inline(__always)
  mutating func add(register: Int, in frame: Int) { registers[frame] |= 1 << UInt16(register) }
  @inline(__always)
  mutating func add(slot: Int, in frame: Int) { slots[frame] |= 1 << UInt64(slot) }
  @inline(__always)
  mutating func remove(register: Int) { registers[frame] &= ~(1 << UInt16(register)) }
  @inline(__always)
  mutating func remove(register: Int, in frame: Int) { registers[frame] &= ~(1 << UInt16(register)) }
  @inline(__always)
  mutating func remove(slot: Int, in frame: Int) { slots[frame] &= ~(1 << UInt64(slot)) }

  static let arguments: UInt16 = 0b11_1110
  var hasArguments: Bool { registers[frame] & Backtrack.arguments != 0 }
  /// Something other than r1 to r5 of the function that runs is needed.
  var hasMoreThanArguments: Bool { registers[frame] & ~Backtrack.arguments != 0 || slots[frame] != 0 }

  mutating func enter() -> Bool {
    guard frame < 7 else { return false }
    frame += 1
    return true
  }
  mutating func leave() -> Bool {
    guard frame > 0 else { return false }
    registers[frame] = 0
    slots[frame] = 0
    frame -= 1
    return true
  }
  mutating func moveArgumentsToCaller() {
    registers[frame - 1] |= registers[frame] & Backtrack.arguments
    registers[frame] &= ~Backtrack.arguments
  }
  mutating func dropArguments() { registers[frame] &= ~Backtrack.arguments }
}

/// Which numbers later paths rely on: states are compared by their ranges only in these (`mark_chain_precision`).
extension Search {
  /// The range of a register of the function that runs has just been relied on.
  mutating func markPrecise(_ register: Int) {
    guard registers[register].isScalar else { return }
    backtrack.reset(frame: state.pointee.depth)
    backtrack.add(register: register)
    traceBack(forLoop: false)
  }

  /// The value of a stack slot has just been relied on.
  mutating func markPrecise(slot: Int, in number: Int) {
    backtrack.reset(frame: state.pointee.depth)
    backtrack.add(slot: slot, in: number)
    traceBack(forLoop: false)
  }

  /// What the paths after an old state rely on, paths after this one do too (`propagate_precision`).
  mutating func propagatePrecision(of old: State.Pointer) {
    backtrack.reset(frame: old.pointee.depth)
    for loop in [false, true] {
      backtrack.reset(frame: old.pointee.depth)
      for number in 0...old.pointee.depth {
        let frame = old.pointee.frame(number)
        let registers = loop ? frame.pointee.loopRegisters : frame.pointee.preciseRegisters
        let slots = loop ? frame.pointee.loopSlots : frame.pointee.preciseSlots
        for register in 0..<10 where registers >> UInt16(register) & 1 != 0 { backtrack.add(register: register, in: number) }
        for slot in 0..<frame.pointee.slots where slots >> UInt64(slot) & 1 != 0 { backtrack.add(slot: slot, in: number) }
      }
      if !backtrack.isEmpty { traceBack(forLoop: loop) }
    }
  }

  /// A loop is closed before it is known what its other paths rely on: all numbers, then.
  mutating func propagateAll() {
    backtrack.reset(frame: state.pointee.depth)
    for number in 0...state.pointee.depth {
      let frame = state.pointee.frame(number)
      let live = liveRegisters(number)
      for register in 0..<10 where frame.pointee.cells[register].isScalar && live >> UInt16(register) & 1 != 0 {
        backtrack.add(register: register, in: number)
      }
      for slot in 0..<frame.pointee.slots where frame.pointee.bytes[slot].isSpill && frame.pointee.spilled[slot].isScalar {
        backtrack.add(slot: slot, in: number)
      }
    }
    if !backtrack.isEmpty { traceBack(forLoop: true) }
  }

  private enum StepResult {
    case done
    /// It cannot be told where the value came from.
    case lost
  }

  /// Follows the path backwards from here, and marks in each kept state on it what the wanted registers and slots were made from.
  private mutating func traceBack(forLoop: Bool) {
    var trace = state
    var first = trace.pointee.first
    var last = at
    var subsequent = -1
    var isFirst = true
    while true {
      let start = trace.pointee.historyStart
      var end = trace.pointee.historyEnd
      if last < 0 {
        markEntry(of: trace, forLoop)
        return
      }
      var slot = last
      while true {
        if isFirst {
          isFirst = false
        } else {
          let entry: HistoryEntry? = end > start && Int(history[end - 1].instruction) == slot ? history[end - 1] : nil
          if stepBack(slot, subsequent, entry) == .lost {
            markAll(forLoop)
            return
          }
        }
        if backtrack.isEmpty { return }
        subsequent = slot
        let count = end - start
        if slot == trace.pointee.first, count == 0 || (count == 1 && Int(history[start].instruction) == slot) { break }
        if count > 0, Int(history[end - 1].instruction) == slot {
          end -= 1
          slot = Int(Int32(bitPattern: history[end].previous))
        } else {
          slot -= 1
        }
        guard slot >= 0 else {
          markAll(forLoop)
          return
        }
      }
      guard let parent = trace.pointee.parent else { break }
      trace = parent
      guard backtrack.frame <= trace.pointee.depth, mark(in: trace, forLoop) else {
        markAll(forLoop)
        return
      }
      if backtrack.isEmpty { return }
      subsequent = first
      last = trace.pointee.last
      first = trace.pointee.first
    }
    markAll(forLoop)
  }

  /// The path came to the start of a function; false arguments of it can be wanted.
  private mutating func markEntry(of trace: State.Pointer, _ forLoop: Bool) {
    guard trace.pointee.depth == 0, !backtrack.hasMoreThanArguments else {
      markAll(forLoop)
      return
    }
  }

  /// Marks what is wanted in a kept state; what was marked before is wanted no more. False where the state cannot hold it.
  private mutating func mark(in trace: State.Pointer, _ forLoop: Bool) -> Bool {
    for number in 0...backtrack.frame {
      let frame = trace.pointee.frame(number)
      let known = forLoop ? frame.pointee.preciseRegisters | frame.pointee.loopRegisters : frame.pointee.preciseRegisters
      var wanted = backtrack.registers[number]
      while wanted != 0 {
        let register = wanted.trailingZeroBitCount
        wanted &= wanted - 1
        if !frame.pointee.cells[register].isScalar || known >> UInt16(register) & 1 != 0 {
          backtrack.remove(register: register, in: number)
        } else if forLoop {
          frame.pointee.loopRegisters |= 1 << UInt16(register)
        } else {
          frame.pointee.preciseRegisters |= 1 << UInt16(register)
        }
      }
      let knownSlots = forLoop ? frame.pointee.preciseSlots | frame.pointee.loopSlots : frame.pointee.preciseSlots
      var slots = backtrack.slots[number]
      while slots != 0 {
        let slot = slots.trailingZeroBitCount
        slots &= slots - 1
        guard slot < frame.pointee.slots else { return false }
        if !frame.pointee.bytes[slot].isSpill || !frame.pointee.spilled[slot].isScalar || knownSlots >> UInt64(slot) & 1 != 0 {
          backtrack.remove(slot: slot, in: number)
        } else if forLoop {
          frame.pointee.loopSlots |= 1 << UInt64(slot)
        } else {
          frame.pointee.preciseSlots |= 1 << UInt64(slot)
        }
      }
    }
    return true
  }

  /// Every number in every kept state of the path is relied on (`mark_all_scalars_precise`).
  private mutating func markAll(_ forLoop: Bool) {
    var next = state.pointee.parent
    while let trace = next {
      for number in 0...trace.pointee.depth {
        let frame = trace.pointee.frame(number)
        if forLoop {
          frame.pointee.loopRegisters = 0x3ff
          frame.pointee.loopSlots = .max
        } else {
          frame.pointee.preciseRegisters = 0x3ff
          frame.pointee.preciseSlots = .max
        }
      }
      next = trace.pointee.parent
    }
    backtrack.reset(frame: 0)
  }

  /// Numbers that got their range together at this jump are wanted together (`bt_sync_linked_regs`).
  private mutating func addLinked(_ entry: HistoryEntry?) {
    guard let entry, entry.linked != 0 else { return }
    let count = Int(entry.linked & 0xf)
    var records = entry.linked >> 4
    var isWanted = false
    for _ in 0..<count {
      let frame = Int(records & 7)
      let number = Int(records >> 3 & 0x3f)
      let isRegister = records >> 9 & 1 != 0
      if isRegister ? backtrack.has(register: number, in: frame) : backtrack.has(slot: number, in: frame) { isWanted = true }
      records >>= 10
    }
    guard isWanted else { return }
    records = entry.linked >> 4
    for _ in 0..<count {
      let frame = Int(records & 7)
      let number = Int(records >> 3 & 0x3f)
      if records >> 9 & 1 != 0 { backtrack.add(register: number, in: frame) } else { backtrack.add(slot: number, in: frame) }
      records >>= 10
    }
  }

  /// Goes back over one instruction (`backtrack_insn`).
  private mutating func stepBack(_ slot: Int, _ subsequent: Int, _ entry: HistoryEntry?) -> StepResult {
    let instruction = program.instructions[slot]
    if instruction.opcode == 0 { return .done }
    addLinked(entry)
    let destination = Int(instruction.destination)
    let source = Int(instruction.source)
    let usesSource = instruction.opcode & Opcode.x != 0
    switch instruction.instructionClass {
    case Opcode.alu32, Opcode.alu64:
      guard backtrack.has(register: destination) else { return .done }
      switch instruction.opcode & Opcode.operationMask {
      case Opcode.end, Opcode.neg: return .done
      case Opcode.mov:
        backtrack.remove(register: destination)
        if usesSource, source != 10 { backtrack.add(register: source) }
      default:
        if usesSource, source != 10 { backtrack.add(register: source) }
      }
      return .done
    case Opcode.ldx:
      return stepBackLoad(destination, entry)
    case Opcode.stx, Opcode.st:
      if instruction.isAtomic {
        if instruction.immediate == AtomicOperation.loadAcquire { return stepBackLoad(destination, entry) }
        if instruction.immediate != AtomicOperation.storeRelease, instruction.immediate & AtomicOperation.fetch != 0 {
          return stepBackLoad(instruction.immediate == AtomicOperation.compareExchange ? 0 : source, entry)
        }
      }
      if backtrack.has(register: destination) { return .lost }
      guard let entry, entry.flags & HistoryEntry.stackAccess != 0, backtrack.has(slot: entry.slot, in: entry.frame) else { return .done }
      backtrack.remove(slot: entry.slot, in: entry.frame)
      if instruction.instructionClass == Opcode.stx { backtrack.add(register: source) }
      return .done
    case Opcode.ld:
      if instruction.isWide {
        backtrack.remove(register: destination)
        return .done
      }
      if backtrack.has(register: 0) { return .lost }
      if subsequent != slot + 1, !backtrack.enter() { return .lost }
      return .done
    default:
      return stepBackJump(instruction, slot, subsequent, entry)
    }
  }

  private mutating func stepBackLoad(_ register: Int, _ entry: HistoryEntry?) -> StepResult {
    guard backtrack.has(register: register) else { return .done }
    backtrack.remove(register: register)
    if let entry, entry.flags & HistoryEntry.stackAccess != 0 { backtrack.add(slot: entry.slot, in: entry.frame) }
    return .done
  }

  private mutating func stepBackJump(_ instruction: Instruction, _ slot: Int, _ subsequent: Int, _ entry: HistoryEntry?) -> StepResult {
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.call:
      if instruction.isLocalCall {
        if program.functions[program.target(ofCallAt: slot)].isGlobal {
          if backtrack.hasArguments { return .lost }
          backtrack.remove(register: 0)
          return .done
        }
        // Back to the caller: only arguments can still be wanted.
        if backtrack.hasMoreThanArguments || backtrack.frame == 0 { return .lost }
        backtrack.moveArgumentsToCaller()
        return backtrack.leave() ? .done : .lost
      }
      if instruction.callsBack, slot != subsequent - 1 {
        // Back from a callback's first instruction to the call of the helper; its arguments are not the helper's.
        if backtrack.hasMoreThanArguments { return .lost }
        backtrack.dropArguments()
        return backtrack.leave() ? .done : .lost
      }
      backtrack.remove(register: 0)
      return backtrack.hasArguments ? .lost : .done
    case Opcode.exit:
      let isFromCall = subsequent >= 1 && program.instructions[subsequent - 1].isLocalCall
      let isWanted = isFromCall && backtrack.has(register: 0)
      if isFromCall, backtrack.hasArguments { return .lost }
      backtrack.remove(register: 0)
      guard backtrack.enter() else { return .lost }
      if isWanted { backtrack.add(register: 0) }
      return .done
    case Opcode.ja, Opcode.jcond:
      addLinked(entry)
      return .done
    default:
      if instruction.opcode & Opcode.x != 0 {
        let destination = Int(instruction.destination)
        let source = Int(instruction.source)
        if !backtrack.has(register: destination), !backtrack.has(register: source) { return .done }
        if entry == nil || entry!.flags & HistoryEntry.sourceIsStack == 0 { backtrack.add(register: source) }
        if entry == nil || entry!.flags & HistoryEntry.destinationIsStack == 0 { backtrack.add(register: destination) }
      }
      addLinked(entry)
      return .done
    }
  }
}
