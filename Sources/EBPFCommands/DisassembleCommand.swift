import ArgumentParser
import EBPFISA
import EBPFObject
import EBPFTables
import EBPFToolchain

/// `ebpf disassemble`
struct DisassembleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disassemble",
    abstract: "Print a program's instructions.",
    discussion: """
      Without --program, an object's sections are printed as they stand in the file, word for word as `llvm-objdump -d --no-print-imm-hex` prints them. \
      With --program, and in the kernel's style, programs are printed as they are loaded: linked, with the functions that they call behind them.

      Examples:
        ebpf disassemble counter.bpf.o
        ebpf disassemble counter.bpf.c -S --program packet_counter
        ebpf disassemble --style kernel counter.bpf.o
        ebpf disassemble program.bin --no-bytes
      """)

  /// How instructions are written.
  enum Style: String, ExpressibleByArgument, CaseIterable {
    case llvm
    case kernel
  }

  @OptionGroup var program: ProgramArguments

  @Option(help: "As llvm-objdump prints, or as `bpftool prog dump xlated` does.")
  var style = Style.llvm

  @Flag(name: [.customShort("S"), .long], help: "Put the source lines between the instructions.")
  var source = false

  @Flag(inversion: .prefixedNo, help: "Print the bytes of the instructions beside them.")
  var bytes = true

  func run() async throws {
    let label = program.path == "-" ? "standard input" : program.path
    let isFolder = Files.isFolder(program.path)
    var file = isFolder ? [] : try Files.read(program.path)
    switch isFolder ? .source : ProgramFile.form(program.path, file) {
    case .raw: return try show(ProgramFile.raw(file, label))
    case .assembly: return try show(ProgramFile.assembly(file, label))
    case .source: file = try await program.compiling.compile([program.path]).object
    case .object: break
    }
    if style == .llvm, program.name == nil { return try showSections(file, label) }
    do {
      try show(ObjectSpec(bytes: file, name: label))
    } catch let error as ObjectError { throw CommandFailure(error.description) }
  }

  // MARK: Programs

  private func show(_ object: ObjectSpec) throws {
    for (index, program) in try program.chosen(of: object).enumerated() {
      if index > 0 { Console.print("") }
      let symbols = program.functions.map { Disassembler.Symbol($0.name, at: $0.start) }
      let title = "\(program.name)\(program.section.isEmpty ? "" : " (section \(program.section))"):"
      if style == .kernel {
        Console.print(Paint.bold(title))
        let listing = disassembler.listing(program.instructions, bytes: bytes)
        Console.write(interleaved(listing, kernelSymbols: symbols) { program.line(at: $0) })
      } else {
        let listing = disassembler.listing(program.instructions, bytes: bytes, symbols: symbols, section: program.name)
        Console.write(interleaved(listing) { program.line(at: $0) })
      }
    }
  }

  private var disassembler: Disassembler {
    Disassembler(style: style == .llvm ? .llvm : .kernel) { number in
      HelperID(rawValue: UInt32(bitPattern: number)).name.map { $0.hasPrefix("bpf_") ? $0 : "bpf_\($0)" }
    }
  }

  /// A listing with the source line before the first instruction that was made from it, and in the kernel's style the functions' names.
  private func interleaved(
    _ listing: String, kernelSymbols: [Disassembler.Symbol] = [], line: (Int) -> LineSpec?
  ) -> String {
    guard source || kernelSymbols.count > 1 else { return listing }
    let names =
      kernelSymbols.count > 1 ? Dictionary(kernelSymbols.map { ($0.slot, $0.name) }, uniquingKeysWith: { first, _ in first }) : [:]
    var result = ""
    var last: LineSpec?
    for row in listing.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      let digits = row.drop { $0 == " " }.prefix { $0.isASCII && $0.isNumber }
      let rest = row[digits.endIndex...]
      if let slot = Int(digits), rest.first == ":" {
        if let name = names[slot] { result += (slot > 0 ? "\n" : "") + "\(name):\n" }
        if source, let line = line(slot), last.map({ $0.line != line.line || $0.file != line.file || $0.text != line.text }) ?? true {
          result += Paint.dim("; \(line.text.isEmpty ? "\(line.file):\(line.line)" : line.text)") + "\n"
          last = line
        }
      }
      result += row + "\n"
    }
    return result
  }

  // MARK: Sections

  private func showSections(_ bytes: [UInt8], _ label: String) throws {
    let sections: [CodeSection]
    do {
      sections = try CodeSection.all(in: bytes)
    } catch {
      throw CommandFailure(ObjectError(error.code, error.message, section: error.section, offset: error.offset, object: label).description)
    }
    Console.print("\n\(label):\tfile format elf64-bpf")
    for section in sections {
      Console.print("\nDisassembly of section \(section.name):\n")
      let listing = disassembler.listing(
        section.instructions, bytes: self.bytes, symbols: section.symbols, section: section.name, byteOrder: section.byteOrder)
      Console.write(interleaved(listing) { section.lines.line(at: $0) })
    }
  }
}
