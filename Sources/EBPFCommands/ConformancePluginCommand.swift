import ArgumentParser
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables

/// `ebpf conformance-plugin`
struct ConformancePluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conformance-plugin",
    abstract: "Run a program for bpf_conformance: base16 in, r0 in base16 out.",
    discussion: """
      The plugin protocol of github.com/Alan-Jowett/bpf_conformance: the program as base16 text on standard input, memory as base16 in the first \
      argument, r0 in base16 on standard output. The program runs unproved. Options that are not known are passed over, as that runner hands on its own.

      Examples:
        echo 'b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00' | ebpf conformance-plugin
        bpf_conformance_runner --test_file_directory tests --plugin_path ebpf --plugin_options "conformance-plugin --engine interpreter"
      """)

  @Option(help: "What executes it.")
  var engine = LoadOptions.Engine.jit

  @Option(name: .customLong("program"), help: ArgumentHelp("The program in base16, in place of standard input.", valueName: "base16"))
  var program: String?

  @Flag(help: "The program is an ELF object.")
  var elf = false

  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("The memory in base16, and options that are passed over.", valueName: "memory"))
  var rest: [String] = []

  func run() throws {
    // Memory comes first; whatever follows an unknown option belongs to that.
    let memory = try rest.first.flatMap { $0.hasPrefix("-") ? nil : $0 }.map { try Self.bytes($0, "the memory") } ?? []
    let text = try program ?? String(decoding: Files.read("-"), as: UTF8.self)
    let bytes = try Self.bytes(text, "the program")
    var object: ObjectSpec
    if elf {
      do { object = try ObjectSpec(bytes: bytes, name: "standard input") } catch {
        throw CommandFailure(error.description)
      }
    } else {
      object = try ProgramFile.raw(bytes, "standard input")
    }
    guard !object.programs.isEmpty else { throw CommandFailure("standard input: it has no programs") }
    object.programs[0].type = .rawMemory
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    options.programs = [object.programs[0].name]
    do throws(HostError) {
      let loaded = try UserspaceHost().load(object, options: options)
      defer { loaded.close() }
      let result = try loaded.programs[0].run(TestInput(data: memory))
      Console.print(String(result.returnValue, radix: 16))
    } catch { throw CommandFailure(error.message) }
  }

  /// Bytes from base16 text, with or without spaces between them.
  static func bytes(_ text: String, _ what: String) throws(CommandFailure) -> [UInt8] {
    var result: [UInt8] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      let word = word.hasPrefix("0x") ? word.dropFirst(2) : word
      var digits = Array(word.utf8)
      if digits.count % 2 != 0 { digits.insert(UInt8(ascii: "0"), at: 0) }
      for index in stride(from: 0, to: digits.count, by: 2) {
        guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
          throw CommandFailure("\(what) is no base16: '\(word.prefix(16))'")
        }
        result.append(byte)
      }
    }
    return result
  }
}
