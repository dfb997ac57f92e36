// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only

extension Header where Layout == UDPHeader {
  /// The sender's port.
  @inline(__always)
  public var sourcePort: Port {
    get { pointer.pointee.sourcePort }
    nonmutating _modify { yield &pointer.pointee.sourcePort }
  }

  /// The receiver's port.
  @inline(__always)
  public var destinationPort: Port {
    get { pointer.pointee.destinationPort }
    nonmutating _modify { yield &pointer.pointee.destinationPort }
  }

  /// Bytes of the datagram with this header.
  @inline(__always)
  public var length: BigEndian<UInt16> {
    get { pointer.pointee.length }
    nonmutating _modify { yield &pointer.pointee.length }
  }

  /// The checksum, with the pseudo header; zero where there is none (IPv4).
  @inline(__always)
  public var checksum: InternetChecksum {
    get { pointer.pointee.checksum }
    nonmutating _modify { yield &pointer.pointee.checksum }
  }
}

extension ReadOnlyHeader where Layout == UDPHeader {
  /// The sender's port.
  @inline(__always)
  public var sourcePort: Port { pointer.pointee.sourcePort }

  /// The receiver's port.
  @inline(__always)
  public var destinationPort: Port { pointer.pointee.destinationPort }

  /// Bytes of the datagram with this header.
  @inline(__always)
  public var length: BigEndian<UInt16> { pointer.pointee.length }

  /// The checksum, with the pseudo header; zero where there is none (IPv4).
  @inline(__always)
  public var checksum: InternetChecksum { pointer.pointee.checksum }
}
