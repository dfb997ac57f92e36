internal import EBPFBTF

/// Writes the module `Kernel` for the names that sources use: the types that they name, those that named members lead to, and of each the
/// members that are named.
struct KernelModuleWriter {
  let btf: BTF
  let tokens: KernelTokens
  var references: KernelReferences
  var text = "import BPF\n"
  /// The names in Swift of structures and enumerations that are written or will be.
  private var names: [BTF.TypeID: String] = [:]
  private var pending: [String] = []
  /// By function: its arguments as they are declared, for messages.
  var arguments: [String: [String]] = [:]

  /// What a type is in Swift.
  indirect enum Shape {
    /// With its width; signed or not.
    case integer(Int, isSigned: Bool)
    case boolean
    /// To an object of that type, or to what only its address is known of.
    case pointer(String?)
    case object(String)
    case array(Int, Shape)
    case enumeration(String, Int, isSigned: Bool)

    var name: String {
      switch self {
      case .integer(let bits, let isSigned): "\(isSigned ? "Int" : "UInt")\(bits)"
      case .boolean: "Bool"
      case .pointer(let target): "\(target.map { "Kernel.\(spelled($0))" } ?? "UnsafeRawPointer")?"
      case .object(let name), .enumeration(let name, _, _): "Kernel.\(spelled(name))"
      case .array(let count, let element): "KernelArray<\(count), \(element.name)>"
      }
    }
  }

  init(_ btf: BTF, _ tokens: KernelTokens) {
    self.btf = btf
    var tokens = tokens
    let found = KernelNames(btf, names: tokens.names.union(tokens.members))
    tokens.settle { found.types[$0] != nil }
    self.tokens = tokens
    references = KernelReferences(btf)
    for name in tokens.names.sorted() {
      if let id = found.types[name] {
        add(name, id)
      } else {
        let essential = BTF.essentialName(name)
        if essential != name { addFlavor(name, found.types[essential]) }
      }
    }
    writeCalls()
    while let name = pending.popLast() { write(name) }
    for (name, value) in found.constants.sorted(by: { $0.key < $1.key }) where tokens.names.contains(name) {
      guard !CNames.taken.contains(name) else { continue }
      text += "@inline(__always) public var \(Self.spelled(name)): Int { \(value) }\n"
    }
  }

  // MARK: Names

  private mutating func add(_ name: String, _ id: BTF.TypeID) {
    guard !CNames.types.contains(name), let type = btf.type(id) else { return }
    guard let resolved = btf.resolve(id) else { return }
    switch resolved.kind {
    case .structure, .union, .enumeration, .enumeration64:
      let known = self.name(of: resolved, typedef: type.kind == .typedef ? name : "", otherwise: "")
      if known != name, references.types[name] == nil, let known { text += "public typealias \(Self.spelled(name)) = Kernel.\(known)\n" }
    case .int, .pointer, .array:
      guard !CNames.taken.contains(name), type.kind == .typedef, let shape = shape(of: id, owner: name, member: "") else { return }
      text += "public typealias \(Self.spelled(name)) = \(shape.name)\n"
    default: return
    }
  }

  private mutating func addFlavor(_ name: String, _ id: BTF.TypeID?) {
    guard references.types[name] == nil else { return }
    guard let id else {
      references.types[name] = KernelReferences.Reference(id: 0, name: name)
      pending.append(name)
      return
    }
    guard let resolved = btf.resolve(id), resolved.kind == .structure || resolved.kind == .union else { return }
    references.types[name] = KernelReferences.Reference(id: resolved.id, name: name, isTypedef: resolved.nameOffset == 0)
    pending.append(name)
  }

