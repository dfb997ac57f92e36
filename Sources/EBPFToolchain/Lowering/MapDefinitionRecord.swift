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
}
