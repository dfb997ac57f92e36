/// Compiles sources to eBPF objects with the Swift toolchain's own compilers.
///
/// Nothing but a clang with a BPF back end is needed, and for most programs the system's C headers (`linux/`, `asm/`). The headers of
/// `bpf/` travel with this library (``CacheFolder`` says where they are unpacked), and `vmlinux.h` is made from the kernel's types when
/// a source includes it.
///
/// Of the environment it reads `EBPF_CLANG` (the compiler), `PATH` (where `swiftc` is), `EBPF_BTF` (a file with the types of `vmlinux.h`),
/// `XDG_CACHE_HOME` or `HOME` (where headers are unpacked), `TMPDIR` (or there); the compiler reads its own, `CPATH` for instance.
public struct Toolchain: Sendable {
  /// The path of the clang that compiles C. Another of the machine's steps in where it turns out to have no BPF back end.
  public let clang: String
  /// The others, best first.
  private let others: [String]

  /// Finds the compiler: `EBPF_CLANG`, the toolchain that `swiftc` on the path belongs to, `clang` on the path.
  ///
  /// Looks at files; runs nothing but, where `swiftc` is a shim without a clang beside it, that.
  /// - Throws: ``ToolchainError`` of code ``ToolchainError/Code/noCompiler`` where there is none, saying how to get one.
  public init() throws(ToolchainError) {
    var clangs = try CompilerSearch.clangs()
    clang = clangs.removeFirst()
    others = clangs
  }

  /// Compiles a C source to an eBPF object, with this project's headers (`bpf/bpf_helpers.h`, `vmlinux.h`, …) at hand.
  ///
  /// As `clang -target bpf -g -O2 -c`; the object never touches the disk. Folders of ``CompileOptions/includes`` are searched before this
  /// project's headers, those before the system's.
  /// - Parameter path: The source, `program.bpf.c`.
  /// - Throws: ``ToolchainError``; of ``ToolchainError/Code/compileFailed`` the message holds the compiler's own lines;
  ///   ``ToolchainError/Code/noCompiler`` where no clang has a BPF back end, saying how to get one.
  public func compileC(_ path: String, options: CompileOptions = CompileOptions()) async throws(ToolchainError) -> Compilation {
    let source: [UInt8]
    do {
      source = try FileSystem.read(path)
    } catch {
      throw ToolchainError(.unreadable, "\(path): \(error.words)")
    }
    let folder = "headers-\(EmbeddedHeaders.digest)"
    let cache = try CacheFolder.holding(EmbeddedHeaders.files, in: folder)
    var job = CompileJob(path: path, options: options, headers: "\(cache.path)/\(folder)")
    if job.usesSystemHeaders, let system = SystemHeaders.find(LinuxHeader.name) {
      job.linux = try LinuxHeader.prepare(for: system, in: cache)
    }
    if job.asksForKernelTypes(source) { job.kernelTypes = try KernelTypes.prepare(options.kernelTypes, in: cache) }
    for clang in [clang] + others {
      var result = try await CompilerProcess.run(clang, job.arguments)
      if !result.succeeded, job.kernelTypes == nil, result.messages.contains("'vmlinux.h' file not found") {
        job.kernelTypes = try KernelTypes.prepare(options.kernelTypes, in: cache)
        result = try await CompilerProcess.run(clang, job.arguments)
      }
      if result.succeeded, !result.output.isEmpty { return Compilation(object: result.output, warnings: result.messages) }
      if await CompilerSearch.hasBPF(clang) { throw Self.failure(result, clang: clang) }
    }
    let tried = ([clang] + others).joined(separator: ", ")
    throw ToolchainError(.noCompiler, "no BPF target in \(tried); name a clang that has it in EBPF_CLANG; \(CompilerSearch.howToGet)")
  }

  private static func failure(_ result: CompilerProcess.Result, clang: String) -> ToolchainError {
    let error = failure(result, of: clang)
    guard !result.isSignal, let hint = SystemHeaders.hint(messages: error.message) else { return error }
    return ToolchainError(.noHeaders, "\(error.message)\n\(hint)")
  }

  /// What a compiler said in the end.
  static func failure(_ result: CompilerProcess.Result, of compiler: String) -> ToolchainError {
    var message = result.messages
    while message.last == "\n" { message.removeLast() }
    if result.isSignal {
      return ToolchainError(.compileFailed, "\(message.isEmpty ? "" : message + "\n")\(compiler) was ended by signal \(result.status)")
    }
    if message.isEmpty { message = "\(compiler) ended with status \(result.status) and wrote nothing" }
    return ToolchainError(.compileFailed, message)
  }
}
