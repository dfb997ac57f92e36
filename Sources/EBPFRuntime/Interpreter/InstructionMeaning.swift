import EBPFISA

/// What the interpreter does for a row of the instruction set: which operation it becomes, and what of the slot goes with it.
///
/// The rows say which slots there are (``InstructionForm``); here stands what each is run as, and nowhere else.
package struct InstructionMeaning {
  /// What the decoder makes of a slot's fields.
  enum Fields: UInt8 {
    /// Registers and immediate, as they are.
    case plain
    /// With a memory offset.
    case memory
    /// With a distance in the offset field.
    case jump
    /// With a distance in the immediate.
    case longJump
    case wide
    case packetLoad
    case helperCall
    case kernelFunctionCall
    case addressSpaceCast
  }

  var operation: Operation
  var fields: Fields
  /// The register that is written, as far as it must not be r10.
  var writes: InstructionForm.Written

  /// By the position of a row in `InstructionForm.all`; `nil` for a row that nobody has given a meaning to, which a test objects to.
  static let all: [InstructionMeaning?] = InstructionForm.all.map(InstructionMeaning.init)

  /// The names of the rows that have no meaning here.
  package static var missing: [String] { zip(InstructionForm.all, all).filter { $0.1 == nil }.map(\.0.name) }

  private init(_ operation: Operation, _ fields: Fields, _ form: InstructionForm) {
    self.operation = operation
    self.fields = fields
    writes = form.writes
  }

  private init?(_ form: InstructionForm) {
    let operation: Operation?
    var fields = Fields.plain
    switch form.opcode & Opcode.classMask {
    case Opcode.alu64, Opcode.alu32:
      if form.opcode == Opcode.alu64 | Opcode.mov | Opcode.x, form.offset == .exactly(1) {
        (operation, fields) = (.mov64x, .addressSpaceCast)
      } else {
        operation = Self.arithmetic(form)
      }
    case Opcode.jmp, Opcode.jmp32: (operation, fields) = Self.jump(form)
    case Opcode.ldx: (operation, fields) = (Self.load(form.opcode), .memory)
    case Opcode.st, Opcode.stx: (operation, fields) = (Self.store(form), .memory)
    default:
      switch form.opcode & Opcode.modeMask {
      case Opcode.abs, Opcode.ind: (operation, fields) = (.packetLoad, .packetLoad)
      default: (operation, fields) = form.opcode == Opcode.loadImmediate64 ? (.loadImmediate64, .wide) : (nil, .plain)
      }
    }
    guard let operation else { return nil }
    self.init(operation, fields, form)
  }

  // MARK: Arithmetic

  /// An operation with a constant and with a register, in 64 and in 32 bits.
  private typealias Variants = (k64: Operation, x64: Operation, k32: Operation, x32: Operation)

  private static func variant(_ form: InstructionForm, isWide: Bool, _ variants: Variants) -> Operation {
    form.opcode & Opcode.x != 0 ? isWide ? variants.x64 : variants.x32 : isWide ? variants.k64 : variants.k32
  }

  private static func arithmetic(_ form: InstructionForm) -> Operation? {
    let isWide = form.opcode & Opcode.classMask == Opcode.alu64
    let isSigned = form.offset == .exactly(1)
    let variants: Variants
    switch form.opcode & Opcode.operationMask {
    case Opcode.add: variants = (.add64k, .add64x, .add32k, .add32x)
    case Opcode.sub: variants = (.sub64k, .sub64x, .sub32k, .sub32x)
    case Opcode.mul: variants = (.mul64k, .mul64x, .mul32k, .mul32x)
    case Opcode.div where isSigned: variants = (.sdiv64k, .sdiv64x, .sdiv32k, .sdiv32x)
    case Opcode.div: variants = (.div64k, .div64x, .div32k, .div32x)
    case Opcode.mod where isSigned: variants = (.smod64k, .smod64x, .smod32k, .smod32x)
    case Opcode.mod: variants = (.mod64k, .mod64x, .mod32k, .mod32x)
    case Opcode.or: variants = (.or64k, .or64x, .or32k, .or32x)
    case Opcode.and: variants = (.and64k, .and64x, .and32k, .and32x)
    case Opcode.xor: variants = (.xor64k, .xor64x, .xor32k, .xor32x)
    case Opcode.lsh: variants = (.lsh64k, .lsh64x, .lsh32k, .lsh32x)
    case Opcode.rsh: variants = (.rsh64k, .rsh64x, .rsh32k, .rsh32x)
    case Opcode.arsh: variants = (.arsh64k, .arsh64x, .arsh32k, .arsh32x)
    case Opcode.neg: return isWide ? .neg64 : .neg32
    case Opcode.end: return byteOrder(form, isWide: isWide)
    case Opcode.mov:
      switch (form.offset, isWide) {
      case (.zero, _): variants = (.mov64k, .mov64x, .mov32k, .mov32x)
      case (.exactly(8), true): return .movsx64b
      case (.exactly(16), true): return .movsx64h
      case (.exactly(32), true): return .movsx64w
      case (.exactly(8), false): return .movsx32b
      case (.exactly(16), false): return .movsx32h
      default: return nil
      }
    default: return nil
    }
    return variant(form, isWide: isWide, variants)
  }

  /// `le`, `be` and `bswap`: whether the first two swap depends on this machine.
  private static func byteOrder(_ form: InstructionForm, isWide: Bool) -> Operation? {
    let isBigEndian = form.opcode & Opcode.x != 0
    #if _endian(little)
    let swaps = isWide || isBigEndian
    #else
    let swaps = isWide || !isBigEndian
    #endif
    switch form.immediate {
    case .exactly(16): return swaps ? .swap16 : .truncate16
    case .exactly(32): return swaps ? .swap32 : .truncate32
    case .exactly(64): return swaps ? .swap64 : .nothing
    default: return nil
    }
  }

  // MARK: Jumps and calls

  private static func jump(_ form: InstructionForm) -> (Operation?, Fields) {
    switch form.opcode {
    case Opcode.gotoNear: return (.ja, .jump)
    case Opcode.gotoLong: return (.ja, .longJump)
    case Opcode.mayGoto: return (.mayGoto, .jump)
    case Opcode.exitProgram: return (.exit, .plain)
    case Opcode.callRegister: return (.callRegister, .plain)
    case Opcode.callHelper:
      switch form.source {
      case .exactly(CallSource.helper): return (.callHelper, .helperCall)
      case .exactly(CallSource.local): return (.callLocal, .longJump)
      case .exactly(CallSource.kfunc): return (.callHelper, .kernelFunctionCall)
      default: return (nil, .plain)
      }
    default: break
    }
    let variants: Variants
    switch form.opcode & Opcode.operationMask {
    case Opcode.jeq: variants = (.jeq64k, .jeq64x, .jeq32k, .jeq32x)
    case Opcode.jgt: variants = (.jgt64k, .jgt64x, .jgt32k, .jgt32x)
    case Opcode.jge: variants = (.jge64k, .jge64x, .jge32k, .jge32x)
    case Opcode.jset: variants = (.jset64k, .jset64x, .jset32k, .jset32x)
    case Opcode.jne: variants = (.jne64k, .jne64x, .jne32k, .jne32x)
    case Opcode.jsgt: variants = (.jsgt64k, .jsgt64x, .jsgt32k, .jsgt32x)
    case Opcode.jsge: variants = (.jsge64k, .jsge64x, .jsge32k, .jsge32x)
    case Opcode.jlt: variants = (.jlt64k, .jlt64x, .jlt32k, .jlt32x)
    case Opcode.jle: variants = (.jle64k, .jle64x, .jle32k, .jle32x)
    case Opcode.jslt: variants = (.jslt64k, .jslt64x, .jslt32k, .jslt32x)
    case Opcode.jsle: variants = (.jsle64k, .jsle64x, .jsle32k, .jsle32x)
    default: return (nil, .plain)
    }
    return (variant(form, isWide: form.opcode & Opcode.classMask == Opcode.jmp, variants), .jump)
  }

  // MARK: Memory

  private static func load(_ opcode: UInt8) -> Operation? {
    switch (opcode & Opcode.modeMask, opcode & Opcode.sizeMask) {
    case (Opcode.mem, Opcode.b): .loadB
    case (Opcode.mem, Opcode.h): .loadH
    case (Opcode.mem, Opcode.w): .loadW
    case (Opcode.mem, Opcode.dw): .loadDW
    case (Opcode.memsx, Opcode.b): .loadSignedB
    case (Opcode.memsx, Opcode.h): .loadSignedH
    case (Opcode.memsx, Opcode.w): .loadSignedW
    default: nil
    }
  }

  private static func store(_ form: InstructionForm) -> Operation? {
    let isConstant = form.opcode & Opcode.classMask == Opcode.st
    let size = form.opcode & Opcode.sizeMask
    switch form.opcode & Opcode.modeMask {
    case Opcode.mem:
      switch size {
      case Opcode.b: return isConstant ? .storeBk : .storeBx
      case Opcode.h: return isConstant ? .storeHk : .storeHx
      case Opcode.w: return isConstant ? .storeWk : .storeWx
      default: return isConstant ? .storeDWk : .storeDWx
      }
    case Opcode.atomic where !isConstant:
      guard case .exactly(let number) = form.immediate, let operation = Atomic(rawValue: number) else { return nil }
      return atomic(operation, size)
    default: return nil
    }
  }

  private static func atomic(_ operation: Atomic, _ size: UInt8) -> Operation? {
    let isWide = size == Opcode.dw
    switch operation {
    case .loadAcquire:
      return size == Opcode.b ? .loadAcquireB : size == Opcode.h ? .loadAcquireH : isWide ? .loadAcquireDW : .loadAcquireW
    case .storeRelease:
      return size == Opcode.b ? .storeReleaseB : size == Opcode.h ? .storeReleaseH : isWide ? .storeReleaseDW : .storeReleaseW
    case .add: return isWide ? .atomicAdd64 : .atomicAdd32
    case .or: return isWide ? .atomicOr64 : .atomicOr32
    case .and: return isWide ? .atomicAnd64 : .atomicAnd32
    case .xor: return isWide ? .atomicXor64 : .atomicXor32
    case .fetchAdd: return isWide ? .fetchAdd64 : .fetchAdd32
    case .fetchOr: return isWide ? .fetchOr64 : .fetchOr32
    case .fetchAnd: return isWide ? .fetchAnd64 : .fetchAnd32
    case .fetchXor: return isWide ? .fetchXor64 : .fetchXor32
    case .exchange: return isWide ? .exchange64 : .exchange32
    case .compareExchange: return isWide ? .compareExchange64 : .compareExchange32
    }
  }
}