  /// The name in Swift of a structure or enumeration: its own, that of its typedef, or one made of the member that has it.
  private mutating func name(of type: BTFType, typedef: String, otherwise: String) -> String? {
    if let name = names[type.id] { return name }
    let own = type.name
    let base = own.isEmpty ? (typedef.isEmpty ? otherwise : typedef) : own
    guard !base.isEmpty else { return nil }
    var name = CNames.types.contains(base) ? "kernel_\(base)" : base
    var number = 2
    while references.types[name] != nil {
      name = "\(base)_\(number)"
      number += 1
    }
    names[type.id] = name
    references.types[name] = KernelReferences.Reference(
      id: type.id, name: own.isEmpty ? typedef : own, isTypedef: own.isEmpty && !typedef.isEmpty)
    pending.append(name)
    return name
  }

  /// A name as source: keywords in backticks, the few that cannot even be that with an underscore.
  static func spelled(_ name: String) -> String {
    if ["self", "Self", "Type", "Protocol", "kernelAddress"].contains(name) { return "\(name)_" }
    return SwiftNames.member(name)
  }

  /// Members of `Optional` itself.
  private static let ofOptional: Set<String> = [
    "some", "none", "map", "flatMap", "take", "unsafelyUnwrapped", "hashValue", "hash", "debugDescription", "customMirror", "description",
  ]

  // MARK: Types

  mutating func shape(of id: BTF.TypeID, owner: String, member: String) -> Shape? {
    var id = id
    var typedef = ""
    var steps = 0
    while let type = btf.type(id), type.kind == .typedef || type.kind.isModifier, steps < 64 {
      if type.kind == .typedef { typedef = type.name }
      id = type.target
      steps += 1
    }
    guard let type = btf.type(id) else { return nil }
    switch type.kind {
    case .int:
      guard let encoding = type.integer, let size = type.statedSize, [1, 2, 4, 8].contains(size) else { return nil }
      if encoding.isBoolean { return .boolean }
      // Text is bytes.
      return .integer(size * 8, isSigned: encoding.isSigned && type.name != "char")
    case .pointer:
      guard let target = btf.resolve(type.target), target.kind == .structure || target.kind == .union else { return .pointer(nil) }
      let typedef = btf.type(type.target).flatMap { $0.kind == .typedef ? $0.name : nil } ?? ""
      return .pointer(name(of: target, typedef: typedef, otherwise: "\(owner)_\(member)"))
    case .structure, .union: return name(of: type, typedef: typedef, otherwise: "\(owner)_\(member)").map { .object($0) }
    case .enumeration, .enumeration64:
      let bits = (type.statedSize ?? 4) * 8
      guard [8, 16, 32, 64].contains(bits) else { return nil }
      guard !(type.name.isEmpty && typedef.isEmpty), let name = name(of: type, typedef: typedef, otherwise: "") else {
        return .integer(bits, isSigned: type.isSignedEnumeration)
      }
      return .enumeration(name, bits, isSigned: type.isSignedEnumeration)
    case .array:
      // Arrays of arrays are one array, row by row.
      guard let element = shape(of: type.target, owner: owner, member: member) else { return nil }
      if case .array(let inner, let innermost) = element { return .array(type.arrayCount * inner, innermost) }
      return .array(type.arrayCount, element)
    default: return nil
    }
  }

  private mutating func write(_ name: String) {
    guard let reference = references.types[name] else { return }
    if let type = btf.type(reference.id), type.kind == .enumeration || type.kind == .enumeration64 {
      writeEnumeration(name, type)
      return
    }
    writeStructure(name, reference)
  }

  private mutating func writeEnumeration(_ name: String, _ type: BTFType) {
    let bits = (type.statedSize ?? 4) * 8
    let raw = Shape.integer(bits, isSigned: type.isSignedEnumeration).name
    text += """
      @_silgen_name("bpf.core.enumerator.\(name)") public func _enumerator_\(name)(_ name: UnsafePointer<UInt8>, _ count: Int, _ what: UInt32) -> UInt64
      @frozen public struct \(Self.spelled(name)): KernelEnumeration {
        public let rawValue: \(raw)
        @inline(__always) public init(rawValue: \(raw)) { self.rawValue = rawValue }
        @inline(__always) public static func _enumerator(_ name: UnsafePointer<UInt8>, _ count: Int, _ what: UInt32) -> UInt64 { _enumerator_\(name)(name, count, what) }

      """
    for enumerator in type.enumerators where tokens.members.contains(enumerator.name) || tokens.names.contains(enumerator.name) {
      text += "  @inline(__always) public static var \(Self.spelled(enumerator.name)): Self { enumerator(\"\(enumerator.name)\").value }\n"
    }
    text += "}\n"
  }

