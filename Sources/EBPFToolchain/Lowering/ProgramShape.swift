internal import EBPFObject
import EBPFTables

/// What the module `BPF` has for a kind of program: the types of its context, and the type of its result where the kind has one of its own.
struct ProgramShape {
  /// The kind, as one says it: "an xdp program".
  let kind: String
  /// The names of the types; the first is the one to suggest.
  let contexts: [String]
  /// The type of the result; `nil` where it is a number.
  let result: String?
  /// Whether the program may return nothing: it decides about nothing.
  let mayBeVoid: Bool

  private init(_ kind: String, _ contexts: [String], _ result: String? = nil, mayBeVoid: Bool = false) {
    self.kind = kind
    self.contexts = contexts
    self.result = result
    self.mayBeVoid = mayBeVoid
  }

  /// The shape of a section's programs; `nil` where the module has no types for them.
  init?(_ section: SectionName) {
    let word = String(section.pattern.prefix { $0 != "+" && $0 != "/" && $0 != "." })
    switch section.type {
    case .xdp: self.init("an xdp program", ["XDPContext"], "XDPAction")
    case .schedCls, .schedAct: self.init("a \(word) program", ["TCContext"], "TCAction")
    case .socketFilter: self.init("a socket filter", ["SocketFilterContext"])
    case .cgroupSkb: self.init("a cgroup_skb program", ["CgroupPacketContext"], "CgroupVerdict")
    case .cgroupSock: self.init("a cgroup socket program", ["CgroupSocketContext"], "CgroupVerdict")
    case .cgroupSockAddr: self.init("a cgroup address program", ["SocketAddressContext"], "CgroupVerdict")
    case .cgroupSockopt: self.init("a cgroup socket option program", ["SocketOptionCallContext"], "CgroupVerdict")
    case .cgroupDevice: self.init("a cgroup device program", ["DeviceContext"], "CgroupVerdict")
    case .cgroupSysctl: self.init("a cgroup sysctl program", ["SysctlContext"], "CgroupVerdict")
    case .sockOps: self.init("a sockops program", ["SocketOperationContext"], mayBeVoid: true)
    case .skMsg: self.init("an sk_msg program", ["MessageContext"], "SocketVerdict")
    case .skSkb: self.init("an sk_skb program", ["StreamContext"], "SocketVerdict")
    case .skLookup: self.init("an sk_lookup program", ["SocketLookupProgramContext"], "SocketVerdict")
    case .skReuseport: self.init("an sk_reuseport program", ["ReuseportContext"], "SocketVerdict")
    case .flowDissector: self.init("a flow dissector", ["FlowDissectorContext"], "DissectorAction")
    case .lwtIn, .lwtOut, .lwtSeg6local: self.init("a \(word) program", ["TunnelInputContext"], "TunnelAction")
    case .lwtXmit: self.init("an lwt_xmit program", ["TunnelTransmitContext"], "TunnelAction")
    case .netfilter: self.init("a netfilter program", ["NetfilterContext"], "NetfilterVerdict")
    case .tracepoint: self.init("a tracepoint program", ["TracepointContext"], mayBeVoid: true)
    case .rawTracepoint, .rawTracepointWritable: self.init("a raw tracepoint program", ["RawTracepointContext"], mayBeVoid: true)
    case .perfEvent: self.init("a perf event program", ["PerfEventContext"], mayBeVoid: true)
    case .syscall: self.init("a syscall program", ["SyscallProgramContext"], mayBeVoid: true)
    case .lsm where section.expectedAttachType == .lsmCgroup:
      self.init("a cgroup lsm program", ["CgroupSecurityContext", "SecurityContext"], mayBeVoid: true)
    case .lsm: self.init("an lsm program", ["SecurityContext"], mayBeVoid: true)
    case .structOps: self.init("a struct_ops program", ["StructOperationContext"], mayBeVoid: true)
    case .kprobe:
      if section.pattern.contains("session") { return nil }
      switch word {
      case "kprobe": self.init("a kprobe", ["KprobeContext"], mayBeVoid: true)
      case "kretprobe": self.init("a kretprobe", ["KretprobeContext"], mayBeVoid: true)
      case "uprobe": self.init("a uprobe", ["UprobeContext"], mayBeVoid: true)
      case "uretprobe": self.init("a uretprobe", ["UretprobeContext"], mayBeVoid: true)
      case "usdt": self.init("a usdt program", ["USDTContext"], mayBeVoid: true)
      default: return nil
      }
    case .tracing:
      switch section.expectedAttachType {
      case .traceRawTp?: self.init("a tp_btf program", ["BTFTracepointContext"], mayBeVoid: true)
      case .traceFentry?: self.init("an fentry program", ["FunctionEntryContext"], mayBeVoid: true)
      case .traceFexit?: self.init("an fexit program", ["FunctionExitContext"], mayBeVoid: true)
      case .modifyReturn?: self.init("an fmod_ret program", ["ReturnModifierContext"])
      default: return nil
      }
    default: return nil
    }
  }

  /// The contexts that belong to one kind each; of others nothing is known.
  static let contexts: Set<String> = [
    "XDPContext", "TCContext", "SocketFilterContext", "CgroupPacketContext", "CgroupSocketContext", "SocketAddressContext",
    "SocketOptionCallContext", "DeviceContext", "SysctlContext", "SocketOperationContext", "MessageContext", "StreamContext",
    "SocketLookupProgramContext", "ReuseportContext", "FlowDissectorContext", "TunnelInputContext", "TunnelTransmitContext",
    "NetfilterContext", "TracepointContext", "RawTracepointContext", "PerfEventContext", "SyscallProgramContext", "SecurityContext",
    "CgroupSecurityContext", "StructOperationContext", "KprobeContext", "KretprobeContext", "UprobeContext", "UretprobeContext",
    "USDTContext", "BTFTracepointContext", "FunctionEntryContext", "FunctionExitContext", "ReturnModifierContext",
    "TaskIteratorContext", "MapIteratorContext",
  ]

  /// The results that belong to some kinds.
  static let results: Set<String> = [
    "XDPAction", "TCAction", "NetfilterVerdict", "SocketVerdict", "CgroupVerdict", "TunnelAction", "DissectorAction",
  ]

  /// The section that was meant, if one is near: with a slip or two, or with letters changed about.
  static func nearest(to section: String) -> String? {
    let mark = section.hasPrefix("?") ? "?" : ""
    let parts = section.dropFirst(mark.count).split(separator: "/", omittingEmptySubsequences: false)
    var best: (text: String, distance: Int)?
    for pattern in SectionName.patterns {
      let takesTarget = pattern.hasSuffix("+")
      let plain = takesTarget ? String(pattern.dropLast()) : pattern
      let depth = plain.count { $0 == "/" } + 1
      guard parts.count == depth || (takesTarget && parts.count > depth) else { continue }
      let head = parts.prefix(depth).joined(separator: "/")
      let distance = editDistance(Array(head.utf8), Array(plain.utf8))
      guard distance <= max(1, plain.utf8.count / 4), distance < best?.distance ?? .max else { continue }
      best = (mark + ([plain] + parts.dropFirst(depth).map(String.init)).joined(separator: "/"), distance)
    }
    return best?.text
  }

  /// The name that is nearest to another; `nil` where none is near.
  static func nearest(_ name: String, of names: [String]) -> String? {
    let found = names.map { ($0, editDistance(Array(name.utf8), Array($0.utf8))) }.min { $0.1 < $1.1 }
    return found.flatMap { $0.1 <= max(1, name.utf8.count / 4) ? $0.0 : nil }
  }
}
