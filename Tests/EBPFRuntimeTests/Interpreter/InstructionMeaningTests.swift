import EBPFRuntime
import Testing

@Suite struct InstructionMeaningTests {
  /// A new row of the instruction set is run as something: this says which has been forgotten.
  @Test func everyRowOfTheInstructionSetHasAMeaning() {
    #expect(InstructionMeaning.missing == [])
  }
}
