#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `ENOTSUPP`, which only the kernel knows by name.
let notSupported: Int32 = 524

/// An errno as a helper returns it.
@inline(__always)
func negated(_ error: Int32) -> Int64 { -Int64(error) }

/// The names of what maps answer.
enum Errno {
  /// The name of an errno that maps answer with; else its number.
  static func name(_ error: Int32) -> String {
    switch error {
    case EPERM: "EPERM"
    case ENOENT: "ENOENT"
    case E2BIG: "E2BIG"
    case EBADF: "EBADF"
    case EBUSY: "EBUSY"
    case ENOMEM: "ENOMEM"
    case EEXIST: "EEXIST"
    case EINVAL: "EINVAL"
    case ENOSPC: "ENOSPC"
    case EOPNOTSUPP: "EOPNOTSUPP"
    case notSupported: "ENOTSUPP"
    default: "errno \(error)"
    }
  }
}
