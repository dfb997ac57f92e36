/// How a program is run over a capture.
public struct ReplayOptions: Sendable {
  /// Where the data of a socket filter's packets begins.
  public enum FilterStart: Sendable, Hashable {
    /// At the link header, as for `AF_PACKET` sockets and tcpdump.
    case linkHeader
    /// At the network header, as for other sockets and for the kernel's test run.
    case networkHeader
  }

  /// How often the whole capture is run over; maps keep what they gathered.
  public var repeatCount = 1
  /// Whether ``Replay/output`` receives the packets that the program lets pass, as it left them.
  public var keepsOutput = false
  /// Whether those packets carry their bytes; without, ``Replay/Packet/data`` is empty, and only which packets passed is kept.
  public var keepsBytes = true
  /// Where a socket filter sees its packets begin; other types ignore it.
  public var filterStart = FilterStart.linkHeader
  /// The interface number that programs see, plus the packet's interface in the capture; 1 is what the kernel's test run gives.
  ///
  /// In the kernel an interface of that number must be there; with 1 programs see 1 whatever the packet's interface.
  public var firstInterface: UInt32 = 1
  /// The interfaces' `mtu` in bytes, for `bpf_check_mtu`; `nil`: 1500 in userspace, and in the kernel, where it cannot be chosen, the interface's.
  public var maximumLength: UInt32?
  /// `ETH_DATA_LEN`
  package static let ethernetLength: UInt32 = 1500

  public init() {}
}

/// What a program made of a capture.
public struct Replay: Sendable {
  /// How often the program returned a value (its low 32 bits).
  public struct ActionCount: Sendable, Hashable {
    /// An `XDPAction` or `TCAction`, or what the program's type says.
    public var action: UInt32
    /// How often.
    public var count: Int

    public init(action: UInt32, count: Int) {
      self.action = action
      self.count = count
    }
  }

  /// A packet that passed, with what the program made of it.
  public struct Packet: Sendable, Hashable {
    /// Index in ``Capture/packets``.
    public var index: Int
    /// What the program returned for it.
    public var action: UInt32
    /// The packet from its link header on; a VLAN tag that the program has pushed is in it.
    public var data: [UInt8]
    /// The interface that the program sends it to, or the key in its map of processors or sockets; `nil`: the packet goes on its way, or the
    /// kernel ran the program, which does not tell. A packet for all interfaces of a map is there once for each.
    public var interface: UInt32?
    /// Whether it is a copy that `bpf_clone_redirect` has sent, and not the packet itself.
    public var isClone: Bool

    public init(index: Int, action: UInt32, data: [UInt8], interface: UInt32? = nil, isClone: Bool = false) {
      self.index = index
      self.action = action
      self.data = data
      self.interface = interface
      self.isClone = isClone
    }
  }

  /// Runs of the program.
  public var packets: Int
  /// By rising action; only those that occurred.
  public var actions: [ActionCount]
  /// CPU time of all runs together, in userspace with the loop around them.
  public var nanoseconds: Double
  /// With ``ReplayOptions/keepsOutput``: the packets of the last round that were not dropped, in order; the copies that a program sent come
  /// before their packet.
  ///
  /// Dropped are XDP's ABORTED, DROP and unknown actions, traffic control's SHOT, STOLEN and TRAP (unknown actions pass, as the kernel's
  /// classifier lets them), redirects that no helper has given a target, 0 of socket filters, even numbers of cgroups, and what is not OK of
  /// lightweight tunnels. Of a socket filter's packet as many bytes pass as it returned.
  public var output: [Packet]

  /// What a host made of a capture.
  public init(packets: Int, actions: [ActionCount], nanoseconds: Double, output: [Packet] = []) {
    self.packets = packets
    self.actions = actions
    self.nanoseconds = nanoseconds
    self.output = output
  }

  /// CPU time of a run and its loop.
  public var nanosecondsPerPacket: Double { packets == 0 ? 0 : nanoseconds / Double(packets) }
}
