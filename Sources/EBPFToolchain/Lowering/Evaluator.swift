import EBPFTables

/// A value while constants are evaluated.
indirect enum EvaluatedValue: Hashable {
  /// Up to 64 bits; those above the width are zero.
  case integer(UInt64)
  case pointer(EvaluatedPointer)
  case aggregate([EvaluatedValue])
  case undefined
}

/// An address in one of the evaluator's objects, or a function.
struct EvaluatedPointer: Hashable {
  /// The index of the object; -1 for a function.
  var object: Int
  /// The function's symbol.
  var symbol: IRName = .empty
  /// Bytes from the object's start.
  var offset: Int64 = 0
}

/// What keeps an initialiser from being evaluated.
struct EvaluationFailure: Error {
  /// A phrase that completes "because …".
  var reason: String
  var location: Int32
}

/// Runs straight-line and branching IR on known values: what Swift does once, when a global is first used, is done here at compile time.
///
/// Memory is objects of bytes, with the pointers that lie in them beside. Integers up to 64 bits, pointers, and aggregates of those.
struct Evaluator {
  /// A global or a local variable.
  struct Object {
    var bytes: [UInt8]
    /// By offset: the pointers that lie there, eight bytes each.
    var pointers: [Int: EvaluatedPointer] = [:]
    /// The symbol of a global.
    var symbol: IRName = .empty
    var isWritten = false
  }

  /// Taken for the run and given back.
  var module: IRModule
  let functionIndex: (IRName) -> Int?
  let globalIndex: (IRName) -> Int?
  private(set) var objects: [Object] = []
  private var objectOfGlobal: [IRName: Int] = [:]
  private var blockIndices: [Int: [IRName: Int]] = [:]
  private var steps = 0
  private var depth = 0
  /// The tokens of initialisers that ran, and of those that run.
  private(set) var done: Set<IRName> = []
  private var running: Set<IRName> = []

  /// More instructions than this are taken for a loop without end.
  static let stepLimit = 4_000_000

  init(_ module: IRModule, function: @escaping (IRName) -> Int?, global: @escaping (IRName) -> Int?) {
    self.module = module
    functionIndex = function
    globalIndex = global
  }

  // MARK: Initialisers

  /// Runs an initialiser unless it did. On failure the objects are as before.
  mutating func once(token: IRName, function: IRName, at location: Int32) throws(EvaluationFailure) {
    if done.contains(token) { return }
    guard running.insert(token).inserted else {
      throw EvaluationFailure(reason: "its value depends on itself", location: location)
    }
    defer { running.remove(token) }
    _ = try call(function, [.undefined], at: location)
    done.insert(token)
  }

  /// Runs one initialiser as a whole: what it wrote is taken back when it fails.
  mutating func run(token: IRName, function: IRName) throws(EvaluationFailure) {
    let before = (objects, objectOfGlobal, done)
    steps = 0
    do {
      try once(token: token, function: function, at: -1)
    } catch {
      (objects, objectOfGlobal, done) = before
      running = []
      depth = 0
      throw error
    }
  }

  /// The object of a global that was read or written.
  func object(of symbol: IRName) -> Object? { objectOfGlobal[symbol].map { objects[$0] } }

  /// The object of a global, made from its initialiser.
  mutating func load(global symbol: IRName, at location: Int32 = -1) throws(EvaluationFailure) -> Int {
    if let index = objectOfGlobal[symbol] { return index }
    guard let index = globalIndex(symbol), let size = module.types.layout(module.globals[index].type)?.size else {
      throw EvaluationFailure(reason: "it uses '\(module.names[symbol])', which is not known here", location: location)
    }
    let global = module.globals[index]
    guard let initializer = global.initializer else {
      throw EvaluationFailure(reason: "it uses '\(module.names[symbol])', which another object defines", location: location)
    }
    let object = objects.count
    objects.append(Object(bytes: Array(repeating: 0, count: size), symbol: symbol))
    objectOfGlobal[symbol] = object
    try store(try constant(initializer, of: global.type, at: location), global.type, object, 0, at: location)
    objects[object].isWritten = false
    return object
  }

