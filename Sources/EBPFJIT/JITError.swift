/// Why a program was not compiled: what is wrong, at which slot, and what to do about it.
public struct JITError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Which kind of failure.
  public enum Code: String, Sendable, Hashable {
    case emptyProgram
    case programTooLarge
    case unknownInstruction
    case badRegister
    case framePointerWritten
    case truncatedWideInstruction
    case jumpOutOfRange
    case fallsOffTheEnd
    case callStackTooDeep
    case badOperand
  }

  /// Which kind of failure.
  public var code: Code
  /// Index of the slot at fault, where there is one.
  public var slot: Int?
  /// What is wrong, in a line.
  public var message: String

  public init(_ code: Code, slot: Int? = nil, _ message: String) {
    self.code = code
    self.slot = slot
    self.message = message
  }

  public var description: String {
    slot.map { "cannot compile instruction \($0): \(message)" } ?? "cannot compile the program: \(message)"
  }
}
