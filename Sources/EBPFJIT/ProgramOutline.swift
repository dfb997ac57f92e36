internal import EBPFISA

/// What one pass over a program finds out before code is made: its functions, where jumps lead, what each function uses.
///
/// It also refuses what no back end could translate, so that the passes behind it can trust every register number, jump and wide constant.
struct ProgramOutline: ~Copyable {
  /// What is known of a slot, beside its instruction.
  struct Marks: OptionSet {
    let rawValue: UInt8
    static let jumpTarget = Marks(rawValue: 1 << 0)
    static let functionStart = Marks(rawValue: 1 << 1)
    static let addressTaken = Marks(rawValue: 1 << 2)
    /// The second slot of an `ld_imm64`.
    static let wideTail = Marks(rawValue: 1 << 3)
  }

  /// A function: the slots from its entry to the next function's.
  struct Function {
    var start: Int
    var end: Int
    /// Registers that the function reads or writes, a bit each.
    var usedRegisters: UInt16 = 0
    /// Bytes of eBPF stack below r10, a multiple of 8.
    var stackDepth = 0
    /// It calls helpers or other code outside the program.
    var callsOut = false
    var callsLocal = false
    var hasMayGoto = false
    var isAddressTaken = false
  }

  let count: Int
  /// `count + 1` elements.
  let marks: UnsafeMutablePointer<Marks>
  /// Registers whose value may still be read when a slot is reached, a bit each; `count + 1` elements. An upper bound; of a function's
  /// registers only those that it uses.
  let liveIn: UnsafeMutablePointer<UInt16>
  /// In the order of their slots.
  private(set) var functions: [Function] = []
  /// Jumps, calls of local functions and references to functions: all that needs a place in the code filled in.
  private(set) var referenceCount = 0
  private(set) var hasBackwardJump = false
  /// Whether any function calls out of the program, and so needs the environment.
  private(set) var callsOut = false

  /// Every register of the machine.
  static let allRegisters: UInt16 = 0x7ff

  /// An outline of nothing yet: ``scan(_:facts:)`` fills it in, then ``computeLiveness(_:)``.
  init(count: Int) {
    self.count = count
    marks = .allocate(capacity: count + 1)
    liveIn = .allocate(capacity: count + 1)
    marks.initialize(repeating: [], count: count + 1)
    liveIn.initialize(repeating: Self.allRegisters, count: count + 1)
  }

  deinit {
    marks.deallocate()
    liveIn.deallocate()
  }

  /// Adds to what is known of a slot. Through a copy of the pointer: built for ThreadSanitizer, the compiler (6.3.1) stops at a change behind
  /// a pointer that a type without copies stores.
  private func mark(_ slot: Int, _ more: Marks) {
    let marks = marks
    marks[slot].insert(more)
  }

