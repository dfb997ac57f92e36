import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import Testing

/// Random operations on each type of map, from the host and from programs, in this process and in the kernel: the same answers.
@Suite("Maps as the kernel's", .needsKernel)
struct MapDifferentialTests {
  /// What an operation answered.
  enum Outcome: Equatable {
    case done
    case flag(Bool)
    case value([UInt8]?)
    case error(Int32)
    case program(Int64, [UInt8])
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var map: MapSpec
    /// What programs do to it; the verifier refuses the rest.
    var operations: [MapProgram.Operation]
    /// Whether keys come in an order that does not depend on a hash.
    var isOrdered = false
    var testDescription: String { "\(map.type) \(map.name)" }
  }

  static let cases: [Case] = {
    let elements: [MapProgram.Operation] = [.lookup, .update, .delete]
    func hash(_ name: String, _ type: MapType, _ key: Int, _ value: Int, _ entries: Int, _ flags: MapFlags = []) -> Case {
      Case(map: MapSpec(name: name, type: type, keySize: key, valueSize: value, maxEntries: entries, flags: flags), operations: elements)
    }
    let lookup: [MapProgram.Operation] = [.lookup]
    return [
      hash("four", .hash, 4, 8, 12), hash("eight", .hash, 8, 3, 12), hash("lazy", .hash, 4, 16, 12, .noPreallocation),
      hash("odd", .hash, 7, 13, 12, .zeroSeed), hash("long", .hash, 20, 1, 12), hash("lru", .lruHash, 4, 8, 2000),
      Case(
        map: MapSpec(name: "array", type: .array, keySize: 4, valueSize: 6, maxEntries: 12), operations: elements, isOrdered: true),
      Case(
        map: MapSpec(name: "parray", type: .percpuArray, keySize: 4, valueSize: 12, maxEntries: 12), operations: lookup, isOrdered: true),
      Case(map: MapSpec(name: "phash", type: .percpuHash, keySize: 4, valueSize: 12, maxEntries: 12), operations: [.lookup, .delete]),
      Case(
        map: MapSpec(name: "plazy", type: .percpuHash, keySize: 4, valueSize: 8, maxEntries: 12, flags: .noPreallocation),
        operations: [.lookup]),
      Case(map: MapSpec(name: "plru", type: .lruPercpuHash, keySize: 4, valueSize: 8, maxEntries: 2000), operations: [.lookup, .delete]),
      Case(
        map: MapSpec(name: "trie", type: .lpmTrie, keySize: 8, valueSize: 8, maxEntries: 20, flags: .noPreallocation), operations: elements,
        isOrdered: true),
      Case(
        map: MapSpec(name: "trie6", type: .lpmTrie, keySize: 20, valueSize: 5, maxEntries: 20, flags: .noPreallocation),
        operations: elements, isOrdered: true),
      Case(map: MapSpec(name: "queue", type: .queue, keySize: 0, valueSize: 8, maxEntries: 5), operations: [.push, .pop, .peek]),
      Case(map: MapSpec(name: "stack", type: .stack, keySize: 0, valueSize: 11, maxEntries: 5), operations: [.push, .pop, .peek]),
    ]
  }()

  private func outcome(_ body: () throws -> Outcome) throws -> Outcome {
    do { return try body() } catch let error as HostError {
      guard error.errno != 0 else { throw error }
      return .error(error.errno)
    }
  }