  // MARK: Values

  private func mask(_ value: UInt64, _ type: IRTypeID) -> UInt64 {
    guard let bits = module.types.bits(type), bits < 64 else { return value }
    return value & (1 << UInt64(bits) - 1)
  }

  private func signed(_ value: UInt64, _ type: IRTypeID) -> Int64 {
    guard let bits = module.types.bits(type), bits < 64 else { return Int64(bitPattern: value) }
    let shift = 64 - Int64(bits)
    return Int64(bitPattern: value << UInt64(shift)) >> shift
  }

  private func zero(_ type: IRTypeID) -> EvaluatedValue {
    switch module.types[module.types.resolved(type)] {
    case .structure(let members, _): .aggregate(members.map { zero($0) })
    case .array(let count, let element): .aggregate(Array(repeating: zero(element), count: Int(count)))
    default: .integer(0)
    }
  }

  mutating func constant(_ value: IRValue, of type: IRTypeID, at location: Int32) throws(EvaluationFailure) -> EvaluatedValue {
    switch value {
    case .integer(let number): return .integer(mask(UInt64(bitPattern: number), type))
    case .null: return .integer(0)
    case .zero: return zero(type)
    case .undefined, .poison, .none: return .undefined
    case .global(let symbol):
      if functionIndex(symbol) != nil { return .pointer(EvaluatedPointer(object: -1, symbol: symbol)) }
      return .pointer(EvaluatedPointer(object: try load(global: symbol, at: location)))
    case .literal(let literal):
      if case .array(let count, _) = module.types[module.types.resolved(type)] {
        let bytes = characters(literal)
        guard bytes.count == Int(count) else { break }
        return .aggregate(bytes.map { .integer(UInt64($0)) })
      }
      if let bits = module.types.bits(type), bits == 64, let number = UInt64(module.names[literal]) { return .integer(number) }
    case .constant(let index): return try compound(module.constants[Int(index)], type, at: location)
    case .local, .metadata: break
    }
    throw EvaluationFailure(reason: "it needs a number that is no integer of up to 64 bits", location: location)
  }

  /// The bytes of `c"…"`.
  private func characters(_ literal: IRName) -> [UInt8] { IRText.unescaped(module, literal) }

  private mutating func compound(_ constant: IRConstant, _ type: IRTypeID, at location: Int32) throws(EvaluationFailure) -> EvaluatedValue {
    switch constant.kind {
    case .structure, .packedStructure, .array:
      var values: [EvaluatedValue] = []
      for operand in constant.operands { values.append(try self.constant(operand.value, of: operand.type, at: location)) }
      return .aggregate(values)
    case .getelementptr:
      var values: [EvaluatedValue] = []
      for operand in constant.operands { values.append(try self.constant(operand.value, of: operand.type, at: location)) }
      return try address(values, constant.operands, constant.type, at: location)
    case .cast:
      let value = try self.constant(constant.operands[0].value, of: constant.operands[0].type, at: location)
      return try cast(opcode(constant.opcode), value, from: constant.operands[0].type, to: type, at: location)
    case .operation:
      guard constant.operands.count == 2, let opcode = opcode(constant.opcode) else { break }
      let first = try self.constant(constant.operands[0].value, of: type, at: location)
      let second = try self.constant(constant.operands[1].value, of: type, at: location)
      return try arithmetic(opcode, first, second, type, at: location)
    default: break
    }
    throw EvaluationFailure(reason: "it needs the constant '\(module.names[constant.opcode])'", location: location)
  }

  private func opcode(_ name: IRName) -> IROpcode? { name.index < 256 ? IROpcode(rawValue: UInt8(name.index)) : nil }

  // MARK: Memory

  private func check(_ object: Int, _ offset: Int64, _ size: Int, at location: Int32) throws(EvaluationFailure) -> Int {
    guard object >= 0, offset >= 0, offset + Int64(size) <= objects[object].bytes.count else {
      throw EvaluationFailure(reason: "it reaches past the end of a variable", location: location)
    }
    return Int(offset)
  }

