import EBPFBTF
import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

/// Values with a `struct bpf_spin_lock`: `struct { u32 kind; struct bpf_spin_lock lock; u64 a; u64 b; }`.
@Suite("Locks in values")
struct SpinLockTests {
  private func object(_ type: MapType, _ instructions: [Instruction]) throws -> ObjectSpec {
    var btf = BTFBuilder()
    let u32 = btf.addInteger("unsigned int", size: 4)
    let u64 = btf.addInteger("unsigned long long", size: 8)
    let lock = btf.addStructure("bpf_spin_lock", size: 4, members: [.init("val", type: u32, bitOffset: 0)])
    let value = btf.addStructure(
      "value", size: 24,
      members: [
        .init("kind", type: u32, bitOffset: 0), .init("lock", type: lock, bitOffset: 32), .init("a", type: u64, bitOffset: 64),
        .init("b", type: u64, bitOffset: 128),
      ])
    let map = MapSpec(name: "m", type: type, keySize: 4, valueSize: 24, maxEntries: 2, keyTypeID: u32, valueTypeID: value)
    return ObjectSpec(
      programs: [ProgramSpec(name: "p", type: .schedCls, instructions: instructions)], maps: [map], btf: try btf.build())
  }

  /// Looks up key 0 and goes on with its value in r6.
  private let lookup: [Instruction] =
    [.store(.w, .r10, -4, 0), .mov64(.r2, .r10), .add64(.r2, -4)] + Instruction.map(.r1, index: 0) + [
      .call(1), .jump(.ne, .r0, 0, 2), .mov64(.r0, -1), .exit, .mov64(.r6, .r0),
    ]

  private func load(_ object: ObjectSpec, _ engine: LoadOptions.Engine) throws -> Loaded {
    var host = UserspaceHost()
    host.processorCount = 8
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    return try host.load(object, options: options)
  }

