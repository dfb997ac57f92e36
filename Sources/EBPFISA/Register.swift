/// One of the machine's eleven 64-bit registers (RFC 9669 section 2.2).
///
/// r0 holds results, r1 to r5 are a call's arguments and are lost in it, r6 to r9 survive a call, r10 is the frame pointer and cannot be written.
@frozen
public enum Register: UInt8, Hashable, Sendable, CaseIterable, Comparable {
  case r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10

  /// The frame pointer: the address behind the frame's 512 bytes of stack, which lie at negative offsets.
  public static var framePointer: Register { .r10 }

  /// The registers that a call's arguments are passed in.
  public static var arguments: [Register] { [.r1, .r2, .r3, .r4, .r5] }

  @inlinable
  public static func < (left: Register, right: Register) -> Bool { left.rawValue < right.rawValue }
}

extension Register: CustomStringConvertible {
  /// `r0` to `r10`.
  public var description: String { "r\(rawValue)" }
}
