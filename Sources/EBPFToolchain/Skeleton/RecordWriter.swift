package import EBPFBTF

/// Swift types that lie in memory as types of an object do: what an application reads the maps of a program in C by.
///
/// A structure becomes a `struct` with the same fields at the same places; unions, bit-fields and packed structures become bytes with a
/// property for each field. Types of `EBPFTypes` and the kernel's big-endian numbers (`__be32`) stay what they are.
package struct RecordWriter {
  /// A type as it is written, and how it lies.
  package struct Written: Sendable, Hashable {
    package var text: String
    package var size: Int
    package var alignment: Int
    /// Whether it compares with `==`: arrays of a fixed size do not.
    package var isHashable: Bool
  }

  private let btf: BTF
  /// Names that types must not take.
  private var taken: Set<String>
  private var names: [BTF.TypeID: Written?] = [:]
  /// The declarations, in the order in which they were asked for.
  package private(set) var declarations: [String] = []

  package init(_ btf: BTF, taken: Set<String>) {
    self.btf = btf
    self.taken = taken
  }

  /// The type for Swift; `nil` of what has no size.
  /// - Parameter role: The name for a structure that has none.
  package mutating func type(_ id: BTF.TypeID, role: String) -> Written? { type(id, role: role, depth: 0) }

  private mutating func type(_ id: BTF.TypeID, role: String, depth: Int) -> Written? {
    guard depth < 32 else { return nil }
    var id = id
    var alias = ""
    while let type = btf.type(id), type.kind == .typedef || type.kind.isModifier {
      if type.kind == .typedef {
        switch type.name {
        case "__be16": return Written(text: "BigEndian<UInt16>", size: 2, alignment: 2, isHashable: true)
        case "__be32": return Written(text: "BigEndian<UInt32>", size: 4, alignment: 4, isHashable: true)
        case "__be64": return Written(text: "BigEndian<UInt64>", size: 8, alignment: 8, isHashable: true)
        default: if alias.isEmpty { alias = type.name }
        }
      }
      id = type.target
    }
    guard let type = btf.type(id) else { return nil }
    switch type.kind {
    case .int: return integer(type)
    case .float: return type.statedSize == 4 ? number("Float", 4) : type.statedSize == 8 ? number("Double", 8) : nil
    case .pointer: return number("UInt64", 8)
    case .array:
      guard let element = self.type(type.target, role: role, depth: depth + 1), element.size % element.alignment == 0 else { return nil }
      return Written(
        text: "InlineArray<\(type.arrayCount), \(element.text)>", size: element.size * type.arrayCount, alignment: element.alignment,
        isHashable: false)
    case .enumeration, .enumeration64: return named(id, type, alias, role) { $0.enumeration(type, $1) }
    case .structure, .union:
      if let known = Self.shared(type, btf) { return known }
      return named(id, type, alias, role) { $0.structure(type, $1, depth: depth) }
    default: return nil
    }
  }

  // MARK: Numbers

  private func number(_ text: String, _ size: Int) -> Written { Written(text: text, size: size, alignment: size, isHashable: true) }

  private func integer(_ type: BTFType) -> Written? {
    guard let encoding = type.integer, let size = type.statedSize, [1, 2, 4, 8, 16].contains(size) else { return nil }
    if encoding.isBoolean, size == 1 { return number("Bool", 1) }
    return number("\(encoding.isSigned ? "" : "U")Int\(size * 8)", size)
  }

  // MARK: Types of EBPFTypes

  private static func shared(_ type: BTFType, _ btf: BTF) -> Written? {
    guard type.kind == .structure, let size = type.statedSize else { return nil }
    func same(_ text: String) -> Written? {
      let alignment = btf.alignment(of: type.id) ?? 1
      return Written(text: text, size: size, alignment: alignment, isHashable: true)
    }
    if let name = btf.networkTypeName(of: type.id) {
      guard name.hasPrefix("BigEndian") else { return same(name) }
      return same("BigEndian<UInt\(size * 8)>")
    }
    switch (type.name, type.members.map(\.name)) {
    case ("Prefix_IPv4Address", ["length", "bits"]): return same("IPv4Prefix")
    case ("Prefix_IPv6Address", ["length", "bits"]): return same("IPv6Prefix")
    default: return nil
    }
  }

  // MARK: Names

  private mutating func named(
    _ id: BTF.TypeID, _ type: BTFType, _ alias: String, _ role: String, _ declare: (inout RecordWriter, String) -> (String, Written)?
  ) -> Written? {
    if let known = names[id] { return known }
    // A type that holds itself, which no type of C does.
    names[id] = .some(nil)
    let base = SwiftNames.typeName(type.name.isEmpty ? alias.isEmpty ? role : alias : type.name)
    var name = base
    var number = 2
    while taken.contains(name) {
      name = number == 2 && !base.hasSuffix("Record") ? base + "Record" : "\(base)\(number)"
      number += 1
    }
    taken.insert(name)
    let place = declarations.count
    guard let (text, written) = declare(&self, name) else { return nil }
    declarations.insert(text, at: min(place, declarations.count))
    names[id] = written
    return written
  }

  // MARK: Enumerations

  private mutating func enumeration(_ type: BTFType, _ name: String) -> (String, Written)? {
    guard let size = type.statedSize, [1, 2, 4, 8].contains(size) else { return nil }
    let raw = "\(type.isSignedEnumeration ? "" : "U")Int\(size * 8)"
    var text = """
      /// `\(type.name.isEmpty ? "enum" : "enum \(type.name)")`
      struct \(name): RawRepresentable, BitwiseCopyable, Hashable, Sendable {
        var rawValue: \(raw)

      """
    var seen: Set<String> = ["rawValue", "init"]
    for enumerator in type.enumerators where seen.insert(enumerator.name).inserted {
      let number = type.isSignedEnumeration ? "\(enumerator.value)" : "\(UInt64(bitPattern: enumerator.value))"
      text += "  static var \(SwiftNames.member(enumerator.name)): Self { Self(rawValue: \(number)) }\n"
    }
    return (text + "}", Written(text: name, size: size, alignment: size, isHashable: true))
  }

  // MARK: Structures

  private struct Field {
    var name: String
    var type: Written
    var offset: Int
  }

  private mutating func structure(_ type: BTFType, _ name: String, depth: Int) -> (String, Written)? {
    guard let size = type.statedSize, size > 0 else { return nil }
    let word = type.kind == .union ? "union" : "struct"
    let title = "/// `\(word)\(type.name.isEmpty ? "" : " \(type.name)")`, \(size) bytes.\n"
    if type.kind == .structure, let fields = plainFields(type, name, depth: depth) {
      var text = ""
      var end = 0
      var alignment = 1
      var isHashable = true
      var gaps = 0
      func gap(_ count: Int) -> String {
        defer { gaps += 1 }
        return "  var _padding\(gaps) = InlineArray<\(count), UInt8>(repeating: 0)\n"
      }
      for field in fields {
        if Self.rounded(end, field.type.alignment) < field.offset {
          text += gap(field.offset - end)
          isHashable = false
          end = field.offset
        }
        text += "  var \(SwiftNames.member(field.name)): \(field.type.text)\n"
        end = field.offset + field.type.size
        alignment = max(alignment, field.type.alignment)
        isHashable = isHashable && field.type.isHashable
      }
      // A struct of Swift ends behind its last field, and the next one would lie in what is left.
      if end < size {
        text += gap(size - end)
        isHashable = false
      }
      let protocols = isHashable ? "BitwiseCopyable, Hashable, Sendable" : "BitwiseCopyable, Sendable"
      return (
        "\(title)struct \(name): \(protocols) {\n\(text)}", Written(text: name, size: size, alignment: alignment, isHashable: isHashable)
      )
    }
    var text = """
      struct \(name): BitwiseCopyable, Sendable {
        /// Its bytes: fields share some, or lie where Swift would not put them.
        var _storage = InlineArray<\(size), UInt8>(repeating: 0)

      """
    var seen: Set<String> = ["_storage"]
    addProperties(of: type, at: 0, name, depth: depth, to: &text, &seen)
    return (title + text + "}", Written(text: name, size: size, alignment: 1, isHashable: false))
  }

  private static func rounded(_ offset: Int, _ alignment: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

  /// The fields, where each can be a stored property at its place.
  private mutating func plainFields(_ type: BTFType, _ name: String, depth: Int) -> [Field]? {
    var fields: [Field] = []
    var end = 0
    var seen: Set<String> = []
    for member in type.members {
      guard member.bitFieldSize == 0, member.bitOffset % 8 == 0, !member.name.isEmpty, seen.insert(member.name).inserted,
        let written = self.type(member.typeID, role: "\(name)_\(member.name)", depth: depth + 1)
      else { return nil }
      let offset = member.bitOffset / 8
      // A flexible array takes no room.
      if written.size == 0 { continue }
      guard offset % written.alignment == 0, offset >= end else { return nil }
      end = offset + written.size
      fields.append(Field(name: member.name, type: written, offset: offset))
    }
    return fields.isEmpty || end > type.statedSize ?? 0 ? nil : fields
  }

  /// A computed property for each field that Swift has a type for.
  private mutating func addProperties(
    of type: BTFType, at base: Int, _ name: String, depth: Int, to text: inout String, _ seen: inout Set<String>
  ) {
    guard depth < 32 else { return }
    for member in type.members {
      if member.name.isEmpty, member.bitFieldSize == 0, let inner = btf.resolve(member.typeID),
        inner.kind == .structure || inner.kind == .union
      {
        addProperties(of: inner, at: base + member.bitOffset / 8, name, depth: depth + 1, to: &text, &seen)
        continue
      }
      guard !member.name.isEmpty, !seen.contains(member.name),
        let written = self.type(member.typeID, role: "\(name)_\(member.name)", depth: depth + 1), written.size > 0
      else { continue }
      seen.insert(member.name)
      let property = SwiftNames.member(member.name)
      if member.bitFieldSize > 0 || member.bitOffset % 8 != 0 {
        guard let integer = btf.resolve(member.typeID), integer.kind == .int, integer.integer?.isBoolean == false else { continue }
        let bits = member.bitFieldSize > 0 ? member.bitFieldSize : written.size * 8
        let first = 8 * base + member.bitOffset
        text += """
            /// \(bits) bits.
            var \(property): \(written.text) {
              get { RecordBytes.bits(_storage, at: \(first), count: \(bits)) }
              set { RecordBytes.setBits(&_storage, at: \(first), count: \(bits), to: newValue) }
            }

          """
      } else {
        let offset = base + member.bitOffset / 8
        text += """
            var \(property): \(written.text) {
              get { RecordBytes.value(_storage, at: \(offset)) }
              set { RecordBytes.setValue(&_storage, at: \(offset), to: newValue) }
            }

          """
      }
    }
  }
}

/// Names of C as Swift writes them.
package enum SwiftNames {
  /// A type's name: `flow_key` and `flow_key_t` are `FlowKey`.
  static func typeName(_ name: String) -> String {
    let parts = (name.hasSuffix("_t") ? name.dropLast(2) : name[...]).split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let joined = parts.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    return joined.first?.isLetter == true ? joined : "Type\(joined)"
  }

  /// A member's name, in backticks where it is a word of Swift.
  static func member(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  /// Whether a name can be one of Swift's without a change.
  static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first), name != "_" else { return false }
    return name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"), 0x80...0xff:
        true
      default: false
      }
    }
  }

  /// The words that only backticks make names.
  package static let keywords: Set<String> = [
    "Any", "Protocol", "Self", "Type", "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit",
    "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout",
    "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return", "self",
    "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var", "where", "while",
  ]
}
