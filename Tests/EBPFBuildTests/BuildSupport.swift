import Foundation
import Testing

/// A folder that goes away with this value.
final class WorkFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("swift-ebpf-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file; its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

  func changed(_ name: String) throws -> Date? {
    try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.modificationDate] as? Date
  }
}

/// What a program wrote and how it ended.
struct Ended {
  var status: Int32
  var text: String
}

/// Runs a program of the path, or of this build, to its end.
func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
  let process = Process()
  let output = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = environment.map { "\($0.key)=\($0.value)" } + [program] + arguments
  process.standardOutput = output
  process.standardError = output
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return Ended(status: process.terminationStatus, text: String(decoding: text, as: UTF8.self))
}

/// The folder of what this build made: the tool, and the modules.
let buildFolder: String = {
  // Where `swift test` runs a helper of the toolchain that loads the tests, the bundle says it.
  let arguments = CommandLine.arguments
  let bundle = arguments.firstIndex(of: "--test-bundle-path").map { arguments[$0 + 1] } ?? arguments[0]
  return URL(fileURLWithPath: bundle).resolvingSymlinksInPath().deletingLastPathComponent().path
}()

let packageFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// Has the compiler check sources against the modules of this build, as a package that depends on it does.
/// - Parameter folder: Where the module `Sample` is, of programs that have one.
func check(_ sources: [String], modulesIn folder: String? = nil) throws -> Ended {
  try run(
    "swiftc",
    ["-typecheck", "-swift-version", "6", "-warnings-as-errors"] + moduleArguments + (folder.map { ["-I", $0] } ?? []) + sources)
}

/// Compiles a program natively to the module `Sample`.
func emitModule(of source: String, to folder: String) throws -> Ended {
  try run(
    "swiftc",
    ["-parse-as-library", "-swift-version", "5", "-module-name", "Sample", "-enable-testing"] + moduleArguments
      + ["-emit-module", "-emit-module-path", "\(folder)/Sample.swiftmodule", source])
}

private let moduleArguments: [String] = {
  let checkouts = URL(fileURLWithPath: buildFolder).deletingLastPathComponent().deletingLastPathComponent().path + "/checkouts"
  let headers = [
    "\(packageFolder)/Sources/CBPF/include", "\(checkouts)/swift-system/Sources/CSystem/include",
    "\(checkouts)/swift-subprocess/Sources/_SubprocessCShims/include",
  ]
  return ["-package-name", "tests", "-Xcc", "-fmodule-map-file=\(buildFolder)/CEBPF.build/module.modulemap"]
    + (["\(buildFolder)/Modules"] + headers).flatMap { ["-I", $0] }
}()
