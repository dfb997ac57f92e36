// The words of one instruction in each style. LLVM's are those of its BPFInstrInfo.td, the kernel's those of kernel/bpf/disasm.c and
// bpftool's xlated_dumper.c.

extension Disassembler {
  /// The words without the kernel style's opcode.
  /// - Parameter exact: Whether the tool's own words are wanted although they do not tell the instruction from another one.
  /// - Returns: `nil` for a slot that is no instruction.
  func words(of instruction: Instruction, tail: Instruction?, exact: Bool) -> String? {
    if style == .kernel, let words = internalWords(of: instruction) { return words }
    guard let form = InstructionForm.of(instruction), form.impossibleRegister(in: instruction) == nil else { return nil }
    switch instruction.instructionClass {
    case Opcode.ld:
      return instruction.isWide ? wideWords(of: instruction, tail, exact: exact) : legacyPacketWords(of: instruction, exact: exact)
    case Opcode.ldx: return loadWords(of: instruction)
    case Opcode.st:
      return "*(\(type(of: instruction)) *)(\(address(instruction.destination, instruction.offset))) = \(instruction.immediate)"
    case Opcode.stx:
      if instruction.opcode & Opcode.modeMask == Opcode.atomic { return atomicWords(of: instruction, exact: exact) }
      let source = memoryRegister(instruction.source, instruction)
      return "*(\(type(of: instruction)) *)(\(address(instruction.destination, instruction.offset))) = \(source)"
    case Opcode.alu32, Opcode.alu64: return arithmeticWords(of: instruction)
    default: return jumpWords(of: instruction, exact: exact)
    }
  }

  // MARK: Arithmetic

