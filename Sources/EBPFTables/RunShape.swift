/// What one run of a program is given and what its answer is about: one row a program type, read by every host and by whoever asks which
/// input a program takes.
///
/// The rows are those of the kernel's test runs (`BPF_PROG_TEST_RUN`, `net/bpf/test_run.c`); types that it does not run have a context alone,
/// except `lwt_seg6local`, whose programs run in userspace as those of other tunnels.
public struct RunShape: Sendable, Hashable {
  /// What is behind r1.
  public enum Input: Sendable, Hashable {
    /// A memory area, whose length is in r2.
    case memory
    /// `struct xdp_md`, and a packet behind it.
    case xdp
    /// `struct __sk_buff`, and a packet behind it whose data begins at a layer.
    case socketBuffer(Layer)
    /// `struct __sk_buff` for a flow dissector, which fills in `struct bpf_flow_keys` from a packet.
    case flowDissector
    /// `struct bpf_nf_ctx`, and a packet behind it.
    case netfilter
    /// `struct bpf_sk_lookup`, which the caller gives.
    case socketLookup
    /// Bytes that the caller gives: arguments, registers, a system call's memory.
    case context
  }

  /// Where a socket buffer's data begins, and whether programs access it directly.
  public enum Layer: Sendable, Hashable {
    /// At the link header: traffic control.
    case link
    /// At the network header: cgroups and lightweight tunnels.
    case network
    /// At the network header, without direct access: socket filters.
    case filter
  }

  /// What the returned number says.
  public enum Answer: Sendable, Hashable {
    /// `enum xdp_action`.
    case xdpAction
    /// `TC_ACT_*`.
    case trafficControlAction
    /// `BPF_OK`, `BPF_DROP`, `BPF_REDIRECT`, `BPF_LWT_REROUTE`.
    case tunnelAction
    /// Bit 0 lets a packet pass (`BPF_PROG_CGROUP_INET_EGRESS_RUN_ARRAY`).
    case permission
    /// The bytes of a packet that are kept; 0 drops it.
    case byteCount
    /// Nothing about a packet.
    case number
  }

  /// What is behind r1.
  public let input: Input
  /// What the returned number is about.
  public let answer: Answer

  /// Whether a run is given data: a packet, or memory.
  public var takesData: Bool {
    switch input {
    case .memory, .xdp, .socketBuffer, .flowDissector, .netfilter: true
    case .socketLookup, .context: false
    }
  }

  /// Whether the data is a packet.
  public var takesPacket: Bool { takesData && input != .memory }

  /// The row of a program type.
  public init(_ type: ProgramType) {
    switch type {
    case .rawMemory: self.init(.memory, .number)
    case .xdp: self.init(.xdp, .xdpAction)
    case .socketFilter: self.init(.socketBuffer(.filter), .byteCount)
    case .schedCls, .schedAct: self.init(.socketBuffer(.link), .trafficControlAction)
    case .cgroupSkb: self.init(.socketBuffer(.network), .permission)
    case .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6local: self.init(.socketBuffer(.network), .tunnelAction)
    case .flowDissector: self.init(.flowDissector, .number)
    case .netfilter: self.init(.netfilter, .number)
    case .skLookup: self.init(.socketLookup, .number)
    default: self.init(.context, .number)
    }
  }

  private init(_ input: Input, _ answer: Answer) {
    self.input = input
    self.answer = answer
  }
}
