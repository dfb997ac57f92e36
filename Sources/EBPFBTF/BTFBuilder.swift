/// Makes a BTF, type by type. Every `add` gives the new type's id; ids may be referred to before their types are added.
public struct BTFBuilder: Sendable {
  private let base: BTF?
  private let isBigEndian: Bool
  private var types: [UInt8] = []
  private var strings: [UInt8] = []
  private var offsets: [String: UInt32] = [:]
  private let firstString: UInt32
  /// The id that the next added type will have.
  public private(set) var nextID: BTF.TypeID

  /// A builder without types.
  /// - Parameters:
  ///   - base: what the new BTF continues, for split BTF; its byte order is then taken.
  ///   - isBigEndian: the byte order of the blob.
  public init(base: BTF? = nil, isBigEndian: Bool = false) {
    self.base = base
    self.isBigEndian = base?.isBigEndian ?? isBigEndian
    nextID = base.map { UInt32(truncatingIfNeeded: $0.count) } ?? 1
    firstString = base.map { $0.storage.firstString &+ UInt32(truncatingIfNeeded: $0.storage.strings.count) } ?? 0
    if base == nil { strings.append(0) }
  }

  /// The blob's bytes, header included.
  public var bytes: [UInt8] {
    var result: [UInt8] = isBigEndian ? [0xeb, 0x9f, 1, 0] : [0x9f, 0xeb, 1, 0]
    for number in [24, 0, UInt32(clamping: types.count), UInt32(clamping: types.count), UInt32(clamping: strings.count)] {
      append(number, to: &result)
    }
    return result + types + strings
  }

  /// The BTF with all types added so far.
  public func build() throws(BTFError) -> BTF { try BTF(bytes: bytes, base: base) }

  /// The offset of a string, added where it is new.
  public mutating func string(_ text: String) -> UInt32 {
    if text.isEmpty { return 0 }
    if let offset = offsets[text] { return offset }
    let offset = firstString &+ UInt32(clamping: strings.count)
    strings += Array(text.utf8)
    strings.append(0)
    offsets[text] = offset
    return offset
  }

