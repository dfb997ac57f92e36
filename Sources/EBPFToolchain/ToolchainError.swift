/// Why a source could not be compiled.
public struct ToolchainError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Kinds of failure; more may come.
  public struct Code: RawRepresentable, Sendable, Hashable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// No compiler with a BPF back end.
    public static let noCompiler = Code(rawValue: "noCompiler")
    /// The source is not there or cannot be read.
    public static let unreadable = Code(rawValue: "unreadable")
    /// The compiler refused the source; the message is what it wrote.
    public static let compileFailed = Code(rawValue: "compileFailed")
    /// The source needs headers of the system that are not there.
    public static let noHeaders = Code(rawValue: "noHeaders")
    /// The source needs `vmlinux.h`, and there are no types to make it from.
    public static let noKernelTypes = Code(rawValue: "noKernelTypes")
    /// A system call failed.
    public static let system = Code(rawValue: "system")
  }

  /// Which kind of failure.
  public var code: Code
  /// One line: the thing, the place and the way out; of a compiler that refused a source, what it printed.
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
