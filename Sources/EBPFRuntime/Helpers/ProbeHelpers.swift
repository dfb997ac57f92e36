import CEBPF
import EBPFTables

extension HelperTable {
  /// Reads of memory that may not be there: the system copies, so that a bad address is an error and a zeroed destination, never a fault
  /// (`kernel/trace/bpf_trace.c`). Program and "kernel" share this process's address space, so that all variants read the same memory.
  ///
  /// The error is `EFAULT`; reads of the kernel's memory answer `ERANGE` where the address could be none of the kernel's.
  static var probeHelpers: [Entry] {
    [
      Entry(.probeRead) { target, size, source, _, _, _ in read(target, size, source, error: eitherError) },
      Entry(.probeReadUser) { target, size, source, _, _, _ in read(target, size, source) { _ in .efault } },
      Entry(.copyFromUser) { target, size, source, _, _, _ in read(target, size, source) { _ in .efault } },
      Entry(.probeReadKernel) { target, size, source, _, _, _ in read(target, size, source, error: kernelError) },
      Entry(.probeReadStr) { target, size, source, _, _, _ in readString(target, size, source, error: eitherError) },
      Entry(.probeReadUserStr) { target, size, source, _, _, _ in readString(target, size, source) { _ in .efault } },
      Entry(.probeReadKernelStr) { target, size, source, _, _, _ in readString(target, size, source, error: kernelError) },
    ]
  }
}

/// Where addresses of processes end (`TASK_SIZE_MAX`), and those of the kernel begin; what is between is no address. Of x86-64 with page tables
/// of four levels; a processor that could have five knows more addresses of the kernel, where the kernel has nothing.
private let userEnd: UInt64 = 1 << 47
private let kernelStart = UInt64.max << 47

/// What a read of the kernel's memory answers for an address where nothing can be read (`copy_from_kernel_nofault_allowed`).
private func kernelError(_ address: UInt64) -> LinuxError {
  address < kernelStart || address & ~0xfff == vsyscallPage ? .erange : .efault
}

/// What a read of either memory answers.
private func eitherError(_ address: UInt64) -> LinuxError { address < userEnd ? .efault : kernelError(address) }

/// The page of kernel addresses that processes read (`VSYSCALL_ADDR`).
private let vsyscallPage: UInt64 = 0xffff_ffff_ff60_0000

@inline(__always)
private func read(_ destination: UInt64, _ size: UInt64, _ source: UInt64, error: (UInt64) -> LinuxError) -> UInt64 {
  let count = count32(size)
  guard count > 0 else { return 0 }
  let destination = pointer(destination)
  if copy(to: destination, from: source, count) { return 0 }
  destination.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  return .error(error(source))
}

@inline(__always)
private func readString(_ destination: UInt64, _ size: UInt64, _ source: UInt64, error: (UInt64) -> LinuxError) -> UInt64 {
  let count = count32(size)
  guard count > 0 else { return 0 }
  let destination = UnsafeMutableRawBufferPointer(start: pointer(destination), count: count)
  if let length = probeString(into: destination, at: source) { return UInt64(length) }
  destination.initializeMemory(as: UInt8.self, repeating: 0)
  return .error(error(source))
}

/// Copies, where both overlap in words from the lowest on, as the kernel does always (`copy_from_kernel_nofault`).
private func copy(to destination: UnsafeMutableRawPointer, from source: UInt64, _ count: Int) -> Bool {
  guard overlaps(destination, source, count) else {
    return cebpf_probe_read(destination, source, UInt64(count)) == UInt64(count)
  }
  var done = 0
  var size = 8
  while done < count {
    while size > count - done { size /= 2 }
    guard cebpf_probe_read(destination + done, source &+ UInt64(done), UInt64(size)) == UInt64(size) else { return false }
    done += size
  }
  return true
}

private func overlaps(_ destination: UnsafeRawPointer, _ source: UInt64, _ count: Int) -> Bool {
  let destination = UInt64(UInt(bitPattern: destination))
  return source &- destination < UInt64(count) || destination &- source < UInt64(count)
}

/// Copies a zero-terminated string from anywhere, cut to the buffer, which then ends with a zero.
/// - Returns: the bytes of the copy with its zero; `nil` where the string cannot be read to its end or to the buffer's.
func probeString(into buffer: UnsafeMutableRawBufferPointer, at source: UInt64) -> Int? {
  withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { chunk in
    // The kernel copies byte by byte, which shows where both overlap.
    let isBytewise = buffer.baseAddress.map { overlaps($0, source, buffer.count) } ?? false
    var done = 0
    while done < buffer.count {
      // Pieces that stay inside a page: the one behind the string need not be there.
      let address = source &+ UInt64(done)
      let size = isBytewise ? 1 : min(256 - Int(address & 255), buffer.count - done)
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
