// The verifier here and the kernel's, on the objects of other projects and on the kernel's own, asked in the same run.
//
//   EBPF_SAMPLES=FOLDER EBPF_KERNEL_TESTS=FOLDER swift test -c release --filter VerdictComparison

import EBPFHost
import EBPFKernel
import EBPFObject
import EBPFTables
import EBPFTestSupport
import EBPFVerifier
import Foundation
import Testing

@Suite(.needsKernel, .serialized)
struct VerdictComparisonTests {
  private static let samples = ProcessInfo.processInfo.environment["EBPF_SAMPLES"].flatMap { $0.isEmpty ? nil : $0 }

  private static func verdict(_ program: ProgramSpec, in object: ObjectSpec) -> (Verdict, microseconds: Double) {
    var verifier = Verifier()
    verifier.options.policy = .kernel(major: 6, minor: 18)
    verifier.options.strictAlignment = program.loadFlags & KernelTest.strictAlignment != 0
    let start = ContinuousClock.now
    let verdict = verifier.verify(program, in: object)
    let time = (ContinuousClock.now - start).components
    return (verdict, Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12)
  }

  /// What a kernel says no to because of how it is built or locked down, whatever the program does.
  private static func isConfiguration(_ message: String) -> Bool {
    message.contains("cannot use helper bpf_probe_write_user") || message.contains("cannot use helper bpf_override_return")
  }

  /// No program of vbpf/ebpf-samples is accepted here that the kernel refuses. Maps that a loader sizes for the machine get four entries.
  @Test(.enabled(if: samples != nil, "EBPF_SAMPLES does not name a checkout of vbpf/ebpf-samples"))
  func samplesGetTheKernelsVerdict() throws {
    let root = URL(fileURLWithPath: try #require(Self.samples))
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
    var table: [String: Int] = [:]
    var reasons: [String: Int] = [:]
    for file in files.filter({ $0.pathExtension == "o" }).sorted(by: { $0.path < $1.path }) {
      guard var object = try? ObjectSpec(bytes: [UInt8](try Data(contentsOf: file)), name: file.lastPathComponent) else { continue }
      for index in object.maps.indices where object.maps[index].maxEntries == 0 { object.maps[index].maxEntries = 4 }
      for program in object.programs {
        guard program.type != nil else {
          table["without a program type", default: 0] += 1
          continue
        }
        let kernel: KernelVerdict
        do throws(HostError) { kernel = try KernelHost().verify(program, in: object) } catch {
          table["not loaded by the kernel host", default: 0] += 1
          reasons["\(file.lastPathComponent): \(error.message.prefix(150))", default: 0] += 1
          continue
        }
        guard kernel.answer != .unsupported else {
          table["refused beside the kernel's verifier", default: 0] += 1
          reasons["\(file.lastPathComponent): \(kernel.message.prefix(150))", default: 0] += 1
          continue
        }
        let id = "\(file.lastPathComponent) \(program.section) \(program.name)"
        switch (Self.verdict(program, in: object).0, kernel.answer) {
        case (.accepted, .accept): table["both accept", default: 0] += 1
        case (.rejected, .reject): table["both reject", default: 0] += 1
        case (.accepted, _) where Self.isConfiguration(kernel.message): table["refused by the kernel's configuration", default: 0] += 1
        case (.accepted, _): Issue.record("\(id) is accepted here; the kernel: \(kernel.message)")
        case (.rejected(let rejection), _):
          table["the kernel accepts, here \(rejection.category.rawValue)", default: 0] += 1
          reasons["\(rejection.category.rawValue): \(rejection.message)", default: 0] += 1
        }
      }
    }
    for (what, count) in table.sorted(by: { $0.value > $1.value }) { print("  \(count) programs: \(what)") }
    for (what, count) in reasons.sorted(by: { $0.value > $1.value }).prefix(20) { print("    \(count) x \(what)") }
    #expect(table["both accept", default: 0] > 100)
  }

  /// Time on the kernel's own tests that both accept. Printed, not judged: it is a shared machine's.
  @Test(.enabled(if: KernelTestReader.configuredFolder != nil, "EBPF_KERNEL_TESTS does not name the folder of the kernel's tests"))
  func verificationTimeBesideTheKernels() throws {
    let reader = KernelTestReader(folder: try #require(KernelTestReader.configuredFolder))
    var ratios: [Double] = []
    var (ours, theirs) = (0.0, 0.0)
    var slowest: [(ratio: Double, line: String)] = []
    for test in try reader.annotated() + reader.arrays() where test.verdict?.isAccepted == true {
      guard let kernel = try? KernelHost().verify(test.program, in: test.object), kernel.answer == .accept, kernel.microseconds > 0 else {
        continue
      }
      // The better of three: the first has everything to fetch.
      var best = Double.infinity
      for _ in 0..<3 {
        let (verdict, time) = Self.verdict(test.program, in: test.object)
        guard case .accepted = verdict else { break }
        best = min(best, time)
      }
      guard best.isFinite else { continue }
      var theirBest = Double(kernel.microseconds)
      for _ in 0..<2 {
        if let again = try? KernelHost().verify(test.program, in: test.object) { theirBest = min(theirBest, Double(again.microseconds)) }
      }
      theirBest = max(theirBest, 1)
      ours += best
      theirs += theirBest
      ratios.append(best / theirBest)
      slowest.append((best / theirBest, String(format: "%@: %.0f us here, %.0f us in the kernel", test.id, best, theirBest)))
    }
    let mean = exp(ratios.map { log($0) }.reduce(0, +) / Double(max(1, ratios.count)))
    print(
      String(
        format: "  %d programs that both accept: %.1f ms here, %.1f ms in the kernel; geometric mean of the ratios %.2f", ratios.count,
        ours / 1000, theirs / 1000, mean))
    for (_, line) in slowest.sorted(by: { $0.ratio > $1.ratio }).prefix(5) { print("    \(line)") }
    #expect(ratios.count > 800)
  }
}
