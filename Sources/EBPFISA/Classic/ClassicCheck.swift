extension ClassicProgram {
  /// Checks the program as whoever runs it does before: the kernel when it is attached (`bpf_check_classic`), or libpcap (`bpf_validate`,
  /// and the codes that its interpreter knows).
  ///
  /// - Throws: ``ClassicError`` naming the first instruction that is refused. The kernel says `EINVAL` to all of them.
  public func check(for dialect: ClassicDialect = .linux) throws(ClassicError) {
    guard !instructions.isEmpty else { throw ClassicError(.length, at: nil, "the program has no instructions") }
    if dialect == .linux, instructions.count > Self.maximumLength {
      throw ClassicError(
        .length, at: nil, "the program has \(instructions.count) instructions; the kernel takes \(Self.maximumLength) (BPF_MAXINSNS)")
    }
    for (index, instruction) in instructions.enumerated() {
      guard let operation = instruction.operation else {
        throw ClassicError(.unknownCode, at: index, "there is no code 0x\(String(instruction.code, radix: 16))")
      }
      try check(instruction, operation, at: index, dialect)
    }
    let last = instructions.count - 1
    switch instructions[last].operation {
    case .returnConstant, .returnA: break
    default: throw ClassicError(.noReturn, at: last, "the last instruction is not a ret, so the program would run past its end")
    }
    if dialect == .linux { try checkScratch() }
  }

  private func check(
    _ instruction: ClassicInstruction, _ operation: ClassicOperation, at index: Int, _ dialect: ClassicDialect
  ) throws(ClassicError) {
    switch operation {
    case .arithmetic(.div, .k) where instruction.k == 0, .arithmetic(.mod, .k) where instruction.k == 0:
      throw ClassicError(.divisionByZero, at: index, "division by the constant 0")
    case .arithmetic(.lsh, .k) where dialect == .linux && instruction.k >= 32,
      .arithmetic(.rsh, .k) where dialect == .linux && instruction.k >= 32:
      throw ClassicError(.shift, at: index, "a shift by \(instruction.k); A has 32 bits")
    case .loadScratch, .loadXScratch, .store, .storeX:
      guard instruction.k < Self.scratchWords else {
        throw ClassicError(.scratchIndex, at: index, "M[\(Int32(bitPattern: instruction.k))]: M has \(Self.scratchWords) words")
      }
    case .jump:
      let target =
        dialect == .libpcap ? index + 1 + Int(Int32(bitPattern: instruction.k)) : index + 1 + Int(instruction.k)
      guard instructions.indices.contains(target) else { throw outOfRange(index, target) }
    case .branch:
      for distance in [instruction.jumpTrue, instruction.jumpFalse] {
        let target = index + 1 + Int(distance)
        guard target < instructions.count else { throw outOfRange(index, target) }
      }
    case .loadAbsolute:
      if dialect == .linux, instruction.k >= ClassicAncillary.base, ClassicAncillary(offset: instruction.k) == nil {
        throw ClassicError(
          .unknownAncillary, at: index, "the offset \(Int32(bitPattern: instruction.k)) stands for nothing that the kernel knows")
      }
    default: break
    }
  }

  private func outOfRange(_ index: Int, _ target: Int) -> ClassicError {
    ClassicError(.jumpOutOfRange, at: index, "a jump to \(target); the program has the instructions 0 to \(instructions.count - 1)")
  }

  /// Refuses loads from words of M that are not stored on every path before (`check_load_and_stores`): the kernel does not clear M.
  ///
  /// Jumps lead forward, so one pass in order sees all predecessors of an instruction first. Code that no path reaches may load anything.
  private func checkScratch() throws(ClassicError) {
    var stored = [UInt16](repeating: .max, count: instructions.count)
    var now: UInt16 = 0
    for (index, instruction) in instructions.enumerated() {
      now &= stored[index]
      switch instruction.operation {
      case .store, .storeX: now |= 1 << UInt16(instruction.k)
      case .loadScratch, .loadXScratch:
        guard now >> UInt16(instruction.k) & 1 != 0 else {
          throw ClassicError(.scratchNotStored, at: index, "M[\(instruction.k)] is loaded, and not stored on every path that leads here")
        }
      case .jump:
        stored[index + 1 + Int(instruction.k)] &= now
        now = .max
      case .branch:
        stored[index + 1 + Int(instruction.jumpTrue)] &= now
        stored[index + 1 + Int(instruction.jumpFalse)] &= now
        now = .max
      default: break
      }
    }
  }
}
