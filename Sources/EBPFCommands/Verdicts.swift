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
    switch type {
    case .xdp?: (2...4).contains(action)
    case .schedCls?, .schedAct?: ![2, 4, 5, 8].contains(action)
    default: action != 0
    }
  }
}
