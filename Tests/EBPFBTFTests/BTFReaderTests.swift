import EBPFBTF
import Testing

@Suite struct BTFReaderTests {
  @Test func rejectsWhatIsNoBTF() {
    #expect(throws: BTFError.self) { try BTF(bytes: []) }
    #expect(throws: BTFError.self) { try BTF(bytes: Array(repeating: 0, count: 64)) }
  }
}
