import EBPFTables

/// Helpers are called by their numbers: a helper's address is its number as a pointer.
extension LoweringUnit {
  /// The helper that an instruction calls; `nil` for other instructions.
  func helper(calledBy instruction: IRInstruction) -> HelperID? {
    guard instruction.opcode == .call, case .constant(let index) = instruction.callee, module.constants[Int(index)].kind == .cast,
      case .integer(let number)? = module.constants[Int(index)].operands.first?.value, let id = UInt32(exactly: number)
    else { return nil }
    return HelperID(rawValue: id)
  }

  /// What a call of a helper calls.
  mutating func callee(_ helper: HelperID) -> IRValue {
    module.add(
      IRConstant(
        .cast, opcode: IRName(index: UInt32(IROpcode.inttoptr.rawValue)), type: .pointer,
        operands: [IROperand(.i64, .integer(Int64(helper.rawValue)))]))
  }
}
