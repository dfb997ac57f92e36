import EBPFISA
import EBPFObject
import EBPFTables
import EBPFVerifier
import Testing

/// What is accepted, what it costs, and what is known afterwards.
@Suite struct SearchTests {
  @Test func acceptsAPacketProgram() throws {
    let verdict = try verify(
      """
      .map counts array 4 8 256
      r6 = 2
      r2 = *(u32 *)(r1 + 0)
      r3 = *(u32 *)(r1 + 4)
      r4 = r2
      r4 += 34
      if r4 > r3 goto out
      r5 = *(u8 *)(r2 + 23)
      *(u32 *)(r10 - 4) = r5
      r2 = r10
      r2 += -4
      r1 = counts ll
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = 1
      lock *(u64 *)(r0 + 0) += r1
      out:
      r0 = r6
      exit
      """)
    let proof = try #require(verdict.proof, "\(verdict)")
    #expect(proof.facts.constantMaps == [12: 0])
    #expect(proof.facts.stackDepth == [0: 8])
    #expect(!proof.facts.flags.contains { $0.contains(.unreachable) && $0.contains(.alwaysTaken) })
  }

  @Test(arguments: [10, 1000, 5000]) func walksBoundedLoops(_ turns: Int) throws {
    let verdict = try verify(
      """
      r0 = 0
      r1 = 0
      turn:
      r0 += r1
      r1 += 1
      if r1 < \(turns) goto turn
      r0 = 0
      exit
      """)
    #expect(verdict.proof != nil, "\(verdict)")
  }

  @Test func prunesPathsThatDoNotMatter() throws {
    // Twenty independent branches are a million paths.
    var source = "r6 = 0\n"
    for index in 0..<20 { source += "call bpf_get_prandom_u32\nif r0 > \(index) goto l\(index)\nr6 += 1\nl\(index):\n" }
    let proof = try #require(try verify(source + "r0 = 0\nexit").proof)
    #expect(proof.instructionsProcessed < 2000)
  }

  @Test func followsPathsWhereTheRangeMatters() throws {
    // The index is relied on behind the join: the second path must be walked, and fails.
    let rejection = try verify(
      """
      .map counts array 4 8 1
      call bpf_get_prandom_u32
      r7 = r0
      *(u32 *)(r10 - 4) = 0
      r2 = r10
      r2 += -4
      r1 = counts ll
      call bpf_map_lookup_elem
      r8 = r0
      if r8 == 0 goto out
      r6 = 0
      if r7 > 5 goto use
      r6 = 1000
      use:
      r8 += r6
      r0 = *(u8 *)(r8 + 0)
      out:
      r0 = 0
      exit
      """
    ).rejection
    #expect(
      rejection?.message.contains("invalid access to map value, value_size=8 off=1000 size=1") == true, "\(String(describing: rejection))")
  }

  @Test func marksDeadCodeAndConstantBranches() throws {
    let proof = try #require(
      try verify(
        """
        r0 = 1
        if r0 == 1 goto out
        r0 = 3
        out:
        exit
        """
      ).proof)
    #expect(proof.facts.flags[1].contains(.alwaysTaken))
    #expect(proof.facts.flags[2].contains(.unreachable))
    #expect(proof.facts.flags[3].isEmpty)
  }

  @Test func knowsHarmlessDivisors() throws {
    let proof = try #require(
      try verify(
        """
        call bpf_get_prandom_u32
        r1 = r0
        r1 &= 7
        r1 += 1
        r2 = 100
        r2 /= r1
        r2 /= r0
        r0 = 0
        exit
        """
      ).proof)
    #expect(proof.facts.flags[5].contains(.safeDivision))
    #expect(!proof.facts.flags[6].contains(.safeDivision))
  }

  @Test func bounds512BytesOverAllFrames() throws {
    let rejection = try verify(
      """
      r0 = 0
      *(u64 *)(r10 - 400) = r0
      call sub
      exit
      sub:
      r0 = 0
      *(u64 *)(r10 - 200) = r0
      exit
      """
    ).rejection
    #expect(rejection?.message == "combined stack size of 2 calls is 608. Too large")
  }

  /// Registers that are saved around a call that does not touch them take no stack, where the call is one that the kernel replaces.
  @Test func savesAroundFastCallsAreNotCounted() throws {
    func verdict(_ helper: String, more: String = "") throws -> Verdict {
      try verify(
        """
        r1 = 1
        r2 = 2
        *(u64 *)(r10 - 264) = r2
        *(u64 *)(r10 - 272) = r1
        call \(helper)
        r1 = *(u64 *)(r10 - 272)
        r2 = *(u64 *)(r10 - 264)
        \(more)
        call sub
        exit
        sub:
        r0 = 0
        *(u64 *)(r10 - 256) = r0
        exit
        """)
    }
    #expect(try verdict("bpf_get_smp_processor_id").proof != nil)
    let tooLarge = "combined stack size of 2 calls is 528. Too large"
    #expect(try verdict("bpf_get_prandom_u32").rejection?.message == tooLarge)
    // The place is used for something else, too.
    #expect(try verdict("bpf_get_smp_processor_id", more: "r3 = *(u64 *)(r10 - 272)").rejection?.message == tooLarge)
    #expect(
      try verdict("bpf_get_smp_processor_id", more: "if r1 != 1 goto again\nr0 = 0\nagain:").proof != nil,
      "a jump that leads elsewhere does not matter")
  }

  @Test func rawMemoryHasASize() throws {
    var options = Verifier.Options()
    options.memorySize = 16
    let source = "r0 = *(u64 *)(r1 + 8)\nexit"
    #expect(try verify(source, as: .rawMemory, options: options).proof != nil)
    options.memorySize = 15
    #expect(
      try verify(source, as: .rawMemory, options: options).rejection?.message.hasPrefix(
        "invalid access to memory, mem_size=15 off=8 size=8")
        == true)
  }

  @Test func givesUpAtTheLimit() throws {
    var options = Verifier.Options()
    options.instructionLimit = 1000
    let rejection = try verify("r1 = 0\nturn:\nr1 += 1\nif r1 < 100000 goto turn\nr0 = 0\nexit", options: options).rejection
    #expect(rejection?.message == "BPF program is too large. Processed 1001 insn")
  }

  @Test func frozenDataIsKnown() throws {
    var map = MapSpec(
      name: ".rodata", type: .array, keySize: 4, valueSize: 8, maxEntries: 1, flags: .readOnlyProgram,
      contents: [.init(key: [0, 0, 0, 0], value: .bytes([1, 0, 0, 0, 0, 0, 0, 0]))])
    let code =
      [Instruction(opcode: Opcode.loadImmediate64, destination: 1, source: WideSource.mapIndexValue), Instruction(opcode: 0)] + [
        Instruction(opcode: Opcode.ldx | Opcode.mem | Opcode.w, destination: 0, source: 1), Instruction(opcode: Opcode.exitProgram),
      ]
    let program = ProgramSpec(name: "program", type: .cgroupSkb, instructions: code)
    #expect(Verifier().verify(program, in: ObjectSpec(programs: [program], maps: [map])).rejection?.message.contains("umax") == false)
    map.isFrozen = true
    #expect(Verifier().verify(program, in: ObjectSpec(programs: [program], maps: [map])).proof != nil)
  }
}