  private func append(_ number: UInt32, to bytes: inout [UInt8]) {
    for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(8 * (isBigEndian ? 3 - index : index)))) }
  }

  private mutating func add(
    _ kind: BTFKind, _ name: String, flag: Bool = false, count: Int = 0, sizeOrType: UInt32, _ rest: [UInt32] = []
  ) -> BTF.TypeID {
    append(string(name), to: &types)
    append(UInt32(flag ? 1 << 31 : 0) | UInt32(kind.rawValue) << 24 | UInt32(clamping: count) & 0xffff, to: &types)
    append(sizeOrType, to: &types)
    for number in rest { append(number, to: &types) }
    defer { nextID &+= 1 }
    return nextID
  }

  // MARK: Types

  /// An integer of `size` bytes; `bits` of them count where fewer do.
  public mutating func addInteger(
    _ name: String, size: Int, isSigned: Bool = false, isCharacter: Bool = false, isBoolean: Bool = false, bits: Int? = nil
  ) -> BTF.TypeID {
    let encoding: UInt32 = (isSigned ? 1 : 0) | (isCharacter ? 2 : 0) | (isBoolean ? 4 : 0)
    return add(.int, name, sizeOrType: UInt32(clamping: size), [encoding << 24 | UInt32(clamping: bits ?? 8 * size)])
  }

  /// A floating-point number (`BTF_KIND_FLOAT`) of so many bytes.
  public mutating func addFloat(_ name: String, size: Int) -> BTF.TypeID { add(.float, name, sizeOrType: UInt32(clamping: size)) }

  /// A pointer (`BTF_KIND_PTR`); 0 is `void *`.
  public mutating func addPointer(to target: BTF.TypeID) -> BTF.TypeID { add(.pointer, "", sizeOrType: target) }

  /// An array (`BTF_KIND_ARRAY`); `index` is the type of its indices, an integer.
  public mutating func addArray(of element: BTF.TypeID, count: Int, index: BTF.TypeID) -> BTF.TypeID {
    add(.array, "", sizeOrType: 0, [element, index, UInt32(clamping: count)])
  }

  /// A structure, or a union; members' names, types and bit offsets are taken, and bit-field sizes where one has any.
  public mutating func addStructure(_ name: String, isUnion: Bool = false, size: Int, members: [BTFType.Member]) -> BTF.TypeID {
    let hasBitFields = members.contains { $0.bitFieldSize > 0 }
    var rest: [UInt32] = []
    for member in members {
      let place = UInt32(clamping: member.bitOffset)
      rest += [string(member.name), member.typeID, hasBitFields ? place & 0xff_ffff | UInt32(clamping: member.bitFieldSize) << 24 : place]
    }
    return add(
      isUnion ? .union : .structure, name, flag: hasBitFields, count: members.count, sizeOrType: UInt32(clamping: size), rest)
  }

  /// An enumeration of up to 4 bytes (`ENUM`), or of 8 (`ENUM64`).
  public mutating func addEnumeration(
    _ name: String, size: Int = 4, isSigned: Bool = false, enumerators: [BTFType.Enumerator]
  ) -> BTF.TypeID {
    var rest: [UInt32] = []
    for enumerator in enumerators {
      rest += [string(enumerator.name), UInt32(truncatingIfNeeded: enumerator.value)]
      if size == 8 { rest.append(UInt32(truncatingIfNeeded: enumerator.value >> 32)) }
    }
    return add(
      size == 8 ? .enumeration64 : .enumeration, name, flag: isSigned, count: enumerators.count, sizeOrType: UInt32(clamping: size), rest)
  }

  /// A structure (or union) that is only declared.
  public mutating func addForward(_ name: String, isUnion: Bool = false) -> BTF.TypeID { add(.forward, name, flag: isUnion, sizeOrType: 0) }

  /// A `typedef` (`BTF_KIND_TYPEDEF`).
  public mutating func addTypedef(_ name: String, of target: BTF.TypeID) -> BTF.TypeID { add(.typedef, name, sizeOrType: target) }

  /// `const`, `volatile` or `restrict`.
  public mutating func addModifier(_ kind: BTFKind, of target: BTF.TypeID) -> BTF.TypeID { add(kind, "", sizeOrType: target) }

  /// A tag on a type (`btf_type_tag`); an attribute of another name where `isAttribute` is set.
  public mutating func addTypeTag(_ text: String, of target: BTF.TypeID, isAttribute: Bool = false) -> BTF.TypeID {
    add(.typeTag, text, flag: isAttribute, sizeOrType: target)
  }

  /// A tag on a declaration, or on its member or parameter of that number.
  public mutating func addDeclarationTag(_ text: String, on target: BTF.TypeID, component: Int = -1) -> BTF.TypeID {
    add(.declarationTag, text, sizeOrType: target, [UInt32(bitPattern: Int32(truncatingIfNeeded: component))])
  }

  /// A function's type; a parameter of type 0 without a name at the end makes it variadic.
  public mutating func addPrototype(result: BTF.TypeID, parameters: [BTFType.Parameter]) -> BTF.TypeID {
    let rest = parameters.flatMap { [string($0.name), $0.typeID] }
    return add(.functionPrototype, "", count: parameters.count, sizeOrType: result, rest)
  }

  /// A function (`BTF_KIND_FUNC`) with a prototype of the kind `BTF_KIND_FUNC_PROTO`.
  public mutating func addFunction(_ name: String, prototype: BTF.TypeID, linkage: BTFType.Linkage = .global) -> BTF.TypeID {
    add(.function, name, count: Int(linkage.rawValue), sizeOrType: prototype)
  }

  /// A variable (`BTF_KIND_VAR`).
  public mutating func addVariable(_ name: String, type: BTF.TypeID, linkage: BTFType.Linkage = .global) -> BTF.TypeID {
    add(.variable, name, sizeOrType: type, [linkage.rawValue])
  }

  /// A data section (`BTF_KIND_DATASEC`) of so many bytes, with its variables in the order of their offsets.
  public mutating func addDataSection(_ name: String, size: Int, variables: [BTFType.SectionVariable]) -> BTF.TypeID {
    let rest = variables.flatMap { [$0.typeID, UInt32(clamping: $0.offset), UInt32(clamping: $0.size)] }
    return add(.dataSection, name, count: variables.count, sizeOrType: UInt32(clamping: size), rest)
  }
}

extension BTFType.Member {
  /// A member to be added; its name's offset is found by the builder.
  public init(_ name: String, type: BTF.TypeID, bitOffset: Int, bitFieldSize: Int = 0) {
    self.init(name: name, nameOffset: 0, typeID: type, bitOffset: bitOffset, bitFieldSize: bitFieldSize)
  }
}

extension BTFType.Parameter {
  public init(_ name: String, type: BTF.TypeID) { self.init(name: name, typeID: type) }
}

extension BTFType.Enumerator {
  public init(_ name: String, _ value: Int64) { self.init(name: name, value: value) }
}

extension BTFType.SectionVariable {
  public init(_ variable: BTF.TypeID, offset: Int, size: Int) { self.init(typeID: variable, offset: offset, size: size) }
}
