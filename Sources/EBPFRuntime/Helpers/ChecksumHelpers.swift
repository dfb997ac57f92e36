import CEBPF
import EBPFTables

extension HelperTable {
  /// Checksums (`net/core/filter.c`).
  ///
  /// Packets here carry no sum of the device's (`CHECKSUM_NONE`): there is nothing for `bpf_csum_update` to update, and what
  /// `BPF_F_PSEUDO_HDR` would do to such a sum is not needed.
  static var checksumHelpers: [Entry] {
    [
      Entry(.csumDiff, checksumDifference),
      Entry(.l3CsumReplace, replaceNetworkChecksum),
      Entry(.l4CsumReplace, replaceTransportChecksum),
      Entry(.csumUpdate) { _, _, _, _, _, _ in .error(.enotsupp) },
      Entry(.csumLevel) { _, operation, _, _, _, environment in
        guard let skb = socketBuffer(environment) else { return .error(.einval) }
        return skb.pointee.changeChecksumLevel(operation)
      },
    ]
  }
}

private func checksumDifference(
  _ from: UInt64, _ fromSize: UInt64, _ to: UInt64, _ toSize: UInt64, _ seed: UInt64, _ environment: Environment
) -> UInt64 {
  let fromSize = count32(fromSize)
  let toSize = count32(toSize)
  let seed = UInt32(truncatingIfNeeded: seed)
  guard (fromSize | toSize) & 3 == 0 else { return .error(.einval) }
  let sum: UInt32
  switch (fromSize > 0, toSize > 0) {
  case (true, true):
    sum = Checksum.subtract(Checksum.sum(pointer(to), toSize, seed), Checksum.sum(pointer(from), fromSize, 0))
  case (false, true): sum = Checksum.sum(pointer(to), toSize, seed)
  case (true, false): sum = ~Checksum.sum(pointer(from), fromSize, ~seed)
  case (false, false): sum = seed
  }
  return UInt64(Checksum.fold(sum))
}

/// `BPF_F_HDR_FIELD_MASK`: the size of the field that changed; 0 where the difference is given.
private let fieldSizeMask: UInt64 = 0xf

private func replaceNetworkChecksum(
  _ context: UInt64, _ offset: UInt64, _ from: UInt64, _ to: UInt64, _ flags: UInt64, _ environment: Environment
) -> UInt64 {
  guard flags & ~fieldSizeMask == 0 else { return .error(.einval) }
  guard let skb = socketBuffer(environment) else { return .error(.einval) }
  guard let field = skb.pointee.checksumField(at: offset) else { return .error(.efault) }
  return replace(field, from, to, flags, isTransport: false)
}

/// `BPF_F_*` of `bpf_l4_csum_replace`.
private enum TransportFlags {
  static let pseudoHeader: UInt64 = 1 << 4
  static let markMangledZero: UInt64 = 1 << 5
  static let markEnforce: UInt64 = 1 << 6
  static let ipv6: UInt64 = 1 << 7
}

private func replaceTransportChecksum(
  _ context: UInt64, _ offset: UInt64, _ from: UInt64, _ to: UInt64, _ flags: UInt64, _ environment: Environment
) -> UInt64 {
  let known =
    fieldSizeMask | TransportFlags.pseudoHeader | TransportFlags.markMangledZero | TransportFlags.markEnforce | TransportFlags.ipv6
  guard flags & ~known == 0 else { return .error(.einval) }
  guard let skb = socketBuffer(environment) else { return .error(.einval) }
  guard let field = skb.pointee.checksumField(at: offset) else { return .error(.efault) }
  let zeroIsNone = flags & TransportFlags.markMangledZero != 0
  if zeroIsNone, flags & TransportFlags.markEnforce == 0, field.loadUnaligned(as: UInt16.self) == 0 { return 0 }
  let result = replace(field, from, to, flags, isTransport: true)
  // A UDP checksum of zero would mean that there is none (`CSUM_MANGLED_0`).
  if result == 0, zeroIsNone, field.loadUnaligned(as: UInt16.self) == 0 { field.storeBytes(of: 0xffff, as: UInt16.self) }
  return result
}

/// Updates a checksum for a field that changed, or for a difference (RFC 1624).
/// - Parameter isTransport: the two helpers round differently where a field of 16 bits changes.
@inline(__always)
private func replace(_ field: UnsafeMutableRawPointer, _ from: UInt64, _ to: UInt64, _ flags: UInt64, isTransport: Bool) -> UInt64 {
  let old = field.loadUnaligned(as: UInt16.self)
  let new: UInt16
  switch flags & fieldSizeMask {
  case 0:
    guard from == 0 else { return .error(.einval) }
    new = Checksum.finish(Checksum.add(UInt32(truncatingIfNeeded: to), ~UInt32(old)))
  case 2 where isTransport:
    new = replaced(old, UInt32(UInt16(truncatingIfNeeded: from)), UInt32(UInt16(truncatingIfNeeded: to)))
  case 2:
    new = ~Checksum.add16(Checksum.add16(~old, ~UInt16(truncatingIfNeeded: from)), UInt16(truncatingIfNeeded: to))
  case 4: new = replaced(old, UInt32(truncatingIfNeeded: from), UInt32(truncatingIfNeeded: to))
  default: return .error(.einval)
  }
  field.storeBytes(of: new, as: UInt16.self)
  return 0
}

/// `csum_replace4`
@inline(__always)
private func replaced(_ old: UInt16, _ from: UInt32, _ to: UInt32) -> UInt16 {
  Checksum.finish(Checksum.add(Checksum.subtract(~UInt32(old), from), to))
}

extension PacketState {
  /// The two bytes at an even offset, if they are in the packet.
  @inline(__always)
  fileprivate func checksumField(at offset: UInt64) -> UnsafeMutableRawPointer? {
    let offset = UInt(UInt32(truncatingIfNeeded: offset))
    guard offset <= 0xffff, offset & 1 == 0, offset &+ 2 <= dataEnd &- data else { return nil }
    return UnsafeMutableRawPointer(bitPattern: data &+ offset)
  }

  /// `bpf_csum_level`: how many nested checksums count as verified.
  fileprivate mutating func changeChecksumLevel(_ operation: UInt64) -> UInt64 {
    switch operation {
    case 0: return checksumLevel < 0 ? .error(.eacces) : UInt64(checksumLevel)
    case 1: checksumLevel = min(checksumLevel + 1, 3)
    case 2: checksumLevel = max(checksumLevel - 1, -1)
    case 3: checksumLevel = -1
    default: return .error(.einval)
    }
    return 0
  }
}
