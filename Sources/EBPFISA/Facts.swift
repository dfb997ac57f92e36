/// What a proof says of each instruction of a program: made by the verifier, read by the engines. All of it is by the slots of the
/// program as it was verified.
///
/// Most let code be left out: such a fact may be missing, and never changes what a correct program computes. Those of fields of the context say
/// what a store does: the instruction alone does not.
@frozen
public struct Facts: Sendable, Hashable {
  /// What is known of one slot.
  @frozen
  public struct Flags: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// No path reaches the slot.
    @inlinable
    public static var unreachable: Flags { Flags(rawValue: 1 << 0) }
    /// The conditional jump is always taken.
    @inlinable
    public static var alwaysTaken: Flags { Flags(rawValue: 1 << 1) }
    /// The conditional jump is never taken.
    @inlinable
    public static var neverTaken: Flags { Flags(rawValue: 1 << 2) }
    /// The divisor is never zero, and for a signed operation the quotient does not overflow.
    @inlinable
    public static var safeDivision: Flags { Flags(rawValue: 1 << 3) }
    /// The store of 32 bits is to a field of the context that has 16 behind it: the lower 16 are stored (`bpf_convert_ctx_access`).
    @inlinable
    public static var halfWordField: Flags { Flags(rawValue: 1 << 4) }
    /// With ``halfWordField``: nothing is stored where the value is no queue (`NO_QUEUE_MAPPING`, 0xffff, and above).
    @inlinable
    public static var queueField: Flags { Flags(rawValue: 1 << 5) }
  }

  /// One element a slot.
  public var flags: [Flags]
  /// For a helper call with a map argument that is the same map on every path: slot to index in `ObjectSpec.maps`. For compilers that put lookups
  /// inline; the one here does not yet.
  public var constantMaps: [Int: Int]
  /// The deepest stack byte that each function uses, by the slot of its first instruction (bytes below r10, a multiple of 8).
  public var stackDepth: [Int: Int]

  public init(count: Int) {
    flags = Array(repeating: [], count: count)
    constantMaps = [:]
    stackDepth = [:]
  }
}
