internal import EBPFISA

extension X86_64Translator {
  @inline(__always)
  mutating func arithmetic(_ slot: Int, _ instruction: Instruction, wide: Bool) throws(JITError) -> Int {
    let destination = Register(instruction.destination)
    let fromRegister = instruction.opcode & Opcode.x != 0
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.add:
      if wide, beginsAddress(slot, instruction.destination), let end = address(slot, instruction) { return end }
      simple(.add, destination, instruction, wide: wide)
      if let end = jumpOnResult(slot, instruction.destination, wide: wide) { return end }
    case Opcode.sub:
      simple(.sub, destination, instruction, wide: wide)
      if let end = jumpOnResult(slot, instruction.destination, wide: wide) { return end }
    case Opcode.or:
      simple(.or, destination, instruction, wide: wide)
      if let end = jumpOnResult(slot, instruction.destination, wide: wide) { return end }
    case Opcode.and:
      if fromRegister {
        simple(.and, destination, instruction, wide: wide)
      } else if !and(destination, instruction.immediate, wide: wide) {
        break
      }
      if let end = jumpOnResult(slot, instruction.destination, wide: wide) { return end }
    case Opcode.xor:
      simple(.xor, destination, instruction, wide: wide)
      if let end = jumpOnResult(slot, instruction.destination, wide: wide) { return end }
    case Opcode.mov: return try move(slot, instruction, wide: wide)
    case Opcode.lsh:
      if wide, !fromRegister, let end = extension64(slot, shift: slot, instruction.destination, source: instruction.destination) {
        return end
      }
      shift(.shl, destination, instruction, wide: wide)
    case Opcode.rsh: shift(.shr, destination, instruction, wide: wide)
    case Opcode.arsh: shift(.sar, destination, instruction, wide: wide)
    case Opcode.mul:
      if fromRegister {
        encoder.multiply(destination, Register(instruction.source), wide: wide)
      } else {
        multiply(destination, instruction.immediate, wide: wide)
      }
    case Opcode.neg: encoder.unary(.neg, destination, wide: wide)
    case Opcode.end: try swapBytes(slot, instruction, wide: wide)
    default: try divide(slot, instruction, wide: wide)
    }
    return slot &+ 1
  }

  @inline(__always)
  private mutating func simple(_ operation: X86_64Encoder.Arithmetic, _ destination: Register, _ instruction: Instruction, wide: Bool) {
    if instruction.opcode & Opcode.x != 0 {
      encoder.arithmetic(operation, destination, Register(instruction.source), wide: wide)
    } else {
      encoder.arithmetic(operation, destination, instruction.immediate, wide: wide)
    }
  }

  /// - Returns: whether the flags are those of the result.
  private mutating func and(_ destination: Register, _ value: Int32, wide: Bool) -> Bool {
    switch value {
    case 0xff:
      encoder.extend(destination, destination, bytes: 1, signed: false, wide: false)
      return false
    case 0xffff:
      encoder.extend(destination, destination, bytes: 2, signed: false, wide: false)
      return false
    default:
      // A mask with a clear sign bit clears the upper half either way.
      encoder.arithmetic(.and, destination, value, wide: wide && value < 0)
      return true
    }
  }

  private mutating func move(_ slot: Int, _ instruction: Instruction, wide: Bool) throws(JITError) -> Int {
    let destination = Register(instruction.destination)
    guard instruction.opcode & Opcode.x != 0 else {
      let value = instruction.immediate
      encoder.move(destination, constant: wide ? Int64(value) : Int64(UInt32(bitPattern: value)))
      return slot &+ 1
    }
    let source = Register(instruction.source)
    switch instruction.offset {
    case 0:
      if let end = joinedMove(slot, instruction, wide: wide) { return end }
      if !wide || destination != source { encoder.move(destination, source, wide: wide) }
    case 8: encoder.extend(destination, source, bytes: 1, signed: true, wide: wide)
    case 16: encoder.extend(destination, source, bytes: 2, signed: true, wide: wide)
    case 32 where wide: encoder.extend(destination, source, bytes: 4, signed: true, wide: true)
    case 1 where wide:
      // An address space cast: both address spaces are this process's own.
      if destination != source { encoder.move(destination, source) }
    default:
      throw JITError(.badOperand, slot: slot, "a mov extends from 8, 16 or 32 bits, not from \(instruction.offset)")
    }
    return slot &+ 1
  }

  @inline(__always)
  private mutating func shift(_ operation: X86_64Encoder.Shift, _ destination: Register, _ instruction: Instruction, wide: Bool) {
    guard instruction.opcode & Opcode.x != 0 else {
      let count = UInt8(truncatingIfNeeded: instruction.immediate) & (wide ? 63 : 31)
      if count != 0 {
        encoder.shift(operation, destination, count, wide: wide)
      } else if !wide {
        encoder.move(destination, destination, wide: false)
      }
      return
    }
    shift(operation, destination, by: Register(instruction.source), wide: wide)
  }

  private mutating func shift(_ operation: X86_64Encoder.Shift, _ destination: Register, by count: Register, wide: Bool) {
    if features.contains(.bmi2) {
      encoder.shift(operation, destination, destination, by: count, wide: wide)
    } else if destination == .rcx {
      encoder.move(.scratch, .rcx)
      if count != .rcx { encoder.move(.rcx, count, wide: false) }
      encoder.shiftByCL(operation, .scratch, wide: wide)
      encoder.move(.rcx, .scratch)
    } else if count == .rcx {
      encoder.shiftByCL(operation, destination, wide: wide)
    } else {
      encoder.move(.scratch, .rcx)
      encoder.move(.rcx, count, wide: false)
      encoder.shiftByCL(operation, destination, wide: wide)
      encoder.move(.rcx, .scratch)
    }
  }

  private mutating func multiply(_ destination: Register, _ value: Int32, wide: Bool) {
    var address = Address(destination, 0)
    address.index = destination
    switch value {
    case 0: encoder.move(destination, constant: 0)
    case 1: if !wide { encoder.move(destination, destination, wide: false) }
    case 3, 5, 9:
      address.scale = UInt8(truncatingIfNeeded: (value - 1).trailingZeroBitCount)
      encoder.lea(destination, address, wide: wide)
    case let power where power > 0 && power & (power - 1) == 0:
      encoder.shift(.shl, destination, UInt8(truncatingIfNeeded: power.trailingZeroBitCount), wide: wide)
    default: encoder.multiply(destination, destination, value, wide: wide)
    }
  }

  private mutating func swapBytes(_ slot: Int, _ instruction: Instruction, wide: Bool) throws(JITError) {
    let destination = Register(instruction.destination)
    // `le` and `be` convert between the machine's order, little-endian, and the named one; `bswap` always swaps.
    let swaps = wide || instruction.opcode & Opcode.x != 0
    switch instruction.immediate {
    case 16:
      if swaps { encoder.swap16(destination) }
      encoder.extend(destination, destination, bytes: 2, signed: false, wide: false)
    case 32:
      if swaps { encoder.byteSwap(destination, wide: false) } else { encoder.move(destination, destination, wide: false) }
    case 64:
      if swaps { encoder.byteSwap(destination, wide: true) }
    default:
      throw JITError(.badOperand, slot: slot, "a byte order conversion is 16, 32 or 64 bits wide, not \(instruction.immediate)")
    }
  }
}
