internal import EBPFISA
internal import EBPFTables

/// Arithmetic on numbers and pointers (`check_alu_op`).
extension Search {
  mutating func checkArithmetic(_ instruction: Instruction) throws(Stop) {
    let operation = instruction.opcode & Opcode.operationMask
    let destination = Int(instruction.destination)
    let is32 = instruction.instructionClass == Opcode.alu32
    let usesSource = instruction.opcode & Opcode.x != 0
    switch operation {
    case Opcode.mov: try checkMove(instruction, destination, is32: is32, usesSource: usesSource)
    case Opcode.neg:
      try checkReadable(destination)
      if registers[destination].isScalar {
        registers[destination].scalar.negate(is32: is32)
        registers[destination].clearLink()
      } else {
        registers[destination] = .unknown
      }
    case Opcode.end:
      try checkReadable(destination)
      if registers[destination].isScalar {
        let kind: ByteSwap = is32 ? (usesSource ? .big : .little) : .swap
        registers[destination].scalar.swapBytes(kind, width: Int(instruction.immediate))
        registers[destination].clearLink()
      } else {
        registers[destination] = .unknown
      }
    default:
      let source = Int(instruction.source)
      if usesSource { try checkReadable(source) }
      try checkReadable(destination)
      if !usesSource {
        if operation == Opcode.div || operation == Opcode.mod, instruction.immediate == 0 { throw fail("div by zero") }
        if operation == Opcode.lsh || operation == Opcode.rsh || operation == Opcode.arsh,
          instruction.immediate < 0 || instruction.immediate >= (is32 ? 32 : 64)
        {
          throw fail("invalid shift \(instruction.immediate)")
        }
      }
      try compute(instruction, Search.arithmetic(of: instruction), destination, usesSource ? source : -1, is32: is32)
    }
  }

