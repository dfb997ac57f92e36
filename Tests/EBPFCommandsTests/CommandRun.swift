import EBPFCommands
import Foundation
import Synchronization

/// A command run in this process: what it wrote and its exit status.
struct CommandRun {
  var status: Int32
  var output: String
  var errors: String

  /// The output as JSON.
  var json: Any? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) }

  /// Runs `ebpf` with these arguments.
  init(_ arguments: String..., color: Bool = false) async { await self.init(arguments, color: color) }

  init(_ arguments: [String], color: Bool = false) async {
    let texts = Mutex<[Console.Stream: String]>([:])
    let console = Console(usesColor: color) { stream, text in texts.withLock { $0[stream, default: ""] += text } }
    status = await Console.$current.withValue(console) { await EBPFCommand.execute(arguments) }
    output = texts.withLock { $0[.output] ?? "" }
    errors = texts.withLock { $0[.error] ?? "" }
  }
}

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-commands-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and gives its path.
  func write(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// The package's own folder, where the examples are.
let packageFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// The compiler beside `swiftc`, for objects that the tests make themselves.
enum Clang {
  static let path: String? = {
    let environment = ProcessInfo.processInfo.environment
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    let beside = folders.filter { FileManager.default.fileExists(atPath: "\($0)/swiftc") }.map { "\($0)/clang" }
    return ([environment["EBPF_CLANG"]].compactMap { $0 } + beside).first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Compiles C for eBPF into the folder and gives the object's path.
  static func compile(_ source: String, _ name: String, in folder: TemporaryFolder, arguments: [String] = []) throws -> String {
    let input = try folder.write("\(name).c", Array(source.utf8))
    let output = "\(folder.path)/\(name).o"
    let (status, text) = try run(path ?? "clang", ["-target", "bpf", "-O2", "-g", "-c", input, "-o", output] + arguments)
    guard status == 0 else { throw Failure(description: text) }
    return output
  }

  struct Failure: Error, CustomStringConvertible { var description: String }
}

/// Runs a program and gives its exit status and both of its outputs.
func run(_ program: String, _ arguments: [String], input: String? = nil) throws -> (status: Int32, text: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  let output = Pipe()
  process.standardOutput = output
  process.standardError = output
  let entry = Pipe()
  process.standardInput = input == nil ? FileHandle.nullDevice : entry
  try process.run()
  if let input {
    entry.fileHandleForWriting.write(Data(input.utf8))
    try entry.fileHandleForWriting.close()
  }
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
