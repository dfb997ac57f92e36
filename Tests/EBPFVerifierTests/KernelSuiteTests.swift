// The verifier against the kernel's own verifier tests: 526 of verifier/*.c, 1,355 of progs/verifier_*.c.
//
//   EBPF_KERNEL_TESTS=FOLDER swift test -c release --filter KernelSuite
//
//   EBPF_KERNEL_SUITE=TEXT          only the tests whose id contains TEXT (`verifier_bounds/`, `jmp32.c#3 `, `verifier_and/invalid_range_check`);
//                                   prints the instructions, our answer and the kernel's log of each test that differs
//   EBPF_KERNEL_SUITE_TRACE=1       prints each id before its test, unbuffered: the last one is where a crash or a hang is
//   EBPF_KERNEL_SUITE_UNPRIVILEGED=1  asks for the verdicts without capabilities instead, where they were recorded; nothing is required of them
//   EBPF_KERNEL_SUITE_REPORT=FILE   writes a line for each test: outcome, id, our message
//
// A false accept is an error in any test of any type. In the floor (KernelTestFloor) 85 % of what the kernel accepts must be accepted.

import EBPFBTF
import EBPFISA
import EBPFObject
import EBPFTables
import EBPFTestSupport
import EBPFVerifier
import Foundation
import Testing

@Suite(.enabled(if: KernelTestReader.configuredFolder != nil, "EBPF_KERNEL_TESTS does not name the folder of the kernel's tests"))
struct KernelSuite {
  private enum Outcome: String {
    case acceptsAgree = "accept"
    case rejectsAgree = "reject"
    case falseAccept = "FALSE-ACCEPT"
    case falseReject = "false-reject"
    case notUnderstood = "unsupported"
    case noVerdict = "no-verdict"
  }

  private struct Result {
    var test: KernelTest
    var outcome: Outcome
    var rejection: Rejection?
    var seconds: Double

    var line: String {
      guard let rejection else { return "\(outcome.rawValue) \(test.id)" }
      let place = rejection.instruction.map { " at \($0)" } ?? ""
      return "\(outcome.rawValue) \(test.id): \(rejection.category.rawValue)\(place): \(rejection.message)"
    }
  }

  /// How often each outcome came.
  private struct Tally {
    var counts: [Outcome: Int] = [:]
    subscript(_ outcome: Outcome) -> Int { counts[outcome] ?? 0 }
    mutating func add(_ outcome: Outcome) { counts[outcome, default: 0] += 1 }
    /// Of what the kernel accepts, what we accept too.
    var kernelAccepts: Int { self[.acceptsAgree] + self[.falseReject] + self[.notUnderstood] }

    func row(_ name: String) -> String {
      func cell(_ number: Int) -> String { String(repeating: " ", count: max(0, 10 - String(number).count)) + String(number) }
      let share = kernelAccepts == 0 ? "" : String(format: "%7.1f %%", 100 * Double(self[.acceptsAgree]) / Double(kernelAccepts))
      return name.padding(toLength: 44, withPad: " ", startingAt: 0) + cell(self[.acceptsAgree]) + cell(self[.rejectsAgree])
        + cell(self[.falseAccept]) + cell(self[.falseReject]) + cell(self[.notUnderstood]) + "  " + share
    }
  }

  private static let header =
    "".padding(toLength: 44, withPad: " ", startingAt: 0) + "    accept    reject  FALSE-AC   unsafe?  unsupp.?  accepted of the kernel's"

  private let environment = ProcessInfo.processInfo.environment
  private var isUnprivileged: Bool { environment["EBPF_KERNEL_SUITE_UNPRIVILEGED"] != nil }

  /// The types of the running kernel, which the verdicts are of: fields of its own structures are where it says.
  private static let kernelTypes = FileManager.default.contents(atPath: "/sys/kernel/btf/vmlinux").flatMap { try? BTF(bytes: [UInt8]($0)) }

  /// The recorded verdict that is asked for.
  private func recorded(_ test: KernelTest) -> KernelTest.Verdict? { isUnprivileged ? test.unprivileged : test.verdict }

  private func options(_ test: KernelTest, _ verdict: KernelTest.Verdict?) -> Verifier.Options {
    var options = Verifier.Options()
    options.policy = .kernel(major: 6, minor: 18)
    options.isPrivileged = !isUnprivileged
    options.strictAlignment = (verdict?.flags ?? test.program.loadFlags) & KernelTest.strictAlignment != 0
    return options
  }

  private func judge(_ test: KernelTest) -> Result {
    let start = ContinuousClock.now
    let answer = Verifier(options: options(test, recorded(test)), kernelTypes: Self.kernelTypes).verify(test.program, in: test.object)
    let time = ContinuousClock.now - start
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    var rejection: Rejection?
    if case .rejected(let reason) = answer { rejection = reason }
    let outcome: Outcome
    switch (recorded(test)?.isAccepted, rejection) {
    case (nil, _): outcome = .noVerdict
    case (true?, nil): outcome = .acceptsAgree
    case (true?, let reason?): outcome = reason.category == .unsupported ? .notUnderstood : .falseReject
    case (false?, nil): outcome = .falseAccept
    case (false?, _?): outcome = .rejectsAgree
    }
    return Result(test: test, outcome: outcome, rejection: rejection, seconds: seconds)
  }

