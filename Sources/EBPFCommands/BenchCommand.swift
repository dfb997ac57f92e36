import ArgumentParser
import EBPFHost
import EBPFISA
import EBPFJIT
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFVerifier

/// `ebpf bench`
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how long a program takes on memory or on a packet.",
    discussion: """
      The program runs over and over on the same bytes, in batches of thread CPU time. The best batch says what the code costs; the median, what one sees.

      Examples:
        ebpf bench checksum.bin --memory packet.bin
        ebpf bench checksum.bin --memory packet.bin --engine interpreter --json
        ebpf bench filter.bpf.o --memory packet.bin --unchecked
      """)

  @OptionGroup var program: ProgramArguments

  @Option(help: ArgumentHelp("The bytes: memory of a raw program, the packet of a packet program.", valueName: "file"))
  var memory: String

  @OptionGroup var engine: EngineArguments

  @Option(help: "Batches that are measured.")
  var batches = 25

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...10_000).contains(batches) else { throw ValidationError("--batches is from 1 to 10000") }
    if program.path == "-", memory == "-" { throw ValidationError("only one of the files can be standard input") }
  }

  func run() async throws {
    var object = try await program.load()
    let index = try object.programs.firstIndex { [name = program.single(of: object).name] in $0.name == name }!
    if object.programs[index].type == nil { object.programs[index].type = .rawMemory }
    let spec = object.programs[index]
    let data = try Files.read(memory)
    let loaded = try LoadedProgram(
      spec, of: object, host: .userspace, engine: engine, memorySize: data.count, types: program.compiling.targetTypes)
    defer { loaded.loaded.close() }
    do {
      let report = try measure(loaded.program, data, try translation(of: spec, object, memorySize: data.count))
      if json {
        if let name = loaded.program.engine, name != engine.engine { Console.note("the \(name.rawValue) engine runs the program") }
        Console.print(report.json)
      } else {
        loaded.noteOtherEngine(than: engine.engine)
        Console.print(Paint.bold(spec.name) + " (\(spec.type?.description ?? "?")): \(loaded.engineText)")
        Console.print(report.text)
      }
    } catch { throw CommandFailure(LoadedProgram.message(error)) }
  }

  /// Time and size of the translation into the form that the engine executes.
  private func translation(of spec: ProgramSpec, _ object: ObjectSpec, memorySize: Int) throws(HostError) -> BenchReport.Translation {
    var times: [Double] = []
    var codeBytes = 0
    let clock = ContinuousClock()
    if engine.engine == .jit, let compiler = JIT.thisProcessor {
      let facts = engine.unchecked ? nil : facts(of: spec, object, memorySize)
      let deadline = clock.now + .milliseconds(200)
      repeat {
        let start = clock.now
        let code = try? compiler.compile(spec.instructions, facts: facts)
        times.append(microseconds(clock.now - start))
        codeBytes = code?.bytes.count ?? 0
      } while times.count < 21 && clock.now < deadline
    } else {
      // The interpreter's form has no compiler of its own to ask: the time of a load without verification.
      var options = LoadOptions()
      options.verification = .unchecked
      options.engine = engine.engine
      options.programs = [spec.name]
      for _ in 0..<5 {
        let start = clock.now
        let loaded = try UserspaceHost().load(object, options: options)
        times.append(microseconds(clock.now - start))
        loaded.close()
      }
    }
    return BenchReport.Translation(microseconds: times.sorted()[times.count / 2], codeBytes: codeBytes)
  }

  private func facts(of spec: ProgramSpec, _ object: ObjectSpec, _ memorySize: Int) -> Facts? {
    var verifier = Verifier()
    verifier.options.memorySize = memorySize
    guard case .accepted(let proof) = verifier.verify(spec, in: object) else { return nil }
    return proof.facts
  }

  private func microseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1e6 + Double(duration.components.attoseconds) / 1e12
  }

  private func measure(_ program: Program, _ data: [UInt8], _ translation: BenchReport.Translation) throws(HostError) -> BenchReport {
    let first = try program.run(TestInput(data: data))
    // As many runs as fill two milliseconds, found by doubling.
    var count = 1
    var time = first.nanoseconds
    while time * Double(count) < 2e6, count < 1 << 24 {
      count *= 2
      time = try program.run(TestInput(data: data, repeatCount: count)).nanoseconds
    }
    var times: [Double] = []
    for _ in 0..<batches { times.append(try program.run(TestInput(data: data, repeatCount: count)).nanoseconds) }
    times.sort()
    return BenchReport(
      engine: program.engine?.rawValue ?? "", result: first.returnValue, best: times[0], median: times[times.count / 2], runs: count,
      batches: batches, translation: translation, instructions: program.spec.instructions.count)
  }
}

/// What `ebpf bench` prints.
struct BenchReport {
  struct Translation {
    var microseconds: Double
    /// Bytes of machine code; 0 for the interpreters.
    var codeBytes: Int
  }

  var engine: String
  var result: UInt64
  var best: Double
  var median: Double
  var runs: Int
  var batches: Int
  var translation: Translation
  var instructions: Int

  var json: String {
    JSONText.object([
      ("engine", JSONText.string(engine)), ("result", JSONText.string(hexadecimal(result))),
      ("nanosecondsPerRun", JSONText.object([("best", JSONText.number(best)), ("median", JSONText.number(median))])),
      ("compileMicroseconds", JSONText.number(translation.microseconds)), ("codeBytes", "\(translation.codeBytes)"),
      ("instructions", "\(instructions)"),
    ])
  }

  var text: String {
    var table = Table(["", " "])
    table.add(["result", hexadecimal(result)])
    table.add(["best", nanoseconds(best)])
    table.add(["median", nanoseconds(median)])
    table.add(["batches", "\(batches) of \(runs) runs"])
    table.add(["translated in", "\(JSONText.number((translation.microseconds * 10).rounded() / 10)) µs"])
    if translation.codeBytes > 0 { table.add(["machine code", "\(translation.codeBytes) bytes"]) }
    table.add(["instructions", "\(instructions)"])
    return table.text(indent: 2)
  }
}