  mutating func store(
    _ value: EvaluatedValue, _ type: IRTypeID, _ object: Int, _ offset: Int64, at location: Int32
  ) throws(EvaluationFailure) {
    guard let size = module.types.layout(type)?.size else {
      throw EvaluationFailure(reason: "it stores a value that has no size", location: location)
    }
    let start = try check(object, offset, size, at: location)
    objects[object].isWritten = true
    switch value {
    case .aggregate(let values):
      for (index, value) in values.enumerated() {
        let (member, memberOffset) = try member(type, index, at: location)
        try store(value, member, object, offset + Int64(memberOffset), at: location)
      }
    case .integer(var number):
      clearPointers(object, start, size)
      for index in 0..<size {
        objects[object].bytes[start + index] = index < 8 ? UInt8(truncatingIfNeeded: number) : 0
        number >>= 8
      }
    case .pointer(let pointer):
      guard size == 8 else { throw EvaluationFailure(reason: "it stores a part of an address", location: location) }
      clearPointers(object, start, size)
      objects[object].pointers[start] = pointer
    case .undefined: clearPointers(object, start, size)
    }
  }

  private mutating func clearPointers(_ object: Int, _ start: Int, _ size: Int) {
    if objects[object].pointers.isEmpty { return }
    for offset in max(0, start - 7)..<start + size { objects[object].pointers[offset] = nil }
  }

  private func member(_ type: IRTypeID, _ index: Int, at location: Int32) throws(EvaluationFailure) -> (IRTypeID, Int) {
    switch module.types[module.types.resolved(type)] {
    case .structure(let members, _):
      if index < members.count, let offset = module.types.offset(of: index, in: type) { return (members[index], offset) }
    case .array(_, let element):
      if let size = module.types.layout(element)?.size { return (element, size * index) }
    default: break
    }
    throw EvaluationFailure(reason: "it uses a type that has no such member", location: location)
  }

  private func load(_ type: IRTypeID, _ object: Int, _ offset: Int64, at location: Int32) throws(EvaluationFailure) -> EvaluatedValue {
    guard let size = module.types.layout(type)?.size else {
      throw EvaluationFailure(reason: "it loads a value that has no size", location: location)
    }
    let start = try check(object, offset, size, at: location)
    switch module.types[module.types.resolved(type)] {
    case .structure(let members, _):
      var values: [EvaluatedValue] = []
      for index in members.indices {
        let (member, memberOffset) = try member(type, index, at: location)
        values.append(try load(member, object, offset + Int64(memberOffset), at: location))
      }
      return .aggregate(values)
    case .array(let count, _):
      var values: [EvaluatedValue] = []
      for index in 0..<Int(count) {
        let (member, memberOffset) = try member(type, index, at: location)
        values.append(try load(member, object, offset + Int64(memberOffset), at: location))
      }
      return .aggregate(values)
    case .integer, .pointer:
      if size == 8, let pointer = objects[object].pointers[start] { return .pointer(pointer) }
      guard size <= 8 else { break }
      var number: UInt64 = 0
      for index in (0..<size).reversed() { number = number << 8 | UInt64(objects[object].bytes[start + index]) }
      return .integer(mask(number, type))
    default: break
    }
    throw EvaluationFailure(reason: "it needs a number that is no integer of up to 64 bits", location: location)
  }

  private func pointer(_ value: EvaluatedValue, at location: Int32) throws(EvaluationFailure) -> EvaluatedPointer {
    if case .pointer(let pointer) = value, pointer.object >= 0 { return pointer }
    throw EvaluationFailure(reason: "it uses an address that is not known at compile time", location: location)
  }

