/// Compiles sources to eBPF objects with the Swift toolchain's own compilers.
public struct Toolchain: Sendable {
  /// The path of the clang that compiles C.
  public let clang: String

  /// Finds the compiler: `EBPF_CLANG`, the toolchain that `swiftc` on the path belongs to, `clang` on the path.
  /// - Throws: ``ToolchainError`` where there is none with a BPF back end, saying how to get one.
  public init() throws(ToolchainError) {
    throw ToolchainError(.noCompiler, "finding the compiler is not built yet")
  }
}

/// How a source is compiled.
public struct CompileOptions: Sendable, Hashable {
  /// The instruction set version, `-mcpu=v1` to `v4`.
  public var cpu = "v3"
  /// More folders to look for headers in, before the system's.
  public var includes: [String] = []
  /// Macros, `NAME` or `NAME=VALUE`.
  public var defines: [String] = []
  /// More arguments for the compiler, as they are.
  public var arguments: [String] = []

  public init() {}
}

/// What compiling gave.
public struct Compilation: Sendable, Hashable {
  /// The ELF object's bytes.
  public var object: [UInt8]
  /// The compiler's warnings as it wrote them; empty without.
  public var warnings: String

  public init(object: [UInt8], warnings: String) {
    self.object = object
    self.warnings = warnings
  }
}

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
    /// A system call failed.
    public static let system = Code(rawValue: "system")
  }

  public var code: Code
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}

extension Toolchain {
  /// Compiles a C source to an eBPF object, with this project's headers (`bpf/bpf_helpers.h`, `vmlinux.h`, …) at hand.
  /// - Throws: ``ToolchainError``; of ``ToolchainError/Code/compileFailed`` the message holds the compiler's own lines.
  public func compileC(_ path: String, options: CompileOptions = CompileOptions()) async throws(ToolchainError) -> Compilation {
    throw ToolchainError(.noCompiler, "compiling is not built yet")
  }
}
