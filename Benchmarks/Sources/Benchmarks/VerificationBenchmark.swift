import EBPF
import EBPFVerifier
import Foundation

/// How long verification takes, against the kernel's own measure of its verifier, on the programs of a folder of objects that both accept.
struct VerificationBenchmark {
  var folder: String
  var rounds: Int

  /// Longer programs are left out: some keep the kernel busy for seconds.
  private static let longest = 2000

  private struct Row {
    var object: String
    var mine: Double
    var kernel: Double
  }

  func run() throws {
    if let reason = KernelHost.unavailability { throw BenchmarkError("the kernel's verifier cannot be asked: \(reason)") }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".o") }.sorted()
    guard !files.isEmpty else { throw BenchmarkError("there are no objects in \(folder)") }
    var rows: [Row] = []
    var judged = 0
    for file in files {
      guard let object = try? ObjectSpec(bytes: bytes(of: "\(folder)/\(file)"), name: file) else { continue }
      for program in object.programs where program.type != nil && program.instructions.count <= Self.longest {
        judged += 1
        guard let mine = microseconds(program, object), let kernel = kernelMicroseconds(program, object) else { continue }
        rows.append(Row(object: file, mine: mine, kernel: kernel))
      }
    }
    report(rows, judged)
  }

  /// The least of the rounds; `nil` where the program is not accepted.
  private func microseconds(_ program: ProgramSpec, _ object: ObjectSpec) -> Double? {
    let verifier = Verifier()
    var samples = Samples()
    for _ in 0..<rounds {
      var isAccepted = false
      let time = timed(1) {
        if case .accepted = verifier.verify(program, in: object) { isAccepted = true }
      }
      guard isAccepted else { return nil }
      samples.add(time / 1000)
    }
    return samples.best
  }

  private func kernelMicroseconds(_ program: ProgramSpec, _ object: ObjectSpec) -> Double? {
    var samples = Samples()
    for _ in 0..<rounds {
      guard let verdict = try? KernelHost().verify(program, in: object, detail: .statistics), verdict.answer == .accept else { return nil }
      // The kernel counts whole microseconds.
      samples.add(max(1, Double(verdict.microseconds)))
    }
    return samples.best
  }

  private func report(_ rows: [Row], _ judged: Int) {
    print("Verification of \(judged) programs, best of \(rounds); \(rows.count) are accepted by both\n")
    var table = Table(["object", "programs", "ours µs", "kernel's µs", "ours / kernel's"])
    for (object, rows) in Dictionary(grouping: rows, by: \.object).sorted(by: { $0.key < $1.key }) { table.add(Self.line(object, rows)) }
    table.add(Self.line("all", rows))
    print(table.printed())
    print("geometric mean of the ratios of single programs: \(text(geometricMean(rows.map { $0.mine / $0.kernel }), 2))\n")
  }

  private static func line(_ name: String, _ rows: [Row]) -> [String] {
    let mine = rows.reduce(0) { $0 + $1.mine }
    let kernel = rows.reduce(0) { $0 + $1.kernel }
    return [name, "\(rows.count)", text(mine), text(kernel), text(mine / kernel, 2)]
  }
}