  private func address(
    _ values: [EvaluatedValue], _ operands: [IROperand], _ source: IRTypeID, at location: Int32
  ) throws(EvaluationFailure) -> EvaluatedValue {
    var offset: Int64 = 0
    var type = source
    for index in 1..<values.count {
      guard case .integer(let number) = values[index] else {
        throw EvaluationFailure(reason: "it uses an address that is not known at compile time", location: location)
      }
      let step = signed(number, operands[index].type)
      if index == 1 {
        guard let size = module.types.layout(type)?.size else { throw EvaluationFailure(reason: "a type has no size", location: location) }
        offset &+= step &* Int64(size)
      } else if case .array(_, let element) = module.types[module.types.resolved(type)] {
        guard let size = module.types.layout(element)?.size else {
          throw EvaluationFailure(reason: "a type has no size", location: location)
        }
        offset &+= step &* Int64(size)
        type = element
      } else {
        let (member, memberOffset) = try member(type, Int(step), at: location)
        offset &+= Int64(memberOffset)
        type = member
      }
    }
    switch values[0] {
    case .pointer(var pointer):
      pointer.offset &+= offset
      return .pointer(pointer)
    case .integer(let base): return .integer(base &+ UInt64(bitPattern: offset))
    default: return .undefined
    }
  }

  // MARK: Operations

  private func cast(
    _ opcode: IROpcode?, _ value: EvaluatedValue, from: IRTypeID, to: IRTypeID, at location: Int32
  ) throws(EvaluationFailure) -> EvaluatedValue {
    switch (opcode, value) {
    case (_, .undefined): return .undefined
    case (.ptrtoint, .pointer), (.inttoptr, .pointer), (.bitcast, _): return value
    case (.trunc, .integer(let number)), (.zext, .integer(let number)), (.ptrtoint, .integer(let number)),
      (.inttoptr, .integer(let number)):
      guard (module.types.bits(to) ?? 64) <= 64, (module.types.bits(from) ?? 64) <= 64 else { break }
      return .integer(mask(number, to))
    case (.sext, .integer(let number)):
      guard (module.types.bits(to) ?? 64) <= 64 else { break }
      return .integer(mask(UInt64(bitPattern: signed(number, from)), to))
    default: break
    }
    throw EvaluationFailure(reason: "it needs a number that is no integer of up to 64 bits", location: location)
  }

  private func arithmetic(
    _ opcode: IROpcode, _ first: EvaluatedValue, _ second: EvaluatedValue, _ type: IRTypeID, at location: Int32
  ) throws(EvaluationFailure) -> EvaluatedValue {
    if case .undefined = first { return .undefined }
    if case .undefined = second { return .undefined }
    if case .pointer(var pointer) = first, case .integer(let number) = second, opcode == .add || opcode == .sub {
      pointer.offset = opcode == .add ? pointer.offset &+ Int64(bitPattern: number) : pointer.offset &- Int64(bitPattern: number)
      return .pointer(pointer)
    }
    if case .pointer(let one) = first, case .pointer(let other) = second, opcode == .sub, one.object == other.object {
      return .integer(UInt64(bitPattern: one.offset &- other.offset))
    }
    guard case .integer(let a) = first, case .integer(let b) = second, let bits = module.types.bits(type), bits <= 64 else {
      throw EvaluationFailure(reason: "it computes with addresses or with numbers wider than 64 bits", location: location)
    }
    let x = signed(a, type)
    let y = signed(b, type)
    let result: UInt64
    switch opcode {
    case .add: result = a &+ b
    case .sub: result = a &- b
    case .mul: result = a &* b
    case .and: result = a & b
    case .or: result = a | b
    case .xor: result = a ^ b
    case .shl: result = b < UInt64(bits) ? a << b : 0
    case .lshr: result = b < UInt64(bits) ? a >> b : 0
    case .ashr: result = UInt64(bitPattern: x >> Int64(min(b, UInt64(bits) - 1)))
    case .udiv where b != 0: result = a / b
    case .urem where b != 0: result = a % b
    case .sdiv where y != 0: result = UInt64(bitPattern: x.dividedReportingOverflow(by: y).partialValue)
    case .srem where y != 0: result = UInt64(bitPattern: x.remainderReportingOverflow(dividingBy: y).partialValue)
    default: throw EvaluationFailure(reason: "it needs the operation '\(opcode)'", location: location)
    }
    return .integer(mask(result, type))
  }

