/// A text that is not LLVM IR as this reader knows it.
package struct IRError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The line of the IR text, from 1.
  package var line: Int
  /// What stands there and what was expected.
  package var message: String

  package init(line: Int, message: String) {
    self.line = line
    self.message = message
  }

  package var description: String { "line \(line) of the compiler's IR: \(message)" }
}
