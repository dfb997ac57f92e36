import CEBPF
import EBPFHost
import EBPFISA

/// Makes the interpreter's instructions of a program's slots.
///
/// It takes only what RFC 9669 and Linux define (``InstructionForm``), with registers and jump targets that exist, so that nothing it makes can
/// lead the interpreter astray; whether the program's memory accesses are right is the verifier's business.
struct Decoder {
  let program: [Instruction]
  let links: LinkTable
  /// What is proved of the program, if it is; see ``Facts/Flags/halfWordField``.
  var facts: Facts?
  private let meanings = InstructionMeaning.all

  init(program: [Instruction], links: LinkTable, facts: Facts? = nil) {
    self.program = program
    self.links = links
    self.facts = facts
  }

  /// Decodes the whole program.
  /// - Throws: ``HostError`` with ``HostError/Code/rejected`` or, where this host lacks a thing, ``HostError/Code/unsupported``, naming the
  ///   slot.
  func decode() throws(HostError) -> DecodedProgram {
    guard !program.isEmpty else { throw HostError(.rejected, "the program has no instructions") }
    guard program.count <= Limits.programSlots else {
      throw HostError(.rejected, "the program has \(program.count) instructions; at most \(Limits.programSlots) can be loaded")
    }
    let result = DecodedProgram(count: program.count)
    var slot = 0
    while slot < program.count {
      result.instructions[slot] = try decode(slot, base: result.instructions)
      slot += program[slot].isWide ? 2 : 1
    }
    try checkTargets(result)
    Fusion.apply(to: result.instructions, count: program.count)
    return result
  }

  /// No jump or call may lead outside the program or into the second half of an `ld_imm64`.
  private func checkTargets(_ result: DecodedProgram) throws(HostError) {
    var slot = 0
    while slot < program.count {
      let instruction = program[slot]
      if let distance = Self.distance(of: instruction) {
        let target = slot &+ 1 &+ distance
        guard target >= 0, target < program.count, target == 0 || !isSecondHalf(target) else {
          throw refusal(slot, "the target \(target) is not an instruction of the program")
        }
      }
      slot += instruction.isWide ? 2 : 1
    }
  }

  /// Whether a slot is the second half of an `ld_imm64`: decoding left it as it was.
  private func isSecondHalf(_ slot: Int) -> Bool {
    // A slot with opcode 0 is nothing else in a program that was decoded.
    program[slot].opcode == 0
  }

  /// How far from the next slot a jump, call or function address leads; `nil` for other instructions.
  private static func distance(of instruction: Instruction) -> Int? {
    switch instruction.opcode {
    case Opcode.gotoLong: Int(instruction.immediate)
    case Opcode.callHelper: instruction.source == CallSource.local ? Int(instruction.immediate) : nil
    case Opcode.callRegister, Opcode.exitProgram: nil
    case Opcode.loadImmediate64: instruction.source == WideSource.function ? Int(instruction.immediate) : nil
    default:
      instruction.instructionClass == Opcode.jmp || instruction.instructionClass == Opcode.jmp32 ? Int(instruction.offset) : nil
    }
  }

  private func decode(_ slot: Int, base: UnsafeMutablePointer<DecodedInstruction>) throws(HostError) -> DecodedInstruction {
    var instruction = program[slot]
    if instruction.opcode == Opcode.callRegister { instruction = Self.withDestination(instruction) }
    guard instruction.destination <= Limits.framePointer, instruction.source <= Limits.framePointer else {
      throw refusal(slot, "a register is over r10")
    }
    guard let row = InstructionForm.index(of: instruction) else { throw refusalOfForm(slot) }
    guard let meaning = meanings[row] else {
      throw HostError(.unsupported, "instruction \(slot): the userspace host does not run \(InstructionForm.all[row].name)")
    }
    switch meaning.writes {
    case .destination where instruction.destination == Limits.framePointer, .source where instruction.source == Limits.framePointer:
      throw refusal(slot, "the frame pointer r10 is read only")
    default: break
    }
    switch meaning.fields {
    case .plain: return decoded(instruction, meaning.operation)
    case .memory:
      let flags = facts.map { $0.flags[slot] } ?? []
      if flags.contains(.halfWordField) { return halfWordStore(instruction, flags) }
      return decoded(instruction, meaning.operation, offset: Int32(instruction.offset))
    case .jump: return decoded(instruction, meaning.operation, distance: Int(instruction.offset))
    case .longJump: return decoded(instruction, meaning.operation, distance: Int(instruction.immediate))
    case .wide: return try wide(slot, instruction, base: base)
    case .packetLoad:
      var result = decoded(instruction, .packetLoad)
      result.detail = instruction.opcode
      return result
    case .helperCall: return try helperCall(slot, instruction)
    case .kernelFunctionCall:
      throw HostError(
        .unsupported, "instruction \(slot): the userspace host does not have kernel functions (BTF id \(instruction.immediate))")
    case .addressSpaceCast:
      throw HostError(.unsupported, "instruction \(slot): addr_space_cast needs an arena, which the userspace host does not have")
    }
  }

  /// A `callx` as it stands in RFC 9669: older compilers put the register's number into the immediate (section 5.3.1, note).
  private static func withDestination(_ call: Instruction) -> Instruction {
    guard call.destination == 0, (1...9).contains(call.immediate) else { return call }
    return Instruction(opcode: call.opcode, destination: UInt8(call.immediate), source: call.source, offset: call.offset)
  }

