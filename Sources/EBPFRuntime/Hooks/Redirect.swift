/// Where a program sends its packet (`struct bpf_redirect_info`): what `bpf_redirect` and its kin have noted, which counts once the program
/// returns `XDP_REDIRECT` or `TC_ACT_REDIRECT`.
struct Redirect {
  enum Kind: UInt8 {
    case none
    /// Out of, or with ``ingress`` into, an interface.
    case interface
    /// An interface that looks up the neighbour's address itself (`bpf_redirect_neigh`).
    case neighbor
    /// The interface's peer in another network namespace (`bpf_redirect_peer`).
    case peer
    /// An entry of a device, processor or socket map.
    case map
    /// Every device of a map.
    case broadcast
  }

  var kind = Kind.none
  /// The interface's number, or the key in a map of processors or sockets.
  var target: UInt32 = 0
  var flags: UInt64 = 0
  /// The header of the map whose devices all get the packet. It outlives the run.
  var map: UnsafeMutableRawPointer?

  /// `BPF_F_INGRESS`
  static let ingress: UInt64 = 1
}

/// The packets that `bpf_clone_redirect` sent during a run, for hooks that keep what programs send.
final class PacketClones {
  struct Clone {
    var interface: UInt32
    var isIngress: Bool
    var data: [UInt8]
  }
  var clones: [Clone] = []
}
