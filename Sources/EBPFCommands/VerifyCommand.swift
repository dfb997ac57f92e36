import ArgumentParser
import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFTables
import EBPFVerifier

/// `ebpf verify`
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove programs safe, or say what is missing.",
    discussion: """
      Every program of the object is judged, also those that are not loaded unless asked for. A program that the verifier does not understand is \
      "unsupported", which is not a proof of harm.

      Examples:
        ebpf verify counter.bpf.c
        ebpf verify counter.bpf.o --program packet_counter --json
        ebpf verify counter.bpf.o --host kernel --log
        ebpf verify program.bin --type raw --memory-size 64
      """)

  @OptionGroup var program: ProgramArguments

  @Option(help: "Whose verdict: this project's verifier or the running kernel's.")
  var host = HostName.userspace

  @Option(help: ArgumentHelp("For raw programs: bytes of the memory behind r1.", valueName: "bytes"))
  var memorySize = 0

  @Flag(help: "With --host kernel: print the kernel's whole log of what it refused.")
  var log = false

  @Flag(help: "Print one JSON array.")
  var json = false

  func validate() throws {
    if memorySize < 0 { throw ValidationError("--memory-size is not negative") }
    if log, host != .kernel { throw ValidationError("--log needs --host kernel") }
  }

  func run() async throws {
    let object = try await program.load()
    let programs = try program.chosen(of: object)
    guard !programs.isEmpty else { throw CommandFailure("\(program.path): it has no programs") }
    if host == .kernel, let reason = KernelHost.unavailability { throw CommandFailure(reason) }
    let types = try program.compiling.targetTypes
    var judgements: [Judgement] = []
    for spec in programs { judgements.append(judge(spec, object, types)) }
    if json {
      Console.print(JSONText.array(judgements.map(\.json)))
    } else {
      let width = judgements.reduce(0) { max($0, $1.program.name.count) }
      Console.print(judgements.map { $0.text(nameWidth: width, log: log) }.joined(separator: "\n"))
      if judgements.count > 1 {
        let accepted = judgements.count { $0.verdict == .accept }
        Console.print("\n\(accepted) of \(judgements.count) programs accepted" + (host == .kernel ? " by the kernel" : ""))
      }
    }
    if judgements.contains(where: { $0.verdict != .accept }) { throw ExitCode(1) }
  }

  private func judge(_ spec: ProgramSpec, _ object: ObjectSpec, _ types: TargetTypes?) -> Judgement {
    guard spec.type != nil else {
      return Judgement(
        program: spec, verdict: .unsupported,
        message: "the section '\(spec.section)' says no program type that is known; give --type")
    }
    var spec = spec
    do throws(HostError) {
      var alone = object
      alone.programs = [spec]
      spec = try alone.relocated(against: types, programs: [spec.name]).programs[0]
    } catch {
      return Judgement(program: spec, verdict: error.code == .relocation ? .reject : .unsupported, message: error.message)
    }
    return host == .kernel ? kernelJudgement(spec, object) : ownJudgement(spec, object)
  }

  private func ownJudgement(_ spec: ProgramSpec, _ object: ObjectSpec) -> Judgement {
    var verifier = Verifier()
    verifier.options.memorySize = memorySize
    let start = ContinuousClock.now
    let verdict = verifier.verify(spec, in: object)
    let time = ContinuousClock.now - start
    var judgement: Judgement
    switch verdict {
    case .accepted(let proof):
      judgement = Judgement(program: spec, verdict: .accept)
      judgement.instructionsProcessed = proof.instructionsProcessed
    case .rejected(let rejection):
      judgement = Judgement(program: spec, verdict: rejection.category == .unsafe ? .reject : .unsupported, message: rejection.message)
      judgement.instruction = rejection.instruction
      judgement.line = rejection.source ?? rejection.instruction.flatMap { spec.line(at: $0) }
      judgement.registerState = rejection.registerState
      judgement.suggestion = rejection.suggestion
      judgement.instructionsProcessed = rejection.instructionsProcessed
    }
    judgement.microseconds = Double(time.components.attoseconds) / 1e12 + Double(time.components.seconds) * 1e6
    return judgement
  }

  private func kernelJudgement(_ spec: ProgramSpec, _ object: ObjectSpec) -> Judgement {
    do throws(HostError) {
      let verdict = try KernelHost().verify(spec, in: object, detail: log ? .path : .statistics)
      var judgement = Judgement(
        program: spec, verdict: verdict.answer == .accept ? .accept : verdict.answer == .reject ? .reject : .unsupported,
        message: verdict.message)
      judgement.instruction = verdict.instruction
      judgement.line = verdict.instruction.flatMap { spec.line(at: $0) }
      judgement.instructionsProcessed = verdict.instructionsProcessed
      judgement.microseconds = Double(verdict.microseconds)
      judgement.log = verdict.log
      return judgement
    } catch {
      // The question could not be put: a map or symbol that this kernel does not have.
      return Judgement(program: spec, verdict: .unsupported, message: error.message)
    }
  }
}

