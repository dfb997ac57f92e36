import EBPFToolchain

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// What the package plugin runs: sources of an eBPF program in, the Swift source of its skeleton out.
//
//   EBPFBuild --name Counter --output Counter.swift [--module Counter] [--testable] [--cache FOLDER] [--cpu v1…v4]
//             [--btf FILE] [--traps abort|throw|unchecked] [-D NAME[=VALUE]]… [-I FOLDER]… -- SOURCES
//
// What a compiler says goes to standard error as it is, so that the build shows it at the user's line. Status 1: it did not compile; 2: wrong usage.

func report(_ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var done = 0
    while done < bytes.count, case let count = write(STDERR_FILENO, bytes.baseAddress! + done, bytes.count - done), count > 0 {
      done += count
    }
  }
}

func fail(_ message: String, status: Int32) -> Never {
  report(message + "\n")
  exit(status)
}

func usage(_ message: String) -> Never { fail("EBPFBuild: \(message)", status: 2) }

var job = SkeletonJob(name: "", sources: [])
var output = ""
var rest = CommandLine.arguments.dropFirst()
arguments: while let argument = rest.popFirst() {
  func value() -> String {
    guard let value = rest.popFirst() else { usage("\(argument) needs a value") }
    return value
  }
  switch argument {
  case "--name": job.name = value()
  case "--output": output = value()
  case "--module": job.module = value()
  case "--testable": job.isTestable = true
  case "--cache": job.cache = value()
  case "--cpu": job.options.cpu = value()
  case "--traps":
    let word = value()
    guard let traps = CompileOptions.Traps(rawValue: word) else { usage("--traps is abort, throw or unchecked, not '\(word)'") }
    job.options.traps = traps
  case "--btf": job.options.kernelTypes = value()
  case "-D": job.options.defines.append(value())
  case "-I": job.options.includes.append(value())
  case "--":
    job.sources = Array(rest)
    break arguments
  default: usage("'\(argument)' is no option; sources stand behind --")
  }
}
if job.name.isEmpty || output.isEmpty || job.sources.isEmpty { usage("--name, --output and sources are needed") }

do {
  let (text, warnings) = try await job.run()
  if !warnings.isEmpty { report(warnings) }
  // The same text again leaves the file, and all that was built from it, as it is.
  let bytes = Array(text.utf8)
  if (try? FileSystem.read(output)) != bytes {
    do throws(FileSystem.Failure) { try FileSystem.write(bytes, to: output) } catch {
      fail("EBPFBuild: \(output): \(error.words)", status: 1)
    }
  }
} catch {
  fail(error.message, status: 1)
}