  private mutating func writeStructure(_ name: String, _ reference: KernelReferences.Reference) {
    let title = Self.spelled(name)
    var properties = ""
    var optional = ""
    var fields = ""
    let isIterator = name.hasPrefix("bpf_iter__")
    var seen: Set<String> = []
    for (label, member) in reference.id == 0 ? [] : btf.namedMembers(of: reference.id) {
      guard tokens.members.contains(label) || (isIterator && label == "meta"), seen.insert(label).inserted,
        let shape = shape(of: member.typeID, owner: name, member: label)
      else { continue }
      let at = "_at_\(name)_\(label)"
      let maybe = "_maybe_\(name)_\(label)"
      text += "@_silgen_name(\"bpf.core.at.\(name).\(label)\") public func \(at)(_: UnsafeRawPointer) -> UnsafeRawPointer\n"
      text += "@_silgen_name(\"bpf.core.maybe.at.\(name).\(label)\") public func \(maybe)(_: UnsafeRawPointer?) -> UnsafeRawPointer?\n"
      let isBits = member.bitFieldSize > 0
      let label = Self.spelled(label)
      let type = shape.name
      let get = Self.read(shape, isBits: isBits, "\(at)(kernelAddress)", isMaybe: false)
      if tokens.hasStructOperations, !isBits, let set = Self.write(shape, "\(at)(kernelAddress)") {
        properties += "  public var \(label): \(type) {\n"
        properties += "    @inline(__always) get { \(get) }\n    @inline(__always) nonmutating set { \(set) }\n  }\n"
      } else {
        properties += "  @inline(__always) public var \(label): \(type) { \(get) }\n"
      }
      if !Self.ofOptional.contains(label) {
        let get = Self.read(shape, isBits: isBits, "\(maybe)(unsafeBitCast(self, to: UnsafeRawPointer?.self))", isMaybe: true)
        var isOptional = false
        if case .object = shape { isOptional = true }
        optional += "  @inline(__always) public var \(label): \(type)\(isOptional ? "?" : "") { \(get) }\n"
      }
      fields += "  @inline(__always) public var \(label): KernelField<\(type)> { KernelField<\(type)>(place: \(at)(place)) }\n"
    }
    text += """
      @_silgen_name("bpf.core.type.\(name)") public func _type_\(name)(_ what: UInt32) -> UInt64
      @_silgen_name("bpf.core.cast.\(name)") public func _cast_\(name)(_ address: UnsafeRawPointer?) -> UnsafeRawPointer?
      @_silgen_name("bpf.core.member.\(name)") public func _member_\(name)(_ base: UnsafeRawPointer, _ name: UnsafePointer<UInt8>, _ count: Int, _ code: UInt32) -> UnsafeRawPointer
      @frozen public struct \(title): KernelObject {
        public let kernelAddress: UnsafeRawPointer
        @inline(__always) public init(kernelAddress: UnsafeRawPointer) { self.kernelAddress = kernelAddress }
        @inline(__always) public static func _type(_ what: UInt32) -> UInt64 { _type_\(name)(what) }
        @inline(__always) public static func _cast(_ address: UnsafeRawPointer?) -> UnsafeRawPointer? { _cast_\(name)(address) }
        @inline(__always) public static func _member(_ base: UnsafeRawPointer, _ name: UnsafePointer<UInt8>, _ count: Int, _ code: UInt32) -> UnsafeRawPointer { _member_\(name)(base, name, count, code) }
      \(properties)
      """
    if name == "task_struct" {
      text +=
        "  @inline(__always) public static var current: Self { Self(kernelAddress: UnsafeRawPointer(bpf_get_current_task_btf().unsafelyUnwrapped)) }\n"
    }
    text += "}\n"
    if !optional.isEmpty { text += "extension Optional where Wrapped == \(title) {\n\(optional)}\n" }
    if !fields.isEmpty, tokens.members.contains("field") { text += "extension KernelField where Member == \(title) {\n\(fields)}\n" }
    if isIterator, seen.contains("meta") {
      text += """
        extension \(title): IteratorContext {
          @inline(__always) public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(mutating: kernelAddress) }
          @inline(__always) public var output: IteratorOutput { IteratorOutput(meta: _coreLoadPointer(_at_\(name)_meta(kernelAddress))) }
        }

        """
    }
  }

