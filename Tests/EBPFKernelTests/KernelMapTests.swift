import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

@Suite(.needsKernel) struct KernelMapTests {
  private func load(_ specs: [MapSpec]) throws -> Loaded { try KernelHost().load(ObjectSpec(maps: specs)) }

  @Test func hashKeepsReplacesAndForgets() throws {
    let loaded = try load([MapSpec(name: "h", type: MapType(rawValue: 1), keySize: 4, valueSize: 8, maxEntries: 2)])
    defer { loaded.close() }
    let maps = loaded.maps
    let map = maps[0]
    #expect(try map.lookup([1, 0, 0, 0]) == nil)
    try map.update([1, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7, 8])
    try map.update([1, 0, 0, 0], [8, 7, 6, 5, 4, 3, 2, 1], .exist)
    #expect(try map.lookup([1, 0, 0, 0]) == [8, 7, 6, 5, 4, 3, 2, 1])
    #expect(throws: HostError.self) { try map.update([1, 0, 0, 0], [UInt8](repeating: 0, count: 8), .noExist) }
    try map.update([2, 0, 0, 0], [UInt8](repeating: 0, count: 8), .noExist)
    do throws(HostError) {
      try map.update([3, 0, 0, 0], [UInt8](repeating: 0, count: 8))
      Issue.record("a full map took one more")
    } catch { #expect(error.errno == 7) }
    #expect(try Set(map.entries().map { $0.key[0] }) == [1, 2])
    #expect(try map.lookupAndDelete([2, 0, 0, 0]) == [UInt8](repeating: 0, count: 8))
    #expect(try map.delete([1, 0, 0, 0]))
    #expect(try !map.delete([1, 0, 0, 0]))
    #expect(try map.nextKey(after: nil) == nil)
  }

  @Test func sizesAreCheckedBeforeTheKernelReadsThem() throws {
    let loaded = try load([MapSpec(name: "h", type: MapType(rawValue: 1), keySize: 4, valueSize: 8, maxEntries: 2)])
    defer { loaded.close() }
    let maps = loaded.maps
    #expect(throws: HostError.self) { try maps[0].lookup([1]) }
    #expect(throws: HostError.self) { try maps[0].update([1, 2, 3, 4], [1]) }
    #expect(throws: HostError.self) { try maps[0].nextKey(after: [1]) }
    #expect(throws: HostError.self) { try maps[0].drain { _ in } }
  }

  @Test func perCPUMapsHaveAValueForEachProcessor() throws {
    let loaded = try load([
      MapSpec(name: "a", type: MapType(rawValue: 6), keySize: 4, valueSize: 4, maxEntries: 3),
      MapSpec(name: "h", type: MapType(rawValue: 5), keySize: 4, valueSize: 12, maxEntries: 3),
    ])
    defer { loaded.close() }
    let maps = loaded.maps
    for map in maps {
      #expect(map.processorCount == Processors.possible)
      #expect(map.fullValueSize == (map.spec.valueSize + 7) / 8 * 8 * Processors.possible)
      let value = (0..<map.fullValueSize).map { $0 % 8 < 4 ? UInt8(truncatingIfNeeded: $0) : 0 }
      try map.update([1, 0, 0, 0], value)
      #expect(try map.lookup([1, 0, 0, 0]) == value)
    }
  }

  @Test func elementsThatAreNotZeroAreFoundInBatches() throws {
    // Several batches, the last one cut short; of the per-CPU array only the last processor has something.
    let specs = [
      MapSpec(name: "a", type: .array, keySize: 4, valueSize: 12, maxEntries: 70_001),
      MapSpec(name: "p", type: .percpuArray, keySize: 4, valueSize: 4, maxEntries: 40_003),
    ]
    let indices = [0, 1, 21_844, 21_845, 39_999, 40_002]
    for host: any Host in [KernelHost(), UserspaceHost()] as [any Host] {
      let loaded = try host.load(ObjectSpec(maps: specs))
      defer { loaded.close() }
      for map in loaded.maps {
        var found: [Int] = []
        try map.visitNonzero { found.append($0) }
        #expect(found == [])
        for index in indices {
          var value = [UInt8](repeating: 0, count: map.fullValueSize)
          value[map.fullValueSize - (map.processorCount > 1 ? 5 : 1)] = 1
          try map.update(withUnsafeBytes(of: UInt32(index)) { [UInt8]($0) }, value)
        }
        try map.visitNonzero { found.append($0) }
        #expect(found == indices)
      }
    }
  }

  @Test func queuesAndStacksHaveNoKeys() throws {
    let loaded = try load([
      MapSpec(name: "q", type: MapType(rawValue: 22), keySize: 0, valueSize: 2, maxEntries: 4),
      MapSpec(name: "s", type: MapType(rawValue: 23), keySize: 0, valueSize: 2, maxEntries: 4),
    ])
    defer { loaded.close() }
    let maps = loaded.maps
    for map in maps {
      try map.update([], [1, 1])
      try map.update([], [2, 2])
    }
    #expect(try maps[0].lookup([]) == [1, 1])
    #expect(try maps[0].lookupAndDelete([]) == [1, 1])
    #expect(try maps[1].lookupAndDelete([]) == [2, 2])
    #expect(try maps[1].lookupAndDelete([]) == [1, 1])
    #expect(try maps[1].lookupAndDelete([]) == nil)
  }

  @Test func longestPrefixWins() throws {
    let loaded = try load([
      MapSpec(name: "lpm", type: MapType(rawValue: 11), keySize: 8, valueSize: 1, maxEntries: 4, flags: .noPreallocation)
    ])
    defer { loaded.close() }
    let maps = loaded.maps
    try maps[0].update([8, 0, 0, 0, 10, 0, 0, 0], [1])
    try maps[0].update([24, 0, 0, 0, 10, 1, 2, 0], [2])
    #expect(try maps[0].lookup([32, 0, 0, 0, 10, 1, 2, 9]) == [2])
    #expect(try maps[0].lookup([32, 0, 0, 0, 10, 9, 2, 9]) == [1])
    #expect(try maps[0].lookup([32, 0, 0, 0, 11, 9, 2, 9]) == nil)
  }

  @Test func contentsAreFilledInAndFrozen() throws {
    let rodata = MapSpec(
      name: ".rodata", type: MapType(rawValue: 2), keySize: 4, valueSize: 4, maxEntries: 1,
      contents: [.init(key: [0, 0, 0, 0], value: .bytes([1, 2, 3, 4]))], isFrozen: true, dataSection: .rodata)
    let inner = MapSpec(name: "inner", type: MapType(rawValue: 2), keySize: 4, valueSize: 4, maxEntries: 1)
    let outer = MapSpec(
      name: "outer", type: MapType(rawValue: 12), keySize: 4, valueSize: 4, maxEntries: 2, inner: inner,
      contents: [.init(key: [1, 0, 0, 0], value: .map(1))])
    let loaded = try load([rodata, inner, outer])
    defer { loaded.close() }
    let maps = loaded.maps
    #expect(try maps[0].lookup([0, 0, 0, 0]) == [1, 2, 3, 4])
    #expect(throws: HostError.self) { try maps[0].update([0, 0, 0, 0], [0, 0, 0, 0]) }
    // The kernel shows a map in a map as its number.
    #expect(try maps[2].lookup([1, 0, 0, 0]) != nil)
    #expect(try maps[2].lookup([0, 0, 0, 0]) == nil)
  }

  @Test func impossibleMapsAreRefusedByName() throws {
    for spec in [
      MapSpec(name: "unknown", type: MapType(rawValue: 9999), keySize: 4, valueSize: 4, maxEntries: 1),
      MapSpec(name: "negative", type: MapType(rawValue: 1), keySize: -4, valueSize: 4, maxEntries: 1),
      MapSpec(name: "huge", type: MapType(rawValue: 1), keySize: 4, valueSize: 1 << 40, maxEntries: 1),
      MapSpec(name: "empty", type: MapType(rawValue: 2), keySize: 4, valueSize: 4, maxEntries: 0),
      MapSpec(name: "lonely", type: MapType(rawValue: 12), keySize: 4, valueSize: 4, maxEntries: 1),
    ] {
      do throws(HostError) {
        try KernelHost().load(ObjectSpec(maps: [spec])).close()
        Issue.record("\(spec.name) was created")
      } catch {
        #expect(error.message.contains("'\(spec.name)'"))
        #expect(!error.message.contains("memlock"))
      }
    }
  }

  @Test func aClosedMapSaysSo() throws {
    let loaded = try KernelHost().load(
      ObjectSpec(maps: [MapSpec(name: "h", type: MapType(rawValue: 1), keySize: 4, valueSize: 8, maxEntries: 2)]))
    loaded.close()
    loaded.close()
    do throws(HostError) {
      _ = try loaded.maps[0].lookup([0, 0, 0, 0])
      Issue.record("a closed map answered")
    } catch { #expect(error.code == .closed) }
  }

  @Test func ringBufferRecordsComeOutInOrder() throws {
    // Two records of 8 bytes a run: the packet's length, and one that is given up.
    var code = ProgramBuilder()
    let out = code.label()
    code.emit(.mov64(.r6, .r1))
    code.emit(Instruction.map(.r1, index: 0))
    code.emit(.mov64(.r2, 8))
    code.emit(.mov64(.r3, 0))
    code.emit(.call(131))  // bpf_ringbuf_reserve
    code.jump(.eq, .r0, 0, to: out)
    code.emit(.load(.w, .r1, .r6, 0))
    code.emit(.store(.dw, .r0, 0, .r1))
    code.emit(.mov64(.r1, .r0))
    code.emit(.mov64(.r2, 0))
    code.emit(.call(132))  // bpf_ringbuf_submit
    code.emit(Instruction.map(.r1, index: 0))
    code.emit(.mov64(.r2, 24))
    code.emit(.mov64(.r3, 0))
    code.emit(.call(131))
    code.jump(.eq, .r0, 0, to: out)
    code.emit(.mov64(.r1, .r0))
    code.emit(.mov64(.r2, 0))
    code.emit(.call(133))  // bpf_ringbuf_discard
    code.place(out)
    code.emit(.mov64(.r0, 0))
    code.emit(.exit)
    let program = ProgramSpec(name: "ring", type: ProgramType(rawValue: 3), instructions: try code.finish())
    // 5000 becomes 8192: room for the kernel's rounding to be seen.
    let map = MapSpec(name: "ring", type: MapType(rawValue: 27), keySize: 0, valueSize: 0, maxEntries: 5000)
    let loaded = try KernelHost().load(ObjectSpec(programs: [program], maps: [map]))
    defer { loaded.close() }
    #expect(try loaded.map("ring").spec.maxEntries == 8192)
    var lengths: [UInt64] = []
    // More records than the buffer holds at once, so that it goes round.
    for round in 0..<2000 {
      _ = try loaded.program("ring").run(TestInput(data: [UInt8](repeating: 0, count: 64 + round % 100)))
      if round % 50 == 49 {
        let count = try loaded.map("ring").drain { lengths.append($0.loadUnaligned(as: UInt64.self)) }
        #expect(count == 50)
      }
    }
    #expect(lengths == (0..<2000).map { UInt64(64 + $0 % 100) })
    #expect(try loaded.map("ring").drain { _ in } == 0)
  }
}
