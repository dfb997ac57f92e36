import EBPFISA
import EBPFTestSupport
import Testing

/// What the disassembler writes, the assembler reads back as the same slots.
@Suite struct RoundTripTests {
  static let immediates: [Int32] = [0, 1, -1, 2, 8, 16, 32, 64, 77, 255, 256, 65536, 0x1000_0000, .max, .min]
  static let offsets: [Int16] = [0, 1, -1, 8, 16, 32, 127, .max, .min]

  static func instructions(of form: InstructionForm, _ random: inout SeededGenerator) -> [[Instruction]] {
    var result: Set<[Instruction]> = []
    for immediate in immediates + (0..<4).map({ _ in Int32(truncatingIfNeeded: random.next()) }) {
      for offset in offsets + [Int16(truncatingIfNeeded: random.next())] {
        let registers = [(0, 0), (10, 10), (random.next() % 11, random.next() % 11)]
        for (destination, source) in registers {
          var instruction = Instruction(
            opcode: form.opcode, destination: UInt8(destination), source: UInt8(source), offset: offset, immediate: immediate)
          if case .exactly(let number) = form.source { instruction.source = number }
          if case .exactly(let number) = form.immediate { instruction.immediate = number }
          if case .exactly(let number) = form.offset { instruction.offset = number }
          if form.source == .zero { instruction.source = 0 }
          if form.destination == .zero { instruction.destination = 0 }
          if form.offset == .zero { instruction.offset = 0 }
          if form.immediate == .zero { instruction.immediate = 0 }
          if form.immediate == .addressSpaces { instruction.immediate = random.next() & 1 == 0 ? 1 : 65536 }
          guard form.matches(instruction) else { continue }
          let second = Instruction(opcode: 0, immediate: random.next() & 1 == 0 ? 0 : Int32(truncatingIfNeeded: random.next()))
          result.insert(instruction.isWide ? [instruction, second] : [instruction])
        }
      }
    }
    return result.sorted { $0[0].bits < $1[0].bits }
  }

  static func expectEqual(_ read: [Instruction], _ written: [Instruction], _ what: String) {
    let equal = read == written
    guard !equal else { return }
    let slot = zip(read, written).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(read.count, written.count)
    Issue.record("\(what): slot \(slot) was \(slot < written.count ? String(written[slot].bits, radix: 16) : "absent")")
  }

  @Test(arguments: AssemblyStyle.allCases)
  func everyForm(style: AssemblyStyle) throws {
    let disassembler = Disassembler(style: style, helperName: { $0 == 1 ? "bpf_map_lookup_elem" : nil })
    var random = SeededGenerator(seed: 1)
    for form in InstructionForm.all {
      let cases = Self.instructions(of: form, &random)
      try #require(!cases.isEmpty, "no case for \(form.name)")
      let program = cases.flatMap { $0 }
      let source = disassembler.source(program)
      // The second half of an ld_imm64 may be what its source does not allow.
      #expect(form.name.hasPrefix("lddw_") || !source.contains(".8byte"), "\(form.name) has no words")
      Self.expectEqual(try Assembler().assemble(source).instructions, program, form.name)
      let listing = disassembler.listing(program)
      Self.expectEqual(try Assembler().assemble(listing).instructions, program, "listing of \(form.name)")
    }
  }

  @Test(arguments: AssemblyStyle.allCases)
  func anySlots(style: AssemblyStyle) throws {
    let disassembler = Disassembler(style: style)
    var random = SeededGenerator(seed: 2)
    let opcodes = InstructionForm.all.map(\.opcode)
    for _ in 0..<50 {
      let program = (0..<200).map { _ in
        var instruction = Instruction(bits: random.next())
        switch random.next() % 4 {
        case 0: break
        case 1: instruction.opcode = opcodes.randomElement(using: &random)!
        case 2:
          instruction.opcode = opcodes.randomElement(using: &random)!
          instruction.offset = 0
          instruction.registers &= 0x77
        default:
          instruction.opcode = opcodes.randomElement(using: &random)!
          instruction.offset = 0
          instruction.immediate = 0
          instruction.registers &= 0x77
        }
        return instruction
      }
      #expect(try Assembler().assemble(disassembler.source(program)).instructions == program)
      #expect(try Assembler().assemble(disassembler.listing(program)).instructions == program)
      #expect(try Assembler().assemble(disassembler.listing(program, bytes: false)).instructions == program)
    }
  }
}
