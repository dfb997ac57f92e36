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

  /// The context as the program left it, as the kernel's structure for it (`__sk_buff`, `xdp_md`) or a record of the program's.
  /// - Throws: ``HostError/Code/badArgument`` where the run gave none, or fewer bytes.
  public func context<Context>(as type: Context.Type) throws(HostError) -> Context {
    precondition(_isPOD(Context.self), "\(Context.self) is no plain structure")
    guard context.count >= MemoryLayout<Context>.size else {
      throw HostError(
        .badArgument, "\(Context.self) has \(MemoryLayout<Context>.size) bytes, and the run gave \(context.count): give it a context")
    }
    return context.withUnsafeBytes { $0.loadUnaligned(as: Context.self) }
  }

  /// The bytes of a context's structure. C's structures with unions are plain too, and not `BitwiseCopyable` to Swift.
  static func bytes<Context>(of context: Context) -> [UInt8] {
    if let bytes = context as? [UInt8] { return bytes }
    precondition(_isPOD(Context.self), "\(Context.self) is no plain structure")
    return withUnsafeBytes(of: context) { Array($0) }
  }

  /// Checks what the program returned: an action of its kind, ``XDPAction`` for one.
  /// - Throws: ``ExpectationFailure``, which says both.
  @discardableResult
  public func expect<Action: RawRepresentable>(
    _ action: Action, file: StaticString = #fileID, line: UInt = #line
  ) throws(ExpectationFailure) -> TestOutcome where Action.RawValue: FixedWidthInteger {
    try expect(returning: Int32(truncatingIfNeeded: action.rawValue), file: file, line: line)
  }

  /// Checks what the program returned.
  @discardableResult
  public func expect(
    returning value: Int32, file: StaticString = #fileID, line: UInt = #line
  ) throws(ExpectationFailure) -> TestOutcome {
    guard returnValue == value else {
      throw ExpectationFailure("\(file):\(line): '\(program.name)' returned \(name(returnValue)); expected was \(name(value))")
    }
    return self
  }

  /// Checks the packet that the program left.
  /// - Throws: ``ExpectationFailure`` with the fields that differ.
  @discardableResult
  public func expect(
    packet: TestPacket, file: StaticString = #fileID, line: UInt = #line
  ) throws(ExpectationFailure) -> TestOutcome { try expect(packet: packet.bytes, file: file, line: line) }

  /// Checks the packet that the program left.
  @discardableResult
  public func expect(
    packet bytes: [UInt8], file: StaticString = #fileID, line: UInt = #line
  ) throws(ExpectationFailure) -> TestOutcome {
    let difference = PacketDifference(expected: bytes, actual: packet)
    guard difference.isEmpty, bytes == packet else {
      throw ExpectationFailure("\(file):\(line): the packet that '\(program.name)' left differs:\n\(difference)")
    }
    return self
  }

  /// Checks that the program left the packet as it was.
  @discardableResult
  public func expectUnchangedPacket(
    file: StaticString = #fileID, line: UInt = #line
  ) throws(ExpectationFailure) -> TestOutcome { try expect(packet: input, file: file, line: line) }

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
