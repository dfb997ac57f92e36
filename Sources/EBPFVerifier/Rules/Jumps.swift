internal import EBPFISA
internal import EBPFTables

/// Conditional jumps: which way is possible, and what is known on each (`check_cond_jmp_op`).
extension Search {
  mutating func checkMayGoto(_ instruction: Instruction) throws(Stop) {
    let slot = at
    guard instruction.offset != 0 else { throw fail("invalid may_goto off \(instruction.offset) imm \(instruction.immediate)") }
    let other = try leaveAside(at: slot + 1)
    other.pointee.mayGotoTurns += 1
    // The state kept for this turn was just made; the one before it tells what changes from turn to turn.
    if let own = state.pointee.parent, let before = earlierTurn(at: slot, above: own) { widen(other, since: before) }
    at += Int(instruction.offset)
  }

  mutating func checkConditionalJump(_ instruction: Instruction) throws(Stop) {
    let left = Int(instruction.destination)
    let right = instruction.opcode & Opcode.x != 0 ? Int(instruction.source) : -1
    let is32 = instruction.instructionClass == Opcode.jmp32
    guard let condition = Condition(rawValue: instruction.opcode & Opcode.operationMask) else {
      throw fail("invalid BPF_JMP/JMP32 opcode \(instruction.opcode & Opcode.operationMask)")
    }
    try checkReadable(left)
    if right >= 0 { try checkReadable(right) }
    let constant = Register.constant(UInt64(bitPattern: Int64(instruction.immediate)))
    let second = right >= 0 ? registers[right] : constant
    var flags: UInt16 = 0
    if right >= 0, second.kind == .stack { flags |= HistoryEntry.sourceIsStack }
    if registers[left].kind == .stack { flags |= HistoryEntry.destinationIsStack }
    if flags != 0 { pushHistory(flags: flags, linked: 0) }

    let known =
      left == right && second.isScalar && !hasKernelLimits
      ? outcomeWithItself(second.scalar, condition, is32: is32) : outcome(registers[left], second, condition, is32: is32)
    if let taken = known {
      follow(taken, left, right, instruction)
      return
    }
    // Both ways. What each of them says of the numbers is computed first: a way that no number takes is no way.
    var takenLeft = registers[left]
    var takenRight = second
    var fallLeft = registers[left]
    var fallRight = second
    if takenLeft.isScalar, takenRight.isScalar {
      // A comparison with itself tells nothing more.
      if right != left {
        let canTake = Scalar.refine(&takenLeft.scalar, &takenRight.scalar, condition, is32: is32, taken: true)
        let canFall = Scalar.refine(&fallLeft.scalar, &fallRight.scalar, condition, is32: is32, taken: false)
        if !canTake || !canFall, canTake || canFall {
          follow(canTake, left, right, instruction)
          return
        }
      }
    }
    var linked = LinkedNumbers()
    if right >= 0, second.isScalar, second.id != 0 { collectLinked(second.id, &linked) }
    if registers[left].isScalar, registers[left].id != 0 { collectLinked(registers[left].id, &linked) }
    if linked.count > 1 { pushHistory(flags: 0, linked: linked.packed) }
    program.marks[at].insert([.taken, .fellThrough])
    let other = try leaveAside(at: at + 1 + Int(instruction.offset))
    let otherRegisters = other.pointee.current.pointee.cells

    if registers[left].isScalar, second.isScalar, left != right {
      setScalar(otherRegisters + left, takenLeft.scalar)
      setScalar(registers + left, fallLeft.scalar)
      if right >= 0 {
        setScalar(otherRegisters + right, takenRight.scalar)
        setScalar(registers + right, fallRight.scalar)
      }
    }
    if right >= 0, registers[right].isScalar, registers[right].id != 0 {
      syncLinked(state, registers + right, linked)
      syncLinked(other, otherRegisters + right, linked)
    }
    if registers[left].isScalar, registers[left].id != 0 {
      syncLinked(state, registers + left, linked)
      syncLinked(other, otherRegisters + left, linked)
    }
    try compareNull(instruction, condition, left, right, is32: is32, other)
  }

  private func setScalar(_ register: UnsafeMutablePointer<Register>, _ scalar: Scalar) {
    if register.pointee.isScalar { register.pointee.scalar = scalar }
  }

  /// Goes the only way; that it is the only one rests on the exact ranges.
  private mutating func follow(_ taken: Bool, _ left: Int, _ right: Int, _ instruction: Instruction) {
    if registers[left].isScalar { markPrecise(left) }
    if right >= 0, registers[right].isScalar { markPrecise(right) }
    program.marks[at].insert(taken ? .taken : .fellThrough)
    if taken { at += Int(instruction.offset) }
  }

  // MARK: Outcomes

