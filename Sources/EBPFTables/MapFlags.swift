/// Flags of a map at creation (`BPF_F_*` of `bpf_attr.map_flags`).
public struct MapFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let noPreallocation = MapFlags(rawValue: 1 << 0)
  public static let noCommonLRU = MapFlags(rawValue: 1 << 1)
  public static let numaNode = MapFlags(rawValue: 1 << 2)
  /// User space only reads.
  public static let readOnly = MapFlags(rawValue: 1 << 3)
  /// User space only writes.
  public static let writeOnly = MapFlags(rawValue: 1 << 4)
  public static let stackBuildID = MapFlags(rawValue: 1 << 5)
  public static let zeroSeed = MapFlags(rawValue: 1 << 6)
  /// Programs only read.
  public static let readOnlyProgram = MapFlags(rawValue: 1 << 7)
  /// Programs only write.
  public static let writeOnlyProgram = MapFlags(rawValue: 1 << 8)
  public static let clone = MapFlags(rawValue: 1 << 9)
  public static let mmapable = MapFlags(rawValue: 1 << 10)
  public static let preserveElements = MapFlags(rawValue: 1 << 11)
  /// Maps of different size may be put into the map of maps (`BPF_F_INNER_MAP`).
  public static let innerMap = MapFlags(rawValue: 1 << 12)
}
