import CEBPF
import EBPFTables

extension HelperTable {
  /// Reads of memory that may not be there: the system copies, so that a bad address is `EFAULT` and a zeroed destination, never a fault
  /// (`kernel/trace/bpf_trace.c`). Program and "kernel" share this process's address space, so that all variants read the same memory.
  static var probeHelpers: [Entry] {
    [
      Entry(.probeRead, probeRead), Entry(.probeReadUser, probeRead), Entry(.probeReadKernel, probeRead),
      Entry(.copyFromUser, probeRead),
      Entry(.probeReadStr, probeReadString), Entry(.probeReadUserStr, probeReadString), Entry(.probeReadKernelStr, probeReadString),
    ]
  }
}

private func probeRead(
  _ destination: UInt64, _ size: UInt64, _ source: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  let count = count32(size)
  guard count > 0 else { return 0 }
  let destination = pointer(destination)
  if cebpf_probe_read(destination, source, UInt64(count)) == UInt64(count) { return 0 }
  destination.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  return .error(.efault)
}

private func probeReadString(
  _ destination: UInt64, _ size: UInt64, _ source: UInt64, _ r4: UInt64, _ r5: UInt64, _ environment: Environment
) -> UInt64 {
  let count = count32(size)
  guard count > 0 else { return 0 }
  let destination = UnsafeMutableRawBufferPointer(start: pointer(destination), count: count)
  if let length = probeString(into: destination, at: source) { return UInt64(length) }
  destination.initializeMemory(as: UInt8.self, repeating: 0)
  return .error(.efault)
}

/// Copies a zero-terminated string from anywhere, cut to the buffer, which then ends with a zero.
/// - Returns: the bytes of the copy with its zero; `nil` where the string cannot be read to its end or to the buffer's.
func probeString(into buffer: UnsafeMutableRawBufferPointer, at source: UInt64) -> Int? {
  withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { chunk in
    var done = 0
    while done < buffer.count {
      // Pieces that stay inside a page: the one behind the string need not be there.
      let address = source &+ UInt64(done)
      let size = min(256 - Int(address & 255), buffer.count - done)
      guard cebpf_probe_read(chunk.baseAddress, address, UInt64(size)) == UInt64(size) else { return nil }
      for index in 0..<size {
        buffer[done + index] = chunk[index]
        if chunk[index] == 0 { return done + index + 1 }
      }
      done += size
    }
    buffer[buffer.count - 1] = 0
    return buffer.count
  }
}
