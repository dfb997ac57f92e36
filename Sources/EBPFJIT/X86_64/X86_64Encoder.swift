/// Writes x86-64 instructions (Intel SDM volume 2) to a buffer; knows nothing of eBPF.
struct X86_64Encoder: ~Copyable {
  typealias Register = X86_64Register
  typealias Address = X86_64Address

  /// The eight operations that share their encodings; the raw value is the digit of the immediate form.
  enum Arithmetic: UInt8 {
    case add = 0
    case or = 1
    case and = 4
    case sub = 5
    case xor = 6
    case cmp = 7
  }

  /// Shifts and rotations; the raw value is the digit of the immediate form.
  enum Shift: UInt8 {
    case rol = 0
    case ror = 1
    case shl = 4
    case shr = 5
    case sar = 7
  }

  /// One operand's operations of opcode F7; the raw value is the digit.
  enum Unary: UInt8 {
    case not = 2
    case neg = 3
    case mul = 4
    case imul = 5
    case div = 6
    case idiv = 7
  }

  var buffer: CodeBuffer

  init(_ buffer: consuming CodeBuffer) { self.buffer = buffer }

  var count: Int { buffer.count }

  // MARK: Forms

  /// `opcode r/m, reg` on two registers; the opcode is one byte.
  @inline(__always)
  mutating func registers(_ opcode: UInt8, reg: Register, rm: Register, wide: Bool) {
    let rex = 0x40 | (wide ? 8 : 0) | reg.high &<< 2 | rm.high
    let bits = rex | UInt64(opcode) &<< 8 | (0xc0 | reg.low &<< 3 | rm.low) &<< 16
    let needsRex = rex != 0x40
    buffer.append(needsRex ? bits : bits &>> 8, count: needsRex ? 3 : 2)
  }

  /// The same with a constant of one or four bytes behind it.
  @inline(__always)
  mutating func registers(_ opcode: UInt8, reg: Register, rm: Register, wide: Bool, _ value: Int32, isByte: Bool) {
    let rex = 0x40 | (wide ? 8 : 0) | reg.high &<< 2 | rm.high
    let bits = rex | UInt64(opcode) &<< 8 | (0xc0 | reg.low &<< 3 | rm.low) &<< 16 | UInt64(UInt32(bitPattern: value)) &<< 24
    let needsRex = rex != 0x40
    buffer.append(needsRex ? bits : bits &>> 8, count: (needsRex ? 3 : 2) &+ (isByte ? 1 : 4))
  }

  /// The same with a two-byte opcode `0f opcode`; `isByte` where `rm` is an 8-bit register, some of which need a prefix.
  @inline(__always)
  mutating func registers0F(_ opcode: UInt8, reg: Register, rm: Register, wide: Bool, isByte: Bool = false) {
    let rex = 0x40 | (wide ? 8 : 0) | reg.high &<< 2 | rm.high
    let bits = rex | 0x0f00 | UInt64(opcode) &<< 16 | (0xc0 | reg.low &<< 3 | rm.low) &<< 24
    let needsRex = rex != 0x40 || (isByte && rm.number >= 4)
    buffer.append(needsRex ? bits : bits &>> 8, count: needsRex ? 4 : 3)
  }

  /// An instruction with a memory operand. `opcode` holds one to three opcode bytes, the first in the lowest byte.
  /// `prefix` is 0 or a legacy prefix (66, f0, f2, f3) before REX.
  @inline(__always)
  mutating func memory(
    prefix: UInt8 = 0, _ opcode: UInt64, opcodeLength: Int = 1, reg: UInt8, _ address: Address, wide: Bool = false, isByte: Bool = false
  ) {
    let rex = 0x40 | (wide ? 8 : 0) | UInt64(reg &>> 3) &<< 2 | address.index.high &<< 1 | address.base.high
    var head = opcode
    var length = opcodeLength
    if rex != 0x40 || (isByte && reg >= 4) {
      head = head &<< 8 | rex
      length &+= 1
    }
    if prefix != 0 {
      head = head &<< 8 | UInt64(prefix)
      length &+= 1
    }
    let displacement = UInt64(UInt32(bitPattern: address.displacement))
    // mod 0 with base 5 (rbp, r13) means something else: a zero byte is written out.
    let mode: UInt64 =
      address.displacement == 0 && address.base.low != 5
      ? 0 : Int32(Int8(truncatingIfNeeded: address.displacement)) == address.displacement ? 1 : 2
    let field = UInt64(reg & 7) &<< 3 | mode &<< 6
    let size = mode == 0 ? 0 : mode == 1 ? 1 : 4
    if address.hasIndex || address.base.low == 4 {
      let sib = address.base.low | address.index.low &<< 3 | UInt64(address.scale) &<< 6
      buffer.append(head, count: length, field | 4 | sib &<< 8 | displacement &<< 16, count: 2 &+ size)
    } else {
      buffer.append(head, count: length, field | address.base.low | displacement &<< 8, count: 1 &+ size)
    }
  }

