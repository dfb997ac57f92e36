import CEBPF
import EBPFTables

/// The packet that a run works on, behind ``ebpf_environment/hook``: a plain struct, so that helpers reach it without a reference count.
///
/// What is here decides; the 32-bit addresses in the program's context are copies of it, written anew whenever a helper moves the packet.
struct PacketState {
  /// Which context the program was given.
  enum Kind: UInt8 {
    case xdp
    /// `struct __sk_buff` of a type with direct packet access.
    case socketBuffer
    /// `struct __sk_buff` of a socket filter: no direct access.
    case socketFilter
  }

  var kind: Kind
  /// `struct xdp_md` or `struct __sk_buff`.
  var context: UnsafeMutableRawPointer
  /// The buffer: the packet may grow as far as its ends.
  var bufferStart: UInt
  var bufferEnd: UInt
  /// The packet's bytes; `dataMeta` is where an XDP program's metadata before them begins.
  var data: UInt
  var dataEnd: UInt
  var dataMeta: UInt
  /// Of socket buffers: where the link and network headers begin.
  var linkHeader: UInt
  var networkHeader: UInt
  /// Bytes that the packet had on the wire behind those that were captured: they count in `skb->len` and cannot be read.
  var missing: UInt = 0
  /// Of socket buffers: where the kernel's buffer begins (`skb->head`), as a number: what lies there is never read. Here the packet has more
  /// room before it; that the kernel's has less, and grows, shows in ``transportHeader``.
  var head: UInt = 0
  /// Of socket buffers: how far behind ``head`` the transport header begins; all ones where nobody has said. As in the kernel, a growth of the
  /// buffer adds to it either way, so that it comes to be somewhere where nobody has put it (`skb_headers_offset_update`).
  var transportHeader: UInt16 = PacketState.noTransportHeader
  /// Of socket buffers: whether a program has put a tunnel's header before the packet's own (`skb->encapsulation`).
  var isEncapsulated = false
  /// Of socket buffers: nested checksums that count as verified, less one; -1: none (`CHECKSUM_NONE`).
  var checksumLevel: Int8 = -1
  /// Of socket buffers: whether `skb->hash` holds a hash.
  var hasHash = false
  /// The largest packet of the interface (`mtu`), as `bpf_check_mtu` compares it.
  var maximumLength: UInt32 = PacketState.loopbackMaximumLength
  /// Where `bpf_redirect` and its kin send the packet, if they were called.
  var redirect = Redirect()
  /// Copies that `bpf_clone_redirect` has sent, where the hook keeps them: a ``PacketClones``, unretained.
  var clones: UnsafeRawPointer?

  /// The loopback device's `mtu`, on which the kernel's test runs work.
  static let loopbackMaximumLength: UInt32 = 65536

  /// ``transportHeader`` where nobody has said.
  static let noTransportHeader = UInt16.max

  /// Bytes of the packet that are there.
  var length: Int { Int(dataEnd &- data) }

  /// `skb->len`.
  var fullLength: UInt32 { UInt32(truncatingIfNeeded: dataEnd &- data &+ missing) }

  /// The run's packet, where the hook has one.
  @inline(__always)
  static func of(_ environment: UnsafeMutablePointer<ebpf_environment>) -> UnsafeMutablePointer<PacketState>? {
    environment.pointee.hook?.assumingMemoryBound(to: PacketState.self)
  }

  /// Writes the packet's place into the context.
  @inline(__always)
  func refreshContext() {
    switch kind {
    case .xdp:
      context.storeBytes(of: UInt32(truncatingIfNeeded: data), toByteOffset: XDPContext.data, as: UInt32.self)
      context.storeBytes(of: UInt32(truncatingIfNeeded: dataEnd), toByteOffset: XDPContext.dataEnd, as: UInt32.self)
      context.storeBytes(of: UInt32(truncatingIfNeeded: dataMeta), toByteOffset: XDPContext.dataMeta, as: UInt32.self)
    case .socketBuffer, .socketFilter:
      context.storeBytes(of: fullLength, toByteOffset: SocketBufferContext.length, as: UInt32.self)
      context.storeBytes(of: UInt32(truncatingIfNeeded: data), toByteOffset: SocketBufferContext.data, as: UInt32.self)
      context.storeBytes(of: UInt32(truncatingIfNeeded: dataEnd), toByteOffset: SocketBufferContext.dataEnd, as: UInt32.self)
      context.storeBytes(of: UInt32(truncatingIfNeeded: dataMeta), toByteOffset: SocketBufferContext.dataMeta, as: UInt32.self)
    }
  }
}

/// Byte offsets of `struct xdp_md` (`include/uapi/linux/bpf.h`), as constants for the compiler; a test
/// compares them with `ContextLayout`.
package enum XDPContext {
  package static let data = 0
  package static let dataEnd = 4
  package static let dataMeta = 8
  package static let ingressInterface = 12
  package static let receiveQueue = 16
  package static let egressInterface = 20
  package static let size = 24
}

/// Byte offsets of `struct __sk_buff` (`include/uapi/linux/bpf.h`), as constants for the compiler; a test
/// compares them with `ContextLayout`.
package enum SocketBufferContext {
  package static let length = 0
  package static let packetType = 4
  package static let mark = 8
  package static let queueMapping = 12
  package static let `protocol` = 16
  package static let vlanPresent = 20
  package static let vlanTCI = 24
  package static let vlanProtocol = 28
  package static let priority = 32
  package static let ingressInterface = 36
  package static let interface = 40
  package static let tcIndex = 44
  package static let controlBlock = 48
  package static let hash = 68
  package static let tcClassID = 72
  package static let data = 76
  package static let dataEnd = 80
  package static let family = 88
  package static let remoteIPv4 = 92
  package static let localIPv4 = 96
  package static let remoteIPv6 = 100
  package static let localIPv6 = 116
  package static let dataMeta = 140
  package static let timestamp = 152
  package static let wireLength = 160
  package static let segmentCount = 164
  package static let socket = 168
  package static let segmentSize = 176
  package static let timestampType = 180
  package static let hardwareTimestamp = 184
  package static let size = 192
}
