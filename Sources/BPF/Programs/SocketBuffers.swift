// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// What programs on packets of the network stack (struct __sk_buff) can do, by what their kind allows.

/// A context of a packet of the network stack.
public protocol SocketBufferContext: ProgramContext {
  var pointer: UnsafeMutablePointer<__sk_buff> { get }
}

extension SocketBufferContext {
  @inline(__always)
  public var rawPointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

  /// Bytes of the packet, those that are not in place included.
  @inline(__always)
  public var byteCount: UInt32 { pointer.pointee.len }

  /// What the link layer carries.
  @inline(__always)
  public var etherType: EtherType { EtherType(bytes: UInt16(truncatingIfNeeded: pointer.pointee.protocol)) }

  /// For whom the packet is (`PACKET_HOST` 0, `PACKET_BROADCAST` 1, `PACKET_MULTICAST` 2, `PACKET_OTHERHOST` 3, `PACKET_OUTGOING` 4).
  @inline(__always)
  public var packetType: UInt32 { pointer.pointee.pkt_type }

  /// The VLAN tag that the hardware took off the packet, if there is one.
  @inline(__always)
  public var vlanTag: UInt16? { pointer.pointee.vlan_present == 0 ? nil : UInt16(truncatingIfNeeded: pointer.pointee.vlan_tci) }

  /// The index of the interface that the packet came in on.
  @inline(__always)
  public var ingressInterface: UInt32 { pointer.pointee.ingress_ifindex }

  /// The index of the interface that the packet is on.
  @inline(__always)
  public var interface: UInt32 { pointer.pointee.ifindex }

  /// A hash of addresses and ports that was computed before; 0 where none was.
  @inline(__always)
  public var hash: UInt32 { pointer.pointee.hash }

  /// Copies a value at an offset out of the packet, wherever its bytes are; `nil` past the end (`bpf_skb_load_bytes`).
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_skb_load_bytes(pointer, UInt32(truncatingIfNeeded: offset), buffer, UInt32(MemoryLayout<Value>.size)) == 0
        ? buffer.pointee : nil
    }
  }

  /// Copies a value at an offset from the network header out of the packet; `nil` past the end (`bpf_skb_load_bytes_relative`).
  @inline(__always)
  public func load<Value: BitwiseCopyable>(_ type: Value.Type = Value.self, atNetworkOffset offset: Int) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_skb_load_bytes_relative(pointer, UInt32(truncatingIfNeeded: offset), buffer, UInt32(MemoryLayout<Value>.size), 1) == 0
        ? buffer.pointee : nil
    }
  }

  /// A number that no other socket has had since the system started; 0 where the packet has no socket (`bpf_get_socket_cookie`).
  @inline(__always)
  public var socketCookie: UInt64 { bpf_get_socket_cookie(pointer) }

  /// The user that the packet's socket belongs to (`bpf_get_socket_uid`).
  @inline(__always)
  public var socketUID: UInt32 { bpf_get_socket_uid(pointer) }

  /// One of five words, 0 to 4, that programs on the same packet can leave for each other (`cb`).
  @inline(__always)
  public subscript(scratch index: Int) -> UInt32 {
    get {
      switch index {
      case 0: pointer.pointee.cb.0
      case 1: pointer.pointee.cb.1
      case 2: pointer.pointee.cb.2
      case 3: pointer.pointee.cb.3
      default: pointer.pointee.cb.4
      }
    }
    nonmutating set {
      switch index {
      case 0: pointer.pointee.cb.0 = newValue
      case 1: pointer.pointee.cb.1 = newValue
      case 2: pointer.pointee.cb.2 = newValue
      case 3: pointer.pointee.cb.3 = newValue
      default: pointer.pointee.cb.4 = newValue
      }
    }
  }

  /// Segments that the packet will be cut into.
  @inline(__always)
  public var segmentCount: UInt32 { pointer.pointee.gso_segs }

  /// Bytes of a segment that the packet will be cut into; 0 where it is one.
  @inline(__always)
  public var segmentSize: UInt32 { pointer.pointee.gso_size }

  /// The receive context of the driver (`napi_id`).
  @inline(__always)
  public var napiID: UInt32 { pointer.pointee.napi_id }
}

extension PacketContext where Self: SocketBufferContext {
  @inline(__always)
  public var packet: Packet { Packet(start: cbpf_skb_data(pointer), end: cbpf_skb_data_end(pointer)) }
}

