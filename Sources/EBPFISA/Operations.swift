/// The operations of arithmetic instructions that have two operands (RFC 9669 section 4.1).
///
/// Negation, sign-extending moves and byte swaps have constructors of their own.
@frozen
public enum Arithmetic: Hashable, Sendable, CaseIterable {
  case add, sub, mul, div, or, and, lsh, rsh, mod, xor, mov, arsh
  /// Division rounding towards zero (ISA v4).
  case sdiv
  /// Remainder with the sign of the dividend (ISA v4).
  case smod

  /// Bits 4-7 of the opcode.
  @inlinable
  public var code: UInt8 {
    switch self {
    case .add: Opcode.add
    case .sub: Opcode.sub
    case .mul: Opcode.mul
    case .div, .sdiv: Opcode.div
    case .or: Opcode.or
    case .and: Opcode.and
    case .lsh: Opcode.lsh
    case .rsh: Opcode.rsh
    case .mod, .smod: Opcode.mod
    case .xor: Opcode.xor
    case .mov: Opcode.mov
    case .arsh: Opcode.arsh
    }
  }

  /// The offset field that tells signed from unsigned division.
  @inlinable
  public var offset: Int16 { self == .sdiv || self == .smod ? 1 : 0 }
}

/// The comparisons of conditional jumps (RFC 9669 section 4.3). The raw value is bits 4-7 of the opcode.
@frozen
public enum Condition: UInt8, Hashable, Sendable, CaseIterable {
  /// Equal.
  case eq = 0x10
  /// Greater, unsigned.
  case gt = 0x20
  /// Greater or equal, unsigned.
  case ge = 0x30
  /// A bit that both operands have.
  case set = 0x40
  /// Not equal.
  case ne = 0x50
  /// Greater, signed.
  case sgt = 0x60
  /// Greater or equal, signed.
  case sge = 0x70
  /// Less, unsigned.
  case lt = 0xa0
  /// Less or equal, unsigned.
  case le = 0xb0
  /// Less, signed.
  case slt = 0xc0
  /// Less or equal, signed.
  case sle = 0xd0
}

/// The size of a memory access. The raw value is bits 3-4 of the opcode.
@frozen
public enum MemorySize: UInt8, Hashable, Sendable, CaseIterable {
  /// 1 byte.
  case b = 0x10
  /// 2 bytes.
  case h = 0x08
  /// 4 bytes.
  case w = 0x00
  /// 8 bytes.
  case dw = 0x18

  /// 1, 2, 4 or 8.
  @inlinable
  public var bytes: Int { Opcode.accessSize(rawValue) }
}

/// The operations on memory that no other processor can interrupt (RFC 9669 section 5.3). The raw value is the immediate.
@frozen
public enum Atomic: Int32, Hashable, Sendable, CaseIterable {
  case add = 0x00
  case or = 0x40
  case and = 0x50
  case xor = 0xa0
  /// The old value goes to the source register, as in all `fetch` forms.
  case fetchAdd = 0x01
  case fetchOr = 0x41
  case fetchAnd = 0x51
  case fetchXor = 0xa1
  case exchange = 0xe1
  /// Stores the source where memory equals r0; r0 receives the old value.
  case compareExchange = 0xf1
  /// Destination and source are as in a load (Linux 6.15).
  case loadAcquire = 0x100
  /// Destination and source are as in a store (Linux 6.15).
  case storeRelease = 0x110
}

/// The byte order that an `end` instruction makes.
@frozen
public enum ByteSwap: Hashable, Sendable, CaseIterable {
  /// To little endian, from the machine's order: truncation on a little-endian machine.
  case little
  /// To big endian, from the machine's order.
  case big
  /// Unconditionally (ISA v4).
  case swap
}
