// Random programs in every engine and in the kernel.
//
//   swift test -c release --filter EBPFKernelTests.DifferentialTests
//
//   EBPF_DIFFERENTIAL=1000000       so many programs instead of 20,000
//   EBPF_DIFFERENTIAL_SEED=N        starts at that seed; with EBPF_DIFFERENTIAL=1 it repeats one program and prints it
//
// `Conformance/random-programs` runs a million. A disagreement prints the seed, the program as it was made, and a smaller one that shows it too.

import EBPFHost
import EBPFISA
import EBPFKernel
import EBPFObject
import EBPFRuntime
import EBPFTables
import EBPFTestSupport
import EBPFVerifier
import Foundation
import Testing

@Suite(.needsKernel, .serialized)
struct DifferentialTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let isByHand = environment["EBPF_DIFFERENTIAL"] != nil
  private static let count = environment["EBPF_DIFFERENTIAL"].flatMap { Int($0) } ?? 20_000
  /// The same programs in every run of the suite; long runs by hand begin elsewhere.
  private static let firstSeed = environment["EBPF_DIFFERENTIAL_SEED"].flatMap { UInt64($0) } ?? 1
  private static var seeds: Range<UInt64> { firstSeed..<firstSeed + UInt64(count) }

  /// Programs that the generator makes are valid: the kernel, the verifier here and every engine agree on them.
  @Test func generatedProgramsDoTheSameEverywhere() throws {
    let comparison = try DifferentialComparison()
    print("differential: \(Self.count) programs from seed \(Self.firstSeed)")
    for seed in Self.seeds {
      let program = ProgramGenerator.program(seed: seed)
      if Self.count == 1 { print(program.listing) }
      try comparison.compare(program)
    }
    print(comparison.summary)
    for failure in comparison.failures { Issue.record(Comment(rawValue: failure)) }
    guard Self.count >= 2000 else { return }
    if Self.isByHand { print("  times: " + comparison.coverage.map { "\($0.name) \($0.times)" }.joined(separator: ", ")) }
    // Every instruction and helper, at least a hundred times in 20,000 programs.
    let least = 100 * Self.count / 20_000
    for (name, times) in comparison.coverage where times < least { Issue.record("\(name) came \(times) times in \(Self.count) programs") }
    #expect(10 * comparison.kernelAccepts >= 9 * Self.count, "the generator makes programs that the kernel refuses")
    #expect(10 * comparison.bothAccept >= 9 * comparison.kernelAccepts, "too many that the kernel accepts are not accepted here")
  }

  /// Programs changed at random places are mostly invalid: none is accepted here that the kernel refuses, and what is accepted here does not
  /// fault in the checked interpreter.
  @Test func changedProgramsAreNotAcceptedWronglyAndDoNotFault() throws {
    let comparison = try DifferentialComparison()
    // Fewer: the kernel takes its time over some of them.
    let seeds = Self.count < 8 ? Self.seeds : Self.seeds.prefix(Self.count / 8)
    print("mutations: \(seeds.count) programs from seed \(Self.firstSeed)")
    for seed in seeds {
      var program = ProgramGenerator.program(seed: seed)
      var mutator = ProgramMutator(seed: seed &* 0x9e37_79b9)
      program.instructions = mutator.mutate(program.instructions)
      if Self.count == 1 { print(program.listing) }
      try comparison.check(program)
    }
    print(comparison.summary)
    for failure in comparison.failures { Issue.record(Comment(rawValue: failure)) }
  }
}
