import Foundation
import PackagePlugin

/// Gives a target the eBPF programs that it depends on: each is compiled to an object, and a typed skeleton of it becomes part of the target.
///
/// A program is a target of the package that depends on the product `BPF` and that the target depends on; or a C source (`NAME.bpf.c`, `NAME.c`) in
/// the folder `Programs/TARGET` of the package. The kernel's types that programs ask for are the running kernel's, or those of `Programs/kernel.btf`
/// where that is there.
@main struct EBPFPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
    let tool = try context.tool(named: "EBPFBuild").url
    let isTest = (target as? any SourceModuleTarget)?.kind == .test
    var commands: [Command] = []
    for program in Self.programs(of: target) {
      let sources = program.sourceFiles(withSuffix: "swift").map(\.url).sorted { $0.path < $1.path }
      guard !sources.isEmpty else { continue }
      var options = ["--module", program.name]
      if isTest { options.append("--testable") }
      commands.append(Self.command(tool, context, name: program.name, options, sources: sources, inputs: sources))
    }
    let folder = context.package.directoryURL.appending(path: "Programs/\(target.name)")
    let files = Self.files(below: folder)
    for source in files where source.pathExtension == "c" {
      var name = source.deletingPathExtension()
      if name.pathExtension == "bpf" { name = name.deletingPathExtension() }
      // Headers beside it are its inputs too.
      let inputs = [source] + files.filter { $0.pathExtension == "h" }
      let options = ["-I", folder.path]
      commands.append(Self.command(tool, context, name: Self.typeName(name.lastPathComponent), options, sources: [source], inputs: inputs))
    }
    if commands.isEmpty {
      Diagnostics.warning(
        "target '\(target.name)' uses EBPFPlugin and has no eBPF program: let it depend on a target of this package that depends on the product "
          + "BPF, or put C sources into Programs/\(target.name)")
    }
    return commands
  }

  /// The targets of the package that a target depends on and that are eBPF programs.
  private static func programs(of target: any Target) -> [any SourceModuleTarget] {
    target.dependencies.compactMap { dependency in
      guard case .target(let other) = dependency, let module = other as? any SourceModuleTarget else { return nil }
      let isProgram = module.dependencies.contains {
        if case .product(let product) = $0 { product.name == "BPF" } else { false }
      }
      return isProgram ? module : nil
    }
  }

  private static func command(
    _ tool: URL, _ context: PluginContext, name: String, _ options: [String], sources: [URL], inputs: [URL]
  ) -> Command {
    let work = context.pluginWorkDirectoryURL
    let types = context.package.directoryURL.appending(path: "Programs/kernel.btf")
    let hasTypes = FileManager.default.fileExists(atPath: types.path)
    let output = work.appending(path: "\(name).bpf.swift")
    return .buildCommand(
      displayName: "Compiling eBPF program \(name)", executable: tool,
      arguments: ["--name", name, "--output", output.path, "--cache", work.appending(path: "cache").path]
        + (hasTypes ? ["--btf", types.path] : []) + options + ["--"] + sources.map(\.path),
      inputFiles: inputs + (hasTypes ? [types] : []), outputFiles: [output])
  }

  /// The files of a folder and those below it, in the order of their paths.
  private static func files(below folder: URL) -> [URL] {
    let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    return all.sorted { $0.path < $1.path }
  }

  /// A file's name as a type's: `packet_counter` is `PacketCounter`.
  private static func typeName(_ name: String) -> String {
    let words = name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let joined = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    return joined.first?.isLetter == true ? joined : "Program\(joined)"
  }
}
