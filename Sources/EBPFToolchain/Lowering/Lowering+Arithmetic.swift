extension LoweringUnit {
  /// Spells out arithmetic with a check of overflow (`llvm.uadd.with.overflow.i64` and its kin).
  ///
  /// The BPF back end makes of the intrinsics for sums a flag in a register that is tested once more, and of those for 64-bit products calls of
  /// a library that is not there. As comparisons they become one jump.
  mutating func lowerArithmetic() {
    for index in module.functions.indices {
      for block in module.functions[index].blocks.indices {
        let instructions = module.functions[index].blocks[block].instructions
        guard instructions.contains(where: { checkedOperation($0) != nil }) else { continue }
        var result: [IRInstruction] = []
        result.reserveCapacity(instructions.count * 2)
        for instruction in instructions {
          if let operation = checkedOperation(instruction) {
            expand(instruction, operation, &result)
          } else {
            result.append(instruction)
          }
        }
        module.functions[index].blocks[block].instructions = result
      }
    }
  }

  private enum Checked {
    case uadd, usub, umul, sadd, ssub, smul
  }

  /// Which operation an instruction is, of integers of up to 64 bits.
  private func checkedOperation(_ instruction: IRInstruction) -> Checked? {
    guard let symbol = instruction.calledSymbol, instruction.operands.count == 2, module.names.hasPrefix(symbol, "llvm."),
      let bits = module.types.bits(instruction.operands[0].type), bits <= 64
    else { return nil }
    if module.names.hasPrefix(symbol, "llvm.uadd.with.overflow") { return .uadd }
    if module.names.hasPrefix(symbol, "llvm.usub.with.overflow") { return .usub }
    if module.names.hasPrefix(symbol, "llvm.umul.with.overflow") { return .umul }
    if module.names.hasPrefix(symbol, "llvm.sadd.with.overflow") { return .sadd }
    if module.names.hasPrefix(symbol, "llvm.ssub.with.overflow") { return .ssub }
    if module.names.hasPrefix(symbol, "llvm.smul.with.overflow") { return .smul }
    return nil
  }

  private mutating func expand(_ call: IRInstruction, _ operation: Checked, _ out: inout [IRInstruction]) {
    let type = call.operands[0].type
    let a = call.operands[0].value
    let b = call.operands[1].value
    let location = call.location
    let value: IRValue
    let failed: IRValue
    switch operation {
    case .uadd:
      value = emit(.add, type, a, b, location, &out)
      failed = compare(.ult, type, value, a, location, &out)
    case .usub:
      value = emit(.sub, type, a, b, location, &out)
      failed = compare(.ult, type, a, b, location, &out)
    case .sadd:
      // The sum is below a exactly when b is negative.
      value = emit(.add, type, a, b, location, &out)
      let less = compare(.slt, type, value, a, location, &out)
      failed = emit(.xor, .i1, less, compare(.slt, type, b, .integer(0), location, &out), location, &out)
    case .ssub:
      value = emit(.sub, type, a, b, location, &out)
      let less = compare(.slt, type, value, a, location, &out)
      failed = emit(.xor, .i1, less, compare(.sgt, type, b, .integer(0), location, &out), location, &out)
    case .umul:
      if module.types.bits(type)! <= 32 {
        let wide = emit(.mul, .i64, cast(.zext, a, type, .i64, location, &out), cast(.zext, b, type, .i64, location, &out), location, &out)
        value = cast(.trunc, wide, .i64, type, location, &out)
        let limit = Int64(1) << Int64(module.types.bits(type)!) - 1
        failed = compare(.ugt, .i64, wide, .integer(limit), location, &out)
      } else {
        value = emit(.mul, type, a, b, location, &out)
        failed = exceeds(a, b, location, &out)
      }
    case .smul:
      if module.types.bits(type)! <= 32 {
        let wide = emit(.mul, .i64, cast(.sext, a, type, .i64, location, &out), cast(.sext, b, type, .i64, location, &out), location, &out)
        value = cast(.trunc, wide, .i64, type, location, &out)
        failed = compare(.ne, .i64, cast(.sext, value, type, .i64, location, &out), wide, location, &out)
      } else {
        value = emit(.mul, type, a, b, location, &out)
        failed = exceedsSigned(a, b, location, &out)
      }
    }
    let half = freshName("checked")
    out.append(
      IRInstruction(
        .insertvalue, result: half,
        operands: [IROperand(call.type, .poison), IROperand(type, value), IROperand(.i32, .integer(0))], location: location))
    out.append(
      IRInstruction(
        .insertvalue, result: call.result,
        operands: [IROperand(call.type, .local(half)), IROperand(.i1, failed), IROperand(.i32, .integer(1))], location: location))
  }

  /// Whether the product of two unsigned 64-bit numbers needs more than 64 bits: by halves, as there is no wider product.
  private mutating func exceeds(_ a: IRValue, _ b: IRValue, _ location: Int32, _ out: inout [IRInstruction]) -> IRValue {
    let low: Int64 = 0xffff_ffff
    let aHigh = emit(.lshr, .i64, a, .integer(32), location, &out)
    let aLow = emit(.and, .i64, a, .integer(low), location, &out)
    let bHigh = emit(.lshr, .i64, b, .integer(32), location, &out)
    let bLow = emit(.and, .i64, b, .integer(low), location, &out)
    // Both high halves: at least 2 to the 64th. Else at most one of the cross products is not 0, and their sum does not wrap.
    let both = emit(
      .and, .i1, compare(.ne, .i64, aHigh, .integer(0), location, &out), compare(.ne, .i64, bHigh, .integer(0), location, &out), location,
      &out)
    let cross = emit(
      .add, .i64, emit(.mul, .i64, aHigh, bLow, location, &out), emit(.mul, .i64, aLow, bHigh, location, &out), location, &out)
    let carry = emit(.lshr, .i64, emit(.mul, .i64, aLow, bLow, location, &out), .integer(32), location, &out)
    let middle = emit(.add, .i64, cross, carry, location, &out)
    let over = compare(.ugt, .i64, middle, .integer(low), location, &out)
    return emit(.or, .i1, both, over, location, &out)
  }

  private mutating func exceedsSigned(_ a: IRValue, _ b: IRValue, _ location: Int32, _ out: inout [IRInstruction]) -> IRValue {
    let aSize = magnitude(a, location, &out)
    let bSize = magnitude(b, location, &out)
    let over = exceeds(aSize, bSize, location, &out)
    let product = emit(.mul, .i64, aSize, bSize, location, &out)
    // A negative product may be one larger: -2 to the 63rd.
    let signs = emit(.xor, .i64, a, b, location, &out)
    let limit = emit(.add, .i64, emit(.lshr, .i64, signs, .integer(63), location, &out), .integer(Int64.max), location, &out)
    return emit(.or, .i1, over, compare(.ugt, .i64, product, limit, location, &out), location, &out)
  }

  private mutating func magnitude(_ a: IRValue, _ location: Int32, _ out: inout [IRInstruction]) -> IRValue {
    let negative = compare(.slt, .i64, a, .integer(0), location, &out)
    let negated = emit(.sub, .i64, .integer(0), a, location, &out)
    let result = freshName("size")
    out.append(
      IRInstruction(
        .select, result: result, operands: [IROperand(.i1, negative), IROperand(.i64, negated), IROperand(.i64, a)], location: location))
    return .local(result)
  }

  private mutating func emit(
    _ opcode: IROpcode, _ type: IRTypeID, _ a: IRValue, _ b: IRValue, _ location: Int32, _ out: inout [IRInstruction]
  ) -> IRValue {
    let result = freshName("value")
    out.append(IRInstruction(opcode, result: result, type: type, operands: [IROperand(type, a), IROperand(type, b)], location: location))
    return .local(result)
  }

  private mutating func compare(
    _ predicate: IRName, _ type: IRTypeID, _ a: IRValue, _ b: IRValue, _ location: Int32, _ out: inout [IRInstruction]
  ) -> IRValue {
    let result = freshName("is")
    out.append(
      IRInstruction(
        .icmp, result: result, modifiers: words([predicate]), type: type, operands: [IROperand(type, a), IROperand(type, b)],
        location: location))
    return .local(result)
  }

  private mutating func cast(
    _ opcode: IROpcode, _ value: IRValue, _ from: IRTypeID, _ to: IRTypeID, _ location: Int32, _ out: inout [IRInstruction]
  ) -> IRValue {
    let result = freshName("value")
    out.append(IRInstruction(opcode, result: result, type: to, operands: [IROperand(from, value)], location: location))
    return .local(result)
  }
}
