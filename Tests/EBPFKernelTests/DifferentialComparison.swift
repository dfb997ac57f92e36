import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import EBPFVerifier

/// Compares programs one after the other and keeps count.
final class DifferentialComparison {
  private var kernels: [ProgramType: KernelEngine] = [:]
  private(set) var programs = 0
  private(set) var kernelAccepts = 0
  private(set) var bothAccept = 0
  private(set) var oursAccepts = 0
  /// What was found, the first of them.
  private(set) var failures: [String] = []
  private var failureCount = 0
  private var forms: [String: Int] = [:]
  private var helpers: [Int32: Int] = [:]
  private var kernelObjections: [String: (count: Int, seed: UInt64)] = [:]
  private var ourObjections: [String: (count: Int, seed: UInt64)] = [:]
  private var missing: [String: (count: Int, seed: UInt64)] = [:]
  private let start = ContinuousClock.now

  private static let types: [ProgramType] = [.xdp, .schedCls, .socketFilter]
  private static let mostFailures = 5

  init() throws(HostError) {
    for type in Self.types { kernels[type] = try KernelEngine(type: type) }
  }

  private func verdict(_ program: RandomProgram) -> Rejection? {
    var verifier = Verifier()
    verifier.options.policy = .kernel(major: 6, minor: 18)
    let object = program.object
    if case .rejected(let rejection) = verifier.verify(object.programs[0], in: object) { return rejection }
    return nil
  }

  // MARK: Valid programs

  /// Runs a program everywhere.
  func compare(_ program: RandomProgram) throws(HostError) {
    programs += 1
    guard let kernel = kernels[program.type] else { return }
    let objection = try kernel.load(program)
    let rejection = verdict(program)
    if rejection == nil { oursAccepts += 1 }
    if let objection {
      Self.note(objection, program.seed, in: &kernelObjections)
      if rejection == nil, Self.isAboutSafety(objection) { fail(program, "accepted here; the kernel: \(objection)", isFalselyAccepted) }
      return
    }
    kernelAccepts += 1
    if let rejection {
      Self.note("\(rejection.category.rawValue): \(rejection.message)", program.seed, in: &ourObjections)
    } else {
      bothAccept += 1
    }
    countForms(program.instructions)
    let expected = try kernel.run(program)
    if let found = difference(program, expected, isProved: rejection == nil) {
      fail(program, found) { (candidate: RandomProgram) in
        guard (try? kernel.load(candidate)) == .some(nil), let expected = try? kernel.run(candidate) else { return false }
        return self.difference(candidate, expected, isProved: false) != nil
      }
    }
  }

  /// What an engine of this process does otherwise than the kernel.
  private func difference(_ program: RandomProgram, _ expected: Outcome, isProved: Bool) -> String? {
    for engine in LoadOptions.Engine.allCases {
      // Of what was proved, half is compiled with what the proof says of it.
      let verification: LoadOptions.Verification = isProved && engine == .jit && program.seed % 2 == 0 ? .required : .unchecked
      do throws(HostError) {
        let outcome = try UserspaceEngine.run(program, engine: engine, verification: verification)
        if let found = outcome.difference(from: expected) { return "\(engine.rawValue) and the kernel: \(found)" }
      } catch {
        guard error.code == .unsupported else { return "\(engine.rawValue): \(error.message)" }
        Self.note(error.message, program.seed, in: &missing)
        return nil
      }
    }
    return nil
  }

  // MARK: Changed programs

  /// Asks both verifiers, and runs what is accepted here.
  func check(_ program: RandomProgram) throws(HostError) {
    programs += 1
    guard let kernel = kernels[program.type] else { return }
    let objection: String?
    do throws(HostError) { objection = try kernel.load(program) } catch {
      // Refused without a word of the verifier: a program that is not even looked at.
      objection = error.message
    }
    let rejection = verdict(program)
    if let objection { Self.note(objection, program.seed, in: &kernelObjections) } else { kernelAccepts += 1 }
    guard rejection == nil else {
      if objection == nil, let rejection {
        Self.note("\(rejection.category.rawValue): \(rejection.message)", program.seed, in: &ourObjections)
      }
      return
    }
    oursAccepts += 1
    if let objection, Self.isAboutSafety(objection) {
      fail(program, "accepted here; the kernel: \(objection)", isFalselyAccepted)
    } else if objection == nil {
      bothAccept += 1
    }
    if let error = fault(program) {
      fail(program, "accepted here, and faults: \(error.message)") { (candidate: RandomProgram) in
        self.verdict(candidate) == nil && self.fault(candidate) != nil
      }
    }
  }

