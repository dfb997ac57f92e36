internal import EBPFISA
internal import EBPFTables

/// Walks the program's graph once: every instruction can be reached, and where paths meet states will be compared (`check_cfg`).
struct ControlFlow {
  private let program: ProgramModel
  private var isSeen: [Bool]
  /// Function calls in the order in which their callee is known before them.
  private var calls: [(caller: Int, callee: Int)] = []

  init(_ program: ProgramModel) {
    self.program = program
    isSeen = Array(repeating: false, count: program.count)
  }

  consuming func check() throws(Rejection) {
    var work = [0]
    isSeen[0] = true
    while let slot = work.popLast() {
      for next in successors(of: slot) {
        guard next < program.count else {
          throw Rejection(category: .unsafe, message: "jump out of range from insn \(slot) to \(next)", instruction: slot)
        }
        if !isSeen[next] {
          isSeen[next] = true
          work.append(next)
        }
      }
    }
    var slot = 0
    while slot < program.count {
      guard isSeen[slot] else { throw Rejection(category: .unsafe, message: "unreachable insn \(slot)", instruction: slot) }
      slot += program.instructions[slot].isWide ? 2 : 1
    }
    mergeEffects()
  }

  /// The instructions after this one; marks where states are to be compared.
  private mutating func successors(of slot: Int) -> [Int] {
    let instruction = program.instructions[slot]
    let next = slot + (instruction.isWide ? 2 : 1)
    if instruction.isFunctionConstant { return visitCall(slot, next: next) }
    guard instruction.isJump else { return [next] }
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.exit: return []
    case Opcode.call:
      if instruction.isHelperCall {
        let helper = HelperID(rawValue: UInt32(bitPattern: instruction.immediate))
        if helper == .timerSetCallback { mark(slot, .prunePoint) }
        if helper.callsBack { mark(slot, [.callsCallback, .forcedState, .prunePoint, .jumpPoint]) }
        if helper.changesPacket { program.functions[program.function(at: slot)].changesPacket = true }
      }
      if instruction.isLocalCall { return visitCall(slot, next: next) }
      mark(next, [.prunePoint, .jumpPoint])
      return [next]
    case Opcode.ja:
      let target = slot + 1 + (instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset))
      mark(target, [.prunePoint, .jumpPoint, .jumpTarget])
      return [target]
    default:
      let target = slot + 1 + Int(instruction.offset)
      mark(slot, .prunePoint)
      if instruction.opcode == Opcode.mayGoto { mark(slot, .forcedState) }
      mark(target, [.prunePoint, .jumpPoint, .jumpTarget])
      return [next, target]
    }
  }

  private mutating func visitCall(_ slot: Int, next: Int) -> [Int] {
    let target = slot + 1 + Int(program.instructions[slot].immediate)
    mark(next, [.prunePoint, .jumpPoint])
    mark(target, [.prunePoint, .jumpPoint, .jumpTarget])
    mark(slot, .prunePoint)
    calls.append((program.function(at: slot), program.function(at: target)))
    return [next, target]
  }

  private func mark(_ slot: Int, _ marks: ProgramModel.Marks) {
    if slot < program.count { program.marks[slot].insert(marks) }
  }

  /// What a callee may do to the packet its callers may do as well.
  private func mergeEffects() {
    var changed = true
    while changed {
      changed = false
      for (caller, callee) in calls where program.functions[callee].changesPacket && !program.functions[caller].changesPacket {
        program.functions[caller].changesPacket = true
        changed = true
      }
    }
  }
}

/// Finds which registers some later instruction of the function still reads (`compute_live_registers`).
struct Liveness {
  let program: ProgramModel

  init(_ program: ProgramModel) { self.program = program }

  func compute() {
    for function in program.functions {
      var changed = true
      while changed {
        changed = false
        for slot in stride(from: function.end - 1, through: function.start, by: -1) {
          let instruction = program.instructions[slot]
          if instruction.opcode == 0 { continue }
          let (reads, writes) = effects(of: instruction)
          let before = reads | (after(slot, instruction) & ~writes)
          if before != program.live[slot] {
            program.live[slot] = before
            changed = true
          }
        }
      }
    }
  }

  private func after(_ slot: Int, _ instruction: Instruction) -> UInt16 {
    let live = program.live
    guard instruction.isJump else { return live[slot + (instruction.isWide ? 2 : 1)] }
    switch instruction.opcode & Opcode.operationMask {
    case Opcode.exit: return 0
    case Opcode.call: return live[slot + 1]
    case Opcode.ja:
      return live[slot + 1 + (instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset))]
    default: return live[slot + 1] | live[slot + 1 + Int(instruction.offset)]
    }
  }

  /// The registers that an instruction reads and those that it writes for sure.
  private func effects(of instruction: Instruction) -> (reads: UInt16, writes: UInt16) {
    let destination = UInt16(1) << UInt16(instruction.destination)
    let source = UInt16(1) << UInt16(instruction.source)
    let usesSource = instruction.opcode & Opcode.x != 0
    switch instruction.instructionClass {
    case Opcode.alu32, Opcode.alu64:
      switch instruction.opcode & Opcode.operationMask {
      case Opcode.mov: return (usesSource ? source : 0, destination)
      case Opcode.neg, Opcode.end: return (destination, destination)
      default: return (destination | (usesSource ? source : 0), destination)
      }
    case Opcode.ld:
      if instruction.isWide { return (0, destination) }
      return (1 << 6 | (instruction.opcode & Opcode.modeMask == Opcode.ind ? source : 0), 0x3f)
    case Opcode.ldx: return (source, destination)
    case Opcode.st: return (destination, 0)
    case Opcode.stx:
      guard instruction.isAtomic else { return (destination | source, 0) }
      switch instruction.immediate {
      case AtomicOperation.loadAcquire: return (source, destination)
      case AtomicOperation.storeRelease: return (source | destination, 0)
      case AtomicOperation.compareExchange: return (source | destination | 1, 1)
      default: return (source | destination, instruction.immediate & AtomicOperation.fetch != 0 ? source : 0)
      }
    default:
      switch instruction.opcode & Opcode.operationMask {
      case Opcode.ja, Opcode.jcond: return (0, 0)
      case Opcode.exit: return (1, 0)
      case Opcode.call:
        var arguments = 5
        if instruction.isHelperCall, let found = program.prototype(of: HelperID(rawValue: UInt32(bitPattern: instruction.immediate))) {
          arguments = found.argumentCount
        }
        return (UInt16((1 << (arguments + 1)) - 2), 0x3f)
      default: return (destination | (usesSource ? source : 0), 0)
      }
    }
  }
}
