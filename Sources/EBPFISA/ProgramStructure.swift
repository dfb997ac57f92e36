/// Why a sequence of slots is not a program, and where.
public struct InstructionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which kind of fault.
  public enum Code: Sendable, Hashable {
    case empty
    case unknownOpcode
    case reservedField
    /// An `ld_imm64` without a proper second slot.
    case brokenWide
    case registerOutOfRange
    case frameWrite
    case jumpOutOfRange
    case jumpIntoWide
    case fallsOffTheEnd
  }

  /// Which kind of fault it is.
  public let code: Code
  /// The slot that is at fault.
  public let slot: Int
  /// What is wrong, in the words of the kernel's verifier where it has some.
  public let message: String

  public var description: String { "instruction \(slot): \(message)" }
}

/// A program that is well formed: known opcodes, clean reserved fields, jumps that land on instructions of their own function.
///
/// This is what can be said without following the program's paths: the kernel's `check_subprogs`, `resolve_pseudo_ldimm64` and the field
/// checks of `do_check`. Division by an immediate zero and oversized shifts are defined in RFC 9669 and left to a verifier's policy.
public struct ProgramStructure: Sendable, Hashable {
  /// The first slot of each function in order; the first function is the program's entry.
  public let functions: [Int]

  /// Checks a program.
  /// - Parameters:
  ///   - allowingRegisterCalls: Whether `callx` is taken, which RFC 9669 has and Linux refuses.
  ///   - allowingFrameWrites: Whether r10 may be written, which Linux refuses where a path comes to it.
  public init(
    checking program: [Instruction], allowingRegisterCalls: Bool = false, allowingFrameWrites: Bool = false
  ) throws(InstructionError) {
    guard !program.isEmpty else { throw InstructionError(code: .empty, slot: 0, message: "the program has no instructions") }
    functions = try Self.functions(of: program)
    try Self.checkEnds(program, functions)
    let wideTails = try Self.checkForms(program, allowingRegisterCalls, allowingFrameWrites)
    for slot in program.indices {
      guard !wideTails[slot], let target = Self.target(of: program[slot], at: slot), wideTails[target] else { continue }
      throw InstructionError(code: .jumpIntoWide, slot: slot, message: "jump into the middle of ldimm64 insn \(target - 1)")
    }
  }

  /// The slot that a jump, local call or function reference leads to; `nil` for all others.
  static func target(of instruction: Instruction, at slot: Int) -> Int? {
    if instruction.hasLongDistance { return slot + 1 + Int(instruction.immediate) }
    switch instruction.instructionClass {
    case Opcode.jmp where instruction.opcode & 0xf0 != Opcode.call && instruction.opcode & 0xf0 != Opcode.exit,
      Opcode.jmp32 where instruction.opcode & 0xf0 != Opcode.call && instruction.opcode & 0xf0 != Opcode.exit:
      return slot + 1 + Int(instruction.offset)
    default: return nil
    }
  }

  private static func functions(of program: [Instruction]) throws(InstructionError) -> [Int] {
    var starts: Set<Int> = [0]
    for (slot, instruction) in program.enumerated()
    where instruction.hasLongDistance && instruction.opcode != Opcode.gotoLong {
      let start = slot + 1 + Int(instruction.immediate)
      guard program.indices.contains(start) else {
        throw InstructionError(code: .jumpOutOfRange, slot: slot, message: "call to invalid destination")
      }
      starts.insert(start)
    }
    return starts.sorted()
  }

  /// Jumps stay in their function, and each function ends with `exit` or a jump.
  private static func checkEnds(_ program: [Instruction], _ functions: [Int]) throws(InstructionError) {
    for (index, start) in functions.enumerated() {
      let end = index + 1 < functions.count ? functions[index + 1] : program.count
      for slot in start..<end {
        let instruction = program[slot]
        if instruction.opcode != Opcode.callHelper, instruction.opcode != Opcode.loadImmediate64,
          let target = target(of: instruction, at: slot), target < start || target >= end
        {
          throw InstructionError(code: .jumpOutOfRange, slot: slot, message: "jump out of range from insn \(slot) to \(target)")
        }
      }
      switch program[end - 1].opcode {
      case Opcode.exitProgram, Opcode.gotoNear, Opcode.gotoLong: break
      default: throw InstructionError(code: .fallsOffTheEnd, slot: end - 1, message: "last insn is not an exit or jmp")
      }
    }
  }