  /// A key out of few, so that operations meet; sometimes one that cannot be.
  private func key(_ map: MapSpec, using random: inout SeededGenerator) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: map.keySize)
    if key.isEmpty { return key }
    switch map.type {
    case .lpmTrie:
      let bits = UInt8((map.keySize - 4) * 8)
      key[0] =
        Bool.random(using: &random)
        ? [0, 1, 8, 9, 16, 24, 30, bits - 1, bits, bits + 1].randomElement(using: &random)! : .random(in: 0...bits, using: &random)
      for index in 4..<map.keySize { key[index] = [0, 0, 1, 0x80, 0xff].randomElement(using: &random)! }
    case .array, .percpuArray: key[0] = .random(in: 0..<14, using: &random)
    default:
      key[0] = .random(in: 0..<16, using: &random)
      if map.keySize > 4 { key[map.keySize - 1] = UInt8.random(in: 0..<2, using: &random) }
    }
    return key
  }

  private func value(_ map: MapSpec, _ full: Int, using random: inout SeededGenerator) -> [UInt8] {
    let one: [UInt8] = (0..<map.valueSize).map { _ in .random(in: 0...255, using: &random) }
    if full == map.valueSize { return one }
    // The same on every processor, so that it does not matter where a program runs.
    let padded = one + [UInt8](repeating: 0, count: (map.valueSize + 7) / 8 * 8 - map.valueSize)
    return (0..<(full / padded.count)).flatMap { _ in padded }
  }

  @Test("random operations", arguments: cases, [1, 2, 3] as [UInt64])
  func operations(test: Case, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let program = MapProgram(keySize: test.map.keySize, valueSize: test.map.valueSize, operations: test.operations)
    let object = ObjectSpec(
      programs: [ProgramSpec(name: "op", type: .schedCls, instructions: try program.instructions())], maps: [test.map],
      license: "GPL")
    var host = UserspaceHost()
    host.processorCount = Processors.possible
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = [.jit, .interpreter, .checked][Int(seed % 3)]
    let mine = try host.load(object, options: options)
    defer { mine.close() }
    let kernel = try KernelHost().load(object)
    defer { kernel.close() }
    let hosts = [mine, kernel]
    #expect(mine.maps[0].fullValueSize == kernel.maps[0].fullValueSize)
    let full = mine.maps[0].fullValueSize

    for step in 0..<1500 {
      let key = key(test.map, using: &random)
      let value = value(test.map, full, using: &random)
      let mode = [UpdateMode.any, .any, .noExist, .exist].randomElement(using: &random)!
      let kind = Int.random(in: 0..<12, using: &random)
      let operation = test.operations.randomElement(using: &random)!
      let flags = UInt64([0, 0, 1, 2, 3].randomElement(using: &random)!)
      let answers = try hosts.map { loaded in
        let map = loaded.maps[0]
        return try outcome {
          switch kind {
          case 0, 1: return .value(try map.lookup(key))
          case 2, 3:
            try map.update(key, value, mode)
            return .done
          case 4: return .flag(try map.delete(key))
          case 5: return .value(try map.lookupAndDelete(key))
          case 6:
            if test.isOrdered { return .value(try map.nextKey(after: step % 5 == 0 ? nil : key)) }
            // The order of a hash is its own, but what is not there is followed by the first.
            return .flag(try map.nextKey(after: step % 2 == 0 ? nil : [UInt8](repeating: 0xee, count: key.count)) != nil)
          default:
            let packet = program.packet(
              operation, key: operation == .push ? [] : key, value: Array(value[..<test.map.valueSize]), flags: flags)
            let result = program.answer(try loaded.programs[0].run(TestInput(data: packet)).data)
            return .program(result.result, result.value)
          }
        }
      }
      guard answers[0] == answers[1] else {
        Issue.record(
          "seed \(seed), step \(step), kind \(kind) \(operation) key \(key) value \(value) mode \(mode) flags \(flags): \(answers)")
        return
      }
      guard step % 50 == 49, test.map.keySize > 0 else { continue }
      let contents = try hosts.map { try $0.maps[0].entries().map { $0.key + $0.value } }
      let same =
        test.isOrdered
        ? contents[0] == contents[1]
        : contents[0].sorted { $0.lexicographicallyPrecedes($1) } == contents[1].sorted { $0.lexicographicallyPrecedes($1) }
      guard same else {
        Issue.record("seed \(seed), step \(step): other contents: \(contents)")
        return
      }
    }
  }

  @Test("a pointer from before an update keeps the old value, but for what is changed in place")
  func replacedValues() throws {
    let maps = [
      MapSpec(name: "a", type: .array, keySize: 4, valueSize: 8, maxEntries: 2),
      MapSpec(name: "h", type: .hash, keySize: 4, valueSize: 8, maxEntries: 2),
      MapSpec(name: "l", type: .lruHash, keySize: 4, valueSize: 8, maxEntries: 200),
      MapSpec(name: "p", type: .percpuHash, keySize: 4, valueSize: 8, maxEntries: 2),
      MapSpec(name: "t", type: .lpmTrie, keySize: 8, valueSize: 8, maxEntries: 2, flags: .noPreallocation),
    ]
    for map in maps {
      let key: [Instruction] = [.store(.dw, .r10, -8, 0), .mov64(.r2, .r10), .add64(.r2, -8)] + Instruction.map(.r1, index: 0)
      let program: [Instruction] =
        key + [.call(1), .jump(.ne, .r0, 0, 1), .exit, .mov64(.r6, .r0), .store(.dw, .r10, -16, 2)] + key + [
          .mov64(.r3, .r10), .add64(.r3, -16), .mov64(.r4, 0), .call(2), .load(.dw, .r0, .r6, 0), .exit,
        ]
      let object = ObjectSpec(programs: [ProgramSpec(name: "p", type: .schedCls, instructions: program)], maps: [map], license: "GPL")
      var options = LoadOptions()
      options.verification = .unchecked
      let answers = try [UserspaceHost().load(object, options: options), KernelHost().load(object)].map { loaded in
        defer { loaded.close() }
        let values = (0..<(loaded.maps[0].fullValueSize / 8)).flatMap { _ in [1, 0, 0, 0, 0, 0, 0, 0] as [UInt8] }
        try loaded.maps[0].update([UInt8](repeating: 0, count: map.keySize), values)
        return try loaded.programs[0].run(TestInput(data: [UInt8](repeating: 0, count: 14))).returnValue
      }
      #expect(answers[0] == answers[1], "\(map.type)")
    }
  }

  @Test("maps of maps take what fits their template", arguments: [MapType.arrayOfMaps, .hashOfMaps])
  func mapsOfMaps(type: MapType) throws {
    let template = MapSpec(name: "t", type: .array, keySize: 4, valueSize: 4, maxEntries: 3)
    var longer = template
    longer.name = "longer"
    longer.maxEntries = 4
    var wider = template
    wider.name = "wider"
    wider.valueSize = 8
    let outer = MapSpec(
      name: "outer", type: type, keySize: 4, valueSize: 4, maxEntries: 2, inner: template,
      contents: [.init(key: [1, 0, 0, 0], value: .map(1))])
    let object = ObjectSpec(maps: [outer, template, longer, wider])
    let hosts = [try UserspaceHost().load(object), try KernelHost().load(object)]
    defer { for host in hosts { host.close() } }
    var random = SeededGenerator(seed: 7)
    for step in 0..<300 {
      let kind = Int.random(in: 0..<5, using: &random)
      let key: [UInt8] = [.random(in: 0..<3, using: &random), 0, 0, 0]
      let inner = Int.random(in: 1..<4, using: &random)
      let mode = [UpdateMode.any, .any, .noExist, .exist].randomElement(using: &random)!
      let answers = try hosts.map { loaded in
        try outcome {
          switch kind {
          case 0: return .flag(try loaded.maps[0].lookup(key) != nil)
          case 1, 2:
            try loaded.maps[0].update(key, map: loaded.maps[inner], mode)
            return .done
          case 3: return .flag(try loaded.maps[0].delete(key))
          // Of a hash, whose order is its own: whether there is a first key.
          default: return .flag(try loaded.maps[0].nextKey(after: type == .hashOfMaps ? nil : key) != nil)
          }
        }
      }
      #expect(answers[0] == answers[1], "step \(step), kind \(kind), key \(key), inner \(inner), mode \(mode)")
    }
  }

  @Test("prog arrays")
  func programArrays() throws {
    let array = MapSpec(name: "calls", type: .progArray, keySize: 4, valueSize: 4, maxEntries: 2)
    let filter = ProgramSpec(name: "filter", type: .socketFilter, instructions: [.mov64(.r0, 1), .exit])
    let classifier = ProgramSpec(name: "class", type: .schedCls, instructions: [.mov64(.r0, 1), .exit])
    let object = ObjectSpec(programs: [filter, classifier], maps: [array])
    var options = LoadOptions()
    options.verification = .unchecked
    let hosts = [try UserspaceHost().load(object, options: options), try KernelHost().load(object)]
    defer { for host in hosts { host.close() } }
    var random = SeededGenerator(seed: 8)
    for step in 0..<200 {
      let kind = Int.random(in: 0..<5, using: &random)
      let key: [UInt8] = [.random(in: 0..<3, using: &random), 0, 0, 0]
      let program = step < 100 ? 0 : Int.random(in: 0..<2, using: &random)
      let answers = try hosts.map { loaded in
        try outcome {
          switch kind {
          case 0: return .flag(try loaded.maps[0].lookup(key) != nil)
          case 1, 2:
            try loaded.maps[0].update(key, program: loaded.programs[program])
            return .done
          case 3: return .flag(try loaded.maps[0].delete(key))
          default: return .value(try loaded.maps[0].nextKey(after: key))
          }
        }
      }
      #expect(answers[0] == answers[1], "step \(step), kind \(kind), key \(key), program \(program)")
    }
  }

  @Test("definitions of maps are accepted and refused alike")
  func definitions() throws {
    var random = SeededGenerator(seed: 9)
    let types: [MapType] = [
      .hash, .array, .percpuHash, .percpuArray, .lruHash, .lruPercpuHash, .lpmTrie, .queue, .stack, .progArray, .ringbuf,
    ]
    var accepted = 0
    for step in 0..<3000 {
      let type = types.randomElement(using: &random)!
      let usual: (Int, Int) = type == .queue || type == .stack ? (0, 8) : type == .ringbuf ? (0, 0) : type == .lpmTrie ? (8, 8) : (4, 4)
      let sizes = [0, 1, 4, 5, 8, 260, 261, 512, 32768, 32769, 4 << 20, 1 << 31]
      var spec = MapSpec(name: "m", type: type, keySize: usual.0, valueSize: usual.1, maxEntries: 4)
      if Int.random(in: 0..<3, using: &random) == 0 { spec.keySize = sizes.randomElement(using: &random)! }
      if Int.random(in: 0..<3, using: &random) == 0 { spec.valueSize = sizes.randomElement(using: &random)! }
      // Ring buffers are rounded up to pages by both hosts.
      if Int.random(in: 0..<4, using: &random) == 0 { spec.maxEntries = [0, 1, 3, 4096, 1 << 32].randomElement(using: &random)! }
      let flags: [UInt32] = [0, 1, 1 << 1, 1 << 3, 1 << 4, 3 << 3, 1 << 6, 1 << 7, 1 << 8, 3 << 7, 1 << 9, 1 << 10, 1 << 11, 1 << 12]
      for _ in 0..<Int.random(in: 0..<3, using: &random) { spec.flags.insert(MapFlags(rawValue: flags.randomElement(using: &random)!)) }
      // What is only larger than this machine has is not asked of both.
      guard spec.keySize + spec.valueSize < 1 << 23 || spec.maxEntries <= 4 else { continue }
      let object = ObjectSpec(maps: [spec])
      let answers = try [UserspaceHost() as any Host, KernelHost()].map { host in
        try outcome {
          do {
            try host.load(object).close()
            return .done
          } catch let error as HostError where error.errno == 0 && error.code == .badArgument {
            // A number that bpf(2) has no room for.
            return .error(22)
          }
        }
      }
      if answers[0] == .done { accepted += 1 }
      #expect(
        answers[0] == answers[1],
        "step \(step): \(type) key \(spec.keySize) value \(spec.valueSize) entries \(spec.maxEntries) flags \(spec.flags.rawValue)")
    }
    #expect(accepted > 300)
  }

  @Test("ring buffers give the same records, positions and refusals", arguments: [4, 5, 6] as [UInt64])
  func ringBuffer(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let map = MapSpec(name: "ring", type: .ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096)
    let object = ObjectSpec(
      programs: [ProgramSpec(name: "ring", type: .syscall, loadFlags: 1 << 4, instructions: try RingProgram.instructions())], maps: [map],
      license: "GPL")
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = [.jit, .interpreter, .checked][Int(seed % 3)]
    let hosts = [try UserspaceHost().load(object, options: options), try KernelHost().load(object)]
    defer { for host in hosts { host.close() } }
    var records = 0
    for step in 0..<3000 {
      let operation = UInt64.random(in: 1...RingProgram.operations, using: &random)
      let word = UInt64.random(in: .min ... .max, using: &random)
      let flags = UInt64([0, 0, 0, 1, 2, 3, 4].randomElement(using: &random)!)
      let drains = Int.random(in: 0..<40, using: &random) == 0
      let answers = try hosts.map { loaded in
        let result = try loaded.programs[0].run(TestInput(context: RingProgram.context(operation, flags, word)))
        var drained: [[UInt8]] = []
        if drains { _ = try loaded.maps[0].drain { drained.append(Array($0)) } }
        records += drained.count
        return (RingProgram.result(result.context), drained)
      }
      guard answers[0].0 == answers[1].0, answers[0].1 == answers[1].1 else {
        Issue.record("seed \(seed), step \(step), operation \(operation), flags \(flags): \(answers)")
        return
      }
    }
    #expect(records > 1000)
  }
}
