/// Flags of a map at creation (`BPF_F_*` of `bpf_attr.map_flags`).
public struct MapFlags: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Elements are allocated as they come (`BPF_F_NO_PREALLOC`).
  public static let noPreallocation = MapFlags(rawValue: 1 << 0)
  /// Every processor has an LRU list of its own (`BPF_F_NO_COMMON_LRU`).
  public static let noCommonLRU = MapFlags(rawValue: 1 << 1)
  /// The map lies on a memory node of the caller's choice (`BPF_F_NUMA_NODE`).
  public static let numaNode = MapFlags(rawValue: 1 << 2)
  /// User space only reads.
  public static let readOnly = MapFlags(rawValue: 1 << 3)
  /// User space only writes.
  public static let writeOnly = MapFlags(rawValue: 1 << 4)
  /// A stack trace holds build identifiers and offsets in place of addresses (`BPF_F_STACK_BUILD_ID`).
  public static let stackBuildID = MapFlags(rawValue: 1 << 5)
  /// Hashing starts from zero, the same in each map; for tests (`BPF_F_ZERO_SEED`).
  public static let zeroSeed = MapFlags(rawValue: 1 << 6)
  /// Programs only read.
  public static let readOnlyProgram = MapFlags(rawValue: 1 << 7)
  /// Programs only write.
  public static let writeOnlyProgram = MapFlags(rawValue: 1 << 8)
  /// A socket's storage is copied to those that are cloned from it (`BPF_F_CLONE`).
  public static let clone = MapFlags(rawValue: 1 << 9)
  /// User space can map the values into its memory (`BPF_F_MMAPABLE`).
  public static let mmapable = MapFlags(rawValue: 1 << 10)
  /// Events stay in a perf event array when the descriptor that put them there is closed (`BPF_F_PRESERVE_ELEMS`).
  public static let preserveElements = MapFlags(rawValue: 1 << 11)
  /// Maps of different size may be put into the map of maps (`BPF_F_INNER_MAP`).
  public static let innerMap = MapFlags(rawValue: 1 << 12)
}
