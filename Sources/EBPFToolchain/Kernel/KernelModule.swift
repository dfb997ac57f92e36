internal import EBPFBTF

/// The module `Kernel` of one program: its source, and what its types stand for.
struct KernelModule {
  let text: String
  let references: KernelReferences
  /// The file that the types come from.
  let source: String
  /// By a context with typed arguments: what it has.
  let arguments: [String: [String]]
  /// The functions that such contexts are for.
  let calls: Set<String>

  /// The module for sources that import it; `nil` for others.
  /// - Parameter choice: The file with the types; without one `EBPF_BTF` of the environment, or the running kernel's.
  /// - Throws: ``ToolchainError/Code/noKernelTypes`` where there are none.
  init?(for sources: SwiftSources, from choice: String?) throws(ToolchainError) {
    let tokens = KernelTokens(sources)
    guard tokens.importsKernel else { return nil }
    let writer = KernelModuleWriter(try KernelTypes.types(choice), tokens)
    text = writer.text
    references = writer.references
    arguments = writer.arguments
    calls = Set(tokens.calls.map(\.function))
    source = KernelTypes.path(choice)
  }

  /// The folder with the compiled module, made unless one of the same text is there.
  func prepared(for modules: SwiftModules, by compiler: SwiftCompiler) async throws(ToolchainError) -> String {
    let folder = "\(modules.folder)/kernel/\(CacheFolder.hexadecimal(CacheFolder.digest(Array(text.utf8))))"
    let result = "\(folder)/Kernel.swiftmodule"
    let path = "\(folder)/Kernel.swift"
    if FileSystem.exists(result), (try? FileSystem.read(path)).map({ $0.elementsEqual(text.utf8) }) == true { return folder }
    let unfinished = "\(folder)/Kernel.\(FileSystem.uniqueWord).swiftmodule"
    do {
      try FileSystem.makeFolders(folder)
      try FileSystem.write(text.utf8, to: path)
    } catch {
      throw ToolchainError(.system, "\(path) cannot be written: \(error.words)")
    }
    var arguments = SwiftModules.commonArguments + modules.importArguments
    arguments += ["-suppress-warnings", "-module-name", "Kernel", "-emit-module", "-o", unfinished, path]
    let built = try await CompilerProcess.run(compiler.path, arguments)
    guard built.succeeded else {
      throw ToolchainError(.compileFailed, "the module Kernel, made of \(source), cannot be compiled\n\(built.messages)")
    }
    do {
      try FileSystem.rename(unfinished, to: result)
    } catch {
      throw ToolchainError(.system, "\(result) cannot be written: \(error.words)")
    }
    return folder
  }
}
