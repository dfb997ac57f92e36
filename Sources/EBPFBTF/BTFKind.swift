/// What a type is (`BTF_KIND_*`, `include/uapi/linux/btf.h`).
public enum BTFKind: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case void = 0
  case int = 1
  case pointer = 2
  case array = 3
  case structure = 4
  case union = 5
  case enumeration = 6
  case forward = 7
  case typedef = 8
  case volatile = 9
  case const = 10
  case restrict = 11
  case function = 12
  case functionPrototype = 13
  case variable = 14
  case dataSection = 15
  case float = 16
  case declarationTag = 17
  case typeTag = 18
  case enumeration64 = 19

  /// The name as bpftool prints it.
  public var description: String {
    switch self {
    case .void: "VOID"
    case .int: "INT"
    case .pointer: "PTR"
    case .array: "ARRAY"
    case .structure: "STRUCT"
    case .union: "UNION"
    case .enumeration: "ENUM"
    case .forward: "FWD"
    case .typedef: "TYPEDEF"
    case .volatile: "VOLATILE"
    case .const: "CONST"
    case .restrict: "RESTRICT"
    case .function: "FUNC"
    case .functionPrototype: "FUNC_PROTO"
    case .variable: "VAR"
    case .dataSection: "DATASEC"
    case .float: "FLOAT"
    case .declarationTag: "DECL_TAG"
    case .typeTag: "TYPE_TAG"
    case .enumeration64: "ENUM64"
    }
  }

  /// Bytes behind `struct btf_type` that every type of the kind has.
  package var extraBytes: Int {
    switch self {
    case .int, .variable, .declarationTag: 4
    case .array: 12
    default: 0
    }
  }

  /// Bytes of each of the `vlen` elements behind it.
  package var bytesPerElement: Int {
    switch self {
    case .structure, .union, .dataSection, .enumeration64: 12
    case .enumeration, .functionPrototype: 8
    default: 0
    }
  }

  /// Whether the third number of `struct btf_type` is a size in bytes (otherwise it is a type id, or nothing).
  var hasSize: Bool {
    switch self {
    case .int, .structure, .union, .enumeration, .dataSection, .float, .enumeration64: true
    default: false
    }
  }

  /// `const`, `volatile`, `restrict` and type tags: what C lets stand around a type without changing its layout.
  public var isModifier: Bool {
    switch self {
    case .const, .volatile, .restrict, .typeTag: true
    default: false
    }
  }
}