  private func compare(
    _ predicate: IRName, _ first: EvaluatedValue, _ second: EvaluatedValue, _ type: IRTypeID, at location: Int32
  ) throws(EvaluationFailure) -> EvaluatedValue {
    switch (first, second) {
    case (.integer(let a), .integer(let b)):
      let x = signed(a, type)
      let y = signed(b, type)
      let result: Bool
      switch predicate {
      case .eq: result = a == b
      case .ne: result = a != b
      case .ugt: result = a > b
      case .uge: result = a >= b
      case .ult: result = a < b
      case .ule: result = a <= b
      case .sgt: result = x > y
      case .sge: result = x >= y
      case .slt: result = x < y
      default: result = x <= y
      }
      return .integer(result ? 1 : 0)
    case (.pointer(let a), .pointer(let b)) where a.object == b.object && a.symbol == b.symbol:
      return try compare(
        predicate, .integer(UInt64(bitPattern: a.offset)), .integer(UInt64(bitPattern: b.offset)), .i64, at: location)
    case (.pointer, .integer(0)), (.integer(0), .pointer), (.pointer, .pointer):
      // An object's address is not null, and not that of another.
      if predicate == .eq { return .integer(0) }
      if predicate == .ne { return .integer(1) }
    case (.undefined, _), (_, .undefined): return .undefined
    default: break
    }
    throw EvaluationFailure(reason: "it compares addresses", location: location)
  }

  // MARK: Functions

  private mutating func call(
    _ symbol: IRName, _ arguments: [EvaluatedValue], at location: Int32
  ) throws(EvaluationFailure) -> EvaluatedValue {
    guard let index = functionIndex(symbol), module.functions[index].isDefinition, !module.functions[index].blocks.isEmpty else {
      throw EvaluationFailure(reason: "it calls '\(module.names[symbol])', which has no body here", location: location)
    }
    if module.names.hasPrefix(symbol, "swift_") {
      throw EvaluationFailure(reason: Self.runtimeReason(module.names[symbol]), location: location)
    }
    depth += 1
    defer { depth -= 1 }
    guard depth < 200 else { throw EvaluationFailure(reason: "it calls itself too often", location: location) }
    let function = module.functions[index]
    if blockIndices[index] == nil {
      var indices: [IRName: Int] = [:]
      for (index, block) in function.blocks.enumerated() { indices[block.label] = index }
      blockIndices[index] = indices
    }
    let blocks = blockIndices[index]!
    var locals: [IRName: EvaluatedValue] = [:]
    for (parameter, argument) in zip(function.parameters, arguments) { locals[parameter.name] = argument }
    var block = 0
    var previous = IRName.empty
    while true {
      let current = function.blocks[block]
      // Phis read what was before the block.
      var phis: [(IRName, EvaluatedValue)] = []
      var position = 0
      while position < current.instructions.count, current.instructions[position].opcode == .phi {
        let phi = current.instructions[position]
        for index in stride(from: 0, to: phi.operands.count - 1, by: 2) where phi.operands[index + 1].value.local == previous {
          phis.append((phi.result, try value(phi.operands[index], locals, at: phi.location)))
          break
        }
        position += 1
      }
      for (name, value) in phis { locals[name] = value }
      var next: IRName?
      while position < current.instructions.count {
        let instruction = current.instructions[position]
        steps += 1
        guard steps < Self.stepLimit else {
          throw EvaluationFailure(reason: "it takes more than \(Self.stepLimit) steps", location: instruction.location)
        }
        switch instruction.opcode {
        case .ret:
          return instruction.operands.isEmpty ? .undefined : try value(instruction.operands[0], locals, at: instruction.location)
        case .br:
          if instruction.operands.count == 1 {
            next = instruction.operands[0].value.local
          } else {
            let condition = try integer(instruction.operands[0], locals, at: instruction.location)
            next = instruction.operands[condition & 1 != 0 ? 1 : 2].value.local
          }
        case .switch:
          let subject = try integer(instruction.operands[0], locals, at: instruction.location)
          next = instruction.operands[1].value.local
          for index in stride(from: 2, to: instruction.operands.count - 1, by: 2) {
            if try integer(instruction.operands[index], locals, at: instruction.location) == subject {
              next = instruction.operands[index + 1].value.local
              break
            }
          }
        case .unreachable:
          throw EvaluationFailure(
            reason: "a check in its initializer fails (an overflow, an index, a precondition)", location: instruction.location)
        default:
          let result = try execute(instruction, locals)
          if !instruction.result.isEmpty { locals[instruction.result] = result }
        }
        if next != nil { break }
        position += 1
      }
      guard let next, let target = blocks[next] else {
        throw EvaluationFailure(reason: "its code has a form that is not known", location: -1)
      }
      previous = current.label
      block = target
    }
  }

