/// How sources are compiled.
public struct CompileOptions: Sendable, Hashable {
  /// What the compiler makes.
  public enum Output: String, Sendable, Hashable, CaseIterable {
    /// An ELF object.
    case object
    /// LLVM's intermediate code as text, as clang's BPF back end gets it.
    case intermediate = "ir"
    /// The back end's assembly.
    case assembly = "asm"
  }

  /// What becomes of a failed check in a program in Swift: an overflow, a precondition, an index out of bounds.
  public enum Traps: String, Sendable, Hashable, CaseIterable {
    /// The program ends with the value that means failure for its kind (``AbortResult``; `XDP_ABORTED`), from a subprogram too.
    case abort
    /// The program throws (`bpf_throw`, Linux 6.7 and later).
    case `throw`
    /// Nothing is checked, and what would have failed is undefined.
    case unchecked
  }

  /// What to make.
  public var output = Output.object
  /// For programs in Swift: what becomes of a failed check.
  public var traps = Traps.abort
  /// The instruction set version, `-mcpu=v1` to `v4`.
  public var cpu = "v3"
  /// The versions that there are.
  public static let cpus = ["v1", "v2", "v3", "v4"]
  /// More folders to look for headers in, before this project's and the system's.
  public var includes: [String] = []
  /// Macros, `NAME` or `NAME=VALUE`.
  public var defines: [String] = []
  /// More arguments for the compiler, as they are.
  public var arguments: [String] = []
  /// Where `vmlinux.h` comes from when a source asks for it: a file of BTF or an object that holds some.
  /// Without one, `EBPF_BTF` of the environment, then the running kernel's types.
  public var kernelTypes: String?
  /// Whether the compiler's messages have colours.
  public var colors = false

  public init() {}
}

/// What compiling gave.
public struct Compilation: Sendable, Hashable {
  /// The ELF object's bytes; the text where that was asked for.
  public var object: [UInt8]
  /// The compiler's warnings as it wrote them; empty without.
  public var warnings: String
  /// Of a program in Swift: the mangled names of its globals, which say the types that BTF has no room for.
  package var globals: [String] = []

  public init(object: [UInt8], warnings: String) {
    self.object = object
    self.warnings = warnings
  }
}