  /// What is printed of a test that was asked for by name.
  private func explain(_ result: Result) {
    let test = result.test
    print("\n=== \(result.line)")
    print(
      "    \(test.program.type?.description ?? "no type"), flags \(recorded(test)?.flags ?? 0), topic \(String(describing: KernelTestFloor.topic(ofFile: test.file)))"
    )
    for (index, map) in test.object.maps.enumerated() {
      print(
        "    map \(index): \(map.name) \(map.type) key \(map.keySize) value \(map.valueSize) entries \(map.maxEntries) flags \(map.flags.rawValue)"
      )
    }
    if test.program.instructions.count <= 400 {
      print(Disassembler(style: .kernel).listing(test.program.instructions, bytes: false))
    }
    if let rejection = result.rejection {
      print("  ours: \(rejection.category.rawValue) at \(rejection.instruction.map(String.init) ?? "-"): \(rejection.message)")
      if let state = rejection.registerState { print("        \(state)") }
      if !rejection.suggestion.isEmpty { print("        \(rejection.suggestion)") }
    } else {
      print("  ours: accepted")
    }
    if let verdict = recorded(test) {
      print("  kernel: \(verdict.isAccepted ? "accepts" : "rejects")\n\(verdict.log)")
    } else {
      print("  kernel: no verdict")
    }
  }

  @Test func verdictsAreTheKernels() throws {
    let reader = KernelTestReader(folder: try #require(KernelTestReader.configuredFolder))
    let wanted = environment["EBPF_KERNEL_SUITE"]
    let isTracing = environment["EBPF_KERNEL_SUITE_TRACE"] != nil
    var tests = try reader.arrays() + reader.annotated()
    if wanted == nil { #expect(tests.count == 526 + 1355) }
    for test in tests where KernelTestFloor.topic(ofFile: test.file) == nil { Issue.record("\(test.file) is in no topic") }
    if let wanted { tests = tests.filter { $0.id.contains(wanted) } }

    var results: [Result] = []
    for test in tests {
      if isTracing { FileHandle.standardError.write(Data("\(test.id)\n".utf8)) }
      results.append(judge(test))
    }

    if let path = environment["EBPF_KERNEL_SUITE_REPORT"] {
      try (results.map(\.line).joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    if wanted != nil {
      for result in results where [.falseAccept, .falseReject, .notUnderstood].contains(result.outcome) || results.count == 1 {
        explain(result)
      }
    }
    report(results)

    if isUnprivileged { return }
    let falseAccepts = results.filter { $0.outcome == .falseAccept }
    #expect(falseAccepts.isEmpty, "accepted what the kernel rejects:\n\(falseAccepts.map(\.line).joined(separator: "\n"))")
    if wanted == nil {
      var floor = Tally()
      for result in results where KernelTestFloor.includes(result.test) { floor.add(result.outcome) }
      #expect(100 * floor[.acceptsAgree] >= 85 * floor.kernelAccepts, "the floor is 85 % of what the kernel accepts")
    }
  }

  private func report(_ results: [Result]) {
    var files: [String: Tally] = [:]
    var topics: [String: Tally] = [:]
    var (floor, types, all) = (Tally(), Tally(), Tally())
    for result in results where result.outcome != .noVerdict {
      all.add(result.outcome)
      if let type = result.test.program.type, KernelTestFloor.types.contains(type) { types.add(result.outcome) }
      guard KernelTestFloor.includes(result.test) else { continue }
      floor.add(result.outcome)
      files[result.test.file, default: Tally()].add(result.outcome)
      topics[KernelTestFloor.topic(ofFile: result.test.file)?.name ?? "", default: Tally()].add(result.outcome)
    }
    var lines = ["", Self.header]
    for topic in KernelTestFloor.topics {
      guard let tally = topics[topic.name] else { continue }
      lines.append(tally.row(topic.name))
      for file in topic.files { if let tally = files[file] { lines.append(tally.row("    " + file)) } }
    }
    lines += [floor.row("the floor"), types.row("its program types, every topic"), all.row("every test with a verdict")]

    // What stands in the way, most frequent first.
    var reasons: [String: (count: Int, example: String)] = [:]
    for result in results where result.outcome == .falseReject || result.outcome == .notUnderstood {
      guard KernelTestFloor.includes(result.test), let rejection = result.rejection else { continue }
      let key = rejection.category.rawValue + ": " + String(rejection.message.map { $0.isNumber ? "N" : $0 })
      reasons[key, default: (0, result.test.id)].count += 1
    }
    if !reasons.isEmpty { lines += ["", "rejected in the floor though the kernel accepts, by message:"] }
    for (reason, (count, example)) in reasons.sorted(by: { ($0.value.count, $1.key) > ($1.value.count, $0.key) }).prefix(40) {
      lines.append("  \(count) x \(reason)   [\(example)]")
    }
    let slowest = results.sorted { $0.seconds > $1.seconds }.prefix(3).map { String(format: "%@ %.1f ms", $0.test.id, 1000 * $0.seconds) }
    let total = results.reduce(0) { $0 + $1.seconds }
    lines.append(String(format: "%d tests in %.2f s; slowest: ", results.count, total) + slowest.joined(separator: ", "))
    print(lines.joined(separator: "\n"))
  }
}