  private mutating func value(
    _ operand: IROperand, _ locals: [IRName: EvaluatedValue], at location: Int32
  ) throws(EvaluationFailure) -> EvaluatedValue {
    if case .local(let name) = operand.value { return locals[name] ?? .undefined }
    return try constant(operand.value, of: operand.type, at: location)
  }

  private mutating func integer(
    _ operand: IROperand, _ locals: [IRName: EvaluatedValue], at location: Int32
  ) throws(EvaluationFailure) -> UInt64 {
    if case .integer(let number) = try value(operand, locals, at: location) { return number }
    throw EvaluationFailure(reason: "it branches on an address", location: location)
  }

  private mutating func execute(
    _ instruction: IRInstruction, _ locals: [IRName: EvaluatedValue]
  ) throws(EvaluationFailure) -> EvaluatedValue {
    let location = instruction.location
    if instruction.opcode == .call { return try call(instruction, locals) }
    var values: [EvaluatedValue] = []
    for operand in instruction.operands { values.append(try value(operand, locals, at: location)) }
    switch instruction.opcode {
    case .alloca:
      var count = 1
      if case .integer(let number)? = values.first { count = Int(number) }
      guard let size = module.types.layout(instruction.type)?.size else { break }
      objects.append(Object(bytes: Array(repeating: 0, count: size * count)))
      return .pointer(EvaluatedPointer(object: objects.count - 1))
    case .load:
      let pointer = try pointer(values[0], at: location)
      return try load(instruction.type, pointer.object, pointer.offset, at: location)
    case .store:
      let pointer = try pointer(values[1], at: location)
      try store(values[0], instruction.operands[0].type, pointer.object, pointer.offset, at: location)
      return .undefined
    case .getelementptr: return try address(values, instruction.operands, instruction.type, at: location)
    case .icmp:
      return try compare(module.lists[instruction.modifiers].last ?? .eq, values[0], values[1], instruction.type, at: location)
    case .trunc, .zext, .sext, .ptrtoint, .inttoptr, .bitcast:
      return try cast(instruction.opcode, values[0], from: instruction.operands[0].type, to: instruction.type, at: location)
    case .select:
      guard case .integer(let condition) = values[0] else { break }
      return condition & 1 != 0 ? values[1] : values[2]
    case .freeze: return values[0]
    case .extractvalue:
      var value = values[0]
      for index in values.dropFirst() {
        guard case .integer(let number) = index else { break }
        if case .aggregate(let members) = value, Int(number) < members.count { value = members[Int(number)] } else { value = .undefined }
      }
      return value
    case .insertvalue:
      let indices = values.dropFirst(2).compactMap { value -> Int? in
        if case .integer(let number) = value { return Int(number) }
        return nil
      }
      return insert(values[1], into: values[0], indices[...], instruction.operands[0].type)
    default:
      if values.count == 2 { return try arithmetic(instruction.opcode, values[0], values[1], instruction.type, at: location) }
    }
    throw EvaluationFailure(reason: "it needs the instruction '\(instruction.opcode)'", location: location)
  }

  private func insert(
    _ value: EvaluatedValue, into aggregate: EvaluatedValue, _ indices: ArraySlice<Int>, _ type: IRTypeID
  ) -> EvaluatedValue {
    guard let index = indices.first else { return value }
    var members: [EvaluatedValue]
    if case .aggregate(let known) = aggregate {
      members = known
    } else if case .aggregate(let zero) = zero(type) {
      members = zero
    } else {
      return .undefined
    }
    guard index < members.count, let (member, _) = try? member(type, index, at: -1) else { return .undefined }
    members[index] = insert(value, into: members[index], indices.dropFirst(), member)
    return .aggregate(members)
  }

