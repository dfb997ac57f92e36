import ArgumentParser
import EBPFObject
import EBPFToolchain

extension CompileOptions.Output: ExpressibleByArgument {}

/// `ebpf compile`
struct CompileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Compile Swift or C to an eBPF object.",
    discussion: """
      The compilers are the Swift toolchain's own swiftc and clang (EBPF_SWIFTC and EBPF_CLANG name others). The module BPF, bpf/bpf_helpers.h and \
      its kin come with this tool; vmlinux.h is made from the running kernel's types when a C source asks for it. Several Swift sources make one \
      object, and a folder stands for those in it.

      Examples:
        ebpf compile counter.swift                     writes counter.o
        ebpf compile parser.swift filter.swift -o filter.o --cpu v4
        ebpf compile counter.swift --emit asm          what the programs become, as text on standard output
        ebpf compile counter.bpf.c -o build/counter.o
        ebpf compile counter.bpf.c -DPORT=443 -Iinclude -- -Wall -Werror
      """)

  @Argument(help: ArgumentHelp("The sources: .swift files, a folder of them, or one .c file.", valueName: "source"))
  var paths: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write; - is standard output. Default: the first source's name with .o; text goes to standard output.", valueName: "file")
  )
  var output: String?

  @Option(name: .long, help: ArgumentHelp("What to make: an object, LLVM's intermediate code, or assembly.", valueName: "object|ir|asm"))
  var emit = CompileOptions.Output.object

  @OptionGroup var compiling: CompileArguments

  @Option(
    name: .long, parsing: .unconditionalSingleValue,
    help: ArgumentHelp("An argument for the compiler, as it is; what stands behind -- is many of these.", valueName: "argument"))
  var compilerArgument: [String] = []

  func validate() throws {
    for path in paths where !path.hasSuffix(".c") && !path.hasSuffix(".swift") && !Files.isFolder(path) {
      throw ValidationError("'\(path)' is no source: the names of sources end with .swift or .c")
    }
    if paths.count > 1, let path = paths.first(where: { $0.hasSuffix(".c") }) {
      throw ValidationError("'\(path)' is C, and one C source makes one object: compile it by itself")
    }
  }

  func run() async throws {
    let compilation = try await compiling.compile(paths, to: emit, more: compilerArgument)
    guard emit == .object else { return try Files.write(compilation.object, to: output ?? "-") }
    do {
      // What cannot be read here can be read nowhere: say so now.
      _ = try ObjectSpec(bytes: compilation.object, name: paths[0])
    } catch { Console.note("\(error.description)") }
    try Files.write(compilation.object, to: output ?? OutputName.of(paths[0], ending: "o"))
  }
}
