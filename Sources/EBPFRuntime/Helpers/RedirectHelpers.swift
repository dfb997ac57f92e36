import CEBPF
import EBPFTables

extension HelperTable {
  /// Sending packets elsewhere (`net/core/filter.c`). There are no network devices here: a redirect is noted for the hook, which says where the
  /// packet would have gone; every interface number counts as an interface.
  static var redirectHelpers: [Entry] {
    [
      Entry(.redirect, redirect),
      Entry(.redirectPeer) { interface, flags, _, _, _, environment in
        guard let skb = socketBuffer(environment), flags == 0 else { return Verdict.shot }
        skb.pointee.redirect = Redirect(kind: .peer, target: UInt32(truncatingIfNeeded: interface))
        return Verdict.redirect
      },
      Entry(.redirectNeigh) { interface, parameters, length, flags, _, environment in
        // `struct bpf_redir_neigh` has 20 bytes, or is not given.
        let length = signed32(length)
        guard let skb = socketBuffer(environment), flags == 0, length == 0 || length >= 20 else { return Verdict.shot }
        skb.pointee.redirect = Redirect(kind: .neighbor, target: UInt32(truncatingIfNeeded: interface))
        return Verdict.redirect
      },
      Entry(.cloneRedirect) { _, interface, flags, _, _, environment in
        guard let skb = socketBuffer(environment), flags & ~Redirect.ingress == 0 else { return .error(.einval) }
        guard !skb.pointee.isSegmented else { return .error(.ebadmsg) }
        guard UInt32(truncatingIfNeeded: interface) != 0 else { return .error(.einval) }
        skb.pointee.keepClone(interface: UInt32(truncatingIfNeeded: interface), isIngress: flags != 0)
        return 0
      },
    ]
  }
}

/// What the helpers return for the program to return.
private enum Verdict {
  /// `TC_ACT_SHOT`
  static let shot: UInt64 = 2
  /// `TC_ACT_REDIRECT`
  static let redirect: UInt64 = 7
  /// `XDP_ABORTED`
  static let aborted: UInt64 = 0
  /// `XDP_REDIRECT`
  static let xdpRedirect: UInt64 = 4
}

/// `bpf_redirect`, whose values depend on the kind of program; for XDP there are no flags.
private func redirect(
  _ interface: UInt64, _ flags: UInt64, _ r3: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  guard let packet = PacketState.of(environment) else { return Verdict.shot }
  let isXDP = packet.pointee.kind == .xdp
  guard flags & ~(isXDP ? 0 : Redirect.ingress) == 0 else { return isXDP ? Verdict.aborted : Verdict.shot }
  packet.pointee.redirect = Redirect(kind: .interface, target: UInt32(truncatingIfNeeded: interface), flags: flags)
  return isXDP ? Verdict.xdpRedirect : Verdict.redirect
}

extension PacketState {
  /// Gives the hook a copy of the packet as it is now, where it keeps them.
  fileprivate func keepClone(interface: UInt32, isIngress: Bool) {
    guard let clones else { return }
    Unmanaged<PacketClones>.fromOpaque(clones)._withUnsafeGuaranteedRef {
      $0.clones.append(PacketClones.Clone(interface: interface, isIngress: isIngress, data: outgoingBytes(from: linkHeader)))
    }
  }
}
