/// A type in the tables of one module: two are equal when the types are.
package struct IRTypeID: Hashable, Sendable {
  package var index: UInt32
  package init(index: UInt32) { self.index = index }

  package static let void = IRTypeID(index: 0)
  package static let pointer = IRTypeID(index: 1)
  package static let label = IRTypeID(index: 2)
  package static let metadata = IRTypeID(index: 3)
  package static let token = IRTypeID(index: 4)
  package static let i1 = IRTypeID(index: 5)
  package static let i8 = IRTypeID(index: 6)
  package static let i16 = IRTypeID(index: 7)
  package static let i32 = IRTypeID(index: 8)
  package static let i64 = IRTypeID(index: 9)
  package static let i128 = IRTypeID(index: 10)
  package static let opaque = IRTypeID(index: 11)
}

/// A first-class or function type of LLVM (Language Reference, "Type System").
package enum IRType: Hashable, Sendable {
  case void, label, metadata, token, opaque
  /// `ptr`, or `ptr addrspace(n)`.
  case pointer(addressSpace: UInt32)
  case integer(bits: UInt32)
  /// `half`, `float`, `double`, `fp128` and their kin.
  case floating(IRName)
  /// `%name`: defined by the module, or not at all (opaque).
  case named(IRName)
  case array(count: UInt64, element: IRTypeID)
  case vector(count: UInt64, element: IRTypeID, scalable: Bool)
  case structure([IRTypeID], packed: Bool)
  case function(result: IRTypeID, parameters: [IRTypeID], variadic: Bool)
  /// A type that is kept as it is spelled: `target("…")`, `x86_amx`.
  case other(IRName)
}

/// The types of a module, each kept once, and what its named ones stand for.
package struct IRTypes: Sendable {
  package private(set) var types: [IRType]
  private var indices: [IRType: UInt32] = [:]
  /// The type of a name, by the name's index + 1.
  private var named: [UInt32] = []
  /// What a named type stands for, by the index of the named type.
  private var bodies: [UInt32: IRTypeID] = [:]
  /// The definitions in the text's order.
  package private(set) var definitions: [IRTypeID] = []

  package init() {
    types = [
      .void, .pointer(addressSpace: 0), .label, .metadata, .token, .integer(bits: 1), .integer(bits: 8), .integer(bits: 16),
      .integer(bits: 32), .integer(bits: 64), .integer(bits: 128), .opaque,
    ]
    for (index, type) in types.enumerated() { indices[type] = UInt32(index) }
  }

  package subscript(id: IRTypeID) -> IRType { types[Int(id.index)] }

  package mutating func intern(_ type: IRType) -> IRTypeID {
    switch type {
    case .named(let name): return intern(named: name)
    case .integer(let bits): return integer(bits)
    default: break
    }
    if let index = indices[type] { return IRTypeID(index: index) }
    return add(type)
  }

  private mutating func add(_ type: IRType) -> IRTypeID {
    let index = UInt32(types.count)
    types.append(type)
    indices[type] = index
    return IRTypeID(index: index)
  }

  package mutating func integer(_ bits: UInt32) -> IRTypeID {
    switch bits {
    case 1: return .i1
    case 8: return .i8
    case 16: return .i16
    case 32: return .i32
    case 64: return .i64
    case 128: return .i128
    default:
      if let index = indices[.integer(bits: bits)] { return IRTypeID(index: index) }
      return add(.integer(bits: bits))
    }
  }

  package mutating func intern(named name: IRName) -> IRTypeID {
    let slot = Int(name.index)
    if slot < named.count, named[slot] != 0 { return IRTypeID(index: named[slot] - 1) }
    if slot >= named.count { named += Array(repeating: 0, count: slot + 65 - named.count) }
    let index = UInt32(types.count)
    types.append(.named(name))
    named[slot] = index + 1
    return IRTypeID(index: index)
  }

  /// Says what a named type stands for.
  package mutating func define(_ id: IRTypeID, as body: IRTypeID) {
    if bodies[id.index] == nil { definitions.append(id) }
    bodies[id.index] = body
  }

  /// What a named type stands for; nothing when it is not defined.
  package func body(_ id: IRTypeID) -> IRTypeID? { bodies[id.index] }

  package func name(_ id: IRTypeID) -> IRName? {
    if case .named(let name) = types[Int(id.index)] { return name }
    return nil
  }

  /// The type behind names.
  package func resolved(_ id: IRTypeID) -> IRTypeID {
    var id = id
    while case .named = types[Int(id.index)], let body = bodies[id.index] { id = body }
    return id
  }

  /// The width of an integer type.
  package func bits(_ id: IRTypeID) -> UInt32? {
    if case .integer(let bits) = types[Int(resolved(id).index)] { return bits }
    return nil
  }

  package func isPointer(_ id: IRTypeID) -> Bool {
    if case .pointer = types[Int(resolved(id).index)] { return true }
    return false
  }

  /// The members of a structure type.
  package func members(_ id: IRTypeID) -> [IRTypeID]? {
    if case .structure(let members, _) = types[Int(resolved(id).index)] { return members }
    return nil
  }

  /// Size and alignment in bytes in BPF's data layout (`e-m:e-p:64:64-i64:64-i128:128-n32:64-S128`): the size is what the next array element is away.
  package func layout(_ id: IRTypeID) -> (size: Int, alignment: Int)? {
    switch types[Int(id.index)] {
    case .void, .label, .metadata, .token, .opaque, .function, .other: return nil
    case .pointer: return (8, 8)
    case .integer(let bits):
      if bits > 64 {
        let size = (Int(bits) + 127) / 128 * 16
        return (size, 16)
      }
      let size = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8
      return (size, size)
    case .floating: return nil
    case .named: return bodies[id.index].flatMap { layout($0) }
    case .array(let count, let element):
      guard let layout = layout(element) else { return nil }
      return (layout.size * Int(count), layout.alignment)
    case .vector(let count, let element, let scalable):
      guard !scalable, let layout = layout(element) else { return nil }
      return (layout.size * Int(count), layout.size * Int(count))
    case .structure(let members, let packed):
      var size = 0
      var alignment = 1
      for member in members {
        guard let layout = layout(member) else { return nil }
        if !packed {
          size = (size + layout.alignment - 1) / layout.alignment * layout.alignment
          alignment = max(alignment, layout.alignment)
        }
        size += layout.size
      }
      return ((size + alignment - 1) / alignment * alignment, alignment)
    }
  }

  /// Where a structure's member begins, in bytes.
  package func offset(of member: Int, in id: IRTypeID) -> Int? {
    guard case .structure(let members, let packed) = types[Int(resolved(id).index)], member < members.count else { return nil }
    var size = 0
    for (index, member_) in members.enumerated() {
      guard let layout = layout(member_) else { return nil }
      if !packed { size = (size + layout.alignment - 1) / layout.alignment * layout.alignment }
      if index == member { return size }
      size += layout.size
    }
    return nil
  }
}
