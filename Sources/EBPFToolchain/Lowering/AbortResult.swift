import EBPFTables

/// What programs return that end by a failed check: of each kind the result that lets nothing pass.
public enum AbortResult {
  /// The result for a section's kind of program.
  public static func of(section: String) -> Int32 {
    guard let name = SectionName(lenient: section) else { return 0 }
    switch name.type {
    case .schedCls, .schedAct: return 2  // TC_ACT_SHOT
    case .lsm: return name.expectedAttachType == .lsmCgroup ? 0 : -1  // -EPERM; cgroups: 0 refuses
    case .flowDissector: return 2  // BPF_DROP
    // 0: XDP_ABORTED, SK_DROP, NF_DROP, "not allowed" of cgroup programs, no bytes of a socket filter, no error of tracing.
    default: return 0
    }
  }
}
