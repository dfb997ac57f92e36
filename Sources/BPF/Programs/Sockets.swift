// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

/// A context of a program that can look for sockets.
public protocol SocketLookupContext: ProgramContext {}

/// Both ends of a connection or datagram, of IPv4 (`struct bpf_sock_tuple`).
@frozen
public struct IPv4Ends: BitwiseCopyable, Hashable {
  /// Addresses and ports of the one end and the other, as packets have them.
  public var source: IPv4Address
  public var destination: IPv4Address
  public var sourcePort: Port
  public var destinationPort: Port

  @inline(__always)
  public init(source: IPv4Address, destination: IPv4Address, sourcePort: Port, destinationPort: Port) {
    self.source = source
    self.destination = destination
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
  }
}

/// Both ends of a connection or datagram, of IPv6 (`struct bpf_sock_tuple`).
@frozen
public struct IPv6Ends: BitwiseCopyable, Hashable {
  /// Addresses and ports of the one end and the other, as packets have them.
  public var source: IPv6Address
  public var destination: IPv6Address
  public var sourcePort: Port
  public var destinationPort: Port

  @inline(__always)
  public init(source: IPv6Address, destination: IPv6Address, sourcePort: Port, destinationPort: Port) {
    self.source = source
    self.destination = destination
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
  }
}

/// What sockets can be looked for by.
public protocol SocketEnds: BitwiseCopyable {}
extension IPv4Ends: SocketEnds {}
extension IPv6Ends: SocketEnds {}

extension SocketLookupContext {
  /// The TCP socket with these ends, or the one that listens; `nil` where there is none (`bpf_sk_lookup_tcp`).
  /// - Parameter namespace: a network namespace by its number, or -1 for the program's own.
  @inline(__always)
  public func tcpSocket(_ ends: some SocketEnds, namespace: Int64 = -1) -> Socket? {
    withZeroPadded(ends) { tuple in
      Socket(
        bpf_sk_lookup_tcp(
          rawPointer, tuple.assumingMemoryBound(to: bpf_sock_tuple.self), endsSize(ends), UInt64(bitPattern: namespace), 0))
    }
  }

  /// The UDP socket with these ends; `nil` where there is none (`bpf_sk_lookup_udp`).
  @inline(__always)
  public func udpSocket(_ ends: some SocketEnds, namespace: Int64 = -1) -> Socket? {
    withZeroPadded(ends) { tuple in
      Socket(
        bpf_sk_lookup_udp(
          rawPointer, tuple.assumingMemoryBound(to: bpf_sock_tuple.self), endsSize(ends), UInt64(bitPattern: namespace), 0))
    }
  }
}

@inline(__always)
func endsSize<Ends: SocketEnds>(_ ends: Ends) -> UInt32 { UInt32(MemoryLayout<Ends>.size) }

/// A socket that a lookup found. The program holds it, and it is given back when the value goes out of scope (`bpf_sk_release`).
@frozen
public struct Socket: ~Copyable {
  public let pointer: UnsafeMutablePointer<bpf_sock>

  @inline(__always)
  init?(_ pointer: UnsafeMutablePointer<bpf_sock>?) {
    guard let pointer else { return nil }
    self.pointer = pointer
  }

  @inline(__always)
  deinit { _ = bpf_sk_release(pointer) }

  /// The state, of TCP.
  @inline(__always)
  public var state: TCPState { TCPState(rawValue: pointer.pointee.state) }
  /// The address family.
  @inline(__always)
  public var family: AddressFamily { AddressFamily(rawValue: pointer.pointee.family) }
  /// The mark.
  @inline(__always)
  public var mark: UInt32 { pointer.pointee.mark }
  /// The own address, of IPv4.
  @inline(__always)
  public var sourceIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.src_ip4) }
  /// The own port.
  @inline(__always)
  public var sourcePort: Port { Port(UInt16(truncatingIfNeeded: pointer.pointee.src_port)) }
  /// The other end's address, of IPv4.
  @inline(__always)
  public var destinationIPv4: IPv4Address { IPv4Address(bytes: pointer.pointee.dst_ip4) }
  /// The other end's port.
  @inline(__always)
  public var destinationPort: Port { Port(bytes: pointer.pointee.dst_port) }
  /// The index of the interface that it is bound to; 0 for none.
  @inline(__always)
  public var boundInterface: UInt32 { pointer.pointee.bound_dev_if }
}

/// A context of a program that can read and set options of its socket.
public protocol SocketOptionContext: ProgramContext {}

extension SocketOptionContext {
  /// Sets an option of the socket (`bpf_setsockopt`).
  @discardableResult @inline(__always)
  public func setOption<Value: BitwiseCopyable>(level: Int32, name: Int32, _ value: Value) -> Bool {
    withZeroPadded(value) {
      bpf_setsockopt(rawPointer, level, name, UnsafeMutableRawPointer(mutating: $0), Int32(MemoryLayout<Value>.size)) == 0
    }
  }

  /// An option of the socket, or `nil` where it has none (`bpf_getsockopt`).
  @inline(__always)
  public func option<Value: BitwiseCopyable>(level: Int32, name: Int32, as type: Value.Type = Value.self) -> Value? {
    withZeroed(Value.self) { buffer in
      bpf_getsockopt(rawPointer, level, name, buffer, Int32(MemoryLayout<Value>.size)) == 0 ? buffer.pointee : nil
    }
  }
}
