import CEBPF

/// What a helper is given besides its arguments.
typealias Environment = UnsafeMutablePointer<ebpf_environment>

/// The errors that helpers return, with Linux's numbers on every platform (`include/uapi/asm-generic/errno.h`, `include/linux/errno.h`).
enum LinuxError: Int64 {
  case enoent = 2
  case e2big = 7
  case eagain = 11
  case enomem = 12
  case eacces = 13
  case efault = 14
  case enodev = 19
  case einval = 22
  case enospc = 28
  case erange = 34
  case ebadmsg = 74
  case eopnotsupp = 95
  case eafnosupport = 97
  case ealready = 114
  /// The kernel's own `ENOTSUPP`, which user space's headers do not have.
  case enotsupp = 524
}

extension UInt64 {
  /// What a helper returns for an error: its number, negated.
  @inline(__always)
  static func error(_ error: LinuxError) -> UInt64 { UInt64(bitPattern: -error.rawValue) }
}

/// An argument that the kernel declares as `u32`, as a count of bytes.
@inline(__always)
func count32(_ argument: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: argument)) }

/// An argument that the kernel declares as `int`.
@inline(__always)
func signed32(_ argument: UInt64) -> Int { Int(Int32(truncatingIfNeeded: argument)) }
