import CFuzzer
import Foundation

// usage: Fuzz TARGET [libFuzzer's arguments], see run in this package.

let targets: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt] = [
  "object": { fuzzObject(bytes($0, $1)) },
  "btf": { fuzzBTF(bytes($0, $1)) },
  "capture": { fuzzCapture(bytes($0, $1)) },
  "assembly": { fuzzAssembly(bytes($0, $1)) },
  "program": { fuzzProgram(bytes($0, $1)) },
  "verifier": { fuzzVerifier(bytes($0, $1)) },
]

// What run calls before: Fuzz seeds TARGET FOLDER LIMIT OBJECT...
if CommandLine.arguments.count > 4, CommandLine.arguments[1] == "seeds", let limit = Int(CommandLine.arguments[4]) {
  try writeSeeds(of: CommandLine.arguments[2], from: Array(CommandLine.arguments.dropFirst(5)), to: CommandLine.arguments[3], limit: limit)
  exit(0)
}

// libFuzzer starts itself again to merge and to minimise, with its own arguments only: the target's name is then in the environment.
var rest = CommandLine.arguments.dropFirst()
if let name = rest.first, targets[name] != nil {
  setenv("EBPF_FUZZ_TARGET", name, 1)
  rest.removeFirst()
}
guard let name = ProcessInfo.processInfo.environment["EBPF_FUZZ_TARGET"], let target = targets[name] else {
  print("usage: Fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's arguments]")
  exit(2)
}

// libFuzzer gets the program's name and what follows the target's.
var arguments = ([CommandLine.arguments[0]] + rest).map { strdup($0)! }
var count = CInt(arguments.count)
arguments.append(strdup("")!)
arguments.withUnsafeMutableBufferPointer { buffer in
  var first = buffer.baseAddress!
  exit(LLVMFuzzerRunDriver(&count, &first, target))
}

/// A copy of the input: its end is the end of an allocation, so that AddressSanitizer sees a step behind it.
func bytes(_ data: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] { [UInt8](UnsafeBufferPointer(start: data, count: count)) }

/// Fails with a reason that libFuzzer's report shows.
func check(_ condition: Bool, _ reason: @autoclosure () -> String) {
  if !condition { fatalError(reason()) }
}
