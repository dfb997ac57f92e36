import ArgumentParser
import EBPFObject
import EBPFToolchain

/// `ebpf compile`
struct CompileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Compile a C source to an eBPF object.",
    discussion: """
      The compiler is the clang that belongs to the Swift toolchain (EBPF_CLANG names another). bpf/bpf_helpers.h and its kin come with this tool; \
      vmlinux.h is made from the running kernel's types when a source asks for it.

      Examples:
        ebpf compile counter.bpf.c                     writes counter.bpf.o
        ebpf compile counter.bpf.c -o build/counter.o --cpu v4
        ebpf compile counter.bpf.c -DPORT=443 -Iinclude -- -Wall -Werror
      """)

  @Argument(help: ArgumentHelp("The C source.", valueName: "source"))
  var path: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The object to write; - is standard output. Default: the source's name with .o.", valueName: "file"))
  var output: String?

  @OptionGroup var compiling: CompileArguments

  @Argument(parsing: .postTerminator, help: ArgumentHelp("More arguments for the compiler, behind --.", valueName: "argument"))
  var arguments: [String] = []

  func validate() throws {
    guard path.hasSuffix(".c") else { throw ValidationError("'\(path)' is no C source: its name ends with .c") }
  }

  func run() async throws {
    let compilation = try await compiling.compile(path, more: arguments)
    do {
      // What cannot be read here can be read nowhere: say so now.
      _ = try ObjectSpec(bytes: compilation.object, name: path)
    } catch { Console.note("\(error.description)") }
    try Files.write(compilation.object, to: output ?? OutputName.of(path, ending: "o"))
  }
}
