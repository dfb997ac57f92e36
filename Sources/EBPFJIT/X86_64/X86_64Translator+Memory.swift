internal import EBPFISA

extension X86_64Translator {
  @inline(__always)
  mutating func load(_ slot: Int, _ instruction: Instruction) -> Int {
    encoder.load(
      Register(instruction.destination), Address(Register(instruction.source), Int32(instruction.offset)),
      bytes: Opcode.accessSize(instruction.opcode), signed: instruction.opcode & Opcode.modeMask == Opcode.memsx)
    return slot &+ 1
  }

  /// A store to a field of the context that has 16 bits, see ``Facts/Flags/halfWordField``.
  mutating func storeHalfWord(_ slot: Int, _ instruction: Instruction) -> Int {
    let address = Address(Register(instruction.destination), Int32(instruction.offset))
    let isQueue = has(.queueField, slot)
    if instruction.instructionClass == Opcode.st {
      if !isQueue || instruction.immediate < Limits.noQueue { encoder.store(address, constant: instruction.immediate, bytes: 2) }
      return slot &+ 1
    }
    let source = Register(instruction.source)
    guard isQueue else {
      encoder.store(address, source, bytes: 2)
      return slot &+ 1
    }
    encoder.arithmetic(.cmp, source, Limits.noQueue, wide: true)
    let isNone = encoder.shortJump(.aboveOrEqual)
    encoder.store(address, source, bytes: 2)
    encoder.land(isNone)
    return slot &+ 1
  }

  /// Atomic operations; the outline has checked size and operation.
  mutating func atomic(_ slot: Int, _ instruction: Instruction) {
    let bytes = Opcode.accessSize(instruction.opcode)
    let wide = bytes == 8
    let source = Register(instruction.source)
    let address = Address(Register(instruction.destination), Int32(instruction.offset))
    switch instruction.immediate {
    case AtomicOperation.loadAcquire:
      // Plain loads and stores have these orders on x86.
      encoder.load(Register(instruction.destination), Address(source, Int32(instruction.offset)), bytes: bytes)
    case AtomicOperation.storeRelease: encoder.store(address, source, bytes: bytes)
    case AtomicOperation.add: locked(0x01, source, address, wide: wide)
    case AtomicOperation.or: locked(0x09, source, address, wide: wide)
    case AtomicOperation.and: locked(0x21, source, address, wide: wide)
    case AtomicOperation.xor: locked(0x31, source, address, wide: wide)
    case AtomicOperation.add | AtomicOperation.fetch:
      encoder.memory(prefix: 0xf0, 0xc10f, opcodeLength: 2, reg: source.number, address, wide: wide)
    case AtomicOperation.exchange:
      encoder.memory(0x87, reg: source.number, address, wide: wide)
    case AtomicOperation.compareExchange:
      encoder.memory(prefix: 0xf0, 0xb10f, opcodeLength: 2, reg: source.number, address, wide: wide)
      // eax is written only where the comparison fails; r0 is zero-extended in both cases.
      if !wide { encoder.move(.rax, .rax, wide: false) }
    case AtomicOperation.or | AtomicOperation.fetch: fetch(.or, source, address, wide: wide)
    case AtomicOperation.and | AtomicOperation.fetch: fetch(.and, source, address, wide: wide)
    default: fetch(.xor, source, address, wide: wide)
    }
  }

  private mutating func locked(_ opcode: UInt64, _ source: Register, _ address: Address, wide: Bool) {
    encoder.memory(prefix: 0xf0, opcode, reg: source.number, address, wide: wide)
  }

  /// There is no such instruction: a loop around a compare and exchange, which works on rax.
  private mutating func fetch(_ operation: X86_64Encoder.Arithmetic, _ source: Register, _ address: Address, wide: Bool) {
    var address = address
    encoder.move(.scratch2, .rax)
    if address.base == .rax { address.base = .scratch2 }
    let operand = source == .rax ? Register.scratch2 : source
    encoder.memory(0x8b, reg: Register.rax.number, address, wide: wide)
    let again = encoder.count
    encoder.move(.scratch, .rax)
    encoder.arithmetic(operation, .scratch, operand, wide: wide)
    encoder.memory(prefix: 0xf0, 0xb10f, opcodeLength: 2, reg: Register.scratch.number, address, wide: wide)
    encoder.shortJump(.notEqual, backTo: again)
    // The old value is in eax or rax, extended by the load or the failed exchange before.
    if source != .rax {
      encoder.move(source, .rax)
      encoder.move(.rax, .scratch2)
    }
  }
}