  @inline(__always)
  mutating func immediate8(_ value: UInt8) { buffer.append(UInt64(value), count: 1) }
  @inline(__always)
  mutating func immediate32(_ value: Int32) { buffer.append(UInt64(UInt32(bitPattern: value)), count: 4) }

  /// Three-operand instructions behind a VEX prefix. `map` is 2 (0f38) or 3 (0f3a), `pp` 0 none, 1 66, 2 f3, 3 f2.
  @inline(__always)
  mutating func vex(_ opcode: UInt8, map: UInt64, pp: UInt64, reg: Register, second: Register, rm: Register, wide: Bool) {
    let byte1 = (reg.high ^ 1) &<< 7 | 0x40 | (rm.high ^ 1) &<< 5 | map
    let byte2 = (wide ? 0x80 : 0) | UInt64(~second.number & 0xf) &<< 3 | pp
    let modrm = 0xc0 | reg.low &<< 3 | rm.low
    buffer.append(0xc4 | byte1 &<< 8 | byte2 &<< 16 | UInt64(opcode) &<< 24 | modrm &<< 32, count: 5)
  }

  // MARK: Moves

  @inline(__always)
  mutating func move(_ destination: Register, _ source: Register, wide: Bool = true) {
    registers(0x89, reg: source, rm: destination, wide: wide)
  }

  /// A 64-bit constant in the shortest form. `keepsFlags` rules out `xor` for zero.
  @inline(__always)
  mutating func move(_ destination: Register, constant: Int64, keepsFlags: Bool = false) {
    if constant == 0 && !keepsFlags {
      registers(0x31, reg: destination, rm: destination, wide: false)
    } else if let value = UInt32(exactly: constant) {
      let bits = (0x41 as UInt64) | (0xb8 | destination.low) &<< 8 | UInt64(value) &<< 16
      buffer.append(destination.high != 0 ? bits : bits &>> 8, count: destination.high != 0 ? 6 : 5)
    } else if let value = Int32(exactly: constant) {
      registers(0xc7, reg: Register(number: 0), rm: destination, wide: true, value, isByte: false)
    } else {
      move(destination, bits: UInt64(bitPattern: constant))
    }
  }

  /// `movabs`: always ten bytes, the last eight the constant.
  @inline(__always)
  mutating func move(_ destination: Register, bits: UInt64) {
    buffer.append(0x48 | destination.high | (0xb8 | destination.low) &<< 8, count: 2, bits, count: 8)
  }

  @inline(__always)
  mutating func lea(_ destination: Register, _ address: Address, wide: Bool = true) {
    memory(0x8d, reg: destination.number, address, wide: wide)
  }

  // MARK: Arithmetic

  @inline(__always)
  mutating func arithmetic(_ operation: Arithmetic, _ destination: Register, _ source: Register, wide: Bool) {
    registers(operation.rawValue &<< 3 | 1, reg: source, rm: destination, wide: wide)
  }

  @inline(__always)
  mutating func arithmetic(_ operation: Arithmetic, _ destination: Register, _ value: Int32, wide: Bool) {
    let digit = Register(number: operation.rawValue)
    let isByte = Int32(Int8(truncatingIfNeeded: value)) == value
    if !isByte && destination == .rax {
      let bits = (0x48 as UInt64) | UInt64(operation.rawValue &<< 3 | 5) &<< 8 | UInt64(UInt32(bitPattern: value)) &<< 16
      buffer.append(wide ? bits : bits &>> 8, count: wide ? 6 : 5)
    } else {
      registers(isByte ? 0x83 : 0x81, reg: digit, rm: destination, wide: wide, value, isByte: isByte)
    }
  }

  @inline(__always)
  mutating func test(_ left: Register, _ right: Register, wide: Bool) {
    registers(0x85, reg: right, rm: left, wide: wide)
  }

  @inline(__always)
  mutating func unary(_ operation: Unary, _ operand: Register, wide: Bool) {
    registers(0xf7, reg: Register(number: operation.rawValue), rm: operand, wide: wide)
  }

  @inline(__always)
  mutating func multiply(_ destination: Register, _ source: Register, wide: Bool) {
    registers0F(0xaf, reg: destination, rm: source, wide: wide)
  }

  /// `destination = source * value`.
  @inline(__always)
  mutating func multiply(_ destination: Register, _ source: Register, _ value: Int32, wide: Bool) {
    let isByte = Int32(Int8(truncatingIfNeeded: value)) == value
    registers(isByte ? 0x6b : 0x69, reg: destination, rm: source, wide: wide, value, isByte: isByte)
  }

