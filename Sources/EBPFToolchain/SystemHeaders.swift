/// The headers of the system that sources include beside ours, and what to say where they are missing.
enum SystemHeaders {
  /// The machine's name in the names of Debian's folders, `x86_64-linux-gnu`.
  static var multiarch: String {
    #if arch(x86_64)
    "x86_64-linux-gnu"
    #elseif arch(arm64)
    "aarch64-linux-gnu"
    #elseif arch(riscv64)
    "riscv64-linux-gnu"
    #elseif arch(s390x)
    "s390x-linux-gnu"
    #elseif arch(powerpc64le)
    "powerpc64le-linux-gnu"
    #elseif arch(arm)
    "arm-linux-gnueabihf"
    #else
    "unknown"
    #endif
  }

  /// The machine as the kernel's build calls it, for `__TARGET_ARCH_x86`.
  static var machine: String? {
    #if arch(x86_64)
    "x86"
    #elseif arch(arm64)
    "arm64"
    #elseif arch(riscv64)
    "riscv"
    #elseif arch(s390x)
    "s390"
    #elseif arch(powerpc64le)
    "powerpc"
    #elseif arch(arm)
    "arm"
    #else
    nil
    #endif
  }

  /// Folders that clang searches for the machine's own programs, but not for BPF: where Debian keeps `asm/types.h`.
  static var folders: [String] {
    ["/usr/local/include/\(multiarch)", "/usr/include/\(multiarch)"].filter(FileSystem.exists)
  }

  /// The bytes of a header, from where clang finds it; `nil` where it is missing.
  static func find(_ header: String) -> [UInt8]? {
    for folder in ["/usr/local/include", "/usr/include"] + folders {
      if let bytes = try? FileSystem.read("\(folder)/\(header)") { return bytes }
    }
    return nil
  }

  /// What to install where the compiler has not found a header; `nil` for one that no package is known for.
  static func hint(messages: String) -> String? {
    let marker = "' file not found"
    guard let end = messages.firstRange(of: marker)?.lowerBound, let start = messages[..<end].lastIndex(of: "'") else { return nil }
    let header = messages[messages.index(after: start)..<end]
    let packages: String
    switch header.split(separator: "/").first {
    case "linux", "asm", "asm-generic": packages = "linux-libc-dev (Debian, Ubuntu), kernel-headers (Fedora) or linux-headers (Alpine)"
    case "bits", "gnu", "sys", "net", "netinet", "arpa", "features.h", "string.h", "stdio.h", "stdlib.h", "errno.h", "time.h", "unistd.h",
      "ctype.h", "assert.h", "signal.h", "endian.h", "stdint.h":
      packages = "libc6-dev (Debian, Ubuntu), glibc-devel (Fedora) or musl-dev (Alpine)"
    default: return nil
    }
    let headers = header.lastIndex(of: "/").map { "the headers of \(header[...$0])" } ?? "the C library's headers"
    return "\(headers) come with the package \(packages)"
  }
}