  private func arithmeticWords(of instruction: Instruction) -> String {
    let letter = instruction.instructionClass == Opcode.alu32 ? "w" : "r"
    let destination = "\(letter)\(instruction.destination)"
    let usesRegister = instruction.opcode & Opcode.x != 0
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.neg: return "\(destination) = -\(destination)"
    case Opcode.end:
      let name = instruction.instructionClass == Opcode.alu64 ? "bswap" : usesRegister ? "be" : "le"
      return "r\(instruction.destination) = \(name)\(instruction.immediate) r\(instruction.destination)"
    case Opcode.mov where usesRegister && instruction.offset == 1:
      let spaces = UInt32(bitPattern: instruction.immediate)
      return "\(destination) = addr_space_cast(r\(instruction.source), \(spaces >> 16), \(spaces & 0xffff))"
    case Opcode.mov where instruction.offset != 0: return "\(destination) = (s\(instruction.offset))\(letter)\(instruction.source)"
    case let operation:
      let sign = instruction.offset == 1 ? "s" : ""
      let operand = usesRegister ? "\(letter)\(instruction.source)" : String(instruction.immediate)
      return "\(destination) \(sign)\(Self.assignment(operation)) \(operand)"
    }
  }

  /// The operator of an arithmetic operation, by bits 4-7 of the opcode.
  static func assignment(_ operation: UInt8) -> String {
    switch operation {
    case Opcode.add: "+="
    case Opcode.sub: "-="
    case Opcode.mul: "*="
    case Opcode.div: "/="
    case Opcode.or: "|="
    case Opcode.and: "&="
    case Opcode.lsh: "<<="
    case Opcode.rsh: ">>="
    case Opcode.mod: "%="
    case Opcode.xor: "^="
    case Opcode.arsh: "s>>="
    default: "="
    }
  }

  // MARK: Memory

  private func type(of instruction: Instruction) -> String {
    let signed = instruction.instructionClass == Opcode.ldx && instruction.opcode & Opcode.modeMask == Opcode.memsx
    return (signed ? "s" : "u") + String(Opcode.accessSize(instruction.opcode) * 8)
  }

  /// A base register and an offset, without the parentheses.
  private func address(_ register: UInt8, _ offset: Int16) -> String {
    let sign = offset < 0 ? "-" : "+"
    return style == .kernel ? "r\(register) \(sign)\(offset.magnitude)" : "r\(register) \(sign) \(offset.magnitude)"
  }

  /// The register of a load or store: by its 32-bit name where the style does that.
  private func memoryRegister(_ register: UInt8, _ instruction: Instruction) -> String {
    let narrow = style == .llvm && instruction.opcode & Opcode.sizeMask != Opcode.dw
    return (narrow ? "w" : "r") + String(register)
  }

  private func loadWords(of instruction: Instruction) -> String {
    let signed = instruction.opcode & Opcode.modeMask == Opcode.memsx
    let destination = signed ? "r\(instruction.destination)" : memoryRegister(instruction.destination, instruction)
    return "\(destination) = *(\(type(of: instruction)) *)(\(address(instruction.source, instruction.offset)))"
  }

  private func legacyPacketWords(of instruction: Instruction, exact: Bool) -> String {
    let type = type(of: instruction)
    if instruction.opcode & Opcode.modeMask == Opcode.abs { return "r0 = *(\(type) *)skb[\(instruction.immediate)]" }
    if style != .kernel, exact || instruction.immediate == 0 { return "r0 = *(\(type) *)skb[r\(instruction.source)]" }
    return "r0 = *(\(type) *)skb[r\(instruction.source) + \(instruction.immediate)]"
  }

  private func wideWords(of instruction: Instruction, _ tail: Instruction?, exact: Bool) -> String? {
    guard let tail else { return nil }
    let (low, high) = (instruction.immediate, tail.immediate)
    if exact, style != .kernel, instruction.source != WideSource.constant {
      return "ld_pseudo\tr\(instruction.destination), \(instruction.source), \(UInt32(bitPattern: low))"
    }
    let meaning: String
    switch (instruction.source, style) {
    case (WideSource.constant, .kernel):
      let value = UInt64(UInt32(bitPattern: low)) | UInt64(UInt32(bitPattern: high)) << 32
      return "r\(instruction.destination) = 0x\(String(value, radix: 16))"
    case (WideSource.constant, _):
      meaning = String(Int64(UInt32(bitPattern: low)) | Int64(high) << 32)
    case (WideSource.mapFD, .kernel) where high == 0: return "r\(instruction.destination) = map[id:\(UInt32(bitPattern: low))]"
    case (WideSource.mapFDValue, .kernel):
      return "r\(instruction.destination) = map[id:\(UInt32(bitPattern: low))][0]+\(UInt32(bitPattern: high))"
    case (WideSource.mapIndexValue, .kernel):
      return "r\(instruction.destination) = map[idx:\(UInt32(bitPattern: low))]+\(UInt32(bitPattern: high))"
    case (WideSource.function, .kernel) where high == 0: return "r\(instruction.destination) = subprog[\(signed(low))]"
    case (WideSource.mapFD, _) where high == 0: meaning = "map_by_fd(\(low))"
    case (WideSource.mapFDValue, _): meaning = "map_val(map_by_fd(\(low))) + \(UInt32(bitPattern: high))"
    case (WideSource.btfID, _): meaning = high == 0 ? "var_addr(\(low))" : "var_addr(\(low), \(high))"
    case (WideSource.function, _) where high == 0: meaning = "code_addr(\(signed(low)))"
    case (WideSource.mapIndex, _) where high == 0: meaning = "map_by_idx(\(low))"
    case (WideSource.mapIndexValue, _): meaning = "map_val(map_by_idx(\(low))) + \(UInt32(bitPattern: high))"
    default: return nil
    }
    return "r\(instruction.destination) = \(meaning) ll"
  }

  private func atomicWords(of instruction: Instruction, exact: Bool) -> String? {
    guard let operation = Atomic(rawValue: instruction.immediate) else { return nil }
    let wide = instruction.opcode & Opcode.sizeMask == Opcode.dw
    if style == .llvm19, exact, !wide, operation != .add { return nil }
    let letter = style == .kernel || style == .llvm19 || wide ? "r" : "w"
    let type = type(of: instruction)
    let source = "\(letter)\(instruction.source)"
    let place = address(instruction.destination, instruction.offset)
    let pointer = "(\(type) *)(\(place))"
    switch (operation, style) {
    case (.add, _), (.or, _), (.and, _), (.xor, _):
      return "lock *\(pointer) \(Self.assignment(UInt8(truncatingIfNeeded: instruction.immediate))) \(source)"
    case (.loadAcquire, _):
      return "\(letter)\(instruction.destination) = load_acquire((\(type) *)(\(address(instruction.source, instruction.offset))))"
    case (.storeRelease, _): return "store_release(\(pointer), \(source))"
    case (.exchange, .kernel): return "\(source) = atomic\(wide ? "64" : "")_xchg(\(pointer), \(source))"
    case (.compareExchange, .kernel): return "r0 = atomic\(wide ? "64" : "")_cmpxchg(\(pointer), r0, \(source))"
    case (.exchange, _): return "\(source) = xchg\(wide ? "_64" : "32_32")(\(place), \(source))"
    case (.compareExchange, _): return "\(letter)0 = cmpxchg\(wide ? "_64" : "32_32")(\(place), \(letter)0, \(source))"
    case (.fetchAdd, _), (.fetchOr, _), (.fetchAnd, _), (.fetchXor, _):
      let name = operation == .fetchAdd ? "add" : operation == .fetchOr ? "or" : operation == .fetchAnd ? "and" : "xor"
      return "\(source) = atomic\(wide && style == .kernel ? "64" : "")_fetch_\(name)(\(pointer), \(source))"
    }
  }

  // MARK: Jumps and calls

  /// `+5`, `-3`, `+0`.
  private func signed(_ number: some SignedInteger) -> String { number < 0 ? String(number) : "+\(number)" }

  private func jumpWords(of instruction: Instruction, exact: Bool) -> String {
    let pc = style == .kernel ? "pc" : ""
    switch instruction.opcode {
    case Opcode.exitProgram: return "exit"
    case Opcode.gotoNear: return "goto \(pc)\(signed(instruction.offset))"
    case Opcode.gotoLong: return "gotol \(pc)\(signed(instruction.immediate))"
    case Opcode.mayGoto: return "may_goto \(pc)\(signed(instruction.offset))"
    case Opcode.callRegister: return "callx r\(instruction.destination)"
    case Opcode.callHelper: return callWords(of: instruction, exact: exact)
    default: break
    }
    let letter = instruction.instructionClass == Opcode.jmp32 ? "w" : "r"
    let comparison = Condition(rawValue: instruction.opcode & Opcode.operationMask).map(Self.comparison) ?? ""
    let operand: String
    if instruction.opcode & Opcode.x != 0 {
      operand = "\(letter)\(instruction.source)"
    } else if style == .kernel {
      operand = "0x" + String(UInt32(bitPattern: instruction.immediate), radix: 16)
    } else {
      operand = String(instruction.immediate)
    }
    return "if \(letter)\(instruction.destination) \(comparison) \(operand) goto \(pc)\(signed(instruction.offset))"
  }

  /// The operator of a comparison.
  static func comparison(_ condition: Condition) -> String {
    switch condition {
    case .eq: "=="
    case .gt: ">"
    case .ge: ">="
    case .set: "&"
    case .ne: "!="
    case .sgt: "s>"
    case .sge: "s>="
    case .lt: "<"
    case .le: "<="
    case .slt: "s<"
    case .sle: "s<="
    }
  }

  private func callWords(of instruction: Instruction, exact: Bool) -> String {
    let number = instruction.immediate
    switch (instruction.source, style) {
    case (CallSource.helper, .kernel): return "call \(helperName(number) ?? "unknown")#\(number)"
    case (CallSource.local, .kernel): return "call pc\(signed(number))"
    case (CallSource.kfunc, .kernel):
      return "call kernel-function#\(number)" + (instruction.offset == 0 || exact ? "" : " module \(instruction.offset)")
    case (CallSource.helper, _): return "call \(number)"
    case (_, _) where exact: return "call \(number)"
    case (CallSource.local, _): return "call pc\(signed(number))"
    default: return "call kernel-function#\(number)" + (instruction.offset == 0 ? "" : " module \(instruction.offset)")
    }
  }

  /// What stands only in programs that the kernel has rewritten (`bpftool prog dump xlated` shows them).
  private func internalWords(of instruction: Instruction) -> String? {
    switch instruction.bits & 0xffff_ffff_ffff_00ff {
    case 0xc2: instruction.registers == 0 ? "nospec" : nil
    case 0xffff_00bf where instruction.source <= 10 && instruction.destination <= 10:
      "r\(instruction.destination) = &(void __percpu *)(r\(instruction.source))"
    default: nil
    }
  }
}
