import EBPFCommands
import Foundation
import Synchronization
import Testing

/// A program of the folder `WrongPrograms` and the text that its author reads; `WrongPrograms/README.md` has the rules.
struct WrongProgram: Sendable, CustomTestStringConvertible {
  let name: String

  var testDescription: String { name }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("WrongPrograms").path

  static let all: [WrongProgram] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".swift") }.sorted().map { WrongProgram(name: String($0.dropLast(".swift".count))) }
  }()

  var source: String { (try? String(contentsOfFile: "\(Self.folder)/\(name).swift", encoding: .utf8)) ?? "" }

  /// More arguments of the command.
  var options: [String] {
    let first = source.prefix { $0 != "\n" }
    return first.hasPrefix("// options: ") ? first.dropFirst("// options: ".count).split(separator: " ").map(String.init) : []
  }

  var textPath: String { "\(Self.folder)/\(name).txt" }

  /// What `ebpf verify` prints of it, and its exit status.
  func report() async -> (text: String, status: Int32) {
    let output = Mutex("")
    let console = Console(usesColor: false) { _, text in output.withLock { $0 += text } }
    let status = await Console.$current.withValue(console) {
      await EBPFCommand.execute(["verify", "\(Self.folder)/\(name).swift"] + options)
    }
    var text = output.withLock { $0 }.replacing("\(Self.folder)/", with: "")
    // How much was walked and how long it took.
    text.replace(/, \d+ instructions walked, [^\n]*/, with: "")
    return (text, status)
  }
}

/// What cannot become eBPF is told as a compiler tells it.
@Suite struct WrongProgramsTests {
  static let isUpdating = ProcessInfo.processInfo.environment["EBPF_UPDATE_TEXTS"] != nil

  @Test func thereAreManyPrograms() { #expect(WrongProgram.all.count >= 100) }

  @Test(arguments: WrongProgram.all) func theTextIsWhatIsExpected(_ program: WrongProgram) async throws {
    let (text, status) = await program.report()
    #expect(status != 0)
    if Self.isUpdating { try text.write(toFile: program.textPath, atomically: true, encoding: .utf8) }
    let expected = try String(contentsOfFile: program.textPath, encoding: .utf8)
    #expect(text == expected)
    // Whatever it is: it names a line, says what to write instead, and shows nothing of the compilers' inside.
    #expect(text.contains(try Regex("\(program.name)\\.swift:\\d+")))
    #expect(text.contains("note: ") || text.contains("what to write: "))
    for word in ["swift_", "LLVM", "Stack dump", "<stdin>", "in function ", "redefinition", "!dbg", "clang"] {
      #expect(!text.contains(word), "\(word)")
    }
  }

  /// A syntax error is told in the compiler's own words. Its source is made here, because formatters read those of the folder.
  @Test func syntaxErrorsPassThrough() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-wrong-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let source = """
      import BPF

      @section("xdp") @used
      func program(_ ctx: XDPContext) -> XDPAction {
        guard let ip = ctx.packet.ipv4 else { return .pass }
        return ip.protocol == .tcp ? .drop .pass
      }

      """
    try source.write(toFile: "\(folder)/syntax.swift", atomically: true, encoding: .utf8)
    let output = Mutex("")
    let console = Console(usesColor: false) { _, text in output.withLock { $0 += text } }
    let status = await Console.$current.withValue(console) { await EBPFCommand.execute(["compile", "\(folder)/syntax.swift"]) }
    #expect(status != 0)
    #expect(output.withLock { $0.replacing("\(folder)/", with: "") }.hasPrefix("syntax.swift:6:"))
    #expect(output.withLock { $0 }.contains("error: expected ':' after '? ...' in ternary expression"))
  }

  /// No program without its text, no text without its program.
  @Test func everyProgramHasItsText() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: WrongProgram.folder)
    let texts = names.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(".txt".count)) }
    #expect(Set(texts) == Set(WrongProgram.all.map(\.name)))
  }
}
