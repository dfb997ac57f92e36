/// Why bytes are not an object that can be used.
public struct ObjectError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Kinds of failure; more may come.
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Not an ELF object, or cut short, or with offsets that lead outside it.
    public static let malformed = Code(rawValue: "malformed")
    /// An object, but not one for eBPF.
    public static let wrongMachine = Code(rawValue: "wrongMachine")
    /// A map definition that no host can create.
    public static let badMap = Code(rawValue: "badMap")
    /// A relocation that leads nowhere or is of an unknown kind.
    public static let badRelocation = Code(rawValue: "badRelocation")
    /// Types (`.BTF`, `.BTF.ext`) that contradict themselves.
    public static let badBTF = Code(rawValue: "badBTF")
    /// A CO-RE relocation that cannot be applied: candidates that disagree, an instruction of another form, a value that does not fit.
    public static let relocation = Code(rawValue: "relocation")
    /// A variable that is not there, or a value that does not fit it.
    public static let badVariable = Code(rawValue: "badVariable")
  }
  /// Which kind of failure.
  public var code: Code
  /// What is wrong and, where there is one, the way out, in one line.
  public var message: String
  /// What the object is called, where its reader was told.
  public var object: String?
  /// The section and the byte offset in it (in the file where there is no section), as far as they are known.
  public var section: String?
  public var offset: Int?

  public init(_ code: Code, _ message: String, section: String? = nil, offset: Int? = nil, object: String? = nil) {
    self.code = code
    self.object = object
    self.message = message
    self.section = section
    self.offset = offset
  }

  public var description: String {
    var place = ""
    if let object { place += "\(object): " }
    if let section { place += "section \(section): " }
    if let offset { place += "offset 0x\(String(offset, radix: 16)): " }
    return place + message
  }
}