  /// A store to a field of the context that has 16 bits, see ``Facts/Flags/halfWordField``.
  private func halfWordStore(_ instruction: Instruction, _ flags: Facts.Flags) -> DecodedInstruction {
    let isConstant = instruction.instructionClass == Opcode.st
    let isQueue = flags.contains(.queueField)
    if isConstant, isQueue, instruction.immediate >= Limits.noQueue { return decoded(instruction, .nothing) }
    return decoded(
      instruction, isConstant ? .storeHk : isQueue ? .storeQueue : .storeHx, offset: Int32(instruction.offset))
  }

  /// Why a slot is of no form.
  private func refusalOfForm(_ slot: Int) -> HostError {
    let instruction = program[slot]
    guard InstructionForm.exists(opcode: instruction.opcode) else { return unknown(slot, instruction) }
    let isArithmetic = instruction.instructionClass == Opcode.alu64 || instruction.instructionClass == Opcode.alu32
    if isArithmetic, instruction.opcode & Opcode.operationMask == Opcode.end, ![16, 32, 64].contains(instruction.immediate) {
      return refusal(slot, "a byte order conversion of \(instruction.immediate) bits; there are 16, 32 and 64")
    }
    if instruction.instructionClass == Opcode.stx, instruction.opcode & Opcode.modeMask == Opcode.atomic {
      return unknown(slot, instruction)
    }
    return reserved(slot)
  }

  private func helperCall(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    let number = UInt32(bitPattern: instruction.immediate)
    if number == HelperTable.tailCall { return decoded(instruction, .tailCall) }
    guard number < UInt32(HelperTable.capacity), let helper = links.helpers[Int(number)] else {
      throw HostError(.unsupported, "instruction \(slot): the userspace host does not have helper \(HelperTable.name(number))")
    }
    var result = decoded(instruction, .callHelper)
    result.immediate = UInt64(UInt(bitPattern: unsafeBitCast(helper, to: UnsafeRawPointer.self)))
    return result
  }

  private func wide(
    _ slot: Int, _ instruction: Instruction, base: UnsafeMutablePointer<DecodedInstruction>
  ) throws(HostError) -> DecodedInstruction {
    guard slot + 1 < program.count else { throw refusal(slot, "ld_imm64 lacks its second half") }
    let second = program[slot + 1]
    guard second.opcode == 0, second.registers == 0, second.offset == 0 else { throw reserved(slot) }
    var result = decoded(instruction, .loadImmediate64)
    result.source = 0
    result.immediate = try wideValue(slot, instruction, second, base: base)
    return result
  }

  /// The 64 bits that an `ld_imm64` loads.
  private func wideValue(
    _ slot: Int, _ instruction: Instruction, _ second: Instruction, base: UnsafeMutablePointer<DecodedInstruction>
  ) throws(HostError) -> UInt64 {
    switch instruction.source {
    case WideSource.constant:
      return UInt64(UInt32(bitPattern: instruction.immediate)) | UInt64(UInt32(bitPattern: second.immediate)) << 32
    case WideSource.mapIndex:
      guard second.immediate == 0 else { throw reserved(slot) }
      guard links.maps.indices.contains(Int(instruction.immediate)) else {
        throw refusal(slot, "there is no map \(instruction.immediate)")
      }
      return links.maps[Int(instruction.immediate)]
    case WideSource.mapIndexValue:
      guard links.mapValues.indices.contains(Int(instruction.immediate)) else {
        throw refusal(slot, "there is no map \(instruction.immediate)")
      }
      guard let value = links.mapValues[Int(instruction.immediate)] else {
        throw refusal(slot, "map \(instruction.immediate) has no value at a fixed address; only arrays do")
      }
      let offset = UInt64(UInt32(bitPattern: second.immediate))
      guard offset < value.byteCount else {
        throw refusal(slot, "offset \(offset) is outside the \(value.byteCount) bytes of map \(instruction.immediate)")
      }
      return value.address &+ offset
    case WideSource.function:
      guard second.immediate == 0 else { throw reserved(slot) }
      let target = slot &+ 1 &+ Int(instruction.immediate)
      guard target >= 0, target < program.count else { throw refusal(slot, "the function at \(target) is not in the program") }
      return UInt64(UInt(bitPattern: base + target))
    case WideSource.mapFD, WideSource.mapFDValue:
      throw refusal(slot, "a map by file descriptor; programs for this host refer to maps by index")
    case WideSource.btfID:
      throw HostError(
        .unsupported, "instruction \(slot): the userspace host does not have kernel variables (BTF id \(instruction.immediate))")
    default: throw refusal(slot, "an ld_imm64 of unknown kind \(instruction.source)")
    }
  }

  // MARK: Parts

  private func decoded(_ instruction: Instruction, _ operation: Operation, offset: Int32 = 0) -> DecodedInstruction {
    DecodedInstruction(
      operation: operation, destination: instruction.destination, source: instruction.source, offset: offset,
      immediate: UInt64(bitPattern: Int64(instruction.immediate)))
  }

  /// A jump: its distance counts from the next slot in the program and from itself here. ``checkTargets(_:)`` sees to its range.
  private func decoded(_ instruction: Instruction, _ operation: Operation, distance: Int) -> DecodedInstruction {
    decoded(instruction, operation, offset: Int32(truncatingIfNeeded: distance &+ 1))
  }

  private func refusal(_ slot: Int, _ text: String) -> HostError {
    HostError(.rejected, "instruction \(slot): \(text)")
  }

  private func reserved(_ slot: Int) -> HostError {
    refusal(slot, "a field that must be zero is not (opcode \(hex(program[slot].opcode)))")
  }

  private func unknown(_ slot: Int, _ instruction: Instruction) -> HostError {
    refusal(slot, "unknown opcode \(hex(instruction.opcode)) (immediate \(instruction.immediate))")
  }

  private func hex(_ opcode: UInt8) -> String { "0x" + (opcode < 16 ? "0" : "") + String(opcode, radix: 16) }
}
