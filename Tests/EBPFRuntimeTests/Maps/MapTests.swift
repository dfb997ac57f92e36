import EBPFHost
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

/// Maps through the host API, where the kernel tests do not compare with the kernel's.
@Suite("Maps")
struct MapTests {
  func load(_ maps: [MapSpec]) throws -> Loaded { try UserspaceHost().load(ObjectSpec(maps: maps)) }

  @Test("impossible maps are refused by name, with the kernel's errno")
  func impossible() throws {
    let specs: [(MapSpec, Int32)] = [
      (MapSpec(name: "unknown", type: MapType(rawValue: 9999), keySize: 4, valueSize: 4, maxEntries: 1), 22),
      (MapSpec(name: "negative", type: .hash, keySize: -4, valueSize: 4, maxEntries: 1), 22),
      (MapSpec(name: "no key", type: .hash, keySize: 0, valueSize: 4, maxEntries: 1), 22),
      (MapSpec(name: "huge value", type: .hash, keySize: 4, valueSize: 1 << 31, maxEntries: 1), 7),
      (MapSpec(name: "empty", type: .array, keySize: 4, valueSize: 4, maxEntries: 0), 22),
      (MapSpec(name: "wide index", type: .array, keySize: 8, valueSize: 4, maxEntries: 1), 22),
      (MapSpec(name: "large", type: .array, keySize: 4, valueSize: 1 << 30, maxEntries: 1 << 30), 12),
      (MapSpec(name: "per CPU", type: .percpuArray, keySize: 4, valueSize: 40000, maxEntries: 1), 7),
      (MapSpec(name: "lazy LRU", type: .lruHash, keySize: 4, valueSize: 4, maxEntries: 1, flags: .noPreallocation), 524),
      (MapSpec(name: "flags", type: .array, keySize: 4, valueSize: 4, maxEntries: 1, flags: .noPreallocation), 22),
    ]
    for (spec, errno) in specs {
      let error = #expect(throws: HostError.self) { try load([spec]) }
      #expect(error?.message.contains("'\(spec.name)'") == true)
      #expect(error?.errno == errno, "\(spec.name)")
    }
  }

  @Test("flags and closing keep the host out")
  func access() throws {
    let loaded = try load([
      MapSpec(name: "ro", type: .hash, keySize: 4, valueSize: 4, maxEntries: 1, flags: .readOnly),
      MapSpec(name: "wo", type: .hash, keySize: 4, valueSize: 4, maxEntries: 1, flags: .writeOnly),
    ])
    let key: [UInt8] = [0, 0, 0, 0]
    #expect(throws: HostError.self) { try loaded.maps[0].update(key, key) }
    #expect(throws: HostError.self) { try loaded.maps[0].delete(key) }
    #expect(try loaded.maps[0].lookup(key) == nil)
    try loaded.maps[1].update(key, key)
    #expect(throws: HostError.self) { try loaded.maps[1].lookup(key) }
    #expect(throws: HostError.self) { try loaded.maps[1].nextKey(after: nil) }
    #expect(throws: HostError.self) { try loaded.maps[1].lookupAndDelete(key) }
    loaded.close()
    let error = #expect(throws: HostError.self) { try loaded.maps[0].lookup(key) }
    #expect(error?.code == .closed)
  }

  @Test(
    "every key of a large map is found, whatever its size", arguments: [1, 2, 3, 4, 5, 8, 12, 16, 17, 33, 64],
    [MapFlags(), .noPreallocation])
  func keySizes(size: Int, flags: MapFlags) throws {
    let count = size == 1 ? 200 : 5000
    let loaded = try load([MapSpec(name: "h", type: .hash, keySize: size, valueSize: 3, maxEntries: count, flags: flags)])
    defer { loaded.close() }
    let map = loaded.maps[0]
    func key(_ number: Int) -> [UInt8] { (0..<size).map { $0 < 2 ? UInt8(truncatingIfNeeded: number >> (8 * $0)) : UInt8($0) } }
    func value(_ number: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8), 7] }
    for number in 0..<count { try map.update(key(number), value(number), .noExist) }
    let error = #expect(throws: HostError.self) { try map.update([UInt8](repeating: 255, count: size), value(0)) }
    #expect(error?.errno == 7)
    for number in 0..<count { #expect(try map.lookup(key(number)) == value(number)) }
    #expect(try map.entries().count == count)
    for number in stride(from: 0, to: count, by: 2) { #expect(try map.delete(key(number))) }
    for number in 0..<count { #expect(try map.lookup(key(number)) == (number % 2 == 0 ? nil : value(number))) }
    for number in stride(from: 0, to: count, by: 2) { try map.update(key(number), value(number), .noExist) }
    #expect(try map.entries().count == count)
  }

  @Test("an LRU map forgets what was not looked up", arguments: [MapType.lruHash, .lruPercpuHash], [MapFlags(), .noCommonLRU])
  func lru(type: MapType, flags: MapFlags) throws {
    var host = UserspaceHost()
    host.processorCount = 1
    let loaded = try host.load(ObjectSpec(maps: [MapSpec(name: "l", type: type, keySize: 4, valueSize: 8, maxEntries: 100, flags: flags)]))
    defer { loaded.close() }
    let map = loaded.maps[0]
    for key in 0..<250 as Range<UInt8> {
      try map.update([key, 0, 0, 0], [key, 0, 0, 0, 0, 0, 0, 0], .noExist)
      #expect(try map.lookup([key, 0, 0, 0]) == [key, 0, 0, 0, 0, 0, 0, 0])
    }
    // The host's lookups count for nothing: the last hundred are left.
    #expect(try Set(map.entries().map { $0.key[0] }) == Set(150..<250))
  }
}
