import EBPFISA
import EBPFJIT
import EBPFObject

/// What making machine code costs: the translation, and the memory that it is put into.
struct TranslationBenchmark {
  var programs: [BenchmarkProgram]
  var rounds: Int

  func run() throws {
    guard let jit = JIT.forThisProcessor else { return print("Translation: no JIT for this processor\n") }
    var cases = programs.map { ($0.name, $0.memory.programs[0].instructions) }
    for count in [16, 256, 1024, 4096, 16384, 60000] { cases.append(("straight \(count)", Self.straightLine(count))) }
    for count in [1024, 60000] { cases.append(("branches \(count)", Self.branches(count))) }
    for count in [1024, 60000] { cases.append(("loops \(count)", Self.branches(count, isBackward: true))) }
    print("Translation, median of \(rounds) batches; the target is 15 ns a slot + 10 µs with mapping\n")
    var table = Table(["program", "slots", "code bytes", "bytes/slot", "translate ns/slot", "with mapping µs", "of the target"])
    for (name, instructions) in cases {
      let code = try jit.compile(instructions)
      let samples = try interleaved(
        rounds: rounds, batchNanoseconds: 3e6,
        [
          { count in try timed(count) { _ = try jit.compile(instructions) } },
          { count in try timed(count) { _ = try MappedCode(jit.compile(instructions)) } },
        ])
      let slots = Double(instructions.count)
      table.add([
        name, "\(instructions.count)", "\(code.bytes.count)", text(Double(code.bytes.count) / slots, 2),
        text(samples[0].median / slots, 1), text(samples[1].median / 1000, 1), text(samples[1].median / (15 * slots + 10_000), 2),
      ])
    }
    print(table.printed() + "\n")
  }

  /// A mix of arithmetic, loads and stores without branches.
  static func straightLine(_ count: Int) -> [Instruction] {
    var result: [Instruction] = [.mov64(.r0, 1), .mov64(.r6, .r1)]
    let mix: [Instruction] = [
      .add64(.r0, 7), .alu64(.mul, .r0, .r2), .alu64(.xor, .r0, .r6), .alu64(.lsh, .r0, 3), .load(.w, .r3, .r6, 16),
      .alu32(.add, .r3, .r0), .store(.dw, .r10, -16, .r3), .load(.dw, .r4, .r10, -16), .alu64(.and, .r4, 0x7fff),
      .alu64(.or, .r0, .r4), .alu32(.rsh, .r0, 2), .mov64(.r2, .r0),
    ]
    while result.count < count - 1 { result.append(mix[result.count % mix.count]) }
    return result + [.exit]
  }

  /// As many jumps as a packet program has, near and not so near, ahead or back.
  static func branches(_ count: Int, isBackward: Bool = false) -> [Instruction] {
    var result: [Instruction] = [.mov64(.r0, 1), .mov64(.r6, .r1)]
    while result.count < count - 1 {
      let room = isBackward ? result.count - 1 : count - 2 - result.count
      func distance(_ wanted: Int) -> Int16 { Int16(isBackward ? -min(room, wanted) : min(room, wanted)) }
      switch result.count % 5 {
      case 0: result.append(.jump(.eq, .r0, Int32(result.count), distance(3)))
      case 2: result.append(.jump(.gt, .r0, .r6, distance(result.count % 60)))
      default: result.append(.add64(.r0, Int32(result.count % 1000)))
      }
    }
    return result + [.exit]
  }
}
