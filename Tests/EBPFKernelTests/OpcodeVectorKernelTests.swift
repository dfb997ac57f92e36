import EBPFISA
import EBPFKernel
import EBPFTables
import EBPFTestSupport
import Testing

/// The vectors that the engines are tested with, on the kernel: their expected results are right.
@Suite struct OpcodeVectorKernelTests {
  @Test(.needsKernel)
  func kernelAgrees() throws {
    var oracle = try KernelOracle(type: .xdp)
    var code: [Instruction] = []
    var count = 0
    for vector in OpcodeVectors.all where vector.isForKernel {
      if vector.code != code {
        code = vector.code
        if let objection = try oracle.load(vector.packetProgram) {
          Issue.record("\(vector.form): the kernel refuses \(Disassembler(style: .kernel).source(vector.packetProgram)): \(objection)")
          return
        }
      }
      let result = try oracle.run(vector.before.bytes + [UInt8](repeating: 0, count: 40))
      let after = OpcodeVector.Machine(bytes: oracle.output[40..<80])
      guard result == 2, after == vector.after else {
        Issue.record("\(vector.form), \(vector.code): \(vector.before) gives \(after) in the kernel, expected \(vector.after)")
        return
      }
      count += 1
    }
    #expect(count > 35_000)
  }
}
