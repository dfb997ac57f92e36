import EBPFTables

/// What a program holds between two calls, and must give back before it ends: the kernel refuses a program that may end without.
private struct ResourceKind {
  /// The call that gives it: a helper or a kernel function.
  var acquire: CallTarget
  /// What stands for it: the call's result, an argument, or nothing at all.
  var handle: Handle
  /// The call that gives it back when the program ends early.
  var release: CallTarget
  /// All calls that give it back.
  var releases: [CallTarget]
  /// Arguments of the release behind the handle.
  var arguments: [Int64] = []

  enum CallTarget: Hashable {
    case helper(HelperID)
    case kernel(String)
  }
  enum Handle {
    case result
    case argument(Int)
    case none
  }

  /// `kernel/bpf/helpers.c`, `kernel/bpf/ringbuf.c`, `net/core/filter.c` of Linux 6.18.
  static let all: [ResourceKind] = [
    ResourceKind(
      acquire: .helper(.ringbufReserve), handle: .result, release: .helper(.ringbufDiscard),
      releases: [.helper(.ringbufSubmit), .helper(.ringbufDiscard)], arguments: [0]),
    ResourceKind(
      acquire: .helper(.ringbufReserveDynptr), handle: .argument(3), release: .helper(.ringbufDiscardDynptr),
      releases: [.helper(.ringbufSubmitDynptr), .helper(.ringbufDiscardDynptr)], arguments: [0]),
    ResourceKind(acquire: .helper(.skLookupTcp), handle: .result, release: .helper(.skRelease), releases: [.helper(.skRelease)]),
    ResourceKind(acquire: .helper(.skLookupUdp), handle: .result, release: .helper(.skRelease), releases: [.helper(.skRelease)]),
    ResourceKind(acquire: .helper(.skcLookupTcp), handle: .result, release: .helper(.skRelease), releases: [.helper(.skRelease)]),
    ResourceKind(acquire: .helper(.spinLock), handle: .argument(0), release: .helper(.spinUnlock), releases: [.helper(.spinUnlock)]),
    ResourceKind(
      acquire: .kernel("bpf_iter_num_new"), handle: .argument(0), release: .kernel("bpf_iter_num_destroy"),
      releases: [.kernel("bpf_iter_num_destroy")]),
    ResourceKind(
      acquire: .kernel("bpf_rcu_read_lock"), handle: .none, release: .kernel("bpf_rcu_read_unlock"),
      releases: [.kernel("bpf_rcu_read_unlock")]),
    ResourceKind(
      acquire: .kernel("bpf_preempt_disable"), handle: .none, release: .kernel("bpf_preempt_enable"),
      releases: [.kernel("bpf_preempt_enable")]),
  ]
}

extension LoweringUnit {
  /// Lets a program that ends by a failed check give back what it holds: reserved records, locks, iterators, references to sockets.
  ///
  /// Each call that gives something puts it into a variable of its function, each that takes it back clears the variable; where a check fails, what
  /// is in the variables is given back. The optimiser knows at each place what is in them, so that a program in which nothing can fail while it
  /// holds something is as it was.
  mutating func protectResources(_ trapping: Set<Int>) {
    for index in trapping.sorted() {
      let function = module.functions[index]
      guard canFailWhileRunning(function, trapping) else { continue }
      var sites: [(kind: Int, slot: IRName)] = []
      var slotOfSite: [[Int]: Int] = [:]
      for (block, body) in function.blocks.enumerated() {
        for (position, instruction) in body.instructions.enumerated() {
          guard let target = target(of: instruction) else { continue }
          for (kind, resource) in ResourceKind.all.enumerated() where resource.acquire == target {
            slotOfSite[[block, position]] = sites.count
            sites.append((kind, freshName("held")))
          }
        }
      }
      guard !sites.isEmpty else { continue }
      insertSlots(index, sites, slotOfSite)
      var releases: [HeldResource] = []
      for (kind, slot) in sites { releases.append(HeldResource(slot: slot, call: releaseCall(ResourceKind.all[kind], slot))) }
      heldResources[index] = releases
    }
  }

  /// Takes away calls that give back what was never there.
  ///
  /// The Swift compiler (6.3) destroys a value that cannot be copied also where it was never made: on the way around `if let record = events.reserve()`
  /// if the body has an assignment such as `record.value.bytes[0] = byte ?? 0`. The destroyed value is then undefined.
  mutating func dropReleasesOfNothing() {
    let releases = Set(ResourceKind.all.flatMap(\.releases))
    for index in module.functions.indices {
      var origins: ValueOrigins?
      for block in module.functions[index].blocks.indices {
        for position in module.functions[index].blocks[block].instructions.indices {
          let call = module.functions[index].blocks[block].instructions[position]
          guard let target = target(of: call), releases.contains(target), let handle = call.operands.first?.value else { continue }
          let known = origins ?? ValueOrigins(module.functions[index])
          origins = known
          guard known.isUndefined(handle) else { continue }
          // What becomes of the call's result is nobody's concern, but it has a name.
          module.functions[index].blocks[block].instructions[position] =
            call.result.isEmpty
            ? IRInstruction(.alloca, result: freshName("nothing"), type: .i8, alignment: 1, location: call.location)
            : IRInstruction(
              .add, result: call.result, operands: [IROperand(call.type, .integer(0)), IROperand(call.type, .integer(0))],
              location: call.location)
        }
      }
    }
  }

