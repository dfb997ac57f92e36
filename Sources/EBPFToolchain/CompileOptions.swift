/// How a source is compiled.
public struct CompileOptions: Sendable, Hashable {
  /// The instruction set version, `-mcpu=v1` to `v4`.
  public var cpu = "v3"
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
  /// The ELF object's bytes.
  public var object: [UInt8]
  /// The compiler's warnings as it wrote them; empty without.
  public var warnings: String

  public init(object: [UInt8], warnings: String) {
    self.object = object
    self.warnings = warnings
  }
}
