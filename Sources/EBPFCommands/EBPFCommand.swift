public import ArgumentParser

/// The root of the command line.
public struct EBPFCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "ebpf",
    abstract: "Compile, verify, run and inspect eBPF programs, in this process or in the Linux kernel.",
    discussion: """
      A PROGRAM is an ELF object (.o), a Swift source (.swift, or a folder of them) or a C source (.c), compiled by the Swift toolchain's own \
      compilers, raw instructions (.bin) or assembly text; - reads an object, raw instructions or assembly from standard input.

      Examples:
        ebpf new Counter --kind xdp
        ebpf run counter.swift --pcap web.pcap
        ebpf verify counter.bpf.o
        ebpf inspect counter.bpf.o

      Exit status: 0 well, 1 rejected or failed, 2 wrong usage.
      """,
    version: "0.1.0",
    subcommands: [
      NewCommand.self, RunCommand.self, VerifyCommand.self, CompileCommand.self, InspectCommand.self, DisassembleCommand.self,
      AssembleCommand.self,
      FilterCommand.self,
      BenchCommand.self, ConformancePluginCommand.self,
    ])

  public init() {}

  /// Runs a command line, its errors and help included.
  /// - Returns: the exit status: 0 well, 1 rejected or failed, 2 wrong usage.
  public static func execute(_ arguments: [String]) async -> Int32 {
    var arguments = arguments
    // bpf_conformance's runner puts a plugin's own options, and so the subcommand among them, behind the memory.
    if let place = arguments.firstIndex(of: "conformance-plugin"), place == 1, arguments[0].utf8.allSatisfy({ isBase16($0) }) {
      arguments.swapAt(0, 1)
    }
    do {
      var command = try parseAsRoot(separatingCompilerOptions(arguments))
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
      return 0
    } catch let failure as CommandFailure {
      Console.note(failure.description)
      return 1
    } catch {
      return report(error, arguments)
    }
  }

  /// `-DNAME=VALUE` and `-IFOLDER` as compilers take them, in two words each: the parser knows no value with `=` behind a short name. What
  /// stands behind `--` is for the compiler.
  private static func separatingCompilerOptions(_ arguments: [String]) -> [String] {
    let end = arguments.firstIndex(of: "--") ?? arguments.count
    let own = arguments[..<end].flatMap { word -> [String] in
      guard word.utf8.count > 2, word.hasPrefix("-D") || word.hasPrefix("-I") else { return [word] }
      return [String(word.prefix(2)), String(word.dropFirst(2))]
    }
    guard arguments.first == CompileCommand.configuration.commandName else { return own + arguments[end...] }
    return own + arguments[end...].dropFirst().flatMap { ["--compiler-argument", $0] }
  }

  private static func isBase16(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
      UInt8(ascii: " "):
      true
    default: false
    }
  }

  /// Says what a command line's parser or a command threw; help and version are thrown too.
  private static func report(_ error: any Error, _ arguments: [String]) -> Int32 {
    let code = exitCode(for: error)
    let isUsage = code == .validationFailure
    let isAnswer = code == .success
    let text = isUsage ? message(for: error) : fullMessage(for: error)
    if isAnswer {
      if !text.isEmpty { Console.print(text) }
      return 0
    }
    if error is ExitCode { return code.rawValue }
    guard isUsage else {
      // The commands' own errors are told above; what is left carries its message itself.
      Console.note(String(describing: error))
      return 1
    }
    let subcommand = arguments.first { name in configuration.subcommands.contains { $0.configuration.commandName == name } }
    let command = (["ebpf"] + [subcommand].compactMap { $0 }).joined(separator: " ")
    let line = text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "; ")
    Console.note("\(line) (see '\(command) --help')")
    return 2
  }
}
