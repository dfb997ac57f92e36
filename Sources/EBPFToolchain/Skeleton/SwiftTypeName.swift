#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A type of Swift as the demangler writes it: `BPF.HashMap<EBPFTypes.IPv4Address, Counter.Traffic>`.
package indirect enum SwiftTypeName: Sendable, Hashable {
  /// A module and the names below it, the last one with arguments.
  case nominal(module: String, path: [String], arguments: [SwiftTypeName])
  case tuple([SwiftTypeName])
  case optional(SwiftTypeName)
  /// The argument of a generic over numbers.
  case number(Int)

  /// The type that a text stands for; `nil` of what is none of these (functions, private types).
  package init?(_ text: some StringProtocol) {
    var reader = Reader(text: Array(text.utf8))
    guard let type = reader.type(), reader.position == reader.text.count else { return nil }
    self = type
  }

  private struct Reader {
    let text: [UInt8]
    var position = 0

    private mutating func skip(_ character: Character) -> Bool {
      while position < text.count, text[position] == UInt8(ascii: " ") { position += 1 }
      guard position < text.count, text[position] == character.asciiValue else { return false }
      position += 1
      return true
    }

    private mutating func word() -> String? {
      while position < text.count, text[position] == UInt8(ascii: " ") { position += 1 }
      let start = position
      while position < text.count {
        switch text[position] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "_"), 0x80...0xff:
          position += 1
          continue
        default: break
        }
        break
      }
      return start == position ? nil : String(decoding: text[start..<position], as: UTF8.self)
    }

    private mutating func list(upTo end: Character) -> [SwiftTypeName]? {
      var result: [SwiftTypeName] = []
      if skip(end) { return result }
      while let element = type() {
        result.append(element)
        if skip(end) { return result }
        guard skip(",") else { return nil }
      }
      return nil
    }

    mutating func type() -> SwiftTypeName? {
      guard var result = plain() else { return nil }
      while skip("?") { result = .optional(result) }
      return result
    }

    private mutating func plain() -> SwiftTypeName? {
      if skip("(") { return list(upTo: ")").map { .tuple($0) } }
      if skip("-") { return word().flatMap { Int("-\($0)") }.map { .number($0) } }
      guard let module = word() else { return nil }
      if let number = Int(module) { return .number(number) }
      var path: [String] = []
      while skip(".") {
        guard let name = word() else { return nil }
        path.append(name)
      }
      guard !path.isEmpty else { return nil }
      guard skip("<") else { return .nominal(module: module, path: path, arguments: []) }
      guard let arguments = list(upTo: ">") else { return nil }
      return .nominal(module: module, path: path, arguments: arguments)
    }
  }
}

/// A global variable of a program in Swift: its name in the source, and its type.
package struct SwiftGlobal: Sendable, Hashable {
  package let module: String
  package let name: String
  package let type: SwiftTypeName

  /// What a mangled name says; `nil` of other symbols, and of types that only one file can name.
  package init?(mangled: String) {
    guard mangled.hasSuffix("vp"), let text = demangled(mangled), let colon = text.firstRange(of: " : ") else { return nil }
    let place = text[..<colon.lowerBound].split(separator: ".")
    guard place.count == 2, let type = SwiftTypeName(text[colon.upperBound...]) else { return nil }
    module = String(place[0])
    name = String(place[1])
    self.type = type
  }
}

/// The Swift runtime's own demangler.
private func demangled(_ name: String) -> String? {
  var name = name
  return name.withUTF8 { bytes -> String? in
    bytes.withMemoryRebound(to: CChar.self) { characters in
      guard let text = swiftDemangle(characters.baseAddress, UInt(characters.count), nil, nil, 0) else { return nil }
      defer { free(text) }
      return String(cString: text)
    }
  }
}

@_silgen_name("swift_demangle")
private func swiftDemangle(
  _ name: UnsafePointer<CChar>?, _ length: UInt, _ buffer: UnsafeMutablePointer<CChar>?, _ size: UnsafeMutablePointer<UInt>?,
  _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?
