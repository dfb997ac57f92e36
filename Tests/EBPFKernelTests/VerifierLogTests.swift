import EBPFKernel
import Testing

@Suite struct VerifierLogTests {
  @Test func readsARefusalWithItsStatistics() {
    let log = VerifierLog(
      """
      Global function f() doesn't return scalar. Only those are supported.
      invalid access to map value, value_size=48 off=1008 size=8
      R0 max value is outside of the allowed memory range
      verification time 46 usec
      stack depth 8
      processed 13 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states 1 mark_read 0

      """)
    #expect(
      log.message == "invalid access to map value, value_size=48 off=1008 size=8; R0 max value is outside of the allowed memory range")
    #expect(log.instruction == nil)
    #expect(log.instructionsProcessed == 13)
    #expect(log.totalStates == 2)
    #expect(log.peakStates == 1)
    #expect(log.microseconds == 46)
  }

  @Test func readsThePlaceFromAPath() {
    let log = VerifierLog(
      """
      0: R1=ctx() R10=fp0
      ; int x = *p; @ a.c:3
      0: (b7) r2 = 0                        ; R2_w=0
      1: (15) if r1 == 0x0 goto pc+1
      from 1 to 3: R1=ctx() R10=fp0
      3: R1=ctx() R10=fp0
      3: (71) r0 = *(u8 *)(r2 +0)
      R2 invalid mem access 'scalar'
      processed 4 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
      """)
    #expect(log.message == "R2 invalid mem access 'scalar'")
    #expect(log.instruction == 3)
  }

  @Test func takesAPlaceThatTheMessageNames() {
    #expect(VerifierLog("unreachable insn 5\n").instruction == 5)
    #expect(VerifierLog("jump out of range from insn 2 to 9\n").instruction == 2)
  }

  @Test func hasNothingToSayOfAnAcceptedProgram() {
    let log = VerifierLog("verification time 9 usec\nstack depth 0\nprocessed 2 insns (limit 1000000) total_states 0\n")
    #expect(log.message.isEmpty)
    #expect(log.instructionsProcessed == 2)
  }

  @Test(arguments: ["", "\n\n", "processed", "verification time", ": (", "7:", "insn ", "frame1: R", "processed x insns (limit"])
  func copesWithFragments(_ text: String) {
    #expect(VerifierLog(text).instructionsProcessed == nil)
  }
}
