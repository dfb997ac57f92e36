#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where a command's text goes: the process's standard output and error, or what a test puts in their place.
package struct Console: Sendable {
  /// The two ways out.
  package enum Stream: Sendable {
    case output
    case error
  }

  /// The console of the command that runs.
  @TaskLocal package static var current = Console.process

  /// Whether text may be coloured (`NO_COLOR`, a pipe and a dumb terminal say no).
  package var usesColor: Bool
  /// The same of standard error.
  package var usesErrorColor = false
  private let write: @Sendable (Stream, String) -> Void

  package init(usesColor: Bool = false, write: @escaping @Sendable (Stream, String) -> Void) {
    self.usesColor = usesColor
    self.write = write
  }

  /// The process's own outputs.
  package static let process = {
    var console = Console(usesColor: takesColor(STDOUT_FILENO)) { stream, text in
      _ = writeAll(stream == .output ? STDOUT_FILENO : STDERR_FILENO, Array(text.utf8))
    }
    console.usesErrorColor = takesColor(STDERR_FILENO)
    return console
  }()

  private static func takesColor(_ descriptor: Int32) -> Bool {
    // https://no-color.org: any value but the empty one.
    if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
    guard isatty(descriptor) == 1 else { return false }
    return getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
  }

  /// Writes a text and a line feed to standard output.
  package static func print(_ text: String) { current.write(.output, text + "\n") }

  /// Writes a text to standard output as it is.
  package static func write(_ text: String) { current.write(.output, text) }

  /// Writes `ebpf: ` and a line to standard error: what a reader should know and a script need not.
  package static func note(_ text: String) { current.write(.error, "ebpf: \(text)\n") }

  /// Writes a text and a line feed to standard error as it is.
  package static func printError(_ text: String) { current.write(.error, text + "\n") }
}

/// Colours, where the console takes any.
enum Paint: String {
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case cyan = "36"

  func callAsFunction(_ text: String) -> String { Console.current.usesColor ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text }
}

/// Why a command did not do what it was asked to: one line, with the thing, the place and the way out. The exit code is 1.
package struct CommandFailure: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
