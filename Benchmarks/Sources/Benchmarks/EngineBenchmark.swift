import EBPF
import EBPFISA

/// Every program on every engine, in turns: how far from native code, and what an instruction costs the interpreter.
struct EngineBenchmark {
  var programs: [BenchmarkProgram]
  var rounds: Int
  var batchNanoseconds: Double

  func run() throws {
    let input = benchmarkInput()
    let ubpf = try UBPF()
    var rows: [Row] = []
    for program in programs {
      var runners = [
        try Runner.native(program, input), try Runner.userspace(program, input, .jit),
        try Runner.userspace(program, input, .interpreter),
      ]
      if let code = try Runner.code(program, input) { runners.append(code) }
      if let kernel = try Runner.kernel(program, input) { runners.append(kernel) }
      if let ubpf {
        runners.append(try ubpf.jit(program, input))
        runners.append(try ubpf.interpreter(program, input))
      }
      let results = try runners.map { try $0.run(2).result }
      for (runner, result) in zip(runners, results) where result != results[0] {
        throw BenchmarkError("\(program.name): \(runner.name) gives \(result), \(runners[0].name) \(results[0])")
      }
      let samples = try interleaved(
        rounds: rounds, batchNanoseconds: batchNanoseconds, runners.map { runner in { try runner.run($0).nanoseconds } })
      rows.append(
        Row(
          name: program.name, slots: program.slots, executed: try executedInstructions(program, input),
          medians: Dictionary(uniqueKeysWithValues: zip(runners.map(\.name), samples.map(\.median)))))
    }
    report(rows)
  }

  private struct Row {
    var name: String
    var slots: Int
    var executed: Int
    var medians: [String: Double]

    func ratio(_ name: String) -> Double {
      guard let value = medians[name], let native = medians["native"] else { return .nan }
      return value / native
    }
    func perInstruction(_ name: String) -> Double { medians[name].map { $0 / Double(executed) } ?? .nan }
  }

  private func report(_ rows: [Row]) {
    let names = ["native", "jit", "code", "kernel", "uBPF JIT", "interpreter", "uBPF int."].filter { name in
      rows.contains { $0.medians[name] != nil }
    }
    print("Nanoseconds a run, median of \(rounds) interleaved batches (kernel: with about 20 ns of its test run)\n")
    var times = Table(["program", "slots", "executed"] + names)
    for row in rows { times.add([row.name, "\(row.slots)", "\(row.executed)"] + names.map { text(row.medians[$0] ?? .nan) }) }
    print(times.printed())

    print("\nTimes native, and nanoseconds an executed instruction\n")
    let compiled = names.filter { !["native", "interpreter", "uBPF int."].contains($0) }
    let interpreted = names.filter { ["interpreter", "uBPF int."].contains($0) }
    var ratios = Table(["program"] + compiled.map { "\($0) /native" } + interpreted.map { "\($0) ns/insn" })
    for row in rows {
      ratios.add([row.name] + compiled.map { text(row.ratio($0), 2) } + interpreted.map { text(row.perInstruction($0), 2) })
    }
    // `null` measures the way in, not the code.
    let counted = rows.filter { $0.name != "null" }
    ratios.add(
      ["geometric mean"]
        + compiled.map { name in text(geometricMean(counted.map { $0.ratio(name) }.filter(\.isFinite)), 2) }
        + interpreted.map { name in text(geometricMean(counted.map { $0.perInstruction(name) }.filter(\.isFinite)), 2) })
    print(ratios.printed() + "\n")
  }

  /// How many instructions a run executes: the least budget with which the checked interpreter comes to the end.
  private func executedInstructions(_ program: BenchmarkProgram, _ input: [UInt8]) throws -> Int {
    func suffices(_ budget: Int) throws -> Bool {
      var options = LoadOptions()
      options.verification = .unchecked
      options.engine = .checked
      options.instructionBudget = budget
      let loaded = try UserspaceHost().load(program.memory, options: options)
      do throws(HostError) {
        _ = try loaded.programs[0].run(TestInput(data: input))
        return true
      } catch {
        guard error.code == .fault, error.message.contains("budget") else { throw error }
        return false
      }
    }
    var high = 16
    while try !suffices(high) { high *= 2 }
    var low = 0
    while low + 1 < high {
      let middle = (low + high) / 2
      if try suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