  /// What the checked interpreter catches. What the loader refuses does not count: code that nothing reaches may hold what it cannot decode.
  private func fault(_ program: RandomProgram) -> HostError? {
    do throws(HostError) {
      _ = try UserspaceEngine.run(program, engine: .checked, verification: .unchecked)
      return nil
    } catch {
      // A loop that `may_goto` bounds goes round eight million times, and more than the checked interpreter is let here.
      let isEndless = error.message.contains("budget") && program.instructions.contains { $0.opcode == Opcode.mayGoto }
      if error.code != .unsupported, error.code != .rejected, !isEndless { return error }
      Self.note(error.message, program.seed, in: &missing)
      return nil
    }
  }

  private func isFalselyAccepted(_ program: RandomProgram) -> Bool {
    guard verdict(program) == nil, let kernel = kernels[program.type] else { return false }
    do throws(HostError) { return try kernel.load(program).map(Self.isAboutSafety) ?? false } catch { return true }
  }

  /// Whether the kernel objects to what the program does. It also gives up on programs that take it too long, where the search here may
  /// come to an end. And what it calls a bug of its own is none of the program's: it takes a callback out as dead code where its helper comes to
  /// no turn, and then does not find what the address that is loaded leads to; it loses its way back through a changed program's callbacks.
  /// One of those bugs is about the program: "backtracking misuse" is the kernel's word for a pointer where bpf_loop() wants a number of turns.
  private static func isAboutSafety(_ objection: String) -> Bool {
    if objection.contains("backtracking misuse") { return true }
    let others = ["BPF program is too large", "The sequence of", "verifier bug:"]
    return !others.contains { objection.contains($0) }
  }

  // MARK: Words

  private func fail(_ program: RandomProgram, _ what: String, _ shows: (RandomProgram) -> Bool) {
    failureCount += 1
    guard failures.count < Self.mostFailures else { return }
    var smaller = program
    smaller.instructions = ProgramShrinker.shrink(program.instructions) { candidate in
      var changed = program
      changed.instructions = candidate
      return shows(changed)
    }
    failures.append(
      """
      seed \(program.seed), \(program.type), packet \(program.packet.hex): \(what)
      \(program.listing)
      smaller:
      \(smaller.listing)
      """)
  }

  private static func note(_ reason: String, _ seed: UInt64, in table: inout [String: (count: Int, seed: UInt64)]) {
    var key = ""
    for character in reason.prefix(140) {
      if character.isNumber { if key.last != "N" { key.append("N") } } else { key.append(character) }
    }
    table[key, default: (0, seed)].count += 1
  }

  private func countForms(_ instructions: [Instruction]) {
    var isSecondHalf = false
    for instruction in instructions {
      if isSecondHalf {
        isSecondHalf = false
        continue
      }
      isSecondHalf = instruction.isWide
      guard let form = InstructionForm.of(instruction) else { continue }
      forms[form.name, default: 0] += 1
      if form.name == "call" { helpers[instruction.immediate, default: 0] += 1 }
    }
  }

  /// How often each instruction and helper came in programs that the kernel took.
  ///
  /// Some cannot come: maps stand in programs by index until a host has descriptors for them, kernel functions and variables need BTF, `callx`
  /// is not the kernel's, and address space casts need an arena.
  var coverage: [(name: String, times: Int)] {
    let notGenerated: Set = [
      "addr_space_cast", "lddw_map_fd", "lddw_map_fd_value", "lddw_btf_id", "call_kfunc", "callx",
    ]
    let instructions = InstructionForm.all.map(\.name).filter { !notGenerated.contains($0) }
    return instructions.map { ($0, forms[$0] ?? 0) }
      + ProgramGenerator.helpers.map { ("helper \(HelperID(rawValue: UInt32($0)))", helpers[$0] ?? 0) }
  }

  var summary: String {
    func table(_ title: String, _ reasons: [String: (count: Int, seed: UInt64)]) -> [String] {
      guard !reasons.isEmpty else { return [] }
      return ["  \(title):"]
        + reasons.sorted { ($0.value.count, $1.key) > ($1.value.count, $0.key) }.prefix(20)
        .map { "    \($0.value.count) x \($0.key) [seed \($0.value.seed)]" }
    }
    let rarest = coverage.sorted { $0.times < $1.times }.prefix(6).map { "\($0.name) \($0.times)" }.joined(separator: ", ")
    var lines = [
      "  \(programs) programs in \(ContinuousClock.now - start): the kernel accepts \(kernelAccepts), the verifier here \(oursAccepts), both \(bothAccept);"
        + " \(failureCount) disagreements",
      "  rarest: \(rarest); helpers \(helpers.keys.sorted().map(String.init).joined(separator: " "))",
    ]
    lines += table("the kernel's objections", kernelObjections)
    lines += table("objections here to what the kernel accepts", ourObjections)
    lines += table("what the userspace host does not load", missing)
    return lines.joined(separator: "\n")
  }
}
