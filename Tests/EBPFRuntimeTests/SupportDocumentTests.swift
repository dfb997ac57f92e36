import EBPFRuntime
import EBPFTables
import EBPFVerifier
import Foundation
import Testing

/// `Documentation/HelpersAndMaps.md` is made from the tables. `EBPF_WRITE_DOCUMENTATION=1` writes it, else it is compared.
@Suite("The list of helpers and map types")
struct SupportDocumentTests {
  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Documentation/HelpersAndMaps.md").path

  @Test func isCurrent() throws {
    let text = Self.text
    if ProcessInfo.processInfo.environment["EBPF_WRITE_DOCUMENTATION"] != nil {
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: Self.path).deletingLastPathComponent().path, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: Self.path))
      print("wrote \(Self.path)")
    }
    let current = try? String(decoding: Data(contentsOf: URL(fileURLWithPath: Self.path)), as: UTF8.self)
    #expect(current == text, "EBPF_WRITE_DOCUMENTATION=1 swift test -c release --filter SupportDocumentTests makes it new")
  }

  private static var text: String {
    let helpers = UserspaceHost.helpers
    let unproved = helpers.filter { $0.missingRules != nil }
    let absent = HelperID.all.filter { !helpers.contains($0) }
    let mapTypes = MapType.all
    return """
      # Helpers and map types

      What programs find in this process (`UserspaceHost`), of the helpers and map types of Linux 6.18. The kernel (`KernelHost`) has its own.
      Made from the code's tables by `Tests/EBPFRuntimeTests/SupportDocumentTests.swift`, which also checks that this page is current.

      ## Helpers

      \(helpers.count) of \(HelperID.all.count). Which of them a program may call depends on its type, as in the kernel.

      Proved programs can call \(helpers.count - unproved.count):

      \(Self.list(helpers.subtracting(unproved)))

      The verifier has no rules yet for \(unproved.count) more, and calls programs that use them unsupported; they work in unproved programs
      (`LoadOptions.Verification.unchecked`, `--unchecked`):

      \(Self.list(unproved))

      Not here (\(absent.count)):

      \(Self.list(Set(absent)))

      ## Map types

      \(UserspaceHost.mapTypes.count) of \(mapTypes.count):

      \(Self.list(mapTypes.filter { UserspaceHost.mapTypes.contains($0) }.map(\.description)))

      Not here:

      \(Self.list(mapTypes.filter { !UserspaceHost.mapTypes.contains($0) }.map(\.description)))

      """
  }

  private static func list(_ helpers: Set<HelperID>) -> String {
    list(helpers.sorted { $0.rawValue < $1.rawValue }.map { ($0.name ?? "?") + " (\($0.rawValue))" })
  }

  /// Names as a paragraph, in lines of at most 140 columns.
  private static func list(_ names: [String]) -> String {
    var lines: [String] = []
    var line = ""
    for (index, name) in names.enumerated() {
      let item = name.split(separator: " ", maxSplits: 1)
      let text = "`\(item[0])`" + (item.count > 1 ? " \(item[1])" : "") + (index == names.count - 1 ? "" : ",")
      if line.count + 1 + text.count > 140 {
        lines.append(line)
        line = text
      } else {
        line += line.isEmpty ? text : " " + text
      }
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
