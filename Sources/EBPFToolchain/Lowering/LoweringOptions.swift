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

  public init(traps: Traps = .abort) { self.traps = traps }
}
