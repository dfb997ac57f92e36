/// What a field of a metadata node holds.
package enum IRMetadataValue: Hashable, Sendable {
  case null
  /// `!7`.
  case node(UInt32)
  /// A node written in place, such as `!DIExpression()`: its index in the module's table.
  case inline(UInt32)
  /// `!"…"` in tuples, `"…"` in specialised nodes: the bytes between the quotes.
  case string(IRName)
  case integer(Int64)
  /// A word, a list of flags (`A | B`) or a number that does not fit.
  case word(IRName)
  /// A constant with its type, such as `i32 7`.
  case value(IRTypeID, IRValue)
}

/// A named value in a node; tuples and expressions have no names.
package struct IRMetadataField: Hashable, Sendable {
  package var name: IRName
  package var value: IRMetadataValue

  package init(_ name: IRName, _ value: IRMetadataValue) {
    self.name = name
    self.value = value
  }
}

/// One node: a tuple, or a specialised one with named fields.
package struct IRNode: Hashable, Sendable {
  /// The name of a specialised node (`DILocation`); empty for a tuple.
  package var kind: IRName
  package var isDistinct: Bool
  package var isDefined = true
  fileprivate var first: UInt32
  fileprivate var count: UInt32
}

/// The metadata of a module. The fields of all nodes stand in one array; a node that grows gets a new place in it.
package struct IRMetadata: Sendable {
  private var fields: [IRMetadataField] = []
  /// By number. Gaps are nodes that are not defined.
  package private(set) var nodes: [IRNode] = []
  /// Nodes that are written where they are used.
  package private(set) var inline: [IRNode] = []
  private static let undefined = IRNode(kind: .empty, isDistinct: false, isDefined: false, first: 0, count: 0)

  package init() { fields.reserveCapacity(4096) }

  private mutating func node(_ kind: IRName, _ fields: [IRMetadataField], distinct: Bool) -> IRNode {
    let first = UInt32(self.fields.count)
    self.fields.append(contentsOf: fields)
    return IRNode(kind: kind, isDistinct: distinct, first: first, count: UInt32(fields.count))
  }

  /// Defines the node of a number.
  package mutating func define(_ number: UInt32, kind: IRName, fields: [IRMetadataField], distinct: Bool) {
    while nodes.count <= Int(number) { nodes.append(Self.undefined) }
    nodes[Int(number)] = node(kind, fields, distinct: distinct)
  }

  /// A new node; its number.
  package mutating func add(_ kind: IRName, _ fields: [IRMetadataField], distinct: Bool = false) -> UInt32 {
    nodes.append(node(kind, fields, distinct: distinct))
    return UInt32(nodes.count - 1)
  }

  package mutating func addTuple(_ values: [IRMetadataValue]) -> UInt32 {
    add(.empty, values.map { IRMetadataField(.empty, $0) })
  }

  package mutating func addInline(_ kind: IRName, _ fields: [IRMetadataField], distinct: Bool = false) -> UInt32 {
    inline.append(node(kind, fields, distinct: distinct))
    return UInt32(inline.count - 1)
  }

  package func exists(_ number: UInt32) -> Bool { Int(number) < nodes.count && nodes[Int(number)].isDefined }
  package func kind(_ number: UInt32) -> IRName { exists(number) ? nodes[Int(number)].kind : .empty }

  package func fields(_ node: IRNode) -> ArraySlice<IRMetadataField> { fields[Int(node.first)..<Int(node.first + node.count)] }
  package func fields(_ number: UInt32) -> ArraySlice<IRMetadataField> { exists(number) ? fields(nodes[Int(number)]) : [] }

  /// The value of a node's field.
  package subscript(number: UInt32, name: IRName) -> IRMetadataValue? {
    guard exists(number) else { return nil }
    let node = nodes[Int(number)]
    for index in Int(node.first)..<Int(node.first + node.count) where fields[index].name == name { return fields[index].value }
    return nil
  }

  /// The node that a field names.
  package func node(_ number: UInt32, _ name: IRName) -> UInt32? {
    if case .node(let result)? = self[number, name] { return result }
    return nil
  }

  package func integer(_ number: UInt32, _ name: IRName) -> Int64? {
    if case .integer(let result)? = self[number, name] { return result }
    return nil
  }

  package func string(_ number: UInt32, _ name: IRName) -> IRName? {
    if case .string(let result)? = self[number, name] { return result }
    return nil
  }

  package func word(_ number: UInt32, _ name: IRName) -> IRName? {
    if case .word(let result)? = self[number, name] { return result }
    return nil
  }

  /// The nodes that a tuple lists.
  package func elements(_ number: UInt32) -> [UInt32] {
    fields(number).compactMap { field in
      if case .node(let node) = field.value { return node }
      return nil
    }
  }

  /// Sets a field, which is added where the node has none of the name.
  package mutating func set(_ number: UInt32, _ name: IRName, _ value: IRMetadataValue) {
    guard exists(number) else { return }
    let node = nodes[Int(number)]
    for index in Int(node.first)..<Int(node.first + node.count) where fields[index].name == name {
      fields[index].value = value
      return
    }
    var grown = Array(fields(node))
    grown.append(IRMetadataField(name, value))
    nodes[Int(number)] = self.node(node.kind, grown, distinct: node.isDistinct)
  }

  package mutating func remove(_ number: UInt32, _ name: IRName) {
    guard self[number, name] != nil else { return }
    let node = nodes[Int(number)]
    let rest = fields(node).filter { $0.name != name }
    nodes[Int(number)] = self.node(node.kind, rest, distinct: node.isDistinct)
  }

  package mutating func replace(_ number: UInt32, kind: IRName, fields: [IRMetadataField], distinct: Bool) {
    nodes[Int(number)] = node(kind, fields, distinct: distinct)
  }

  /// Takes away the nodes that are not marked.
  package mutating func keep(_ marked: [Bool]) {
    for index in nodes.indices where !(index < marked.count && marked[index]) { nodes[index] = Self.undefined }
  }
}
