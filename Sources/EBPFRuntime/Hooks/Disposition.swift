import EBPFTables

/// What becomes of a packet after its program has returned, as the kernel's hooks decide it.
package enum Disposition {
  case dropped
  /// It goes on its way.
  case passed
  /// It goes where a helper has said.
  case redirected

  /// - Parameters:
  ///   - action: What the program returned.
  ///   - hasTarget: Whether a helper has said where a redirected packet goes; without it goes nowhere.
  package init(_ action: UInt32, of type: ProgramType, hasTarget: Bool) {
    switch type.rawValue {
    case 6: self = Self.xdp(action, hasTarget)
    case 3, 4: self = Self.trafficControl(action, hasTarget)
    case 10, 11, 12, 19: self = Self.lightweightTunnel(action, hasTarget)
    // A cgroup's program: bit 0 lets a packet pass, bit 1 is about congestion (`BPF_PROG_CGROUP_INET_EGRESS_RUN_ARRAY`).
    case 8: self = action & 1 != 0 ? .passed : .dropped
    // A socket filter: the bytes that are kept.
    default: self = action != 0 ? .passed : .dropped
    }
  }

  /// `XDP_PASS`, `XDP_TX` and `XDP_REDIRECT`; unknown actions count as `XDP_ABORTED`.
  private static func xdp(_ action: UInt32, _ hasTarget: Bool) -> Disposition {
    switch action {
    case 2, 3: .passed
    case 4 where hasTarget: .redirected
    default: .dropped
    }
  }

  /// `TC_ACT_SHOT`, `TC_ACT_STOLEN` and `TC_ACT_TRAP` end a packet's way; what is no action counts as `TC_ACT_UNSPEC`, which passes
  /// (`cls_bpf_exec_opcode`).
  private static func trafficControl(_ action: UInt32, _ hasTarget: Bool) -> Disposition {
    switch action {
    case 2, 4, 8: .dropped
    case 7: hasTarget ? .redirected : .dropped
    default: .passed
    }
  }

  /// `BPF_OK`, `BPF_DROP`, `BPF_REDIRECT` and `BPF_LWT_REROUTE`; others are dropped (`run_lwt_bpf`).
  private static func lightweightTunnel(_ action: UInt32, _ hasTarget: Bool) -> Disposition {
    switch action {
    case 0, 128: .passed
    case 7 where hasTarget: .redirected
    default: .dropped
    }
  }
}
