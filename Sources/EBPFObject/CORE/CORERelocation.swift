public import EBPFBTF

/// One CO-RE record (`struct bpf_core_relo`): an instruction whose constant depends on the types of the kernel that it is to run on.
public struct CORERelocation: Sendable, Hashable {
  /// What the constant is (`enum bpf_core_relo_kind`).
  public struct Kind: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Of a field: its offset and size in bytes, whether it is there, whether it is signed.
    public static let fieldByteOffset = Kind(rawValue: 0)
    public static let fieldByteSize = Kind(rawValue: 1)
    public static let fieldExists = Kind(rawValue: 2)
    public static let fieldSigned = Kind(rawValue: 3)
    /// How far the loaded bytes are shifted to the left, so that a (bit-)field's highest bit becomes bit 63.
    public static let fieldLeftShift = Kind(rawValue: 4)
    /// How far they are then shifted to the right.
    public static let fieldRightShift = Kind(rawValue: 5)
    /// The type's id in the object.
    public static let typeIDLocal = Kind(rawValue: 6)
    /// The type's id in the target.
    public static let typeIDTarget = Kind(rawValue: 7)
    /// Whether a type or an enumerator is there, and its size or value.
    public static let typeExists = Kind(rawValue: 8)
    public static let typeSize = Kind(rawValue: 9)
    public static let enumeratorExists = Kind(rawValue: 10)
    public static let enumeratorValue = Kind(rawValue: 11)
    /// Whether a type with the same members, to all depths, exists.
    public static let typeMatches = Kind(rawValue: 12)

    /// The name that libbpf prints.
    public var description: String {
      rawValue < Kind.names.count ? Kind.names[Int(rawValue)] : "unknown"
    }

    private static let names = [
      "byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64", "local_type_id", "target_type_id", "type_exists",
      "type_size", "enumval_exists", "enumval_value", "type_matches",
    ]

    /// Whether it is about a field, and the access path leads to it.
    var isField: Bool { rawValue <= Kind.fieldRightShift.rawValue }
    var isType: Bool { (Kind.typeIDLocal.rawValue...Kind.typeSize.rawValue).contains(rawValue) || self == .typeMatches }
    var isEnumerator: Bool { self == .enumeratorExists || self == .enumeratorValue }
  }

  /// The slot of the instruction.
  public var slot: Int
  /// The root type in the object's BTF.
  public var typeID: BTF.TypeID
  /// The access path, `0:1:3`: an array index at first, then member numbers and array indexes; an enumerator's number; `0` for types.
  public var access: String
  public var kind: Kind
  /// How many of the object's records come before it; `nil` where it is no object's. Relocations are applied in this order, because each one
  /// may rule out candidates for those that follow.
  public var order: Int?

  public init(slot: Int, typeID: BTF.TypeID, access: String, kind: Kind, order: Int? = nil) {
    self.slot = slot
    self.typeID = typeID
    self.access = access
    self.kind = kind
    self.order = order
  }
}
