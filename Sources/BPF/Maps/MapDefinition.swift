// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
import Builtin

/// What a map is. The lowering evaluates the initialiser of a map's global and finds this at the global's address; its fields and their order
/// are those of `struct cbpf_map_definition`, as which a native host reads it.
public struct MapDefinition: BitwiseCopyable {
  var type: UInt32
  var keySize: UInt32
  var valueSize: UInt32
  var maxEntries: UInt32
  var flags: UInt32
  var pinning: UInt32
  var numaNode: UInt32
  var innerType: UInt32 = 0
  var innerKeySize: UInt32 = 0
  var innerValueSize: UInt32 = 0
  var innerMaxEntries: UInt32 = 0
  var innerFlags: UInt32 = 0
  var extra: UInt64 = 0

  @inline(__always)
  init(_ type: MapType, key: Int, value: Int, maxEntries: Int, _ options: MapOptions = MapOptions()) {
    self.type = type.rawValue
    keySize = UInt32(truncatingIfNeeded: key)
    valueSize = UInt32(truncatingIfNeeded: value)
    self.maxEntries = UInt32(clamping: maxEntries)
    flags = options.flags.rawValue
    pinning = options.pinned ? 1 : 0
    numaNode = options.numaNode
  }

  /// A map of maps.
  @inline(__always)
  init(_ type: MapType, key: Int, value: Int, maxEntries: Int, _ options: MapOptions, inner: MapDefinition) {
    self.init(type, key: key, value: value, maxEntries: maxEntries, options)
    innerType = inner.type
    innerKeySize = inner.keySize
    innerValueSize = inner.valueSize
    innerMaxEntries = inner.maxEntries
    innerFlags = inner.flags
  }

  /// A map with `map_extra`.
  @inline(__always)
  init(_ type: MapType, key: Int, value: Int, maxEntries: Int, _ options: MapOptions, extra: UInt64) {
    self.init(type, key: key, value: value, maxEntries: maxEntries, options)
    self.extra = extra
  }
}

/// `enum bpf_map_type` (`include/uapi/linux/bpf.h`).
@frozen
public struct MapType: BitwiseCopyable {
  let rawValue: UInt32
  @inline(__always)
  init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// Creation flags of a map (`BPF_F_*`, `include/uapi/linux/bpf.h`).
@frozen
public struct MapFlags: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt32
  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Elements are allocated when they are inserted, not when the map is made (`BPF_F_NO_PREALLOC`).
  @inline(__always)
  public static var noPreallocation: MapFlags { MapFlags(rawValue: 1) }
  /// Each processor has its own list of least recently used elements (`BPF_F_NO_COMMON_LRU`).
  @inline(__always)
  public static var noCommonLRU: MapFlags { MapFlags(rawValue: 2) }
  /// Memory on the NUMA node that ``MapOptions/numaNode`` names (`BPF_F_NUMA_NODE`).
  @inline(__always)
  public static var numaNode: MapFlags { MapFlags(rawValue: 4) }
  /// User space may not write (`BPF_F_RDONLY`).
  @inline(__always)
  public static var readOnly: MapFlags { MapFlags(rawValue: 8) }
  /// User space may not read (`BPF_F_WRONLY`).
  @inline(__always)
  public static var writeOnly: MapFlags { MapFlags(rawValue: 16) }
  /// The hash starts with zero instead of a random number: for tests (`BPF_F_ZERO_SEED`).
  @inline(__always)
  public static var zeroSeed: MapFlags { MapFlags(rawValue: 64) }
  /// Programs may not write (`BPF_F_RDONLY_PROG`).
  @inline(__always)
  public static var readOnlyInPrograms: MapFlags { MapFlags(rawValue: 128) }
  /// Programs may not read (`BPF_F_WRONLY_PROG`).
  @inline(__always)
  public static var writeOnlyInPrograms: MapFlags { MapFlags(rawValue: 256) }
  /// A child socket gets a copy of the element (`BPF_F_CLONE`).
  @inline(__always)
  public static var clone: MapFlags { MapFlags(rawValue: 512) }
  /// User space may map the values into its memory (`BPF_F_MMAPABLE`).
  @inline(__always)
  public static var mappable: MapFlags { MapFlags(rawValue: 1024) }
  /// Perf events stay after the file that put them there is closed (`BPF_F_PRESERVE_ELEMS`).
  @inline(__always)
  public static var preserveElements: MapFlags { MapFlags(rawValue: 2048) }
  /// Inner maps may differ in their number of entries (`BPF_F_INNER_MAP`).
  @inline(__always)
  public static var innerMap: MapFlags { MapFlags(rawValue: 4096) }
}

/// What can be said of any map beside its types and size.
public struct MapOptions: BitwiseCopyable {
  var flags: MapFlags
  var pinned: Bool
  var numaNode: UInt32

  @inline(__always)
  init(flags: MapFlags = [], pinning: Pinning = .none, numaNode: Int? = nil) {
    self.flags = numaNode == nil ? flags : flags.union(.numaNode)
    pinned = pinning == .byName
    self.numaNode = UInt32(truncatingIfNeeded: numaNode ?? 0)
  }
}

/// Whether a map outlives the programs that use it.
@frozen
public enum Pinning {
  /// The map goes with the last program and file that uses it.
  case none
  /// The map is kept under its name in the BPF file system, where the next load finds it (`LIBBPF_PIN_BY_NAME`).
  case byName
}

/// The storage of a map's global: its address is what the loader replaces by the map. A type whose first stored property, followed to the
/// end, is this one is a map.
///
/// Unchecked, because raw storage is sendable to nobody: it is written when the global is made, and only its address is used afterwards.
@_rawLayout(like: MapDefinition, movesAsLike)
public struct MapAnchor: ~Copyable, @unchecked Sendable {
  @inline(__always)
  init(_ definition: MapDefinition) {
    UnsafeMutablePointer<MapDefinition>(Builtin.unprotectedAddressOfBorrow(self)).initialize(to: definition)
  }

  @inline(__always)
  var pointer: UnsafeRawPointer { UnsafeRawPointer(Builtin.unprotectedAddressOfBorrow(self)) }
}
