/// A map type (`enum bpf_map_type`). Unknown numbers survive.
///
/// The constants carry the kernel's names in lower camel case: `BPF_MAP_TYPE_LPM_TRIE` is ``lpmTrie``.
public struct MapType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The type of that name: `lpm_trie`, as bpftool and libbpf print it, or the whole enumerator.
  public init?(name: String) {
    guard let number = Names.number(of: name, enumeratorPrefix: "BPF_MAP_TYPE_", in: Self.names) else { return nil }
    self.init(rawValue: number)
  }

  /// The kernel's name without its prefix, in lower case (`lpm_trie`); `nil` for unknown numbers.
  public var name: String? { Names.name(of: rawValue, in: Self.names) }

  /// The name, or the number where there is none.
  public var description: String { name ?? "map type \(rawValue)" }

  /// Every known type but `unspec`, by number.
  public static var all: [MapType] { names.indices.dropFirst().map { MapType(rawValue: UInt32($0)) } }
}

extension MapType {
  /// Whether each processor has its own value under a key.
  public var isPerCPU: Bool {
    switch self {
    case .percpuHash, .percpuArray, .lruPercpuHash, .percpuCgroupStorage: true
    default: false
    }
  }

  /// Whether its values are maps.
  public var isMapOfMaps: Bool { self == .arrayOfMaps || self == .hashOfMaps }

  /// Whether all its elements are there from the start, and none can be deleted.
  public var isArray: Bool { self == .array || self == .percpuArray }

  /// Whether its keys are indices below the number of entries.
  public var hasIndices: Bool { isArray || self == .arrayOfMaps || self == .progArray }
}
