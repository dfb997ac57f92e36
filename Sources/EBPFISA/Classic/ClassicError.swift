/// Why something is not a classic BPF program, or cannot be translated.
public struct ClassicError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Kinds of failure. The kernel answers `EINVAL` to all of them that a program can have.
  public enum Code: String, Sendable, Hashable {
    /// No instructions, or over 4096 of them.
    case length
    case unknownCode
    case divisionByZero
    /// A shift by 32 or more.
    case shift
    /// M has 16 words.
    case scratchIndex
    /// A jump leads behind the last instruction, or backward.
    case jumpOutOfRange
    /// An offset from `SKF_AD_OFF` on that stands for nothing.
    case unknownAncillary
    /// The last instruction is not a `ret`.
    case noReturn
    /// A word of M that is loaded before it is stored on some path.
    case scratchNotStored
    /// Valid, but there is no way to say it in eBPF.
    case unsupported
    /// The text is not one; ``ClassicError/instruction`` is a line there, from 1.
    case syntax
  }

  /// Which kind of failure.
  public let code: Code
  /// The instruction at fault, from 0, or a text's line, from 1; `nil` where it is the program as a whole.
  public let instruction: Int?
  /// What is wrong, in one line.
  public let message: String

  public init(_ code: Code, at instruction: Int?, _ message: String) {
    self.code = code
    self.instruction = instruction
    self.message = message
  }

  public var description: String {
    guard let instruction else { return message }
    return code == .syntax ? "line \(instruction): \(message)" : "instruction \(instruction): \(message)"
  }
}
