import EBPFToolchain
import Foundation
import Testing

/// A program of the folder `Programs`, with what its first line says of it; `Programs/README.md` has the words.
struct LanguageProgram: Sendable, CustomTestStringConvertible {
  enum Expectation: Sendable, Hashable {
    case value(UInt32)
    case abort
    case loads
    case compiles
  }

  let name: String
  let path: String
  let expectation: Expectation
  let options: [String: String]

  var testDescription: String { name }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Programs")

  /// Every program of the folder.
  static let all: [LanguageProgram] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".swift") }.sorted().map { LanguageProgram(file: $0) }
  }()

  private init(file: String) {
    name = String(file.dropLast(".swift".count))
    path = Self.folder.appendingPathComponent(file).path
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let first = text.prefix { $0 != "\n" }.dropFirst("// expect:".count).trimmingCharacters(in: .whitespaces)
    let words = first.split(separator: " ")
    switch words.first {
    case "loads"?: expectation = .loads
    case "abort"?: expectation = .abort
    case "compiles"?: expectation = .compiles
    default: expectation = .value(words.first.flatMap { UInt32($0) } ?? .max)
    }
    var options: [String: String] = [:]
    for word in words.dropFirst() {
      if let place = word.firstIndex(of: "=") { options[String(word[..<place])] = String(word[word.index(after: place)...]) }
    }
    self.options = options
  }

  /// What the program must return.
  var expectedValue: UInt32? {
    switch expectation {
    case .value(let value): value
    // XDP_ABORTED; TC_ACT_SHOT.
    case .abort: options["kind"]?.hasPrefix("tc") == true ? 2 : 0
    default: nil
    }
  }

  /// The frame or memory that the program is run on.
  var input: [UInt8] { Self.bytes(options["packet"] ?? options["input"] ?? "udp") ?? [] }

  /// What it must make of it.
  var output: [UInt8]? { options["output"].flatMap { Self.bytes($0) } }

  /// Compiles it.
  func compile() async throws(ToolchainError) -> [UInt8] {
    var options = CompileOptions()
    if let cpu = self.options["cpu"] { options.cpu = cpu }
    return try await Toolchain.compileSwift([path], options: options).object
  }

  private static func bytes(_ name: String) -> [UInt8]? { packets[name] }

  private static let packets: [String: [UInt8]] = {
    let text = (try? String(contentsOf: folder.appendingPathComponent("packets.txt"), encoding: .utf8)) ?? ""
    var result: [String: [UInt8]] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ")
      guard words.count == 2 else { continue }
      result[String(words[0])] = stride(from: 0, to: words[1].utf8.count, by: 2).compactMap { offset in
        let start = words[1].index(words[1].startIndex, offsetBy: offset)
        return UInt8(words[1][start..<words[1].index(start, offsetBy: 2)], radix: 16)
      }
    }
    return result
  }()
}
