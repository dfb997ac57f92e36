import EBPF
import EBPFISA
import EBPFTables

/// What it costs to enter a program and to call a helper, by subtraction: a loop with a call against the same loop without.
struct CallBenchmark {
  var rounds: Int

  func run() throws {
    let turns: Int32 = 1000
    print("Calls, median of \(rounds) interleaved batches; targets: entry 4 ns, helper 3 ns\n")
    var table = Table(["engine", "entry ns", "helper ns", "function ns"])
    for engine in [LoadOptions.Engine.jit, .interpreter] {
      // r6 counts down; helper 8 is bpf_get_smp_processor_id, the least that a helper can do.
      func loop(_ body: [Instruction], _ behind: [Instruction] = []) -> [Instruction] {
        [.mov64(.r6, turns)] + body + [.add64(.r6, -1), .jump(.ne, .r6, 0, Int16(-2 - body.count)), .mov64(.r0, 0), .exit] + behind
      }
      let programs: [[Instruction]] = [
        [.mov64(.r0, 0), .exit],
        loop([.mov64(.r1, 1)]),
        loop([.mov64(.r1, 1), .call(8)]),
        loop([.mov64(.r1, 1), .callLocal(4)], [.mov64(.r0, .r1), .exit]),
      ]
      let runs = try programs.map { instructions -> (Int) throws -> Double in
        var options = LoadOptions()
        options.verification = .unchecked
        options.engine = engine
        let spec = ProgramSpec(name: "calls", type: .rawMemory, instructions: instructions)
        let loaded = try UserspaceHost().load(ObjectSpec(programs: [spec], license: "GPL"), options: options)
        return { try loaded.programs[0].run(TestInput(repeatCount: $0)).nanoseconds }
      }
      let samples = try interleaved(rounds: rounds, batchNanoseconds: 2e6, runs)
      let each = samples.dropFirst(2).map { ($0.median - samples[1].median) / Double(turns) }
      table.add([engine.rawValue, text(samples[0].median, 2), text(each[0], 2), text(each[1], 2)])
    }
    print(table.printed() + "\n")
  }
}
