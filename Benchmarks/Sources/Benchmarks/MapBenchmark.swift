import EBPF
import EBPFISA
import EBPFTables

/// What a map lookup and an update cost a program, by subtraction: a loop with the call against the same loop without. The kernel's own maps,
/// where they may be used, are the peer.
struct MapBenchmark {
  var rounds: Int

  private struct Case {
    var name: String
    var map: MapSpec
  }

  private static let turns: Int32 = 1000
  private static let keys: Int32 = 512

  func run() throws {
    func map(_ type: MapType, key: Int, flags: MapFlags = []) -> Case {
      let name = "\(type) \(key)" + (flags.isEmpty ? "" : " lazy")
      return Case(
        name: name, map: MapSpec(name: "m", type: type, keySize: key, valueSize: 8, maxEntries: Int(Self.keys) * 2, flags: flags))
    }
    let cases = [
      map(.array, key: 4), map(.percpuArray, key: 4), map(.hash, key: 4), map(.hash, key: 8), map(.hash, key: 16),
      map(.hash, key: 4, flags: .noPreallocation), map(.percpuHash, key: 4), map(.lruHash, key: 4),
      map(.lpmTrie, key: 8, flags: .noPreallocation),
    ]
    print(
      "Maps with \(Self.keys) keys, ns a call from compiled code, median of \(rounds) interleaved batches; target: a hash lookup 15 ns\n")
    var table = Table(["map and bytes of key", "lookup", "kernel's", "update", "kernel's"])
    for test in cases {
      let mine = try measure(test, UserspaceHost())
      let kernel = KernelHost.unavailability == nil ? try? measure(test, KernelHost()) : nil
      table.add([test.name, text(mine[0]), text(kernel?[0] ?? .nan), text(mine[1]), text(kernel?[1] ?? .nan)])
    }
    print(table.printed() + "\n")
  }

  private func measure(_ test: Case, _ host: any Host) throws -> [Double] {
    let programs = [[], [Instruction.call(1)], [.mov64(.r3, .r10), .add64(.r3, -32), .mov64(.r4, 0), .call(2)]]
      .map { Self.program(test.map, $0) }
    let runs = try programs.map { instructions -> (Int) throws -> Double in
      var options = LoadOptions()
      if host is UserspaceHost { options.verification = .unchecked }
      let spec = ProgramSpec(name: "maps", type: .schedCls, instructions: instructions)
      let loaded = try host.load(ObjectSpec(programs: [spec], maps: [test.map], license: "GPL"), options: options)
      for key in 0..<Self.keys {
        try loaded.maps[0].update(Self.key(test.map, key), [UInt8](repeating: 1, count: loaded.maps[0].fullValueSize))
      }
      let packet = [UInt8](repeating: 0, count: 64)
      return { try loaded.programs[0].run(TestInput(data: packet, repeatCount: $0)).nanoseconds }
    }
    let samples = try interleaved(rounds: rounds, batchNanoseconds: 3e6, runs)
    return samples.dropFirst().map { ($0.median - samples[0].median) / Double(Self.turns) }
  }

  private static func key(_ map: MapSpec, _ number: Int32) -> [UInt8] {
    let bytes = withUnsafeBytes(of: number.littleEndian) { Array($0) }
    let zeros = [UInt8](repeating: 0, count: map.keySize - 4)
    return map.type == .lpmTrie ? [32, 0, 0, 0] + bytes : bytes + zeros
  }

  /// A thousand turns, each with the next key on the stack, r1 the map and r2 the key.
  private static func program(_ map: MapSpec, _ call: [Instruction]) -> [Instruction] {
    let place: Int16 = map.type == .lpmTrie ? -12 : -16
    let body: [Instruction] =
      [.mov64(.r7, .r6), .alu64(.and, .r7, keys - 1), .store(.w, .r10, place, .r7)] + Instruction.map(.r1, index: 0) + [
        .mov64(.r2, .r10), .add64(.r2, -16),
      ] + call
    return [
      .store(.dw, .r10, -8, 0), .store(.dw, .r10, -16, 0), .store(.w, .r10, -16, map.type == .lpmTrie ? 32 : 0), .store(.dw, .r10, -32, 0),
      .mov64(.r6, turns),
    ] + body + [.add64(.r6, -1), .jump(.ne, .r6, 0, Int16(-2 - body.count)), .mov64(.r0, 0), .exit]
  }
}
