extension BTF {
  /// Decodes bytes as a value of the type.
  ///
  /// Where the bytes are fewer than the type asks for (a compiler may shrink an array in `.bss`), arrays have the elements that are there
  /// and other missing parts are ``BTFValue/null``.
  /// - Parameter isBigEndian: the byte order of the value, where it is not that of the BTF.
  /// - Throws: ``BTFError`` where the type nests deeper or unfolds wider than any real one does.
  public func value(of bytes: [UInt8], as id: TypeID, isBigEndian: Bool? = nil) throws(BTFError) -> BTFValue {
    var decoder = ValueDecoder(btf: self, view: ByteView(bytes, isBigEndian: isBigEndian ?? self.isBigEndian))
    return try decoder.decode(id, at: 0, end: bytes.count, depth: 0)
  }
}

/// One decoding: the bytes, and how much it may still unfold.
private struct ValueDecoder {
  let btf: BTF
  let view: ByteView
  /// Values that may still be made: a hostile type can name a handful of bytes in billions of ways.
  private var budget: Int

  init(btf: BTF, view: ByteView) {
    self.btf = btf
    self.view = view
    budget = 1 << 16 + 32 * view.count
  }

  mutating func decode(_ id: BTF.TypeID, at offset: Int, end: Int, depth: Int) throws(BTFError) -> BTFValue {
    budget -= 1
    guard budget >= 0 else { throw BTFError(.badValue, "the type unfolds into more values than its bytes can hold", typeID: id) }
    guard depth < 64 else { throw BTFError(.badType, "the type is nested more than 64 deep", typeID: id) }
    guard let type = btf.resolve(id) else { return .null }
    switch type.kind {
    case .int:
      guard let encoding = type.integer, let size = type.statedSize else { return .null }
      return integer(
        type, encoding, bits: encoding.bits, at: 8 * offset + (view.isBigEndian ? 0 : encoding.bitOffset), size: size, end: end)
    case .enumeration, .enumeration64:
      return enumeration(type, at: 8 * offset, bits: 8 * Swift.min(16, type.statedSize ?? 4), end: end)
    case .float: return float(at: offset, size: type.statedSize ?? 0, end: end)
    case .pointer:
      guard offset <= end - 8, let address = view.u64(offset) else { return .null }
      return .pointer(address)
    case .array: return try array(type, at: offset, end: end, depth: depth)
    case .structure, .union:
      if type.kind == .structure, let value = NetworkValues.value(of: type, bytes: { offset + $0 < end ? view.u8(offset + $0) : nil }) {
        return value
      }
      var fields: [BTFValue.Field] = []
      try members(of: type, at: offset, end: end, depth: depth, to: &fields)
      return .structure(fields)
    case .variable: return try decode(type.target, at: offset, end: end, depth: depth + 1)
    case .dataSection:
      var fields: [BTFValue.Field] = []
      for variable in type.sectionVariables {
        guard let declaration = btf.type(variable.typeID), declaration.kind == .variable else { continue }
        let last = Swift.min(end, variable.offset + variable.size)
        fields.append(
          .init(name: declaration.name, value: try decode(declaration.target, at: offset + variable.offset, end: last, depth: depth + 1)))
      }
      return .structure(fields)
    case .void, .forward, .function, .functionPrototype, .declarationTag, .typedef, .const, .volatile, .restrict, .typeTag: return .null
    }
  }

  // MARK: Parts

  private mutating func members(
    of type: BTFType, at offset: Int, end: Int, depth: Int, to fields: inout [BTFValue.Field]
  ) throws(BTFError) {
    guard depth < 64 else { throw BTFError(.badType, "the type is nested more than 64 deep", typeID: type.id) }
    for member in type.members {
      let place = offset + member.bitOffset / 8
      if member.name.isEmpty, let inner = btf.resolve(member.typeID), inner.kind == .structure || inner.kind == .union {
        budget -= 1
        guard budget >= 0 else { throw BTFError(.badValue, "the type unfolds into more values than its bytes can hold", typeID: type.id) }
        try members(of: inner, at: place, end: end, depth: depth + 1, to: &fields)
        continue
      }
      // An unnamed bit-field is padding.
      if member.name.isEmpty, member.bitFieldSize > 0 { continue }
      let value: BTFValue
      if member.bitFieldSize > 0 || member.bitOffset % 8 != 0 {
        value = bitField(member, at: 8 * offset + member.bitOffset, end: end)
      } else {
        value = try decode(member.typeID, at: place, end: end, depth: depth + 1)
      }
      fields.append(.init(name: member.name, value: value))
    }
  }

