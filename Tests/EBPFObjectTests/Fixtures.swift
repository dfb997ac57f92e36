import EBPFObject
import Foundation

/// Things that tests of objects need from the machine: the toolchain's clang, and folders of objects that the environment names.
enum Fixtures {
  /// The clang that stands beside `swiftc` (it has the BPF targets), or the one that `EBPF_CLANG` names.
  static let clang: String? = {
    let environment = ProcessInfo.processInfo.environment
    var candidates = [environment["EBPF_CLANG"]].compactMap { $0 }
    for folder in (environment["PATH"] ?? "").split(separator: ":") where FileManager.default.fileExists(atPath: "\(folder)/swiftc") {
      candidates.append("\(folder)/clang")
    }
    candidates += ["/usr/bin/clang", "/opt/swift/usr/bin/clang"]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) && compiles("int x;", with: $0) }
  }()

  private static func compiles(_ source: String, with clang: String) -> Bool {
    (try? compile(source, clang: clang, arguments: [])) != nil
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Compiles C source for eBPF and gives the object's bytes.
  static func compile(_ source: String, target: String = "bpfel", arguments: [String] = []) throws -> [UInt8] {
    guard let clang else { throw Failure(description: "no clang with a BPF target") }
    return try compile(source, clang: clang, arguments: ["-g", "-target", target] + arguments)
  }

  private static func compile(_ source: String, clang: String, arguments: [String]) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-object-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let input = folder.appendingPathComponent("fixture.c")
    let output = folder.appendingPathComponent("fixture.o")
    try source.write(to: input, atomically: true, encoding: .utf8)
    var arguments = ["-O2", "-c", input.path, "-o", output.path] + arguments
    if !arguments.contains("-target") { arguments += ["-target", "bpf"] }
    let (status, text) = try run(clang, arguments)
    guard status == 0 else { throw Failure(description: text) }
    return [UInt8](try Data(contentsOf: output))
  }

  /// Runs a program and gives its exit status and what it wrote to both outputs.
  static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// The files under the folder that an environment variable names, ELF objects only; empty where it is not set.
  static func objects(_ variable: String) -> [String] {
    guard let folder = ProcessInfo.processInfo.environment[variable] else { return [] }
    let found = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    // Hidden folders hold what was needed to make the data, such as libraries for the host.
    let visible = found.filter { name in !name.split(separator: "/").contains { $0.hasPrefix(".") } }
    return visible.sorted().map { "\(folder)/\($0)" }.filter { path in
      guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 4) else { return false }
      return [UInt8](head) == [0x7f, 0x45, 0x4c, 0x46]
    }
  }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
}
