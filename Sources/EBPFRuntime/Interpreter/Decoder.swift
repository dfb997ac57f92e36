import CEBPF
import EBPFHost
import EBPFISA

/// Makes the interpreter's instructions of a program's slots.
///
/// It takes only what RFC 9669 and Linux define, with reserved fields zero and registers and jump targets that exist, so that nothing it
/// makes can lead the interpreter astray; whether the program's memory accesses are right is the verifier's business.
struct Decoder {
  let program: [Instruction]
  let links: LinkTable

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
    let instruction = program[slot]
    guard instruction.destination <= Limits.framePointer, instruction.source <= Limits.framePointer else {
      throw refusal(slot, "a register is over r10")
    }
    switch instruction.instructionClass {
    case Opcode.alu64, Opcode.alu32: return try arithmetic(slot, instruction)
    case Opcode.jmp, Opcode.jmp32: return try jump(slot, instruction)
    case Opcode.ldx: return try load(slot, instruction)
    case Opcode.st, Opcode.stx: return try store(slot, instruction)
    default: return try legacyOrWide(slot, instruction, base: base)
    }
  }

  // MARK: Arithmetic

  private func arithmetic(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    let isWide = instruction.instructionClass == Opcode.alu64
    let usesRegister = instruction.opcode & Opcode.x != 0
    let operation = instruction.opcode & Opcode.operationMask
    guard instruction.destination != Limits.framePointer else { throw refusal(slot, "the frame pointer r10 is read only") }
    if operation == Opcode.end { return try byteOrder(slot, instruction) }
    if operation == Opcode.neg {
      guard !usesRegister, instruction.source == 0, instruction.offset == 0, instruction.immediate == 0 else { throw reserved(slot) }
      return decoded(instruction, isWide ? .neg64 : .neg32)
    }
    guard usesRegister ? instruction.immediate == 0 || isAddressSpaceCast(instruction) : instruction.source == 0 else {
      throw reserved(slot)
    }
    let isSigned = instruction.offset == 1
    switch operation {
    case Opcode.mov:
      if isAddressSpaceCast(instruction) {
        throw HostError(.unsupported, "instruction \(slot): addr_space_cast needs an arena, which the userspace host does not have")
      }
      return try move(slot, instruction, isWide: isWide, usesRegister: usesRegister)
    case Opcode.div, Opcode.mod:
      guard instruction.offset == 0 || isSigned else { throw reserved(slot) }
    default:
      guard instruction.offset == 0 else { throw reserved(slot) }
    }
    guard let row = Self.arithmeticRow(operation, isSigned: isSigned) else { throw unknown(slot, instruction) }
    let table = isWide ? (row.k64, row.x64) : (row.k32, row.x32)
    return decoded(instruction, usesRegister ? table.1 : table.0)
  }

  private func isAddressSpaceCast(_ instruction: Instruction) -> Bool {
    instruction.opcode == Opcode.alu64 | Opcode.mov | Opcode.x && instruction.offset == 1
  }

  private struct ArithmeticRow {
    var k64: Operation
    var x64: Operation
    var k32: Operation
    var x32: Operation
    init(_ k64: Operation, _ x64: Operation, _ k32: Operation, _ x32: Operation) {
      self.k64 = k64
      self.x64 = x64
      self.k32 = k32
      self.x32 = x32
    }
  }

  private static func arithmeticRow(_ operation: UInt8, isSigned: Bool) -> ArithmeticRow? {
    switch operation {
    case Opcode.add: ArithmeticRow(.add64k, .add64x, .add32k, .add32x)
    case Opcode.sub: ArithmeticRow(.sub64k, .sub64x, .sub32k, .sub32x)
    case Opcode.mul: ArithmeticRow(.mul64k, .mul64x, .mul32k, .mul32x)
    case Opcode.div:
      isSigned
        ? ArithmeticRow(.sdiv64k, .sdiv64x, .sdiv32k, .sdiv32x) : ArithmeticRow(.div64k, .div64x, .div32k, .div32x)
    case Opcode.mod:
      isSigned
        ? ArithmeticRow(.smod64k, .smod64x, .smod32k, .smod32x) : ArithmeticRow(.mod64k, .mod64x, .mod32k, .mod32x)
    case Opcode.or: ArithmeticRow(.or64k, .or64x, .or32k, .or32x)
    case Opcode.and: ArithmeticRow(.and64k, .and64x, .and32k, .and32x)
    case Opcode.xor: ArithmeticRow(.xor64k, .xor64x, .xor32k, .xor32x)
    case Opcode.lsh: ArithmeticRow(.lsh64k, .lsh64x, .lsh32k, .lsh32x)
    case Opcode.rsh: ArithmeticRow(.rsh64k, .rsh64x, .rsh32k, .rsh32x)
    case Opcode.arsh: ArithmeticRow(.arsh64k, .arsh64x, .arsh32k, .arsh32x)
    default: nil
    }
  }

  private func move(_ slot: Int, _ instruction: Instruction, isWide: Bool, usesRegister: Bool) throws(HostError) -> DecodedInstruction {
    guard usesRegister else {
      guard instruction.offset == 0 else { throw reserved(slot) }
      return decoded(instruction, isWide ? .mov64k : .mov32k)
    }
    switch (instruction.offset, isWide) {
    case (0, true): return decoded(instruction, .mov64x)
    case (0, false): return decoded(instruction, .mov32x)
    case (8, true): return decoded(instruction, .movsx64b)
    case (16, true): return decoded(instruction, .movsx64h)
    case (32, true): return decoded(instruction, .movsx64w)
    case (8, false): return decoded(instruction, .movsx32b)
    case (16, false): return decoded(instruction, .movsx32h)
    default: throw reserved(slot)
    }
  }

  private func byteOrder(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    guard instruction.source == 0, instruction.offset == 0 else { throw reserved(slot) }
    let swaps: Bool
    if instruction.instructionClass == Opcode.alu64 {
      guard instruction.opcode & Opcode.x == 0 else { throw unknown(slot, instruction) }
      swaps = true
    } else {
      #if _endian(little)
      swaps = instruction.opcode & Opcode.x != 0
      #else
      swaps = instruction.opcode & Opcode.x == 0
      #endif
    }
    switch instruction.immediate {
    case 16: return decoded(instruction, swaps ? .swap16 : .truncate16)
    case 32: return decoded(instruction, swaps ? .swap32 : .truncate32)
    case 64: return decoded(instruction, swaps ? .swap64 : .nothing)
    default: throw refusal(slot, "a byte order conversion of \(instruction.immediate) bits; there are 16, 32 and 64")
    }
  }

  // MARK: Jumps and calls

  private func jump(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    switch instruction.opcode {
    case Opcode.gotoNear:
      guard instruction.registers == 0, instruction.immediate == 0 else { throw reserved(slot) }
      return decoded(instruction, .ja, distance: Int(instruction.offset))
    case Opcode.gotoLong:
      guard instruction.registers == 0, instruction.offset == 0 else { throw reserved(slot) }
      return decoded(instruction, .ja, distance: Int(instruction.immediate))
    case Opcode.mayGoto:
      guard instruction.registers == 0, instruction.immediate == 0 else { throw reserved(slot) }
      return decoded(instruction, .mayGoto, distance: Int(instruction.offset))
    case Opcode.exitProgram:
      guard instruction.registers == 0, instruction.offset == 0, instruction.immediate == 0 else { throw reserved(slot) }
      return decoded(instruction, .exit)
    case Opcode.callHelper: return try call(slot, instruction)
    case Opcode.callRegister:
      // The register is the destination; older compilers put its number into the immediate (RFC 9669 section 5.3.1, note).
      guard instruction.source == 0, instruction.offset == 0 else { throw reserved(slot) }
      guard instruction.immediate == 0 || (instruction.destination == 0 && (0...9).contains(instruction.immediate)) else {
        throw reserved(slot)
      }
      var result = decoded(instruction, .callRegister)
      if instruction.immediate != 0 { result.destination = UInt8(instruction.immediate) }
      return result
    default: break
    }
    let usesRegister = instruction.opcode & Opcode.x != 0
    guard usesRegister ? instruction.immediate == 0 : instruction.source == 0 else { throw reserved(slot) }
    guard let row = Self.jumpRow(instruction.opcode & Opcode.operationMask) else { throw unknown(slot, instruction) }
    let table = instruction.instructionClass == Opcode.jmp ? (row.k64, row.x64) : (row.k32, row.x32)
    return decoded(instruction, usesRegister ? table.1 : table.0, distance: Int(instruction.offset))
  }

  private static func jumpRow(_ operation: UInt8) -> ArithmeticRow? {
    switch operation {
    case Opcode.jeq: ArithmeticRow(.jeq64k, .jeq64x, .jeq32k, .jeq32x)
    case Opcode.jgt: ArithmeticRow(.jgt64k, .jgt64x, .jgt32k, .jgt32x)
    case Opcode.jge: ArithmeticRow(.jge64k, .jge64x, .jge32k, .jge32x)
    case Opcode.jset: ArithmeticRow(.jset64k, .jset64x, .jset32k, .jset32x)
    case Opcode.jne: ArithmeticRow(.jne64k, .jne64x, .jne32k, .jne32x)
    case Opcode.jsgt: ArithmeticRow(.jsgt64k, .jsgt64x, .jsgt32k, .jsgt32x)
    case Opcode.jsge: ArithmeticRow(.jsge64k, .jsge64x, .jsge32k, .jsge32x)
    case Opcode.jlt: ArithmeticRow(.jlt64k, .jlt64x, .jlt32k, .jlt32x)
    case Opcode.jle: ArithmeticRow(.jle64k, .jle64x, .jle32k, .jle32x)
    case Opcode.jslt: ArithmeticRow(.jslt64k, .jslt64x, .jslt32k, .jslt32x)
    case Opcode.jsle: ArithmeticRow(.jsle64k, .jsle64x, .jsle32k, .jsle32x)
    default: nil
    }
  }

  private func call(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    guard instruction.destination == 0 else { throw reserved(slot) }
    switch instruction.source {
    case CallSource.helper:
      guard instruction.offset == 0 else { throw reserved(slot) }
      let number = UInt32(bitPattern: instruction.immediate)
      if number == HelperTable.tailCall { return decoded(instruction, .tailCall) }
      guard number < UInt32(HelperTable.capacity), let helper = links.helpers[Int(number)] else {
        throw HostError(.unsupported, "instruction \(slot): the userspace host does not have helper \(HelperTable.name(number))")
      }
      var result = decoded(instruction, .callHelper)
      result.immediate = UInt64(UInt(bitPattern: unsafeBitCast(helper, to: UnsafeRawPointer.self)))
      return result
    case CallSource.local:
      guard instruction.offset == 0 else { throw reserved(slot) }
      return decoded(instruction, .callLocal, distance: Int(instruction.immediate))
    case CallSource.kfunc:
      throw HostError(
        .unsupported, "instruction \(slot): the userspace host does not have kernel functions (BTF id \(instruction.immediate))")
    default: throw refusal(slot, "a call of unknown kind \(instruction.source)")
    }
  }

  // MARK: Memory

  private func load(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    guard instruction.immediate == 0 else { throw reserved(slot) }
    guard instruction.destination != Limits.framePointer else { throw refusal(slot, "the frame pointer r10 is read only") }
    let operation: Operation
    switch (instruction.opcode & Opcode.modeMask, instruction.opcode & Opcode.sizeMask) {
    case (Opcode.mem, Opcode.b): operation = .loadB
    case (Opcode.mem, Opcode.h): operation = .loadH
    case (Opcode.mem, Opcode.w): operation = .loadW
    case (Opcode.mem, Opcode.dw): operation = .loadDW
    case (Opcode.memsx, Opcode.b): operation = .loadSignedB
    case (Opcode.memsx, Opcode.h): operation = .loadSignedH
    case (Opcode.memsx, Opcode.w): operation = .loadSignedW
    default: throw unknown(slot, instruction)
    }
    return decoded(instruction, operation, offset: Int32(instruction.offset))
  }

  private func store(_ slot: Int, _ instruction: Instruction) throws(HostError) -> DecodedInstruction {
    let isConstant = instruction.instructionClass == Opcode.st
    switch instruction.opcode & Opcode.modeMask {
    case Opcode.mem:
      guard isConstant ? instruction.source == 0 : instruction.immediate == 0 else { throw reserved(slot) }
      let operation: Operation =
        switch instruction.opcode & Opcode.sizeMask {
        case Opcode.b: isConstant ? .storeBk : .storeBx
        case Opcode.h: isConstant ? .storeHk : .storeHx
        case Opcode.w: isConstant ? .storeWk : .storeWx
        default: isConstant ? .storeDWk : .storeDWx
        }
      return decoded(instruction, operation, offset: Int32(instruction.offset))
    case Opcode.atomic where !isConstant:
      guard let operation = atomic(instruction) else { throw unknown(slot, instruction) }
      return decoded(instruction, operation, offset: Int32(instruction.offset))
    default: throw unknown(slot, instruction)
    }
  }

  private func atomic(_ instruction: Instruction) -> Operation? {
    let size = instruction.opcode & Opcode.sizeMask
    switch instruction.immediate {
    case AtomicOperation.loadAcquire:
      guard instruction.destination != Limits.framePointer else { return nil }
      return switch size {
      case Opcode.b: .loadAcquireB
      case Opcode.h: .loadAcquireH
      case Opcode.w: .loadAcquireW
      default: .loadAcquireDW
      }
    case AtomicOperation.storeRelease:
      return switch size {
      case Opcode.b: .storeReleaseB
      case Opcode.h: .storeReleaseH
      case Opcode.w: .storeReleaseW
      default: .storeReleaseDW
      }
    default: break
    }
    guard size == Opcode.w || size == Opcode.dw else { return nil }
    let isWide = size == Opcode.dw
    let writesSource = instruction.immediate & AtomicOperation.fetch != 0 && instruction.immediate != AtomicOperation.compareExchange
    guard !writesSource || instruction.source != Limits.framePointer else { return nil }
    switch instruction.immediate {
    case AtomicOperation.add: return isWide ? .atomicAdd64 : .atomicAdd32
    case AtomicOperation.or: return isWide ? .atomicOr64 : .atomicOr32
    case AtomicOperation.and: return isWide ? .atomicAnd64 : .atomicAnd32
    case AtomicOperation.xor: return isWide ? .atomicXor64 : .atomicXor32
    case AtomicOperation.add | AtomicOperation.fetch: return isWide ? .fetchAdd64 : .fetchAdd32
    case AtomicOperation.or | AtomicOperation.fetch: return isWide ? .fetchOr64 : .fetchOr32
    case AtomicOperation.and | AtomicOperation.fetch: return isWide ? .fetchAnd64 : .fetchAnd32
    case AtomicOperation.xor | AtomicOperation.fetch: return isWide ? .fetchXor64 : .fetchXor32
    case AtomicOperation.exchange: return isWide ? .exchange64 : .exchange32
    case AtomicOperation.compareExchange: return isWide ? .compareExchange64 : .compareExchange32
    default: return nil
    }
  }

  private func legacyOrWide(
    _ slot: Int, _ instruction: Instruction, base: UnsafeMutablePointer<DecodedInstruction>
  ) throws(HostError) -> DecodedInstruction {
    if instruction.isWide { return try wide(slot, instruction, base: base) }
    let mode = instruction.opcode & Opcode.modeMask
    let size = instruction.opcode & Opcode.sizeMask
    guard mode == Opcode.abs || mode == Opcode.ind, size != Opcode.dw else { throw unknown(slot, instruction) }
    guard instruction.destination == 0, instruction.offset == 0, mode == Opcode.ind || instruction.source == 0 else {
      throw reserved(slot)
    }
    var result = decoded(instruction, .packetLoad)
    result.detail = instruction.opcode
    return result
  }

  private func wide(
    _ slot: Int, _ instruction: Instruction, base: UnsafeMutablePointer<DecodedInstruction>
  ) throws(HostError) -> DecodedInstruction {
    guard slot + 1 < program.count else { throw refusal(slot, "ld_imm64 lacks its second half") }
    let second = program[slot + 1]
    guard second.opcode == 0, second.registers == 0, second.offset == 0, instruction.offset == 0 else { throw reserved(slot) }
    guard instruction.destination != Limits.framePointer else { throw refusal(slot, "the frame pointer r10 is read only") }
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
