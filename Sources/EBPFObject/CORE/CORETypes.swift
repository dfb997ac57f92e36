internal import EBPFBTF

/// A type whose modifiers and typedefs are stripped; ``type`` is `nil` for `void`.
struct CORESkipped {
  var id: BTF.TypeID
  var type: BTFType?
  var kind: BTFKind { type?.kind ?? .void }
  var isComposite: Bool { kind == .structure || kind == .union }
  var isEnumeration: Bool { kind == .enumeration || kind == .enumeration64 }
}

/// The types of one side, the object's or the target's, with what depends on the machine.
struct CORETypes: Sendable {
  let btf: BTF
  let name: String
  let pointerSize: Int

  init(_ btf: BTF, name: String) {
    self.btf = btf
    self.name = name
    pointerSize = btf.pointerSize
  }

  /// The type behind typedefs and modifiers.
  func skip(_ id: BTF.TypeID) throws(COREFailure) -> CORESkipped {
    var id = id
    for _ in 0..<COREFailure.deepest {
      guard id != 0 else { return CORESkipped(id: 0, type: nil) }
      guard let type = btf.type(id) else { throw COREFailure("type [\(id)] of \(name) does not exist") }
      guard type.kind == .typedef || type.kind.isModifier else { return CORESkipped(id: id, type: type) }
      id = type.target
    }
    throw COREFailure("type [\(id)] of \(name) is a chain of typedefs that does not end")
  }

  func size(_ id: BTF.TypeID) throws(COREFailure) -> Int {
    guard let size = btf.size(of: id, pointerSize: pointerSize) else { throw COREFailure("type \(title(id)) of \(name) has no size") }
    return size
  }

  /// `[7] struct sock`, as libbpf prints a type.
  func title(_ id: BTF.TypeID) -> String {
    let type = btf.type(id)
    let text = type?.name ?? ""
    return "[\(id)] \(CORETypes.word(type?.kind ?? .void)) \(text.isEmpty ? "<anon>" : text)"
  }

  /// A kind in libbpf's words.
  static func word(_ kind: BTFKind) -> String {
    switch kind {
    case .void: "unknown"
    default: kind.description.lowercased()
    }
  }

  /// The type as C writes it, for people.
  func text(_ id: BTF.TypeID) -> String { (try? btf.declaration(of: id)) ?? title(id) }
}

/// What ends the work on one relocation.
struct COREFailure: Error {
  /// How far chains and nested types are followed.
  static let deepest = 64
  /// The longest access path.
  static let longestPath = 64

  var message: String

  init(_ message: String) { self.message = message }
}

/// Whether kinds can stand for each other: the two kinds of enumerations can.
func coreKindsAgree(_ a: BTFKind, _ b: BTFKind) -> Bool {
  a == b || (a == .enumeration || a == .enumeration64) && (b == .enumeration || b == .enumeration64)
}
