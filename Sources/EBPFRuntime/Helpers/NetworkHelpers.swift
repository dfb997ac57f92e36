import CEBPF
import EBPFTables

extension HelperTable {
  /// What programs ask about the network around a packet (`net/core/filter.c`). In this process there are no sockets, routes or tunnels: lookups
  /// find nothing, in the way in which the kernel says it.
  static var networkHelpers: [Entry] {
    [
      // Lookups of sockets, which give null; what takes a socket is never reached with one.
      Entry(.skLookupTcp) { _, _, _, _, _, _ in 0 },
      Entry(.skLookupUdp) { _, _, _, _, _, _ in 0 },
      Entry(.skcLookupTcp) { _, _, _, _, _, _ in 0 },
      Entry(.skRelease) { _, _, _, _, _, _ in 0 },
      Entry(.skFullsock) { _, _, _, _, _, _ in 0 },
      Entry(.tcpSock) { _, _, _, _, _, _ in 0 },
      Entry(.getListenerSock) { _, _, _, _, _, _ in 0 },
      Entry(.getSocketCookie) { _, _, _, _, _, _ in 0 },
      // `overflowuid`: nobody.
      Entry(.getSocketUid) { _, _, _, _, _, _ in 65534 },
      Entry(.fibLookup, lookUpRoute),
      Entry(.checkMtu, checkMaximumLength),
      // The packet has come through no tunnel.
      Entry(.skbGetTunnelKey) { _, key, size, _, _, _ in
        pointer(key).initializeMemory(as: UInt8.self, repeating: 0, count: count32(size))
        return .error(.einval)
      },
      Entry(.skbGetTunnelOpt) { _, options, size, _, _, _ in
        pointer(options).initializeMemory(as: UInt8.self, repeating: 0, count: count32(size))
        return .error(.enoent)
      },
    ]
  }
}

/// `bpf_fib_lookup`: there are no routes, so the answer for a lookup that makes sense is `BPF_FIB_LKUP_RET_NOT_FWDED`, upon which programs
/// leave a packet to the stack.
private func lookUpRoute(
  _ context: UInt64, _ parameters: UInt64, _ length: UInt64, _ flags: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  let notForwarded: UInt64 = 4
  // `struct bpf_fib_lookup`; BPF_FIB_LOOKUP_DIRECT, _OUTPUT, _SKIP_NEIGH, _TBID, _SRC, _MARK.
  guard signed32(length) >= 64, UInt32(truncatingIfNeeded: flags) & ~0x3f == 0 else { return .error(.einval) }
  // AF_INET and AF_INET6 of Linux.
  let family = pointer(parameters).load(as: UInt8.self)
  return family == 2 || family == 10 ? notForwarded : .error(.eafnosupport)
}

/// `bpf_check_mtu`, against the interface of the hook; others there are not.
private func checkMaximumLength(
  _ context: UInt64, _ interface: UInt64, _ lengthAddress: UInt64, _ difference: UInt64, _ flags: UInt64, _ environment: Environment
) -> UInt64 {
  let fragmentationNeeded: UInt64 = 1
  let checkSegments: UInt64 = 1
  guard let packet = PacketState.of(environment) else { return .error(.einval) }
  let isXDP = packet.pointee.kind == .xdp
  let result = pointer(lengthAddress)
  let given = result.load(as: UInt32.self)
  let difference = Int32(truncatingIfNeeded: difference)
  guard flags & ~(isXDP ? 0 : checkSegments) == 0 else { return .error(.einval) }
  if flags & checkSegments != 0, difference != 0 || given != 0 { return .error(.einval) }
  let interface = UInt32(truncatingIfNeeded: interface)
  let own = packet.pointee.field(isXDP ? XDPContext.ingressInterface : SocketBufferContext.interface)
  guard interface == 0 || interface == own else { return .error(.enodev) }
  let header = Int32(SocketBuffer.linkHeader)
  let maximum = packet.pointee.maximumLength
  let length = given != 0 ? Int32(truncatingIfNeeded: given) &+ header : Int32(truncatingIfNeeded: packet.pointee.fullLength)
  let fits = length &+ difference <= Int32(truncatingIfNeeded: maximum) &+ header
  // Segmented packets are cut again on their way; a test run's have no kind by which each segment could be checked.
  if !fits, !isXDP, packet.pointee.isSegmented {
    guard flags & checkSegments == 0 else { return .error(.einval) }
    result.storeBytes(of: maximum, as: UInt32.self)
    return 0
  }
  result.storeBytes(of: maximum, as: UInt32.self)
  return fits ? 0 : fragmentationNeeded
}
