/// One type of a ``BTF``: a view that decodes what it is asked for.
///
/// Everything is as read; ids and string offsets may lead nowhere in a corrupt blob, and the accessors then give `nil`, 0 or nothing.
public struct BTFType: Sendable {
  /// The BTF that the type was looked up in; its references are resolved there.
  public let btf: BTF
  let owner: BTF.Storage
  /// Its number in the BTF that it is read from.
  public let id: BTF.TypeID
  /// Where it stands in its blob, in bytes.
  public let offset: Int

  init(btf: BTF, owner: BTF.Storage, id: BTF.TypeID, offset: Int) {
    self.btf = btf
    self.owner = owner
    self.id = id
    self.offset = offset
  }

  private func number(_ position: Int) -> UInt32 { owner.view.u32(offset + position) ?? 0 }
  private var info: UInt32 { number(4) }

  /// What kind of type it is.
  public var kind: BTFKind { BTFKind(rawValue: UInt8(truncatingIfNeeded: info >> 24 & 0x1f)) ?? .void }
  /// The number of members, enumerators, parameters or variables; a function's linkage.
  public var elementCount: Int { Int(info & 0xffff) }
  /// Structures: members carry bit-field sizes. Forward declarations: of a union. Enumerations: signed. Tags: an attribute.
  public var kindFlag: Bool { info >> 31 != 0 }
  /// Where its name stands in the strings; 0 without one.
  public var nameOffset: UInt32 { number(0) }
  /// Its name, empty for an anonymous type.
  public var name: String { btf.string(at: nameOffset) ?? "" }

  /// The size in bytes that the type itself states: integers, floats, enumerations, structures, unions, data sections.
  public var statedSize: Int? { kind.hasSize ? Int(number(8)) : nil }

  /// The type that it refers to: a pointer's, typedef's, modifier's or variable's target, a function's prototype,
  /// a prototype's result, an array's element, what a declaration tag stands on. 0 is `void`.
  public var target: BTF.TypeID {
    switch kind {
    case .pointer, .typedef, .volatile, .const, .restrict, .function, .functionPrototype, .variable, .declarationTag, .typeTag: number(8)
    case .array: number(12)
    default: 0
    }
  }

  // MARK: Integers

  /// How an integer is meant, and which bits of its bytes it takes.
  public struct IntegerEncoding: Sendable, Hashable {
    /// Negative numbers are in it (`BTF_INT_SIGNED`).
    public var isSigned: Bool
    /// It holds text (`BTF_INT_CHAR`).
    public var isCharacter: Bool
    /// It is a `bool` (`BTF_INT_BOOL`).
    public var isBoolean: Bool
    /// The first bit's place (always 0 nowadays) and the number of bits.
    public var bitOffset: Int
    public var bits: Int
  }

  /// An `INT`'s encoding, `nil` for other kinds.
  public var integer: IntegerEncoding? {
    guard kind == .int else { return nil }
    let data = number(12)
    let encoding = data >> 24 & 0x0f
    return IntegerEncoding(
      isSigned: encoding & 1 != 0, isCharacter: encoding & 2 != 0, isBoolean: encoding & 4 != 0, bitOffset: Int(data >> 16 & 0xff),
      bits: Int(data & 0xff))
  }

  // MARK: Arrays

  /// The number of an array's elements; 0 for a flexible one.
  public var arrayCount: Int { kind == .array ? Int(number(20)) : 0 }
  /// The type of an array's index.
  public var arrayIndexType: BTF.TypeID { kind == .array ? number(16) : 0 }

  // MARK: Members

  /// A field of a structure or union.
  public struct Member: Sendable, Hashable {
    /// Empty for an anonymous structure or union.
    public var name: String
    public var nameOffset: UInt32
    public var typeID: BTF.TypeID
    /// From the structure's start.
    public var bitOffset: Int
    /// Bits of a bit-field, 0 for a whole field.
    public var bitFieldSize: Int
  }

  /// The fields of a structure or union, in the order of their declaration.
  public var members: [Member] {
    guard kind == .structure || kind == .union else { return [] }
    let count = elementCount
    let hasBitFields = kindFlag
    var result: [Member] = []
    result.reserveCapacity(count)
    for index in 0..<count {
      let name = number(12 + 12 * index)
      let place = number(20 + 12 * index)
      result.append(
        Member(
          name: btf.string(at: name) ?? "", nameOffset: name, typeID: number(16 + 12 * index),
          bitOffset: Int(hasBitFields ? place & 0xff_ffff : place), bitFieldSize: hasBitFields ? Int(place >> 24) : 0))
    }
    return result
  }

  /// ``members`` without the text of their names.
  var layout: [Member] { memberIndices.map { memberLayout(at: $0) } }

  /// The numbers of the fields of a structure or union; empty for other kinds.
  package var memberIndices: Range<Int> { kind == .structure || kind == .union ? 0..<elementCount : 0..<0 }

  /// The field of that number in a structure or union, without the text of its name.
  package func memberLayout(at index: Int) -> Member {
    let place = number(20 + 12 * index)
    let hasBitFields = kindFlag
    return Member(
      name: "", nameOffset: number(12 + 12 * index), typeID: number(16 + 12 * index),
      bitOffset: Int(hasBitFields ? place & 0xff_ffff : place), bitFieldSize: hasBitFields ? Int(place >> 24) : 0)
  }