  @inline(__always)
  mutating func shift(_ operation: Shift, _ destination: Register, _ count: UInt8, wide: Bool) {
    if count == 1 {
      registers(0xd1, reg: Register(number: operation.rawValue), rm: destination, wide: wide)
    } else {
      registers(0xc1, reg: Register(number: operation.rawValue), rm: destination, wide: wide, Int32(count), isByte: true)
    }
  }

  /// By cl.
  @inline(__always)
  mutating func shiftByCL(_ operation: Shift, _ destination: Register, wide: Bool) {
    registers(0xd3, reg: Register(number: operation.rawValue), rm: destination, wide: wide)
  }

  /// BMI2: `destination = source shifted by count`.
  @inline(__always)
  mutating func shift(_ operation: Shift, _ destination: Register, _ source: Register, by count: Register, wide: Bool) {
    vex(0xf7, map: 2, pp: operation == .shl ? 1 : operation == .sar ? 2 : 3, reg: destination, second: count, rm: source, wide: wide)
  }

  /// BMI2: `destination = source rotated right`.
  @inline(__always)
  mutating func rotateRight(_ destination: Register, _ source: Register, by count: UInt8, wide: Bool) {
    vex(0xf0, map: 3, pp: 3, reg: destination, second: Register(number: 0), rm: source, wide: wide)
    immediate8(count)
  }

  /// BMI2: `high:low = rdx * source`.
  @inline(__always)
  mutating func multiplyWide(high: Register, low: Register, _ source: Register) {
    vex(0xf6, map: 2, pp: 3, reg: high, second: low, rm: source, wide: true)
  }

  /// `cqo` or `cdq`: fills rdx or edx with the sign of rax or eax.
  @inline(__always)
  mutating func signExtendAccumulator(wide: Bool) {
    buffer.append(wide ? 0x9948 : 0x99, count: wide ? 2 : 1)
  }

  @inline(__always)
  mutating func byteSwap(_ register: Register, wide: Bool) {
    let rex = 0x40 | (wide ? 8 : 0) | register.high
    let bits = rex | 0x0f00 | (0xc8 | register.low) &<< 16
    buffer.append(rex != 0x40 ? bits : bits &>> 8, count: rex != 0x40 ? 3 : 2)
  }

  /// `rol r16, 8`.
  @inline(__always)
  mutating func swap16(_ register: Register) {
    buffer.append(0x66, count: 1)
    registers(0xc1, reg: Register(number: 0), rm: register, wide: false)
    immediate8(8)
  }

  /// Extends the low `bytes` (1, 2 or 4) of a register.
  @inline(__always)
  mutating func extend(_ destination: Register, _ source: Register, bytes: Int, signed: Bool, wide: Bool) {
    switch bytes {
    case 1: registers0F(signed ? 0xbe : 0xb6, reg: destination, rm: source, wide: signed && wide, isByte: true)
    case 2: registers0F(signed ? 0xbf : 0xb7, reg: destination, rm: source, wide: signed && wide)
    default:
      if signed && wide {
        registers(0x63, reg: destination, rm: source, wide: true)
      } else {
        move(destination, source, wide: false)
      }
    }
  }

  // MARK: Comparisons, for the jump behind them

  /// `cmp` (0x39) or `test` (0x85) of two registers.
  @inline(__always)
  static func comparison(_ opcode: UInt8, _ left: Register, _ right: Register, wide: Bool) -> (bits: UInt64, count: Int) {
    let rex = 0x40 | (wide ? 8 : 0) | right.high &<< 2 | left.high
    let bits = rex | UInt64(opcode) &<< 8 | (0xc0 | right.low &<< 3 | left.low) &<< 16
    let needsRex = rex != 0x40
    return (needsRex ? bits : bits &>> 8, needsRex ? 3 : 2)
  }

  /// `cmp` with a constant.
  @inline(__always)
  static func compare(_ left: Register, _ value: Int32, wide: Bool) -> (bits: UInt64, count: Int) {
    let isByte = Int32(Int8(truncatingIfNeeded: value)) == value
    let digit = UInt64(Arithmetic.cmp.rawValue)
    let constant = UInt64(UInt32(bitPattern: value))
    if !isByte && left == .rax {
      let bits = 0x48 | (digit &<< 3 | 5) &<< 8 | constant &<< 16
      return (wide ? bits : bits &>> 8, wide ? 6 : 5)
    }
    let rex = 0x40 | (wide ? 8 : 0) | left.high
    let bits = rex | (isByte ? 0x8300 : 0x8100) | (0xc0 | digit &<< 3 | left.low) &<< 16 | constant &<< 24
    let needsRex = rex != 0x40
    return (needsRex ? bits : bits &>> 8, (needsRex ? 3 : 2) &+ (isByte ? 1 : 4))
  }