  /// The expression that reads a member at an address.
  private static func read(_ shape: Shape, isBits: Bool, _ address: String, isMaybe: Bool) -> String {
    let place = isMaybe ? "maybe: \(address)" : address
    switch shape {
    case .boolean: return isBits ? "_coreLoadBits(\(place)) != 0" : "_coreLoad8(\(place)) != 0"
    case .integer(let bits, let isSigned):
      if isBits { return "\(shape.name)(truncatingIfNeeded: _coreLoadBits(\(place)))" }
      return isSigned ? "\(shape.name)(bitPattern: _coreLoad\(bits)(\(place)))" : "_coreLoad\(bits)(\(place))"
    case .enumeration(let name, let bits, let isSigned):
      return "Kernel.\(spelled(name))(rawValue: \(read(.integer(bits, isSigned: isSigned), isBits: isBits, address, isMaybe: isMaybe)))"
    case .pointer(nil): return "_coreLoadPointer(\(place))"
    case .pointer: return "unsafeBitCast(_coreLoadPointer(\(place)), to: (\(shape.name)).self)"
    case .object(let name):
      return isMaybe ? "unsafeBitCast(\(address), to: (\(shape.name)?).self)" : "Kernel.\(spelled(name))(kernelAddress: \(address))"
    case .array: return "\(shape.name)(kernelAddress: \(address))"
    }
  }

  /// The statement that writes `newValue` to a member at an address; nothing for what is not written as a whole.
  private static func write(_ shape: Shape, _ address: String) -> String? {
    switch shape {
    case .boolean: "_coreStore8(\(address), newValue ? 1 : 0)"
    case .integer(let bits, let isSigned):
      "_coreStore\(bits)(\(address), \(isSigned ? "UInt\(bits)(bitPattern: newValue)" : "newValue"))"
    case .enumeration(_, let bits, _): "_coreStore\(bits)(\(address), UInt\(bits)(truncatingIfNeeded: newValue.rawValue))"
    case .pointer: "_coreStore64(\(address), unsafeBitCast(newValue, to: UInt64.self))"
    case .object, .array: nil
    }
  }
}

/// What the C module of programs declares: names that the module `Kernel` must not have again.
private enum CNames {
  /// Names of structures, unions and enumerations.
  static let types: Set<String> = parse().types
  /// All words.
  static let taken: Set<String> = parse().words

  private static func parse() -> (types: Set<String>, words: Set<String>) {
    var types: Set<String> = []
    var words: Set<String> = []
    for file in EmbeddedModules.files where file.path.hasPrefix("CBPF/") && file.path.hasSuffix(".h") {
      var previous = Substring()
      var beforeThat = Substring()
      for word in file.text.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "(" || $0 == "," || $0 == ";" || $0 == "*" }) {
        if word == "{", beforeThat == "struct" || beforeThat == "union" || beforeThat == "enum" { types.insert(String(previous)) }
        words.insert(String(word))
        beforeThat = previous
        previous = word
      }
    }
    return (types, words)
  }
}
