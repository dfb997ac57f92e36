// The rows of the instruction set: RFC 9669 sections 4 and 5 and its appendix, and what Linux 6.18 has beyond it
// (kernel/bpf/verifier.c, `bpf_opcode_in_insntable` in kernel/bpf/core.c).

extension InstructionForm {
  init(
    _ opcode: UInt8, _ name: String, _ group: ConformanceGroup, _ version: ISAVersion, destination: RegisterField = .zero,
    source: RegisterField = .zero, offset: OffsetField = .zero, immediate: ImmediateField = .zero, writes: Written = .none
  ) {
    self.opcode = opcode
    self.name = name
    self.group = group
    self.version = version
    self.destination = destination
    self.source = source
    self.offset = offset
    self.immediate = immediate
    self.writes = writes
  }

  static func makeRows() -> [InstructionForm] { arithmeticRows + byteOrderRows + memoryRows + atomicRows + wideRows + jumpRows + callRows }

  private static var arithmeticRows: [InstructionForm] {
    let operations: [(String, UInt8)] = [
      ("add", Opcode.add), ("sub", Opcode.sub), ("mul", Opcode.mul), ("div", Opcode.div), ("or", Opcode.or), ("and", Opcode.and),
      ("lsh", Opcode.lsh), ("rsh", Opcode.rsh), ("mod", Opcode.mod), ("xor", Opcode.xor), ("mov", Opcode.mov), ("arsh", Opcode.arsh),
    ]
    var rows: [InstructionForm] = []
    for (width, base) in [(32, Opcode.alu32), (64, Opcode.alu64)] {
      let version: ISAVersion = width == 32 ? .v3 : .v1
      let group: ConformanceGroup = width == 32 ? .base32 : .base64
      let divideGroup: ConformanceGroup = width == 32 ? .divmul32 : .divmul64
      for (name, code) in operations {
        let divides = code == Opcode.div || code == Opcode.mod
        let itsGroup = divides || code == Opcode.mul ? divideGroup : group
        for (prefix, offset) in divides ? [("", OffsetField.zero), ("s", .exactly(1))] : [("", .zero)] {
          let itsVersion = offset == .zero ? version : .v4
          rows.append(
            InstructionForm(
              base | code, "\(prefix)\(name)\(width)_imm", itsGroup, itsVersion, destination: .register, offset: offset, immediate: .any,
              writes: .destination))
          rows.append(
            InstructionForm(
              base | code | Opcode.x, "\(prefix)\(name)\(width)", itsGroup, itsVersion, destination: .register, source: .register,
              offset: offset, writes: .destination))
        }
      }
      rows.append(
        InstructionForm(base | Opcode.neg, "neg\(width)", group, version, destination: .register, writes: .destination))
      for bits in width == 32 ? [8, 16] : [8, 16, 32] as [Int16] {
        rows.append(
          InstructionForm(
            base | Opcode.mov | Opcode.x, "movsx\(bits)_\(width)", group, .v4, destination: .register, source: .register,
            offset: .exactly(bits), writes: .destination))
      }
    }
    rows.append(
      InstructionForm(
        Opcode.alu64 | Opcode.mov | Opcode.x, "addr_space_cast", .linux, .linux, destination: .register, source: .register,
        offset: .exactly(1), immediate: .addressSpaces, writes: .destination))
    return rows
  }

  private static var byteOrderRows: [InstructionForm] {
    [
      (Opcode.alu32 | Opcode.end, "le", ISAVersion.v1), (Opcode.alu32 | Opcode.end | Opcode.x, "be", .v1),
      (Opcode.alu64 | Opcode.end, "bswap", .v4),
    ].flatMap { opcode, name, version in
      [16, 32, 64].map { (bits: Int32) in
        InstructionForm(
          opcode, "\(name)\(bits)", bits == 64 ? .base64 : .base32, version, destination: .register, immediate: .exactly(bits),
          writes: .destination)
      }
    }
  }

  private static var memoryRows: [InstructionForm] {
    var rows: [InstructionForm] = []
    for (name, size) in [("b", Opcode.b), ("h", Opcode.h), ("w", Opcode.w), ("dw", Opcode.dw)] {
      let group: ConformanceGroup = size == Opcode.dw ? .base64 : .base32
      rows.append(
        InstructionForm(
          Opcode.ldx | Opcode.mem | size, "ldx\(name)", group, .v1, destination: .register, source: .register, offset: .memory,
          writes: .destination))
      rows.append(
        InstructionForm(
          Opcode.st | Opcode.mem | size, "st\(name)", group, .v1, destination: .register, offset: .memory, immediate: .any))
      rows.append(
        InstructionForm(
          Opcode.stx | Opcode.mem | size, "stx\(name)", group, .v1, destination: .register, source: .register, offset: .memory))
      guard size != Opcode.dw else { continue }
      rows.append(
        InstructionForm(
          Opcode.ldx | Opcode.memsx | size, "ldxs\(name)", .base64, .v4, destination: .register, source: .register, offset: .memory,
          writes: .destination))
      rows.append(InstructionForm(Opcode.ld | Opcode.abs | size, "ldabs\(name)", .packet, .v1, immediate: .any, writes: .r0))
      rows.append(
        InstructionForm(Opcode.ld | Opcode.ind | size, "ldind\(name)", .packet, .v1, source: .register, immediate: .any, writes: .r0))
    }
    return rows
  }

