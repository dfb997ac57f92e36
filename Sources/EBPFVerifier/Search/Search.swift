internal import EBPFBTF
internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

/// The search has ended: what was wrong is in ``Search/failure``. Without contents, so that throwing it costs nothing.
struct Stop: Error {}

/// Walks the paths of a program, instruction by instruction, and stops at the first that is not proved safe (`do_check`).
///
/// The rules for the instructions are in extensions, one file to a kind. Everything that is known of the path that is being walked
/// hangs on ``state``; paths that wait are in ``pending``.
struct Search: ~Copyable {
  let program: ProgramModel
  let options: Verifier.Options
  /// Limits that the kernel has and this project's runtime has not.
  let hasKernelLimits: Bool
  /// The types of the kernel whose verdict is asked, where they are known.
  let kernelTypes: BTF?

  /// What is known where the search stands.
  var state: State.Pointer
  /// The instruction that is being walked, and the one walked before it (-1 at the start).
  var at = 0
  var previous = -1
  /// What ``previous`` will be at the next instruction.
  private var walked = -1

  /// A path that was left aside at a branch.
  private struct Pending {
    var state: State.Pointer
    var at: Int
    var previous: Int
  }
  private var pending: [Pending] = []

  /// States kept for comparison, a list for each instruction, the newest first.
  let kept: UnsafeMutablePointer<State.Pointer?>
  /// States taken out of the lists that others have as their parent.
  var retired: [State.Pointer] = []

  /// The jump history of the path, as far as instructions alone do not tell it.
  private(set) var history: UnsafeMutablePointer<HistoryEntry>
  private var historyCapacity = 256
  /// The entry of this instruction, -1 where it has none yet.
  private var currentEntry = -1

  /// The last number given to a value that was copied, looked up or taken.
  private var lastID: UInt32 = 0
  var identities = IdentityMap()
  var backtrack = Backtrack()

  private(set) var processed = 0
  private(set) var jumps = 0
  /// The same, when a state was kept last.
  var processedAtKeep = 0
  var jumpsAtKeep = 0
  var statesKept = 0

  /// Names of the C types of kernel objects.
  var objectNames: [String] = []

  var failure: Rejection?
  var facts: Facts
  /// Bytes of context, from its start, that some path accesses.
  var contextSize = 0
  /// Slots of helper calls whose map is not always the same.
  var variableMaps: Set<Int> = []
  /// Slots of divisions whose divisor is not zero on some path, and those where it may be.
  var harmlessDivisions: Set<Int> = []
  var harmfulDivisions: Set<Int> = []

  init(_ program: ProgramModel, options: Verifier.Options, kernelTypes: BTF? = nil) {
    self.program = program
    self.options = options
    self.kernelTypes = kernelTypes
    if case .kernel = options.policy { hasKernelLimits = true } else { hasKernelLimits = false }
    kept = .allocate(capacity: program.count)
    kept.initialize(repeating: nil, count: program.count)
    history = .allocate(capacity: historyCapacity)
    facts = Facts(count: program.count)
    state = State.start(function: 0, at: 0)
  }

  deinit {
    State.free(state)
    for path in pending { State.free(path.state) }
    for slot in 0..<program.count {
      var next = kept[slot]
      while let state = next {
        next = state.pointee.next
        State.free(state)
      }
    }
    for state in retired { State.free(state) }
    kept.deallocate()
    history.deallocate()
  }

  // MARK: Reaching things

  var frame: UnsafeMutablePointer<Frame> { @inline(__always) get { state.pointee.current } }
  /// r0 to r10 of the function that runs.
  var registers: UnsafeMutablePointer<Register> { @inline(__always) get { state.pointee.current.pointee.cells } }

  mutating func newID() -> UInt32 {
    lastID += 1
    return lastID
  }
  var currentID: UInt32 { lastID }

  // MARK: The loop

  /// Proves a function, with ``state`` as it is entered.
  mutating func walk(from start: Int) throws(Stop) {
    at = start
    walked = -1
    while true {
      currentEntry = -1
      previous = walked
      processed += 1
      if processed > options.instructionLimit {
        throw fail("BPF program is too large. Processed \(processed) insn", .tooComplex)
      }
      state.pointee.last = previous
      let marks = program.marks[at]
      if marks.contains(.prunePoint), try isProvedAlready() {
        guard nextPath() else { return }
        continue
      }
      if marks.contains(.jumpPoint) { pushHistory(flags: 0, linked: 0) }
      program.marks[at].insert(.reached)
      walked = at
      if marks.contains(.writesFrame) { throw fail("frame pointer is read only") }
      if try step(program.instructions[at]) { continue }
      guard nextPath() else { return }
    }
  }

