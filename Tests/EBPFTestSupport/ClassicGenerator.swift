package import EBPFISA

/// Random classic programs: valid ones that end in every way, and ones that break each rule.
package struct ClassicGenerator {
  package var random: SeededGenerator

  package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

  private mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// A number with a liking for edges.
  package mutating func number() -> UInt32 {
    switch below(8) {
    case 0: UInt32(truncatingIfNeeded: random.next())
    case 1: [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff, 0x1_0000].randomElement(using: &random)!
    case 2: UInt32(1) << UInt32(below(32))
    default: UInt32(below(80))
    }
  }

  /// An offset into a packet, mostly within `length` bytes; sometimes from the network or link header.
  private mutating func offset(_ length: Int) -> UInt32 {
    switch below(20) {
    case 0: number()
    case 1: ClassicAncillary.networkBase + UInt32(below(40))
    case 2: ClassicAncillary.linkBase + UInt32(below(40))
    default: UInt32(below(max(length, 1)))
    }
  }

  /// A program that the kernel's check takes.
  /// - Parameters:
  ///   - ancillary: What it may ask for beyond the packet.
  ///   - length: Bytes of the packets that it is for.
  package mutating func valid(count: Int, ancillary: [ClassicAncillary], length: Int) -> ClassicProgram {
    var instructions: [ClassicInstruction] = []
    // M may be loaded anywhere: all of it is stored first, in half of the programs.
    let usesScratch = count > 20 && chance(50)
    if usesScratch {
      for word in 0..<16 { instructions.append(ClassicInstruction(chance(50) ? .store : .storeX, k: UInt32(word))) }
    }
    let operations = ClassicOperation.all
    while instructions.count < count - 1 {
      let left = count - 1 - instructions.count
      var operation = operations.randomElement(using: &random)!
      // Packet loads are what filters are about, and returns end most runs too early.
      if chance(25) {
        operation = [.loadAbsolute(.b), .loadAbsolute(.h), .loadAbsolute(.w), .loadIndirect(.b)].randomElement(using: &random)!
      }
      if operation == .returnConstant || operation == .returnA, !chance(10) { continue }
      var instruction = ClassicInstruction(operation, k: number())
      switch operation {
      case .loadAbsolute:
        instruction.k = chance(15) && !ancillary.isEmpty ? ancillary.randomElement(using: &random)!.offset : offset(length)
        if instruction.k >= ClassicAncillary.base, ClassicAncillary(offset: instruction.k) == nil { continue }
        if let asked = ClassicAncillary(offset: instruction.k), !ancillary.contains(asked) { continue }
      case .loadIndirect:
        instruction.k = offset(length)
        // An X that is any number leads out of the packet, and the run ends.
        if left > 1, chance(80) {
          instruction.k = UInt32(below(length / 2))
          instructions.append(ClassicInstruction(.loadXConstant, k: UInt32(below(length / 2))))
        }
      case .loadXHeaderLength: instruction.k = offset(length)
      case .arithmetic(.div, .x), .arithmetic(.mod, .x):
        if left > 1, chance(80) { instructions.append(ClassicInstruction(.loadXConstant, k: max(number(), 1))) }
      case .loadXScratch, .loadScratch, .store, .storeX:
        instruction.k = UInt32(below(16))
        if !usesScratch, operation == .loadXScratch || operation == .loadScratch { continue }
      case .arithmetic(.div, .k), .arithmetic(.mod, .k): instruction.k = max(instruction.k, 1)
      case .arithmetic(.lsh, .k), .arithmetic(.rsh, .k): instruction.k = UInt32(below(32))
      case .jump: instruction.k = UInt32(below(min(left, 8)))
      case .branch:
        instruction.jumpTrue = UInt8(below(min(left, chance(10) ? 256 : 6)))
        instruction.jumpFalse = UInt8(below(min(left, chance(10) ? 256 : 6)))
      default: break
      }
      instructions.append(instruction)
    }
    instructions.append(ClassicInstruction(chance(60) ? .returnA : .returnConstant, k: number()))
    return ClassicProgram(instructions)
  }

  /// Programs of any kind: valid ones with some fields changed, and noise.
  package mutating func any(count: Int) -> ClassicProgram {
    var program = valid(count: count, ancillary: ClassicAncillary.allCases, length: 64)
    switch below(6) {
    case 0:
      for index in program.instructions.indices where chance(60) { program.instructions[index].code = UInt16(below(256)) }
    case 1: program.instructions[below(count)].k = number()
    case 2:
      program.instructions[below(count)].jumpTrue = UInt8(below(256))
      program.instructions[below(count)].jumpFalse = UInt8(below(256))
    case 3: program.instructions[below(count)].code = UInt16(truncatingIfNeeded: random.next())
    case 4: program.instructions[below(count)] = ClassicInstruction(chance(50) ? .loadScratch : .loadXScratch, k: UInt32(below(17)))
    default: program.instructions[below(count)] = ClassicInstruction(.loadAbsolute(.w), k: ClassicAncillary.base + UInt32(below(80)))
    }
    return program
  }
}
