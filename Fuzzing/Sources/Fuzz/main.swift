import CFuzzer
import Foundation

// usage: Fuzz TARGET [libFuzzer's arguments], see run in this package.

let targets: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt] = [
  "object": { fuzzObject(bytes($0, $1)) },
  "btf": { fuzzBTF(bytes($0, $1)) },
  "capture": { fuzzCapture(bytes($0, $1)) },
  "assembly": { fuzzAssembly(bytes($0, $1)) },
  "program": { fuzzProgram(bytes($0, $1)) },
]

guard CommandLine.arguments.count > 1, let target = targets[CommandLine.arguments[1]] else {
  print("usage: Fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's arguments]")
  exit(2)
}

// libFuzzer gets the program's name and what follows the target's.
var arguments = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0)! }
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
