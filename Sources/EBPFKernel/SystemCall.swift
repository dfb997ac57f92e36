internal import CEBPF

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The error number of a system call that failed.
struct SystemError: Error, Hashable {
  let errno: Int32

  /// The C library's words for it, `Operation not permitted (EPERM)` where the name is one of those that bpf(2) returns.
  var text: String {
    // ENOTSUPP is the kernel's own and has no words in any C library.
    let words = errno == Self.notSupported ? "Operation not supported by the kernel" : String(cString: strerror(errno))
    guard let name = Self.names[errno] else { return "\(words) (errno \(errno))" }
    return "\(words) (\(name))"
  }

  /// `ENOTSUPP`, which leaks out of the kernel where a feature is missing.
  static let notSupported: Int32 = 524

  private static let names: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO", E2BIG: "E2BIG", EBADF: "EBADF",
    EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES", EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST", ENODEV: "ENODEV",
    EINVAL: "EINVAL", EMFILE: "EMFILE", ENOSPC: "ENOSPC", ERANGE: "ERANGE", ENOSYS: "ENOSYS", EOPNOTSUPP: "EOPNOTSUPP",
    notSupported: "ENOTSUPP",
  ]
}

/// bpf(2).
enum SystemCall {
  /// Times that a program is offered again after `EAGAIN`: a signal interrupted the verifier, which starts over.
  private static let loadAttempts = 5

  /// Makes the call; repeats it where a signal interrupted it.
  /// - Returns: what the call returned: a file descriptor or a count.
  @inline(__always)
  static func bpf<Attributes: BitwiseCopyable>(_ command: ebpf_command, _ attributes: inout Attributes) -> Result<Int32, SystemError> {
    var attempts = 0
    while true {
      let result = ebpf_bpf(Int32(bitPattern: command.rawValue), &attributes, MemoryLayout<Attributes>.size)
      if result >= 0 { return .success(Int32(truncatingIfNeeded: result)) }
      let errno = Int32(truncatingIfNeeded: -result)
      attempts += 1
      if errno == EINTR || (errno == EAGAIN && command == EBPF_PROG_LOAD && attempts < loadAttempts) { continue }
      return .failure(SystemError(errno: errno))
    }
  }
}

/// Addresses as bpf(2) wants them.
extension UInt64 {
  init(address: UnsafeRawPointer?) { self = UInt64(UInt(bitPattern: address)) }
}

extension UnsafeMutableRawBufferPointer {
  /// Copies a name into a fixed field of the kernel's: 15 bytes and a zero; what the kernel does not take in a name becomes `_`.
  func copyObjectName(_ name: String) {
    for (index, byte) in name.utf8.prefix(count - 1).enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"), UInt8(ascii: "."):
        self[index] = byte
      default:
        self[index] = UInt8(ascii: "_")
      }
    }
  }
}
