import CEBPF
import EBPFHost
import EBPFJIT

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Compiled code in executable memory, which is never writable at the same time: written first, then made executable, never changed again.
final class MachineCode: @unchecked Sendable {
  /// How the host enters it.
  let entry: ebpf_entry
  /// Where a tail call enters it.
  let tailCallEntry: UInt64
  /// Bytes of code.
  let byteCount: Int
  private let memory: UnsafeMutableRawPointer
  private let mappedCount: Int

  /// Places code in memory.
  /// - Parameter address: what each relocation's target is in this process; `nil` where the host does not have it.
  init(_ code: CompiledCode, address: (CompiledCode.Target) -> UInt64?) throws(HostError) {
    let count = code.bytes.count
    guard count > 0, code.entry >= 0, code.entry < count, code.tailCallEntry >= 0, code.tailCallEntry < count else {
      throw HostError(.unsupported, "the compiled code has no entry")
    }
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    mappedCount = (count + pageSize - 1) / pageSize * pageSize
    guard let memory = mmap(nil, mappedCount, PROT_READ | PROT_WRITE, Self.mapping, -1, 0), memory != MAP_FAILED else {
      throw HostError(.system, "no memory for \(count) bytes of machine code: \(String(cString: strerror(errno)))", errno: errno)
    }
    self.memory = memory
    byteCount = count
    code.bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: count) }
    let base = UInt64(UInt(bitPattern: memory))
    entry = unsafeBitCast(UInt(base) + UInt(code.entry), to: ebpf_entry.self)
    tailCallEntry = base + UInt64(code.tailCallEntry)
    for relocation in code.relocations {
      // From here on all is set, and a failure runs `deinit`.
      guard relocation.offset >= 0, relocation.offset <= count - 8 else {
        throw HostError(.unsupported, "a relocation at \(relocation.offset) lies outside \(count) bytes of machine code")
      }
      let value: UInt64?
      if case .code(let offset) = relocation.target { value = base + UInt64(offset) } else { value = address(relocation.target) }
      guard let value else {
        throw HostError(.unsupported, "the userspace host does not have \(relocation.target)")
      }
      memory.storeBytes(of: value.littleEndian, toByteOffset: relocation.offset, as: UInt64.self)
    }
    guard mprotect(memory, mappedCount, PROT_READ | PROT_EXEC) == 0 else {
      let error = errno
      throw HostError(
        .system,
        "this system does not let memory become executable (mprotect: \(String(cString: strerror(error)))); use the interpreter engine",
        errno: error)
    }
    cebpf_synchronize_code(memory, mappedCount)
  }

  deinit { munmap(memory, mappedCount) }

  /// All of it is written at once: its pages come with it, and not one after the other.
  #if os(Linux)
  private static let mapping = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
  #else
  private static let mapping = MAP_PRIVATE | MAP_ANONYMOUS
  #endif
}
