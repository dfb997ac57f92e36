import EBPFHost

/// What a program's function returns, as the 32 bits that the compiled program returns.
enum NativeAnswer {
  static func word<Answer>(_ answer: Answer) -> UInt32 {
    switch answer {
    case is Void: return 0
    case let answer as Bool: return answer ? 1 : 0
    case let answer as any FixedWidthInteger: return UInt32(truncatingIfNeeded: answer)
    case let answer as any RawRepresentable: return word(raw: answer)
    default:
      // An enumeration without values is its case's number, in as many bytes as it takes.
      return withUnsafeBytes(of: answer) { bytes in
        precondition(bytes.count <= 4, "\(Answer.self) is no result of a program")
        return bytes.enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
      }
    }
  }

  private static func word<Answer: RawRepresentable>(raw answer: Answer) -> UInt32 { word(answer.rawValue) }
}

extension NativeHost {
  /// The section of a program with this kind of context, where only one section or any of several would do.
  static func section(_ given: String?, _ context: Any.Type) throws(HostError) -> String {
    if let given { return given }
    let name = String("\(context)".prefix { $0 != "<" })
    guard let section = sections[name] else {
      throw HostError(.badArgument, "programs of several sections have a \(name): say the program's (section:)")
    }
    return section
  }

  private static let sections = [
    "XDPContext": "xdp", "TCContext": "tc", "SocketFilterContext": "socket", "CgroupPacketContext": "cgroup_skb/ingress",
    "TunnelInputContext": "lwt_in", "TunnelTransmitContext": "lwt_xmit", "TracepointContext": "tracepoint",
    "RawTracepointContext": "raw_tracepoint", "BTFTracepointContext": "tp_btf", "FunctionEntryContext": "fentry",
    "FunctionExitContext": "fexit", "KprobeContext": "kprobe", "KretprobeContext": "kretprobe", "UprobeContext": "uprobe",
    "UretprobeContext": "uretprobe", "PerfEventContext": "perf_event", "SecurityContext": "lsm", "SyscallProgramContext": "syscall",
    "DeviceContext": "cgroup/dev", "SysctlContext": "cgroup/sysctl", "SocketOperationContext": "sockops",
  ]
}