  /// Whether a function has a check of its own or calls what has one.
  private func canFailWhileRunning(_ function: IRFunction, _ trapping: Set<Int>) -> Bool {
    function.blocks.contains { block in
      block.instructions.contains { instruction in
        isTrap(instruction) || instruction.calledSymbol.flatMap { self.function($0) }.map { trapping.contains($0) } == true
      }
    }
  }

  private func target(of instruction: IRInstruction) -> ResourceKind.CallTarget? {
    if let helper = helper(calledBy: instruction) { return .helper(helper) }
    guard let symbol = instruction.calledSymbol, module.names.hasPrefix(symbol, "bpf_") else { return nil }
    return .kernel(module.names[symbol])
  }

  private mutating func insertSlots(_ index: Int, _ sites: [(kind: Int, slot: IRName)], _ slotOfSite: [[Int]: Int]) {
    let origins = ValueOrigins(module.functions[index])
    var originOfSlot: [IRName: IRName] = [:]
    for (place, site) in slotOfSite {
      let call = module.functions[index].blocks[place[0]].instructions[place[1]]
      switch ResourceKind.all[sites[site].kind].handle {
      case .result: originOfSlot[sites[site].slot] = call.result
      case .argument(let number) where number < call.operands.count:
        originOfSlot[sites[site].slot] = origins.origin(of: call.operands[number].value)
      default: break
      }
    }
    for block in module.functions[index].blocks.indices {
      var result: [IRInstruction] = []
      for (position, instruction) in module.functions[index].blocks[block].instructions.enumerated() {
        result.append(instruction)
        guard let target = target(of: instruction) else { continue }
        if let site = slotOfSite[[block, position]] {
          let resource = ResourceKind.all[sites[site].kind]
          let held: IRValue
          switch resource.handle {
          case .result: held = .local(instruction.result)
          case .argument(let number) where number < instruction.operands.count: held = instruction.operands[number].value
          default:
            held = module.add(
              IRConstant(
                .cast, opcode: IRName(index: UInt32(IROpcode.inttoptr.rawValue)), type: .pointer, operands: [IROperand(.i64, .integer(1))]))
          }
          result.append(store(held, sites[site].slot, instruction.location))
        }
        var cleared = sites.filter { ResourceKind.all[$0.kind].releases.contains(target) }
        if cleared.count > 1, let given = instruction.operands.first.flatMap({ origins.origin(of: $0.value) }) {
          // Which of several it is can be seen.
          let known = cleared.filter { originOfSlot[$0.slot] == given }
          if !known.isEmpty { cleared = known }
        }
        for (_, slot) in cleared {
          if cleared.count == 1 || instruction.operands.isEmpty {
            result.append(store(.null, slot, instruction.location))
          } else {
            // Which of several it was is known by the address.
            let old = freshName("held")
            let same = freshName("same")
            let new = freshName("held")
            let value = instruction.operands[0]
            result.append(
              IRInstruction(
                .load, result: old, type: .pointer, operands: [IROperand(.pointer, .local(slot))], alignment: 8,
                location: instruction.location))
            result.append(
              IRInstruction(
                .icmp, result: same, modifiers: words([.eq]), type: .pointer,
                operands: [IROperand(.pointer, .local(old)), IROperand(.pointer, value.value)], location: instruction.location))
            result.append(
              IRInstruction(
                .select, result: new,
                operands: [IROperand(.i1, .local(same)), IROperand(.pointer, .null), IROperand(.pointer, .local(old))],
                location: instruction.location))
            result.append(store(.local(new), slot, instruction.location))
          }
        }
      }
      module.functions[index].blocks[block].instructions = result
    }
    var entry: [IRInstruction] = []
    for (_, slot) in sites {
      entry.append(IRInstruction(.alloca, result: slot, type: .pointer, alignment: 8))
      entry.append(store(.null, slot, -1))
    }
    module.functions[index].blocks[0].instructions.insert(contentsOf: entry, at: 0)
  }

  private func store(_ value: IRValue, _ slot: IRName, _ location: Int32) -> IRInstruction {
    IRInstruction(.store, operands: [IROperand(.pointer, value), IROperand(.pointer, .local(slot))], alignment: 8, location: location)
  }

