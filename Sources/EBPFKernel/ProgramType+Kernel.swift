internal import EBPFISA
internal import EBPFTables

extension ProgramType {
  /// Whether the kernel wants `CAP_NET_ADMIN` for the type (`is_net_admin_prog_type`, `kernel/bpf/syscall.c`).
  var needsNetworkAdministration: Bool {
    switch self {
    case .schedCls, .schedAct, .xdp, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local, .skSkb, .skMsg, .flowDissector, .cgroupDevice, .cgroupSock,
      .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .sockOps, .netfilter:
      true
    default: false
    }
  }

  /// Whether the kernel wants `CAP_PERFMON` for the type (`is_perfmon_prog_type`).
  var needsPerformanceMonitoring: Bool {
    switch self {
    case .kprobe, .tracepoint, .perfEvent, .rawTracepoint, .rawTracepointWritable, .tracing, .lsm, .structOps, .ext: true
    default: false
    }
  }
}

extension ByteOrder {
  /// This machine's.
  static var host: ByteOrder { UInt16(1).littleEndian == 1 ? .little : .big }
}
