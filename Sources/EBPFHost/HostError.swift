/// What a host refused or could not do. The message names the thing, the place and the way out.
public struct HostError: Error, Sendable, CustomStringConvertible {
  /// Kinds of failure; more may come.
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The verifier (ours or the kernel's) refused the program; ``HostError/underlying`` is its rejection or ``HostError/log`` its text.
    public static let rejected = Code(rawValue: "rejected")
    /// The host does not have the thing: a map type, helper, program type.
    public static let unsupported = Code(rawValue: "unsupported")
    /// No program, map or symbol of that name.
    public static let notFound = Code(rawValue: "notFound")
    /// A CO-RE relocation that cannot be applied against the types that the program is to run with.
    public static let relocation = Code(rawValue: "relocation")
    /// The handle was closed.
    public static let closed = Code(rawValue: "closed")
    /// A key, value, context or packet of a size that does not fit.
    public static let badArgument = Code(rawValue: "badArgument")
    /// A map operation that failed with the kernel's errno.
    public static let mapOperation = Code(rawValue: "mapOperation")
    /// A system call that failed.
    public static let system = Code(rawValue: "system")
    /// The program did something that the checked interpreter caught.
    public static let fault = Code(rawValue: "fault")
  }

  /// Which kind of failure.
  public var code: Code
  /// One line: the thing, the place and the way out.
  public var message: String
  /// The errno that belongs to it, 0 without.
  public var errno: Int32
  /// The kernel verifier's log, where there is one.
  public var log: String
  /// What caused it.
  public var underlying: (any Error)?

  public init(_ code: Code, _ message: String, errno: Int32 = 0, log: String = "", underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.errno = errno
    self.log = log
    self.underlying = underlying
  }

  public var description: String { message }
}
