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
  private let memory: UnsafeMutableRawPointer
  /// `count + 1` elements, as in the other two; the last one stays empty.
  let marks: UnsafeMutablePointer<Marks>
  /// Registers whose value may still be read when a slot is reached, a bit each. An upper bound; of a function's registers only those that
  /// it uses.
  let liveIn: UnsafeMutablePointer<UInt16>
  /// The first slot that jumps to a slot; set only where ``Marks/jumpTarget`` is.
  private let firstSource: UnsafeMutablePointer<Int32>
  /// Memory of an element a slot that is free when ``computeLiveness(_:)`` is done, for whoever translates.
  var spareWords: UnsafeMutablePointer<Int32> { firstSource }
  /// The slots of jumps that lead to themselves or back, in their order.
  private var backwardJumps: UnsafeMutablePointer<Int32>?
  private var backwardCount = 0
  /// In the order of their slots.
  private(set) var functions: [Function] = []
  /// Jumps, calls of local functions and references to functions: all that needs a place in the code filled in.
  private(set) var referenceCount = 0
  /// Whether any function calls out of the program, and so needs the environment.
  private(set) var callsOut = false

  /// Every register of the machine.
  static let allRegisters: UInt16 = 0x7ff

  /// An outline of nothing yet: ``scan(_:facts:)`` fills it in, then ``computeLiveness(_:)``.
  init(count: Int) {
    self.count = count
    // One piece of memory for all three, the widest elements first.
    let slots = count + 1
    memory = .allocate(byteCount: 7 * slots, alignment: 8)
    firstSource = memory.bindMemory(to: Int32.self, capacity: slots)
    liveIn = (memory + 4 * slots).bindMemory(to: UInt16.self, capacity: slots)
    marks = (memory + 6 * slots).bindMemory(to: Marks.self, capacity: slots)
    marks.initialize(repeating: [], count: slots)
    liveIn.initialize(repeating: 0, count: slots)
  }

  deinit {
    memory.deallocate()
    backwardJumps?.deallocate()
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

  mutating func scan(_ program: UnsafePointer<Instruction>, facts: Facts?) throws(JITError) {
    var calls: [(caller: Int, callee: Int)] = []
    var functionCount = 1
    mark(0, .functionStart)
    let traitsTable = OpcodeTraits.table
    let operandTable = OperandBits.table
    var slot = 0
    while slot < count {
      let instruction = program[slot]
      let traits = traitsTable[Int(instruction.opcode)]
      let operands = operandTable[Int(instruction.registers)]
      if !traits.contains(.known) || operands == 0 || traits.writes(operands) & Self.framePointer != 0 {
        throw Self.refusal(of: instruction, traits, slot)
      }
      if traits.isDisjoint(with: [.control, .irregular]) {
        slot &+= 1
        continue
      }
      if traits.contains(.conditionalJump) {
        try markTarget(slot &+ 1 &+ Int(instruction.offset), of: slot)
        slot &+= 1
        continue
      }
      if traits.contains(.irregular) {
        try checkIrregular(instruction, slot)
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

  /// Why an instruction that has no ``OpcodeTraits/known`` opcode, or registers that it may not have, is refused.
  private static func refusal(of instruction: Instruction, _ traits: OpcodeTraits, _ slot: Int) -> JITError {
    guard traits.contains(.known) else {
      return JITError(.unknownInstruction, slot: slot, "opcode 0x\(String(instruction.opcode, radix: 16)) is no eBPF instruction")
    }
    guard instruction.destination <= Limits.framePointer, instruction.source <= Limits.framePointer else {
      return JITError(.badRegister, slot: slot, "registers are r0 to r10")
    }
    return JITError(.framePointerWritten, slot: slot, "r10 is the frame pointer and cannot be written")
  }

  @inline(__always)
  private mutating func markTarget(_ target: Int, of slot: Int) throws(JITError) {
    guard target >= 0, target < count else { throw Self.outOfProgram(slot, target, count) }
    if !marks[target].contains(.jumpTarget) {
      mark(target, .jumpTarget)
      let firstSource = firstSource
      firstSource[target] = Int32(truncatingIfNeeded: slot)
    }
    referenceCount &+= 1
    if target <= slot { noteBackwardJump(slot) }
  }

  @inline(never)
  private static func outOfProgram(_ slot: Int, _ target: Int, _ count: Int) -> JITError {
    JITError(.jumpOutOfRange, slot: slot, "it jumps to \(target); the program has \(count) slots")
  }

  @inline(__always)
  private mutating func noteBackwardJump(_ slot: Int) {
    let jumps: UnsafeMutablePointer<Int32>
    if let backwardJumps {
      jumps = backwardJumps
    } else {
      // As many as there are slots left.
      jumps = .allocate(capacity: count &- slot)
      backwardJumps = jumps
    }
    jumps[backwardCount] = Int32(truncatingIfNeeded: slot)
    backwardCount &+= 1
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

  private mutating func findFunctions(_ program: UnsafePointer<Instruction>, _ functionCount: Int) throws(JITError) {
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
  /// Backward over the slots, from "nothing is live" up: once, and then again over what jumps back change, until nothing does. A function
  /// whose jumps are so tangled that it takes long gets an upper bound: every register that it uses is live everywhere.
  mutating func computeLiveness(_ program: UnsafePointer<Instruction>) {
    var jumps = backwardCount
    let backwardJumps = backwardJumps
    OpcodeTraits.table.withUnsafeBufferPointer { traitsTable in
      OperandBits.table.withUnsafeBufferPointer { operandTable in
        let traitsTable = traitsTable.baseAddress!
        for index in functions.indices.reversed() {
          let function = analyze(functions[index], program, traitsTable, operandTable.baseAddress!)
          functions[index] = function
          if function.callsOut { callsOut = true }
          let last = jumps
          if let backwardJumps {
            while jumps > 0 && Int(backwardJumps[jumps - 1]) >= function.start { jumps -= 1 }
            if jumps < last { settle(function, backwardJumps, jumps..<last, program, traitsTable) }
          }
        }
      }
    }
  }

  /// Slots looked at again, for each of a function's slots, after which liveness is no longer sharpened.
  private static let maximumRounds = 8

  /// Takes what is live at the targets of a function's backward jumps to the jumps and to what comes before them, until nothing changes.
  private func settle(
    _ function: Function, _ backwardJumps: UnsafePointer<Int32>, _ jumps: Range<Int>, _ program: UnsafePointer<Instruction>,
    _ traitsTable: UnsafePointer<OpcodeTraits>
  ) {
    var work = Self.maximumRounds * (function.end - function.start)
    var changed = true
    while changed {
      changed = false
      for index in jumps.reversed() {
        let slot = Int(backwardJumps[index])
        // A jump writes nothing: what is live at its target is live at the jump.
        let missing = liveIn[Self.target(of: program[slot], at: slot)] & ~liveIn[slot]
        if missing == 0 { continue }
        changed = true
        work -= spread(missing, from: slot, function, program, traitsTable)
        if work < 0 {
          let liveIn = liveIn
          (liveIn + function.start).update(repeating: function.usedRegisters, count: function.end - function.start)
          return
        }
      }
    }
  }

  /// Makes registers live at a slot, and wherever the slots before it pass them on by falling through or jumping ahead.
  /// - Returns: how many slots were looked at.
  private func spread(
    _ registers: UInt16, from last: Int, _ function: Function, _ program: UnsafePointer<Instruction>,
    _ traitsTable: UnsafePointer<OpcodeTraits>
  ) -> Int {
    let liveIn = liveIn
    liveIn[last] |= registers
    var lowest = marks[last].contains(.jumpTarget) ? min(last, Int(firstSource[last])) : last
    var slot = last &- 1
    var follower = registers
    while slot >= function.start && (follower != 0 || slot >= lowest) {
      let instruction = program[slot]
      let traits = traitsTable[Int(instruction.opcode)]
      var more = follower
      if traits.isDisjoint(with: [.control, .irregular]) {
        more &= ~UInt16(truncatingIfNeeded: traits.writes(1 &<< UInt32(instruction.destination)))
      } else if traits.contains(.conditionalJump) {
        more |= liveIn[slot &+ 1 &+ Int(instruction.offset)]
      } else {
        let effect = Self.effect(of: instruction)
        if effect.stops { more = 0 }
        more &= ~effect.writes
        if effect.jumps { more |= liveIn[Self.target(of: instruction, at: slot)] }
      }
      more &= ~liveIn[slot]
      if more != 0 {
        liveIn[slot] |= more
        if marks[slot].contains(.jumpTarget) { lowest = min(lowest, Int(firstSource[slot])) }
      }
      follower = more
      slot &-= 1
    }
    return last &- slot
  }

  /// Where a jump leads.
  @inline(__always)
  private static func target(of instruction: Instruction, at slot: Int) -> Int {
    slot &+ 1 &+ (instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset))
  }

  /// r10 as a bit.
  private static let framePointer: UInt32 = 1 << 10

  /// What ``analyze(_:_:_:_:)`` has found out so far, beside what is live.
  private struct Findings {
    var function: Function
    var used: UInt32 = 0
    /// The stack's address goes elsewhere than into a load or store.
    var frameEscapes = false
  }

  /// One round over a function, in which nothing is live at the targets of backward jumps.
  /// - Returns: the function with what it uses.
  private func analyze(
    _ original: Function, _ program: UnsafePointer<Instruction>, _ traitsTable: UnsafePointer<OpcodeTraits>,
    _ operandTable: UnsafePointer<UInt32>
  ) -> Function {
    let liveIn = liveIn
    var findings = Findings(function: original)
    var used: UInt32 = 0
    var lowest: Int16 = 0
    var live: UInt32 = 0
    let end = count
    let start = original.start
    var slot = original.end
    while slot > start {
      slot &-= 1
      let instruction = program[slot]
      let traits = traitsTable[Int(instruction.opcode)]
      if traits.contains(.special) {
        live = passSpecial(instruction, slot, live, &findings)
      } else {
        let operands = operandTable[Int(instruction.registers)]
        // The second slot of a wide constant reads and writes nothing.
        let reads = traits.reads(operands)
        let writes = traits.writes(operands)
        // Of what is no jump nothing is live at the element behind the last: whether there is a jump is hard to foresee.
        live |= UInt32(liveIn[traits.contains(.conditionalJump) ? slot &+ 1 &+ Int(instruction.offset) : end])
        live = (live & ~writes) | reads
        used |= reads | writes
        if reads & Self.framePointer != 0 {
          // A load's address is its source; a store's is its destination, and its source must not be r10 too.
          let isAccess =
            traits.contains(.load)
            || traits.contains(.store) && UInt32(truncatingIfNeeded: traits.rawValue) & operands & Self.framePointer &<< 16 == 0
          if isAccess { lowest = min(lowest, instruction.offset) } else { findings.frameEscapes = true }
        }
      }
      liveIn[slot] = UInt16(truncatingIfNeeded: live)
    }
    var function = findings.function
    function.usedRegisters = UInt16(truncatingIfNeeded: used | findings.used)
    if original.stackDepth < 0 {
      function.stackDepth = findings.frameEscapes ? max(Limits.stackSize, 0 &- Int(lowest)) : 0 &- Int(lowest)
    }
    function.stackDepth = (function.stackDepth + 7) & ~7
    return function
  }

  /// What is live before an instruction whose operands alone do not say it.
  @inline(never)
  private func passSpecial(_ instruction: Instruction, _ slot: Int, _ liveAfter: UInt32, _ findings: inout Findings) -> UInt32 {
    Self.note(instruction, in: &findings.function)
    let effect = Self.effect(of: instruction)
    let reads = UInt32(effect.reads)
    let writes = UInt32(effect.writes)
    findings.used |= reads | writes
    if reads & Self.framePointer != 0 { findings.frameEscapes = true }
    var live = ((effect.stops ? 0 : liveAfter) & ~writes) | reads
    if effect.jumps { live |= UInt32(liveIn[Self.target(of: instruction, at: slot)]) }
    return live
  }

  private struct Effect {
    var reads: UInt16 = 0
    var writes: UInt16 = 0
    /// The next slot does not follow.
    var stops = false
    var jumps = false
  }

  /// What a function's irregular instruction says of the function.
  private static func note(_ instruction: Instruction, in function: inout Function) {
    switch instruction.opcode {
    case Opcode.callHelper where instruction.source == CallSource.local: function.callsLocal = true
    case Opcode.callHelper, Opcode.callRegister: function.callsOut = true
    case Opcode.mayGoto: function.hasMayGoto = true
    default:
      if instruction.instructionClass == Opcode.ld && instruction.opcode != Opcode.loadImmediate64 { function.callsOut = true }
    }
  }

  private static func effect(of instruction: Instruction) -> Effect {
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
        // What an unproved callee reads without having been passed it is the caller's.
        return Effect(reads: allRegisters & ~(1 << 10))
      case Opcode.callHelper:
        return Effect(reads: arguments, writes: scratch)
      case Opcode.callRegister:
        return Effect(reads: arguments | destination, writes: scratch)
      default:
        // may_goto: conditional jumps do not come here.
        return Effect(jumps: true)
      }
    case Opcode.ld:
      if instruction.opcode == Opcode.loadImmediate64 { return Effect(writes: destination) }
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
