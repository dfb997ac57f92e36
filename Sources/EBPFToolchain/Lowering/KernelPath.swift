internal import EBPFBTF

/// A structure or union of the kernel as the object names it.
struct KernelStructure: Hashable {
  /// 0 for one that the kernel has not.
  var id: BTF.TypeID
  /// Empty for one without a name.
  var name: String
  /// Whether the name is that of a typedef.
  var isTypedef = false
}

/// The way from an object of the kernel to one of its parts.
struct KernelPath: Hashable {
  enum Step: Hashable {
    /// The member of that number.
    case member(KernelStructure, Int)
    /// A member that the types at hand have not, with the code of its type (`KernelValue._code` of the module `BPF`).
    case added(KernelStructure, String, UInt32)
    /// An element of an array of that type.
    case element(BTF.TypeID, Int)
  }
  var steps: [Step] = []
  /// The type of what it leads to; `nil` for an added member.
  var end: BTF.TypeID?
  /// Bits, where it leads to a bit-field.
  var bits = 0
}

/// Where an address comes from.
struct KernelAddress {
  /// The object that the path starts at.
  var base: IROperand
  /// `nil` for an address that is used as it is.
  var path: KernelPath?
  /// Whether the base may be null.
  var isMaybe = false
  /// Whether the verifier takes the base, a pointer that was read, for one that is never null. (If it is, reading through it gives zero.)
  var isTrusted = false
  /// Whether the verifier knows nothing of the pointer: it comes from an index that is no constant.
  var isUnknown = false
}

/// What a function that stands for an access does.
struct KernelAccess: Hashable {
  enum Kind: Hashable {
    case load(IRTypeID)
    case bits
    case store(IRTypeID)
    case address
    case info(Int64)
  }
  var kind: Kind
  var path: KernelPath?
  var isMaybe: Bool
  /// Whether memory is read by the helper.
  var isProbe: Bool
  var isTrusted = false

  /// Whether null must be told from other addresses, for the verifier.
  var isChecked: Bool { !isProbe && !isTrusted }
}
