package import EBPFTables
internal import EBPFTypes

/// Names of what programs return.
package enum Verdicts {
  /// The kernel's name in lower case for xdp and traffic control (`pass`, `shot`), the number for others and for numbers without a name.
  package static func name(_ action: UInt32, _ type: ProgramType?) -> String {
    let name: String? =
      switch type.map({ RunShape($0).answer }) {
      case .xdpAction?: Self.name(XDPAction(rawValue: action))
      case .trafficControlAction?: Self.name(TCAction(rawValue: Int32(bitPattern: action)))
      default: nil
      }
    return name ?? "\(action)"
  }

  private static func name(_ action: XDPAction) -> String? {
    switch action {
    case .aborted: "aborted"
    case .drop: "drop"
    case .pass: "pass"
    case .tx: "tx"
    case .redirect: "redirect"
    default: nil
    }
  }

  private static func name(_ action: TCAction) -> String? {
    switch action {
    case .unspecified: "unspec"
    case .ok: "ok"
    case .reclassify: "reclassify"
    case .shot: "shot"
    case .pipe: "pipe"
    case .stolen: "stolen"
    case .queued: "queued"
    case .repeat: "repeat"
    case .redirect: "redirect"
    case .trap: "trap"
    default: nil
    }
  }
}
