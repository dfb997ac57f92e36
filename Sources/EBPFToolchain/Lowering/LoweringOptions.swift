/// How a program in Swift becomes eBPF.
public struct LoweringOptions: Sendable, Hashable {
  /// What a check that fails does.
  public var traps: CompileOptions.Traps
  /// Prototypes of kernel functions by name, as C says them without the name: `int *(struct bpf_iter_num *)`. Those of the module `BPF` are known.
  public var kernelFunctions: [String: String]

  public init(traps: CompileOptions.Traps = .abort, kernelFunctions: [String: String] = [:]) {
    self.traps = traps
    self.kernelFunctions = kernelFunctions
  }
}
