import EBPFHost
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFToolchain
import Foundation
import Testing

/// With `--traps throw` a failed check ends the program by the kernel's exceptions (`bpf_throw`): from the program and from subprograms.
@Suite struct ThrowingTests {
  static let failing = LanguageProgram.all.filter { $0.expectation == .abort }

  @Test func thereAreSome() { #expect(Self.failing.count >= 7) }

  @Test(arguments: failing) func failedChecksThrow(_ program: LanguageProgram) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-throwing-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // bpf_throw is for programs under the GPL.
    let source = try String(contentsOfFile: program.path, encoding: .utf8) + "\nlet license = License.gpl\n"
    try source.write(toFile: "\(folder)/\(program.name).swift", atomically: true, encoding: .utf8)
    var options = CompileOptions()
    options.traps = .throw
    let compilation = try await Toolchain.compileSwift(["\(folder)/\(program.name).swift"], options: options)
    let object = try ObjectSpec(bytes: compilation.object, name: program.name)
    // The kernel lets no callback throw: a program with one that can fail tells it by results.
    let throwing = program.name != "loop_by_helper_trap"
    #expect(object.externs.contains { $0.name == "bpf_throw" } == throwing)

    // Userspace has no exceptions yet: it says so, and refuses nothing as unsafe.
    do {
      try UserspaceHost().load(object).close()
      #expect(!throwing, "userspace has exceptions now: run the program there, too")
    } catch {
      #expect(error.message.contains("kernel functions (kfuncs)"), "\(error.message)")
    }

    guard LanguageTests.hasKernel else { return }
    let loaded = try KernelHost().load(object)
    defer { loaded.close() }
    let result = try loaded.programs[0].run(TestInput(data: program.input))
    #expect(UInt32(truncatingIfNeeded: result.returnValue) == program.expectedValue)
  }
}
