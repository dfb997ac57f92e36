import EBPFTables

/// What a map's global holds after its initialiser ran: `BPF.MapDefinition`, as bytes.
struct MapDefinitionRecord {
  var type: UInt32
  var keySize: UInt32
  var valueSize: UInt32
  var maxEntries: UInt32
  var flags: UInt32
  var pinning: UInt32
  var numaNode: UInt32
  var innerType: UInt32
  var innerKeySize: UInt32
  var innerValueSize: UInt32
  var innerMaxEntries: UInt32
  var innerFlags: UInt32
  var extra: UInt64

  static let size = 56

  /// Reads the record at the start of a global's bytes.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.size else { return nil }
    func word(_ index: Int) -> UInt32 {
      let start = index * 4
      return UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24
    }
    type = word(0)
    keySize = word(1)
    valueSize = word(2)
    maxEntries = word(3)
    flags = word(4)
    pinning = word(5)
    numaNode = word(6)
    innerType = word(7)
    innerKeySize = word(8)
    innerValueSize = word(9)
    innerMaxEntries = word(10)
    innerFlags = word(11)
    extra = UInt64(word(12)) | UInt64(word(13)) << 32
  }

  /// What no kernel takes, as a phrase that follows the map's name, and what to write instead.
  ///
  /// Source: `array_map_alloc_check`, `htab_map_alloc_check`, `trie_alloc`, `queue_stack_map_alloc_check` (`kernel/bpf`).
  var problem: (what: String, instead: String)? {
    let type = EBPFTables.MapType(rawValue: type)
    switch type {
    case .hash, .lruHash, .percpuHash, .lruPercpuHash, .hashOfMaps, .array, .percpuArray, .arrayOfMaps, .progArray, .lpmTrie, .queue,
      .stack,
      .devmap, .devmapHash, .cpumap, .xskmap, .sockmap, .sockhash, .bloomFilter, .ringbuf, .userRingbuf, .reuseportSockarray, .cgroupArray:
      if maxEntries == 0 { return ("has room for nothing: its size is 0 or less", "write how many elements it holds at most") }
    default: break
    }
    switch type {
    case .hash, .lruHash, .percpuHash, .lruPercpuHash, .hashOfMaps, .sockhash:
      if keySize == 0 { return ("has keys without any bytes", "one value needs no key: write ArrayMap<Value>(count: 1)") }
    default: break
    }
    switch type {
    case .hash, .lruHash, .percpuHash, .lruPercpuHash, .array, .percpuArray, .lpmTrie, .queue, .stack:
      if valueSize == 0 { return ("has values without any bytes", "let the value be a UInt8 where only the key counts") }
    default: break
    }
    switch type {
    case .hash, .lruHash, .percpuHash, .lruPercpuHash, .lpmTrie, .sockhash:
      if keySize > 512 {
        return ("has keys of \(keySize) bytes, and a key lies on the stack, which has 512", "write a smaller key: a hash")
      }
      if maxEntries > 1 << 31 { return tooMany }
      if valueSize >= 4 << 20 { return ("has values of \(valueSize) bytes, and the kernel takes less than 4 MB", largeValues) }
    case .array, .percpuArray:
      if maxEntries > 1 << 31 { return tooMany }
      if valueSize > UInt32(Int32.max) { return ("has values of \(valueSize) bytes, and the kernel takes 2 GB", largeValues) }
    default: break
    }
    switch type {
    case .percpuHash, .lruPercpuHash, .percpuArray:
      if valueSize > 32768 {
        return ("has values of \(valueSize) bytes for each processor, and the kernel takes 32768", largeValues)
      }
    default: break
    }
    return nil
  }

  private var tooMany: (String, String) { ("has \(maxEntries) entries, more than the kernel takes", "write a smaller number") }

  private var largeValues: String { "spread the value over several elements" }
}
