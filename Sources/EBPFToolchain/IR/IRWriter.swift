/// Writes a module as LLVM's textual IR.
package struct IRWriter {
  let module: IRModule
  var text: [UInt8] = []

  private init(_ module: IRModule) {
    self.module = module
    text.reserveCapacity(1 << 17)
  }

  /// The text of a module.
  package static func write(_ module: IRModule) -> [UInt8] {
    var writer = IRWriter(module)
    writer.writeModule()
    return writer.text
  }

  // MARK: Pieces

  @inline(__always)
  mutating func put(_ word: StaticString) {
    text.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  @inline(__always)
  mutating func put(_ name: IRName) {
    module.names.withBytes(name) { text.append(contentsOf: $0) }
  }

  mutating func put<Number: BinaryInteger>(_ number: Number) {
    if number < 0 { text.append(0x2d) }
    var magnitude = UInt64(number.magnitude)
    if magnitude < 10 {
      text.append(0x30 + UInt8(magnitude))
      return
    }
    var divisor: UInt64 = 1
    while magnitude / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      text.append(0x30 + UInt8(magnitude / divisor))
      magnitude %= divisor
      divisor /= 10
    }
  }

  mutating func put(sigil: UInt8, _ name: IRName) {
    text.append(sigil)
    identifier(name)
  }

  /// A name as it must be spelled: in quotes unless it is plain.
  mutating func identifier(_ name: IRName) {
    let isPlain = module.names.withBytes(name) { bytes in
      guard let first = bytes.first else { return false }
      if first == 0x22 { return true }
      let isNumber = first >= 0x30 && first <= 0x39
      for byte in bytes {
        switch byte {
        case 0x30...0x39: continue
        case 0x61...0x7a, 0x41...0x5a, 0x5f, 0x2e, 0x2d: if isNumber { return false }
        default: return false
        }
      }
      return true
    }
    if isPlain {
      put(name)
    } else {
      text.append(0x22)
      put(name)
      text.append(0x22)
    }
  }

  mutating func put(words: IRList) {
    if words.isEmpty { return }
    for word in module.lists[words] {
      put(word)
      text.append(0x20)
    }
  }

  mutating func put(_ tokens: [IRToken]) {
    var previous: IRToken?
    for token in tokens {
      if let previous, needsSpace(previous, token) { text.append(0x20) }
      switch token {
      case .word(let name): put(name)
      case .local(let name): put(sigil: 0x25, name)
      case .global(let name): put(sigil: 0x40, name)
      case .node(let number):
        text.append(0x21)
        put(number)
      }
      previous = token
    }
  }

  private func needsSpace(_ first: IRToken, _ second: IRToken) -> Bool {
    if case .word(let name) = second {
      let byte = module.names.withBytes(name) { $0.first }
      if byte == 0x2c || byte == 0x29 || byte == 0x28 || byte == 0x3a || byte == 0x5d { return false }
    }
    if case .word(let name) = first {
      let byte = module.names.withBytes(name) { $0.count == 1 ? $0.first : nil }
      if byte == 0x28 || byte == 0x5b || byte == 0x21 { return false }
    }
    return true
  }

  // MARK: Types and values

  mutating func put(_ type: IRTypeID) {
    switch module.types[type] {
    case .void: put("void")
    case .label: put("label")
    case .metadata: put("metadata")
    case .token: put("token")
    case .opaque: put("opaque")
    case .pointer(let space):
      put("ptr")
      if space != 0 {
        put(" addrspace(")
        put(space)
        put(")")
      }
    case .integer(let bits):
      put("i")
      put(bits)
    case .floating(let name), .other(let name): put(name)
    case .named(let name): put(sigil: 0x25, name)
    case .array(let count, let element):
      put("[")
      put(count)
      put(" x ")
      put(element)
      put("]")
    case .vector(let count, let element, let scalable):
      put(scalable ? "<vscale x " : "<")
      put(count)
      put(" x ")
      put(element)
      put(">")
    case .structure(let members, let packed):
      if members.isEmpty {
        put(packed ? "<{}>" : "{}")
        return
      }
      put(packed ? "<{ " : "{ ")
      put(types: members)
      put(packed ? " }>" : " }")
    case .function(let result, let parameters, let variadic):
      put(result)
      put(" (")
      put(types: parameters)
      if variadic { put(parameters.isEmpty ? "..." : ", ...") }
      put(")")
    }
  }

  private mutating func put(types: [IRTypeID]) {
    for (index, type) in types.enumerated() {
      if index > 0 { put(", ") }
      put(type)
    }
  }

  mutating func put(_ operand: IROperand) {
    put(operand.type)
    text.append(0x20)
    put(words: operand.attributes)
    put(operand.value, of: operand.type)
  }

  mutating func put(_ operands: [IROperand]) {
    for (index, operand) in operands.enumerated() {
      if index > 0 { put(", ") }
      put(operand)
    }
  }

  mutating func put(_ value: IRValue, of type: IRTypeID) {
    switch value {
    case .local(let name): put(sigil: 0x25, name)
    case .global(let name): put(sigil: 0x40, name)
    case .integer(let number):
      if type == .i1 {
        put(number & 1 != 0 ? "true" : "false")
      } else {
        put(number)
      }
    case .literal(let name): put(name)
    case .null: put("null")
    case .undefined: put("undef")
    case .poison: put("poison")
    case .zero: put("zeroinitializer")
    case .none: put("none")
    case .constant(let index): put(module.constants[Int(index)])
    case .metadata(let index): put(module.metadataOperands[Int(index)], inTuple: true)
    }
  }

  private mutating func put(_ constant: IRConstant) {
    switch constant.kind {
    case .structure: put(constant.operands, "{ ", " }", empty: "{}")
    case .packedStructure: put(constant.operands, "<{ ", " }>", empty: "<{}>")
    case .array: put(constant.operands, "[", "]", empty: "[]")
    case .vector: put(constant.operands, "<", ">", empty: "<>")
    case .getelementptr:
      put("getelementptr ")
      put(words: constant.words)
      put("(")
      put(constant.type)
      put(", ")
      put(constant.operands)
      put(")")
    case .cast, .operation:
      put(constant.opcode)
      put(" ")
      put(words: constant.words)
      put("(")
      put(constant.operands)
      if constant.kind == .cast {
        put(" to ")
        put(constant.type)
      }
      put(")")
    case .prefixed:
      put(constant.opcode)
      put(" ")
      put(constant.operands[0].value, of: .pointer)
    case .assembly:
      put("asm ")
      let words = module.lists[constant.words]
      for (index, word) in words.enumerated() {
        if index > 0 { put(index == words.count - 1 ? ", " : " ") }
        put(word)
      }
    case .blockAddress:
      put("blockaddress(")
      put(constant.operands[0].value, of: .pointer)
      put(", ")
      put(constant.operands[1].value, of: .label)
      put(")")
    }
  }

  private mutating func put(_ operands: [IROperand], _ open: StaticString, _ close: StaticString, empty: StaticString) {
    if operands.isEmpty {
      put(empty)
      return
    }
    put(open)
    put(operands)
    put(close)
  }
}
