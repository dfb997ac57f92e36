import EBPF
import Testing

/// Maps seen with the application's types, on both hosts.
@Suite struct TypedMapTests {
  @Test(arguments: SampleHost.all) func hashesByFieldsAndNotByWhatIsBetween(_ host: SampleHost) async throws {
    let loaded = try host.load(await SampleProgram.object())
    defer { loaded.close() }
    let slots = try loaded.map("slots", as: HashMap<Slot, Traffic>.self)
    // A key whose bytes between the fields are not zero: the program must find it, and so must we.
    try withUnsafeTemporaryAllocation(byteCount: 8, alignment: 8) { memory in
      memory.copyBytes(from: [7, 0xaa, 0xbb, 0xcc, 9, 0, 0, 0])
      try slots.update(memory.load(as: Slot.self), Traffic(packets: 0, bytes: 5))
    }
    try loaded.filter()
    #expect(try slots[Slot(kind: 7, id: 9)] == Traffic(packets: 1, bytes: 69))
    #expect(try slots.map.keys() == [[7, 0, 0, 0, 9, 0, 0, 0]])

    try slots.update(Slot(kind: 1, id: 1), Traffic(packets: 3, bytes: 4), .noExist)
    #expect(throws: HostError.self) { try slots.update(Slot(kind: 1, id: 1), Traffic(packets: 0, bytes: 0), .noExist) }
    #expect(throws: HostError.self) { try slots.update(Slot(kind: 1, id: 2), Traffic(packets: 0, bytes: 0), .exist) }
    #expect(try slots.count == 2 && Set(slots.keys()) == [Slot(kind: 7, id: 9), Slot(kind: 1, id: 1)])
    var sum: UInt64 = 0
    try slots.forEach { _, traffic in sum += traffic.packets }
    #expect(sum == 4)
    struct Stop: Error {}
    var turns = 0
    #expect(throws: Stop.self) {
      try slots.forEach { _, _ in
        turns += 1
        throw Stop()
      }
    }
    #expect(turns == 1)

    // A key that goes away under the walk is left out.
    var entries = try slots.entries()
    let first = try #require(try entries.next())
    let other = first.key.kind == 7 ? Slot(kind: 1, id: 1) : Slot(kind: 7, id: 9)
    #expect(try slots.delete(other) && !slots.delete(other))
    #expect(try entries.next() == nil)
    #expect(try slots.lookupAndDelete(first.key) == first.value)
    #expect(try slots.count == 0 && slots[first.key] == nil)

