import EBPFHost
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFToolchain
import Foundation
import Synchronization
import Testing

/// Every feature of the language and of the module `BPF`, compiled, loaded and run on both hosts.
@Suite struct LanguageTests {
  /// The kernel's tests take root; without it the programs run in userspace alone.
  static let hasKernel = geteuid() == 0

  @Test func thereAreManyPrograms() { #expect(LanguageProgram.all.count >= 150) }

  @Test(arguments: LanguageProgram.all) func programsDoWhatTheySay(_ program: LanguageProgram) async throws {
    let object = try ObjectSpec(bytes: await program.compile(), name: program.name)
    if let license = program.options["license"] { #expect(object.license == license.replacing("_", with: " ")) }
    if let kind = program.options["kind"] { #expect(object.programs.first?.section == kind) }
    #expect(object.programs.allSatisfy { !$0.lines.isEmpty && $0.lines.allSatisfy { $0.file == program.path } })
    #expect(object.btf != nil)
    if program.expectation == .compiles { return }
    try runInUserspace(program, object)
    if Self.hasKernel { try runInKernel(program, object) }
  }

  /// The module of a program whose sources lie in another folder has that folder as its place in the debug information.
  @Test func aFolderOfSourcesIsOneProgram() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("a program \(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, section) in [("first", "xdp"), ("second", "tc")] {
      let context = section == "xdp" ? "XDPContext" : "TCContext"
      let source = """
        import BPF
        let \(name)Counts = HashMap<UInt32, UInt64>(maxEntries: 4)
        private nonisolated(unsafe) var \(name)Total: UInt32 = 0
        private func step() -> UInt32 { \(section == "xdp" ? 1 : 2) }
        @section("\(section)") @used
        func \(name)(_ ctx: \(context)) -> Int32 {
          \(name)Counts.count(7)
          \(name)Total += step()
          return Int32(\(name)Total)
        }
        """
      try source.write(to: folder.appendingPathComponent("\(name).swift"), atomically: true, encoding: .utf8)
    }
    let object = try ObjectSpec(bytes: await Toolchain.compileSwift([folder.path]).object)
    #expect(Set(object.maps.map(\.name)).isSuperset(of: ["firstCounts", "secondCounts"]))
    #expect(object.programs.allSatisfy { program in program.lines.allSatisfy { $0.file.hasSuffix("/\(program.name).swift") } })
    let loaded = try UserspaceHost().load(object)
    defer { loaded.close() }
    #expect(try loaded.program("second").run(TestInput(data: LanguageProgram.all[0].input)).returnValue == 2)
  }

  private func runInUserspace(_ program: LanguageProgram, _ object: ObjectSpec) throws {
    for engine in [LoadOptions.Engine.jit, .checked] {
      let lines = Mutex<[String]>([])
      var options = LoadOptions()
      options.engine = engine
      options.trace = { line in lines.withLock { $0.append(line) } }
      let loaded: Loaded
      do {
        loaded = try UserspaceHost().load(object, options: options)
      } catch {
        // Kinds and features that our verifier does not know yet are no proof of a fault; a rejection is one. The program says which they are.
        #expect(program.options["hosts"] == "kernel", "it is stated to run in userspace: \(error.message)")
        #expect(error.code == .unsupported || "\(error.message)".contains("unsupported") || isUnsupported(error), "\(error.message)")
        return
      }
      defer { loaded.close() }
      guard let expected = program.expectedValue else { continue }
      let result = try chosen(program, loaded).run(input(program))
      #expect(UInt32(truncatingIfNeeded: result.returnValue) == expected, "\(engine)")
      if let output = program.output { #expect(result.data == output, "\(engine)") }
      if let trace = program.options["trace"] {
        #expect(lines.withLock { $0.contains { $0.contains(trace) } })
      }
      try checkRecords(program, loaded)
    }
  }

  private func runInKernel(_ program: LanguageProgram, _ object: ObjectSpec) throws {
    let loaded: Loaded
    do {
      loaded = try KernelHost().load(object)
    } catch {
      // What this kernel refuses whoever asks, and what the kernel host does not do yet.
      #expect(error.message.contains("refused by a policy of this kernel") || error.code == .unsupported, "\(error.message)")
      return
    }
    defer { loaded.close() }
    guard let expected = program.expectedValue else { return }
    let result = try chosen(program, loaded).run(input(program))
    #expect(UInt32(truncatingIfNeeded: result.returnValue) == expected, "kernel")
    if let output = program.output { #expect(result.data == output, "kernel") }
    try checkRecords(program, loaded)
  }

  /// The program that is run: the one named, or the first.
  private func chosen(_ program: LanguageProgram, _ loaded: Loaded) throws -> Program {
    try program.options["program"].map { try loaded.program($0) } ?? loaded.programs[0]
  }

  private func input(_ program: LanguageProgram) -> TestInput {
    program.options["kind"] == "syscall" ? TestInput(context: program.input) : TestInput(data: program.input)
  }

  private func checkRecords(_ program: LanguageProgram, _ loaded: Loaded) throws {
    guard let count = program.options["records"].flatMap({ Int($0) }) else { return }
    let ring = try #require(loaded.maps.first { $0.spec.type == .ringbuf })
    #expect(try ring.drain { _ in } == count)
  }

  private func isUnsupported(_ error: HostError) -> Bool { "\(String(describing: error.underlying))".contains("unsupported") }
}