  static func arithmetic(of instruction: Instruction) -> Arithmetic {
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.add: .add
    case Opcode.sub: .sub
    case Opcode.mul: .mul
    case Opcode.div: instruction.offset == 1 ? .sdiv : .div
    case Opcode.or: .or
    case Opcode.and: .and
    case Opcode.lsh: .lsh
    case Opcode.rsh: .rsh
    case Opcode.mod: instruction.offset == 1 ? .smod : .mod
    case Opcode.xor: .xor
    case Opcode.arsh: .arsh
    default: .mov
    }
  }

  private mutating func checkMove(_ instruction: Instruction, _ destination: Int, is32: Bool, usesSource: Bool) throws(Stop) {
    guard usesSource else {
      let value = UInt64(bitPattern: Int64(instruction.immediate))
      registers[destination] = .constant(is32 ? value & 0xffff_ffff : value)
      return
    }
    let source = Int(instruction.source)
    try checkReadable(source)
    let bits = Int(instruction.offset)
    if bits == 1 {
      if program.maps.contains(where: { $0.type == .arena }) { throw unsupported("arena memory") }
      throw fail("addr_space_cast insn can only be used in a program that has an associated arena")
    }
    guard registers[source].isScalar else {
      // Part of a pointer is a number; a whole one stays what it is.
      if is32 {
        registers[destination] = .unknown
        registers[destination].scalar.zeroExtend32()
      } else {
        registers[destination] = bits == 0 ? registers[source] : .unknown
      }
      return
    }
    let keepsValue = bits == 0 ? !is32 || registers[source].width <= 32 : registers[source].scalar.umax < 1 << UInt64(bits - 1)
    if keepsValue { giveIdentity(to: source) }
    registers[destination] = registers[source]
    if !keepsValue { registers[destination].clearLink() }
    if bits != 0 {
      registers[destination].scalar.signExtend(from: bits, is32: is32)
    } else if is32 {
      registers[destination].scalar.zeroExtend32()
    }
  }

  // MARK: Two operands

  /// `adjust_reg_min_max_vals`; `source` is -1 for a constant.
  private mutating func compute(
    _ instruction: Instruction, _ operation: Arithmetic, _ destination: Int, _ source: Int, is32: Bool
  ) throws(Stop) {
    if source >= 0, registers[source].isPointer {
      if registers[destination].isPointer {
        guard operation == .sub else {
          throw fail(
            "R\(destination) pointer \(Search.symbol(of: operation)) pointer prohibited", .pointerArithmetic, register: destination)
        }
        registers[destination] = .unknown
        return
      }
      markPrecise(destination)
      try movePointer(
        operation, destination, pointer: registers[source], by: registers[destination], pointerIsDestination: false, is32: is32)
      return
    }
    let operand =
      source >= 0 ? registers[source] : Register.constant(UInt64(bitPattern: Int64(instruction.immediate)))
    if registers[destination].isPointer {
      if source >= 0 { markPrecise(source) }
      try movePointer(operation, destination, pointer: registers[destination], by: operand, pointerIsDestination: true, is32: is32)
      return
    }
    if operation == .div || operation == .mod || operation == .sdiv || operation == .smod {
      noteDivision(operand, source, operation, is32: is32)
    }
    if hasKernelLimits, !Search.kernelComputes(operation, operand.scalar, is32: is32) {
      registers[destination] = .unknown
      return
    }
    if operation == .and || operation == .or, operand.scalar.constant != nil { try forkBits(destination) }
    if is32 {
      registers[destination].scalar.apply32(operation, operand.scalar)
    } else {
      registers[destination].scalar.apply(operation, operand.scalar)
    }
    // After r1 = r2; r1 += 8 the two keep their distance.
    if let distance = linkDistance(operation, operand.scalar, is32: is32), registers[destination].id != 0, source != destination,
      registers[destination].id & Register.distanceMask == 0
    {
      registers[destination].id |= is32 ? Register.addConstant32 : Register.addConstant
      registers[destination].offset = distance
    } else {
      registers[destination].clearLink()
    }
  }

  /// What an addition or subtraction of a constant moves a number by; `nil` for all else.
  private func linkDistance(_ operation: Arithmetic, _ operand: Scalar, is32: Bool) -> Int32? {
    guard operation == .add || operation == .sub else { return nil }
    let distance: Int32
    if is32 {
      guard let low = operand.constant32 else { return nil }
      distance = Int32(bitPattern: low)
    } else {
      guard let value = operand.constant, let small = Int32(exactly: Int64(bitPattern: value)) else { return nil }
      distance = small
    }
    if operation == .add { return distance }
    return distance == .min ? nil : -distance
  }

  /// Whether the kernel computes a range, or gives up (`is_safe_to_compute_dst_reg_range`).
  private static func kernelComputes(_ operation: Arithmetic, _ operand: Scalar, is32: Bool) -> Bool {
    switch operation {
    case .add, .sub, .and, .xor, .or, .mul, .mov: true
    case .lsh, .rsh, .arsh:
      (is32 ? operand.constant32 != nil : operand.constant != nil) && operand.umax < (is32 ? 32 : 64)
    case .div, .mod, .sdiv, .smod: false
    }
  }

  /// A number that is 0 or -1, as a comparison made it: each is followed on its own, since masking keeps only one of them
  /// (`maybe_fork_scalars`).
  private mutating func forkBits(_ destination: Int) throws(Stop) {
    let scalar = registers[destination].scalar
    if scalar.smin == -1, scalar.smax == 0 {
      let other = try leaveAside(at: at)
      other.pointee.current.pointee.cells[destination].scalar = Scalar(constant: 0)
      registers[destination].scalar = Scalar(constant: .max)
    } else if scalar.s32min == -1, scalar.s32max == 0 {
      let other = try leaveAside(at: at)
      other.pointee.current.pointee.cells[destination].scalar = scalar.withLower(0)
      registers[destination].scalar = scalar.withLower(.max)
    }
  }

  static func symbol(of operation: Arithmetic) -> String {
    switch operation {
    case .add: "+="
    case .sub: "-="
    case .mul: "*="
    case .div, .sdiv: "/="
    case .or: "|="
    case .and: "&="
    case .lsh: "<<="
    case .rsh: ">>="
    case .mod, .smod: "%="
    case .xor: "^="
    case .mov: "="
    case .arsh: "s>>="
    }
  }

  // MARK: Pointers

  /// A number is added to or subtracted from a pointer (`adjust_ptr_min_max_vals`).
  private mutating func movePointer(
    _ operation: Arithmetic, _ destination: Int, pointer: Register, by operand: Register, pointerIsDestination: Bool, is32: Bool
  ) throws(Stop) {
    let number = operand.scalar
    let known = number.constant != nil
    if is32 {
      if operation == .sub {
        registers[destination] = .unknown
        return
      }
      throw fail("R\(destination) 32-bit pointer arithmetic prohibited", .pointerArithmetic, register: destination)
    }
    if pointer.mayBeNull {
      throw fail(
        "R\(destination) pointer arithmetic on \(pointer.typeName) prohibited, null-check it first", .nullCheck, register: destination)
    }
    let isAllowed: Bool
    switch pointer.kind {
    case .context, .mapValue, .mapKey, .stack, .packetMeta, .packet, .tracepointBuffer, .kernelObject, .memory, .function: isAllowed = true
    case .flowKeys: isAllowed = known
    case .mapPointer: isAllowed = number.constant == 0 && operation == .add
    default: isAllowed = false
    }
    guard isAllowed else {
      throw fail("R\(destination) pointer arithmetic on \(pointer.typeName) prohibited", .pointerArithmetic, register: destination)
    }
    try checkSane(operand, pointer)
    try checkSane(pointer, pointer)

    var result = pointer
    let fixed = Int64(pointer.offset)
    switch operation {
    case .add:
      if known, let moved = Int32(exactly: fixed.addingReportingOverflow(number.smin).overflow ? Int64.max : fixed + number.smin) {
        result.offset = moved
      } else {
        result.scalar = Search.sum(pointer.scalar, number)
        if pointer.isPacketPointer {
          result.id = newID()
          result.detail = 0
        }
      }
    case .sub:
      if !pointerIsDestination {
        throw fail("R\(destination) tried to subtract pointer from scalar", .pointerArithmetic, register: destination)
      }
      if pointer.kind == .stack {
        throw fail("R\(destination) subtraction from stack pointer prohibited", .pointerArithmetic, register: destination)
      }
      if known, let moved = Int32(exactly: fixed.subtractingReportingOverflow(number.smin).overflow ? Int64.max : fixed - number.smin) {
        result.offset = moved
      } else {
        result.scalar = Search.difference(pointer.scalar, number)
        if pointer.isPacketPointer {
          result.id = newID()
          if number.smin < 0 { result.detail = 0 }
        }
      }
    case .and, .or, .xor:
      throw fail(
        "R\(destination) bitwise operator \(Search.symbol(of: operation)) on pointer prohibited", .pointerArithmetic, register: destination)
    default:
      throw fail(
        "R\(destination) pointer arithmetic with \(Search.symbol(of: operation)) operator prohibited", .pointerArithmetic,
        register: destination)
    }
    try checkSane(result, pointer)
    result.scalar.sync()
    registers[destination] = result
  }

  private static func sum(_ pointer: Scalar, _ number: Scalar) -> Scalar {
    var result = Scalar.unknown
    let low = pointer.smin.addingReportingOverflow(number.smin)
    let high = pointer.smax.addingReportingOverflow(number.smax)
    if !low.overflow, !high.overflow { (result.smin, result.smax) = (low.partialValue, high.partialValue) }
    let first = pointer.umin.addingReportingOverflow(number.umin)
    let last = pointer.umax.addingReportingOverflow(number.umax)
    if !first.overflow, !last.overflow { (result.umin, result.umax) = (first.partialValue, last.partialValue) }
    result.bits = pointer.bits + number.bits
    return result
  }

  private static func difference(_ pointer: Scalar, _ number: Scalar) -> Scalar {
    var result = Scalar.unknown
    let low = pointer.smin.subtractingReportingOverflow(number.smax)
    let high = pointer.smax.subtractingReportingOverflow(number.smin)
    if !low.overflow, !high.overflow { (result.smin, result.smax) = (low.partialValue, high.partialValue) }
    if pointer.umin >= number.umax { (result.umin, result.umax) = (pointer.umin - number.umax, pointer.umax - number.umin) }
    result.bits = pointer.bits - number.bits
    return result
  }

  /// Offsets stay so small that computing with them cannot overflow (`check_reg_sane_offset`).
  private mutating func checkSane(_ register: Register, _ pointer: Register) throws(Stop) {
    let limit = Register.maximumOffset
    let scalar = register.scalar
    if let value = scalar.constant.map({ Int64(bitPattern: $0) }), value >= limit || value <= -limit {
      throw fail("math between \(pointer.typeName) pointer and \(value) is not allowed", .offset)
    }
    // The kernel asks this of the distance between linked numbers too.
    if register.isPointer || hasKernelLimits, Int64(register.offset) >= limit || Int64(register.offset) <= -limit {
      throw fail("\(pointer.typeName) pointer offset \(register.offset) is not allowed", .offset)
    }
    if scalar.smin == .min {
      throw fail("math between \(pointer.typeName) pointer and register with unbounded min value is not allowed", .offset)
    }
    if scalar.smin >= limit || scalar.smin <= -limit {
      throw fail("value \(scalar.smin) makes \(pointer.typeName) pointer be out of bounds", .offset)
    }
  }
}

extension Scalar {
  /// The number with its lower 32 bits known (`__mark_reg32_known`).
  func withLower(_ value: UInt32) -> Scalar {
    var result = self
    result.bits = Tnum(value: bits.value & ~0xffff_ffff | UInt64(value), mask: bits.mask & ~0xffff_ffff)
    (result.s32min, result.s32max) = (Int32(bitPattern: value), Int32(bitPattern: value))
    (result.u32min, result.u32max) = (value, value)
    result.sync()
    return result
  }
}
