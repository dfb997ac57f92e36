internal import EBPFISA
internal import EBPFTables

/// Arithmetic, the stack, and memory behind pointers.
extension ProgramGenerator {
  // MARK: Numbers

  /// Loads a constant.
  mutating func constant() {
    let register = destination()
    switch number(0...2) {
    case 0: emit(Instruction.wide(register, wideImmediate()))
    case 1: emit(.mov64(register, immediate()))
    default: emit(.mov32(register, immediate()))
    }
    set(register, .scalar)
  }

  /// Any arithmetic instruction.
  mutating func arithmetic() {
    if chance(6) {
      // A move to another register.
      let source = scalar()
      let target = destination()
      switch number(0...6) {
      case 0: emit(.mov64(target, source))
      case 1: emit(.mov32(target, source))
      case 2: emit(.movsx64(target, source, bits: pick([8, 16, 32])))
      case 3: emit(.movsx32(target, source, bits: pick([8, 16])))
      case 4: emit(.mov64(target, immediate()))
      case 5: emit(.mov32(target, immediate()))
      default: emit(.movsx64(target, source, bits: pick([8, 16, 32])))
      }
      set(target, .scalar)
    } else {
      arithmeticInPlace()
    }
  }

  /// Arithmetic that leaves every register what it is.
  mutating func arithmeticInPlace() {
    let target = changeableScalar()
    switch number(0...9) {
    case 0: emit(chance(2) ? .neg64(target) : .neg32(target))
    case 1: emit(.end(pick(ByteSwap.allCases), target, bits: pick([16, 32, 64])))
    default:
      let operation = pick(Arithmetic.allCases)
      let isWide = chance(2)
      if chance(2) {
        let source = scalar()
        emit(isWide ? .alu64(operation, target, source) : .alu32(operation, target, source))
        return
      }
      var number = immediate()
      switch operation {
      case .lsh, .rsh, .arsh: number &= isWide ? 63 : 31
      case .div, .mod, .sdiv, .smod: if number == 0 { number = 7 }
      default: break
      }
      emit(isWide ? .alu64(operation, target, number) : .alu32(operation, target, number))
    }
  }

  // MARK: The stack

  /// Stores a number on the stack.
  mutating func stackStore() {
    let size = pick(MemorySize.allCases)
    let offset = -size.bytes * number(1...frameSize / size.bytes)
    if chance(3) {
      emit(.store(size, .r10, Int16(offset), immediate()))
    } else {
      emit(.store(size, .r10, Int16(offset), scalar()))
    }
    markWritten(offset, size.bytes)
  }

  /// Notes that bytes of the stack now hold numbers.
  mutating func markWritten(_ offset: Int, _ count: Int) {
    for byte in offset + frameSize..<offset + frameSize + count {
      // Of a pointer that is overwritten in part nothing is read any more.
      if state.stack[byte / 8].pointer != nil { state.stack[byte / 8] = Slot() }
      state.stack[byte / 8].written |= 1 << UInt8(byte % 8)
    }
  }

  /// Whether bytes of the stack hold numbers.
  func isWritten(_ offset: Int, _ count: Int) -> Bool {
    guard offset >= -frameSize, offset + count <= 0 else { return false }
    return (offset + frameSize..<offset + frameSize + count).allSatisfy {
      state.stack[$0 / 8].pointer == nil && state.stack[$0 / 8].written & 1 << UInt8($0 % 8) != 0
    }
  }

  /// Loads a number from the stack.
  mutating func stackLoad() {
    for _ in 0..<6 {
      let size = pick(MemorySize.allCases)
      let offset = -size.bytes * number(1...frameSize / size.bytes)
      guard isWritten(offset, size.bytes) else { continue }
      let target = destination()
      emit(size != .dw && chance(3) ? .loadSigned(size, target, .r10, Int16(offset)) : .load(size, target, .r10, Int16(offset)))
      set(target, .scalar)
      return
    }
    stackStore()
  }

  /// Puts a pointer on the stack, or takes one back.
  mutating func spillOrFill() {
    let spilled = state.stack.indices.filter { state.stack[$0].pointer != nil }
    if let index = spilled.randomElement(using: &random), chance(2), let pointer = state.stack[index].pointer {
      let target = destination()
      emit(.load(.dw, target, .r10, Int16(index * 8 - frameSize)))
      set(target, pointer)
      return
    }
    let pointers = Register.allCases.filter { $0 != .r10 && value($0) != .none && value($0) != .scalar }
    guard let register = pointers.randomElement(using: &random) else { return stackStore() }
    let index = number(0...state.stack.count - 1)
    emit(.store(.dw, .r10, Int16(index * 8 - frameSize), register))
    state.stack[index] = Slot(written: 0, pointer: value(register))
  }

  // MARK: Pointers

  /// Makes a pointer to the stack, or moves or copies one.
  mutating func pointerArithmetic() {
    let pointers = Register.allCases.filter {
      guard $0 != .r10 else { return false }
      switch value($0) {
      case .memory, .frame, .packet: return true
      default: return false
      }
    }
    let target = destination()
    guard let source = pointers.randomElement(using: &random), !chance(3) else {
      let offset = -8 * number(1...state.stack.count)
      emit(.mov64(target, .r10))
      emit(.add64(target, Int32(offset)))
      set(target, .frame(offset))
      return
    }
    let pointer = value(source)
    if target != source { emit(.mov64(target, source)) }
    switch pointer {
    case .memory(let region, let offset):
      let wanted = number(0...max(0, region.size - 1)) & ~3
      emit(.add64(target, Int32(wanted - offset)))
      set(target, .memory(region, wanted))
    case .frame(let offset):
      let wanted = -8 * number(1...state.stack.count)
      emit(.add64(target, Int32(wanted - offset)))
      set(target, .frame(wanted))
    case .packet(let offset, let range):
      let wanted = number(0...max(0, range))
      emit(.add64(target, Int32(wanted - offset)))
      set(target, .packet(offset: wanted, range: range))
    default: break
    }
  }