  private mutating func call(
    _ instruction: IRInstruction, _ locals: [IRName: EvaluatedValue]
  ) throws(EvaluationFailure) -> EvaluatedValue {
    let location = instruction.location
    switch instruction.callee {
    case .global(let symbol):
      if module.names.hasPrefix(symbol, "llvm.") { return try intrinsic(module.names[symbol], instruction, locals) }
      if module.names[symbol] == "swift_once", let token = instruction.operands.first?.value.global, instruction.operands.count > 1,
        let function = instruction.operands[1].value.global
      {
        try once(token: token, function: function, at: location)
        return .undefined
      }
      var arguments: [EvaluatedValue] = []
      for operand in instruction.operands { arguments.append(try value(operand, locals, at: location)) }
      return try call(symbol, arguments, at: location)
    case .constant(let index) where module.constants[Int(index)].kind == .assembly:
      // An empty assembly hides a value from the optimiser; the value is what goes in.
      guard let operand = instruction.operands.first else { return .undefined }
      return try value(operand, locals, at: location)
    case .constant(let index) where module.constants[Int(index)].kind == .cast:
      if case .integer(let number)? = module.constants[Int(index)].operands.first?.value {
        throw EvaluationFailure(reason: "it calls the helper \(Self.helperName(UInt64(bitPattern: number)))", location: location)
      }
    case .local(let name):
      if case .pointer(let pointer)? = locals[name], pointer.object < 0 {
        var arguments: [EvaluatedValue] = []
        for operand in instruction.operands { arguments.append(try value(operand, locals, at: location)) }
        return try call(pointer.symbol, arguments, at: location)
      }
      if case .integer(let number)? = locals[name] {
        throw EvaluationFailure(reason: "it calls the helper \(Self.helperName(number))", location: location)
      }
    default: break
    }
    throw EvaluationFailure(reason: "it calls something that is not known at compile time", location: location)
  }

  private static func helperName(_ number: UInt64) -> String {
    UInt32(exactly: number).flatMap { HelperID(rawValue: $0).name } ?? "number \(number)"
  }

