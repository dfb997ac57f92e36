extension Toolchain {
  /// Compiles sources to an eBPF object: Swift (`.swift`, several make one module) or one C source (`.c`).
  /// - Throws: as ``compileSwift(_:options:)`` and ``compileC(_:options:)``.
  public static func compile(_ paths: [String], options: CompileOptions = CompileOptions()) async throws(ToolchainError) -> Compilation {
    if paths.count == 1, paths[0].hasSuffix(".c") { return try await Toolchain().compileC(paths[0], options: options) }
    return try await compileSwift(paths, options: options)
  }

  /// Compiles the sources of one program module in Swift to an eBPF object, with the module `BPF` at hand.
  ///
  /// `swiftc` makes intermediate code of them, this library lowers it to what clang's BPF back end takes, and the toolchain's clang makes
  /// the object. Nothing but a Swift toolchain is needed, no headers of the system either. What was compiled once is kept in the user's
  /// cache, by its content.
  /// - Parameter paths: The sources, `counter.swift`; a folder stands for the Swift sources in it.
  /// - Throws: ``ToolchainError``; of ``ToolchainError/Code/compileFailed`` the message holds the compiler's lines, or names file, line and
  ///   column of what cannot become eBPF, and what to write instead.
  public static func compileSwift(
    _ paths: [String], options: CompileOptions = CompileOptions()
  ) async throws(ToolchainError) -> Compilation {
    let sources = try SwiftSources(paths)
    guard CompileOptions.cpus.contains(options.cpu) else {
      throw ToolchainError(.compileFailed, "'\(options.cpu)' is no version of the instruction set; there are v1, v2, v3 and v4")
    }
    let compiler = try SwiftCompiler.find()
    let cache = try CacheFolder.holding(EmbeddedModules.files, in: SwiftModules.folderName(for: compiler))
    let kernel = try KernelModule(for: sources, from: options.kernelTypes)
    let kept = KeptCompilation(of: sources, kernel, options: options, by: compiler, in: cache)
    if let compilation = kept?.read() { return compilation }
    var job = SwiftCompileJob(
      paths: sources.files.map(\.path), options: options, modules: try await SwiftModules.prepared(by: compiler, in: cache))
    if let kernel { job.importFolders.append(try await kernel.prepared(for: job.modules, by: compiler)) }
    let front = try await CompilerProcess.run(compiler.path, job.frontArguments)
    guard front.succeeded, !front.output.isEmpty else {
      var error = FrontEndMessages(sources, colors: options.colors).failure(front, of: compiler.path)
      if let kernel { error.message += "\n" + KernelNotes(kernel).notes(behind: error.message) }
      throw error
    }
    let lowering = Lowering(LoweringOptions(traps: options.traps), kernel: kernel?.references)
    func failure(_ problems: [SourceProblem]) -> ToolchainError {
      let named = problems.named(by: problems.contains { $0.rank < .cause } ? lowering.libraryUses(in: front.output) : [])
      return ToolchainError(.compileFailed, front.messages + named.map { $0.rendered(with: sources, colors: options.colors) }.joined())
    }
    let lowered: [UInt8]
    let globals: [String]
    do {
      (lowered, globals) = try lowering.lowerNamingGlobals(front.output)
    } catch {
      throw failure(([error] + error.others).map { SourceProblem($0) })
    }
    var compilation = Compilation(object: lowered, warnings: front.messages)
    if options.output != .intermediate {
      let back = try await CompilerProcess.run(compiler.clang, job.backArguments(emitting: options.output), input: lowered)
      guard back.succeeded, !back.output.isEmpty else {
        let problems = BackEndMessages(sources).problems(in: back.messages)
        guard !problems.isEmpty else { throw Self.failure(back, of: compiler.clang) }
        throw failure(problems)
      }
      compilation = Compilation(object: back.output, warnings: front.messages + back.messages)
    }
    if options.output == .object {
      let problems: [SourceProblem]
      do {
        problems = try ObjectCheck(compilation.object).problems()
      } catch {
        throw ToolchainError(.compileFailed, "what \(compiler.clang) wrote cannot be read: \(error)")
      }
      guard problems.isEmpty else { throw failure(problems) }
    }
    compilation.globals = globals
    kept?.write(compilation)
    return compilation
  }
}