extension ReadablePacketContext where Self: SocketBufferContext {
  @inline(__always)
  public var packet: ReadOnlyPacket { ReadOnlyPacket(start: cbpf_skb_data(pointer), end: cbpf_skb_data_end(pointer)) }
}

/// A context of a packet whose mark and priority the program may read and set.
public protocol MarkedBufferContext: SocketBufferContext {}

extension MarkedBufferContext {
  /// The mark, which routing and netfilter can see.
  @inline(__always)
  public var mark: UInt32 {
    get { pointer.pointee.mark }
    nonmutating set { pointer.pointee.mark = newValue }
  }

  /// The priority, by which queueing disciplines choose a class.
  @inline(__always)
  public var priority: UInt32 {
    get { pointer.pointee.priority }
    nonmutating set { pointer.pointee.priority = newValue }
  }
}

/// A context of a packet of a socket whose two ends the program may read.
public protocol ConnectionBufferContext: SocketBufferContext {}

extension ConnectionBufferContext {
  /// The socket's address family.
  @inline(__always)
  public var family: AddressFamily { AddressFamily(rawValue: pointer.pointee.family) }

  /// The socket's other end, of IPv4.
  @inline(__always)
  public var remoteIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.remote_ip4) }

  /// The socket's own end, of IPv4.
  @inline(__always)
  public var localIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.local_ip4) }

  /// The socket's other end, of IPv6.
  @inline(__always)
  public var remoteIPv6: IPv6Address { IPv6Address(words: pointer.pointee.remote_ip6) }

  /// The socket's own end, of IPv6.
  @inline(__always)
  public var localIPv6: IPv6Address { IPv6Address(words: pointer.pointee.local_ip6) }

  /// The other end's port.
  @inline(__always)
  public var remotePort: Port { Port(bytes: UInt16(truncatingIfNeeded: pointer.pointee.remote_port)) }

  /// The own port.
  @inline(__always)
  public var localPort: Port { Port(UInt16(truncatingIfNeeded: pointer.pointee.local_port)) }
}

/// A context of a packet that the program may change and resize.
public protocol WritableBufferContext: SocketBufferContext {}

extension WritableBufferContext {
  /// Writes a value at an offset, wherever its bytes are (`bpf_skb_store_bytes`).
  @inline(__always)
  public func store<Value: BitwiseCopyable>(_ value: Value, at offset: Int, flags: StoreFlags = []) -> Bool {
    withZeroPadded(value) {
      bpf_skb_store_bytes(pointer, UInt32(truncatingIfNeeded: offset), $0, UInt32(MemoryLayout<Value>.size), flags.rawValue) == 0
    }
  }

  /// Brings the first `byteCount` bytes in place and makes them writable; take ``PacketContext/packet`` again (`bpf_skb_pull_data`).
  @discardableResult @inline(__always)
  public func pull(byteCount: UInt32) -> Bool { bpf_skb_pull_data(pointer, byteCount) == 0 }

  /// Makes the packet `byteCount` bytes long, at its end (`bpf_skb_change_tail`).
  @inline(__always)
  public func changeTail(byteCount: UInt32) -> Bool { bpf_skb_change_tail(pointer, byteCount, 0) == 0 }

  /// Makes room for `byteCount` more bytes at the front (`bpf_skb_change_head`).
  @inline(__always)
  public func changeHead(byteCount: UInt32) -> Bool { bpf_skb_change_head(pointer, byteCount, 0) == 0 }
}

/// What a store does beside (`BPF_F_RECOMPUTE_CSUM`, `BPF_F_INVALIDATE_HASH`).
@frozen
public struct StoreFlags: OptionSet, BitwiseCopyable {
  public let rawValue: UInt64

  @inline(__always)
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The packet's checksum as the hardware gave it follows the change.
  @inline(__always)
  public static var recomputeChecksum: StoreFlags { StoreFlags(rawValue: 1) }
  /// The packet's hash is computed anew when it is needed.
  @inline(__always)
  public static var invalidateHash: StoreFlags { StoreFlags(rawValue: 2) }
}

/// A context of a packet whose checksums helpers can bring up to date.
public protocol ChecksumContext: WritableBufferContext {}

extension ChecksumContext {
  /// The IP checksum at `offset` follows the change of a value (`bpf_l3_csum_replace`).
  @discardableResult @inline(__always)
  public func replaceNetworkChecksum(at offset: Int, from old: some ChecksumWord, to new: some ChecksumWord) -> Bool {
    bpf_l3_csum_replace(pointer, UInt32(truncatingIfNeeded: offset), old.checksumWord, new.checksumWord, old.checksumSize) == 0
  }

