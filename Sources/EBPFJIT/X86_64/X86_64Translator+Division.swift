internal import EBPFISA

extension X86_64Translator {
  /// Unsigned and signed division and remainder: by zero the quotient is 0 and the remainder the dividend, and the most negative number
  /// divided by -1 is itself, with remainder 0 (RFC 9669 section 4.1).
  mutating func divide(_ slot: Int, _ instruction: Instruction, wide: Bool) throws(JITError) {
    guard instruction.offset == 0 || instruction.offset == 1 else {
      throw JITError(.badOperand, slot: slot, "a division is unsigned (offset 0) or signed (1), not \(instruction.offset)")
    }
    let isSigned = instruction.offset == 1
    let isRemainder = instruction.opcode & Opcode.operationMask == Opcode.mod
    let destination = Register(instruction.destination)
    if instruction.opcode & Opcode.x == 0 {
      divide(slot, destination, by: instruction.immediate, isSigned: isSigned, isRemainder: isRemainder, wide: wide)
      return
    }

    let source = Register(instruction.source)
    var end: Int?
    var endOfOverflow: Int?
    if !has(.safeDivision, slot) {
      if isRemainder && !wide { encoder.move(destination, destination, wide: false) }
      encoder.test(source, source, wide: wide)
      if isRemainder {
        end = encoder.shortJump(.equal)
      } else {
        let nonzero = encoder.shortJump(.notEqual)
        encoder.move(destination, constant: 0)
        end = encoder.shortJump(nil)
        encoder.land(nonzero)
      }
      if isSigned {
        encoder.arithmetic(.cmp, source, -1, wide: wide)
        let ordinary = encoder.shortJump(.notEqual)
        if isRemainder { encoder.move(destination, constant: 0) } else { encoder.unary(.neg, destination, wide: wide) }
        endOfOverflow = encoder.shortJump(nil)
        encoder.land(ordinary)
      }
    }
    var divisor = source
    if source == .rax || source == .rdx {
      encoder.move(.scratch, source)
      divisor = .scratch
    }
    machineDivide(slot, destination, by: divisor, isSigned: isSigned, isRemainder: isRemainder, wide: wide)
    if let end { encoder.land(end) }
    if let endOfOverflow { encoder.land(endOfOverflow) }
  }

  /// The machine's own division, which works on rdx:rax; the divisor is neither of the two.
  private mutating func machineDivide(
    _ slot: Int, _ destination: Register, by divisor: Register, isSigned: Bool, isRemainder: Bool, wide: Bool
  ) {
    let keepsRAX = destination != .rax && !isDead(0, at: slot &+ 1)
    let keepsRDX = destination != .rdx && !isDead(3, at: slot &+ 1)
    if keepsRAX { encoder.move(.scratch2, .rax) }
    if keepsRDX { encoder.move(.scratch3, .rdx) }
    if destination != .rax { encoder.move(.rax, destination, wide: wide) }
    if isSigned {
      encoder.signExtendAccumulator(wide: wide)
      encoder.unary(.idiv, divisor, wide: wide)
    } else {
      encoder.move(.rdx, constant: 0)
      encoder.unary(.div, divisor, wide: wide)
    }
    let result = isRemainder ? Register.rdx : .rax
    if destination != result { encoder.move(destination, result, wide: wide) }
    if keepsRAX { encoder.move(.rax, .scratch2) }
    if keepsRDX { encoder.move(.rdx, .scratch3) }
  }