  /// `test` with a constant; the flags but the sign flag are those of the 64-bit operation.
  static func test(_ left: Register, _ value: Int32, wide: Bool) -> (bits: UInt64, count: Int) {
    if value >= 0 && value < 0x80 {
      // On the lowest byte.
      let needsRex = left.number >= 4
      let bits = 0x40 | left.high | 0xf600 | (0xc0 | left.low) &<< 16 | UInt64(value) &<< 24
      return (needsRex ? bits : bits &>> 8, needsRex ? 4 : 3)
    }
    let rex = 0x40 | (wide && value < 0 ? 8 : 0) | left.high
    let bits = rex | 0xf700 | (0xc0 | left.low) &<< 16 | UInt64(UInt32(bitPattern: value)) &<< 24
    let needsRex = rex != 0x40
    return (needsRex ? bits : bits &>> 8, needsRex ? 7 : 6)
  }

  // MARK: Memory

  /// Loads 1, 2, 4 or 8 bytes, extended to 64 bits.
  @inline(__always)
  mutating func load(_ destination: Register, _ address: Address, bytes: Int, signed: Bool = false) {
    switch bytes {
    case 1: memory(signed ? 0xbe0f : 0xb60f, opcodeLength: 2, reg: destination.number, address, wide: signed)
    case 2: memory(signed ? 0xbf0f : 0xb70f, opcodeLength: 2, reg: destination.number, address, wide: signed)
    case 4: memory(signed ? 0x63 : 0x8b, reg: destination.number, address, wide: signed)
    default: memory(0x8b, reg: destination.number, address, wide: true)
    }
  }

  @inline(__always)
  mutating func store(_ address: Address, _ source: Register, bytes: Int) {
    switch bytes {
    case 1: memory(0x88, reg: source.number, address, isByte: true)
    case 2: memory(prefix: 0x66, 0x89, reg: source.number, address)
    case 4: memory(0x89, reg: source.number, address)
    default: memory(0x89, reg: source.number, address, wide: true)
    }
  }

  @inline(__always)
  mutating func store(_ address: Address, constant: Int32, bytes: Int) {
    switch bytes {
    case 1:
      memory(0xc6, reg: 0, address)
      immediate8(UInt8(truncatingIfNeeded: constant))
    case 2:
      memory(prefix: 0x66, 0xc7, reg: 0, address)
      buffer.append(UInt64(UInt32(bitPattern: constant)), count: 2)
    case 4:
      memory(0xc7, reg: 0, address)
      immediate32(constant)
    default:
      memory(0xc7, reg: 0, address, wide: true)
      immediate32(constant)
    }
  }

  // MARK: Control

  @inline(__always)
  mutating func push(_ register: Register) {
    let bits = (0x41 as UInt64) | (0x50 | register.low) &<< 8
    buffer.append(register.high != 0 ? bits : bits &>> 8, count: register.high != 0 ? 2 : 1)
  }

  @inline(__always)
  mutating func pop(_ register: Register) {
    let bits = (0x41 as UInt64) | (0x58 | register.low) &<< 8
    buffer.append(register.high != 0 ? bits : bits &>> 8, count: register.high != 0 ? 2 : 1)
  }

  @inline(__always)
  mutating func leave() { buffer.append(0xc9, count: 1) }
  @inline(__always)
  mutating func ret() { buffer.append(0xc3, count: 1) }

  @inline(__always)
  mutating func call(_ register: Register) {
    registers(0xff, reg: Register(number: 2), rm: register, wide: false)
  }

  @inline(__always)
  mutating func jump(_ register: Register) {
    registers(0xff, reg: Register(number: 4), rm: register, wide: false)
  }

  /// A forward jump within a few bytes, whose distance ``land(_:)`` fills in.
  @inline(__always)
  mutating func shortJump(_ condition: X86_64Condition?) -> Int {
    buffer.append(UInt64(condition.map { 0x70 | $0.rawValue } ?? 0xeb), count: 2)
    return count
  }

  /// Makes a short jump lead to here.
  @inline(__always)
  mutating func land(_ jump: Int) {
    let distance = count &- jump
    precondition(distance < 128, "a short jump within one instruction's code is too long")
    buffer.bytes.storeBytes(of: UInt8(truncatingIfNeeded: distance), toByteOffset: jump &- 1, as: UInt8.self)
  }

  /// A backward jump within a few bytes.
  @inline(__always)
  mutating func shortJump(_ condition: X86_64Condition, backTo target: Int) {
    buffer.append(UInt64(0x70 | condition.rawValue), count: 1)
    immediate8(UInt8(truncatingIfNeeded: target &- (count &+ 1)))
  }
}
