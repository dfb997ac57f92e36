internal import EBPFISA

/// Neighbouring slots that are one machine instruction, or fewer than they are slots: rotations, addresses, extensions.
///
/// Each looks only at slots that nothing jumps into, and leaves out a value only where liveness says that nobody reads it.
extension X86_64Translator {
  /// What a plain move from a register begins, if it begins anything.
  @inline(__always)
  mutating func joinedMove(_ slot: Int, _ move: Instruction, wide: Bool) -> Int? {
    guard slot &+ 1 < function.end, program[slot &+ 1].destination == move.destination else { return nil }
    switch program[slot &+ 1].opcode {
    case Opcode.alu64 | Opcode.add, Opcode.alu64 | Opcode.add | Opcode.x: return wide ? address(slot, move) : nil
    case Opcode.alu64 | Opcode.rsh, Opcode.alu32 | Opcode.rsh, Opcode.alu32 | Opcode.lsh: return rotation(slot, move)
    case Opcode.alu64 | Opcode.lsh:
      if let end = rotation(slot, move) { return end }
      return wide ? extension64(slot, shift: slot &+ 1, move.destination, source: move.source) : nil
    default: return nil
    }
  }

  // MARK: Rotations

  /// `t = x; t >>= a; d = x; d <<= b; d |= t` with a + b the width, or the same with `x` itself for `d`, or with the shifts the other way
  /// round.
  /// - Returns: the slot behind them; `nil` where it is something else.
  mutating func rotation(_ slot: Int, _ move: Instruction) -> Int? {
    guard slot &+ 3 < function.end else { return nil }
    let first = program[slot &+ 1]
    let wide = first.instructionClass == Opcode.alu64
    guard Self.isShift(first), first.destination == move.destination, !wide || move.instructionClass == Opcode.alu64 else { return nil }
    let value = move.source
    let part = move.destination
    guard part != value else { return nil }

    var second = slot &+ 2
    var result = value
    if Self.isPlainMove(program[second]), program[second].source == value, slot &+ 4 < function.end {
      guard !wide || program[second].instructionClass == Opcode.alu64 else { return nil }
      result = program[second].destination
      second &+= 1
    }
    let last = second &+ 1
    let shift = program[second]
    let or = program[last]
    guard result != part, shift.destination == result, Self.isShift(shift), shift.instructionClass == first.instructionClass,
      (shift.opcode ^ first.opcode) & Opcode.operationMask == Opcode.lsh ^ Opcode.rsh,
      or.opcode == (wide ? Opcode.alu64 : Opcode.alu32) | Opcode.or | Opcode.x, or.destination == result, or.source == part
    else { return nil }
    let bits: Int32 = wide ? 64 : 32
    guard first.immediate > 0, first.immediate < bits, first.immediate &+ shift.immediate == bits, !hasTarget(slot &+ 1, through: last)
    else { return nil }

    if !isDead(part, at: last &+ 1) {
      let register = Register(part)
      encoder.move(register, Register(value), wide: wide)
      encoder.shift(
        first.opcode & Opcode.operationMask == Opcode.lsh ? .shl : .shr, register, UInt8(truncatingIfNeeded: first.immediate), wide: wide)
    }
    let right = first.opcode & Opcode.operationMask == Opcode.rsh ? first.immediate : shift.immediate
    if features.contains(.bmi2) && result != value {
      encoder.rotateRight(Register(result), Register(value), by: UInt8(truncatingIfNeeded: right), wide: wide)
    } else {
      if result != value { encoder.move(Register(result), Register(value), wide: wide) }
      encoder.shift(.ror, Register(result), UInt8(truncatingIfNeeded: right), wide: wide)
    }
    return fuse(slot, through: last)
  }

  /// A shift to the left or, without sign, to the right, by a constant.
  @inline(__always)
  private static func isShift(_ instruction: Instruction) -> Bool {
    switch instruction.opcode {
    case Opcode.alu64 | Opcode.lsh, Opcode.alu64 | Opcode.rsh, Opcode.alu32 | Opcode.lsh, Opcode.alu32 | Opcode.rsh: true
    default: false
    }
  }

  @inline(__always)
  private static func isPlainMove(_ instruction: Instruction) -> Bool {
    (instruction.opcode == Opcode.alu64 | Opcode.mov | Opcode.x || instruction.opcode == Opcode.alu32 | Opcode.mov | Opcode.x)
      && instruction.offset == 0
  }

  // MARK: Extensions

  /// `d <<= n; d >>= n` with or without sign, where that keeps the low 8, 16 or 32 bits of `source`.
  /// - Parameter shift: the slot of the first shift.
  /// - Returns: the slot behind them; `nil` where it is something else.
  mutating func extension64(_ slot: Int, shift: Int, _ destination: UInt8, source: UInt8) -> Int? {
    guard shift &+ 1 < function.end else { return nil }
    let left = program[shift]
    let right = program[shift &+ 1]
    guard left.opcode == Opcode.alu64 | Opcode.lsh, left.destination == destination, right.destination == destination,
      left.immediate == right.immediate
    else { return nil }
    let signed = right.opcode == Opcode.alu64 | Opcode.arsh
    guard signed || right.opcode == Opcode.alu64 | Opcode.rsh else { return nil }
    let bytes: Int
    switch left.immediate {
    case 56: bytes = 1
    case 48: bytes = 2
    case 32: bytes = 4
    default: return nil
    }
    guard !hasTarget(slot &+ 1, through: shift &+ 1) else { return nil }
    encoder.extend(Register(destination), Register(source), bytes: bytes, signed: signed, wide: true)
    return fuse(slot, through: shift &+ 1)
  }