  /// Whether the jump is always or never taken; `nil` where that is not known (`is_branch_taken`).
  private func outcome(_ left: Register, _ right: Register, _ condition: Condition, is32: Bool) -> Bool? {
    if left.isScalar, right.isScalar { return left.scalar.outcome(condition, right.scalar, is32: is32) }
    if is32 { return nil }
    if left.isAnyPacketPointer, right.isAnyPacketPointer { return packetOutcome(left, right, condition) }
    // A valid pointer against null.
    var pointer = left
    var number = right
    if number.constant == nil { swap(&pointer, &number) }
    guard number.constant == 0, pointer.isPointer, pointer.isNeverNull else { return nil }
    switch condition {
    case .eq: return false
    case .ne: return true
    default: return nil
    }
  }

  /// A number compared with itself, of which Linux 6.18 makes nothing.
  private func outcomeWithItself(_ scalar: Scalar, _ condition: Condition, is32: Bool) -> Bool? {
    switch condition {
    case .eq, .ge, .le, .sge, .sle: true
    case .ne, .gt, .lt, .sgt, .slt: false
    case .set: scalar.outcome(.ne, Scalar(constant: 0), is32: is32)
    }
  }

  private func packetOutcome(_ left: Register, _ right: Register, _ condition: Condition) -> Bool? {
    var condition = condition
    let packet: Register
    if right.kind == .packetEnd {
      packet = left
    } else if left.kind == .packetEnd {
      packet = right
      switch condition {
      case .gt: condition = .lt
      case .lt: condition = .gt
      case .ge: condition = .le
      case .le: condition = .ge
      default: return nil
      }
    } else {
      return nil
    }
    guard packet.isPacketPointer, packet.detail < 0 else { return nil }
    switch condition {
    case .le, .gt: return packet.detail == PacketRange.beyondEnd ? condition == .gt : nil
    case .lt, .ge: return condition == .ge
    default: return nil
    }
  }

  // MARK: Linked numbers

  /// Registers and stack slots that hold copies of one number (`struct linked_regs`).
  struct LinkedNumbers {
    private(set) var count = 0
    private var records = InlineArray<6, UInt16>(repeating: 0)

    mutating func add(frame: Int, cell: Int) -> Bool {
      guard count < 6 else { return false }
      let isRegister = cell < Frame.registerCount
      records[count] = UInt16(frame) | UInt16(isRegister ? cell : cell - Frame.registerCount) << 3 | (isRegister ? 1 << 9 : 0)
      count += 1
      return true
    }

    /// Frame, and index among registers and spilled registers.
    func place(_ index: Int) -> (frame: Int, cell: Int) {
      let record = records[index]
      let number = Int(record >> 3 & 0x3f)
      return (Int(record & 7), record >> 9 & 1 != 0 ? number : number + Frame.registerCount)
    }

    var packed: UInt64 {
      var result: UInt64 = 0
      for index in 0..<count { result = result << 10 | UInt64(records[index]) }
      return result << 4 | UInt64(count)
    }
  }

  private func collectLinked(_ id: UInt32, _ linked: inout LinkedNumbers) {
    let id = id & ~Register.distanceMask
    for number in stride(from: state.pointee.depth, through: 0, by: -1) {
      let frame = state.pointee.frame(number)
      for cell in 0..<frame.pointee.cellCount where cell != 10 && frame.pointee.isRegister(cell) {
        let register = frame.pointee.cells + cell
        guard register.pointee.isScalar, register.pointee.linkedID == id else { continue }
        if !linked.add(frame: number, cell: cell) { register.pointee.clearLink() }
      }
    }
  }

  /// What was learned of one copy holds for the others, at their distance (`sync_linked_regs`).
  private func syncLinked(_ target: State.Pointer, _ known: UnsafeMutablePointer<Register>, _ linked: LinkedNumbers) {
    let source = known.pointee
    for index in 0..<linked.count {
      let (number, cell) = linked.place(index)
      let register = target.pointee.frame(number).pointee.cells + cell
      guard register != known, register.pointee.isScalar, register.pointee.linkedID == source.linkedID else { continue }
      if register.pointee.id == source.id, source.id & Register.distanceMask == 0 || register.pointee.offset == source.offset {
        register.pointee = source
        continue
      }
      // Of a sum in 32 bits the upper half of what it was made from cannot be told.
      if source.id & Register.addConstant32 != 0 { continue }
      let ownDistance = register.pointee.id & Register.distanceMask != 0 ? register.pointee.offset : 0
      let knownDistance = source.id & Register.distanceMask != 0 ? source.offset : 0
      let distance = Scalar(constant: UInt64(bitPattern: Int64(ownDistance) - Int64(knownDistance)))
      var scalar = source.scalar
      if register.pointee.id & Register.addConstant32 != 0 { scalar.apply32(.add, distance) } else { scalar.apply(.add, distance) }
      register.pointee.scalar = scalar
    }
  }

  // MARK: Pointers

