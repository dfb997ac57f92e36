import Foundation
import Testing

/// Every failure is one line that names the thing and the place, and leaves nothing behind.
@Suite struct BadInputTests {
  /// The error of a command that must fail with that status.
  private func failure(_ arguments: String..., status: Int32, sourceLocation: SourceLocation = #_sourceLocation) async -> String {
    let run = await CommandRun(arguments)
    #expect(run.status == status, "\(arguments): \(run.errors)", sourceLocation: sourceLocation)
    #expect(run.output.isEmpty, sourceLocation: sourceLocation)
    #expect(run.errors.hasPrefix("ebpf: ") && run.errors.filter { $0 == "\n" }.count == 1, "\(run.errors)", sourceLocation: sourceLocation)
    return run.errors
  }

  @Test func usage() async {
    #expect(await failure("nonsense", status: 2).contains("nonsense"))
    #expect(await failure("inspect", status: 2).contains("ebpf inspect --help"))
    #expect(await failure("inspect", "x.o", "--nonsense", status: 2).contains("--nonsense"))
    #expect(await failure("inspect", "x.o", "--type", "nonsense", status: 2).contains("socket_filter"))
    #expect(await failure("disassemble", "x.o", "--style", "nonsense", status: 2).contains("kernel"))
  }

  @Test func helpAndVersion() async {
    let help = await CommandRun("--help")
    #expect(help.status == 0 && help.output.contains("SUBCOMMANDS") && help.errors.isEmpty)
    #expect(await CommandRun("--version").output.split(separator: ".").count == 3)
    for command in help.output.split(separator: "\n").drop(while: { !$0.hasPrefix("SUBCOMMANDS") }).dropFirst() {
      guard command.hasPrefix("  "), !command.hasPrefix("   "), let name = command.split(separator: " ").first, name != "See" else {
        continue
      }
      let text = await CommandRun(String(name), "--help")
      #expect(text.status == 0 && text.output.contains("Examples:") && text.output.contains("ebpf \(name)"), "\(name)")
    }
  }

  @Test func filesThatCannotBeRead() async throws {
    let folder = try TemporaryFolder()
    #expect(await failure("inspect", "\(folder.path)/absent.o", status: 1).contains("No such file"))
    #expect(await failure("inspect", folder.path, status: 1).contains("there is no Swift source (.swift) in this folder"))
    let empty = try folder.write("empty.o", [])
    #expect(await failure("inspect", empty, status: 1).contains("empty.o"))
    let odd = try folder.write("odd.bin", [0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95])
    #expect(await failure("disassemble", odd, status: 1).contains("offset 8: 1 bytes are left over"))
  }

  @Test func objectsOfOtherMachines() async throws {
    let program = try #require(Bundle.main.executablePath)
    #expect(await failure("inspect", program, status: 1).contains("not for eBPF"))
  }

  /// An object cut at every length is an error or an object, and never more than a line of error.
  @Test func cutObjects() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(ListingCommandTests.source, "flows", in: folder)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: object)))
    for count in stride(from: 4, to: bytes.count, by: 41) {
      let cut = try folder.write("cut.o", bytes.prefix(count))
      #expect(await failure("inspect", cut, status: 1).contains("cut.o: "))
    }
  }

  /// An object with one byte changed is an error or an object: no crash.
  @Test func corruptObjects() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(ListingCommandTests.source, "flows", in: folder)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: object)))
    var failures = 0
    for place in stride(from: 4, to: bytes.count, by: 7) {
      var changed = bytes
      changed[place] ^= 0xff
      let path = try folder.write("changed.o", changed)
      for command in ["inspect", "disassemble"] {
        let run = await CommandRun(command, path)
        guard run.status != 0 else { continue }
        failures += 1
        #expect(run.status == 1 && run.errors.hasPrefix("ebpf: \(path): ") && run.errors.filter { $0 == "\n" }.count == 1, "\(run.errors)")
      }
    }
    #expect(failures > 20)
  }

  @Test func unknownPrograms() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(ListingCommandTests.source, "flows", in: folder)
    #expect(await failure("inspect", object, "--program", "absent", status: 1).contains("count, other"))
  }

  @Test func outputsThatCannotBeWritten() async throws {
    let folder = try TemporaryFolder()
    let source = try folder.write("good.s", Array("r0 = 7\nexit\n".utf8))
    #expect(await failure("assemble", source, "-o", "\(folder.path)/absent/out.bin", status: 1).contains("No such file"))
    #expect(folder.names == ["good.s"])
  }
}