  /// Reads or writes memory behind a pointer.
  mutating func access() {
    let pointers = Register.allCases.filter {
      guard $0 != .r10 else { return false }
      switch value($0) {
      case .memory, .frame: return true
      case .packet(_, let range): return range > 0
      default: return false
      }
    }
    guard let base = pointers.randomElement(using: &random) else { return mapValueAddress() }
    let size = pick([MemorySize.b, .h, .w, .w, .dw, .dw])
    switch value(base) {
    case .memory(let region, let start):
      guard region.size >= size.bytes else { return arithmetic() }
      var offset = number(0...region.size - size.bytes)
      // The stack must be aligned, and atomics; other memory need not be.
      let isAligned = region == .callersStack(size: region.size) || !chance(4)
      if isAligned { offset &= ~(size.bytes - 1) }
      access(base, offset - start, size, isAligned: isAligned, takesAtomics: true)
    case .frame(let start):
      let offset = -size.bytes * number(1...frameSize / size.bytes)
      if isWritten(offset, size.bytes) {
        access(base, offset - start, size, isAligned: true, takesAtomics: true)
      } else {
        emit(.store(size, base, Int16(offset - start), scalar()))
      }
      markWritten(offset, size.bytes)
    case .packet(let start, let range):
      guard range >= size.bytes else { return arithmetic() }
      access(base, number(0...range - size.bytes) - start, size, isAligned: false, takesAtomics: false)
    default: break
    }
  }

  /// One access of any kind to bytes that are there.
  mutating func access(_ base: Register, _ offset: Int, _ size: MemorySize, isAligned: Bool, takesAtomics: Bool) {
    let offset = Int16(offset)
    let canBeAtomic = isAligned && takesAtomics
    switch number(0...(canBeAtomic ? 18 : 4)) {
    case 0:
      let target = destination()
      emit(.load(size, target, base, offset))
      set(target, .scalar)
    case 1:
      let target = destination()
      emit(size == .dw ? .load(size, target, base, offset) : .loadSigned(size, target, base, offset))
      set(target, .scalar)
    case 2...3: emit(.store(size, base, offset, scalar()))
    case 4: emit(.store(size, base, offset, immediate()))
    case 5...6:
      let target = destination()
      emit(.loadAcquire(size, target, base, offset))
      set(target, .scalar)
    case 7...8: emit(.atomic(.storeRelease, size, base, offset, scalar()))
    default: atomic(base, offset, size)
    }
  }

  /// A read-modify-write of 4 or 8 bytes.
  private mutating func atomic(_ base: Register, _ offset: Int16, _ size: MemorySize) {
    guard size == .w || size == .dw else {
      return emit(.store(size, base, offset, scalar()))
    }
    let operation = pick([
      Atomic.add, .or, .and, .xor, .fetchAdd, .fetchOr, .fetchAnd, .fetchXor, .exchange, .compareExchange,
    ])
    if operation == .compareExchange {
      guard base != .r0, !pinned.contains(.r0) else { return emit(.store(size, base, offset, immediate())) }
      if value(.r0) != .scalar {
        emit(.mov64(.r0, immediate()))
        set(.r0, .scalar)
      }
      emit(.atomic(operation, size, base, offset, scalar()))
      return
    }
    // A fetch changes its source register.
    var source = operation.rawValue & 1 == 1 ? changeableScalar() : scalar()
    if source == base { source = base == .r0 ? .r1 : .r0 }
    guard value(source) == .scalar else { return emit(.store(size, base, offset, immediate())) }
    emit(.atomic(operation, size, base, offset, source))
  }

  /// Reads or writes at a place that is only known when the program runs.
  mutating func variableAccess() {
    let size = pick(MemorySize.allCases)
    let index = changeableScalar()
    var bases: [(Register, Int, Int)] = []
    for register in Register.allCases where register != .r10 {
      if case .memory(let region, let start) = value(register) { bases.append((register, -start, region.size)) }
    }
    var isOnStack = false
    if let (offset, count) = writtenStack(atLeast: 16), bases.isEmpty || chance(3) {
      bases = [(.r10, offset, count)]
      isOnStack = true
    }
    guard let (base, first, count) = bases.randomElement(using: &random) else { return mapValueAddress() }
    if case .memory(.callersStack, _) = base == .r10 ? .none : value(base) { isOnStack = true }
    // A power of two of bytes, from which the index leaves the lower bits out where the place must be aligned.
    var span = 1
    while span * 2 + size.bytes <= count { span *= 2 }
    guard span > 1 else { return arithmetic() }
    let alignment = isOnStack ? size.bytes : 1
    let pointer = destination()
    guard index != pointer, pointer != base else { return arithmetic() }
    emit(.alu64(.and, index, Int32(span - 1) & ~Int32(alignment - 1)))
    emit(.mov64(pointer, base))
    emit(.add64(pointer, index))
    set(pointer, .none)
    let offset = Int16(first)
    switch number(0...2) {
    case 0:
      let target = destination()
      emit(.load(size, target, pointer, offset))
      set(target, .scalar)
      if target == pointer { return }
    case 1: emit(.store(size, pointer, offset, scalar()))
    default: emit(.store(size, pointer, offset, immediate()))
    }
  }
}
