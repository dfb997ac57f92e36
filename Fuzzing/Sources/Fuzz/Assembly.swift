import EBPFISA

/// Assembler source: what is assembled and printed in any style is assembled to the same slots again.
func fuzzAssembly(_ input: [UInt8]) -> CInt {
  guard let assembly = try? Assembler().assemble(utf8: input) else { return 0 }
  for style in AssemblyStyle.allCases {
    let text = Disassembler(style: style).source(assembly.instructions)
    do {
      let again = try Assembler().assemble(text)
      check(again.instructions == assembly.instructions, "printed and assembled again it is another program:\n\(text)")
    } catch {
      check(false, "what was printed is not assembled: \(error)\n\(text)")
    }
  }
  return 0
}
