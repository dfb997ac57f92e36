import CEBPF
import EBPFISA

/// `LD_ABS` and `LD_IND`: a number in network byte order from the packet of the run's hook (RFC 9669 section 5.7, `bpf_skb_load_helper_*` in
/// the kernel).
///
/// Offsets from `SKF_NET_OFF` (-0x100000) count from the network header and those from `SKF_LL_OFF` (-0x200000) from the link header, as in
/// classic BPF.
/// - Returns: `nil` where the bytes are not in the packet, or where there is none.
@inline(never)
func loadFromPacket(
  _ instruction: DecodedInstruction, _ index: UInt64, _ environment: UnsafeMutablePointer<ebpf_environment>
) -> UInt64? {
  guard let hook = environment.pointee.hook else { return nil }
  return hook.assumingMemoryBound(to: PacketState.self).pointee.loadBigEndian(
    at: Int32(truncatingIfNeeded: instruction.immediate) &+ Int32(truncatingIfNeeded: index),
    size: Opcode.accessSize(instruction.detail))
}

extension PacketState {
  /// Where negative offsets that count from the network header begin (`SKF_NET_OFF`).
  static let networkOffset: Int32 = -0x100000
  /// Where negative offsets that count from the link header begin (`SKF_LL_OFF`).
  static let linkOffset: Int32 = -0x200000

  /// The number of `size` bytes (1, 2 or 4) at an offset as `LD_ABS` says it; `nil` outside the packet.
  func loadBigEndian(at offset: Int32, size: Int) -> UInt64? {
    let start: UInt
    if offset >= 0 {
      start = data &+ UInt(offset)
    } else if offset >= Self.networkOffset {
      start = networkHeader &+ UInt(offset &- Self.networkOffset)
    } else if offset >= Self.linkOffset {
      start = linkHeader &+ UInt(offset &- Self.linkOffset)
    } else {
      return nil
    }
    // Behind a negative offset the kernel takes anything from the buffer's start to the packet's end.
    guard start >= (offset >= 0 ? data : bufferStart), start <= dataEnd, UInt(size) <= dataEnd - start else { return nil }
    let bytes = UnsafeRawPointer(bitPattern: start).unsafelyUnwrapped
    switch size {
    case 1: return UInt64(bytes.load(as: UInt8.self))
    case 2: return UInt64(UInt16(bigEndian: bytes.loadUnaligned(as: UInt16.self)))
    default: return UInt64(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    }
  }
}
