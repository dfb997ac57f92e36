import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Synchronization
import Testing

/// Eight threads on one map, from programs and from the host, on a host with eight processors.
///
/// Programs run as machine code: the interpreters' own loads of values that another thread writes are races that programs may have, and that
/// a thread sanitizer would report.
@Suite("Maps with threads", .serialized)
struct MapThreadTests {
  static let threads = 8
  private static let turns = 2500

  struct Case: Sendable, CustomTestStringConvertible {
    var map: MapSpec
    var operations: [MapProgram.Operation] = [.lookup, .update, .delete]
    var testDescription: String { "\(map.type) \(map.flags.rawValue)" }
  }

  static let cases: [Case] = {
    func map(_ type: MapType, _ entries: Int, _ flags: MapFlags = [], key: Int = 4) -> Case {
      Case(map: MapSpec(name: "m", type: type, keySize: key, valueSize: 16, maxEntries: entries, flags: flags))
    }
    return [
      map(.hash, 64), map(.hash, 64, .noPreallocation), map(.hash, 1), map(.array, 32), map(.percpuArray, 32), map(.percpuHash, 64),
      map(.percpuHash, 64, .noPreallocation), map(.lruHash, 40), map(.lruHash, 40, .noCommonLRU), map(.lruPercpuHash, 40),
      map(.lpmTrie, 64, .noPreallocation, key: 8),
    ]
  }()

  private func load(_ map: MapSpec, _ instructions: [Instruction], type: ProgramType = .schedCls, others: [MapSpec] = []) throws -> Loaded {
    var host = UserspaceHost()
    host.processorCount = Self.threads
    var options = LoadOptions()
    options.verification = .unchecked
    let program = ProgramSpec(name: "op", type: type, instructions: instructions)
    return try host.load(ObjectSpec(programs: [program], maps: [map] + others), options: options)
  }

  /// A value of two words of which the second says whether the first belongs to it.
  private static func value(_ word: UInt64, times: Int) -> [UInt8] {
    let one = [word, ~word].withUnsafeBytes { Array($0) }
    return (0..<times).flatMap { _ in one }
  }