/// What a verifier said of one program.
struct Judgement {
  enum Verdict: String {
    case accept
    case reject
    case unsupported
  }

  var program: ProgramSpec
  var verdict: Verdict
  var message = ""
  var instruction: Int?
  var line: LineSpec?
  var registerState: String?
  var suggestion = ""
  var instructionsProcessed = 0
  var microseconds = 0.0
  var log = ""

  init(program: ProgramSpec, verdict: Verdict, message: String = "") {
    self.program = program
    self.verdict = verdict
    self.message = message
  }

  var json: String {
    JSONText.object([
      ("section", JSONText.string(program.section)), ("name", JSONText.string(program.name)),
      ("type", JSONText.string(program.type?.description)), ("verdict", JSONText.string(verdict.rawValue)),
      ("message", JSONText.string(message)), ("instruction", JSONText.number(instruction)), ("source", JSONText.string(sourceText)),
      ("instructionsProcessed", "\(instructionsProcessed)"), ("microseconds", JSONText.number(microseconds)),
    ])
  }

  /// `file.c:41: the line's text`.
  private var sourceText: String? {
    line.map { line in
      let text = line.text.trimmingSpaces
      return "\(line.file):\(line.line)" + (text.isEmpty ? "" : ": \(text)")
    }
  }

  /// The verdict in a line, and below it what a refused program's author needs.
  func text(nameWidth: Int, log showsLog: Bool) -> String {
    let name = Paint.bold(program.name) + String(repeating: " ", count: max(0, nameWidth - program.name.count))
    let type = program.type?.description ?? "?"
    let cost = "\(instructionsProcessed) instructions walked, \(time)"
    guard verdict != .accept else { return "\(Paint.green("accepted"))     \(name)  \(type), \(cost)" }
    let word = verdict == .reject ? Paint.red("rejected") + "     " : Paint.yellow("unsupported") + "  "
    var lines = ["\(word)\(name)  \(type)" + (instructionsProcessed > 0 ? ", \(cost)" : "")]
    lines.append("  " + Paint.bold(message))
    if let line {
      let number = "\(line.line)"
      lines.append("")
      lines.append("  \(Paint.dim("\(line.file):\(number)" + (line.column > 0 ? ":\(line.column)" : "")))")
      let shown = sourceLine(line)
      if !shown.isEmpty {
        lines.append("  \(Paint.cyan("\(number) |")) \(shown)")
        // A column within a line that holds tabs stands elsewhere on the screen.
        if line.column > 1, line.column <= shown.count, !line.text.contains("\t") {
          lines.append("  " + String(repeating: " ", count: number.count + 2 + line.column) + Paint.red("^"))
        }
      }
    }
    if let instruction, program.instructions.indices.contains(instruction) {
      lines.append("")
      lines += listing(around: instruction).map { "  " + $0 }
    }
    if let registerState { lines.append("  " + Paint.yellow(registerState)) }
    if !suggestion.isEmpty {
      lines.append("")
      let wrapped = TextLines.wrap("what to write: " + suggestion, width: 100)
      lines += wrapped.enumerated().map { $0 == 0 ? "  " + Paint.green("what to write:") + $1.dropFirst(14) : "    " + $1 }
    }
    if showsLog, !log.isEmpty {
      lines.append("")
      lines += log.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var time: String {
    microseconds >= 1000
      ? "\(Int((microseconds / 100).rounded()) / 10).\(Int((microseconds / 100).rounded()) % 10) ms" : "\(Int(microseconds.rounded())) µs"
  }

  /// A source line without what a macro's author put at its end.
  private func sourceLine(_ line: LineSpec) -> String {
    var text = Substring(line.text)
    while let last = text.last, last.isWhitespace || last == "\\" { text.removeLast() }
    return String(text.replacing("\t", with: "  "))
  }

  /// The instruction at fault and the few before it that lie in the same function.
  private func listing(around slot: Int) -> [String] {
    let disassembler = Disassembler(style: .llvm)
    let start = program.functions.last { $0.start <= slot }?.start ?? 0
    var slots: [Int] = []
    var next = start
    while next <= slot {
      slots.append(next)
      next += Disassembler.slots(of: program.instructions, at: next)
    }
    return slots.suffix(4).map { at in
      let text = "\(at): \(disassembler.text(of: program.instructions, at: at))"
      return at == slot ? Paint.red("> ") + Paint.bold(text) : Paint.dim("  " + text)
    }
  }
}

extension String {
  /// The text without spaces at its ends.
  var trimmingSpaces: String {
    let start = drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...last])
  }
}