  // MARK: Enumerations

  /// A name of an enumeration and its value: signed where the enumeration is, else to be read as unsigned.
  public struct Enumerator: Sendable, Hashable {
    /// The name, and its number.
    public var name: String
    public var value: Int64
  }

  /// Whether an enumeration's values are signed.
  public var isSignedEnumeration: Bool { (kind == .enumeration || kind == .enumeration64) && kindFlag }

  /// The enumerators of an `ENUM` or `ENUM64`.
  public var enumerators: [Enumerator] {
    let count = elementCount
    var result: [Enumerator] = []
    switch kind {
    case .enumeration:
      result.reserveCapacity(count)
      let isSigned = kindFlag
      for index in 0..<count {
        let raw = number(16 + 8 * index)
        result.append(
          Enumerator(name: btf.string(at: number(12 + 8 * index)) ?? "", value: isSigned ? Int64(Int32(bitPattern: raw)) : Int64(raw)))
      }
    case .enumeration64:
      result.reserveCapacity(count)
      for index in 0..<count {
        let raw = UInt64(number(16 + 12 * index)) | UInt64(number(20 + 12 * index)) << 32
        result.append(Enumerator(name: btf.string(at: number(12 + 12 * index)) ?? "", value: Int64(bitPattern: raw)))
      }
    default: break
    }
    return result
  }

  /// The numbers of an enumeration's enumerators; empty for other kinds.
  package var enumeratorIndices: Range<Int> { kind == .enumeration || kind == .enumeration64 ? 0..<elementCount : 0..<0 }

  /// Where the name of the enumerator of that number stands, and its value: the 4 bytes of an `ENUM` sign-extended, whatever its sign.
  package func enumeratorLayout(at index: Int) -> (nameOffset: UInt32, pattern: UInt64) {
    let place = 12 + kind.bytesPerElement * index
    let low = number(place + 4)
    let pattern =
      kind == .enumeration64 ? UInt64(low) | UInt64(number(place + 8)) << 32 : UInt64(bitPattern: Int64(Int32(bitPattern: low)))
    return (number(place), pattern)
  }

  /// The name of the first enumerator whose value agrees with `pattern` in the bits of `mask`; decodes no other name.
  func enumeratorName(_ pattern: UInt64, mask: UInt64) -> String? {
    let size = kind.bytesPerElement
    guard kind == .enumeration || kind == .enumeration64 else { return nil }
    for index in 0..<elementCount {
      let low = number(16 + size * index)
      let value =
        kind == .enumeration64
        ? UInt64(low) | UInt64(number(20 + size * index)) << 32
        : kindFlag ? UInt64(bitPattern: Int64(Int32(bitPattern: low))) : UInt64(low)
      if value & mask == pattern & mask { return btf.string(at: number(12 + size * index)) }
    }
    return nil
  }

  // MARK: Functions

  /// A parameter of a prototype; the last one of a variadic function has type 0 and no name.
  public struct Parameter: Sendable, Hashable {
    /// The name, which may be empty, and the type.
    public var name: String
    public var typeID: BTF.TypeID
  }

  /// The parameters of a `FUNC_PROTO`.
  public var parameters: [Parameter] {
    guard kind == .functionPrototype else { return [] }
    return (0..<elementCount).map { index in
      Parameter(name: btf.string(at: number(12 + 8 * index)) ?? "", typeID: number(16 + 8 * index))
    }
  }

  /// The types of ``parameters`` alone.
  package var parameterTypes: [BTF.TypeID] {
    guard kind == .functionPrototype else { return [] }
    return (0..<elementCount).map { number(16 + 8 * $0) }
  }

  /// How far a function or variable is seen (`BTF_FUNC_*`, `BTF_VAR_*`).
  public enum Linkage: UInt32, Sendable, Hashable {
    case isStatic = 0
    case global = 1
    case extern = 2
  }

  /// The linkage of a `FUNC` or `VAR`, `nil` for other kinds and unknown numbers.
  public var linkage: Linkage? {
    switch kind {
    case .function: Linkage(rawValue: info & 0xffff)
    case .variable: Linkage(rawValue: number(12))
    default: nil
    }
  }

  // MARK: Data sections

  /// A variable of a data section.
  public struct SectionVariable: Sendable, Hashable {
    /// A `VAR`, or an extern `FUNC` in `.ksyms`.
    public var typeID: BTF.TypeID
    public var offset: Int
    public var size: Int
  }

  /// The variables of a `DATASEC`, in its order.
  public var sectionVariables: [SectionVariable] {
    guard kind == .dataSection else { return [] }
    return (0..<elementCount).map { index in
      SectionVariable(typeID: number(12 + 12 * index), offset: Int(number(16 + 12 * index)), size: Int(number(20 + 12 * index)))
    }
  }

  // MARK: Tags

  /// What a declaration tag stands on: the member or parameter of that number, -1 for the whole.
  public var componentIndex: Int? { kind == .declarationTag ? Int(Int32(bitPattern: number(12))) : nil }
}
