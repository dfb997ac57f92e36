internal import EBPFISA
internal import EBPFTables

/// Calls of functions, and returns from them (`check_func_call`, `prepare_func_exit`).
extension Search {
  /// Always true: a call does not end a path.
  mutating func checkCall(_ instruction: Instruction) throws(Stop) -> Bool {
    switch instruction.source {
    case CallSource.local:
      let function = program.target(ofCallAt: at)
      if program.functions[function].isGlobal {
        try checkGlobalCall(function)
        at += 1
      } else {
        try checkDepth()
        enter(function, in: state)
        for register in 1...5 { registers[register] = state.pointee.frame(state.pointee.depth - 1).pointee.cells[register] }
        clearCallerSaved(state.pointee.frame(state.pointee.depth - 1))
        at = program.functions[function].start
      }
    case CallSource.kfunc: throw unsupported("kernel functions (kfuncs)")
    default:
      try checkHelper(instruction)
      at += 1
    }
    return true
  }

  mutating func checkDepth() throws(Stop) {
    if state.pointee.depth + 1 >= Limits.callFrames {
      throw fail("the call stack of \(state.pointee.depth + 2) frames is too deep", .depth)
    }
  }

  func enter(_ function: Int, in target: State.Pointer) {
    target.pointee.enter(function: function, callsite: at)
  }

  /// r0 to r5 are gone after a call.
  func clearCallerSaved(_ frame: UnsafeMutablePointer<Frame>) {
    for register in 0...5 { frame.pointee.cells[register] = .uninitialized }
  }

  /// A global function is proved on its own; a call only compares the arguments (`btf_check_func_arg_match`).
  private mutating func checkGlobalCall(_ function: Int) throws(Stop) {
    let name = program.functions[function].name
    if let problem = program.functions[function].problem {
      throw fail("\(problem); \(wrongArguments(function, name))", .notGlobal)
    }
    for (index, argument) in program.functions[function].arguments.enumerated() {
      let register = index + 1
      try checkReadable(register)
      switch argument {
      case .scalar:
        if registers[register].isPointer {
          throw fail("R\(register) is not a scalar; \(wrongArguments(function, name))", register: register)
        }
      case .context:
        if registers[register].kind != .context {
          throw fail("arg#\(index) expects pointer to ctx; \(wrongArguments(function, name))", register: register)
        }
        try checkUnmodified(register)
      case .memory(let size, let mayBeNull):
        if registers[register].isNull {
          // A null pointer is taken as one, whatever the tags say.
          markPrecise(register)
          if mayBeNull { continue }
          throw fail("arg#\(index) is expected to be non-NULL; \(wrongArguments(function, name))", .nullCheck, register: register)
        }
        let before = registers[register]
        if before.mayBeNull {
          if !mayBeNull {
            throw fail("arg#\(index) is expected to be non-NULL; \(wrongArguments(function, name))", .nullCheck, register: register)
          }
          markNotNull(registers + register)
        }
        try checkArgumentOffset(register, base: .ptrToMem, releases: false)
        try checkHelperMemory(register, size: size, isWrite: false, allowsZero: true, isRaw: false, helper: nil)
        try checkHelperMemory(register, size: size, isWrite: true, allowsZero: true, isRaw: false, helper: nil)
        registers[register] = before
      case .unsupported(let what): throw unsupported(what)
      }
    }
    program.functions[function].isCalled = true
    if program.functions[function].changesPacket { forgetPackets() }
    clearCallerSaved(frame)
    registers[0] = .unknown
  }

  private func wrongArguments(_ function: Int, _ name: String) -> String { "Caller passes invalid args into func#\(function) ('\(name)')" }

  /// The packet may have moved: pointers into it are only numbers now.
  func forgetPackets() {
    state.pointee.forEachRegister { register in
      if register.pointee.isAnyPacketPointer { register.pointee = .unknown }
    }
  }

  // MARK: Exit

  /// False where the path ends.
  mutating func checkExit() throws(Stop) -> Bool {
    if state.pointee.depth == 0 {
      try checkLeak("BPF_EXIT instruction in main prog")
      try checkResult()
      return false
    }
    try leaveFunction()
    return true
  }

