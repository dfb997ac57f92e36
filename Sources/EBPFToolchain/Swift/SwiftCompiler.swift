/// The Swift compiler that programs in Swift go through: the same toolchain's clang finishes them.
struct SwiftCompiler: Sendable, Hashable {
  /// The path of `swiftc`.
  let path: String
  /// The clang beside it, which reads the intermediate code that this compiler writes.
  let clang: String
  /// What tells this build of the compiler from others: what one wrote for itself, another must not read.
  let identity: String

  /// Finds the compiler: `EBPF_SWIFTC`, or `swiftc` on the path.
  ///
  /// A version manager's shim is asked which toolchain it stands for.
  /// - Throws: ``ToolchainError/Code/noCompiler``, saying how to get one.
  static func find() throws(ToolchainError) -> SwiftCompiler {
    var candidates = CompilerSearch.onPath("swiftc")
    if let name = Environment.value("EBPF_SWIFTC") {
      candidates = name.contains("/") ? [name] : CompilerSearch.onPath(name)
      guard let first = candidates.first, FileSystem.isExecutable(first) else {
        throw ToolchainError(.noCompiler, "EBPF_SWIFTC names '\(name)', which is no program that can be run; name a swiftc, or unset it")
      }
    }
    guard let found = candidates.first else {
      throw ToolchainError(
        .noCompiler,
        "no swiftc found, which programs in Swift need: put the Swift toolchain's usr/bin on PATH, or name a swiftc in EBPF_SWIFTC; "
          + "toolchains are at https://www.swift.org/install")
    }
    for path in [FileSystem.resolved(found), found] {
      if let path, let compiler = SwiftCompiler(folder: path.folder, named: found) { return compiler }
    }
    if let folder = CompilerSearch.folderBehindShim(found), let compiler = SwiftCompiler(folder: folder, named: "\(folder)/swiftc") {
      return compiler
    }
    throw ToolchainError(
      .noCompiler,
      "no clang lies beside \(found), and the code that it writes can be read by its own alone; "
        + "use a toolchain of swift.org, whose usr/bin has both (EBPF_SWIFTC names its swiftc)")
  }

  /// The compiler of a toolchain's `usr/bin`; `nil` where this is none.
  private init?(folder: String, named path: String) {
    guard FileSystem.isExecutable("\(folder)/clang"), let stamp = FileSystem.stamp("\(folder)/swift-frontend") else { return nil }
    self.path = path
    clang = Environment.value("EBPF_CLANG") ?? "\(folder)/clang"
    identity = CacheFolder.hexadecimal(CacheFolder.digest(Array("\(folder) \(stamp.size) \(stamp.changed)".utf8)))
  }
}

extension String {
  /// The folder of this path.
  fileprivate var folder: String { lastIndex(of: "/").map { String(self[..<$0]) } ?? "." }
}
