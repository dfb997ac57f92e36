internal import EBPFISA

/// Translates a program to x86-64 code, one slot after the other, with short fusions of neighbouring slots.
///
/// It decides what is said; how it is encoded is ``X86_64Encoder``'s, and where the pieces end up ``BranchRelaxation``'s.
/// The register map is the kernel's (see ``X86_64Register``): arguments are where the C convention has them, so that a call moves nothing.
struct X86_64Translator: ~Copyable {
  typealias Register = X86_64Register
  typealias Address = X86_64Address
  typealias Condition = X86_64Condition

  let program: UnsafePointer<Instruction>
  let marks: UnsafeMutablePointer<ProgramOutline.Marks>
  /// Live registers at each slot's start, see ``ProgramOutline/liveIn``.
  let liveIn: UnsafeMutablePointer<UInt16>
  /// Facts of each slot, if there are any.
  let facts: UnsafePointer<Facts.Flags>?
  let features: X86_64Features
  let loopBudget: UInt32

  var encoder: X86_64Encoder
  var branches: BranchRelaxation
  var relocations: [CompiledCode.Relocation] = []
  /// The function whose code is being made.
  var function: ProgramOutline.Function
  var frame = Frame()

  /// - Parameters:
  ///   - program: as many slots as the outline is of.
  ///   - facts: of each slot, if there are any.
  ///   - code: where the code is made.
  ///   - offsets: memory for a number a slot, where ``run(_:)`` leaves ``CompiledCode/slotOffsets``.
  init(
    _ program: UnsafePointer<Instruction>, _ outline: borrowing ProgramOutline, _ facts: UnsafePointer<Facts.Flags>?,
    _ features: X86_64Features, _ loopBudget: UInt32, code: consuming CodeBuffer, offsets: UnsafeMutablePointer<Int32>
  ) {
    self.program = program
    self.facts = facts
    self.features = features
    self.loopBudget = loopBudget
    marks = outline.marks
    liveIn = outline.liveIn
    function = outline.functions[0]
    encoder = X86_64Encoder(code)
    branches = BranchRelaxation(
      slots: outline.count, offsets: offsets, branchesBefore: outline.spareWords, capacity: outline.referenceCount + outline.functions.count
    )
  }

  /// The memory that a program's code is likely to need while it is made.
  static func codeSize(_ outline: borrowing ProgramOutline) -> Int { outline.count * 5 + outline.referenceCount * 8 + CodeBuffer.stepSize }

  /// Makes the program's code where it was given memory; it stays in ``encoder``.
  /// - Returns: what is to be known of it, without ``CompiledCode/bytes`` and ``CompiledCode/slotOffsets``, and how many bytes there are.
  mutating func run(_ outline: borrowing ProgramOutline) throws(JITError) -> (code: CompiledCode, size: Int) {
    var entries: [BranchRelaxation.Entry] = []
    entries.reserveCapacity(outline.functions.count)
    for index in 0..<outline.functions.count {
      function = outline.functions[index]
      encoder.buffer.reserve()
      let start = encoder.count
      prologue(isEntry: index == 0, needsEnvironment: outline.callsOut)
      entries.append(BranchRelaxation.Entry(slot: function.start, prologueLength: encoder.count - start))
      var slot = function.start
      while slot < function.end {
        encoder.buffer.reserve()
        branches.begin(slot, at: encoder.count)
        slot = try translate(slot, outline)
      }
    }
    for index in 0..<outline.functions.count where outline.functions[index].isAddressTaken {
      encoder.buffer.reserve()
      entries[index].thunk = encoder.count
      callbackThunk(index)
    }
    guard encoder.count < Int(Int32.max) else { throw JITError(.programTooLarge, "its machine code exceeds 2 GiB") }
    return branches.link(encoder.buffer, entries: entries, relocations: relocations)
  }

  /// Makes the code of a slot and perhaps of its followers.
  /// - Returns: the first slot whose code is not made yet.
  @inline(__always)
  private mutating func translate(_ slot: Int, _ outline: borrowing ProgramOutline) throws(JITError) -> Int {
    if let facts, facts[slot].contains(.unreachable) {
      if program[slot].isWide {
        return fuse(slot, through: slot &+ 1)
      }
      return slot &+ 1
    }
    let instruction = program[slot]
    switch instruction.instructionClass {
    case Opcode.alu64: return try arithmetic(slot, instruction, wide: true)
    case Opcode.alu32: return try arithmetic(slot, instruction, wide: false)
    case Opcode.ldx: return load(slot, instruction)
    case Opcode.st:
      if has(.halfWordField, slot) { return storeHalfWord(slot, instruction) }
      encoder.store(
        Address(Register(instruction.destination), Int32(instruction.offset)), constant: instruction.immediate,
        bytes: Opcode.accessSize(instruction.opcode))
      return slot &+ 1
    case Opcode.stx:
      if has(.halfWordField, slot) { return storeHalfWord(slot, instruction) }
      if instruction.opcode & Opcode.modeMask == Opcode.mem {
        encoder.store(
          Address(Register(instruction.destination), Int32(instruction.offset)), Register(instruction.source),
          bytes: Opcode.accessSize(instruction.opcode))
      } else {
        atomic(slot, instruction)
      }
      return slot &+ 1
    case Opcode.jmp: return try jump(slot, instruction, wide: true, outline)
    case Opcode.jmp32: return try jump(slot, instruction, wide: false, outline)
    default:
      if instruction.isWide { return try loadConstant(slot, instruction, outline) }
      packetLoad(instruction)
      return slot &+ 1
    }
  }

  // MARK: What is known of a slot

  /// Whether code before `slot` may not be merged with its code.
  @inline(__always)
  func isTarget(_ slot: Int) -> Bool { marks[slot].contains(.jumpTarget) || slot >= function.end }

  /// Whether nobody reads a register's value when `slot` is reached.
  @inline(__always)
  func isDead(_ register: UInt8, at slot: Int) -> Bool { liveIn[slot] &>> UInt16(register) & 1 == 0 }

  @inline(__always)
  func has(_ fact: Facts.Flags, _ slot: Int) -> Bool { facts.map { $0[slot].contains(fact) } ?? false }

  /// Records the slots of a fusion behind its first: they begin where that does.
  @inline(__always)
  mutating func fuse(_ slot: Int, through last: Int) -> Int {
    branches.join(slot, through: last)
    return last &+ 1
  }
}
