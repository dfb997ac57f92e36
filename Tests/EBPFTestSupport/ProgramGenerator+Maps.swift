internal import EBPFISA
internal import EBPFTables

/// Maps, and the helpers that every program type has.
extension ProgramGenerator {
  /// Loads the address of a value directly.
  mutating func mapValueAddress() {
    let register = destination()
    let offset = 4 * number(0...RandomMap.arraySize / 4 - 1)
    emit(Instruction.mapValue(register, index: Int32(RandomMap.data), offset: UInt32(offset)))
    set(register, .memory(.value(map: RandomMap.data, size: RandomMap.arraySize), offset))
  }

  /// Stores a key on the stack and points r2 at it. Keys lie in a small range, so that some are there.
  private mutating func key(ofMap map: Int) {
    let size = RandomMap.sizes(of: map).key
    if map == RandomMap.trie { return prefix() }
    let most: Int32 = map == RandomMap.hash ? 15 : 7
    let index = number(0...state.stack.count - 1)
    let offset = Int16(index * 8 - frameSize)
    let changeable = scalars.filter { !pinned.contains($0) }
    if let register = changeable.randomElement(using: &random), chance(2) {
      emit(.alu64(.and, register, most))
      emit(.store(size == 8 ? .dw : .w, .r10, offset, register))
    } else {
      emit(.store(size == 8 ? .dw : .w, .r10, offset, Int32(number(0...Int(most)))))
    }
    markWritten(Int(offset), size)
    emit(.mov64(.r2, .r10))
    emit(.add64(.r2, Int32(offset)))
    set(.r2, .none)
  }

  /// Stores a prefix on the stack and points r2 at it.
  private mutating func prefix() {
    let offset = Int16(number(0...state.stack.count - 1) * 8 - frameSize)
    emit(.store(.w, .r10, offset, Int32(pick([0, 8, 12, 16, 24, 31, 32, 32, 32, 33]))))
    if let register = scalars.randomElement(using: &random), chance(3) {
      emit(.store(.w, .r10, offset + 4, register))
    } else {
      // 10.0.0.0, 10.1.0.0, 10.1.1.0, 10.1.1.1, 192.168.7.0 as they lie in memory.
      emit(.store(.w, .r10, offset + 4, pick([0x0a, 0x010a, 0x01_010a, 0x0101_010a, 0x07_a8c0])))
    }
    markWritten(Int(offset), 8)
    emit(.mov64(.r2, .r10))
    emit(.add64(.r2, Int32(offset)))
    set(.r2, .none)
  }

  /// Looks an element up, and works on its value where there is one.
  mutating func mapLookup() {
    let map = pick([
      RandomMap.array, RandomMap.hash, RandomMap.hash, RandomMap.lru, RandomMap.perCPUHash, RandomMap.perCPUArray, RandomMap.trie,
    ])
    let size = RandomMap.sizes(of: map).value
    keepContext()
    key(ofMap: map)
    emit(Instruction.map(.r1, index: Int32(map)))
    emit(.call(1))
    clobber()
    set(.r0, .none)
    let other = code.label()
    budget -= 1
    if chance(3) {
      code.jump(.ne, .r0, 0, to: other)
      emit(.mov64(.r0, exitValue()))
      emit(.exit)
      code.place(other)
      set(.r0, .memory(.value(map: map, size: size), 0))
      keep(.r0)
      return
    }
    if chance(4) { code.jump32(.eq, .r0, 0, to: other) } else { code.jump(.eq, .r0, 0, to: other) }
    // A comparison of 32 bits proves nothing of a pointer.
    if code.instructions.last?.instructionClass == Opcode.jmp32 {
      code.place(other)
      emit(.mov64(.r0, 0))
      set(.r0, .scalar)
      return
    }
    let before = state
    set(.r0, .memory(.value(map: map, size: size), 0))
    keep(.r0)
    nesting += 1
    block(number(1...5))
    nesting -= 1
    code.place(other)
    state = before.merged(state)
  }

  /// Copies a pointer into a register that calls leave alone, sometimes.
  private mutating func keep(_ register: Register) {
    let free = [Register.r6, .r7, .r8, .r9].filter { !pinned.contains($0) }
    guard let target = free.randomElement(using: &random), chance(2) else { return }
    emit(.mov64(target, register))
    set(target, value(register))
  }

