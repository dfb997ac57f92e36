/// One 8-byte slot of an eBPF program, as it stands in an object file and in the kernel (RFC 9669 section 3, `struct bpf_insn`).
///
/// A program is an array of slots, and every index and jump offset counts slots: the 16-byte `ld_imm64` takes two of them,
/// the second with opcode 0 and the upper half of the constant in `immediate`. So an index here is an index in the kernel's log.
@frozen
public struct Instruction: Hashable, Sendable {
  /// Class, operation and source or size and mode, see ``Opcode``.
  public var opcode: UInt8
  /// Destination register in the low four bits, source register in the high four.
  public var registers: UInt8
  /// Jump distance in slots from the following slot, or a memory offset in bytes; an operation's variant where RFC 9669 says so.
  public var offset: Int16
  /// The constant operand: sign-extended to 64 bits where the operation is 64 bits wide.
  public var immediate: Int32

  /// An instruction from its fields; registers over 10 can be said and are refused by whoever checks a program.
  @inlinable
  public init(opcode: UInt8, destination: UInt8 = 0, source: UInt8 = 0, offset: Int16 = 0, immediate: Int32 = 0) {
    self.opcode = opcode
    self.registers = (destination & 0xf) | (source << 4)
    self.offset = offset
    self.immediate = immediate
  }

  /// The slot whose 64 bits, read as one little-endian number, are `bits`.
  @inlinable
  public init(bits: UInt64) {
    opcode = UInt8(truncatingIfNeeded: bits)
    registers = UInt8(truncatingIfNeeded: bits >> 8)
    offset = Int16(truncatingIfNeeded: bits >> 16)
    immediate = Int32(truncatingIfNeeded: bits >> 32)
  }

  /// The slot's 64 bits as one little-endian number.
  @inlinable
  public var bits: UInt64 {
    UInt64(opcode) | UInt64(registers) << 8 | UInt64(UInt16(bitPattern: offset)) << 16 | UInt64(UInt32(bitPattern: immediate)) << 32
  }

  /// Destination register, 0 to 15 (11 and over are not valid in a program).
  @inlinable
  public var destination: UInt8 {
    get { registers & 0xf }
    set { registers = (registers & 0xf0) | (newValue & 0xf) }
  }

  /// Source register, 0 to 15; in `call` and `ld_imm64` it says what the immediate means.
  @inlinable
  public var source: UInt8 {
    get { registers >> 4 }
    set { registers = (registers & 0xf) | (newValue << 4) }
  }

  /// Whether this slot is the first of a 16-byte `ld_imm64`.
  @inlinable
  public var isWide: Bool { opcode == Opcode.loadImmediate64 }

  /// The instruction class, the low three bits of the opcode.
  @inlinable
  public var instructionClass: UInt8 { opcode & 0x07 }
}

/// The byte order of an object, a capture or a BTF blob.
public enum ByteOrder: String, Sendable, Hashable {
  case little
  case big
}

extension Instruction {
  /// The slots of raw program bytes, as `.bin` files and ELF sections hold them.
  ///
  /// In big-endian objects the two register nibbles stand the other way round (RFC 9669 section 3.1); here they are put right.
  /// - Returns: `nil` where the length is not a multiple of eight.
  public static func decode(_ bytes: some Collection<UInt8>, byteOrder: ByteOrder = .little) -> [Instruction]? {
    guard bytes.count % 8 == 0 else { return nil }
    var result: [Instruction] = []
    result.reserveCapacity(bytes.count / 8)
    var iterator = bytes.makeIterator()
    while let first = iterator.next() {
      var bits = UInt64(first)
      switch byteOrder {
      case .little:
        for shift in stride(from: UInt64(8), to: 64, by: 8) { bits |= UInt64(iterator.next()!) << shift }
      case .big:
        let registers = iterator.next()!
        bits |= UInt64(registers >> 4 | registers << 4) << 8
        bits |= UInt64(iterator.next()!) << 24
        bits |= UInt64(iterator.next()!) << 16
        for shift in stride(from: UInt64(56), through: 32, by: -8) { bits |= UInt64(iterator.next()!) << shift }
      }
      result.append(Instruction(bits: bits))
    }
    return result
  }

  /// The raw bytes of a program, eight a slot.
  public static func encode(_ program: some Collection<Instruction>, byteOrder: ByteOrder = .little) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(program.count * 8)
    for instruction in program {
      let bits = instruction.bits
      switch byteOrder {
      case .little:
        for shift in stride(from: UInt64(0), to: 64, by: 8) { result.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      case .big:
        result.append(instruction.opcode)
        result.append(instruction.registers >> 4 | instruction.registers << 4)
        result.append(UInt8(truncatingIfNeeded: bits >> 24))
        result.append(UInt8(truncatingIfNeeded: bits >> 16))
        for shift in stride(from: UInt64(56), through: 32, by: -8) { result.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      }
    }
    return result
  }
}