  /// The call that gives back what a variable holds; its first operand is put in when it is written.
  private mutating func releaseCall(_ resource: ResourceKind, _ slot: IRName) -> IRInstruction {
    var call = IRInstruction(.call, type: .void)
    var parameters: [IRTypeID] = []
    if case .none = resource.handle {
    } else {
      call.operands.append(IROperand(.pointer, .local(slot)))
      parameters.append(.pointer)
    }
    for argument in resource.arguments {
      call.operands.append(IROperand(.i64, .integer(argument)))
      parameters.append(.i64)
    }
    switch resource.release {
    case .helper(let helper):
      // Helpers that give back have a result that nobody looks at.
      call.type = .i64
      call.callee = callee(helper)
    case .kernel(let text):
      let symbol = declare(text, result: .void, parameters)
      if let index = function(symbol), !module.functions[index].isDefinition { module.functions[index].section = name(".ksyms") }
      call.callee = .global(symbol)
    }
    return call
  }

  /// The blocks that give back what a function holds and then do what ends it. The first has the label.
  mutating func unwindBlocks(_ index: Int, _ label: IRName, _ ending: [IRInstruction], _ location: Int32) -> [IRBlock] {
    var blocks: [IRBlock] = []
    var current = IRBlock(label: label)
    // What was taken last is given back first.
    for held in (heldResources[index] ?? []).reversed() {
      let value = freshName("held")
      let isHeld = freshName("is")
      let release = freshName("release")
      let next = freshName("unwind")
      current.instructions.append(
        IRInstruction(
          .load, result: value, type: .pointer, operands: [IROperand(.pointer, .local(held.slot))], alignment: 8, location: location))
      current.instructions.append(
        IRInstruction(
          .icmp, result: isHeld, modifiers: words([.ne]), type: .pointer,
          operands: [IROperand(.pointer, .local(value)), IROperand(.pointer, .null)], location: location))
      current.instructions.append(.br(.local(isHeld), release, next, location: location))
      blocks.append(current)
      var call = held.call
      call.location = location
      if call.type != .void { call.result = freshName("released") }
      if call.operands.first?.type == .pointer { call.operands[0].value = .local(value) }
      blocks.append(IRBlock(label: release, instructions: [call, .br(next, location: location)]))
      current = IRBlock(label: next)
    }
    current.instructions += ending
    blocks.append(current)
    return blocks
  }
}

/// A variable that may hold something, and the call that gives it back.
struct HeldResource {
  var slot: IRName
  var call: IRInstruction
}

/// Where the values of a function come from, through casts, phis and variables that hold one value only.
private struct ValueOrigins {
  private var definitions: [IRName: IRInstruction] = [:]
  /// By variable: what is stored in it.
  private var stored: [IRName: [IRValue]] = [:]

  init(_ function: IRFunction) {
    for block in function.blocks {
      for instruction in block.instructions {
        if !instruction.result.isEmpty { definitions[instruction.result] = instruction }
        if instruction.opcode == .store, let variable = instruction.operands[1].value.local {
          stored[variable, default: []].append(instruction.operands[0].value)
        }
      }
    }
  }

  /// The name that a value was made under; nothing where there may be several.
  func origin(of value: IRValue) -> IRName? {
    var seen: Set<IRName> = []
    let found = collect(value, &seen)
    return found.count == 1 ? found.first : nil
  }

  /// Whether a value is undefined however it is reached.
  func isUndefined(_ value: IRValue) -> Bool {
    var seen: Set<IRName> = []
    return isUndefined(value, &seen)
  }

  private func isUndefined(_ value: IRValue, _ seen: inout Set<IRName>) -> Bool {
    if value == .undefined || value == .poison { return true }
    guard let name = value.local, let definition = definitions[name], seen.insert(name).inserted, seen.count < 200 else { return false }
    let sources = sources(of: definition)
    return !sources.isEmpty && sources.allSatisfy { isUndefined($0, &seen) }
  }

  private func collect(_ value: IRValue, _ seen: inout Set<IRName>) -> Set<IRName> {
    guard let name = value.local, seen.insert(name).inserted, seen.count < 200 else { return [] }
    guard let definition = definitions[name] else { return [name] }
    let sources = sources(of: definition)
    if sources.isEmpty { return [name] }
    return sources.reduce(into: []) { $0.formUnion(collect($1, &seen)) }
  }

  /// The values of which an instruction hands one on; none where it makes one.
  private func sources(of definition: IRInstruction) -> [IRValue] {
    switch definition.opcode {
    case .ptrtoint, .inttoptr, .bitcast, .freeze: return [definition.operands[0].value]
    case .phi: return stride(from: 0, to: definition.operands.count, by: 2).map { definition.operands[$0].value }
    case .select: return [definition.operands[1].value, definition.operands[2].value]
    case .load:
      guard let variable = definition.operands[0].value.local, definitions[variable]?.opcode == .alloca else { return [] }
      return stored[variable] ?? []
    default: return []
    }
  }
}