  /// The index in ``functions`` of the function that starts at a slot.
  func functionIndex(startingAt slot: Int) -> Int {
    var low = 0
    var high = functions.count
    while low < high {
      let middle = (low + high) >> 1
      if functions[middle].start < slot { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Scan

  /// The most slots of a program: what its code takes then stays well within 32-bit distances.
  static let maximumCount = 1 << 24

  mutating func scan(_ program: [Instruction], facts: Facts?) throws(JITError) {
    var calls: [(caller: Int, callee: Int)] = []
    var functionCount = 1
    mark(0, .functionStart)
    let traitsTable = OpcodeTraits.table
    var slot = 0
    while slot < count {
      let instruction = program[slot]
      let traits = traitsTable[Int(instruction.opcode)]
      guard traits.contains(.known) else {
        throw JITError(.unknownInstruction, slot: slot, "opcode 0x\(String(instruction.opcode, radix: 16)) is no eBPF instruction")
      }
      guard instruction.destination <= 10, instruction.source <= 10 else {
        throw JITError(.badRegister, slot: slot, "registers are r0 to r10")
      }
      if traits.contains(.writesDestination) && instruction.destination == Limits.framePointer {
        throw JITError(.framePointerWritten, slot: slot, "r10 is the frame pointer and cannot be written")
      }
      guard traits.contains(.control) else {
        if traits.contains(.irregular) { try checkIrregular(instruction, slot) }
        slot &+= 1
        continue
      }
      if traits.contains(.conditionalJump) {
        try markTarget(slot + 1 + Int(instruction.offset), of: slot)
        slot &+= 1
        continue
      }
      switch instruction.opcode {
      case Opcode.loadImmediate64:
        guard slot + 1 < count, program[slot + 1].opcode == 0, program[slot + 1].registers == 0, program[slot + 1].offset == 0 else {
          throw JITError(.truncatedWideInstruction, slot: slot, "ld_imm64 takes two slots; the second holds only an immediate")
        }
        guard instruction.source <= WideSource.mapIndexValue else {
          throw JITError(.badOperand, slot: slot, "ld_imm64 has no source \(instruction.source)")
        }
        mark(slot + 1, .wideTail)
        if instruction.source == WideSource.function {
          let callee = try functionStart(slot + 1 + Int(instruction.immediate), referredToBy: slot, &functionCount)
          mark(callee, .addressTaken)
        }
        slot &+= 1
      case Opcode.callHelper where instruction.source == CallSource.local:
        calls.append((slot, try functionStart(slot + 1 + Int(instruction.immediate), referredToBy: slot, &functionCount)))
      case Opcode.callHelper:
        guard instruction.source == CallSource.helper || instruction.source == CallSource.kfunc else {
          throw JITError(.badOperand, slot: slot, "a call has no source \(instruction.source)")
        }
      case Opcode.callRegister, Opcode.exitProgram: break
      default:
        let distance = instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset)
        try markTarget(slot + 1 + distance, of: slot)
      }
      slot &+= 1
    }
    try findFunctions(program, functionCount)
    if !calls.isEmpty { try checkCallDepth(calls) }
    if let facts {
      for index in functions.indices { functions[index].stackDepth = facts.stackDepth[functions[index].start] ?? -1 }
    } else {
      for index in functions.indices { functions[index].stackDepth = -1 }
    }
  }

  @inline(__always)
  private mutating func markTarget(_ target: Int, of slot: Int) throws(JITError) {
    guard target >= 0, target < count else {
      throw JITError(.jumpOutOfRange, slot: slot, "it jumps to \(target); the program has \(count) slots")
    }
    mark(target, .jumpTarget)
    referenceCount &+= 1
    if target <= slot { hasBackwardJump = true }
  }

  private func checkIrregular(_ instruction: Instruction, _ slot: Int) throws(JITError) {
    guard instruction.instructionClass == Opcode.stx else { return }
    guard let form = InstructionForm.of(instruction) else { throw Self.unknownAtomic(instruction, slot) }
    let written: UInt8? =
      switch form.writes {
      case .destination: instruction.destination
      case .source: instruction.source
      case .r0, .none: nil
      }
    if written == Limits.framePointer {
      throw JITError(.framePointerWritten, slot: slot, "r10 is the frame pointer and cannot be written")
    }
  }

  private static func unknownAtomic(_ instruction: Instruction, _ slot: Int) -> JITError {
    let operation = String(UInt32(bitPattern: instruction.immediate), radix: 16)
    return JITError(
      .badOperand, slot: slot, "there is no atomic operation 0x\(operation) on \(Opcode.accessSize(instruction.opcode)) bytes")
  }

  private mutating func functionStart(_ target: Int, referredToBy slot: Int, _ functionCount: inout Int) throws(JITError) -> Int {
    guard target > 0, target < count else {
      throw JITError(.jumpOutOfRange, slot: slot, "it refers to a function at \(target); functions start at 1 to \(count - 1)")
    }
    if !marks[target].contains(.functionStart) {
      mark(target, .functionStart)
      functionCount &+= 1
    }
    referenceCount &+= 1
    return target
  }

  private mutating func findFunctions(_ program: [Instruction], _ functionCount: Int) throws(JITError) {
    functions.reserveCapacity(functionCount)
    var start = 0
    if functionCount > 1 {
      for slot in 1..<count where marks[slot].contains(.functionStart) {
        functions.append(Function(start: start, end: slot, isAddressTaken: marks[start].contains(.addressTaken)))
        start = slot
      }
    }
    functions.append(Function(start: start, end: count, isAddressTaken: marks[start].contains(.addressTaken)))
    for function in functions {
      switch program[function.end - 1].opcode {
      case Opcode.exitProgram, Opcode.gotoNear, Opcode.gotoLong:
        if !marks[function.end - 1].contains(.wideTail) { continue }
      default: break
      }
      throw JITError(.fallsOffTheEnd, slot: function.end - 1, "the last instruction of a function must be an exit or a goto")
    }
  }

  /// Refuses calls that nest deeper than the kernel's frames, recursion among them: each frame is on the host's stack.
  private func checkCallDepth(_ calls: [(caller: Int, callee: Int)]) throws(JITError) {
    var owner = 0
    let edges = calls.map { call in
      while functions[owner].end <= call.caller { owner += 1 }
      return (slot: call.caller, caller: owner, callee: functionIndex(startingAt: call.callee))
    }
    var depth = [Int](repeating: 1, count: functions.count)
    var changed = true
    while changed {
      changed = false
      for edge in edges where depth[edge.callee] <= depth[edge.caller] {
        depth[edge.callee] = depth[edge.caller] + 1
        guard depth[edge.callee] <= Limits.callFrames else {
          throw JITError(.callStackTooDeep, slot: edge.slot, "calls nest deeper than \(Limits.callFrames) frames, or recurse")
        }
        changed = true
      }
    }
  }
}

// MARK: - Liveness

extension ProgramOutline {
  /// Fills in ``liveIn`` and what each function uses.
  ///
  /// Backward over the slots, from "nothing is live" up, until nothing changes: once where no jump leads back, else mostly twice. A program
  /// whose jumps are so tangled that it takes longer gets an upper bound: every register that its function uses is live everywhere.
  mutating func computeLiveness(_ program: [Instruction]) {
    let traitsTable = OpcodeTraits.table
    program.withUnsafeBufferPointer { slots in
      traitsTable.withUnsafeBufferPointer { traitsTable in
        for index in functions.indices.reversed() {
          let start = functions[index].start
          let count = functions[index].end - start
          (liveIn + start).update(repeating: 0, count: count)
          var (function, isStable) = analyze(functions[index], slots.baseAddress!, traitsTable.baseAddress!)
          var rounds = 1
          while hasBackwardJump && !isStable {
            if rounds == Self.maximumRounds { (liveIn + start).update(repeating: function.usedRegisters, count: count) }
            if rounds > Self.maximumRounds { break }
            (function, isStable) = analyze(functions[index], slots.baseAddress!, traitsTable.baseAddress!)
            rounds += 1
          }
          functions[index] = function
          if function.callsOut { callsOut = true }
        }
      }
    }
  }

  /// Rounds after which liveness is no longer sharpened.
  private static let maximumRounds = 8

  /// One round over a function.
  /// - Returns: the function with what it uses, and whether no jump's target changed what is live there.
  private func analyze(
    _ original: Function, _ program: UnsafePointer<Instruction>, _ traitsTable: UnsafePointer<OpcodeTraits>
  ) -> (Function, isStable: Bool) {
    var changes: UInt16 = 0
    var function = original
    var used: UInt16 = 0
    var lowest = 0
    var frameEscapes = false
    var live: UInt16 = 0
    var slot = original.end - 1
    let framePointer: UInt16 = 1 << 10
    while slot >= original.start {
      let instruction = program[slot]
      let traits = traitsTable[Int(instruction.opcode)].rawValue
      let destination = UInt16(1) &<< UInt16(instruction.destination)
      let source = UInt16(1) &<< UInt16(instruction.source)
      let isConditionalJump = traits & OpcodeTraits.conditionalJump.rawValue != 0
      if isConditionalJump || traits & (OpcodeTraits.control.rawValue | OpcodeTraits.irregular.rawValue) == 0 {
        // The three lowest traits, as masks. The second slot of a wide constant has none of them.
        let reads =
          (destination & (0 &- (traits & 1))) | (source & (0 &- (traits >> 2 & 1)))
        let writes = destination & (0 &- (traits >> 1 & 1))
        if isConditionalJump { live |= liveIn[slot &+ 1 &+ Int(instruction.offset)] }
        live = (live & ~writes) | reads
        used |= reads | writes
        if reads & framePointer != 0 {
          let isPlainLoad = traits & OpcodeTraits.load.rawValue != 0
          let isPlainStore = traits & OpcodeTraits.store.rawValue != 0
          let storesFrame = isPlainStore && traits & OpcodeTraits.readsSource.rawValue != 0 && source == framePointer
          if (isPlainLoad || isPlainStore) && !storesFrame {
            lowest = min(lowest, Int(instruction.offset))
          } else {
            frameEscapes = true
          }
        }
      } else {
        let effect = Self.effect(of: instruction, function: &function)
        used |= effect.reads | effect.writes
        if effect.reads & framePointer != 0 { frameEscapes = true }
        if effect.stops { live = 0 }
        live = (live & ~effect.writes) | effect.reads
        if effect.jumps {
          let distance = instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset)
          live |= liveIn[slot &+ 1 &+ distance]
        }
      }
      changes |= liveIn[slot] ^ live
      liveIn[slot] = live
      slot &-= 1
    }
    function.usedRegisters = used
    if original.stackDepth < 0 {
      function.stackDepth = frameEscapes ? max(Limits.stackSize, -lowest) : -lowest
    }
    function.stackDepth = (function.stackDepth + 7) & ~7
    return (function, changes == 0)
  }

  private struct Effect {
    var reads: UInt16 = 0
    var writes: UInt16 = 0
    /// The next slot does not follow.
    var stops = false
    var jumps = false
  }

  private static func effect(of instruction: Instruction, function: inout Function) -> Effect {
    let destination = UInt16(1) &<< UInt16(instruction.destination)
    let source = UInt16(1) &<< UInt16(instruction.source)
    let arguments: UInt16 = 0b11_1110
    let scratch: UInt16 = 0b11_1111
    switch instruction.opcode & Opcode.classMask {
    case Opcode.jmp, Opcode.jmp32:
      switch instruction.opcode {
      case Opcode.gotoNear, Opcode.gotoLong: return Effect(stops: true, jumps: true)
      case Opcode.exitProgram: return Effect(reads: 1, stops: true)
      case Opcode.callHelper where instruction.source == CallSource.local:
        function.callsLocal = true
        // What an unproved callee reads without having been passed it is the caller's.
        return Effect(reads: allRegisters & ~(1 << 10))
      case Opcode.callHelper:
        function.callsOut = true
        return Effect(reads: arguments, writes: scratch)
      case Opcode.callRegister:
        function.callsOut = true
        return Effect(reads: arguments | destination, writes: scratch)
      default:
        // may_goto: conditional jumps do not come here.
        function.hasMayGoto = true
        return Effect(jumps: true)
      }
    case Opcode.ld:
      if instruction.opcode == Opcode.loadImmediate64 { return Effect(writes: destination) }
      function.callsOut = true
      let index = instruction.opcode & Opcode.modeMask == Opcode.ind ? source : 0
      return Effect(reads: 1 << 6 | index, writes: scratch)
    default:
      switch instruction.immediate {
      case AtomicOperation.compareExchange: return Effect(reads: destination | source | 1, writes: 1)
      case AtomicOperation.loadAcquire: return Effect(reads: source, writes: destination)
      case AtomicOperation.storeRelease: return Effect(reads: destination | source)
      default:
        return Effect(
          reads: destination | source, writes: instruction.immediate & AtomicOperation.fetch != 0 ? source : 0)
      }
    }
  }
}
