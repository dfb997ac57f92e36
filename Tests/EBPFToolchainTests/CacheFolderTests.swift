import EBPFToolchain
import Foundation
import Testing

/// Where the headers go, and that they do not stay where they should not.
@Suite struct CacheFolderTests {
  static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    SEC("xdp") int program(struct xdp_md *ctx) { return XDP_PASS; }
    """

  private func compile(_ variables: [String: String]) async throws -> [UInt8] {
    try await Environment.$overrides.withValue(variables) { try await Support.compilation(Self.source).object }
  }

  private func files(_ folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).sorted()
  }

  @Test func theCacheIsFilledOnceAndMended() async throws {
    try await Support.withFolder { folder in
      _ = try await compile(["XDG_CACHE_HOME": folder])
      let all = files(folder)
      let helpers = try #require(all.first { $0.hasSuffix("/bpf/bpf_helpers.h") })
      #expect(helpers.hasPrefix("swift-ebpf/headers-"))
      #expect(!all.contains { $0.contains(".h.") }, "a file that was written aside is left")
      try FileManager.default.removeItem(atPath: "\(folder)/\(helpers)")
      try "truncated".write(
        toFile: "\(folder)/\(helpers.replacingOccurrences(of: "bpf_helpers.h", with: "bpf_helper_defs.h"))", atomically: true,
        encoding: .utf8)
      _ = try await compile(["XDG_CACHE_HOME": folder])
      #expect(files(folder) == all)
    }
  }

  @Test func theHomesCacheIsTheSecondChoice() async throws {
    try await Support.withFolder { folder in
      _ = try await compile(["XDG_CACHE_HOME": "", "HOME": folder])
      #expect(files(folder).contains { $0.hasPrefix(".cache/swift-ebpf/headers-") })
    }
  }

  @Test func withoutACacheNothingStays() async throws {
    try await Support.withFolder { folder in
      try "a file".write(toFile: "\(folder)/file", atomically: true, encoding: .utf8)
      try FileManager.default.createDirectory(atPath: "\(folder)/temporary", withIntermediateDirectories: true)
      let nowhere = ["XDG_CACHE_HOME": "\(folder)/file/cache", "TMPDIR": "\(folder)/temporary"]
      _ = try await compile(nowhere)
      #expect(files(folder) == ["file", "temporary"])
      _ = await #expect(throws: ToolchainError.self) {
        try await Environment.$overrides.withValue(nowhere) { try await Support.compilation("int one = nothing;") }
      }
      #expect(files(folder) == ["file", "temporary"])
      let failure = await #expect(throws: ToolchainError.self) {
        try await compile(["XDG_CACHE_HOME": "\(folder)/file/cache", "TMPDIR": "\(folder)/file"])
      }
      #expect(failure?.code == .system)
      #expect(failure?.message.contains("set XDG_CACHE_HOME or TMPDIR to a folder that can be written") == true)
    }
  }

  /// Objects are the same wherever the headers were.
  @Test func theFoldersPlaceIsNotInTheObject() async throws {
    try await Support.withFolder { folder in
      let source = "\(folder)/source.bpf.c"
      try Self.source.write(toFile: source, atomically: true, encoding: .utf8)
      func object(_ cache: String) async throws -> [UInt8] {
        try await Environment.$overrides.withValue(["XDG_CACHE_HOME": cache]) { try await Toolchain().compileC(source).object }
      }
      let one = try await object("\(folder)/one")
      #expect(try await object("\(folder)/another") == one)
      #expect(!String(decoding: one, as: UTF8.self).contains("\(folder)/one"))
    }
  }

  @Test func manyAtOnceDoNotDisturbEachOther() async throws {
    try await Support.withFolder { folder in
      let objects = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<8 { group.addTask { try await compile(["XDG_CACHE_HOME": folder]).count } }
        var counts: [Int] = []
        for try await count in group { counts.append(count) }
        return counts
      }
      #expect(objects.count == 8 && objects.allSatisfy { $0 > 0 })
    }
  }
}
