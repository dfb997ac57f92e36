import EBPFHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory below 4 GiB: the kernel's contexts hold packet addresses in 32 bits, so that is where packets must be for programs to run unmodified.
struct PacketMemory: ~Copyable {
  let start: UnsafeMutableRawPointer
  let byteCount: Int

  /// Maps so many bytes, zeroed.
  /// - Throws: ``HostError`` with ``HostError/Code/system`` where no such memory is left.
  init(byteCount: Int) throws(HostError) {
    let size = (max(byteCount, 1) + 4095) & ~4095
    guard let memory = Self.mapLow(size) else {
      throw HostError(
        .system, "no \(size) bytes of memory below 4 GiB for packets: \(String(cString: strerror(errno)))", errno: errno)
    }
    start = memory
    self.byteCount = size
  }

  deinit { munmap(start, byteCount) }

  private static func mapLow(_ size: Int) -> UnsafeMutableRawPointer? {
    #if os(Linux) && arch(x86_64)
    let low = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0)
    if let low, low != MAP_FAILED { return low }
    #endif
    // Elsewhere, and where the first 2 GiB are full: ask for one address after another.
    var hint: UInt = 0x1000_0000
    let step = max(UInt(size), 0x100_0000)
    while hint + UInt(size) < 0x1_0000_0000 {
      let memory = mmap(UnsafeMutableRawPointer(bitPattern: hint), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let memory, memory != MAP_FAILED else { return nil }
      if UInt(bitPattern: memory) + UInt(size) <= 0x1_0000_0000 { return memory }
      munmap(memory, size)
      hint += step
    }
    return nil
  }
}
