public import EBPFHost
import EBPFObject

/// What one run of a program did.
public struct TestOutcome: Sendable {
  let program: ProgramSpec
  let input: [UInt8]
  /// What the host gave.
  public let result: TestResult

  init(program: ProgramSpec, input: [UInt8], result: TestResult) {
    self.program = program
    self.input = input
    self.result = result
  }

  /// What the program returned, its low 32 bits.
  public var returnValue: Int32 { Int32(truncatingIfNeeded: result.returnValue) }

  /// The packet as the program left it.
  public var packet: [UInt8] { result.data }

  /// The context as the program left it.
  public var context: [UInt8] { result.context }

  /// Checks what the program returned: an action of its kind, ``XDPAction`` for one.
  /// - Throws: ``ExpectationFailure``, which says both.
  @discardableResult
  public func expect<Action: RawRepresentable>(_ action: Action) throws(ExpectationFailure) -> TestOutcome
  where Action.RawValue: FixedWidthInteger {
    let expected = Int32(truncatingIfNeeded: action.rawValue)
    guard returnValue == expected else {
      throw ExpectationFailure("'\(program.name)' returned \(name(returnValue)); expected was \(name(expected))")
    }
    return self
  }

  /// Checks what the program returned.
  @discardableResult
  public func expect(returning value: Int32) throws(ExpectationFailure) -> TestOutcome {
    guard returnValue == value else {
      throw ExpectationFailure("'\(program.name)' returned \(name(returnValue)); expected was \(name(value))")
    }
    return self
  }

  /// Checks the packet that the program left.
  /// - Throws: ``ExpectationFailure`` with the fields that differ.
  @discardableResult
  public func expect(packet: TestPacket) throws(ExpectationFailure) -> TestOutcome { try expect(packet: packet.bytes) }

  /// Checks the packet that the program left.
  @discardableResult
  public func expect(packet bytes: [UInt8]) throws(ExpectationFailure) -> TestOutcome {
    let difference = PacketDifference(expected: bytes, actual: packet)
    guard difference.isEmpty, bytes == packet else {
      throw ExpectationFailure("the packet that '\(program.name)' left differs:\n\(difference)")
    }
    return self
  }

  /// Checks that the program left the packet as it was.
  @discardableResult
  public func expectUnchangedPacket() throws(ExpectationFailure) -> TestOutcome { try expect(packet: input) }

  /// A returned number with the name that its kind gives it.
  private func name(_ value: Int32) -> String {
    let name = Verdicts.name(UInt32(bitPattern: value), program.type)
    return name == "\(UInt32(bitPattern: value))" ? "\(value)" : "\(name) (\(value))"
  }
}

/// What a test expected and did not find.
public struct ExpectationFailure: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
