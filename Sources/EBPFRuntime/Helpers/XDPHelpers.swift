import CEBPF
import EBPFTables

extension HelperTable {
  /// Extent and bytes of XDP packets (`net/core/filter.c`). Packets are one piece here, however long: there are no fragments.
  static var xdpHelpers: [Entry] {
    [
      Entry(.xdpAdjustHead, adjustHead),
      Entry(.xdpAdjustTail, adjustTail),
      Entry(.xdpAdjustMeta, adjustMeta),
      Entry(.xdpGetBuffLen) { _, _, _, _, _, environment in
        guard let xdp = xdpBuffer(environment) else { return .error(.einval) }
        return UInt64(xdp.pointee.dataEnd &- xdp.pointee.data)
      },
      Entry(.xdpLoadBytes) { _, offset, destination, length, _, environment in
        guard let xdp = xdpBuffer(environment) else { return .error(.einval) }
        guard let source = xdp.pointee.bytes(at: offset, length) else { return xdpRangeError(offset, length) }
        pointer(destination).copyMemory(from: source, byteCount: count32(length))
        return 0
      },
      Entry(.xdpStoreBytes) { _, offset, source, length, _, environment in
        guard let xdp = xdpBuffer(environment) else { return .error(.einval) }
        guard let destination = xdp.pointee.bytes(at: offset, length) else { return xdpRangeError(offset, length) }
        destination.copyMemory(from: pointer(source), byteCount: count32(length))
        return 0
      },
    ]
  }
}

/// The run's XDP packet; `nil` where its hook gives none.
@inline(__always)
private func xdpBuffer(_ environment: Environment) -> UnsafeMutablePointer<PacketState>? {
  guard let packet = PacketState.of(environment), packet.pointee.kind == .xdp else { return nil }
  return packet
}

extension PacketState {
  /// Where so many bytes at an offset are; `nil` outside the packet.
  @inline(__always)
  fileprivate func bytes(at offset: UInt64, _ length: UInt64) -> UnsafeMutableRawPointer? {
    let offset = UInt(UInt32(truncatingIfNeeded: offset))
    let length = UInt(UInt32(truncatingIfNeeded: length))
    guard offset <= 0xffff, length <= 0xffff, offset &+ length <= dataEnd &- data else { return nil }
    return UnsafeMutableRawPointer(bitPattern: data &+ offset)
  }
}

private func xdpRangeError(_ offset: UInt64, _ length: UInt64) -> UInt64 {
  count32(offset) > 0xffff || count32(length) > 0xffff ? .error(.efault) : .error(.einval)
}

private func adjustHead(
  _ context: UInt64, _ offset: UInt64, _ r3: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  guard let xdp = xdpBuffer(environment) else { return .error(.einval) }
  let offset = UInt(bitPattern: signed32(offset))
  let metadata = xdp.pointee.data &- xdp.pointee.dataMeta
  let data = Int(bitPattern: xdp.pointee.data &+ offset)
  let first = Int(bitPattern: xdp.pointee.bufferStart) + XDPBuffer.frameHeader + Int(metadata)
  guard data >= first, data <= Int(bitPattern: xdp.pointee.dataEnd) - XDPBuffer.minimumLength else { return .error(.einval) }
  if metadata > 0, let source = UnsafeMutableRawPointer(bitPattern: xdp.pointee.dataMeta) {
    (source + Int(bitPattern: offset)).copyMemory(from: source, byteCount: Int(metadata))
  }
  xdp.pointee.dataMeta = xdp.pointee.dataMeta &+ offset
  xdp.pointee.data = UInt(bitPattern: data)
  xdp.pointee.refreshContext()
  return 0
}

private func adjustTail(
  _ context: UInt64, _ offset: UInt64, _ r3: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  guard let xdp = xdpBuffer(environment) else { return .error(.einval) }
  let offset = signed32(offset)
  let old = Int(bitPattern: xdp.pointee.dataEnd)
  let end = old + offset
  guard end <= Int(bitPattern: xdp.pointee.bufferEnd), end >= Int(bitPattern: xdp.pointee.data) + XDPBuffer.minimumLength else {
    return .error(.einval)
  }
  if offset > 0, let rest = UnsafeMutableRawPointer(bitPattern: old) {
    rest.initializeMemory(as: UInt8.self, repeating: 0, count: offset)
  }
  xdp.pointee.dataEnd = UInt(bitPattern: end)
  xdp.pointee.refreshContext()
  return 0
}

private func adjustMeta(
  _ context: UInt64, _ offset: UInt64, _ r3: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  guard let xdp = xdpBuffer(environment) else { return .error(.einval) }
  let meta = Int(bitPattern: xdp.pointee.dataMeta) + signed32(offset)
  let data = Int(bitPattern: xdp.pointee.data)
  guard meta >= Int(bitPattern: xdp.pointee.bufferStart) + XDPBuffer.frameHeader, meta <= data else { return .error(.einval) }
  guard (data - meta) & 3 == 0, data - meta <= XDPBuffer.maximumMetadata else { return .error(.eacces) }
  xdp.pointee.dataMeta = UInt(bitPattern: meta)
  xdp.pointee.refreshContext()
  return 0
}