  private mutating func divide(
    _ slot: Int, _ destination: Register, by value: Int32, isSigned: Bool, isRemainder: Bool, wide: Bool
  ) {
    switch value {
    case 0 where isRemainder, 1 where !isRemainder:
      if !wide { encoder.move(destination, destination, wide: false) }
    case 0, 1:
      encoder.move(destination, constant: 0)
    case -1 where isSigned:
      if isRemainder { encoder.move(destination, constant: 0) } else { encoder.unary(.neg, destination, wide: wide) }
    case let power where !isSigned && power > 0 && power & (power - 1) == 0:
      if isRemainder {
        encoder.arithmetic(.and, destination, power - 1, wide: false)
      } else {
        encoder.shift(.shr, destination, UInt8(truncatingIfNeeded: power.trailingZeroBitCount), wide: wide)
      }
    default:
      if !isSigned, !wide || features.contains(.bmi2) {
        let divisor = wide ? UInt64(bitPattern: Int64(value)) : UInt64(UInt32(bitPattern: value))
        if divisor & (divisor - 1) != 0 {
          let division = ConstantDivision(divisor, width: wide ? 64 : 32)
          if wide {
            multiplyInstead(slot, destination, division, value, isRemainder: isRemainder)
          } else {
            multiplyInstead32(destination, division, value, isRemainder: isRemainder)
          }
          return
        }
      }
      encoder.move(.scratch, constant: wide ? Int64(value) : Int64(UInt32(bitPattern: value)))
      machineDivide(slot, destination, by: .scratch, isSigned: isSigned, isRemainder: isRemainder, wide: wide)
    }
  }

  /// The 32-bit division by a constant: the product fits one register.
  private mutating func multiplyInstead32(_ destination: Register, _ division: ConstantDivision, _ value: Int32, isRemainder: Bool) {
    encoder.move(.scratch2, destination, wide: false)
    if division.preShift > 0 { encoder.shift(.shr, .scratch2, division.preShift, wide: false) }
    encoder.move(.scratch, constant: Int64(bitPattern: division.multiplier))
    encoder.multiply(.scratch, .scratch2, wide: true)
    encoder.shift(.shr, .scratch, 32 &+ (division.addsBack ? 0 : division.postShift), wide: true)
    if division.addsBack { addBack(division, wide: false) }
    finish(destination, value, isRemainder: isRemainder, wide: false)
  }

  /// The 64-bit division by a constant: the upper half of a product of 128 bits.
  private mutating func multiplyInstead(
    _ slot: Int, _ destination: Register, _ division: ConstantDivision, _ value: Int32, isRemainder: Bool
  ) {
    // rdx is a factor; what it held is wanted again where it is another register, or where it is shifted before.
    let keepsRDX = destination == .rdx ? division.preShift > 0 : !isDead(3, at: slot &+ 1)
    if keepsRDX { encoder.move(.scratch3, .rdx) }
    if destination != .rdx { encoder.move(.rdx, destination) }
    if division.addsBack { encoder.move(.scratch2, .rdx) }
    if division.preShift > 0 { encoder.shift(.shr, .rdx, division.preShift, wide: true) }
    encoder.move(.scratch, constant: Int64(bitPattern: division.multiplier))
    // The lower half goes where it is not wanted; named twice, a register receives the upper one.
    encoder.multiplyWide(high: .scratch, low: .scratch, .scratch)
    if keepsRDX { encoder.move(.rdx, .scratch3) }
    if division.addsBack {
      addBack(division, wide: true)
    } else if division.postShift > 0 {
      encoder.shift(.shr, .scratch, division.postShift, wide: true)
    }
    finish(destination, value, isRemainder: isRemainder, wide: true)
  }

  /// From n in scratch2 and t in scratch: the quotient in scratch.
  private mutating func addBack(_ division: ConstantDivision, wide: Bool) {
    encoder.arithmetic(.sub, .scratch2, .scratch, wide: wide)
    encoder.shift(.shr, .scratch2, 1, wide: wide)
    encoder.arithmetic(.add, .scratch, .scratch2, wide: wide)
    if division.postShift > 1 { encoder.shift(.shr, .scratch, division.postShift &- 1, wide: wide) }
  }

  /// From the quotient in scratch and the dividend in the destination: the result.
  private mutating func finish(_ destination: Register, _ value: Int32, isRemainder: Bool, wide: Bool) {
    if isRemainder {
      encoder.multiply(.scratch, .scratch, value, wide: wide)
      encoder.arithmetic(.sub, destination, .scratch, wide: wide)
    } else {
      encoder.move(destination, .scratch, wide: wide)
    }
  }
}
