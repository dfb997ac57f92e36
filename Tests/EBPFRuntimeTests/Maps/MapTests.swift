import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Foundation
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

  /// An update that waits for memory: runs of other tests in this process, which have no part in the map, hold back what it may use again.
  private func patientUpdate(_ map: Map, _ key: [UInt8], _ value: [UInt8]) throws {
    for attempt in 0... {
      do {
        return try map.update(key, value)
      } catch {
        guard error.errno == ENOMEM, attempt < 20_000 else { throw error }
        usleep(1000)
      }
    }
  }

  @Test("elements that are not preallocated are not used again while a program may see them", arguments: engines)
  func epochs(engine: LoadOptions.Engine) throws {
    // Keeps the value of key 0, deletes it, then a hundred times: inserts key 1 with another value, deletes that. The first value must stay.
    var code = ProgramBuilder()
    let found = code.label()
    let again = code.label()
    func call(_ helper: Int32, key: Int32) {
      code.emit(.store(.w, .r10, -4, key))
      code.emit(.mov64(.r2, .r10))
      code.emit(.add64(.r2, -4))
      code.emit(.store(.dw, .r10, -16, 99))
      code.emit(.mov64(.r3, .r10))
      code.emit(.add64(.r3, -16))
      code.emit(.mov64(.r4, 0))
      code.emit(Instruction.map(.r1, index: 0))
      code.emit(.call(helper))
    }
    call(1, key: 0)
    code.jump(.ne, .r0, 0, to: found)
    code.emit(.exit)
    code.place(found)
    code.emit(.mov64(.r6, .r0))
    call(3, key: 0)
    code.emit(.mov64(.r7, 100))
    code.place(again)
    call(2, key: 1)
    call(3, key: 1)
    code.emit(.add64(.r7, -1))
    code.jump(.ne, .r7, 0, to: again)
    code.emit(.load(.dw, .r0, .r6, 0))
    code.emit(.exit)
    let map = MapSpec(name: "h", type: .hash, keySize: 4, valueSize: 8, maxEntries: 2, flags: .noPreallocation)
    let loaded = try EBPFRuntimeTests.load(code.finish(), engine: engine, maps: [map])
    defer { loaded.close() }
    // Many runs: what waited comes back between them, or the memory would run out.
    for _ in 0..<700 {
      try patientUpdate(loaded.maps[0], [0, 0, 0, 0], [42, 0, 0, 0, 0, 0, 0, 0])
      #expect(try loaded.programs[0].run(TestInput()).returnValue == 42)
    }
  }

  @Test("kernel settings that an object reads are those of the kernel whose behaviour is followed")
  func kernelSettings() throws {
    func object(_ name: String, isWeak: Bool) -> ObjectSpec {
      ObjectSpec(
        maps: [
          MapSpec(
            name: ".kconfig", type: .array, keySize: 4, valueSize: 4, maxEntries: 1, flags: .mmapable, isFrozen: true, dataSection: .kconfig
          )
        ], externs: [ExternSpec(name: name, kind: .kconfig, isWeak: isWeak, offset: 0, size: 4)])
    }
    let loaded = try UserspaceHost().load(object("LINUX_KERNEL_VERSION", isWeak: false))
    #expect(try loaded.maps[0].lookup([0, 0, 0, 0]) == [0, 18, 6, 0])
    #expect(try UserspaceHost().load(object("CONFIG_NOWHERE", isWeak: true)).maps[0].lookup([0, 0, 0, 0]) == [0, 0, 0, 0])
    let error = #expect(throws: HostError.self) { try UserspaceHost().load(object("CONFIG_NOWHERE", isWeak: false)) }
    #expect(error?.message.contains("'CONFIG_NOWHERE'") == true)
  }
}
