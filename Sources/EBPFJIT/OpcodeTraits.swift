internal import EBPFISA

/// What every instruction with an opcode has in common, for the passes that look at each slot once.
struct OpcodeTraits: OptionSet {
  let rawValue: UInt16

  static let readsDestination = OpcodeTraits(rawValue: 1 << 0)
  static let writesDestination = OpcodeTraits(rawValue: 1 << 1)
  static let readsSource = OpcodeTraits(rawValue: 1 << 2)
  /// The next slot is not the only one that can follow, or the instruction takes two slots.
  static let control = OpcodeTraits(rawValue: 1 << 3)
  /// Atomics and legacy packet loads: which registers are read and written depends on the operands.
  static let irregular = OpcodeTraits(rawValue: 1 << 4)
  /// A plain load; its address register is the source.
  static let load = OpcodeTraits(rawValue: 1 << 5)
  /// A plain store; its address register is the destination.
  static let store = OpcodeTraits(rawValue: 1 << 6)
  static let known = OpcodeTraits(rawValue: 1 << 7)
  /// A comparison that may jump by its offset; it has ``control`` too.
  static let conditionalJump = OpcodeTraits(rawValue: 1 << 8)

  /// By opcode; an element without ``known`` is no instruction.
  static let table: [OpcodeTraits] = (0..<256).map { traits(of: UInt8($0)) }

  private static func traits(of opcode: UInt8) -> OpcodeTraits {
    let operation = opcode & Opcode.operationMask
    let fromRegister = opcode & Opcode.x != 0
    switch opcode & Opcode.classMask {
    case Opcode.alu32, Opcode.alu64:
      switch operation {
      case Opcode.mov: return fromRegister ? [.known, .writesDestination, .readsSource] : [.known, .writesDestination]
      case Opcode.neg: return fromRegister ? [] : [.known, .readsDestination, .writesDestination]
      case Opcode.end:
        if opcode & Opcode.classMask == Opcode.alu64 && fromRegister { return [] }
        return [.known, .readsDestination, .writesDestination]
      case 0xe0, 0xf0: return []
      default:
        return fromRegister
          ? [.known, .readsDestination, .writesDestination, .readsSource] : [.known, .readsDestination, .writesDestination]
      }
    case Opcode.jmp, Opcode.jmp32:
      let isWide = opcode & Opcode.classMask == Opcode.jmp
      switch operation {
      case Opcode.ja: return fromRegister ? [] : [.known, .control]
      case Opcode.call: return isWide ? [.known, .control] : []
      case Opcode.exit, Opcode.jcond: return isWide && !fromRegister ? [.known, .control] : []
      case 0xf0: return []
      default:
        return fromRegister
          ? [.known, .control, .conditionalJump, .readsDestination, .readsSource]
          : [.known, .control, .conditionalJump, .readsDestination]
      }
    case Opcode.ld:
      switch opcode & Opcode.modeMask {
      case Opcode.imm: return opcode == Opcode.loadImmediate64 ? [.known, .control, .writesDestination] : []
      case Opcode.abs, Opcode.ind: return opcode & Opcode.sizeMask == Opcode.dw ? [] : [.known, .irregular]
      default: return []
      }
    case Opcode.ldx:
      switch opcode & Opcode.modeMask {
      case Opcode.mem: return [.known, .load, .writesDestination, .readsSource]
      case Opcode.memsx: return opcode & Opcode.sizeMask == Opcode.dw ? [] : [.known, .load, .writesDestination, .readsSource]
      default: return []
      }
    case Opcode.st:
      return opcode & Opcode.modeMask == Opcode.mem ? [.known, .store, .readsDestination] : []
    default:
      switch opcode & Opcode.modeMask {
      case Opcode.mem: return [.known, .store, .readsDestination, .readsSource]
      case Opcode.atomic: return [.known, .irregular]
      default: return []
      }
    }
  }
}
