import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Synchronization
import Testing

/// Eight threads on the maps whose entries stand for something else: programs, interfaces, processors, sockets, events.
///
/// Programs run as machine code, as in ``MapThreadTests``.
@Suite("Maps of references with threads", .serialized)
struct ReferenceMapThreadTests {
  private static let threads = 8
  private static let turns = 2500

  private func load(_ programs: [(String, [Instruction])], type: ProgramType, _ maps: [MapSpec]) throws -> Loaded {
    var host = UserspaceHost()
    host.processorCount = Self.threads
    var options = LoadOptions()
    options.verification = .unchecked
    let specs = programs.map { ProgramSpec(name: $0.0, type: type, instructions: $0.1) }
    return try host.load(ObjectSpec(programs: specs, maps: maps), options: options)
  }

  @Test("programs are put into a prog array, replaced and deleted while they are called")
  func programArray() throws {
    let array = MapSpec(name: "calls", type: .progArray, keySize: 4, valueSize: 4, maxEntries: 4)
    // Calls the program under the number in the first byte; 5 where there is none.
    let caller: [Instruction] =
      [.load(.b, .r3, .r1, 0)] + Instruction.map(.r2, index: 0) + [.call(12), .mov64(.r0, 5), .exit]
    let loaded = try load(
      [("caller", caller), ("one", [.mov64(.r0, 1), .exit]), ("two", [.mov64(.r0, 2), .exit])], type: .rawMemory, [array])
    defer { loaded.close() }
    let map = loaded.maps[0]
    let called = Atomic<Int>(0)
    try inThreads(Self.threads) { thread in
      var random = SeededGenerator(seed: UInt64(thread))
      for _ in 0..<Self.turns {
        let key: [UInt8] = [.random(in: 0..<4, using: &random), 0, 0, 0]
        switch Int.random(in: 0..<12, using: &random) {
        case 0: try map.update(key, program: loaded.programs[Int.random(in: 1...2, using: &random)])
        case 1 where thread == 0:
          // A program of nobody else's, with its own maps, which goes when it is replaced.
          let other = try load([("three", [.mov64(.r0, 3), .exit])], type: .rawMemory, [])
          try map.update(key, program: other.programs[0])
        case 1: _ = try map.delete(key)
        case 2: _ = try map.lookup(key)
        case 3: _ = try map.nextKey(after: key)
        default:
          let result = try loaded.programs[0].run(TestInput(data: [key[0]])).returnValue
          if ![1, 2, 3, 5].contains(result) { Issue.record("a tail call gave \(result)") }
          if result != 5 { called.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(called.load(ordering: .relaxed) > 0)
  }

  /// A map for redirects: devmaps with and without room for a program's descriptor.
  static let redirectMaps: [MapSpec] = [
    MapSpec(name: "m", type: .devmap, keySize: 4, valueSize: 4, maxEntries: 8),
    MapSpec(name: "m", type: .devmap, keySize: 4, valueSize: 8, maxEntries: 8),
    MapSpec(name: "m", type: .devmapHash, keySize: 4, valueSize: 4, maxEntries: 8),
    MapSpec(name: "m", type: .devmapHash, keySize: 4, valueSize: 8, maxEntries: 8),
    MapSpec(name: "m", type: .cpumap, keySize: 4, valueSize: 4, maxEntries: 8),
    MapSpec(name: "m", type: .cpumap, keySize: 4, valueSize: 8, maxEntries: 8),
    MapSpec(name: "m", type: .xskmap, keySize: 4, valueSize: 4, maxEntries: 8),
  ]

  @Test("entries for redirects come and go while packets are redirected", arguments: redirectMaps)
  func redirects(spec: MapSpec) throws {
    // The key and the flags are in the packet's first two bytes.
    let program: [Instruction] =
      [.load(.w, .r6, .r1, 0)] + Instruction.map(.r1, index: 0) + [.load(.b, .r2, .r6, 0), .load(.b, .r3, .r6, 1), .call(51), .exit]
    let loaded = try load([("redirect", program)], type: .xdpType, [spec])
    defer { loaded.close() }
    let map = loaded.maps[0]
    let isDevices = spec.type == .devmap || spec.type == .devmapHash
    let redirected = Atomic<Int>(0)
    let passed = Atomic<Int>(0)
    try inThreads(Self.threads) { thread in
      var random = SeededGenerator(seed: UInt64(thread))
      for _ in 0..<Self.turns {
        let number = UInt8.random(in: 0..<8, using: &random)
        let key: [UInt8] = [number, 0, 0, 0]
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1: try map.update(key, [number + 1, 0, 0, 0] + [UInt8](repeating: 0, count: spec.valueSize - 4))
        case 2: _ = try map.delete(key)
        case 3 where spec.type != .xskmap:
          if let value = try map.lookup(key), value[0] != number + 1 { Issue.record("entry \(number) is \(value)") }
        case 4: _ = try map.nextKey(after: key)
        default:
          // To all devices, or to one; without an entry the packet passes.
          let flags: UInt8 = isDevices && number == 0 ? 8 : 2
          let packet = [number, flags] + [UInt8](repeating: 0, count: 62)
          switch try loaded.programs[0].run(TestInput(data: packet)).returnValue {
          case 4: redirected.add(1, ordering: .relaxed)
          case 2: passed.add(1, ordering: .relaxed)
          case let other: Issue.record("bpf_redirect_map gave \(other)")
          }
        }
      }
    }
    #expect(redirected.load(ordering: .relaxed) > 0 && passed.load(ordering: .relaxed) > 0)
  }

  @Test("a perf event array delivers every record once, in each writer's order")
  func events() throws {
    let spec = MapSpec(name: "e", type: .perfEventArray, keySize: 4, valueSize: 4, maxEntries: Self.threads)
    // Puts out the eight bytes of its context, to the buffer of this processor.
    let program: [Instruction] =
      [.load(.dw, .r6, .r1, 0), .store(.dw, .r10, -8, .r6)] + Instruction.map(.r2, index: 0) + [
        .mov32(.r3, -1), .mov64(.r4, .r10), .add64(.r4, -8), .mov64(.r5, 8), .call(25), .exit,
      ]
    let loaded = try load([("output", program)], type: .syscall, [spec])
    defer { loaded.close() }
    let map = loaded.maps[0]
    let written = Atomic<Int>(0)
    let finished = Atomic<Int>(0)
    let read = Mutex<[UInt64]>([])
    try inThreads(Self.threads) { thread in
      if thread == 0 {
        var all: [UInt64] = []
        while true {
          let isLast = finished.load(ordering: .acquiring) == Self.threads - 1
          _ = try map.wait(for: .milliseconds(20))
          _ = try map.drain { all.append($0.loadUnaligned(as: UInt64.self)) }
          if isLast { break }
        }
        read.withLock { $0 = all }
        return
      }
      defer { finished.add(1, ordering: .releasing) }
      for turn in 0..<Self.turns {
        if turn % 16 == 0 { _ = try map.nextKey(after: [UInt8(thread), 0, 0, 0]) }
        let word = UInt64(thread) << 32 | UInt64(turn)
        let result = try loaded.programs[0].run(TestInput(context: withUnsafeBytes(of: word) { Array($0) }))
        if result.returnValue == 0 { written.add(1, ordering: .relaxed) }
      }
    }
    let words = read.withLock { $0 }
    #expect(words.count == written.load(ordering: .relaxed) && words.count > 100)
    for thread in 1..<Self.threads {
      let turns = words.filter { $0 >> 32 == UInt64(thread) }
      #expect(zip(turns, turns.dropFirst()).allSatisfy { $0 < $1 })
    }
  }
}