  /// The TCP or UDP checksum at `offset` follows the change of a value (`bpf_l4_csum_replace`).
  /// - Parameters:
  ///   - pseudoHeader: the value is part of the pseudo header: an address.
  ///   - zeroMeansNone: a checksum of 0 stays (UDP; `BPF_F_MARK_MANGLED_0`).
  @discardableResult @inline(__always)
  public func replaceTransportChecksum(
    at offset: Int, from old: some ChecksumWord, to new: some ChecksumWord, pseudoHeader: Bool = false, zeroMeansNone: Bool = false
  ) -> Bool {
    bpf_l4_csum_replace(
      pointer, UInt32(truncatingIfNeeded: offset), old.checksumWord, new.checksumWord,
      old.checksumSize | (pseudoHeader ? 16 : 0) | (zeroMeansNone ? 32 : 0)) == 0
  }

  /// The TCP or UDP checksum at `offset` follows a difference, of an IPv6 address or more (`bpf_l4_csum_replace`).
  /// - Parameter pseudoHeader: the difference is of the pseudo header: of addresses.
  @discardableResult @inline(__always)
  public func replaceTransportChecksum(at offset: Int, by difference: ChecksumDifference, pseudoHeader: Bool = false) -> Bool {
    bpf_l4_csum_replace(pointer, UInt32(truncatingIfNeeded: offset), 0, UInt64(difference.rawValue), pseudoHeader ? 16 : 0) == 0
  }

  /// The packet's checksum as the hardware gave it follows a difference (`bpf_csum_update`).
  @inline(__always)
  public func updateChecksum(_ difference: ChecksumDifference) { _ = bpf_csum_update(pointer, difference.rawValue) }

  /// Computes the packet's hash anew where it is not known (`bpf_get_hash_recalc`).
  @inline(__always)
  public var recalculatedHash: UInt32 { bpf_get_hash_recalc(pointer) }
}

/// A value of two or four bytes that a checksum covers.
public protocol ChecksumWord {
  /// The bytes as they lie in memory.
  var checksumWord: UInt64 { get }
  /// Their number.
  var checksumSize: UInt64 { get }
}

extension IPv4Address: ChecksumWord {
  @inline(__always)
  public var checksumWord: UInt64 { UInt64(bytes) }
  @inline(__always)
  public var checksumSize: UInt64 { 4 }
}

extension Port: ChecksumWord {
  @inline(__always)
  public var checksumWord: UInt64 { UInt64(bytes) }
  @inline(__always)
  public var checksumSize: UInt64 { 2 }
}

extension BigEndian: ChecksumWord {
  @inline(__always)
  public var checksumWord: UInt64 { UInt64(truncatingIfNeeded: bytes) }
  @inline(__always)
  public var checksumSize: UInt64 { UInt64(MemoryLayout<Value>.size) }
}

/// The difference of one's complement sums, as `bpf_csum_diff` gives it.
@frozen
public struct ChecksumDifference: BitwiseCopyable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// What takes the sum of `old` to that of `new` (`bpf_csum_diff`). Sizes are multiples of four bytes.
  @inline(__always)
  public init<Value: BitwiseCopyable>(from old: Value, to new: Value, seed: UInt32 = 0) {
    rawValue = withZeroPadded(old) { old in
      withZeroPadded(new) { new in
        UInt32(
          truncatingIfNeeded: bpf_csum_diff(
            old.assumingMemoryBound(to: UInt32.self), UInt32(MemoryLayout<Value>.stride), new.assumingMemoryBound(to: UInt32.self),
            UInt32(MemoryLayout<Value>.stride), seed))
      }
    }
  }

  /// The sum of a value (`bpf_csum_diff` from nothing). Its size is a multiple of four bytes.
  @inline(__always)
  public init<Value: BitwiseCopyable>(of value: Value, seed: UInt32 = 0) {
    rawValue = withZeroPadded(value) { value in
      UInt32(
        truncatingIfNeeded: bpf_csum_diff(
          nil, 0, value.assumingMemoryBound(to: UInt32.self), UInt32(MemoryLayout<Value>.stride), seed))
    }
  }

  /// The checksum of data with this sum.
  @inline(__always)
  public var checksum: InternetChecksum { InternetChecksum(sum: UInt64(rawValue)) }
}
