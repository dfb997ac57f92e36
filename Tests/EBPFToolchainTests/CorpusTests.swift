import EBPFISA
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Other people's programs, with this project's headers and with libbpf's: what compiles with those compiles with these, to the same
/// instructions.
///
/// `EBPF_C_SOURCES` names folders of sources, `EBPF_LIBBPF_HEADERS` the folder that holds libbpf's `bpf/bpf_helpers.h`,
/// `EBPF_C_INCLUDES` more folders to search, `EBPF_C_ARGUMENTS` more arguments (lists with colons, the last with spaces).
@Suite struct CorpusTests {
  static func folders(_ variable: String) -> [String] {
    ProcessInfo.processInfo.environment[variable]?.split(separator: ":").map(String.init) ?? []
  }

  static let libbpf = folders("EBPF_LIBBPF_HEADERS").first

  /// Sources with programs: those that name a section.
  static let sources: [String] = folders("EBPF_C_SOURCES").flatMap { folder in
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".c") }
      .map { "\(folder)/\($0)" }.filter { path in
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return false }
        return text.contains("SEC(") && text.contains("#include")
      }
  }.sorted()

  enum Outcome: Equatable {
    case equal, differs, refused
    case failed(String)
  }

  private func compare(_ path: String, _ libbpf: String) async -> Outcome {
    var options = CompileOptions()
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    options.includes = [folder] + Self.folders("EBPF_C_INCLUDES")
    options.arguments =
      ["-w"] + (ProcessInfo.processInfo.environment["EBPF_C_ARGUMENTS"]?.split(separator: " ").map(String.init) ?? [])
    var theirs = options
    theirs.includes.append(libbpf)
    guard let expected = try? await Toolchain().compileC(path, options: theirs), let expected = try? ObjectSpec(bytes: expected.object)
    else {
      return .refused
    }
    do {
      let object = try ObjectSpec(bytes: try await Toolchain().compileC(path, options: options).object)
      let isEqual =
        object.programs.map(\.instructions) == expected.programs.map(\.instructions) && object.maps.map(\.name) == expected.maps.map(\.name)
      return isEqual ? .equal : .differs
    } catch {
      return .failed("\(error)")
    }
  }

  @Test(.enabled(if: libbpf != nil && !sources.isEmpty, "needs EBPF_C_SOURCES and EBPF_LIBBPF_HEADERS"), .timeLimit(.minutes(30)))
  func programsAreThoseOfLibbpfsHeaders() async throws {
    let libbpf = try #require(Self.libbpf)
    var counts = (equal: 0, differs: [String](), refused: [String]())
    try await withThrowingTaskGroup(of: (String, Outcome).self) { group in
      var rest = Self.sources[...]
      func next() {
        guard let path = rest.popFirst() else { return }
        group.addTask { (path, await compare(path, libbpf)) }
      }
      for _ in 0..<4 { next() }
      while let (path, outcome) = try await group.next() {
        switch outcome {
        case .equal: counts.equal += 1
        case .differs: counts.differs.append(path)
        case .refused: counts.refused.append(path)
        case .failed(let message): Issue.record("\(path) compiles with libbpf's headers only: \(message)")
        }
        next()
      }
    }
    print("\(Self.sources.count) sources: \(counts.equal) equal, \(counts.differs.count) differ, \(counts.refused.count) with neither")
    for path in counts.differs.sorted() { print("differs: \(path)") }
    for path in counts.refused.sorted() { print("with neither: \(path)") }
    // Reading arguments of USDT probes is written in another way here.
    let others = counts.differs.filter { (try? String(contentsOfFile: $0, encoding: .utf8))?.contains("usdt.bpf.h") == false }
    #expect(others.count * 50 <= counts.equal, "\(others)")
  }
}
