import EBPFHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory of a map, zeroed, at an address that does not change; pages that nobody touches are never backed.
final class MapMemory: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  let byteCount: Int

  /// Reserves so many bytes.
  /// - Returns: `nil` where there is no such memory (`ENOMEM`).
  init?(byteCount: Int) {
    let size = (max(byteCount, 1) + 4095) & ~4095
    #if os(Linux)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    #else
    let flags = MAP_PRIVATE | MAP_ANON
    #endif
    guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED else { return nil }
    start = memory
    self.byteCount = size
  }

  deinit { munmap(start, byteCount) }

  /// Bytes of memory that this machine has: what preallocates more than that is refused, as by the kernel.
  static let physical: Int = {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && size > 0 ? pages.multipliedReportingOverflow(by: size).partialValue : Int.max
  }()
}

/// Rounds up to a multiple of eight bytes.
@inline(__always)
func roundedToWord(_ count: Int) -> Int { (count + 7) & ~7 }
