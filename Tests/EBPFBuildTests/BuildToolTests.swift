import Foundation
import Testing

/// The tool that the package plugin runs.
@Suite struct BuildToolTests {
  private static let program = """
    import BPF
    let license = License.gpl
    let packets = ArrayMap<UInt64>(count: 1)
    @section("xdp") @used func filter(_ ctx: XDPContext) -> XDPAction {
      if let slot = packets[0] { slot.value &+= 1 }
      return .pass
    }
    """

  private func tool(_ arguments: [String], in folder: WorkFolder) throws -> Ended {
    // Nothing may be written but in the folder that the plugin names, and temporary files: so it is in SwiftPM's sandbox.
    try run(
      "\(buildFolder)/EBPFBuild", arguments,
      environment: ["HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"])
  }

  @Test func aSecondRunLeavesWhatIsThere() throws {
    let folder = try WorkFolder()
    let source = try folder.write(Self.program, to: "counter.swift")
    let arguments = [
      "--name", "Counter", "--module", "Counter", "--output", "\(folder.path)/Counter.swift", "--cache", "\(folder.path)/cache",
    ]
    let first = try tool(arguments + ["--", source], in: folder)
    #expect(first.status == 0 && first.text.isEmpty, "\(first.text)")
    let text = try folder.text("Counter.swift")
    #expect(text.contains("let packets: ArrayMap<UInt64>\n"))
    let changed = try folder.changed("Counter.swift")

    // As after a change of nothing but the file's time.
    try folder.write(Self.program, to: "counter.swift")
    let started = Date()
    let second = try tool(arguments + ["--", source], in: folder)
    #expect(second.status == 0 && Date().timeIntervalSince(started) < 2)
    #expect(try folder.changed("Counter.swift") == changed)

    try folder.write(Self.program.replacingOccurrences(of: "packets", with: "frames"), to: "counter.swift")
    let third = try tool(arguments + ["--", source], in: folder)
    #expect(third.status == 0)
    #expect(try folder.text("Counter.swift").contains("let frames: ArrayMap<UInt64>\n"))
  }

  @Test func errorsStandAtTheUsersLine() throws {
    let folder = try WorkFolder()
    let arguments = ["--name", "Counter", "--output", "\(folder.path)/Counter.swift", "--cache", "\(folder.path)/cache", "--"]
    let wrong = try folder.write(Self.program.replacingOccurrences(of: "slot.value", with: "slot.valu"), to: "wrong.swift")
    let refused = try tool(arguments + [wrong], in: folder)
    #expect(refused.status == 1 && refused.text.contains("\(wrong):5:35: error: "), "\(refused.text)")

    // What the compiler takes and eBPF does not.
    let text = Self.program.replacingOccurrences(of: "&+= 1", with: "&+= UInt64(Double(ctx.packet.byteCount))")
    let double = try folder.write(text, to: "double.swift")
    let lowered = try tool(arguments + [double], in: folder)
    #expect(lowered.status == 1 && lowered.text.contains("\(double):5:") && lowered.text.contains("error: "), "\(lowered.text)")

    let c = try folder.write("int run(void) { return missing; }", to: "wrong.c")
    let clang = try tool(arguments + [c], in: folder)
    #expect(clang.status == 1 && clang.text.contains("\(c):1:24: error: "), "\(clang.text)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/Counter.swift"))
  }

  @Test func wrongUsageIsNamed() throws {
    let folder = try WorkFolder()
    for arguments in [[], ["--name", "A", "--output", "b"], ["--what"], ["--name"], ["--traps", "never"]] {
      let ended = try tool(arguments, in: folder)
      #expect(ended.status == 2 && ended.text.hasPrefix("EBPFBuild: "), "\(arguments): \(ended.text)")
    }
  }
}
