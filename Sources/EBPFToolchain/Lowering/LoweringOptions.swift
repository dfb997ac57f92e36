/// How a program in Swift becomes eBPF.
public struct LoweringOptions: Sendable, Hashable {
  /// What a check that fails (overflow, a precondition, an index out of bounds) does.
  public enum Traps: String, Sendable, Hashable, CaseIterable {
    /// The program ends with the result of its kind that lets nothing pass (``AbortResult``).
    case abort
    /// The program ends by the kernel function `bpf_throw` (Linux 6.7).
    case `throw`
    /// Nothing is checked: what would trap is undefined.
    case unchecked
  }

  public var traps: Traps
  /// Prototypes of kernel functions by name, as C says them without the name: `int *(struct bpf_iter_num *)`. Those of the module `BPF` are known.
  public var kernelFunctions: [String: String]

  public init(traps: Traps = .abort, kernelFunctions: [String: String] = [:]) {
    self.traps = traps
    self.kernelFunctions = kernelFunctions
  }
}
