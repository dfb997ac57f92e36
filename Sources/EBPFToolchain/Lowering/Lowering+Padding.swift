extension LoweringUnit {
  /// Puts stores of zero in place of the module's `bpf_zero_padding`: maps compare keys byte by byte, the bytes between fields too.
  ///
  /// The stand-in is generic and has a variable of the value's type, by which the gaps are known. It is given the value's address.
  mutating func lowerPadding() {
    var gapsOf: [IRName: [(offset: Int, size: Int)]] = [:]
    for function in module.functions where function.isDefinition {
      guard module.names[function.name].contains("bpf_zero_padding") else { continue }
      guard let variable = function.blocks.first?.instructions.first(where: { isVariableOfValue($0) }) else { continue }
      var gaps: [(offset: Int, size: Int)] = []
      addGaps(variable.type, at: 0, isElement: false, &gaps)
      gapsOf[function.name] = gaps
    }
    if gapsOf.isEmpty { return }
    for index in module.functions.indices {
      for block in module.functions[index].blocks.indices {
        let instructions = module.functions[index].blocks[block].instructions
        guard instructions.contains(where: { $0.calledSymbol.map { gapsOf[$0] != nil } ?? false }) else { continue }
        var result: [IRInstruction] = []
        for instruction in instructions {
          guard let symbol = instruction.calledSymbol, let gaps = gapsOf[symbol], let address = instruction.operands.first else {
            result.append(instruction)
            continue
          }
          for gap in gaps { clear(gap, of: address.value, instruction.location, &result) }
        }
        module.functions[index].blocks[block].instructions = result
      }
    }
  }

  /// Whether an instruction makes the variable of the value's type: helper functions in C have theirs, too, of pointers.
  private func isVariableOfValue(_ instruction: IRInstruction) -> Bool {
    instruction.opcode == .alloca && instruction.operands.isEmpty && !module.types.isPointer(instruction.type)
  }

  /// The length of an array of bytes.
  private func byteCount(_ type: IRTypeID) -> Int? {
    if case .array(let count, .i8) = module.types[type] { return Int(count) }
    return nil
  }

  /// Swift spells padding as an array of bytes between the members of a struct, which have types. A struct of arrays of bytes alone is an enum:
  /// those are its payload and tag.
  private func addGaps(_ type: IRTypeID, at start: Int, isElement: Bool, _ gaps: inout [(offset: Int, size: Int)]) {
    switch module.types[module.types.resolved(type)] {
    case .structure(let members, _):
      let hasTypes = members.contains { byteCount($0) == nil }
      for (index, member) in members.enumerated() {
        guard let offset = module.types.offset(of: index, in: type) else { continue }
        if let count = byteCount(member) {
          if hasTypes, index > 0, isElement || index + 1 < members.count { gaps.append((start + offset, count)) }
        } else {
          addGaps(member, at: start + offset, isElement: false, &gaps)
        }
      }
    case .array(let count, let element):
      guard element != .i8, let size = module.types.layout(element)?.size, count <= 4096 else { return }
      for index in 0..<Int(count) { addGaps(element, at: start + index * size, isElement: true, &gaps) }
    default: return
    }
  }

  /// Stores of 1, 2 and 4 zero bytes, each where its size divides its place.
  private mutating func clear(
    _ gap: (offset: Int, size: Int), of address: IRValue, _ location: Int32, _ out: inout [IRInstruction]
  ) {
    var offset = gap.offset
    let end = gap.offset + gap.size
    while offset < end {
      let size = [4, 2, 1].first { offset % $0 == 0 && offset + $0 <= end } ?? 1
      let place = freshName("gap")
      out.append(
        IRInstruction(
          .getelementptr, result: place, modifiers: words([.inbounds]), type: .i8,
          operands: [IROperand(.pointer, address), IROperand(.i64, .integer(Int64(offset)))], location: location))
      out.append(
        IRInstruction(
          .store, operands: [IROperand(module.types.integer(UInt32(size * 8)), .integer(0)), IROperand(.pointer, .local(place))],
          alignment: UInt32(size), location: location))
      offset += size
    }
  }
}
