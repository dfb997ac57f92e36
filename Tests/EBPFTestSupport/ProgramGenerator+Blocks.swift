internal import EBPFISA
internal import EBPFTables

/// Sequences, branches, loops and calls.
extension ProgramGenerator {
  /// Statements until the budget is spent.
  mutating func block() {
    while budget > 0 { statement() }
  }

  /// So many statements, or fewer where the budget ends.
  mutating func block(_ count: Int) {
    for _ in 0..<count where budget > 0 { statement() }
  }

  /// One statement of any kind.
  mutating func statement() {
    switch number(0...51) {
    case 0...7: arithmetic()
    case 8: constant()
    case 9...11: stackStore()
    case 12...13: stackLoad()
    case 14: spillOrFill()
    case 15: pointerArithmetic()
    case 16...18, 36, 37, 46...51: access()
    case 38: helperCall()
    case 39: callbackCall()
    case 40: mapLookup()
    case 41: mapChange()
    case 19: variableAccess()
    case 20...22: branch()
    case 23: nesting < 2 ? branch() : arithmetic()
    case 24: earlyExit()
    case 25: loop()
    case 26: call()
    case 27: packetCheck()
    case 28: contextAccess()
    case 29...30: mapLookup()
    case 31: mapChange()
    case 32: mapValueAddress()
    case 33: helperCall()
    case 34: legacyPacketLoad()
    default: packetHelper()
    }
  }

  /// A comparison of numbers with a jump to the label.
  mutating func compare(to label: ProgramBuilder.Label) {
    let left = scalar()
    let condition = pick(Condition.allCases)
    budget -= 1
    switch (chance(2), chance(2)) {
    case (true, true): code.jump(condition, left, scalar(), to: label)
    case (true, false): code.jump(condition, left, immediate(), to: label)
    case (false, true): code.jump32(condition, left, scalar(), to: label)
    case (false, false): code.jump32(condition, left, immediate(), to: label)
    }
  }

  /// Jumps always, near or far.
  mutating func jump(to label: ProgramBuilder.Label) {
    budget -= 1
    code.emit(chance(3) ? .gotoLong(0) : .goto(0), to: label)
  }

  /// Something that only happens on one path, or one of two things.
  mutating func branch() {
    guard nesting < 3, !isInLoop || nesting < 1 else { return arithmetic() }
    let other = code.label()
    compare(to: other)
    nesting += 1
    let before = state
    block(number(1...4))
    let after = state
    if chance(2) {
      let end = code.label()
      jump(to: end)
      code.place(other)
      state = before
      block(number(1...4))
      code.place(end)
      state = after.merged(state)
    } else {
      code.place(other)
      state = before.merged(after)
    }
    nesting -= 1
  }

  /// Leaves the function on one path.
  mutating func earlyExit() {
    let next = code.label()
    compare(to: next)
    emit(.mov64(.r0, exitValue()))
    emit(.exit)
    code.place(next)
  }

  /// A loop of a fixed number of turns, counted in a register that nothing else changes or in a stack slot.
  mutating func loop() {
    guard !isInLoop, nesting < 2, budget > 8 else { return arithmetic() }
    let free = [Register.r6, .r7, .r8, .r9].filter { !pinned.contains($0) }
    guard let counter = free.randomElement(using: &random) else { return arithmetic() }
    let turns = Int32(number(1...6))
    let saved = self
    for attempt in 0..<4 {
      self = saved
      // Another body each time; the last is arithmetic alone, which fits always.
      random = SeededGenerator(seed: saved.random.peek() &+ UInt64(attempt))
      emit(.mov64(counter, 0))
      set(counter, .scalar)
      pinned.insert(counter)
      isInLoop = true
      let top = code.label()
      let out = code.label()
      code.place(top)
      let isBounded = chance(4)
      if isBounded {
        budget -= 1
        code.emit(.mayGoto(0), to: out)
      }
      let before = state
      if attempt == 3 { for _ in 0..<3 { arithmeticInPlace() } } else { block(number(1...5)) }
      let fits = state.implies(before)
      emit(.add64(counter, 1))
      budget -= 1
      switch number(0...3) {
      case 0: code.jump(.lt, counter, turns, to: top)
      case 1: code.jump(.ne, counter, turns, to: top)
      case 2: code.jump32(.slt, counter, turns, to: top)
      default: code.jump(.le, counter, turns - 1, to: top)
      }
      code.place(out)
      if isBounded { state = state.merged(before) }
      pinned.remove(counter)
      isInLoop = saved.isInLoop
      if fits { return }
    }
    self = saved
    arithmetic()
  }

  /// Calls another function of the program with some numbers and pointers.
  mutating func call() {
    guard depth < 3, functionCount < 5, !isInLoop else { return arithmetic() }
    functionCount += 1
    var arguments: [Value] = []
    for register in Register.arguments.prefix(number(1...5)) {
      // A pointer to some stack, where there is some that is written and holds no pointers.
      if chance(4), let (offset, size) = writtenStack(atLeast: 8) {
        emit(.mov64(register, .r10))
        emit(.add64(register, Int32(offset)))
        set(register, .frame(offset))
        arguments.append(.memory(.callersStack(size: size), 0))
        continue
      }
      switch value(register) {
      case .scalar, .context, .memory: arguments.append(value(register))
      case .none where chance(2): arguments.append(.none)
      default:
        emit(.mov64(register, immediate()))
        set(register, .scalar)
        arguments.append(.scalar)
      }
    }
    let changesHash = mayChangeHash && chance(3)
    let callee = Callee(
      label: code.label(), arguments: arguments, depth: depth + 1, changesHash: changesHash, budget: number(4...16))
    callees.append(callee)
    budget -= 1
    code.call(callee.label)
    clobber()
    set(.r0, .scalar)
    if changesHash { forgetHashValues() }
  }

  /// A run of stack bytes that are all written and hold no pointer: offset from r10, and size.
  mutating func writtenStack(atLeast size: Int) -> (offset: Int, size: Int)? {
    var runs: [(Int, Int)] = []
    var start: Int?
    for index in 0...state.stack.count {
      if index < state.stack.count, state.stack[index].written == 0xff, state.stack[index].pointer == nil {
        if start == nil { start = index }
      } else if let first = start {
        if (index - first) * 8 >= size { runs.append((first * 8 - frameSize, (index - first) * 8)) }
        start = nil
      }
    }
    return runs.randomElement(using: &random)
  }
}
