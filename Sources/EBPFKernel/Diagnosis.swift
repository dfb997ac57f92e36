internal import EBPFHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why the kernel said no, from what this process may and what the kernel's settings are: an errno of bpf(2) alone says too little.
///
/// RLIMIT_MEMLOCK is never the reason since Linux 5.11, where maps and programs came to be charged to the memory cgroup.
package struct Diagnosis {
  /// Capabilities by their bit (`include/uapi/linux/capability.h`).
  package enum Capability: Int, CaseIterable {
    case netAdmin = 12
    case sysAdmin = 21
    case perfmon = 38
    case bpf = 39

    var name: String {
      switch self {
      case .netAdmin: "CAP_NET_ADMIN"
      case .sysAdmin: "CAP_SYS_ADMIN"
      case .perfmon: "CAP_PERFMON"
      case .bpf: "CAP_BPF"
      }
    }
  }

  /// The effective capabilities, one bit each.
  package var capabilities: UInt64 = 0
  /// Whether a seccomp filter is on the process.
  package var hasSeccompFilter = false
  /// `kernel.unprivileged_bpf_disabled`; `nil` where it cannot be read.
  package var unprivilegedDisabled: Int?
  /// The lockdown level in force, `none`, `integrity` or `confidentiality`; `nil` where it cannot be read.
  package var lockdown: String?

  package init() {}

  /// What holds for this process now.
  static func current() -> Diagnosis {
    var result = Diagnosis()
    for line in (SystemFile.text("/proc/self/status") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let value = parts[1].drop { $0 == "\t" || $0 == " " }
      switch parts[0] {
      case "CapEff": result.capabilities = UInt64(value, radix: 16) ?? 0
      case "Seccomp": result.hasSeccompFilter = value == "2"
      default: break
      }
    }
    result.unprivilegedDisabled = SystemFile.text("/proc/sys/kernel/unprivileged_bpf_disabled").flatMap {
      Int($0.prefix { $0.isNumber })
    }
    if let text = SystemFile.text("/sys/kernel/security/lockdown"), let start = text.firstIndex(of: "["),
      let end = text[start...].firstIndex(of: "]")
    {
      result.lockdown = String(text[text.index(after: start)..<end])
    }
    return result
  }

  func has(_ capability: Capability) -> Bool { capabilities >> UInt64(capability.rawValue) & 1 != 0 }

  /// Capabilities of `wanted` that are missing; `CAP_SYS_ADMIN` stands for all of them.
  func missing(_ wanted: [Capability]) -> [Capability] { has(.sysAdmin) ? [] : wanted.filter { !has($0) } }

  /// The reason for an `EPERM` without a word from the verifier, and the way out.
  /// - Parameter wanted: The capabilities that the call needs.
  package func reasonForEPERM(_ wanted: [Capability] = [.bpf]) -> String {
    let missing = missing(wanted)
    if !missing.isEmpty {
      let names = missing.map(\.name).joined(separator: " and ")
      var reason = "this process lacks \(names)"
      if missing.contains(.bpf), let unprivilegedDisabled, unprivilegedDisabled != 0 {
        reason += " and kernel.unprivileged_bpf_disabled is \(unprivilegedDisabled)"
      }
      let flags = missing.map { $0.name.lowercased() }.joined(separator: ",")
      return reason + "; run as root, or give the executable the capability: setcap \(flags)+ep FILE"
    }
    if hasSeccompFilter {
      return "the capabilities are there, and a seccomp filter is on this process (a container's): allow bpf(2) in its profile"
    }
    var reason = "refused by a policy of this kernel (a security module, lockdown or how it was built): the capabilities are there"
    if let lockdown, lockdown != "none" { reason += "; lockdown is '\(lockdown)'" }
    return reason
  }

  /// A sentence for a failed call that is not about a program.
  func message(_ action: String, _ error: SystemError, needs wanted: [Capability] = [.bpf]) -> String {
    switch error.errno {
    case EPERM: "\(action): \(error.text): \(reasonForEPERM(wanted))"
    case ENOSYS: "\(action): this system has no bpf(2): the kernel host needs Linux with CONFIG_BPF_SYSCALL"
    case EMFILE: "\(action): \(error.text): raise the limit of open files (ulimit -n)"
    case ENOMEM: "\(action): \(error.text): the memory of the machine or of this process's memory cgroup is used up"
    default: "\(action): \(error.text)"
    }
  }
}

extension HostError {
  /// A system call that failed, with its diagnosis.
  init(_ action: String, _ error: SystemError, needs wanted: [Diagnosis.Capability] = [.bpf]) {
    self.init(.system, Diagnosis.current().message(action, error, needs: wanted), errno: error.errno)
  }
}
