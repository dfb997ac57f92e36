internal import EBPFISA

/// States that were kept, and the comparison of the state in hand with them (`is_state_visited`).
extension Search {
  /// Whether a state that was proved covers this one, so that the path need not be walked further.
  ///
  /// Where none does, the state may be kept; it then becomes the parent of the state in hand.
  mutating func isProvedAlready() throws(Stop) -> Bool {
    let marks = program.marks[at]
    let isForced = marks.contains(.forcedState)
    let mustKeep = isForced || state.pointee.historyEnd - state.pointee.historyStart > 40
    var keeps = mustKeep || (jumps - jumpsAtKeep >= 2 && processed - processedAtKeep >= 8)
    let isMayGoto = program.instructions[at].opcode == Opcode.mayGoto

    var before: State.Pointer?
    var candidate = kept[at]
    while let old = candidate {
      let next = old.pointee.next
      guard old.pointee.hasCallsites(of: state.pointee) else {
        before = old
        candidate = next
        continue
      }
      if old.pointee.branches > 0 {
        // The old state is on this very path: a loop.
        if marks.contains(.callsCallback) {
          if covers(old, .ranges) {
            hit(old, closesLoop: true)
            return true
          }
        } else {
          if isMayGoto, old.pointee.mayGotoTurns != state.pointee.mayGotoTurns, covers(old, .ranges) {
            hit(old, closesLoop: true)
            return true
          }
          if old.pointee.mayGotoTurns == state.pointee.mayGotoTurns, old.pointee.callbackTurns == state.pointee.callbackTurns,
            mayBeEqual(old), covers(old, .exact)
          {
            throw fail("infinite loop detected at insn \(at)", .infiniteLoop)
          }
        }
        if !mustKeep, jumps - jumpsAtKeep < 20, processed - processedAtKeep < 100 { keeps = false }
      } else if covers(old, .needed) {
        hit(old, closesLoop: false)
        return true
      }
      if keeps { old.pointee.misses += 1 }
      // A state that is compared again and again in vain is not worth it.
      let patience = isForced && old.pointee.branches > 0 ? 64 : 3
      if old.pointee.misses > old.pointee.hits * patience + patience {
        if let before { before.pointee.next = next } else { kept[at] = next }
        old.pointee.next = nil
        retired.append(old)
      } else {
        before = old
      }
      candidate = next
    }
    if keeps { keep() }
    return false
  }

  private mutating func keep() {
    statesKept += 1
    jumpsAtKeep = jumps
    processedAtKeep = processed
    let new = State.copy(state)
    new.pointee.instruction = at
    new.pointee.next = kept[at]
    kept[at] = new
    state.pointee.parent = new
    state.pointee.first = at
    state.pointee.historyStart = state.pointee.historyEnd
    state.pointee.pathDepth = new.pointee.pathDepth + 1
    for number in 0...state.pointee.depth {
      state.pointee.frame(number).pointee.writtenSlots = 0
      state.pointee.frame(number).pointee.isNew = false
    }
  }

  /// The old state covers this one: what is needed after it is needed before this one.
  private mutating func hit(_ old: State.Pointer, closesLoop: Bool) {
    old.pointee.hits += 1
    if program.marks[at].contains(.jumpPoint) { pushHistory(flags: 0, linked: 0) }
    for number in 0...old.pointee.depth {
      let frame = old.pointee.frame(number).pointee
      let here = state.pointee.frame(number).pointee
      // What a loop needs is not known before all of its paths are: all that this state holds.
      let read = closesLoop ? slotMask(here.slots) : frame.readSlots & slotMask(frame.slots)
      var slots = read
      while slots != 0 {
        let slot = slots.trailingZeroBitCount
        slots &= slots - 1
        markRead(frame: number, slot: slot)
      }
    }
    propagatePrecision(of: old)
    if closesLoop { propagateAll() }
  }

  private func slotMask(_ count: Int) -> UInt64 { count >= 64 ? .max : (1 << UInt64(count)) - 1 }

  /// Which registers of a frame the rest of the program may read.
  func liveRegisters(_ number: Int) -> UInt16 {
    let slot = number == state.pointee.depth ? at : state.pointee.frame(number + 1).pointee.callsite
    return program.live[slot] & 0x3ff
  }

  /// A path to the state that was kept last, before this one, at the same place; it is still being walked (`find_prev_entry`).
  func earlierTurn(at slot: Int, above limit: State.Pointer) -> State.Pointer? {
    var candidate = kept[slot]
    while let old = candidate {
      if old.pointee.branches > 0, old.pointee.pathDepth < limit.pointee.pathDepth, old.pointee.hasCallsites(of: limit.pointee) {
        return old
      }
      candidate = old.pointee.next
    }
    return nil
  }

  /// The path reads a stack slot: the states before it depend on its value, up to where it was written (`mark_reg_read`).
  mutating func markRead(frame number: Int, slot: Int) {
    let bit = UInt64(1) << UInt64(slot)
    var child = state
    while let parent = child.pointee.parent {
      let frame = child.pointee.frame(number)
      if frame.pointee.isNew || frame.pointee.writtenSlots & bit != 0 || parent.pointee.depth < number { return }
      let above = parent.pointee.frame(number)
      if slot >= above.pointee.slots || above.pointee.readSlots & bit != 0 { return }
      above.pointee.readSlots |= bit
      child = parent
    }
  }

  /// Forgets numbers that changed since an earlier turn and on whose range nothing depended until now (`widen_imprecise_scalars`).
  mutating func widen(_ target: State.Pointer, since old: State.Pointer) {
    identities.reset(from: currentID)
    for number in 0...old.pointee.depth {
      let before = old.pointee.frame(number)
      let now = target.pointee.frame(number)
      for cell in 0..<min(before.pointee.cellCount, now.pointee.cellCount) {
        guard before.pointee.isRegister(cell), now.pointee.isRegister(cell) else { continue }
        let isPrecise =
          cell < Frame.registerCount
          ? before.pointee.preciseRegisters >> UInt16(cell) & 1 != 0
          : before.pointee.preciseSlots >> UInt64(cell - Frame.registerCount) & 1 != 0
        let earlier = before.pointee.cells[cell]
        let later = now.pointee.cells[cell]
        guard earlier.isScalar, later.isScalar, !isPrecise, !isExact(earlier, later) else { continue }
        now.pointee.cells[cell] = .unknown
      }
    }
  }
}
