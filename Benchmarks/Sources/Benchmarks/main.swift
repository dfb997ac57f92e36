import EBPFJIT
import EBPFObject
import Foundation

let usage = """
  usage: Benchmarks [--only engines,translation,calls,maps,packets] [--programs NAME,NAME] [--rounds N]
         Benchmarks --code FOLDER [--programs NAME,NAME]    writes the JIT's code: objdump -D -b binary -m i386:x86-64 FOLDER/NAME.bin
         Benchmarks --object FILE.o
         Benchmarks --verification FOLDER                   the objects in it, here and in the kernel
         Benchmarks --start COMMAND ARGUMENT...

  EBPF_BENCHMARK_PROGRAMS  another folder of programs (default: Programs beside Package.swift)
  UBPF_LIBRARY             a libubpf.so to measure as a peer
  EBPF_CLANG               the clang to compile with (default: beside swiftc)
  """

var only: Set<String> = []
var names: Set<String> = []
var rounds = 15
var object: String?
var verification: String?
var command: [String] = []
var code: String?
var arguments = Array(CommandLine.arguments.dropFirst())

@MainActor
func next() -> String {
  guard !arguments.isEmpty else {
    print(usage)
    exit(2)
  }
  return arguments.removeFirst()
}

while !arguments.isEmpty {
  switch next() {
  case "--only": only = Set(next().split(separator: ",").map(String.init))
  case "--programs": names = Set(next().split(separator: ",").map(String.init))
  case "--rounds": rounds = max(1, Int(next()) ?? rounds)
  case "--object": object = next()
  case "--verification": verification = next()
  case "--code": code = next()
  case "--start":
    command = arguments
    arguments = []
  case "--help", "-h":
    print(usage)
    exit(0)
  default:
    print(usage)
    exit(2)
  }
}

let wants = { (part: String) in only.isEmpty || only.contains(part) }

do {
  if let object {
    try ObjectBenchmark(path: object, rounds: rounds).run()
  } else if let verification {
    try VerificationBenchmark(folder: verification, rounds: min(rounds, 5)).run()
  } else if !command.isEmpty {
    try StartBenchmark(command: command, rounds: max(rounds, 40)).run()
  } else {
    let folder = ProcessInfo.processInfo.environment["EBPF_BENCHMARK_PROGRAMS"] ?? "Programs"
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("ebpf-benchmarks-\(getpid())").path
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: output) }
    if let code, let jit = JIT.forThisProcessor {
      try FileManager.default.createDirectory(atPath: code, withIntermediateDirectories: true)
      for program in try ProgramSet(folder: folder, output: output, only: names).programs {
        let bytes = try jit.compile(program.memory.programs[0].instructions).bytes
        try Data(bytes).write(to: URL(fileURLWithPath: "\(code)/\(program.name).bin"))
      }
      exit(0)
    }
    if wants("engines") || wants("translation") {
      let programs = try ProgramSet(folder: folder, output: output, only: names).programs
      if wants("engines") { try EngineBenchmark(programs: programs, rounds: rounds, batchNanoseconds: 2e6).run() }
      if wants("translation") { try TranslationBenchmark(programs: programs, rounds: rounds).run() }
    }
    if wants("calls") { try CallBenchmark(rounds: rounds).run() }
    if wants("maps") { try MapBenchmark(rounds: rounds).run() }
    if wants("packets") { try PacketBenchmark(rounds: rounds).run() }
  }
} catch {
  FileHandle.standardError.write(Data("Benchmarks: \(error)\n".utf8))
  exit(1)
}