  /// In functions the context may stand in an argument register only: a call would lose it. It is moved, sometimes.
  private mutating func keepContext() {
    guard let context = contextRegister, context <= .r5, context != .r0 else { return }
    let free = [Register.r6, .r7, .r8, .r9].filter { !pinned.contains($0) }
    guard let target = free.randomElement(using: &random), chance(2) else { return }
    emit(.mov64(target, context))
    set(target, .context)
  }

  /// Puts an element in or takes one out.
  mutating func mapChange() {
    keepContext()
    let map = pick([
      RandomMap.array, RandomMap.hash, RandomMap.hash, RandomMap.queue, RandomMap.stack, RandomMap.lru, RandomMap.perCPUHash,
      RandomMap.perCPUArray, RandomMap.trie,
    ])
    if map == RandomMap.queue || map == RandomMap.stack { return queueChange(map) }
    guard !RandomMap.isVolatile(map) || mayChangeHash else { return arithmetic() }
    let size = RandomMap.sizes(of: map).value
    let isUpdate = chance(2) && state.stack.count * 8 >= size + 8
    var valueOffset = 0
    if isUpdate {
      valueOffset = stackArgument(.r3, size, isRead: true)
      // The key's slot must not be one of the value's: it may be, and then both are written.
    }
    key(ofMap: map)
    if isUpdate {
      emit(.mov64(.r3, .r10))
      emit(.add64(.r3, Int32(valueOffset)))
      emit(.mov64(.r4, pick([0, 0, 0, 1, 2])))
    }
    emit(Instruction.map(.r1, index: Int32(map)))
    emit(.call(isUpdate ? 2 : 3))
    clobber()
    set(.r0, .scalar)
    if RandomMap.isVolatile(map) { forgetHashValues() }
  }

  /// Pushes, pops or looks at the first of the queue or stack.
  private mutating func queueChange(_ map: Int) {
    let helper: Int32 = pick([87, 87, 88, 89])
    let offset = stackArgument(.r2, RandomMap.queueSize, isRead: true)
    if helper == 87 { emit(.mov64(.r3, pick([0, 0, 2]))) }
    emit(Instruction.map(.r1, index: Int32(map)))
    emit(.call(helper))
    clobber()
    set(.r0, .scalar)
    markWritten(offset, RandomMap.queueSize)
  }

  /// A helper that every type has.
  mutating func helperCall() {
    keepContext()
    switch number(0...11) {
    case 0:
      // A sum over two pieces of memory.
      guard type != .socketFilter, state.stack.count >= 4 else { return arithmetic() }
      let (from, to) = (4 * number(0...3), 4 * number(1...4))
      _ = stackArgument(.r3, to, isRead: true)
      if from > 0 { _ = stackArgument(.r1, from, isRead: true) } else { emit(.mov64(.r1, 0)) }
      emit(.mov64(.r2, Int32(from)))
      emit(.mov64(.r4, Int32(to)))
      emit(.mov64(.r5, immediate()))
      emit(.call(28))
      clobber()
      set(.r0, .scalar)
    case 1 where depth == 0:
      // Nothing may be there to go to: it falls through.
      guard let context = contextRegister else { return arithmetic() }
      if context != .r1 { emit(.mov64(.r1, context)) }
      emit(Instruction.map(.r2, index: Int32(RandomMap.programs)))
      emit(.mov64(.r3, pick([0, 0, 1, 2, 3])))
      emit(.call(12))
      clobber()
      set(.r0, .none)
    case 2:
      // A number from text: what does not begin with one is an error.
      guard state.stack.count >= 2 else { return arithmetic() }
      let text = stackArgument(.r1, 8, isRead: true)
      let digits = (0..<4).map { _ in UInt32(pick([0x30, 0x31, 0x37, 0x39, 0x61, 0x66, 0x2d, 0x20])) }
      let word = digits.enumerated().reduce(UInt32(0)) { $0 | $1.element << UInt32(8 * $1.offset) }
      emit(.store(.w, .r10, Int16(text), Int32(bitPattern: word)))
      let number = stackArgument(.r4, 8, isRead: true)
      emit(.mov64(.r2, pick([4, 8])))
      emit(.mov64(.r3, pick([0, 8, 10, 16])))
      emit(.call(pick([105, 106])))
      clobber()
      set(.r0, .scalar)
      markWritten(number, 8)
    case 3: ringRecord()
    case 4...5: probe()
    case 6: format()
    case 7: trace()
    case 8: callbackCall()
    default:
      // Time, processor, chance: called, and the result forgotten.
      emit(.call(pick([5, 7, 8, 42, 118, 125])))
      clobber()
      emit(.mov64(.r0, immediate()))
      set(.r0, .scalar)
    }
  }