  private mutating func intrinsic(
    _ name: String, _ instruction: IRInstruction, _ locals: [IRName: EvaluatedValue]
  ) throws(EvaluationFailure) -> EvaluatedValue {
    let location = instruction.location
    var values: [EvaluatedValue] = []
    for operand in instruction.operands {
      if case .metadata = operand.value { continue }
      values.append(try value(operand, locals, at: location))
    }
    let type = instruction.operands.first?.type ?? .void
    if name.hasPrefix("llvm.lifetime") || name.hasPrefix("llvm.assume") || name.hasPrefix("llvm.dbg") { return .undefined }
    if name.hasPrefix("llvm.experimental.noalias") { return .undefined }
    if name.hasPrefix("llvm.expect"), let first = values.first { return first }
    if name.hasPrefix("llvm.memcpy") || name.hasPrefix("llvm.memmove"), case .integer(let count) = values[2] {
      if count == 0 { return .undefined }
      let to = try pointer(values[0], at: location)
      let from = try pointer(values[1], at: location)
      let target = try check(to.object, to.offset, Int(count), at: location)
      let source = try check(from.object, from.offset, Int(count), at: location)
      let bytes = Array(objects[from.object].bytes[source..<source + Int(count)])
      let pointers = objects[from.object].pointers.filter { $0.key >= source && $0.key + 8 <= source + Int(count) }
      clearPointers(to.object, target, Int(count))
      objects[to.object].bytes.replaceSubrange(target..<target + Int(count), with: bytes)
      for (offset, pointer) in pointers { objects[to.object].pointers[offset - source + target] = pointer }
      objects[to.object].isWritten = true
      return .undefined
    }
    if name.hasPrefix("llvm.memset"), case .integer(let byte) = values[1], case .integer(let count) = values[2] {
      if count == 0 { return .undefined }
      let to = try pointer(values[0], at: location)
      let target = try check(to.object, to.offset, Int(count), at: location)
      clearPointers(to.object, target, Int(count))
      for index in target..<target + Int(count) { objects[to.object].bytes[index] = UInt8(truncatingIfNeeded: byte) }
      objects[to.object].isWritten = true
      return .undefined
    }
    if name.hasPrefix("llvm.trap") || name.hasPrefix("llvm.ubsantrap") {
      throw EvaluationFailure(reason: "a check in its initializer fails (an overflow, an index, a precondition)", location: location)
    }
    guard case .integer(let a)? = values.first, let bits = module.types.bits(type), bits <= 64 else {
      throw EvaluationFailure(reason: "it needs '\(name)'", location: location)
    }
    if name.contains(".with.overflow"), case .integer(let b) = values[1] { return overflow(name, a, b, type, bits) }
    if name.hasPrefix("llvm.bswap") { return .integer(a.byteSwapped >> (64 - UInt64(bits))) }
    if name.hasPrefix("llvm.ctpop") { return .integer(UInt64(a.nonzeroBitCount)) }
    if name.hasPrefix("llvm.ctlz") { return .integer(UInt64(a.leadingZeroBitCount) - (64 - UInt64(bits))) }
    if name.hasPrefix("llvm.cttz") { return .integer(min(UInt64(a.trailingZeroBitCount), UInt64(bits))) }
    if name.hasPrefix("llvm.abs") { return .integer(mask(signed(a, type).magnitude, type)) }
    if values.count > 1, case .integer(let b) = values[1] {
      if name.hasPrefix("llvm.umax") { return .integer(max(a, b)) }
      if name.hasPrefix("llvm.umin") { return .integer(min(a, b)) }
      if name.hasPrefix("llvm.smax") { return .integer(signed(a, type) > signed(b, type) ? a : b) }
      if name.hasPrefix("llvm.smin") { return .integer(signed(a, type) < signed(b, type) ? a : b) }
      if values.count > 2, case .integer(let amount) = values[2], name.hasPrefix("llvm.fsh") {
        let shift = amount % UInt64(bits)
        let left = name.hasPrefix("llvm.fshl") ? shift : UInt64(bits) - shift
        if left == 0 || left == UInt64(bits) { return .integer(name.hasPrefix("llvm.fshl") ? a : b) }
        return .integer(mask(a << left | b >> (UInt64(bits) - left), type))
      }
    }
    throw EvaluationFailure(reason: "it needs '\(name)'", location: location)
  }

  /// Why a call of Swift's run-time library cannot be made now.
  private static func runtimeReason(_ symbol: String) -> String {
    switch symbol {
    case "swift_allocObject", "swift_initStackObject": "it makes an instance of a class, or a closure that captures values"
    case "swift_allocBox", "swift_slowAlloc": "it takes memory from a heap"
    default: "it needs memory or types at run time"
    }
  }

  private func overflow(_ name: String, _ a: UInt64, _ b: UInt64, _ type: IRTypeID, _ bits: UInt32) -> EvaluatedValue {
    let isSigned = name.hasPrefix("llvm.s")
    let operation = name.dropFirst(6).prefix(3)
    if isSigned {
      let x = signed(a, type)
      let y = signed(b, type)
      let (value, over) =
        operation == "add"
        ? x.addingReportingOverflow(y) : operation == "sub" ? x.subtractingReportingOverflow(y) : x.multipliedReportingOverflow(by: y)
      let masked = mask(UInt64(bitPattern: value), type)
      return .aggregate([.integer(masked), .integer(over || signed(masked, type) != value ? 1 : 0)])
    }
    let (value, over) =
      operation == "add"
      ? a.addingReportingOverflow(b) : operation == "sub" ? a.subtractingReportingOverflow(b) : a.multipliedReportingOverflow(by: b)
    let masked = mask(value, type)
    return .aggregate([.integer(masked), .integer(over || masked != value ? 1 : 0)])
  }
}
