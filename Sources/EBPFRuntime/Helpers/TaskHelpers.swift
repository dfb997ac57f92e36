import CEBPF
import EBPFTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension HelperTable {
  /// Who runs the program, and where (`kernel/bpf/helpers.c`).
  static var taskHelpers: [Entry] {
    [
      Entry(.getPrandomU32) { _, _, _, _, _, _ in UInt64(cebpf_random32()) },
      // The slot that the run holds; it need not be the processor that the thread happens to be on.
      Entry(.getSmpProcessorId) { _, _, _, _, _, environment in UInt64(environment.pointee.cpu) },
      Entry(.getNumaNodeId) { _, _, _, _, _, _ in UInt64(cebpf_memory_node()) },
      Entry(.getCurrentPidTgid) { _, _, _, _, _, _ in UInt64(cebpf_process_id()) << 32 | UInt64(cebpf_thread_id()) },
      // The real user and group, not the effective ones (`current_uid_gid`).
      Entry(.getCurrentUidGid) { _, _, _, _, _, _ in UInt64(getgid()) << 32 | UInt64(getuid()) },
      Entry(.getCurrentComm) { buffer, size, _, _, _, _ in threadName(into: pointer(buffer), count32(size)) },
    ]
  }
}

/// `bpf_get_current_comm`: the thread's name, cut to the buffer, with zeros behind it.
private func threadName(into buffer: UnsafeMutableRawPointer, _ size: Int) -> UInt64 {
  guard size > 0 else { return .error(.einval) }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { name in
    let start = name.baseAddress.unsafelyUnwrapped
    buffer.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    guard cebpf_thread_name(start) == 0 else { return .error(.einval) }
    buffer.copyMemory(from: start, byteCount: min(strlen(start), size - 1))
    return 0
  }
}