  // MARK: Addresses

  /// Whether the slot behind an addition may add more to the sum or access memory through it.
  @inline(__always)
  func beginsAddress(_ slot: Int, _ register: UInt8) -> Bool {
    // No program ends with an addition, so that there is a next slot.
    let next = program[slot &+ 1]
    switch next.instructionClass {
    case Opcode.alu64: return next.destination == register && next.opcode & ~Opcode.x == Opcode.alu64 | Opcode.add
    case Opcode.ldx: return next.source == register
    case Opcode.st, Opcode.stx: return next.destination == register
    default: return false
    }
  }

  /// `t = b; t += i; t += 8`, in this or another order and with or without each part, and the load or store through `t` that may follow:
  /// one memory operand where `t` is not read again, else one `lea` before it.
  /// - Parameter slot: a 64-bit move from a register, or a 64-bit addition.
  /// - Returns: the slot behind them; `nil` where nothing would be won.
  mutating func address(_ slot: Int, _ instruction: Instruction) -> Int? {
    let part = instruction.destination
    var next = slot
    var address = Address(Register(part), 0)
    var displacement = 0
    if instruction.opcode == Opcode.alu64 | Opcode.mov | Opcode.x {
      address.base = Register(instruction.source)
      next &+= 1
    }
    // What is folded away: additions.
    var additions = 0
    while next < function.end, next == slot || !isTarget(next) {
      let addition = program[next]
      guard addition.destination == part else { break }
      if addition.opcode == Opcode.alu64 | Opcode.add {
        let sum = displacement &+ Int(addition.immediate)
        guard Int32(exactly: sum) != nil else { break }
        displacement = sum
      } else if addition.opcode == Opcode.alu64 | Opcode.add | Opcode.x, !address.hasIndex, addition.source != part {
        address.index = Register(addition.source)
      } else {
        break
      }
      additions &+= 1
      next &+= 1
    }
    guard additions > 0 else { return nil }
    if next < function.end, !isTarget(next), let end = access(slot, next, part, address, displacement) { return end }
    // An addition to itself is as good as it is.
    guard address.base != Register(part) || additions > 1 else { return nil }
    address.displacement = Int32(truncatingIfNeeded: displacement)
    encoder.lea(Register(part), address)
    return fuse(slot, through: next &- 1)
  }

  /// The load or store at `next` through an address of which nothing else is left to do.
  private mutating func access(_ slot: Int, _ next: Int, _ part: UInt8, _ address: Address, _ displacement: Int) -> Int? {
    let access = program[next]
    guard let sum = Int32(exactly: displacement &+ Int(access.offset)), !has(.halfWordField, next) else { return nil }
    var address = address
    address.displacement = sum
    switch access.opcode & (Opcode.classMask | Opcode.modeMask) {
    case Opcode.ldx | Opcode.mem, Opcode.ldx | Opcode.memsx:
      guard access.source == part, access.destination == part || isDead(part, at: next &+ 1) else { return nil }
      encoder.load(
        Register(access.destination), address, bytes: Opcode.accessSize(access.opcode),
        signed: access.opcode & Opcode.modeMask == Opcode.memsx)
    case Opcode.stx | Opcode.mem:
      guard access.destination == part, access.source != part, isDead(part, at: next &+ 1) else { return nil }
      encoder.store(address, Register(access.source), bytes: Opcode.accessSize(access.opcode))
    case Opcode.st | Opcode.mem:
      guard access.destination == part, isDead(part, at: next &+ 1) else { return nil }
      encoder.store(address, constant: access.immediate, bytes: Opcode.accessSize(access.opcode))
    default: return nil
    }
    return fuse(slot, through: next)
  }

  // MARK: Flags

  /// A comparison with zero, for equality, of the value that the operation before it has just computed: its flags are those of `test`.
  /// - Returns: the slot behind the jump; `nil` where it is something else.
  @inline(__always)
  mutating func jumpOnResult(_ slot: Int, _ register: UInt8, wide: Bool) -> Int? {
    let next = slot &+ 1
    // No program ends with an operation, so that there is a next slot.
    let jump = program[next]
    guard jump.instructionClass == Opcode.jmp || jump.instructionClass == Opcode.jmp32, jump.immediate == 0,
      jump.destination == register
    else { return nil }
    return jumpOnResult(at: next, jump, wide: wide)
  }

  private mutating func jumpOnResult(at next: Int, _ jump: Instruction, wide: Bool) -> Int? {
    guard !isTarget(next), jump.offset != 0, !has(.alwaysTaken, next), !has(.neverTaken, next)
    else { return nil }
    switch jump.opcode {
    // What is computed in 32 bits has an upper half of zeros, so that both widths ask the same; the other way round they do not.
    case Opcode.jmp | Opcode.jeq, Opcode.jmp | Opcode.jne: break
    case Opcode.jmp32 | Opcode.jeq, Opcode.jmp32 | Opcode.jne: if wide { return nil }
    default: return nil
    }
    let target = next &+ 1 &+ Int(jump.offset)
    guard target >= function.start, target < function.end else { return nil }
    branches.begin(next, at: encoder.count)
    branches.jump(&encoder, jump.opcode & Opcode.operationMask == Opcode.jeq ? .equal : .notEqual, to: target)
    return next &+ 1
  }

  /// Whether anything jumps to one of these slots.
  @inline(__always)
  private func hasTarget(_ first: Int, through last: Int) -> Bool {
    var slot = first
    while slot <= last {
      if isTarget(slot) { return true }
      slot &+= 1
    }
    return false
  }
}
