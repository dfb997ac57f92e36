/// The modules that programs in Swift import (`EBPFTypes`, `BPF` over the C module `CBPF`), compiled for BPF.
///
/// Their sources travel inside the binary. They are unpacked into the user's cache, in a folder named by their content and by the
/// compiler's build, and are compiled there once; whoever comes second finds them.
struct SwiftModules: Sendable {
  /// The folder that holds the compiled modules.
  let folder: String
  /// Where the compiler keeps what it makes of C modules.
  var moduleCache: String { "\(folder)/cache" }

  /// The flags that make a program's module and the modules it imports fit together.
  ///
  /// riscv64 stands in for BPF, which Swift's front end does not know: the layout of data is the same, and its calls need no
  /// convention of Swift's own. The reasons for each flag are in Documentation/SwiftToBPF.md. Modules are compiled without lines (`-g`): a
  /// program's lines are those of its own sources.
  static let commonArguments = [
    "-target", "riscv64-none-none-eabi", "-wmo", "-O", "-parse-as-library",
    "-enable-experimental-feature", "Embedded", "-enable-experimental-feature", "Lifetimes",
    "-enforce-exclusivity=unchecked", "-Xfrontend", "-disable-stack-protector",
    "-Xcc", "-fsigned-char", "-Xcc", "-Wno-nullability-completeness",
  ]

  /// The modules in the order of their imports, with the features that each needs.
  private static let modules: [(name: String, features: [String])] = [
    ("EBPFTypes", []),
    ("BPF", ["RawLayout", "BuiltinModule"]),
  ]

  /// The name of their folder below the cache.
  static func folderName(for compiler: SwiftCompiler) -> String { "modules-\(EmbeddedModules.digest)-\(compiler.identity)" }

  /// The modules in a cache that holds their sources, compiled if nobody has done so before.
  static func prepared(by compiler: SwiftCompiler, in cache: borrowing CacheFolder) async throws(ToolchainError) -> SwiftModules {
    let modules = SwiftModules(folder: "\(cache.path)/\(folderName(for: compiler))")
    guard !modules.isBuilt else { return modules }
    try await Builds.shared.build(modules, by: compiler)
    return modules
  }

  private var isBuilt: Bool { Self.modules.allSatisfy { FileSystem.exists("\(folder)/\($0.name).swiftmodule") } }

  /// One build at a time in this process, however many programs wait for it.
  private actor Builds {
    static let shared = Builds()
    private var running: [String: Task<ToolchainError?, Never>] = [:]

    func build(_ modules: SwiftModules, by compiler: SwiftCompiler) async throws(ToolchainError) {
      let task =
        running[modules.folder]
        ?? Task {
          do throws(ToolchainError) {
            for module in SwiftModules.modules where !FileSystem.exists("\(modules.folder)/\(module.name).swiftmodule") {
              try await modules.build(module.name, features: module.features, by: compiler)
            }
            return nil
          } catch { return error }
        }
      running[modules.folder] = task
      let failure = await task.value
      running[modules.folder] = nil
      if let failure { throw failure }
    }
  }

  private func build(_ name: String, features: [String], by compiler: SwiftCompiler) async throws(ToolchainError) {
    let sources = EmbeddedModules.files.map(\.path).filter { $0.hasPrefix("\(name)/") && $0.hasSuffix(".swift") }
    // Two processes may build at once: each writes its own file and gives it its name when it is whole.
    let result = "\(folder)/\(name).swiftmodule"
    let unfinished = "\(folder)/\(name).\(FileSystem.uniqueWord).swiftmodule"
    var arguments = Self.commonArguments
    for feature in features { arguments += ["-enable-experimental-feature", feature] }
    arguments += importArguments + ["-module-name", name, "-emit-module", "-o", unfinished]
    arguments += sources.map { "\(folder)/\($0)" }
    let built = try await CompilerProcess.run(compiler.path, arguments)
    guard built.succeeded else {
      throw ToolchainError(
        .compileFailed,
        "the module \(name), which programs in Swift import, cannot be compiled by \(compiler.path); it is made for Swift 6.3\n\(built.messages)"
      )
    }
    do {
      try FileSystem.rename(unfinished, to: result)
    } catch {
      throw ToolchainError(.system, "\(result) cannot be written: \(error.words)")
    }
  }

  /// The arguments that let a source import the modules.
  var importArguments: [String] { ["-I", folder, "-I", "\(folder)/CBPF", "-module-cache-path", moduleCache] }
}
