public import EBPFBTF

/// What a relocation is about, on one side: a field, a type or an enumerator, found in the object's or in the target's types.
///
/// Its text is what libbpf prints: `<byte_off> [8] struct task_struct.pid (0:3 @ offset 16)`.
public struct COREAccess: Sendable, CustomStringConvertible {
  /// A turning point on the way to a field: a named member, or an array index. Members of anonymous structures have no step for these.
  struct Step {
    /// The structure that the member is in, or the array's element type.
    var typeID: BTF.TypeID
    var index: Int
    /// The member's name, `nil` for an array index.
    var name: String?
  }

  let types: CORETypes
  /// What the record asks for.
  public let kind: CORERelocation.Kind
  /// The root type.
  public let typeID: BTF.TypeID
  var steps: [Step] = []
  /// The way with all its numbers, anonymous members included.
  public internal(set) var path: [Int] = []
  /// Bits from the root's start to the field.
  public internal(set) var bitOffset = 0

  init(_ types: CORETypes, kind: CORERelocation.Kind, typeID: BTF.TypeID) {
    self.types = types
    self.kind = kind
    self.typeID = typeID
  }

  /// Where the types come from: `vmlinux`, a module.
  public var source: String { types.name }
  /// The root type's name, with its flavour; empty for an anonymous type.
  public var typeName: String { types.btf.type(typeID)?.name ?? "" }
  /// The field, `se.runtime[1]`, or the enumerator; empty for types.
  public var field: String {
    var text = ""
    for (number, step) in steps.enumerated() {
      if let name = step.name {
        text += text.isEmpty ? name : ".\(name)"
      } else if number > 0 || step.index > 0 {
        text += "[\(step.index)]"
      }
    }
    return text
  }

  public var description: String {
    var text = "<\(kind)> \(types.title(typeID))"
    if kind.isEnumerator {
      guard let step = steps.first, let type = types.btf.type(step.typeID), type.enumeratorIndices.contains(step.index) else { return text }
      let pattern = type.enumeratorLayout(at: step.index).pattern
      let value: String
      switch (type.kind, type.kindFlag) {
      case (_, true): value = "\(Int64(bitPattern: pattern))"
      case (.enumeration, false): value = "\(UInt32(truncatingIfNeeded: pattern))"
      default: value = "\(pattern)"
      }
      return text + "::\(step.name ?? "") = \(value)"
    }
    guard kind.isField else { return text }
    for (number, step) in steps.enumerated() {
      if let name = step.name { text += ".\(name)" } else if number > 0 || step.index > 0 { text += "[\(step.index)]" }
    }
    text += " (" + path.map(String.init).joined(separator: ":") + " @ offset \(bitOffset / 8)"
    return text + (bitOffset % 8 == 0 ? ")" : ".\(bitOffset % 8))")
  }
}

extension COREAccess {
  /// Reads a relocation's access path on the object's own types.
  init(_ relocation: CORERelocation, in types: CORETypes) throws(COREFailure) {
    self.init(types, kind: relocation.kind, typeID: relocation.typeID)
    let numbers = try COREAccess.numbers(relocation.access)
    if kind.isType {
      guard relocation.access == "0" else { throw COREFailure("access '\(relocation.access)' of a type is not '0'") }
      return
    }
    path = numbers
    let root = try types.skip(typeID)
    if kind.isEnumerator {
      guard let type = root.type, root.isEnumeration, numbers.count == 1, type.enumeratorIndices.contains(numbers[0]) else {
        throw COREFailure("access '\(relocation.access)' names no enumerator of \(types.title(typeID))")
      }
      let name = types.btf.string(at: type.enumeratorLayout(at: numbers[0]).nameOffset) ?? ""
      steps.append(Step(typeID: root.id, index: numbers[0], name: name))
      return
    }
    guard kind.isField else { throw COREFailure("relocation kind \(kind.rawValue) is not known") }
    steps.append(Step(typeID: root.id, index: numbers[0], name: nil))
    try advance(numbers[0], elementsOf: root.id)
    var id = root.id
    for number in numbers.dropFirst() { id = try follow(number, from: id) }
  }

  /// `0:1:3` as numbers.
  private static func numbers(_ text: String) throws(COREFailure) -> [Int] {
    var numbers: [Int] = []
    for part in text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      guard let number = Int(String(Substring(part))), (0...Int(Int32.max)).contains(number) else {
        throw COREFailure("access '\(text)' is not a list of numbers")
      }
      numbers.append(number)
    }
    guard numbers.count <= COREFailure.longestPath else { throw COREFailure("access '\(text)' is too long") }
    return numbers
  }

  /// Moves on by so many elements of a type.
  mutating func advance(_ count: Int, elementsOf id: BTF.TypeID) throws(COREFailure) {
    let (bytes, overflow) = try types.size(id).multipliedReportingOverflow(by: count)
    guard !overflow, bytes < 1 << 56 else { throw COREFailure("element \(count) of \(types.title(id)) lies beyond all memory") }
    bitOffset += 8 * bytes
  }

  /// Goes one step of the local path; gives the type that it leads to.
  private mutating func follow(_ number: Int, from id: BTF.TypeID) throws(COREFailure) -> BTF.TypeID {
    let from = try types.skip(id)
    if from.isComposite, let type = from.type {
      guard type.memberIndices.contains(number) else { throw COREFailure("\(types.title(from.id)) has no member number \(number)") }
      let member = type.memberLayout(at: number)
      bitOffset += member.bitOffset
      if member.nameOffset != 0 {
        guard let name = types.btf.string(at: member.nameOffset), !name.isEmpty else {
          throw COREFailure("member number \(number) of \(types.title(from.id)) has a name that cannot be read")
        }
        steps.append(Step(typeID: from.id, index: number, name: name))
      }
      return member.typeID
    }
    guard from.kind == .array, let array = from.type else {
      throw COREFailure("the access path goes on in \(types.title(from.id)), which has no parts")
    }
    let element = try types.skip(array.target)
    guard hasElement(number, array) else {
      throw COREFailure("element \(number) is outside the \(array.arrayCount) of \(types.title(from.id))")
    }
    steps.append(Step(typeID: element.id, index: number, name: nil))
    try advance(number, elementsOf: element.id)
    return element.id
  }

  /// Whether an array that the last step led to has an element of that number; a flexible one, at a structure's end, has all.
  func hasElement(_ number: Int, _ array: BTFType) -> Bool {
    if number < array.arrayCount { return true }
    guard array.arrayCount == 0, let last = steps.last, last.name != nil, let owner = types.btf.type(last.typeID) else { return false }
    return last.index == owner.memberIndices.count - 1
  }
}