  private mutating func compareNull(
    _ instruction: Instruction, _ condition: Condition, _ left: Int, _ right: Int, is32: Bool, _ other: State.Pointer
  ) throws(Stop) {
    guard !is32 else { return }
    if right >= 0 {
      let first = registers[left]
      let second = registers[right]
      if first.isPointer, second.isPointer, first.kind != .kernelObject, second.kind != .kernelObject, condition == .eq || condition == .ne
      {
        // Equal to what is no null pointer: no null pointer.
        let equal = condition == .eq ? other.pointee.current.pointee.cells : registers
        if first.isObject, second.mayBeNull { markNotNull(equal + right) }
        if second.isObject, first.mayBeNull { markNotNull(equal + left) }
      }
      matchPackets(condition, left, right, other)
      return
    }
    guard instruction.immediate == 0, condition == .eq || condition == .ne, registers[left].mayBeNull else { return }
    let id = registers[left].id
    let reference = registers[left].reference
    markAllNull(state, id: id, reference: reference, isNull: condition == .ne)
    markAllNull(other, id: id, reference: reference, isNull: condition == .eq)
  }

  /// The pointer is none or it is one: for all copies of it (`mark_ptr_or_null_regs`).
  private func markAllNull(_ target: State.Pointer, id: UInt32, reference: UInt32, isNull: Bool) {
    if reference != 0, reference == id, isNull { _ = target.pointee.release(id) }
    target.pointee.forEachRegister { register in
      guard register.pointee.mayBeNull, register.pointee.id == id, id != 0 else { return }
      if isNull {
        register.pointee = .constant(0)
      } else {
        markNotNull(register)
        if !(register.pointee.kind == .mapValue && program.maps[Int(register.pointee.detail)].hasField(.spinLock)) {
          register.pointee.id = 0
        }
      }
    }
  }

  /// `mark_ptr_not_null_reg`: the value of a map of maps is a map, of a socket map a socket.
  func markNotNull(_ register: UnsafeMutablePointer<Register>) {
    register.pointee.flags.remove(.ptrMaybeNull)
    guard register.pointee.kind == .mapValue else { return }
    let map = program.maps[Int(register.pointee.detail)]
    if let inner = map.inner {
      register.pointee.kind = .mapPointer
      register.pointee.detail = Int32(inner)
      if program.maps[inner].hasField(.timer) || program.maps[inner].hasField(.workQueue) { register.pointee.lookup = register.pointee.id }
    } else if map.type == .xskmap {
      register.pointee.kind = .xdpSocket
    } else if map.type == .sockmap || map.type == .sockhash {
      register.pointee.kind = .socket
    }
  }

  /// Bounds checks: packet pointers against the packet's end, metadata against its start (`try_match_pkt_pointers`).
  private func matchPackets(_ condition: Condition, _ left: Int, _ right: Int, _ other: State.Pointer) {
    let first = registers[left]
    let second = registers[right]
    func isStart(_ register: Register) -> Bool {
      register.kind == .packet && register.id == 0 && register.offset == 0 && register.scalar.constant == 0
    }
    let isForward = first.kind == .packet && second.kind == .packetEnd || first.kind == .packetMeta && isStart(second)
    let isBackward = first.kind == .packetEnd && second.kind == .packet || isStart(first) && second.kind == .packetMeta
    guard isForward || isBackward else { return }
    let pointer = isForward ? first : second
    let index = isForward ? left : right
    // As if the pointer stood on the left.
    let relation: Condition
    switch (condition, isForward) {
    case (.gt, true), (.lt, false): relation = .gt
    case (.lt, true), (.gt, false): relation = .lt
    case (.ge, true), (.le, false): relation = .ge
    case (.le, true), (.ge, false): relation = .le
    default: return
    }
    switch relation {
    case .gt:
      findPackets(state, pointer, isOpen: false)
      markEnd(other, index, isBeyond: true)
    case .lt:
      findPackets(other, pointer, isOpen: true)
      markEnd(state, index, isBeyond: false)
    case .ge:
      findPackets(state, pointer, isOpen: true)
      markEnd(other, index, isBeyond: false)
    default:
      findPackets(other, pointer, isOpen: false)
      markEnd(state, index, isBeyond: true)
    }
  }

  /// All pointers with the same variable part have at least this many bytes (`find_good_pkt_pointers`).
  private func findPackets(_ target: State.Pointer, _ pointer: Register, isOpen: Bool) {
    if pointer.offset < 0 || pointer.offset == 0 && isOpen { return }
    if pointer.scalar.umax > PacketRange.maximum || pointer.scalar.umax + UInt64(pointer.offset) > PacketRange.maximum { return }
    let range = pointer.offset + (isOpen ? 1 : 0)
    target.pointee.forEachRegister { register in
      if register.pointee.kind == pointer.kind, register.pointee.flags == pointer.flags, register.pointee.id == pointer.id {
        register.pointee.detail = max(register.pointee.detail, range)
      }
    }
  }

  private func markEnd(_ target: State.Pointer, _ index: Int, isBeyond: Bool) {
    let register = target.pointee.current.pointee.cells + index
    if register.pointee.kind == .packet { register.pointee.detail = isBeyond ? PacketRange.beyondEnd : PacketRange.atEnd }
  }
}
