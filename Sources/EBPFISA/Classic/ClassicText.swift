extension ClassicProgram {
  /// Reads what `tcpdump -ddd` prints: a line with the number of instructions, then a line for each with code, jt, jf and k as decimal numbers.
  ///
  /// Empty lines are skipped. The form with commas on one line, which `iptables -m bpf --bytecode` and `tc` take (`4,40 0 0 12,…`), is read too.
  /// - Throws: ``ClassicError`` with ``ClassicError/Code/syntax`` and the line, from 1.
  public init(decimalText text: String) throws(ClassicError) {
    var program: [ClassicInstruction] = []
    var count: Int?
    var line = 1
    var fields: [Substring.UTF8View] = []
    for record in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      for part in record.split(separator: UInt8(ascii: ",")) {
        fields = part.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        if fields.isEmpty { continue }
        guard let expected = count else {
          guard fields.count == 1, let number = UInt32(Substring(fields[0])) else {
            throw ClassicError(
              .syntax, at: line, "expected the number of instructions, as 'tcpdump -ddd' prints it first, found '\(Self.shown(part))'")
          }
          count = Int(number)
          continue
        }
        guard program.count < expected else {
          throw ClassicError(.syntax, at: line, "more than the \(expected) instructions that the first line announces")
        }
        program.append(try Self.instruction(fields, Self.shown(part), line))
      }
      line += 1
    }
    guard let count else { throw ClassicError(.syntax, at: 1, "the text is empty; expected what 'tcpdump -ddd' prints") }
    guard program.count == count else {
      throw ClassicError(.syntax, at: line - 1, "\(program.count) instructions, but the first line announces \(count)")
    }
    self.init(program)
  }

  private static func instruction(_ fields: [Substring.UTF8View], _ text: String, _ line: Int) throws(ClassicError) -> ClassicInstruction {
    guard fields.count == 4 else {
      throw ClassicError(.syntax, at: line, "expected 'code jt jf k', four decimal numbers, found '\(text)'")
    }
    return ClassicInstruction(
      code: try number(fields[0], "code", line), jumpTrue: try number(fields[1], "jt", line), jumpFalse: try number(fields[2], "jf", line),
      k: try number(fields[3], "k", line))
  }

  private static func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ field: Substring.UTF8View, _ name: String, _ line: Int
  ) throws(ClassicError) -> Number {
    // A sign would be read, and is none of tcpdump's; only k is printed unsigned from a signed mind.
    guard field.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let number = Number(Substring(field)) else {
      throw ClassicError(.syntax, at: line, "\(name) is '\(shown(field))', expected a decimal number up to \(Number.max)")
    }
    return number
  }

  /// Reads what `tcpdump -dd` prints, the initializer of a C array: `{ 0x28, 0, 0, 0x0000000c },` for each instruction.
  ///
  /// Numbers are decimal or, with `0x`, hexadecimal; C's comments are not read.
  /// - Throws: ``ClassicError`` with ``ClassicError/Code/syntax`` and the line, from 1.
  public init(cText text: String) throws(ClassicError) {
    var program: [ClassicInstruction] = []
    var line = 0
    for record in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      line += 1
      var rest = record.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }[...]
      while !rest.isEmpty {
        guard rest.first == UInt8(ascii: "{"), let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
          throw ClassicError(.syntax, at: line, "expected '{ code, jt, jf, k },', found '\(Self.shown(record))'")
        }
        let fields = rest[rest.startIndex + 1..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 4 else {
          throw ClassicError(.syntax, at: line, "expected four numbers between the braces, found '\(Self.shown(record))'")
        }
        program.append(
          ClassicInstruction(
            code: try Self.cNumber(fields[0], "code", line), jumpTrue: try Self.cNumber(fields[1], "jt", line),
            jumpFalse: try Self.cNumber(fields[2], "jf", line), k: try Self.cNumber(fields[3], "k", line)))
        rest = rest[(end + 1)...]
        if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
      }
    }
    self.init(program)
  }

  private static func cNumber<Number: FixedWidthInteger & UnsignedInteger>(
    _ field: ArraySlice<UInt8>, _ name: String, _ line: Int
  ) throws(ClassicError) -> Number {
    let text = String(decoding: field, as: UTF8.self)
    let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
    let digits = isHexadecimal ? text.dropFirst(2) : text[...]
    guard let first = digits.utf8.first, first != UInt8(ascii: "+"), let number = Number(digits, radix: isHexadecimal ? 16 : 10) else {
      throw ClassicError(.syntax, at: line, "\(name) is '\(shown(field))', expected a number up to \(Number.max)")
    }
    return number
  }

  /// At most 60 bytes of what was found, on one line.
  private static func shown(_ bytes: some Collection<UInt8>) -> String {
    var text = ""
    for byte in bytes.prefix(60) where byte != 0x0d {
      text += byte >= 0x20 && byte < 0x7f ? String(UnicodeScalar(byte)) : "\\x" + hexByte(byte)
    }
    return bytes.count > 60 ? text + "…" : text
  }
}