    let recent = try loaded.map("recent", as: LRUHashMap<UInt32, UInt64>.self)
    try recent.update(1, 2)
    #expect(try recent[1] == 2)
  }

  @Test(arguments: SampleHost.all) func arraysQueuesAndNetworks(_ host: SampleHost) async throws {
    let loaded = try host.load(await SampleProgram.object())
    defer { loaded.close() }
    let lengths = try loaded.map("lengths", as: ArrayMap<UInt32>.self)
    let networks = try loaded.map("networks", as: LPMTrie<IPv4Prefix, UInt32>.self)
    try networks.update(IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 8), 8)
    try networks.update(IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 24), 24)
    try loaded.filter()
    var seen: [UInt32: UInt32] = [:]
    try lengths.forEach { seen[$0] = $1 }
    #expect(seen == [0: 0, 1: 0, 2: 64, 3: 0])
    #expect(try lengths[4] == nil)
    #expect(throws: HostError.self) { try lengths.update(4, 1) }

    let waiting = try loaded.map("waiting", as: QueueMap<UInt32>.self)
    try waiting.push(1)
    #expect(try waiting.peek() == 24)
    #expect(try [waiting.pop(), waiting.pop(), waiting.pop()] == [24, 1, nil])
    #expect(try Set(networks.keys().map { "\($0)" }) == ["10.0.0.0/8", "10.0.0.0/24"])
    #expect(try networks[IPv4Prefix(IPv4Address(10, 9, 0, 0))] == 8)
  }

  @Test(arguments: SampleHost.all) func processorsHaveTheirOwnValues(_ host: SampleHost) async throws {
    let loaded = try host.load(await SampleProgram.object())
    defer { loaded.close() }
    let processors = try loaded.map("processors", as: PerCPUArrayMap<UInt32>.self)
    for _ in 0..<3 { try loaded.filter() }
    let counts = try #require(try processors[1])
    #expect(counts.count == processors.processorCount && counts.reduce(0, +) == 3)
    #expect(try processors[0] == [UInt32](repeating: 0, count: counts.count))

    let byProcessor = try loaded.map("byProcessor", as: PerCPUHashMap<UInt32, Traffic>.self)
    let values = (0..<UInt64(counts.count)).map { Traffic(packets: $0, bytes: $0 * 10) }
    try byProcessor.update(5, values)
    #expect(try byProcessor[5] == values)
    try byProcessor.update(6, all: Traffic(packets: 1, bytes: 1))
    var all: [UInt32: [Traffic]] = [:]
    try byProcessor.forEach { all[$0] = $1 }
    #expect(all[5] == values && all[6]?.allSatisfy { $0.packets == 1 } == true && all.count == 2)
    let error = message { try byProcessor.update(7, [Traffic(packets: 1, bytes: 1)] + values) }
    #expect(error.contains("'byProcessor'") && error.contains("\(counts.count + 1)"), "\(error)")
  }

  @Test(arguments: SampleHost.all) func recordsComeAsTheyAreWritten(_ host: SampleHost) async throws {
    let loaded = try host.load(await SampleProgram.object())
    let events = try loaded.map("events", as: RingBuffer<Event>.self)
    try loaded.filter()
    try loaded.filter()
    #expect(try events.records() == [Event(serial: 1, length: 64), Event(serial: 2, length: 64)])
    #expect(try events.records().isEmpty)

    // One loop, records from before it and from while it waits; closing ends it.
    let reader = Task {
      var seen: [UInt64] = []
      for try await event in events.events {
        seen.append(event.serial)
        if seen.count == 3 { loaded.close() }
      }
      return seen
    }
    try loaded.filter()
    try await Task.sleep(for: .milliseconds(20))
    try loaded.filter()
    try loaded.filter()
    #expect(try await reader.value == [3, 4, 5])
  }

  @Test func aLoopOverRecordsEndsWhenItsTaskIsCancelled() async throws {
    let loaded = try UserspaceHost().load(await SampleProgram.object())
    defer { loaded.close() }
    let events = try loaded.map("events", as: RingBuffer<Event>.self)
    let reader = Task { () throws -> Int in
      var count = 0
      for try await _ in events.events { count += 1 }
      return count
    }
    try loaded.filter()
    try await Task.sleep(for: .milliseconds(20))
    reader.cancel()
    #expect(try await reader.value <= 1)

    struct Long: BitwiseCopyable { var words: (UInt64, UInt64, UInt64) }
    try loaded.filter()
    let error = message { _ = try loaded.map("events", as: RingBuffer<Long>.self).records() }
    #expect(error.contains("'events'") && error.contains("16 bytes") && error.contains("24"), "\(error)")
  }

  @Test func typesThatDoNotFitAreNamed() async throws {
    let loaded = try UserspaceHost().load(await SampleProgram.object())
    defer { loaded.close() }
    struct Swapped: BitwiseCopyable { var bytes, packets: UInt64 }
    struct Narrow: BitwiseCopyable { var packets: UInt32, rest: UInt32, bytes: UInt64 }
    struct Across: BitwiseCopyable { var first: UInt32, second: (UInt32, UInt32), third: UInt32 }
    struct Renamed: BitwiseCopyable { var count, size: UInt64 }
    let wrong = [
      (
        message { _ = try loaded.map("slots", as: HashMap<Slot, UInt64>.self) }, ["'slots'", "value", "16 bytes (Traffic)", "UInt64 has 8"]
      ),
      (message { _ = try loaded.map("slots", as: HashMap<UInt32, Traffic>.self) }, ["'slots'", "key", "8 bytes (Slot)", "UInt32 has 4"]),
      (
        message { _ = try loaded.map("slots", as: HashMap<Slot, Swapped>.self) }, ["'slots'", "'bytes' of Swapped", "at 0", "8 bytes at 8"]
      ),
      (message { _ = try loaded.map("slots", as: HashMap<Slot, Narrow>.self) }, ["'packets' of Narrow (4 bytes at 0)", "8 bytes at 0"]),
      (message { _ = try loaded.map("slots", as: HashMap<Slot, Across>.self) }, ["'first' of Across", "across 'packets'"]),
      (message { _ = try loaded.map("slots", as: ArrayMap<Traffic>.self) }, ["'slots'", "hash", "ArrayMap"]),
      (message { _ = try loaded.map("networks", as: LPMTrie<UInt64, UInt32>.self) }, []),
      (message { _ = try loaded.map("none", as: ArrayMap<UInt8>.self) }, ["'none'", "slots"]),
    ]
    for (text, words) in wrong { for word in words { #expect(text.contains(word), "\(text)") } }
    // Names may differ where the places agree.
    _ = try loaded.map("slots", as: HashMap<Slot, Renamed>.self)
  }
}