  private func bitField(_ member: BTFType.Member, at bit: Int, end: Int) -> BTFValue {
    guard let type = btf.resolve(member.typeID) else { return .null }
    switch type.kind {
    case .int:
      guard let encoding = type.integer, let size = type.statedSize else { return .null }
      return integer(type, encoding, bits: member.bitFieldSize > 0 ? member.bitFieldSize : encoding.bits, at: bit, size: size, end: end)
    case .enumeration, .enumeration64:
      return enumeration(type, at: bit, bits: member.bitFieldSize > 0 ? member.bitFieldSize : 8 * (type.statedSize ?? 4), end: end)
    default: return .null
    }
  }

  /// Up to 128 bits from a bit offset: counted from each byte's low bit in little-endian memory, from its high bit in big-endian.
  private func bits(_ count: Int, at bit: Int, end: Int) -> UInt128? {
    guard count > 0, count <= 128, bit >= 0, bit <= 8 * end - count else { return nil }
    let first = bit / 8
    let last = (bit + count - 1) / 8
    var result: UInt128 = 0
    if view.isBigEndian {
      for byte in first...last {
        // The first byte's leading bits are shifted out at the top.
        var value = UInt128(view.u8(byte) ?? 0)
        if byte == first { value &= 0xff >> UInt128(bit % 8) }
        if byte == last {
          let unused = 7 - (bit + count - 1) % 8
          result = result << UInt128(8 - unused) | value >> UInt128(unused)
        } else {
          result = result << 8 | value
        }
      }
    } else {
      for byte in first...last {
        let value = UInt128(view.u8(byte) ?? 0)
        let shift = 8 * (byte - first) - bit % 8
        if shift < 0 { result |= value >> UInt128(-shift) } else if shift < 128 { result |= value << UInt128(shift) }
      }
    }
    return count == 128 ? result : result & (1 << UInt128(count) - 1)
  }

  private static func signed(_ value: UInt128, bits: Int) -> Int128 {
    let shift = UInt128(128 - bits)
    return Int128(truncatingIfNeeded: value << shift) >> Int128(shift)
  }

  private func integer(
    _ type: BTFType, _ encoding: BTFType.IntegerEncoding, bits count: Int, at bit: Int, size: Int, end: Int
  ) -> BTFValue {
    guard let value = bits(count, at: bit, end: end) else { return .null }
    if encoding.isBoolean, value <= 1 { return .boolean(value == 1) }
    if size == 1, count == 8, encoding.isCharacter || type.name == "char" { return .character(UInt8(truncatingIfNeeded: value)) }
    return encoding.isSigned ? .signed(ValueDecoder.signed(value, bits: count)) : .unsigned(value)
  }

  private func enumeration(_ type: BTFType, at bit: Int, bits count: Int, end: Int) -> BTFValue {
    guard let raw = bits(count, at: bit, end: end) else { return .null }
    let isSigned = type.isSignedEnumeration
    let value = isSigned ? ValueDecoder.signed(raw, bits: count) : Int128(truncatingIfNeeded: raw)
    // Old compilers did not say whether an enumeration is signed: the same bits are the same enumerator.
    let mask: UInt64 = count >= 64 ? .max : 1 << UInt64(count) - 1
    let pattern = UInt64(truncatingIfNeeded: raw)
    if count <= 64, let name = type.enumeratorName(pattern, mask: mask) { return .enumerator(name) }
    return isSigned ? .signed(value) : .unsigned(raw)
  }

  private func float(at offset: Int, size: Int, end: Int) -> BTFValue {
    guard offset <= end - size else { return .null }
    switch size {
    case 2:
      guard let raw = view.u16(offset) else { return .null }
      let sign: Double = raw >> 15 == 0 ? 1 : -1
      let fraction = Double(raw & 0x3ff)
      switch Int(raw >> 10 & 0x1f) {
      case 0: return .float(sign * fraction * 0x1p-24)
      case 31: return .float(fraction == 0 ? sign * .infinity : .nan)
      case let exponent: return .float(sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024))
      }
    case 4: return view.u32(offset).map { .float(Double(Float(bitPattern: $0))) } ?? .null
    case 8: return view.u64(offset).map { .float(Double(bitPattern: $0)) } ?? .null
    default: return view.holds(offset, size) ? .bytes(Array(view.bytes[offset..<offset + size])) : .null
    }
  }

  private mutating func array(_ type: BTFType, at offset: Int, end: Int, depth: Int) throws(BTFError) -> BTFValue {
    guard let size = btf.size(of: type.target), size > 0 else { return .array([]) }
    let count = Swift.min(type.arrayCount, Swift.max(0, end - offset) / size)
    if size == 1, let element = btf.resolve(type.target), element.kind == .int,
      element.name == "char" || element.integer?.isCharacter == true
    {
      // The place may lie behind the bytes that are there.
      let bytes = count > 0 ? view.bytes[offset..<offset + count] : []
      return .text(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    }
    var elements: [BTFValue] = []
    elements.reserveCapacity(Swift.min(count, budget))
    for index in 0..<count {
      elements.append(try decode(type.target, at: offset + index * size, end: end, depth: depth + 1))
    }
    return .array(elements)
  }
}
