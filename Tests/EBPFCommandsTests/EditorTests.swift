import EBPFCommands
import Foundation
import Testing

/// What an editor gets of the programs that `ebpf new` makes, from the toolchain's language server.
///
/// The folder that the server is started on says how its files are compiled (`compile_commands.json`), with the modules of this build: of the
/// package itself the server would build everything first.
@Suite(.enabled(if: LanguageServer.path != nil, "the toolchain has no sourcekit-lsp beside its swiftc")) struct EditorTests {
  private let server: LanguageServer
  private let folder: TemporaryFolder

  /// The folder of this build's modules: beside the executable that runs.
  private static var modules: String {
    let executable = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return executable.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("Modules").path
  }

  private static var programs: [(name: String, text: String)] {
    NewProgram.all.map { program in
      let name = "Program_\(program.kind)"
      let package = NewPackage(name: name, program: program, checkout: nil)
      return (name, package.files.first { $0.path.hasPrefix("Sources/") }?.text ?? "")
    }
  }

  init() throws {
    folder = try TemporaryFolder()
    try #require(FileManager.default.fileExists(atPath: "\(Self.modules)/BPF.swiftmodule"), "no module BPF in \(Self.modules)")
    var commands: [[String: Any]] = []
    for (name, text) in Self.programs {
      let file = try folder.write("\(name).swift", Array(text.utf8))
      // As SwiftPM compiles the target of such a package.
      let arguments = [
        "swiftc", "-module-name", name, "-swift-version", "5", "-I", Self.modules, "-I", "\(packageFolder)/Sources/CBPF/include", file,
      ]
      commands.append(["directory": folder.path, "file": file, "arguments": arguments])
    }
    _ = try folder.write("compile_commands.json", try JSONSerialization.data(withJSONObject: commands))
    server = try LanguageServer(try #require(LanguageServer.path), folder: folder.path)
  }

  @Test func programsOfEveryKindHaveNoDiagnostics() throws {
    for (name, text) in Self.programs {
      let file = "\(folder.path)/\(name).swift"
      try server.open(file, text)
      #expect(try server.diagnostics(file) == [], "\(name)")
    }
    #expect(try server.stop() == 0)
  }

  @Test func membersAreCompleted() throws {
    let file = "\(folder.path)/Program_xdp.swift"
    let source = try #require(Self.programs.first { $0.name == "Program_xdp" }).text
    // A line is being written in front of the program's first.
    func writing(_ line: String) throws -> String {
      let body = try #require(source.range(of: "-> XDPAction {\n"))
      return source.replacingCharacters(in: body, with: "-> XDPAction {\n  \(line)\n")
    }
    try server.open(file, source)
    var version = 1
    func completions(_ line: String) throws -> [String: String] {
      version += 1
      let text = try writing(line)
      try server.change(file, text, version: version)
      return try server.completions(file, text, behind: line)
    }
    let packet = try completions("_ = ctx.packet.")
    #expect(packet["byteCount"] == "Int" && packet["ethernet"]?.hasPrefix("Header<EthernetHeader>") == true, "\(packet)")
    #expect(packet.keys.contains { $0.hasPrefix("load(") })
    let ip = try completions("_ = ctx.packet.ipv4?.")
    #expect(ip.keys.contains("source") && ip.keys.contains("udp") && !ip.keys.contains("ethernet"), "\(ip)")
    // A map's members, of the program's own types.
    let map = try completions("sources.")
    #expect(map.keys.contains { $0.hasPrefix("update(") } && map.keys.contains { $0.hasPrefix("remove(") }, "\(map)")
    // What an XDP program may not do is no member of its context.
    let context = try completions("ctx.")
    #expect(context.keys.contains { $0.hasPrefix("adjustHead(") } && !context.keys.contains { $0.hasPrefix("pushVLAN(") }, "\(context)")
    #expect(try server.stop() == 0)
  }

  @Test func wrongProgramsAreDiagnosed() throws {
    let file = "\(folder.path)/Program_xdp.swift"
    try server.open(
      file,
      """
      import BPF

      let counts = HashMap<IPv4Address, UInt64>(maxEntries: 16)

      @section("xdp") @used
      func filter(_ ctx: XDPContext) -> XDPAction {
        ctx.mark = 1
        counts.update(7 as UInt16, 1)
        guard let ip = ctx.packet.ipv4 else { return 2 }
        ip.destination = ip.sauce
        return .pass
      }
      """)
    let problems = try server.diagnostics(file)
    #expect(problems.map(\.line) == [7, 8, 9, 10], "\(problems)")
    #expect(problems.map(\.message).allSatisfy { !$0.isEmpty })
    #expect(problems.first?.message.contains("'XDPContext' has no member 'mark'") == true, "\(problems)")
    #expect(problems.last?.message.contains("has no member 'sauce'") == true, "\(problems)")
    #expect(try server.stop() == 0)
  }
}