  /// Sends a record, either copied from the stack or written in place and then sent or dropped.
  private mutating func ringRecord() {
    guard state.stack.count >= 2 else { return arithmetic() }
    if chance(2) {
      let count = 8 * number(1...2)
      _ = stackArgument(.r2, count, isRead: true)
      emit(Instruction.map(.r1, index: Int32(RandomMap.ring)))
      emit(.mov64(.r3, Int32(count)))
      emit(.mov64(.r4, pick([0, 1, 2])))
      emit(.call(130))
      clobber()
      set(.r0, .scalar)
      return
    }
    let first = any(of: scalars.filter { $0 >= .r6 })
    emit(Instruction.map(.r1, index: Int32(RandomMap.ring)))
    emit(.mov64(.r2, 16))
    emit(.mov64(.r3, 0))
    emit(.call(131))
    clobber()
    set(.r0, .none)
    let none = code.label()
    budget -= 1
    code.jump(.eq, .r0, 0, to: none)
    if let first { emit(.store(.dw, .r0, 0, first)) } else { emit(.store(.dw, .r0, 0, immediate())) }
    emit(.store(.w, .r0, 8, immediate()))
    emit(.store(.w, .r0, 12, immediate()))
    emit(.mov64(.r1, .r0))
    emit(.mov64(.r2, pick([0, 1])))
    emit(.call(pick([132, 132, 133])))
    code.place(none)
    emit(.mov64(.r0, immediate()))
    set(.r0, .scalar)
  }

  /// Copies from an address, good or not.
  private mutating func probe() {
    guard state.stack.count >= 4 else { return arithmetic() }
    let count = 4 * number(1...4)
    switch number(0...2) {
    case 0: emit(Instruction.mapValue(.r3, index: Int32(RandomMap.data), offset: UInt32(4 * number(0...12))))
    case 1: _ = stackArgument(.r3, count, isRead: true)
    default: emit(chance(4) ? Instruction.wide(.r3, 0x1234_5678_9abc_def0) : [.mov64(.r3, pick([0, 8, -8]))])
    }
    set(.r3, .none)
    let target = stackArgument(.r1, count, isRead: true)
    emit(.mov64(.r2, Int32(count)))
    emit(.call(pick([113, 115])))
    clobber()
    set(.r0, .scalar)
    markWritten(target, count)
  }

  /// Numbers as text.
  private mutating func format() {
    guard state.stack.count >= 4 else { return arithmetic() }
    let (number, count) = (number(0...RandomMap.formats.count - 1), 8 * self.number(1...3))
    let arguments = RandomMap.formats[number].count * 8
    _ = stackArgument(.r4, arguments, isRead: true)
    let target = stackArgument(.r1, count, isRead: true)
    emit(.mov64(.r2, Int32(count)))
    emit(Instruction.mapValue(.r3, index: Int32(RandomMap.text), offset: UInt32(16 * number)))
    emit(.mov64(.r5, Int32(arguments)))
    emit(.call(165))
    clobber()
    set(.r0, .scalar)
    markWritten(target, count)
  }

  /// A line in the kernel's trace: what comes of it is its length.
  private mutating func trace() {
    guard chance(3), let source = scalars.randomElement(using: &random) else { return arithmetic() }
    emit(.mov64(.r3, source))
    emit(.mov64(.r4, .r3))
    emit(.mov64(.r5, immediate()))
    for register in [Register.r3, .r4, .r5] { set(register, .scalar) }
    let text = stackArgument(.r1, 8, isRead: true)
    // "%d%u" or "%x %i".
    emit(.store(.w, .r10, Int16(text), pick([0x7525_6425, 0x2520_7825])))
    emit(.store(.w, .r10, Int16(text) + 4, pick([0, 0x0064])))
    emit(.mov64(.r2, 8))
    emit(.call(6))
    clobber()
    set(.r0, .scalar)
  }

