import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Things that the toolchain's tests share.
enum Support {
  /// The package's own folder, where the examples are.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path

  /// A folder that exists while the body runs.
  static func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-toolchain-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
  }

  /// Compiles a text and reads the object.
  static func compile(_ source: String, options: CompileOptions = CompileOptions()) async throws -> ObjectSpec {
    try ObjectSpec(bytes: try await compilation(source, options: options).object)
  }

  static func compilation(_ source: String, options: CompileOptions = CompileOptions()) async throws -> Compilation {
    try await withFolder { folder in
      try source.write(toFile: "\(folder)/source.bpf.c", atomically: true, encoding: .utf8)
      return try await Toolchain().compileC("\(folder)/source.bpf.c", options: options)
    }
  }
}
