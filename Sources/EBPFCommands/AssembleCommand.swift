import ArgumentParser
import EBPFBTF
import EBPFISA
import EBPFObject

/// `ebpf assemble`
struct AssembleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assemble",
    abstract: "Turn assembly text into raw instructions.",
    discussion: """
      Reads the styles of llvm-objdump and of the kernel, and whole listings of `ebpf disassemble`, llvm-objdump and bpftool.
      A map that the text declares (.map) is referred to by its number: run the text itself where the map is needed.

      Examples:
        ebpf assemble add.s                     writes add.bin
        ebpf assemble add.s -o -                writes to standard output
        echo 'r0 = 42; exit' | tr ';' '\\n' | ebpf assemble - --hex
        llvm-objdump -d x.o | ebpf assemble - -o x.bin
      """)

  @Argument(help: ArgumentHelp("The assembly text; - is standard input.", valueName: "source"))
  var path: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write; - is standard output. Default: the source's name with .bin.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the bytes in hexadecimal, one instruction a line, and write no file.")
  var hex = false

  func validate() throws {
    if path == "-", output == nil, !hex { throw ValidationError("give -o FILE (or --hex) when the source comes from standard input") }
    if hex, output != nil { throw ValidationError("--hex and -o exclude each other") }
  }

  func run() throws {
    let label = path == "-" ? "standard input" : path
    let object = try ProgramFile.assembly(Files.read(path), label)
    let instructions = object.programs[0].instructions
    guard !hex else {
      Console.print(instructions.map { BTFValue.hex(Instruction.encode([$0])) }.joined(separator: "\n"))
      return
    }
    let output = output ?? OutputName.of(path, ending: "bin")
    try Files.write(Instruction.encode(instructions), to: output)
  }
}

/// Names of files that commands write unless told otherwise.
enum OutputName {
  /// The input's name, without folders, with another ending: `a/b.bpf.c` gives `b.bpf.o`.
  static func of(_ path: String, ending: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return "\(last).\(ending)" }
    return "\(last[..<dot]).\(ending)"
  }
}
