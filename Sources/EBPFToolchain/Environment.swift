#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The variables of the environment that this library reads: `EBPF_CLANG`, `EBPF_BTF`, `PATH`, `XDG_CACHE_HOME`, `HOME`, `TMPDIR`.
package enum Environment {
  /// Values in place of the process's own, for a task: tests of other machines. An empty value stands for an unset variable.
  @TaskLocal package static var overrides: [String: String] = [:]

  /// A variable; `nil` where it is not set or empty.
  static func value(_ name: String) -> String? {
    guard let text = overrides[name] ?? getenv(name).map({ String(cString: $0) }), !text.isEmpty else { return nil }
    return text
  }
}
