package import EBPFISA

/// One instruction, or a jump with what it skips, on given registers and memory, and what it must make of them.
package struct OpcodeVector: Sendable {
  /// Registers r0, r2 and r3, and sixteen bytes of memory; r4 is the address of the ninth of them.
  package struct Machine: Sendable, Equatable {
    package var r0: UInt64 = 0
    package var r2: UInt64 = 0
    package var r3: UInt64 = 0
    package var cell: [UInt8] = OpcodeVectors.pattern
  }

  /// The row of ``InstructionForm/all`` that it is for, by name.
  package var form: String
  package var code: [Instruction]
  package var before: Machine
  package var after: Machine
  /// Whether Linux takes it: its verifier refuses constant divisors of 0, oversized constant shifts and unaligned stack accesses.
  package var isForKernel = true
}

/// Vectors for every row of the instruction set that computes: operands from tables of edge values, results by ``OpcodeReference``.
package enum OpcodeVectors {
  /// Operands: around every power of two that a width or sign begins at, and some that are nothing special.
  package static let values: [UInt64] = [
    0, 1, 2, 7, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000,
    0x1234_5678_9abc_def0, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_8000_0000, 0xffff_ffff_ffff_ff80,
    0xffff_ffff_ffff_fffe,
    .max,
  ]
  package static let immediates: [Int32] = [
    0, 1, 2, 7, 31, 32, 33, 63, 64, 65, 0x80, 0xff, 0x8000, 0xffff, 0x1234_5678, .max, .min, -1, -2, -128, -32768,
  ]
  /// What memory holds at first: every byte another, some with their sign set.
  package static let pattern: [UInt8] = [
    0x81, 0x02, 0x7f, 0xf4, 0x05, 0x96, 0x07, 0xe8, 0x89, 0x1a, 0xfb, 0x7c, 0x8d, 0x0e, 0x6f, 0x80,
  ]

  package static let all: [OpcodeVector] = InstructionForm.all.flatMap(vectors(of:))

  private static func vectors(of form: InstructionForm) -> [OpcodeVector] {
    switch form.opcode & Opcode.classMask {
    case Opcode.alu32, Opcode.alu64:
      if form.opcode & Opcode.operationMask == Opcode.end { return byteOrder(form) }
      return form.name == "addr_space_cast" ? [] : arithmetic(form)
    case Opcode.jmp, Opcode.jmp32:
      guard let condition = Condition(rawValue: form.opcode & Opcode.operationMask) else { return [] }
      return jumps(form, condition)
    case Opcode.ldx: return loads(form)
    case Opcode.st, Opcode.stx:
      return form.opcode & Opcode.modeMask == Opcode.atomic && form.opcode & Opcode.classMask == Opcode.stx ? atomics(form) : stores(form)
    default: return form.name == "lddw" ? wide(form) : []
    }
  }

  private static func arithmetic(_ form: InstructionForm) -> [OpcodeVector] {
    let bits = form.opcode & Opcode.classMask == Opcode.alu64 ? 64 : 32
    let operation = form.opcode & Opcode.operationMask
    var variant: Int16 = 0
    if case .exactly(let number) = form.offset { variant = number }
    func vector(_ a: UInt64, _ b: UInt64, operand: UInt64, _ instruction: Instruction) -> OpcodeVector {
      let before = OpcodeVector.Machine(r0: 99, r2: a, r3: b)
      var after = before
      after.r2 = OpcodeReference.arithmetic(operation, variant: variant, a, operand, bits: bits)
      let isDivision = operation == Opcode.div || operation == Opcode.mod
      let isShift = operation == Opcode.lsh || operation == Opcode.rsh || operation == Opcode.arsh
      let isConstant = instruction.opcode & Opcode.x == 0
      return OpcodeVector(
        form: form.name, code: [instruction], before: before, after: after,
        isForKernel: !(isConstant && (isDivision && operand == 0 || isShift && operand >= UInt64(bits))))
    }
    if operation == Opcode.neg {
      return values.map { vector($0, 0, operand: 0, Instruction(opcode: form.opcode, destination: 2)) }
    }
    guard form.source == .register else {
      return immediates.flatMap { immediate in
        let instruction = Instruction(opcode: form.opcode, destination: 2, offset: variant, immediate: immediate)
        return values.map { vector($0, 0, operand: UInt64(bitPattern: Int64(immediate)), instruction) }
      }
    }
    let instruction = Instruction(opcode: form.opcode, destination: 2, source: 3, offset: variant)
    let same = Instruction(opcode: form.opcode, destination: 2, source: 2, offset: variant)
    return values.flatMap { a in values.map { b in vector(a, b, operand: b, instruction) } }
      + values.map { vector($0, 5, operand: $0, same) }
  }

  private static func byteOrder(_ form: InstructionForm) -> [OpcodeVector] {
    guard case .exactly(let bits) = form.immediate else { return [] }
    let reversed = !form.name.hasPrefix("le")
    return values.map { value in
      let before = OpcodeVector.Machine(r2: value)
      var after = before
      after.r2 = OpcodeReference.byteOrder(value, bits: Int(bits), reversed: reversed)
      return OpcodeVector(
        form: form.name, code: [Instruction(opcode: form.opcode, destination: 2, immediate: bits)], before: before, after: after)
    }
  }

  private static func jumps(_ form: InstructionForm, _ condition: Condition) -> [OpcodeVector] {
    let bits = form.opcode & Opcode.classMask == Opcode.jmp ? 64 : 32
    func vectors(_ a: UInt64, _ b: UInt64, operand: UInt64, _ instruction: Instruction) -> [OpcodeVector] {
      let isTaken = OpcodeReference.holds(condition, a, operand, bits: bits)
      let before = OpcodeVector.Machine(r0: 1, r2: a, r3: b)
      var (forward, backward) = (instruction, instruction)
      forward.offset = 1
      backward.offset = -3
      var (ahead, back) = (before, before)
      ahead.r0 = isTaken ? 1 : 0
      back.r0 = isTaken ? 7 : 1
      return [
        OpcodeVector(form: form.name, code: [forward, .mov64(.r0, 0)], before: before, after: ahead),
        OpcodeVector(form: form.name, code: [.goto(2), .mov64(.r0, 7), .goto(1), backward], before: before, after: back),
      ]
    }
    guard form.source == .register else {
      return immediates.flatMap { immediate in
        let instruction = Instruction(opcode: form.opcode, destination: 2, immediate: immediate)
        return values.flatMap { vectors($0, 0, operand: UInt64(bitPattern: Int64(immediate)), instruction) }
      }
    }
    let instruction = Instruction(opcode: form.opcode, destination: 2, source: 3)
    return values.flatMap { a in values.flatMap { b in vectors(a, b, operand: b, instruction) } }
  }

  /// Offsets from r4 at which `size` bytes are in the cell: its ends, and places that are not aligned.
  private static func offsets(_ size: Int) -> [Int16] {
    Array(Set([-8, 0, Int16(8 - size), -7, 1].filter { $0 + Int16(size) <= 8 })).sorted()
  }

  private static func loads(_ form: InstructionForm) -> [OpcodeVector] {
    let size = Opcode.accessSize(form.opcode)
    let isSigned = form.opcode & Opcode.modeMask == Opcode.memsx
    return offsets(size).map { offset in
      let before = OpcodeVector.Machine(r0: 3, r2: .max, r3: .max)
      var after = before
      let start = 8 + Int(offset)
      let value = OpcodeReference.number(pattern[start..<start + size])
      after.r2 = isSigned ? OpcodeReference.wrapped(OpcodeReference.signed(value, 8 * size), 64) : value
      return OpcodeVector(
        form: form.name, code: [Instruction(opcode: form.opcode, destination: 2, source: 4, offset: offset)], before: before,
        after: after, isForKernel: Int(offset) % size == 0)
    }
  }

  private static func stores(_ form: InstructionForm) -> [OpcodeVector] {
    let size = Opcode.accessSize(form.opcode)
    func vector(_ value: UInt64, _ instruction: Instruction) -> OpcodeVector {
      let before = OpcodeVector.Machine(r0: 3, r3: value)
      var after = before
      let start = 8 + Int(instruction.offset)
      after.cell.replaceSubrange(start..<start + size, with: OpcodeReference.bytes(of: value, count: size))
      return OpcodeVector(
        form: form.name, code: [instruction], before: before, after: after, isForKernel: Int(instruction.offset) % size == 0)
    }
    return offsets(size).flatMap { offset in
      if form.source == .register {
        return values.map { vector($0, Instruction(opcode: form.opcode, destination: 4, source: 3, offset: offset)) }
      }
      return immediates.map { immediate in
        let instruction = Instruction(opcode: form.opcode, destination: 4, offset: offset, immediate: immediate)
        var result = vector(UInt64(bitPattern: Int64(immediate)), instruction)
        (result.before.r3, result.after.r3) = (8, 8)
        return result
      }
    }
  }

  private static func atomics(_ form: InstructionForm) -> [OpcodeVector] {
    guard case .exactly(let immediate) = form.immediate, let operation = Atomic(rawValue: immediate) else { return [] }
    let size = Opcode.accessSize(form.opcode)
    var result: [OpcodeVector] = []
    for offset in [-8, Int16(8 - size)] {
      let start = 8 + Int(offset)
      if operation == .loadAcquire {
        let before = OpcodeVector.Machine(r2: .max)
        var after = before
        after.r2 = OpcodeReference.number(pattern[start..<start + size])
        let instruction = Instruction(opcode: form.opcode, destination: 2, source: 4, offset: offset, immediate: immediate)
        result.append(OpcodeVector(form: form.name, code: [instruction], before: before, after: after))
        continue
      }
      let instruction = Instruction(opcode: form.opcode, destination: 4, source: 3, offset: offset, immediate: immediate)
      for source in values {
        if operation == .storeRelease {
          let before = OpcodeVector.Machine(r3: source)
          var after = before
          after.cell.replaceSubrange(start..<start + size, with: OpcodeReference.bytes(of: source, count: size))
          result.append(OpcodeVector(form: form.name, code: [instruction], before: before, after: after))
          continue
        }
        for memory in values {
          // r0 equals what is in memory in every second vector: above its width it need not.
          let r0 = result.count % 2 == 0 ? (size == 4 ? memory & 0xffff_ffff | 0xabcd << 32 : memory) : memory &+ 1
          var before = OpcodeVector.Machine(r0: r0, r3: source)
          before.cell.replaceSubrange(start..<start + size, with: OpcodeReference.bytes(of: memory, count: size))
          var after = before
          let made = OpcodeReference.atomic(operation, memory: memory, source: source, r0: r0, bits: 8 * size)
          (after.r0, after.r3) = (made.r0, made.source)
          after.cell.replaceSubrange(start..<start + size, with: OpcodeReference.bytes(of: made.memory, count: size))
          result.append(OpcodeVector(form: form.name, code: [instruction], before: before, after: after))
        }
      }
    }
    return result
  }

  private static func wide(_ form: InstructionForm) -> [OpcodeVector] {
    values.map { value in
      let before = OpcodeVector.Machine(r2: 1)
      var after = before
      after.r2 = value
      return OpcodeVector(form: form.name, code: Instruction.wide(.r2, value), before: before, after: after)
    }
  }
}