  @Test("what is changed under the lock is changed together", arguments: [LoadOptions.Engine.jit], [MapType.array, .hash])
  func mutualExclusion(engine: LoadOptions.Engine, type: MapType) throws {
    let program =
      lookup + [
        .mov64(.r1, .r6), .add64(.r1, 4), .call(93), .load(.dw, .r7, .r6, 8), .load(.dw, .r8, .r6, 16), .add64(.r7, 1), .add64(.r8, 2),
        .store(.dw, .r6, 8, .r7), .store(.dw, .r6, 16, .r8), .mov64(.r1, .r6), .add64(.r1, 4), .call(94), .mov64(.r0, 0), .exit,
      ]
    let loaded = try load(object(type, program), engine)
    defer { loaded.close() }
    try loaded.maps[0].update([0, 0, 0, 0], [UInt8](repeating: 0, count: 24))
    try inThreads(8) { _ in
      for _ in 0..<1000 { _ = try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 14), repeatCount: 4)) }
    }
    let value = try #require(try loaded.maps[0].lookup([0, 0, 0, 0]))
    let words = value.withUnsafeBytes {
      ($0.loadUnaligned(fromByteOffset: 8, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    }
    #expect(words == (32000, 64000))
  }

  @Test("copies leave the lock alone", arguments: engines, [MapType.array, .hash])
  func copies(engine: LoadOptions.Engine, type: MapType) throws {
    // Takes the lock, and leaves it taken.
    let loaded = try load(object(type, lookup + [.mov64(.r1, .r6), .add64(.r1, 4), .call(93), .load(.w, .r0, .r6, 4), .exit]), engine)
    defer { loaded.close() }
    let map = loaded.maps[0]
    let value = [UInt8](repeating: 9, count: 24)
    let hidden = [9, 9, 9, 9, 0, 0, 0, 0] + [UInt8](repeating: 9, count: 16)
    try map.update([0, 0, 0, 0], value)
    #expect(try map.lookup([0, 0, 0, 0]) == hidden)
    #expect(try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 14))).returnValue == 1)
    #expect(try map.lookup([0, 0, 0, 0]) == hidden)
    guard type == .hash else { return }
    // A new element has a free one.
    try map.update([0, 0, 0, 0], value)
    #expect(try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 14))).returnValue == 1)
  }

  @Test("the host's updates and look-ups hold the lock", arguments: [MapType.array, .hash])
  func hostHoldsTheLock(type: MapType) throws {
    // Under the lock the program counts a up, and b after it: whoever sees the value under the lock sees both equal.
    let program =
      lookup + [
        .mov64(.r1, .r6), .add64(.r1, 4), .call(93), .load(.dw, .r7, .r6, 8), .add64(.r7, 1), .store(.dw, .r6, 8, .r7),
        .store(.dw, .r6, 16, .r7), .mov64(.r1, .r6), .add64(.r1, 4), .call(94), .mov64(.r0, 0), .exit,
      ]
    let loaded = try load(object(type, program), .jit)
    defer { loaded.close() }
    let map = loaded.maps[0]
    let key: [UInt8] = [0, 0, 0, 0]
    try map.update(key, [UInt8](repeating: 0, count: 24))
    let packet = [UInt8](repeating: 0, count: 14)
    try inThreads(3) { thread in
      for turn in 0..<2000 {
        switch thread {
        case 0: _ = try loaded.programs[0].run(TestInput(data: packet, repeatCount: 8))
        case 1:
          let value = try #require(try map.lookup(key, locked: true))
          if value[8..<16] != value[16..<24] { Issue.record("a value half changed: \(value)") }
        default: try map.update(key, [UInt8](repeating: 1, count: 8) + [UInt8](repeating: UInt8(turn % 7), count: 16), .exist, locked: true)
        }
      }
    }
    // The lock is free again, and no part of what was written.
    #expect(try map.lookup(key, locked: true)?[4..<8] == [0, 0, 0, 0])
  }

  @Test("which updates may ask for the lock", arguments: engines)
  func lockFlags(engine: LoadOptions.Engine) throws {
    func errno(_ body: () throws(HostError) -> Void) -> Int32 {
      do { try body() } catch { return error.errno }
      return 0
    }
    let value = [UInt8](repeating: 0, count: 24)
    // What bpf_map_update_elem answers with the flags: BPF_F_LOCK alone, with BPF_NOEXIST, with BPF_EXIST, with another bit.
    for (type, hasLock, expected) in [
      (MapType.array, true, [0, -17, 0, -22]), (.array, false, [-22, -17, -22, -22]), (.hash, true, [0, -17, 0, -22]),
      (.hash, false, [-22, -22, -22, -22]), (.lruHash, false, [-22, -22, -22, -22]), (.percpuArray, false, [-22, -17, -22, -22]),
    ] {
      for (flags, answer) in zip([Int32(4), 5, 6, 12], expected) {
        let program =
          [.store(.dw, .r10, -24, 0), .store(.dw, .r10, -16, 0), .store(.dw, .r10, -8, 0), .store(.w, .r10, -28, 0)]
          + [.mov64(.r2, .r10), .add64(.r2, -28), .mov64(.r3, .r10), .add64(.r3, -24), .mov64(.r4, flags)]
          + Instruction.map(.r1, index: 0) + [.call(2), .exit]
        var object = try object(type, program)
        if !hasLock { object.maps[0].valueTypeID = 0 }
        let loaded = try load(object, engine)
        defer { loaded.close() }
        let map = loaded.maps[0]
        try map.update([0, 0, 0, 0], [UInt8](repeating: 0, count: map.fullValueSize))
        let result = try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 14))).returnValue
        #expect(Int64(bitPattern: result) == Int64(answer), "\(type), lock \(hasLock), flags \(flags)")
        #expect(errno { () throws(HostError) in _ = try map.lookup([0, 0, 0, 0], locked: true) } == (hasLock ? 0 : 22))
        if !hasLock, map.processorCount == 1 {
          #expect(errno { () throws(HostError) in try map.update([0, 0, 0, 0], value, locked: true) } == 22)
        }
      }
    }
  }
}