  @Test("mixed operations leave a map whole", arguments: cases)
  func mixed(test: Case) throws {
    let program = MapProgram(keySize: test.map.keySize, valueSize: 16, operations: test.operations)
    let loaded = try load(test.map, program.instructions())
    defer { loaded.close() }
    let map = loaded.maps[0]
    let isInPlace = test.map.type == .array || map.processorCount > 1
    let times = map.processorCount
    @Sendable func key(_ number: UInt8) -> [UInt8] {
      test.map.type == .lpmTrie ? [number % 33, 0, 0, 0, number &* 37, number, 0, 0] : [number, 0, 0, 0]
    }
    try inThreads(Self.threads) { thread in
      var random = SeededGenerator(seed: UInt64(thread))
      for turn in 0..<Self.turns {
        let key = key(.random(in: 0..<80, using: &random))
        let value = Self.value(UInt64(thread) << 32 | UInt64(turn), times: times)
        do {
          switch Int.random(in: 0..<10, using: &random) {
          case 0:
            if let found = try map.lookup(key), !isInPlace {
              let words = found.withUnsafeBytes {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
              }
              if words.0 != ~words.1 { Issue.record("a value of two updates: \(words)") }
            }
          case 1: try map.update(key, value)
          case 2: _ = try map.delete(key)
          case 3: _ = try map.nextKey(after: key)
          case 4:
            if test.map.type != .array && test.map.type != .percpuArray && test.map.type != .lpmTrie { _ = try map.lookupAndDelete(key) }
          default:
            let operation = test.operations.randomElement(using: &random)!
            let packet = program.packet(operation, key: key, value: Array(value[..<16]), flags: UInt64.random(in: 0..<3, using: &random))
            let result = try loaded.programs[0].run(TestInput(data: packet))
            let answer = program.answer(result.data).result
            if ![0, -2, -7, -17, -22, -28].contains(answer) { Issue.record("\(operation) answered \(answer)") }
          }
        } catch let error as HostError where [7, 17, 22, 28].contains(error.errno) {}
      }
    }
    // Nothing was lost and nothing is there twice: the map takes exactly as much as it is made for.
    let isHash = test.map.type == .hash || test.map.type == .percpuHash
    guard isHash || test.map.type == .lpmTrie else {
      #expect(try map.entries().count <= test.map.maxEntries)
      return
    }
    for entry in try map.entries() { #expect(try map.delete(entry.key)) }
    #expect(try map.nextKey(after: nil) == nil)
    for number in 0..<test.map.maxEntries {
      let new: [UInt8] = test.map.type == .lpmTrie ? [32, 0, 0, 0, 1, 2, 3, UInt8(number)] : [UInt8(number), 1, 0, 0]
      try map.update(new, Self.value(1, times: times), .noExist)
    }
    #expect(throws: HostError.self) { try map.update(key(32), Self.value(1, times: times), .noExist) }
    #expect(try map.entries().count == test.map.maxEntries)
  }

  @Test("an LRU map that is always full never refuses", arguments: [MapFlags(), .noCommonLRU])
  func fullLRU(flags: MapFlags) throws {
    let loaded = try load(
      MapSpec(name: "l", type: .lruHash, keySize: 8, valueSize: 16, maxEntries: 64, flags: flags),
      MapProgram(keySize: 8, valueSize: 16, operations: [.lookup]).instructions())
    defer { loaded.close() }
    let map = loaded.maps[0]
    try inThreads(Self.threads) { thread in
      var random = SeededGenerator(seed: UInt64(thread))
      for turn in 0..<Self.turns {
        // Half of the keys are everybody's.
        let key: [UInt8] = [turn % 2 == 0 ? UInt8(thread) : 100, 0, 0, 0, .random(in: 0..<90, using: &random), 0, 0, 0]
        if turn % 5 == 4 { _ = try map.delete(key) } else { try map.update(key, Self.value(1, times: 1)) }
      }
    }
    for number in 0..<500 {
      try map.update([200, 0, 0, 0, UInt8(number & 255), UInt8(number >> 8), 0, 0], Self.value(1, times: 1), .noExist)
    }
    let count = try map.entries().count
    #expect(flags.contains(.noCommonLRU) ? (1...64).contains(count) : count == 64)
  }

  @Test("no two runs share a processor", arguments: [MapType.percpuArray, .percpuHash])
  func processors(type: MapType) throws {
    // The value of this processor: load, add, store, with a helper call between that may take long.
    let program: [Instruction] =
      [.store(.w, .r10, -4, 0), .mov64(.r2, .r10), .add64(.r2, -4)] + Instruction.map(.r1, index: 0) + [
        .call(1), .jump(.eq, .r0, 0, 6), .mov64(.r6, .r0), .load(.dw, .r7, .r6, 0), .call(5), .add64(.r7, 1), .store(.dw, .r6, 0, .r7),
        .mov64(.r0, 0), .exit,
      ]
    let loaded = try load(MapSpec(name: "c", type: type, keySize: 4, valueSize: 8, maxEntries: 1), program, type: .syscall)
    defer { loaded.close() }
    if type == .percpuHash { try loaded.maps[0].update([0, 0, 0, 0], [UInt8](repeating: 0, count: 64)) }
    try inThreads(Self.threads) { _ in
      for _ in 0..<Self.turns { _ = try loaded.programs[0].run(TestInput(repeatCount: 4)) }
    }
    let bytes = try #require(try loaded.maps[0].lookup([0, 0, 0, 0]))
    let sum = bytes.withUnsafeBytes { bytes in
      (0..<Self.threads).reduce(0) { $0 + bytes.loadUnaligned(fromByteOffset: $1 * 8, as: UInt64.self) }
    }
    #expect(sum == UInt64(Self.threads * Self.turns * 4))
  }

  @Test("queues and stacks lose nothing and give nothing twice", arguments: [MapType.queue, .stack])
  func queues(type: MapType) throws {
    let program = MapProgram(keySize: 0, valueSize: 8, operations: [.push, .pop, .peek])
    let loaded = try load(MapSpec(name: "q", type: type, keySize: 0, valueSize: 8, maxEntries: 50), program.instructions())
    defer { loaded.close() }
    let map = loaded.maps[0]
    let popped = Mutex<[UInt64]>([])
    let pushed = Mutex<[UInt64]>([])
    try inThreads(Self.threads) { thread in
      var random = SeededGenerator(seed: UInt64(thread))
      var (mine, theirs): ([UInt64], [UInt64]) = ([], [])
      for turn in 0..<Self.turns {
        let word = UInt64(thread) << 32 | UInt64(turn)
        let bytes = withUnsafeBytes(of: word) { Array($0) }
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
          do {
            try map.update([], bytes)
            mine.append(word)
          } catch let error as HostError where error.errno == 7 {}
        case 1: if let value = try map.lookupAndDelete([]) { theirs.append(value.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) }
        case 2: _ = try map.lookup([])
        case 3:
          let packet = try loaded.programs[0].run(TestInput(data: program.packet(.push, value: bytes))).data
          if program.answer(packet).result == 0 { mine.append(word) }
        default:
          let answer = program.answer(try loaded.programs[0].run(TestInput(data: program.packet(.pop))).data)
          if answer.result == 0 { theirs.append(answer.value.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) }
        }
      }
      pushed.withLock { $0 += mine }
      popped.withLock { $0 += theirs }
    }
    while let value = try map.lookupAndDelete([]) {
      popped.withLock { $0.append(value.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) }
    }
    #expect(pushed.withLock { $0.sorted() } == popped.withLock { $0.sorted() })
  }

