// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension TCContext {
  /// Puts a VLAN tag on the packet (`bpf_skb_vlan_push`).
  @inline(__always)
  public func pushVLAN(_ tag: UInt16, type: EtherType = .vlan) -> Bool { bpf_skb_vlan_push(pointer, type.bytes, tag) == 0 }

  /// Takes the outer VLAN tag off the packet (`bpf_skb_vlan_pop`).
  @inline(__always)
  public func popVLAN() -> Bool { bpf_skb_vlan_pop(pointer) == 0 }

  /// Turns IPv4 into IPv6 or back: resizes the packet; the program writes the header (`bpf_skb_change_proto`).
  @inline(__always)
  public func changeProtocol(to type: EtherType) -> Bool { bpf_skb_change_proto(pointer, type.bytes, 0) == 0 }

  /// Says anew for whom the packet is (`bpf_skb_change_type`).
  @inline(__always)
  public func changePacketType(to type: UInt32) -> Bool { bpf_skb_change_type(pointer, type) == 0 }

  /// Makes or takes away room behind the network or link header (`bpf_skb_adjust_room`).
  @inline(__always)
  public func adjustRoom(by difference: Int32, at place: RoomPlace, flags: UInt64 = 0) -> Bool {
    bpf_skb_adjust_room(pointer, difference, place.rawValue, flags) == 0
  }

  /// Sends a copy of the packet through an interface (`bpf_clone_redirect`).
  @inline(__always)
  public func cloneRedirect(to interface: UInt32, ingress: Bool = false) -> Bool {
    bpf_clone_redirect(pointer, interface, ingress ? 1 : 0) == 0
  }

  /// What to return so that the packet goes to a neighbour through an interface, its link header filled in (`bpf_redirect_neigh`).
  @inline(__always)
  public static func redirectToNeighbor(through interface: UInt32) -> TCAction {
    TCAction(rawValue: Int32(truncatingIfNeeded: bpf_redirect_neigh(interface, nil, 0, 0)))
  }

  /// What to return so that the packet comes in on the peer of a virtual interface, in the peer's namespace (`bpf_redirect_peer`).
  @inline(__always)
  public static func redirectToPeer(of interface: UInt32) -> TCAction {
    TCAction(rawValue: Int32(truncatingIfNeeded: bpf_redirect_peer(interface, 0)))
  }

  /// What to return so that the packet goes out of an interface, or comes in on it (`bpf_redirect`).
  @inline(__always)
  public static func redirect(to interface: UInt32, ingress: Bool = false) -> TCAction {
    TCAction(rawValue: Int32(truncatingIfNeeded: bpf_redirect(interface, ingress ? 1 : 0)))
  }

  /// Forgets the packet's hash (`bpf_set_hash_invalid`).
  @inline(__always)
  public func invalidateHash() { bpf_set_hash_invalid(pointer) }

  /// Gives the packet a hash (`bpf_set_hash`).
  @inline(__always)
  public func setHash(_ hash: UInt32) { _ = bpf_set_hash(pointer, hash) }

  /// Marks congestion in the IP header; `false` where the sender does not take part (`bpf_skb_ecn_set_ce`).
  @inline(__always)
  public func markCongestion() -> Bool { bpf_skb_ecn_set_ce(pointer) == 1 }

  /// The class of the control group that sends the packet (`bpf_get_cgroup_classid`).
  @inline(__always)
  public var cgroupClassID: UInt32 { bpf_get_cgroup_classid(pointer) }

  /// The control group that sends the packet (`bpf_skb_cgroup_id`).
  @inline(__always)
  public var cgroupID: UInt64 { bpf_skb_cgroup_id(pointer) }

  /// The realm of the packet's route (`bpf_get_route_realm`).
  @inline(__always)
  public var routeRealm: UInt32 { bpf_get_route_realm(pointer) }

  /// Gives the packet to a socket (`bpf_sk_assign`).
  @inline(__always)
  public func assign(_ socket: borrowing Socket) -> Bool { bpf_sk_assign(pointer, socket.pointer, 0) == 0 }
}

/// Where room is made in a packet (`enum bpf_adj_room_mode`).
@frozen
public struct RoomPlace: BitwiseCopyable {
  let rawValue: UInt32

  @inline(__always)
  init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// Behind the network header.
  @inline(__always)
  public static var network: RoomPlace { RoomPlace(0) }
  /// Behind the link header.
  @inline(__always)
  public static var link: RoomPlace { RoomPlace(1) }
}

/// A context of a packet that comes from, or goes to, a tunnel interface.
public protocol TunnelContext: SocketBufferContext {}

extension TunnelContext {
  /// The key of the tunnel that the packet came from (`bpf_skb_get_tunnel_key`).
  /// - Parameter ipv6: the outer addresses are of IPv6.
  @inline(__always)
  public func tunnelKey(ipv6: Bool = false) -> bpf_tunnel_key? {
    var key = bpf_tunnel_key()
    return bpf_skb_get_tunnel_key(pointer, &key, UInt32(MemoryLayout<bpf_tunnel_key>.size), ipv6 ? 1 : 0) == 0 ? key : nil
  }

  /// Says through which tunnel the packet goes (`bpf_skb_set_tunnel_key`).
  @inline(__always)
  public func setTunnelKey(_ key: bpf_tunnel_key, flags: UInt64 = 0) -> Bool {
    var key = key
    return bpf_skb_set_tunnel_key(pointer, &key, UInt32(MemoryLayout<bpf_tunnel_key>.size), flags) == 0
  }
}

/// A context of a program that can ask the routing tables.
public protocol RoutingContext: ProgramContext {}

extension RoutingContext {
  /// Looks up a route: fills in next hop, link addresses and interface (`bpf_fib_lookup`).
  /// - Returns: 0 (`BPF_FIB_LKUP_RET_SUCCESS`), why the packet cannot be forwarded, or a negative errno.
  @inline(__always)
  public func lookUpRoute(_ parameters: inout bpf_fib_lookup, flags: UInt32 = 0) -> Int {
    bpf_fib_lookup(rawPointer, &parameters, Int32(MemoryLayout<bpf_fib_lookup>.size), flags)
  }

  /// Whether a packet that is `difference` bytes longer fits the interface (`bpf_check_mtu`).
  @inline(__always)
  public func fits(interface: UInt32, difference: Int32 = 0) -> Bool {
    var size: UInt32 = 0
    return bpf_check_mtu(rawPointer, interface, &size, difference, 0) == 0
  }
}