  /// - Returns: For each slot whether it is the second of an `ld_imm64`.
  private static func checkForms(
    _ program: [Instruction], _ allowingRegisterCalls: Bool, _ allowingFrameWrites: Bool
  ) throws(InstructionError) -> [Bool] {
    var wideTails = [Bool](repeating: false, count: program.count)
    var slot = 0
    while slot < program.count {
      let instruction = program[slot]
      defer { slot += instruction.isWide ? 2 : 1 }
      guard let form = InstructionForm.of(instruction), allowingRegisterCalls || instruction.opcode != Opcode.callRegister else {
        throw refusal(of: instruction, at: slot)
      }
      if let register = form.impossibleRegister(in: instruction) {
        throw InstructionError(code: .registerOutOfRange, slot: slot, message: "R\(register) is invalid")
      }
      let writesFrame =
        switch form.writes {
        case .destination: instruction.destination == Limits.framePointer
        case .source: instruction.source == Limits.framePointer
        case .none, .r0: false
        }
      if writesFrame, !allowingFrameWrites { throw InstructionError(code: .frameWrite, slot: slot, message: "frame pointer is read only") }
      guard instruction.isWide else { continue }
      guard slot + 1 < program.count, program[slot + 1].bits & 0xffff_ffff == 0 else {
        throw InstructionError(code: .brokenWide, slot: slot, message: "invalid bpf_ld_imm64 insn")
      }
      if instruction.source == WideSource.mapFD || instruction.source == WideSource.mapIndex, program[slot + 1].immediate != 0 {
        throw InstructionError(code: .reservedField, slot: slot, message: "unrecognized bpf_ld_imm64 insn")
      }
      wideTails[slot + 1] = true
    }
    return wideTails
  }

  /// The words for a slot that has no form.
  private static func refusal(of instruction: Instruction, at slot: Int) -> InstructionError {
    guard InstructionForm.exists(opcode: instruction.opcode), instruction.opcode != Opcode.callRegister else {
      return InstructionError(code: .unknownOpcode, slot: slot, message: "unknown opcode \(hexByte(instruction.opcode))")
    }
    return InstructionError(code: .reservedField, slot: slot, message: reservedFieldMessage(of: instruction))
  }

  private static func reservedFieldMessage(of instruction: Instruction) -> String {
    let operation = instruction.opcode & Opcode.operationMask
    let family: String
    switch instruction.instructionClass {
    case Opcode.ld:
      guard instruction.isWide else { return "BPF_LD_[ABS|IND] uses reserved fields" }
      if instruction.offset == 0 { return "unrecognized bpf_ld_imm64 insn" }
      family = "BPF_LD_IMM64"
    case Opcode.ldx: family = "BPF_LDX"
    case Opcode.st: family = "BPF_ST"
    case Opcode.stx:
      guard instruction.opcode & Opcode.modeMask == Opcode.atomic else { return "BPF_STX uses reserved fields" }
      let size = instruction.opcode & Opcode.sizeMask
      if Atomic(rawValue: instruction.immediate) != nil, size == Opcode.b || size == Opcode.h { return "invalid atomic operand size" }
      return "BPF_ATOMIC uses invalid atomic opcode \(hexByte(UInt32(bitPattern: instruction.immediate)))"
    case Opcode.jmp, Opcode.jmp32:
      switch operation {
      case Opcode.ja: family = "BPF_JA"
      case Opcode.call: family = "BPF_CALL"
      case Opcode.exit: family = "BPF_EXIT"
      case Opcode.jcond: return "invalid may_goto imm \(instruction.immediate)"
      default: family = "BPF_JMP/JMP32"
      }
    default:
      switch operation {
      case Opcode.neg: family = "BPF_NEG"
      case Opcode.end: family = "BPF_END"
      case Opcode.mov:
        if instruction.opcode == Opcode.alu64 | Opcode.mov | Opcode.x, instruction.offset == 1 {
          return "addr_space_cast insn can only convert between address space 1 and 0"
        }
        family = "BPF_MOV"
      default: family = "BPF_ALU"
      }
    }
    return "\(family) uses reserved fields"
  }
}
