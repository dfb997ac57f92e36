import ArgumentParser
import EBPFBTF
import EBPFCapture
import EBPFHost
import EBPFObject
import EBPFRuntime
import EBPFTables

/// `ebpf run`
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a program over a capture or on memory, and print what it decided and what is in its maps.",
    discussion: """
      The program is proved safe and compiled to machine code first; nothing is attached, and no privileges are needed.

      Examples:
        ebpf run counter.bpf.c --pcap web.pcap
        ebpf run counter.bpf.o --pcap web.pcap --write passed.pcap --json
        ebpf run program.bin --memory input.bin
        ebpf run counter.bpf.o --pcap web.pcap --host kernel
        ebpf run suspect.o --program filter --pcap web.pcap --unchecked --engine checked
      """)

  @OptionGroup var program: ProgramArguments

  @Option(help: ArgumentHelp("Run it on every packet of a capture (pcap or pcapng; - is standard input).", valueName: "file"))
  var pcap: String?

  @Option(help: ArgumentHelp("Run it once on these bytes: memory of a raw program, the packet of a packet program.", valueName: "file"))
  var memory: String?

  @Option(help: ArgumentHelp("With --memory, or alone: the context's bytes, for types that take one.", valueName: "file"))
  var context: String?

  @OptionGroup var engine: EngineArguments

  @Option(help: "Where it runs.")
  var host = HostName.userspace

  @Option(
    name: .customLong("write"),
    help: ArgumentHelp("Write the packets that passed, as the program left them, as a capture.", valueName: "out.pcap"))
  var output: String?

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Run over the capture (or the memory) so many times.", valueName: "times"))
  var times = 1

  @Option(
    help: ArgumentHelp("Show at most so many entries of a map; elements of arrays that are zero are never shown.", valueName: "count"))
  var entries = 100

  @Flag(help: "Print one JSON object, with all entries of all maps.")
  var json = false

  func validate() throws {
    if pcap != nil, memory != nil || context != nil { throw ValidationError("--pcap and --memory or --context exclude each other") }
    if output != nil, pcap == nil { throw ValidationError("--write needs --pcap") }
    guard times >= 1, times <= 1_000_000_000 else { throw ValidationError("--repeat is at least 1") }
    guard entries >= 0 else { throw ValidationError("--entries is at least 0") }
    if [program.path, pcap, memory, context].filter({ $0 == "-" }).count > 1 {
      throw ValidationError("only one of the files can be standard input")
    }
  }

  func run() async throws {
    var object = try await program.load()
    let index = try object.programs.firstIndex { [name = program.single(of: object).name] in $0.name == name }!
    if object.programs[index].type == nil {
      guard memory != nil else {
        throw ValidationError("program '\(object.programs[index].name)' does not say its type: give --type")
      }
      object.programs[index].type = .rawMemory
    }
    let spec = object.programs[index]
    if let pcap { try runOverCapture(pcap, spec, object) } else { try runOnMemory(spec, object) }
  }

  // MARK: Captures

  private func runOverCapture(_ path: String, _ spec: ProgramSpec, _ object: ObjectSpec) throws {
    let label = path == "-" ? "standard input" : path
    var damage: CaptureError?
    let capture: Capture
    do { capture = try Capture(bytes: Files.read(path), damage: &damage) } catch let error as CaptureError {
      throw CommandFailure("\(label): \(error.description)")
    }
    if let damage, capture.packets.isEmpty { throw CommandFailure("\(label): \(damage.description)") }
    let loaded = try LoadedProgram(spec, of: object, host: host, engine: engine, types: program.compiling.targetTypes)
    defer { loaded.loaded.close() }
    var options = ReplayOptions()
    options.repeatCount = times
    options.keepsOutput = output != nil
    let replay: Replay
    do {
      replay = try loaded.program.run(over: capture, options: options)
    } catch { throw CommandFailure("\(label): \(LoadedProgram.message(error))") }
    let report = ReplayReport(replay: replay, type: spec.type, maps: loaded.loaded.maps.map { MapDump($0, object) })
    if json {
      if loaded.program.engine == .checked || loaded.program.engine != engine.engine && host == .userspace {
        Console.note("\(spec.name): \(loaded.engineText)")
      }
      try report.printJSON()
    } else {
      loaded.noteOtherEngine(than: engine.engine)
      Console.print(Paint.bold(spec.name) + " (\(spec.type?.description ?? "?")): \(loaded.engineText)")
      Console.print(try report.text(most: entries))
    }
    // As tcpdump: what could be read has been dealt with, and the rest is an error. No output file is half a result.
    if let damage { throw CommandFailure("\(label): \(damage.description)" + (output.map { "; \($0) was not written" } ?? "")) }
    if let output {
      var writer = CaptureWriter(like: capture)
      for packet in replay.output { writer.append(capture.packets[packet.index], data: packet.data) }
      try Files.write(writer.bytes, to: output)
    }
  }

  // MARK: Memory

  private func runOnMemory(_ spec: ProgramSpec, _ object: ObjectSpec) throws {
    let shape = RunShape(spec.type ?? .rawMemory)
    guard memory != nil || context != nil || !shape.takesPacket else {
      throw ValidationError("program '\(spec.name)' works on packets: give --pcap or --memory")
    }
    var input = TestInput(
      data: try memory.map { try Files.read($0) } ?? [], context: try context.map { try Files.read($0) } ?? [], repeatCount: times)
    if !shape.takesData, context == nil {
      // Types without data: the bytes are the context.
      swap(&input.data, &input.context)
    }
    let loaded = try LoadedProgram(
      spec, of: object, host: host, engine: engine, memorySize: input.data.count, types: program.compiling.targetTypes)
    defer { loaded.loaded.close() }
    let result: TestResult
    do { result = try loaded.program.run(input) } catch { throw CommandFailure(LoadedProgram.message(error)) }
    let report = MemoryReport(input: input, result: result, maps: loaded.loaded.maps.map { MapDump($0, object) })
    if json {
      try report.printJSON()
    } else {
      loaded.noteOtherEngine(than: engine.engine)
      Console.print(Paint.bold(spec.name) + " (\(spec.type?.description ?? "?")): \(loaded.engineText)")
      Console.print(try report.text(most: entries))
    }
  }
}