extension OpcodeVector.Machine {
  /// The machine as the programs below take and leave it: three registers and the cell, 40 bytes.
  package var bytes: [UInt8] { [r0, r2, r3].flatMap { OpcodeReference.bytes(of: $0, count: 8) } + cell }

  package init(bytes: some RandomAccessCollection<UInt8>) {
    let bytes = Array(bytes)
    self.init(
      r0: OpcodeReference.number(bytes[0..<8]), r2: OpcodeReference.number(bytes[8..<16]), r3: OpcodeReference.number(bytes[16..<24]),
      cell: Array(bytes[24..<40]))
  }
}

extension OpcodeVector {
  /// The code between instructions that fetch a machine from the memory at r9 and put it back 40 bytes further on.
  private var harnessed: [Instruction] {
    let fetch: [Instruction] = [
      .load(.dw, .r0, .r9, 0), .load(.dw, .r2, .r9, 8), .load(.dw, .r3, .r9, 16), .load(.dw, .r5, .r9, 24), .store(.dw, .r10, -16, .r5),
      .load(.dw, .r5, .r9, 32), .store(.dw, .r10, -8, .r5), .mov64(.r4, .r10), .add64(.r4, -8),
    ]
    let keep: [Instruction] = [
      .store(.dw, .r9, 40, .r0), .store(.dw, .r9, 48, .r2), .store(.dw, .r9, 56, .r3), .load(.dw, .r5, .r10, -16),
      .store(.dw, .r9, 64, .r5), .load(.dw, .r5, .r10, -8), .store(.dw, .r9, 72, .r5),
    ]
    return fetch + code + keep
  }

  /// A program on raw memory: the machine before in its first 40 bytes, the one after in the next 40.
  package var memoryProgram: [Instruction] { [.mov64(.r9, .r1)] + harnessed + [.mov64(.r0, 0), .exit] }

  /// The same as an XDP program, on a packet of at least 80 bytes.
  package var packetProgram: [Instruction] {
    let body = harnessed
    let open: [Instruction] = [
      .load(.w, .r9, .r1, 0), .load(.w, .r5, .r1, 4), .mov64(.r0, .r9), .add64(.r0, 80), .jump(.gt, .r0, .r5, Int16(body.count)),
    ]
    return open + body + [.mov64(.r0, 2), .exit]
  }
}
