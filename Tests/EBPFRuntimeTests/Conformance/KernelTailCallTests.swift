import EBPFHost
import EBPFISA
import EBPFObject
import EBPFRuntime
import EBPFTables
import Testing

/// The ten tail-call programs of the kernel's `lib/test_bpf.c` in every engine: all stand in one prog array and jump to others in it.
///
/// Two things differ on purpose. The kernel's test puts pointers into the program's memory where here a map is; and its test of calls between
/// tail calls calls kernel functions directly, here the same functions are called as helpers, and in place of its own function that overwrites
/// all registers that a call may overwrite, `bpf_get_smp_processor_id` is.
@Suite struct KernelTailCallTests {
  private struct Case: Sendable {
    var name: String
    var instructions: [Instruction]
    var result: UInt32
    /// Whether r1 is the address of a 32-bit counter, and the result is that counter after a thousand runs.
    var countsInMemory = false
  }

  private static let runs = 1000
  /// An entry that no program stands in, and an index behind the last.
  private static let (emptyEntry, outside): (Int32, Int32) = (20, 64)

  private static func tailCall(_ index: Int32) -> [Instruction] {
    Instruction.map(.r2, index: 0) + [.mov32(.r3, index), .call(12)]
  }

  private static let count: [Instruction] = [.load(.w, .r2, .r1, 0), .add64(.r2, 1), .store(.w, .r1, 0, .r2)]
  private static let failed: [Instruction] = [.mov64(.r0, -1), .exit]

  private static let cases: [Case] = [
    Case(name: "leaf", instructions: [.mov64(.r0, .r1), .add64(.r0, 1), .exit], result: 1),
    Case(name: "two", instructions: [.add64(.r1, 2)] + tailCall(0) + failed, result: 3),
    Case(name: "three", instructions: [.add64(.r1, 3)] + tailCall(1) + failed, result: 6),
    Case(name: "four", instructions: [.add64(.r1, 4)] + tailCall(2) + failed, result: 10),
    Case(
      name: "load_store_leaf",
      instructions: [
        .mov64(.r1, 1), .mov64(.r2, 2), .mov64(.r3, .r10), .store(.dw, .r3, -8, .r1), .store(.dw, .r3, -16, .r2), .load(.dw, .r0, .r10, -8),
        .jump(.ne, .r0, .r1, 3), .load(.dw, .r0, .r10, -16), .jump(.ne, .r0, .r2, 1), .mov64(.r0, 0), .exit,
      ], result: 0),
    Case(name: "load_store", instructions: [.mov64(.r0, 3), .store(.dw, .r10, -8, .r0)] + tailCall(4) + failed, result: 0),
    // A program that calls itself is entered once and goes on 33 times.
    Case(name: "most", instructions: count + tailCall(6) + [.exit], result: 34 * UInt32(runs), countsInMemory: true),
    Case(
      name: "count_kept_across_calls",
      instructions: count + [.store(.dw, .r10, -8, .r1), .call(42), .call(5), .call(125), .call(160), .call(118), .call(8)]
        + [.load(.dw, .r1, .r10, -8), .mov32(.r0, .r1)] + tailCall(7) + [.exit],
      result: 34 * UInt32(runs), countsInMemory: true),
    Case(name: "empty_entry", instructions: count + tailCall(emptyEntry) + [.exit], result: UInt32(runs), countsInMemory: true),
    Case(name: "outside", instructions: count + tailCall(outside) + [.exit], result: UInt32(runs), countsInMemory: true),
  ]

  @Test(arguments: engines)
  func tailCallsGoWhereTheKernelsGo(_ engine: LoadOptions.Engine) throws {
    var programs = Self.cases.map { ProgramSpec(name: $0.name, type: .rawMemory, instructions: $0.instructions) }
    // The kernel's programs that do not count start with r1 = 0.
    for index in Self.cases.indices {
      programs.append(
        ProgramSpec(
          name: "enter_\(index)", type: .rawMemory, instructions: [.mov64(.r1, 0)] + Self.tailCall(Int32(index)) + [.mov64(.r0, -2), .exit])
      )
    }
    let array = MapSpec(
      name: "programs", type: .progArray, keySize: 4, valueSize: 4, maxEntries: Int(Self.outside),
      contents: Self.cases.enumerated().map { .init(key: [UInt8($0.offset), 0, 0, 0], value: .program($0.element.name)) })
    var options = LoadOptions()
    options.verification = .unchecked
    options.engine = engine
    let loaded = try UserspaceHost().load(ObjectSpec(programs: programs, maps: [array]), options: options)
    defer { loaded.close() }
    for (index, test) in Self.cases.enumerated() {
      if test.countsInMemory {
        let result = try loaded.program(test.name).run(TestInput(data: [0, 0, 0, 0], repeatCount: Self.runs))
        let counter = result.data.enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
        #expect(counter == test.result, "\(test.name)")
      } else {
        let result = try loaded.program("enter_\(index)").run(TestInput(data: [0, 0, 0, 0]))
        #expect(UInt32(truncatingIfNeeded: result.returnValue) == test.result, "\(test.name)")
      }
    }
  }
}
