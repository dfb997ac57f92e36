/// Compiles sources to eBPF objects with the Swift toolchain's own compilers.
public struct Toolchain: Sendable {
  public init() {}
}
