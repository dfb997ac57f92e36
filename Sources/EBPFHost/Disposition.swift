package import EBPFTables
internal import EBPFTypes

/// What becomes of a packet after its program has returned, as the kernel's hooks decide it.
package enum Disposition {
  case dropped
  /// It goes on its way.
  case passed
  /// It goes where a helper has said.
  case redirected

  /// - Parameters:
  ///   - action: What the program returned.
  ///   - answer: What that is about, by the program's type.
  ///   - hasTarget: Whether a helper has said where a redirected packet goes; without it goes nowhere.
  package init(_ action: UInt32, as answer: RunShape.Answer, hasTarget: Bool) {
    switch answer {
    case .xdpAction: self = Self.xdp(XDPAction(rawValue: action), hasTarget)
    case .trafficControlAction: self = Self.trafficControl(TCAction(rawValue: Int32(bitPattern: action)), hasTarget)
    case .tunnelAction: self = Self.lightweightTunnel(action, hasTarget)
    case .permission: self = action & 1 != 0 ? .passed : .dropped
    case .byteCount, .number: self = action != 0 ? .passed : .dropped
    }
  }

  /// Unknown actions count as `XDP_ABORTED`.
  private static func xdp(_ action: XDPAction, _ hasTarget: Bool) -> Disposition {
    switch action {
    case .pass, .tx: .passed
    case .redirect where hasTarget: .redirected
    default: .dropped
    }
  }

  /// `TC_ACT_SHOT`, `TC_ACT_STOLEN` and `TC_ACT_TRAP` end a packet's way; what is no action counts as `TC_ACT_UNSPEC`, which passes
  /// (`cls_bpf_exec_opcode`).
  private static func trafficControl(_ action: TCAction, _ hasTarget: Bool) -> Disposition {
    switch action {
    case .shot, .stolen, .trap: .dropped
    case .redirect: hasTarget ? .redirected : .dropped
    default: .passed
    }
  }

  /// `BPF_OK`, `BPF_REDIRECT` and `BPF_LWT_REROUTE`; `BPF_DROP` and others are dropped (`run_lwt_bpf`).
  private static func lightweightTunnel(_ action: UInt32, _ hasTarget: Bool) -> Disposition {
    let (ok, redirect, reroute): (UInt32, UInt32, UInt32) = (0, 7, 128)
    return switch action {
    case ok, reroute: .passed
    case redirect where hasTarget: .redirected
    default: .dropped
    }
  }
}