  // MARK: Callbacks

  /// Has a function of the program called by a helper: so many times, or for each element of a map.
  mutating func callbackCall() {
    guard depth < 2, functionCount < 5, !isInLoop else { return arithmetic() }
    keepContext()
    functionCount += 1
    let label = code.label()
    var context = Value.none
    var callee = Callee(label: label, arguments: [], depth: depth + 1, changesHash: false, budget: number(3...12))
    func place(_ generator: inout ProgramGenerator) {
      if !generator.chance(4), let (offset, size) = generator.writtenStack(atLeast: 8) {
        generator.emit(.mov64(.r3, .r10))
        generator.emit(.add64(.r3, Int32(offset)))
        context = .memory(.callersStack(size: size), 0)
      } else {
        generator.emit(.mov64(.r3, 0))
      }
      generator.budget -= 2
      generator.code.function(.r2, label)
      generator.emit(.mov64(.r4, 0))
    }
    if chance(2) {
      callee.changesHash = mayChangeHash && chance(3)
      if let source = scalars.randomElement(using: &random), chance(2) {
        if source != .r1 { emit(.mov64(.r1, source)) }
        emit(.alu64(.and, .r1, 7))
      } else {
        // Not none: a kernel takes the function for dead then, and stumbles over its address.
        emit(.mov64(.r1, Int32(number(1...6))))
      }
      set(.r1, .none)
      place(&self)
      emit(.call(181))
      callee.use = .turn
      callee.arguments = [.scalar, context]
    } else {
      let map = pick([RandomMap.array, RandomMap.array, RandomMap.perCPUArray, RandomMap.hash, RandomMap.lru, RandomMap.perCPUHash])
      place(&self)
      emit(Instruction.map(.r1, index: Int32(map)))
      emit(.call(164))
      callee.use = RandomMap.isVolatile(map) ? .unordered : .element
      callee.arguments = [.none, .none, .memory(.value(map: map, size: RandomMap.sizes(of: map).value), 0), context]
    }
    callees.append(callee)
    clobber()
    set(.r0, .scalar)
    if callee.changesHash { forgetHashValues() }
  }

  /// The body of a callback whose calls come in any order: each element is changed by itself, and what is gathered in the context is a sum.
  mutating func unorderedCallback(hasContext: Bool) {
    let operation = pick([Arithmetic.add, .xor])
    // A sum that a verifier follows from turn to turn has another range each time; through an atomic it is any number at once.
    let isAtomic = operation == .add || chance(2)
    func gather(_ generator: inout ProgramGenerator) {
      guard hasContext else { return }
      if isAtomic {
        generator.emit(.atomic(operation == .add ? .add : .xor, .dw, .r4, 0, .r0))
      } else {
        generator.emit(.load(.dw, .r5, .r4, 0))
        generator.emit(.alu64(operation, .r5, .r0))
        generator.emit(.store(.dw, .r4, 0, .r5))
      }
    }
    if chance(2) {
      emit(.load(.w, .r0, .r2, 0))
      gather(&self)
    }
    let size = pick([MemorySize.b, .h, .w, .dw])
    emit(.load(size, .r0, .r3, Int16(size.bytes * number(0...16 / size.bytes - 1))))
    if chance(2) { emit(.alu64(pick([.mul, .add, .xor, .lsh]), .r0, Int32(number(1...31)))) }
    gather(&self)
    switch number(0...3) {
    case 0: emit(.store(pick([.w, .dw]), .r3, Int16(8 * number(0...1)), immediate()))
    case 1: emit(.store(.dw, .r3, 8, .r0))
    case 2: emit(.atomic(.xor, .dw, .r3, 8, .r0))
    default: break
    }
    emit(.mov64(.r0, 0))
    emit(.exit)
  }

  private mutating func any(of registers: [Register]) -> Register? { registers.randomElement(using: &random) }
}
