internal import EBPFBTF
internal import EBPFISA
internal import EBPFObject
internal import EBPFTables

extension Search {
  /// Proves the program: its first function, then the global ones that it calls, then the stack that all of them take together.
  mutating func prove(object: ObjectSpec) throws(Stop) {
    try checkSleeping()
    try prepareGlobals(object)
    setArguments()
    try walk(from: 0)
    try proveGlobals()
    do throws(StackDepth.Problem) {
      try StackDepth(program: program, functions: program.functions).check()
    } catch {
      at = 0
      throw fail(error.text, .depth)
    }
  }

  /// Which program types may sleep, and which must (`check_attach_btf_id`).
  private mutating func checkSleeping() throws(Stop) {
    guard hasKernelLimits else { return }
    if program.type == .syscall, !program.isSleepable { throw fail("Syscall programs can only be sleepable") }
    guard program.isSleepable else { return }
    switch program.type {
    case .syscall, .lsm, .kprobe, .structOps: return
    case .tracing:
      // fentry, fexit, fmod_ret, iter.
      if let number = program.attachType?.rawValue, number == 24 || number == 25 || number == 26 || number == 28 { return }
    default: break
    }
    throw fail("Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable")
  }

  /// r1, and for raw memory r2, as the program is entered.
  private func setArguments() {
    if program.type == .rawMemory {
      let size = UInt32(truncatingIfNeeded: max(0, options.memorySize))
      registers[1] = .pointer(.memory, detail: Int32(bitPattern: size))
      registers[2] = .constant(UInt64(size))
    } else {
      registers[1] = .pointer(.context)
    }
  }

  /// Reads the prototypes of global functions, and refuses what needs types where there are none (`check_btf_func`).
  private mutating func prepareGlobals(_ object: ObjectSpec) throws(Stop) {
    if hasKernelLimits, !program.hasFunctionTypes {
      for function in program.functions.dropFirst() {
        at = function.start
        if function.hasPacketLoad { throw fail("LD_ABS is not allowed in subprogs without BTF") }
        if function.hasTailCall { throw fail("tail_call is not allowed in subprogs without BTF") }
      }
    }
    if let btf = object.btf, program.hasFunctionTypes {
      for function in program.functions.dropFirst() where function.hasPacketLoad || function.hasTailCall {
        at = function.start
        let result = btf.type(function.typeID).flatMap { btf.type($0.target) }.flatMap { btf.resolve($0.target) }
        let isNumber = result.map { $0.kind == .int || $0.kind == .enumeration || $0.kind == .enumeration64 } ?? false
        if function.hasPacketLoad, !isNumber { throw fail("LD_ABS is only allowed in functions that return 'int'.") }
        if function.hasTailCall, !isNumber { throw fail("tail_call is only allowed in functions that return 'int'.") }
      }
    }
    at = 0
    guard program.functions.contains(where: \.isGlobal) else { return }
    guard let btf = object.btf else { throw unsupported("global functions without types") }
    let tags = GlobalFunctionReader.tags(in: btf)
    let reader = GlobalFunctionReader(btf: btf, contextNames: program.layout?.structName.map { [$0] } ?? [])
    for index in program.functions.indices where program.functions[index].isGlobal {
      do throws(GlobalFunctionReader.Problem) {
        program.functions[index].arguments = try reader.arguments(
          of: program.functions[index], tags: tags[program.functions[index].typeID] ?? [:])
      } catch {
        switch error {
        case .unsafe(let text): program.functions[index].problem = text
        case .unsupported(let text): program.functions[index].arguments = [.unsupported(text)]
        }
      }
    }
  }

  /// Global functions that are called, for any arguments that their prototypes allow (`do_check_subprogs`).
  private mutating func proveGlobals() throws(Stop) {
    while let index = program.functions.firstIndex(where: { $0.isGlobal && $0.isCalled && !$0.isProved }) {
      restart(function: index)
      at = program.functions[index].start
      for (position, argument) in program.functions[index].arguments.enumerated() {
        switch argument {
        case .scalar: registers[position + 1] = .unknown
        case .context: registers[position + 1] = .pointer(.context)
        case .memory(let size, let mayBeNull):
          registers[position + 1] = .pointer(
            .memory, flags: mayBeNull ? .ptrMaybeNull : [], detail: Int32(bitPattern: UInt32(truncatingIfNeeded: size)))
          registers[position + 1].id = newID()
        case .unsupported(let what): throw unsupported(what)
        }
      }
      try walk(from: at)
      program.functions[index].isProved = true
    }
  }

  /// What the engines may rely on.
  consuming func finish() -> Proof {
    for slot in 0..<program.count {
      let marks = program.marks[slot]
      if !marks.contains(.reached) {
        facts.flags[slot].insert(.unreachable)
      } else if marks.contains(.taken), !marks.contains(.fellThrough) {
        facts.flags[slot].insert(.alwaysTaken)
      } else if marks.contains(.fellThrough), !marks.contains(.taken) {
        facts.flags[slot].insert(.neverTaken)
      }
    }
    for slot in harmlessDivisions where !harmfulDivisions.contains(slot) { facts.flags[slot].insert(.safeDivision) }
    for slot in variableMaps { facts.constantMaps[slot] = nil }
    for function in program.functions { facts.stackDepth[function.start] = function.stackDepth }
    return Proof(facts: facts, instructionsProcessed: processed, statesKept: statesKept, contextSize: contextSize)
  }
}