  @Test("a ring buffer delivers every record once, in each writer's order")
  func ringBuffer() throws {
    let loaded = try load(
      MapSpec(name: "r", type: .ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096), RingProgram.instructions(), type: .syscall)
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
        let word = UInt64(thread) << 32 | UInt64(turn)
        // Records of 8, 13 and 11 bytes, and every fourth given up.
        let operation: UInt64 = [1, 3, 7, 2][turn % 4]
        let result = RingProgram.result(try loaded.programs[0].run(TestInput(context: RingProgram.context(operation, 0, word))).context)
        if operation == 7 ? result == 0 : operation != 2 && result == 1 { written.add(1, ordering: .relaxed) }
      }
    }
    let words = read.withLock { $0 }
    #expect(words.count == written.load(ordering: .relaxed) && words.count > 100)
    for thread in 1..<Self.threads {
      let turns = words.filter { $0 >> 32 == UInt64(thread) }
      #expect(zip(turns, turns.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test("inner maps and programs may be replaced while programs run")
  func replaced() throws {
    let inner = MapSpec(name: "i", type: .array, keySize: 4, valueSize: 8, maxEntries: 1)
    for type in [MapType.arrayOfMaps, .hashOfMaps] {
      let outer = MapSpec(
        name: "o", type: type, keySize: 4, valueSize: 4, maxEntries: 2, inner: inner, contents: [.init(key: [0, 0, 0, 0], value: .map(1))])
      // Looks up the inner map, and counts in its value.
      let program: [Instruction] =
        [.store(.w, .r10, -4, 0), .mov64(.r2, .r10), .add64(.r2, -4)] + Instruction.map(.r1, index: 0) + [
          .call(1), .jump(.eq, .r0, 0, 7), .mov64(.r1, .r0), .mov64(.r2, .r10), .add64(.r2, -4), .call(1), .jump(.eq, .r0, 0, 2),
          .mov64(.r1, 1), .atomic(.add, .dw, .r0, 0, .r1), .mov64(.r0, 0), .exit,
        ]
      let loaded = try load(outer, program, type: .syscall, others: [inner, inner])
      defer { loaded.close() }
      try inThreads(Self.threads) { thread in
        for turn in 0..<Self.turns {
          switch thread {
          case 0: try loaded.maps[0].update([0, 0, 0, 0], map: loaded.maps[1 + turn % 2])
          case 1 where turn % 8 == 0: _ = try loaded.maps[0].delete([0, 0, 0, 0])
          case 1:
            // A map of nobody else's, which goes when it is replaced.
            let other = try UserspaceHost().load(ObjectSpec(maps: [inner]))
            try loaded.maps[0].update([0, 0, 0, 0], map: other.maps[0])
          default: _ = try loaded.programs[0].run(TestInput(repeatCount: 4))
          }
        }
      }
    }
  }
}
