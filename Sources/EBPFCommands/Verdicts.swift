import EBPFRuntime
import EBPFTables
import EBPFTypes

/// Names of what programs return.
enum Verdicts {
  /// The kernel's name in lower case for xdp and traffic control (`pass`, `shot`), the number for others and for numbers without a name.
  static func name(_ action: UInt32, _ type: ProgramType?) -> String {
    switch type {
    case .xdp?:
      let names = ["aborted", "drop", "pass", "tx", "redirect"]
      return names.indices.contains(Int(action)) ? names[Int(action)] : "\(action)"
    case .schedCls?, .schedAct?:
      if TCAction(rawValue: Int32(bitPattern: action)) == .unspecified { return "unspec" }
      let names = ["ok", "reclassify", "shot", "pipe", "stolen", "queued", "repeat", "redirect", "trap"]
      return names.indices.contains(Int(action)) ? names[Int(action)] : "\(action)"
    default: return "\(action)"
    }
  }

  /// Whether a packet with that verdict goes on its way.
  static func passes(_ action: UInt32, _ type: ProgramType?) -> Bool {
    type.map { Disposition(action, of: $0, hasTarget: true) != .dropped } ?? false
  }
}
