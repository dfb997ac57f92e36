internal import EBPFISA

extension X86_64Translator {
  /// Helper 12, which leaves the program.
  private static let tailCall: Int32 = 12

  mutating func call(_ slot: Int, _ instruction: Instruction, _ outline: borrowing ProgramOutline) -> Int {
    switch instruction.source {
    case CallSource.local:
      branches.call(&encoder, function: outline.functionIndex(startingAt: slot + 1 + Int(instruction.immediate)))
    case CallSource.kfunc:
      call(.kfunc(UInt32(bitPattern: instruction.immediate)))
    default:
      if instruction.immediate == Self.tailCall {
        tailCall()
      } else {
        call(.helper(UInt32(bitPattern: instruction.immediate)))
      }
    }
    return slot &+ 1
  }

  /// Calls code outside the program: the arguments are in place, the environment is the sixth.
  mutating func call(_ target: CompiledCode.Target) {
    encoder.move(.r9, .environment)
    loadAddress(.rax, of: target)
    encoder.call(.rax)
  }

  /// Ten bytes that load an address to be filled in.
  mutating func loadAddress(_ register: Register, of target: CompiledCode.Target) {
    encoder.move(register, bits: 0)
    relocations.append(CompiledCode.Relocation(offset: encoder.count - 8, target: target))
  }

  private mutating func tailCall() {
    // r1 is wanted afterwards; twice, for the alignment.
    encoder.push(.rdi)
    encoder.push(.rdi)
    call(.helper(UInt32(bitPattern: Self.tailCall)))
    encoder.pop(.rdi)
    encoder.pop(.rdi)
    encoder.test(.rax, .rax, wide: true)
    let stays = encoder.shortJump(.equal)
    encoder.move(.rdx, .environment)
    epilogue()
    encoder.jump(.rax)
    encoder.land(stays)
  }

  /// `callx`: the callee is a seventh argument, on the stack.
  mutating func callRegister(_ slot: Int, _ instruction: Instruction) -> Int {
    encoder.push(.scratch)
    encoder.push(Register(instruction.destination))
    call(.indirectCall)
    encoder.arithmetic(.add, .rsp, 16, wide: true)
    return slot &+ 1
  }

  /// `LD_ABS` and `LD_IND`: read where the environment says that a packet lies, if the bytes are there; else a call that may end the function.
  mutating func packetLoad(_ instruction: Instruction) {
    let size = Opcode.accessSize(instruction.opcode)
    let isIndirect = instruction.opcode & Opcode.modeMask == Opcode.ind
    var isNegative: Int?
    var isOutside: Int?
    if isIndirect {
      let index = Register(instruction.source)
      // 32-bit arithmetic: the offset is a signed 32-bit number.
      if index != .rsi { encoder.move(.rsi, index, wide: false) }
      if instruction.immediate != 0 { encoder.arithmetic(.add, .rsi, instruction.immediate, wide: false) }
      encoder.extend(.rsi, .rsi, bytes: 4, signed: true, wide: true)
      encoder.test(.rsi, .rsi, wide: true)
      isNegative = encoder.shortJump(.negative)
      encoder.load(.scratch, EBPFEnvironment.packetStart, bytes: 8)
      encoder.arithmetic(.add, .scratch, .rsi, wide: true)
      isOutside = readPacket(at: 0, size)
    } else if instruction.immediate >= 0, instruction.immediate <= Int32.max &- 8 {
      encoder.load(.scratch, EBPFEnvironment.packetStart, bytes: 8)
      isOutside = readPacket(at: instruction.immediate, size)
    }
    let done = isOutside == nil ? nil : encoder.shortJump(nil)
    if let isNegative { encoder.land(isNegative) }
    if let isOutside { encoder.land(isOutside) }
    if !isIndirect { encoder.move(.rsi, constant: Int64(instruction.immediate)) }
    encoder.move(.rdi, Register(6))
    encoder.move(.rdx, constant: Int64(size))
    call(.packetLoad)
    encoder.test(.rax, .rax, wide: true)
    let found = encoder.shortJump(.notNegative)
    encoder.move(.rax, constant: 0)
    epilogue()
    encoder.ret()
    encoder.land(found)
    if let done { encoder.land(done) }
  }

  /// Loads a number in network order from `scratch` plus an offset, unless it ends behind the packet.
  /// - Returns: the jump that is taken then.
  private mutating func readPacket(at offset: Int32, _ size: Int) -> Int {
    encoder.lea(.scratch2, Address(.scratch, offset &+ Int32(size)))
    encoder.load(.scratch3, EBPFEnvironment.packetEnd, bytes: 8)
    encoder.arithmetic(.cmp, .scratch2, .scratch3, wide: true)
    let isOutside = encoder.shortJump(.above)
    encoder.load(.rax, Address(.scratch, offset), bytes: size)
    switch size {
    case 2: encoder.swap16(.rax)
    case 4: encoder.byteSwap(.rax, wide: false)
    default: break
    }
    return isOutside
  }

  /// `ld_imm64` with each of its sources.
  mutating func loadConstant(_ slot: Int, _ instruction: Instruction, _ outline: borrowing ProgramOutline) throws(JITError) -> Int {
    let tail = program[slot &+ 1]
    let destination = Register(instruction.destination)
    let offset = UInt32(bitPattern: tail.immediate)
    guard marks[slot &+ 1].isDisjoint(with: [.jumpTarget, .functionStart]) else {
      throw JITError(.jumpOutOfRange, slot: slot, "a jump or call leads into the middle of this ld_imm64")
    }
    switch instruction.source {
    case WideSource.constant:
      let bits = UInt64(UInt32(bitPattern: instruction.immediate)) | UInt64(offset) << 32
      encoder.move(destination, constant: Int64(bitPattern: bits))
    case WideSource.mapFD: loadAddress(destination, of: .mapDescriptor(instruction.immediate))
    case WideSource.mapFDValue: loadAddress(destination, of: .mapDescriptorValue(instruction.immediate, offset: offset))
    case WideSource.btfID: loadAddress(destination, of: .variable(UInt32(bitPattern: instruction.immediate)))
    case WideSource.function:
      branches.loadThunk(&encoder, destination, function: outline.functionIndex(startingAt: slot + 1 + Int(instruction.immediate)))
    case WideSource.mapIndex, WideSource.mapIndexValue:
      guard instruction.immediate >= 0 else {
        throw JITError(.badOperand, slot: slot, "there is no map with index \(instruction.immediate)")
      }
      let index = Int(instruction.immediate)
      loadAddress(destination, of: instruction.source == WideSource.mapIndex ? .map(index) : .mapValue(index, offset: offset))
    default: throw JITError(.badOperand, slot: slot, "ld_imm64 has no source \(instruction.source)")
    }
    return fuse(slot, through: slot &+ 1)
  }
}

/// Fields of `struct ebpf_environment` (`cebpf.h`) that compiled code reads itself.
private enum EBPFEnvironment {
  static var packetStart: X86_64Address { X86_64Address(.environment, 32) }
  static var packetEnd: X86_64Address { X86_64Address(.environment, 40) }
}