  private static var atomicRows: [InstructionForm] {
    let operations: [(String, Atomic, Written)] = [
      ("add", .add, .none), ("or", .or, .none), ("and", .and, .none), ("xor", .xor, .none), ("fetch_add", .fetchAdd, .source),
      ("fetch_or", .fetchOr, .source), ("fetch_and", .fetchAnd, .source), ("fetch_xor", .fetchXor, .source),
      ("xchg", .exchange, .source), ("cmpxchg", .compareExchange, .r0),
    ]
    var rows: [InstructionForm] = []
    for (width, size) in [(32, Opcode.w), (64, Opcode.dw)] {
      for (name, operation, writes) in operations {
        rows.append(
          InstructionForm(
            Opcode.stx | Opcode.atomic | size, "atomic_\(name)\(width)", width == 32 ? .atomic32 : .atomic64,
            operation == .add ? .v1 : .v3, destination: .register, source: .register, offset: .memory,
            immediate: .exactly(operation.rawValue), writes: writes))
      }
    }
    for (bits, size) in [(8, Opcode.b), (16, Opcode.h), (32, Opcode.w), (64, Opcode.dw)] {
      for (name, operation, writes) in [
        ("load_acquire", Atomic.loadAcquire, Written.destination), ("store_release", .storeRelease, .none),
      ] {
        rows.append(
          InstructionForm(
            Opcode.stx | Opcode.atomic | size, "\(name)\(bits)", .linux, .v4, destination: .register, source: .register,
            offset: .memory, immediate: .exactly(operation.rawValue), writes: writes))
      }
    }
    return rows
  }

  private static var wideRows: [InstructionForm] {
    [
      ("lddw", WideSource.constant), ("lddw_map_fd", WideSource.mapFD), ("lddw_map_fd_value", WideSource.mapFDValue),
      ("lddw_btf_id", WideSource.btfID), ("lddw_function", WideSource.function), ("lddw_map_index", WideSource.mapIndex),
      ("lddw_map_index_value", WideSource.mapIndexValue),
    ].map { name, source in
      InstructionForm(
        Opcode.loadImmediate64, name, .base64, .v1, destination: .register, source: .exactly(source),
        immediate: source == WideSource.function ? .distance : .any, writes: .destination)
    }
  }

  private static var jumpRows: [InstructionForm] {
    let conditions: [(String, Condition)] = [
      ("jeq", .eq), ("jgt", .gt), ("jge", .ge), ("jset", .set), ("jne", .ne), ("jsgt", .sgt), ("jsge", .sge), ("jlt", .lt), ("jle", .le),
      ("jslt", .slt), ("jsle", .sle),
    ]
    var rows: [InstructionForm] = []
    for (width, base) in [("", Opcode.jmp), ("32", Opcode.jmp32)] {
      for (name, condition) in conditions {
        let version: ISAVersion
        switch condition {
        case _ where base == Opcode.jmp32: version = .v3
        case .lt, .le, .slt, .sle: version = .v2
        default: version = .v1
        }
        let group: ConformanceGroup = base == Opcode.jmp32 ? .base32 : .base64
        rows.append(
          InstructionForm(
            base | condition.rawValue, "\(name)\(width)_imm", group, version, destination: .register, offset: .distance, immediate: .any))
        rows.append(
          InstructionForm(
            base | condition.rawValue | Opcode.x, "\(name)\(width)", group, version, destination: .register, source: .register,
            offset: .distance))
      }
    }
    rows.append(InstructionForm(Opcode.gotoNear, "ja", .base32, .v1, offset: .distance))
    rows.append(InstructionForm(Opcode.gotoLong, "gotol", .base32, .v4, immediate: .distance))
    rows.append(InstructionForm(Opcode.mayGoto, "may_goto", .linux, .linux, offset: .distance))
    rows.append(InstructionForm(Opcode.exitProgram, "exit", .base32, .v1))
    return rows
  }

  private static var callRows: [InstructionForm] {
    [
      InstructionForm(Opcode.callHelper, "call", .base32, .v1, source: .exactly(CallSource.helper), immediate: .any),
      InstructionForm(Opcode.callHelper, "call_local", .base32, .v1, source: .exactly(CallSource.local), immediate: .distance),
      InstructionForm(
        Opcode.callHelper, "call_kfunc", .base32, .v1, source: .exactly(CallSource.kfunc), offset: .module, immediate: .any),
      InstructionForm(Opcode.callRegister, "callx", .base32, .v1, destination: .register),
    ]
  }
}
