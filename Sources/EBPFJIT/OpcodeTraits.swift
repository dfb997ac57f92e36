internal import EBPFISA

/// What every instruction with an opcode has in common, for the passes that look at each slot once.
struct OpcodeTraits: OptionSet {
  let rawValue: UInt64

  /// Sixteen bits each, as masks of sets of registers.
  static let readsDestination = OpcodeTraits(rawValue: 0xffff)
  static let readsSource = OpcodeTraits(rawValue: 0xffff << 16)
  static let writesDestination = OpcodeTraits(rawValue: 0xffff << 32)
  /// The next slot is not the only one that can follow, or the instruction takes two slots.
  static let control = OpcodeTraits(rawValue: 1 << 48)
  /// Atomics and legacy packet loads: which registers are read and written depends on the operands.
  static let irregular = OpcodeTraits(rawValue: 1 << 49)
  /// A plain load; its address register is the source.
  static let load = OpcodeTraits(rawValue: 1 << 50)
  /// A plain store; its address register is the destination.
  static let store = OpcodeTraits(rawValue: 1 << 51)
  static let known = OpcodeTraits(rawValue: 1 << 52)
  /// A comparison that may jump by its offset; it has ``control`` too.
  static let conditionalJump = OpcodeTraits(rawValue: 1 << 53)
  /// What is read and written, and where the program goes on, does not follow from the operands alone: ``irregular``, or ``control`` without
  /// ``conditionalJump``.
  static let special = OpcodeTraits(rawValue: 1 << 54)

  /// The registers that are read, a bit each, of an instruction with these ``OperandBits``.
  @inline(__always)
  func reads(_ operands: UInt32) -> UInt32 {
    let both = UInt32(truncatingIfNeeded: rawValue) & operands
    return (both | both &>> 16) & 0xffff
  }

  /// The register that is written, as a bit, of an instruction with these ``OperandBits``.
  @inline(__always)
  func writes(_ operands: UInt32) -> UInt32 { UInt32(truncatingIfNeeded: rawValue &>> 32) & operands & 0xffff }

  /// By opcode, from the rows of the instruction set; an element without ``known`` is no instruction.
  static let table: [OpcodeTraits] = {
    var table = [OpcodeTraits](repeating: [], count: 256)
    for form in InstructionForm.all { table[Int(form.opcode)].formUnion(traits(of: form)) }
    return table
  }()

  private static func traits(of form: InstructionForm) -> OpcodeTraits {
    let opcode = form.opcode
    var traits: OpcodeTraits = .known
    switch opcode & Opcode.classMask {
    case Opcode.alu32, Opcode.alu64:
      traits.insert(.writesDestination)
      if opcode & Opcode.operationMask != Opcode.mov { traits.insert(.readsDestination) }
    case Opcode.ldx: traits.formUnion([.load, .writesDestination])
    case Opcode.st: traits.formUnion([.store, .readsDestination])
    case Opcode.stx where opcode & Opcode.modeMask == Opcode.mem: traits.formUnion([.store, .readsDestination])
    case Opcode.jmp, Opcode.jmp32:
      traits.insert(.control)
      if form.destination == .register && opcode != Opcode.callRegister { traits.formUnion([.conditionalJump, .readsDestination]) }
    default:
      // Wide constants; atomics and legacy packet loads.
      traits.formUnion(opcode == Opcode.loadImmediate64 ? [.control, .writesDestination] : .irregular)
    }
    if form.source == .register && !traits.contains(.irregular) { traits.insert(.readsSource) }
    if traits.contains(.irregular) || traits.contains(.control) && !traits.contains(.conditionalJump) { traits.insert(.special) }
    return traits
  }
}

/// The registers that an instruction names, as bits.
enum OperandBits {
  /// By ``Instruction/registers``: a bit for the destination in the low 16, one for the source in the high 16; 0 where there is no such register.
  static let table: [UInt32] = (0..<256).map { registers in
    let destination = registers & 0xf
    let source = registers >> 4
    return destination <= 10 && source <= 10 ? 1 << UInt32(destination) | 1 << UInt32(16 + source) : 0
  }
}
