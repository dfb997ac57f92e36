/// Why bytes are not types that can be used.
public struct BTFError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Kinds of failure; more may come.
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Not BTF, cut short, or with offsets that lead outside it.
    public static let malformed = Code(rawValue: "malformed")
    /// A version or kind that this reader does not know.
    public static let unsupported = Code(rawValue: "unsupported")
    /// Types that contradict themselves: references that lead nowhere or in a circle, impossible sizes.
    public static let badType = Code(rawValue: "badType")
    /// A value whose bytes do not match its type.
    public static let badValue = Code(rawValue: "badValue")
  }
  /// Which kind of failure.
  public var code: Code
  /// What is wrong and, where there is one, the way out, in one line.
  public var message: String
  /// The type concerned, where it is known.
  public var typeID: BTF.TypeID?
  /// The byte offset in the blob, where it is known.
  public var offset: Int?

  public init(_ code: Code, _ message: String, typeID: BTF.TypeID? = nil, offset: Int? = nil) {
    self.code = code
    self.message = message
    self.typeID = typeID
    self.offset = offset
  }

  public var description: String {
    var place = ""
    if let typeID { place += "type [\(typeID)]: " }
    if let offset { place += "offset 0x\(String(offset, radix: 16)): " }
    return place + message
  }
}
