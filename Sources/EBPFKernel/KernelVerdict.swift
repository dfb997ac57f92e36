/// What the kernel's verifier said of one program.
public struct KernelVerdict: Sendable, Hashable {
  /// Whether the program was taken.
  public enum Answer: String, Sendable, Hashable {
    case accept
    case reject
    /// Refused before or beside the verifier: a policy, a capability, a program type or map that this kernel does not have.
    case unsupported
  }
  /// How much the kernel writes (`log_level` of `BPF_PROG_LOAD`).
  public enum LogDetail: UInt32, Sendable, Hashable, CaseIterable {
    /// The refusal and the statistics.
    case statistics = 4
    /// Also the path that led to a refusal, with the registers.
    case path = 5
    /// Also every path that was accepted, with the registers at each instruction.
    case everything = 6
  }

  /// What the kernel said.
  public var answer: Answer
  /// Why not, in the kernel's words, several lines joined by `; `; empty for ``Answer/accept``.
  public var message: String
  /// The slot of the instruction that was refused, where the kernel says so.
  public var instruction: Int?
  /// What the kernel prints as `processed N insns`, `total_states` and `peak_states`; 0 where it did not come that far.
  public var instructionsProcessed: Int
  /// States that the kernel's verifier made.
  public var totalStates: Int
  /// States that it held at once, at most.
  public var peakStates: Int
  /// Time in the verifier, as the kernel measured it; 0 where it did not come that far.
  public var microseconds: Int
  /// The errno of the refusal, 0 without.
  public var errno: Int32
  /// The log as the kernel wrote it.
  public var log: String
}
