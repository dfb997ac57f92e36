import ArgumentParser

/// `ebpf new`
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a package with an eBPF program in Swift and its tests.",
    discussion: """
      The package has the program (Sources/NAME), tests that run it without root (Tests/NAMETests), and a README with the commands. Its program \
      target is compiled natively, so that editors complete and check it; 'ebpf compile Sources/NAME' and the tests make eBPF of it.

      It depends on swift-ebpf as it is published (\(NewPackage.url), branch main), or on a checkout that --package names.

      Kinds:
      \(NewProgram.all.map { "  \($0.kind)\(String(repeating: " ", count: 16 - $0.kind.utf8.count))\($0.summary)" }.joined(separator: "\n"))

      Examples:
        ebpf new Counter                     an XDP program in Counter
        ebpf new Opens --kind tracepoint
        ebpf new Marks --kind tc --path programs/marks --package ../swift-ebpf
        cd Counter && swift test
      """)

  @Argument(help: ArgumentHelp("The package's and the module's name: letters, digits and _.", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("The program's kind; see above.", valueName: "kind"))
  var kind = "xdp"

  @Option(help: ArgumentHelp("The folder to make; it must not be there. Default: the name, in the current folder.", valueName: "folder"))
  var path: String?

  @Option(name: .customLong("package"), help: ArgumentHelp("A checkout of swift-ebpf to depend on.", valueName: "folder"))
  var checkout: String?

  func validate() throws {
    if let reason = NewPackage.refusal(ofName: name) { throw ValidationError(reason) }
    guard NewProgram.all.contains(where: { $0.kind == kind }) else {
      throw ValidationError("--kind is one of \(NewProgram.all.map(\.kind).joined(separator: ", ")), not '\(kind)'")
    }
    if path?.isEmpty == true { throw ValidationError("--path is the folder to make, and it is empty") }
  }

  func run() throws {
    guard let program = NewProgram.all.first(where: { $0.kind == kind }) else { return }
    let package = NewPackage(name: name, program: program, checkout: try checkout.map { try NewPackage.checkout(at: $0) })
    let folder = path ?? name
    try package.write(to: folder)
    Console.print(
      """
      \(folder): a package with \(program.article) \(program.kind) program
        ebpf verify \(folder)/Sources/\(name)
        swift test --package-path \(folder)
      """)
  }
}
