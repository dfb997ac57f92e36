/// A value decoded through its type: what maps, globals and events hold, ready to be printed.
public enum BTFValue: Sendable, Hashable {
  /// `void`, a function, a type without a size, or bytes that are not there.
  case null
  case boolean(Bool)
  /// Up to 128 bits.
  case signed(Int128)
  case unsigned(UInt128)
  /// A `char`.
  case character(UInt8)
  case float(Double)
  /// A value of an enumeration that has a name for it.
  case enumerator(String)
  /// A value of a type of `EBPFTypes` as it is usually written: `192.0.2.1`, `02:00:00:00:00:01`.
  case spelled(String)
  case pointer(UInt64)
  /// An array of `char` up to its zero byte.
  case text(String)
  case array([BTFValue])
  /// A structure, union or data section; members of anonymous structures and unions stand among the others, as C sees them.
  case structure([Field])
  /// Bytes that no other case can say (an 80-bit float).
  case bytes([UInt8])

  /// A named part of a structure.
  public struct Field: Sendable, Hashable {
    /// The member's name, empty of an anonymous one, and what is in it.
    public var name: String
    public var value: BTFValue

    public init(name: String, value: BTFValue) {
      self.name = name
      self.value = value
    }
  }

  /// The field of that name, of a structure.
  public subscript(name: String) -> BTFValue? {
    guard case .structure(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  /// The value as a number, where it is one.
  public var integer: Int128? {
    switch self {
    case .signed(let number): number
    case .unsigned(let number): Int128(exactly: number)
    case .character(let byte): Int128(byte)
    case .boolean(let flag): flag ? 1 : 0
    case .pointer(let address): Int128(address)
    default: nil
    }
  }
}

extension BTFValue {
  /// The value in JSON, without white space.
  ///
  /// Integers of an amount over 2^53 are strings, because most readers of JSON keep numbers as doubles; pointers are strings in hexadecimal
  /// (`"0x1f"`), enumerators their names, `char` arrays strings, unions objects of all their members.
  public var json: String {
    var result = ""
    writeJSON(to: &result)
    return result
  }

  /// Appends ``json`` to a text.
  public func writeJSON(to result: inout String) {
    switch self {
    case .null: result += "null"
    case .boolean(let flag): result += flag ? "true" : "false"
    case .signed(let number): BTFValue.writeInteger(number.magnitude, isNegative: number < 0, to: &result)
    case .unsigned(let number): BTFValue.writeInteger(number, isNegative: false, to: &result)
    case .character(let byte): result += "\(Int8(bitPattern: byte))"
    case .float(let number): result += number.isFinite ? "\(number)" : "\"\(number)\""
    case .enumerator(let name), .spelled(let name), .text(let name): BTFValue.writeJSONString(name, to: &result)
    case .pointer(let address): result += "\"0x" + String(address, radix: 16) + "\""
    case .bytes(let bytes): result += "\"" + BTFValue.hex(bytes) + "\""
    case .array(let elements):
      result += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { result += "," }
        element.writeJSON(to: &result)
      }
      result += "]"
    case .structure(let fields):
      result += "{"
      for (index, field) in fields.enumerated() {
        if index > 0 { result += "," }
        BTFValue.writeJSONString(field.name, to: &result)
        result += ":"
        field.value.writeJSON(to: &result)
      }
      result += "}"
    }
  }

  /// The value as a line of text in the manner of C: `{packets = 12, port = 443, name = "eth0"}`.
  public var text: String {
    var result = ""
    writeText(to: &result)
    return result
  }

  /// Appends ``text`` to a text.
  public func writeText(to result: inout String) {
    switch self {
    case .null: result += "-"
    case .boolean(let flag): result += flag ? "true" : "false"
    case .signed(let number): result += "\(number)"
    case .unsigned(let number): result += "\(number)"
    case .character(let byte):
      if byte >= 0x20, byte < 0x7f { result += "'\(Character(Unicode.Scalar(byte)))'" } else { result += "\(Int8(bitPattern: byte))" }
    case .float(let number): result += "\(number)"
    case .enumerator(let name), .spelled(let name): result += name
    case .text(let text): BTFValue.writeJSONString(text, to: &result)
    case .pointer(let address): result += "0x" + String(address, radix: 16)
    case .bytes(let bytes): result += BTFValue.hex(bytes)
    case .array(let elements):
      result += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { result += ", " }
        element.writeText(to: &result)
      }
      result += "]"
    case .structure(let fields):
      result += "{"
      for (index, field) in fields.enumerated() {
        if index > 0 { result += ", " }
        result += field.name + " = "
        field.value.writeText(to: &result)
      }
      result += "}"
    }
  }

  private static func writeInteger(_ magnitude: UInt128, isNegative: Bool, to result: inout String) {
    let digits = isNegative ? "-\(magnitude)" : "\(magnitude)"
    result += magnitude > 1 << 53 ? "\"\(digits)\"" : digits
  }

  /// Bytes as lower-case hexadecimal digits, in memory order, without prefix or spaces.
  public static func hex(_ bytes: some Collection<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      result.append(digits[Int(byte >> 4)])
      result.append(digits[Int(byte & 15)])
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Appends a text as a JSON string, quotes included.
  public static func writeJSONString(_ text: String, to result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