  /// Walks one instruction; false where the path ends with it.
  @inline(__always)
  private mutating func step(_ instruction: Instruction) throws(Stop) -> Bool {
    switch instruction.instructionClass {
    case Opcode.alu64, Opcode.alu32:
      try checkArithmetic(instruction)
    case Opcode.ldx:
      try checkLoad(instruction)
    case Opcode.stx:
      if instruction.isAtomic { try checkAtomic(instruction) } else { try checkStore(instruction) }
    case Opcode.st:
      try checkStoreImmediate(instruction)
    case Opcode.ld:
      if instruction.isPacketLoad { return try checkPacketLoad(instruction) }
      try checkConstant(instruction)
      at += 1
    default:
      jumps += 1
      switch instruction.opcode & Opcode.operationMask {
      case Opcode.call: return try checkCall(instruction)
      case Opcode.exit: return try checkExit()
      case Opcode.ja:
        at += 1 + (instruction.opcode == Opcode.gotoLong ? Int(instruction.immediate) : Int(instruction.offset))
        return true
      case Opcode.jcond:
        try checkMayGoto(instruction)
      default:
        try checkConditionalJump(instruction)
      }
    }
    at += 1
    return true
  }

  // MARK: Paths

  /// Leaves a copy of the state aside, to go on from `target` later; returns the copy (`push_stack`).
  mutating func leaveAside(at target: Int) throws(Stop) -> State.Pointer {
    let other = State.copy(state)
    pending.append(Pending(state: other, at: target, previous: at))
    if hasKernelLimits, pending.count > 8192 { throw fail("The sequence of \(pending.count) jumps is too complex.", .tooComplex) }
    other.pointee.parent?.pointee.branches += 1
    return other
  }

  /// Ends the path and goes to the one that was left aside last; false where there is none (`update_branch_counts`, `pop_stack`).
  private mutating func nextPath() -> Bool {
    var finished: State.Pointer? = state
    while let done = finished {
      done.pointee.branches -= 1
      if done.pointee.branches > 0 { break }
      finished = done.pointee.parent
    }
    State.free(state)
    guard let path = pending.popLast() else {
      state = State.start(function: 0, at: 0)
      return false
    }
    state = path.state
    at = path.at
    walked = path.previous
    return true
  }

  /// Starts anew at a function's entry, before its first instruction.
  mutating func restart(function: Int) {
    State.free(state)
    state = State.start(function: function, at: program.functions[function].start)
  }

  // MARK: History

  /// Notes that this instruction was walked, and what backtracking must know of it (`push_insn_history`).
  mutating func pushHistory(flags: UInt16, linked: UInt64) {
    if currentEntry >= 0 {
      history[currentEntry].flags |= flags
      if linked != 0 { history[currentEntry].linked = linked }
      return
    }
    let end = state.pointee.historyEnd
    if end == historyCapacity {
      let larger = UnsafeMutablePointer<HistoryEntry>.allocate(capacity: historyCapacity * 2)
      larger.initialize(from: history, count: historyCapacity)
      history.deallocate()
      history = larger
      historyCapacity *= 2
    }
    (history + end).initialize(
      to: HistoryEntry(
        instruction: UInt32(truncatingIfNeeded: at), previous: UInt32(truncatingIfNeeded: previous), flags: flags, linked: linked))
    state.pointee.historyEnd = end + 1
    currentEntry = end
  }

  // MARK: Failing

  /// Puts down why the program is refused; to be thrown.
  mutating func fail(
    _ message: String, _ problem: Problem = .other, register: Int? = nil, category: Rejection.Category = .unsafe
  ) -> Stop {
    if failure == nil {
      let described = register.map { description(of: registers[$0], in: frame.pointee.number) }
      failure = Rejection(
        category: category, message: message, instruction: at, register: register.map { UInt8($0) },
        registerState: register.map { "R\($0)=" }.map { $0 + (described ?? "") },
        suggestion: program.isSwift ? problem.swiftSuggestion(for: program.type) : problem.suggestion(for: program.type),
        instructionsProcessed: processed)
    }
    return Stop()
  }

  /// The program uses something that no rule is built for.
  mutating func unsupported(_ what: String) -> Stop { fail(what, category: .unsupported) }
}
