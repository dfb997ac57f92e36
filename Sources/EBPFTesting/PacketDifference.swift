/// Where two packets differ, by the names of their fields.
public struct PacketDifference: Sendable, Hashable, CustomStringConvertible {
  /// One field or stretch of bytes that differs.
  public struct Part: Sendable, Hashable {
    /// `ipv4.time to live`, or `bytes` where no header is known.
    public var field: String
    /// Where it begins, in bytes from the start.
    public var offset: Int
    public var expected: String
    public var actual: String
  }

  /// What differs, in the order of the packet.
  public var parts: [Part] = []

  /// Compares two Ethernet frames.
  public init(expected: [UInt8], actual: [UInt8]) {
    guard expected != actual else { return }
    if expected.count != actual.count {
      parts.append(
        Part(field: "length", offset: min(expected.count, actual.count), expected: "\(expected.count)", actual: "\(actual.count)"))
    }
    let fields = PacketFields(ethernet: expected).fields
    let others = Dictionary(PacketFields(ethernet: actual).fields.map { ($0.range, $0) }, uniquingKeysWith: { first, _ in first })
    for field in fields {
      let range = field.range.clamped(to: 0..<actual.count)
      guard range != field.range || expected[range] != actual[range] else { continue }
      if field.name == "payload" || others[field.range]?.name != field.name {
        let first = field.range.first { $0 >= actual.count || expected[$0] != actual[$0] } ?? field.range.lowerBound
        // Enough to see what it is.
        let stretch = first..<min(first + 16, field.range.upperBound)
        parts.append(
          Part(
            field: field.name, offset: first, expected: hexadecimal(expected[stretch]),
            actual: hexadecimal(actual[stretch.clamped(to: 0..<actual.count)])))
      } else {
        parts.append(
          Part(field: field.name, offset: field.range.lowerBound, expected: field.text, actual: others[field.range]?.text ?? ""))
      }
    }
  }

  /// Whether the packets are equal.
  public var isEmpty: Bool { parts.isEmpty }

  /// A line a field: name, offset, what was expected and what is there.
  public var description: String {
    parts.map { "  \($0.field) (offset \($0.offset)): expected \($0.expected), got \($0.actual)" }.joined(separator: "\n")
  }
}
