import EBPFISA
import EBPFObject
import EBPFTables
import Foundation

/// One benchmark program, compiled three ways from one source.
struct BenchmarkProgram {
  var name: String
  /// `uint64_t prog(void *memory, uint64_t length)` for eBPF.
  var memory: ObjectSpec
  /// The same body as an XDP program.
  var xdp: ObjectSpec
  /// A shared library with the same function, compiled for this processor.
  var native: String

  var slots: Int { memory.programs[0].instructions.count }
}

/// The programs of a folder, compiled with clang.
struct ProgramSet {
  var programs: [BenchmarkProgram]

  /// Compiles every C source of a folder into `output`.
  /// - Parameter only: names to keep; all where it is empty.
  init(folder: String, output: String, only: Set<String>) throws {
    let clang = try Self.clang()
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".c") && !$0.hasPrefix("harness_") }
    programs = []
    for file in files.sorted() {
      let name = String(file.dropLast(2))
      guard only.isEmpty || only.contains(name) else { continue }
      let source = "\(folder)/\(file)"
      let base = "\(output)/\(name)"
      let forBPF = ["-target", "bpf", "-O2", "-mcpu=v3", "-w"]
      try run(clang, forBPF + ["-c", source, "-o", base + ".bpf.o"])
      try run(clang, forBPF + ["-DXDP", "-c", source, "-o", base + ".xdp.o"])
      // What is measured is code that does one operation at a time: vectors would be another machine.
      try run(
        clang,
        ["-O2", "-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops", "-shared", "-fPIC", "-w", source, "-o", base + ".native.so"])
      var memory = try ObjectSpec(bytes: bytes(of: base + ".bpf.o"), name: base + ".bpf.o")
      guard !memory.programs.isEmpty else { throw BenchmarkError("\(source) defines no program; see benchmark.h") }
      memory.programs[0].type = .rawMemory
      let xdp = try ObjectSpec(bytes: bytes(of: base + ".xdp.o"), name: base + ".xdp.o")
      programs.append(BenchmarkProgram(name: name, memory: memory, xdp: xdp, native: base + ".native.so"))
    }
    guard !programs.isEmpty else { throw BenchmarkError("no C programs of that name in \(folder)") }
  }

  /// `EBPF_CLANG`, or the clang beside the first `swiftc` on the path.
  static func clang() throws -> String {
    let environment = ProcessInfo.processInfo.environment
    if let clang = environment["EBPF_CLANG"] { return clang }
    for folder in (environment["PATH"] ?? "").split(separator: ":") {
      if access("\(folder)/swiftc", X_OK) == 0, access("\(folder)/clang", X_OK) == 0 { return "\(folder)/clang" }
    }
    throw BenchmarkError("no clang beside swiftc on the path; set EBPF_CLANG to one that has the BPF target")
  }
}

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// Runs a program to its end.
/// - Throws: ``BenchmarkError`` where it fails.
func run(_ program: String, _ arguments: [String]) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    throw BenchmarkError("\(program) \(arguments.joined(separator: " ")): exit \(process.terminationStatus)")
  }
}

/// The input of all programs: 2,048 bytes, the same on every machine; they begin as a TCP packet to port 443.
func benchmarkInput() -> [UInt8] {
  var state: UInt64 = 7
  var input = (0..<2048).map { _ -> UInt8 in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56) | 1
  }
  input.replaceSubrange(0..<14, with: Array(1...12) + [0x08, 0x00])
  input.replaceSubrange(14..<34, with: [0x45, 0, 5, 220, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 1, 2, 3, 192, 168, 1, 9])
  input.replaceSubrange(34..<38, with: [0xc8, 0x22, 0x01, 0xbb])
  input[46] = 0x50
  input[47] = 0x10
  input.replaceSubrange(1280..<1536, with: input[1024..<1280])
  return input
}
