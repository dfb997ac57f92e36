internal import Subprocess

#if canImport(System)
internal import System
#else
internal import SystemPackage
#endif

/// Runs a compiler and keeps what it wrote.
enum CompilerProcess {
  struct Result: Sendable {
    /// Standard output.
    var output: [UInt8]
    /// Standard error.
    var messages: String
    /// The exit status, or the number of the signal that ended it.
    var status: Int32
    var isSignal: Bool

    var succeeded: Bool { status == 0 && !isSignal }
  }

  /// Runs a program to its end, with these bytes as its standard input, its environment and working directory ours.
  static func run(_ program: String, _ arguments: [String], input: [UInt8] = []) async throws(ToolchainError) -> Result {
    do {
      let result = try await Subprocess.run(
        .path(FilePath(program)), arguments: Arguments(arguments), input: .array(input), output: .bytes(limit: .max),
        error: .bytes(limit: .max))
      let (status, isSignal) =
        switch result.terminationStatus {
        case .exited(let code): (code, false)
        case .signaled(let number): (number, true)
        }
      return Result(
        output: result.standardOutput, messages: String(decoding: result.standardError, as: UTF8.self), status: status, isSignal: isSignal)
    } catch {
      throw ToolchainError(.system, "\(program) cannot be run: \(error)")
    }
  }
}
