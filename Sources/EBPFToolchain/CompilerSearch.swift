#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the compilers are.
enum CompilerSearch {
  /// The clangs to try, best first; one alone where the user names it.
  /// - Throws: ``ToolchainError/Code/noCompiler`` where there is none.
  static func clangs() throws(ToolchainError) -> [String] {
    if let name = Environment.value("EBPF_CLANG") {
      guard let found = name.contains("/") ? (FileSystem.isExecutable(name) ? name : nil) : onPath(name).first else {
        throw ToolchainError(.noCompiler, "EBPF_CLANG names '\(name)', which is no program that can be run; name a clang, or unset it")
      }
      return [found]
    }
    var found: [String] = []
    for compiler in onPath("swiftc") {
      // Beside the compiler itself, then beside a link to it or a shim, which has one for clang too.
      for path in [FileSystem.resolved(compiler), compiler] {
        guard let clang = path?.sibling("clang"), FileSystem.isExecutable(clang) else { continue }
        found.append(clang)
      }
    }
    if found.isEmpty, let clang = clangBehindShim() { found.append(clang) }
    // The distribution's, whose names carry the version where several are installed.
    found += onPath("clang")
    for version in stride(from: 25, through: 14, by: -1) { found += onPath("clang-\(version)") }
    var seen: Set<String> = []
    found = found.filter { seen.insert(FileSystem.resolved($0) ?? $0).inserted }
    guard !found.isEmpty else {
      throw ToolchainError(
        .noCompiler,
        "no clang found, which C programs need: put the Swift toolchain's usr/bin on PATH, or name a clang in EBPF_CLANG; \(howToGet)"
      )
    }
    return found
  }

  /// Where clangs with a BPF back end come from.
  static let howToGet =
    "clangs with the BPF target: those of the toolchains of swift.org for Linux; apt install clang (Debian, Ubuntu); "
    + "dnf install clang (Fedora); brew install llvm (macOS)"

  /// Every program of this name on the path, in its order.
  static func onPath(_ name: String) -> [String] {
    guard let path = Environment.value("PATH") else { return [] }
    return path.split(separator: ":").map { "\($0)/\(name)" }.filter(FileSystem.isExecutable)
  }

  /// The clang of the toolchain that a `swiftc` on the path starts, where neither links nor neighbours lead to it.
  private static func clangBehindShim() -> String? {
    guard let swiftc = onPath("swiftc").first, let folder = folderBehindShim(swiftc) else { return nil }
    return FileSystem.isExecutable("\(folder)/clang") ? "\(folder)/clang" : nil
  }

  /// The `usr/bin` of the toolchain that a `swiftc` starts.
  ///
  /// Asks `swiftc -print-target-info`, whose `runtimeResourcePath` is usr/lib/swift beside usr/bin.
  static func folderBehindShim(_ swiftc: String) -> String? {
    guard
      let pipe = popen(
        "exec '\(swiftc.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))' -print-target-info", "r")
    else { return nil }
    var text: [UInt8] = []
    while case let byte = getc(pipe), byte != EOF { text.append(UInt8(truncatingIfNeeded: byte)) }
    guard pclose(pipe) == 0, let resources = string(of: "runtimeResourcePath", in: text), resources.hasSuffix("/lib/swift") else {
      return nil
    }
    return "\(resources.dropLast("/lib/swift".count))/bin"
  }

  /// A member's value in the compiler's JSON, whose paths have nothing to escape.
  private static func string(of key: String, in json: [UInt8]) -> String? {
    let parts = String(decoding: json, as: UTF8.self).split(separator: "\"", omittingEmptySubsequences: false)
    guard let at = parts.firstIndex(of: key[...]), at + 2 < parts.count else { return nil }
    return String(parts[at + 2])
  }

  /// Whether a clang can compile for BPF, by its own list (`-print-targets`).
  static func hasBPF(_ clang: String) async -> Bool {
    guard let result = try? await CompilerProcess.run(clang, ["-print-targets"]), result.succeeded else { return false }
    return String(decoding: result.output, as: UTF8.self).split(separator: "\n").contains { line in
      line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first == "bpf"
    }
  }
}

extension String {
  /// The path of another file in this file's folder.
  fileprivate func sibling(_ name: String) -> String? {
    lastIndex(of: "/").map { "\(self[..<$0])/\(name)" }
  }
}
