import ArgumentParser
import EBPFBTF
import EBPFISA
import EBPFObject
import EBPFTables
import EBPFToolchain

extension CompileOptions.Traps: ExpressibleByArgument {}

/// How a source given as a program, in Swift or C, is compiled.
struct CompileArguments: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("For sources: the instruction set, v1 to v4.", valueName: "version"))
  var cpu = "v3"

  @Option(
    name: .long,
    help: ArgumentHelp(
      "For Swift sources: what a failed check (overflow, precondition, index) does: abort ends the program with its kind's value for failure, throw calls bpf_throw, unchecked leaves the checks out.",
      valueName: "mode"))
  var traps = CompileOptions.Traps.abort

  @Option(
    name: .customShort("I"), parsing: .singleValue,
    help: ArgumentHelp("For sources: a folder to look for headers (C) and modules (Swift) in; may be repeated.", valueName: "folder"))
  var includes: [String] = []

  @Option(
    name: .customShort("D"), parsing: .singleValue,
    help: ArgumentHelp(
      "For sources: a macro, NAME or NAME=VALUE (in Swift, NAME is a condition of #if); may be repeated.", valueName: "macro"))
  var defines: [String] = []

  @Option(
    help: ArgumentHelp(
      "The kernel's types, for vmlinux.h and CO-RE relocations: BTF, or an object with some; the running kernel's unless given.",
      valueName: "file"))
  var btf: String?

  func validate() throws {
    guard CompileOptions.cpus.contains(cpu) else { throw ValidationError("--cpu is v1, v2, v3 or v4, not '\(cpu)'") }
  }

  var options: CompileOptions {
    var options = CompileOptions()
    options.cpu = cpu
    options.includes = includes
    options.defines = defines
    options.traps = traps
    options.kernelTypes = btf
    options.colors = Console.current.usesErrorColor
    return options
  }

  /// The types that `--btf` names; `nil` without it.
  var targetTypes: TargetTypes? {
    get throws {
      guard let btf else { return nil }
      do {
        return try TargetTypes(bytes: Files.read(btf), name: btf)
      } catch let error as ObjectError { throw CommandFailure(error.description) }
    }
  }

  /// Compiles a source, or several in Swift; the compiler's warnings go to standard error.
  func compile(
    _ paths: [String], to output: CompileOptions.Output = .object, more arguments: [String] = []
  ) async throws -> Compilation {
    var options = options
    options.arguments = arguments
    options.output = output
    let path = paths[0]
    do throws(ToolchainError) {
      let compilation = try await Toolchain.compile(paths, options: options)
      if !compilation.warnings.isEmpty { Console.printError(compilation.warnings.trimmingLineFeeds) }
      return compilation
    } catch {
      guard error.code == .compileFailed else {
        throw CommandFailure(error.message.contains(path) ? error.message : "\(path): \(error.message)")
      }
      Console.printError(error.message.trimmingLineFeeds)
      throw CommandFailure("\(path): the compiler refused it")
    }
  }
}

/// A PROGRAM argument and what says which program of it is meant.
struct ProgramArguments: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "An object (.o), Swift source (.swift, or a folder of them), C source (.c), raw instructions (.bin) or assembly text; - is standard input.",
      valueName: "program"))
  var path: String

  @Option(name: .customLong("program"), help: ArgumentHelp("The program's (function's) name, where there are several.", valueName: "name"))
  var name: String?

  @Option(
    name: .customLong("type"),
    help: ArgumentHelp(
      "The program type, where the section does not say: xdp, tc, socket_filter, raw (r1 = memory, r2 = its length), or another of the kernel's names.",
      valueName: "type"))
  var typeName: String?

  @OptionGroup(title: "Compiling") var compiling: CompileArguments

  func validate() throws { _ = try type }

  /// The type that `--type` names.
  var type: ProgramType? {
    get throws {
      guard let typeName else { return nil }
      switch typeName {
      case "tc", "classifier": return .schedCls
      case "action": return .schedAct
      case "socket": return .socketFilter
      default:
        guard let type = ProgramType(name: typeName) else {
          let names = (ProgramType.all.compactMap(\.name) + ["raw", "tc"]).sorted().joined(separator: ", ")
          throw ValidationError("--type: there is no program type '\(typeName)'; there are: \(names)")
        }
        return type
      }
    }
  }

  /// Reads the program, or compiles it, with `--type` in the place of what its sections say.
  func load() async throws -> ObjectSpec {
    var object = try await ProgramFile.load(path, compiling: compiling)
    if let type = try type {
      for index in object.programs.indices where name == nil || object.programs[index].name == name {
        object.programs[index].type = type
        object.programs[index].expectedAttachType = nil
      }
    }
    return object
  }

  /// The programs that `--program` names, or all.
  func chosen(of object: ObjectSpec) throws -> [ProgramSpec] {
    guard let name else { return object.programs }
    let chosen = object.programs.filter { $0.name == name }
    guard chosen.isEmpty else { return chosen }
    throw CommandFailure("\(path): it has no program '\(name)'; there are: \(Self.names(object))")
  }

  /// The one program that is meant.
  func single(of object: ObjectSpec) throws -> ProgramSpec {
    let chosen = try chosen(of: object)
    if chosen.count == 1 { return chosen[0] }
    let loaded = chosen.filter(\.isAutoloaded)
    if loaded.count == 1 { return loaded[0] }
    guard !chosen.isEmpty else { throw CommandFailure("\(path): it has no programs") }
    throw ValidationError("\(path) has several programs; choose one with --program: \(Self.names(object))")
  }

  private static func names(_ object: ObjectSpec) -> String {
    object.programs.isEmpty ? "none" : object.programs.map(\.name).joined(separator: ", ")
  }
}

extension String {
  /// The text without line feeds at its end.
  var trimmingLineFeeds: String {
    var text = self
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
