import CEBPF
import EBPFTables

extension HelperTable {
  /// Records for the host (`kernel/trace/bpf_trace.c`, `net/core/filter.c`).
  static var perfEventHelpers: [Entry] { [Entry(.perfEventOutput, outputEvent)] }
}

/// Flags of `bpf_perf_event_output`: the processor whose buffer is meant, and bytes of the packet that follow the program's.
private enum EventFlags {
  static let index: UInt64 = 0xffff_ffff
  /// `BPF_F_CURRENT_CPU`
  static let currentProcessor: UInt64 = 0xffff_ffff
  static let packetShift: UInt64 = 32
  static let packet: UInt64 = 0xfffff << packetShift
}

private func outputEvent(
  _ context: UInt64, _ map: UInt64, _ flags: UInt64, _ data: UInt64, _ size: UInt64, _ environment: Environment
) -> UInt64 {
  let packet = PacketState.of(environment)
  guard flags & ~(EventFlags.index | (packet == nil ? 0 : EventFlags.packet)) == 0 else { return .error(.einval) }
  let packetCount = Int((flags & EventFlags.packet) >> EventFlags.packetShift)
  if let packet, packetCount > packet.pointee.length { return .error(.efault) }
  let map = mapHeader(map)
  guard map.pointee.type == MapType.perfEventArray.rawValue else { return .error(.einval) }
  let index = flags & EventFlags.index
  let processor = UInt64(environment.pointee.cpu)
  let wanted = index == EventFlags.currentProcessor ? processor : index
  guard wanted < UInt64(map.pointee.max_entries) else { return .error(.e2big) }
  // A buffer takes the records of its own processor only.
  guard wanted == processor else { return .error(.eopnotsupp) }
  let count = Int(truncatingIfNeeded: size)
  let ring = Ring(map)
  let record = ring.reserve(UInt64(count + packetCount))
  guard record != 0 else { return .error(.enospc) }
  let destination = pointer(record)
  if count > 0 { destination.copyMemory(from: pointer(data), byteCount: count) }
  if packetCount > 0, let packet { (destination + count).copyMemory(from: packet.pointee.start, byteCount: packetCount) }
  ring.commit(record, 0, isDiscarded: false)
  return 0
}
