internal import EBPFBTF

/// What a relocation makes of its instruction's constant, for one candidate or for none.
struct COREValue {
  /// What stands in the instruction, and what is to stand there.
  var old: UInt64 = 0
  var new: UInt64 = 0
  /// Whether the old value is known well enough to be checked: of bit-fields the compiler may load other bytes than are found here.
  var isOldKnown = true
  /// Whether the values are of enumerations of 4 bytes. BTF of old compilers does not say whether these are signed: what the instruction
  /// holds tells it.
  var isOldNarrow = false
  var isNewNarrow = false
  /// Nothing fits: the instruction must not be reached.
  var isUnresolved = false
  /// Bytes of the field on both sides; 0 where no load or store of it is to change its size.
  var oldSize = 0
  var newSize = 0
  /// Whether the sizes differ for types where reading more or fewer bytes gives another value.
  var isSizeWrong = false

  /// The value of one side.
  private struct Side {
    var value: UInt64
    var isKnown = true
    var isNarrow = false
    var size = 0
    var type: BTFType?
  }

  /// - Parameter target: the access in the candidate, `nil` for none.
  init(local: COREAccess, target: COREAccess?, isBigEndian: Bool) throws(COREFailure) {
    let kind = local.kind
    let here = try COREValue.side(local, isBigEndian)
    old = here.value
    isOldKnown = here.isKnown
    isOldNarrow = here.isNarrow
    oldSize = here.size
    guard let target else {
      // Questions are answered with no; a size or an id is 0; what is read or compared has no value.
      isUnresolved = !(kind == .fieldExists || kind.isType || kind == .enumeratorExists)
      return
    }
    let there = try COREValue.side(target, isBigEndian)
    new = there.value
    isNewNarrow = there.isNarrow
    newSize = there.size
    if oldSize != newSize { isSizeWrong = !COREValue.canChangeSize(here.type, there.type) }
  }

  /// Pointers are unsigned numbers, and unsigned numbers are extended with zeros: these can be read at another size.
  private static func canChangeSize(_ a: BTFType?, _ b: BTFType?) -> Bool {
    guard let a, let b else { return false }
    if a.kind == .pointer, b.kind == .pointer { return true }
    guard let one = a.integer, let other = b.integer else { return false }
    return !one.isPlainSigned && !other.isPlainSigned
  }

  private static func side(_ access: COREAccess, _ isBigEndian: Bool) throws(COREFailure) -> Side {
    switch access.kind {
    case .fieldExists, .typeExists, .typeMatches, .enumeratorExists: return Side(value: 1)
    case .typeIDLocal, .typeIDTarget: return Side(value: UInt64(access.typeID), isKnown: false)
    case .typeSize: return Side(value: UInt64(try access.types.size(access.typeID)))
    case .enumeratorValue:
      guard let step = access.steps.first, let type = access.types.btf.type(step.typeID) else {
        throw COREFailure("\(access) is no enumerator")
      }
      return Side(value: type.enumeratorLayout(at: step.index).pattern, isNarrow: type.kind == .enumeration)
    default: return try field(access, isBigEndian)
    }
  }

  private static func field(_ access: COREAccess, _ isBigEndian: Bool) throws(COREFailure) -> Side {
    guard let step = access.steps.last else { throw COREFailure("\(access) is no field") }
    let types = access.types
    guard step.name != nil, let owner = types.btf.type(step.typeID) else {
      let size = try types.size(step.typeID)
      switch access.kind {
      case .fieldByteOffset:
        return Side(value: UInt64(access.bitOffset / 8), size: size, type: types.btf.type(step.typeID))
      case .fieldByteSize: return Side(value: UInt64(size))
      default: throw COREFailure("\(access) is an element of an array, which has no such property")
      }
    }
    let member = owner.memberLayout(at: step.index)
    let skipped = try types.skip(member.typeID)
    let isBitField = member.bitFieldSize > 0
    let bits: Int
    let size: Int
    let offset: Int
    if isBitField {
      bits = member.bitFieldSize
      (offset, size) = try load(bits, at: access.bitOffset, unit: types.size(skipped.id))
    } else {
      size = try types.size(skipped.id)
      offset = access.bitOffset / 8
      bits = 8 * size
    }
    switch access.kind {
    case .fieldByteOffset:
      guard !isBitField else { return Side(value: UInt64(offset), isKnown: false) }
      return Side(value: UInt64(offset), size: size, type: skipped.type)
    case .fieldByteSize: return Side(value: UInt64(size), isKnown: !isBitField)
    case .fieldSigned:
      let isSigned = skipped.isEnumeration && skipped.type?.kindFlag == true || skipped.type?.integer?.isSigned == true
      return Side(value: isSigned ? 1 : 0)
    case .fieldLeftShift:
      let shift = isBigEndian ? 8 * (8 - size) + access.bitOffset - 8 * offset : 64 - (access.bitOffset + bits - 8 * offset)
      return Side(value: UInt64(bitPattern: Int64(shift)), isKnown: !isBitField)
    case .fieldRightShift: return Side(value: UInt64(bitPattern: Int64(64 - bits)))
    default: throw COREFailure("relocation kind \(access.kind.rawValue) is not known")
    }
  }

  /// Where a bit-field is loaded from and how many bytes: the smallest aligned load, not under its type's size, that holds it.
  private static func load(_ bits: Int, at bitOffset: Int, unit: Int) throws(COREFailure) -> (offset: Int, size: Int) {
    guard unit > 0 else { throw COREFailure("a bit-field's type has no size") }
    var size = unit
    var offset = bitOffset / 8 / size * size
    while bitOffset + bits > 8 * (offset + size) {
      guard size < 8 else { throw COREFailure("a bit-field of \(bits) bits at bit \(bitOffset) cannot be read with one load") }
      size *= 2
      offset = bitOffset / 8 / size * size
    }
    return (offset, size)
  }
}

extension BTFType.IntegerEncoding {
  /// Signed and nothing else: characters and booleans are read as unsigned.
  fileprivate var isPlainSigned: Bool { isSigned && !isCharacter && !isBoolean }
}
