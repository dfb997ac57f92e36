public import EBPFBTF
public import EBPFTables

/// The definition of a map; no memory stands behind it.
public struct MapSpec: Sendable {
  /// The name in the object.
  public var name: String
  /// The map's type.
  public var type: MapType
  /// Bytes of a key; 0 for queues, stacks and ring buffers.
  public var keySize: Int
  /// Bytes of a value; 0 for ring buffers. Per-CPU maps: of one processor's value.
  public var valueSize: Int
  /// The most elements, or a ring buffer's size in bytes.
  public var maxEntries: Int
  /// How it is created.
  public var flags: MapFlags
  /// `map_extra`.
  public var extra: UInt64
  /// The memory node, where ``MapFlags/numaNode`` is set.
  public var numaNode: Int?
  /// Types of key and value in the object's BTF, 0 without.
  public var keyTypeID: BTF.TypeID
  /// The value's type in the object's BTF; 0 without.
  public var valueTypeID: BTF.TypeID
  /// How the map outlives its owner.
  public var pinning: Pinning
  /// The template of the inner maps of a map of maps (an array, so that the value can hold itself: none or one element).
  public var inner: [MapSpec]
  /// What is put into the map at load: bytes of a data section (key 0), or inner maps and programs by name (`values` of a BTF-defined map).
  public var contents: [Entry]
  /// Whether user space can change it after load: `.rodata` is frozen.
  public var isFrozen: Bool
  /// What kind of data section the map stands for, `nil` for the maps that the author declared.
  public var dataSection: DataSection?

  /// Where a map is kept beyond the life of the process.
  public enum Pinning: Sendable, Hashable {
    case none
    /// Under the map's name in the loader's directory (`LIBBPF_PIN_BY_NAME`).
    case byName
    /// A legacy or foreign number, passed on as read.
    case other(UInt32)
  }

  /// The four kinds of global data.
  public enum DataSection: String, Sendable, Hashable {
    case data = ".data"
    case rodata = ".rodata"
    case bss = ".bss"
    case kconfig = ".kconfig"
  }

  /// A key and what stands under it at load.
  public struct Entry: Sendable, Hashable {
    /// What stands under a key.
    public enum Value: Sendable, Hashable {
      case bytes([UInt8])
      /// Another map of the object, by index.
      case map(Int)
      /// A program of the object, by name.
      case program(String)
    }
    /// The key, of the map's key size.
    public var key: [UInt8]
    /// What stands under it.
    public var value: Value

    public init(key: [UInt8], value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// A map from its sizes; the rest as a plain map has it.
  public init(
    name: String, type: MapType, keySize: Int, valueSize: Int, maxEntries: Int, flags: MapFlags = [], extra: UInt64 = 0,
    numaNode: Int? = nil, keyTypeID: BTF.TypeID = 0, valueTypeID: BTF.TypeID = 0, pinning: Pinning = .none, inner: MapSpec? = nil,
    contents: [Entry] = [], isFrozen: Bool = false, dataSection: DataSection? = nil
  ) {
    self.name = name
    self.type = type
    self.keySize = keySize
    self.valueSize = valueSize
    self.maxEntries = maxEntries
    self.flags = flags
    self.extra = extra
    self.numaNode = numaNode
    self.keyTypeID = keyTypeID
    self.valueTypeID = valueTypeID
    self.pinning = pinning
    self.inner = inner.map { [$0] } ?? []
    self.contents = contents
    self.isFrozen = isFrozen
    self.dataSection = dataSection
  }
}