  /// Everything that was taken must have been given back (`check_reference_leak`).
  mutating func checkLeak(_ what: String) throws(Stop) {
    guard !state.pointee.references.isEmpty else { return }
    let all = state.pointee.references.map { "Unreleased reference id=\($0.id) alloc_insn=\($0.instruction)" }.joined(separator: "; ")
    throw fail("\(all); \(what) would lead to reference leak", .leakedReference)
  }

  mutating func leaveFunction() throws(Stop) {
    let callee = frame
    let result = callee.pointee.cells[0]
    if result.kind == .stack { throw fail("cannot return stack pointer to the caller", register: 0) }
    let isCallback = callee.pointee.isCallback
    let callsite = callee.pointee.callsite
    if isCallback {
      guard result.isScalar else {
        if result.kind == .uninitialized { throw fail("R0 !read_ok", .uninitializedRegister, register: 0) }
        throw fail("R0 not a scalar value", .result, register: 0)
      }
      markPrecise(0)
      try checkRange(result, 0...1, "At callback return")
    }
    state.pointee.leave()
    if isCallback {
      at = callsite
      if let before = earlierTurn(at: callsite, above: state) { widen(state, since: before) }
    } else {
      registers[0] = result
      at = callsite + 1
    }
  }

  /// What the program returns (`check_return_code`).
  private mutating func checkResult() throws(Stop) {
    try checkReadable(0)
    if frame.pointee.function != 0 {
      guard registers[0].isScalar else {
        throw fail("At subprogram exit the register R0 is not a scalar value (\(registers[0].typeName))", .result, register: 0)
      }
      return
    }
    guard let range = program.layout?.resultRange else { return }
    guard registers[0].isScalar else {
      throw fail("At program exit the register R0 is not a known value (\(registers[0].typeName))", .result, register: 0)
    }
    markPrecise(0)
    try checkRange(registers[0], range, "At program exit", is32: program.type == .lsm)
  }

  /// - Parameter is32: the lower half is the result: a security hook's (`return_32bit` in `check_return_code`).
  private mutating func checkRange(
    _ register: Register, _ range: ClosedRange<Int32>, _ place: String, is32: Bool = false
  ) throws(Stop) {
    let scalar = register.scalar
    if is32, range.lowerBound <= scalar.s32min, scalar.s32max <= range.upperBound { return }
    if Int64(range.lowerBound) <= scalar.smin, scalar.smax <= Int64(range.upperBound) { return }
    var text = "\(place) the register R0 has"
    if scalar.smin > .min { text += " smin=\(scalar.smin)" }
    if scalar.smax < .max { text += " smax=\(scalar.smax)" }
    if scalar.smin == .min, scalar.smax == .max { text += " unknown scalar value" }
    throw fail("\(text) should have been in [\(range.lowerBound), \(range.upperBound)]", .result, register: 0)
  }

  // MARK: Legacy packet loads

  /// `LD_ABS` and `LD_IND`: r6 is the context, r0 the result; outside the packet the program ends (`check_ld_abs`).
  mutating func checkPacketLoad(_ instruction: Instruction) throws(Stop) -> Bool {
    switch program.type {
    case .socketFilter, .schedCls, .schedAct: break
    default: throw fail("BPF_LD_[ABS|IND] instructions not allowed for this program type")
    }
    for number in 0...state.pointee.depth where state.pointee.frame(number).pointee.isCallback {
      throw fail("cannot use BPF_LD_[ABS|IND] within callback")
    }
    try checkReadable(6)
    if !state.pointee.references.isEmpty { try checkLeak("BPF_LD_[ABS|IND]") }
    if registers[6].kind != .context {
      throw fail("at the time of BPF_LD_ABS|IND R6 != pointer to skb", register: 6)
    }
    if instruction.opcode & Opcode.modeMask == Opcode.ind { try checkReadable(Int(instruction.source)) }
    try checkUnmodified(6)
    clearCallerSaved(frame)
    registers[0] = .unknown
    guard state.pointee.depth > 0 else {
      at += 1
      return true
    }
    // Outside the packet the function returns zero.
    _ = try leaveAside(at: at + 1)
    registers[0] = .constant(0)
    try leaveFunction()
    return true
  }
}
