internal import EBPFBTF
import EBPFTables

/// What a function of the module `Kernel` is, by its symbol `bpf.core.…`.
private enum KernelIntrinsic {
  case at(type: String, member: String, isMaybe: Bool)
  case load(String, isMaybe: Bool)
  case store(String)
  case element, none, info
  case type(String), cast(String), member(String), enumerator(String)

  init?(_ symbol: String) {
    guard symbol.hasPrefix("bpf.core.") else { return nil }
    var words = symbol.dropFirst("bpf.core.".count).split(separator: ".").map(String.init)
    let isMaybe = words.first == "maybe"
    if isMaybe { words.removeFirst() }
    switch (words.first, words.count) {
    case ("at", 3): self = .at(type: words[1], member: words[2], isMaybe: isMaybe)
    case ("load", 2): self = .load(words[1], isMaybe: isMaybe)
    case ("store", 2): self = .store(words[1])
    case ("element", 1): self = .element
    case ("none", 1): self = .none
    case ("info", 1): self = .info
    case ("type", 2): self = .type(words[1])
    case ("cast", 2): self = .cast(words[1])
    case ("member", 2): self = .member(words[1])
    case ("enumerator", 2): self = .enumerator(words[1])
    default: return nil
    }
  }

  /// Whether it does nothing but find an address.
  var isAddress: Bool {
    switch self {
    case .at, .element, .none, .member: true
    default: false
    }
  }
}

extension LoweringUnit {
  /// Replaces what the module `Kernel` says of accesses by LLVM's intrinsics of which relocations (CO-RE) come.
  ///
  /// Each access becomes a call of a small function, which is inlined: LLVM makes the relocations before that. Two walks: the first finds
  /// which members are used, because a member's number is its place among these.
  mutating func lowerKernelTypes() throws(LoweringError) {
    var intrinsics: [IRName: KernelIntrinsic] = [:]
    for function in module.functions where !function.isDefinition {
      guard module.names.hasPrefix(function.name, "bpf.core.") else { continue }
      intrinsics[function.name] = KernelIntrinsic(module.names[function.name])
    }
    let hasTables = try lowerStructOperations()
    if intrinsics.isEmpty, !hasTables { return }
    guard kernel != nil else {
      throw LoweringError(what: "the program uses the module Kernel, and its types are not at hand")
    }
    let probing = probingFunctions()
    let own = module.functions.indices.filter { index in
      module.functions[index].blocks.contains { $0.instructions.contains { $0.calledSymbol.map { intrinsics[$0] != nil } ?? false } }
    }
    for isRewriting in [false, true] {
      for index in own {
        var pass = KernelPass(function: index, isProbing: probing.contains(index), isRewriting: isRewriting, intrinsics: intrinsics)
        pass.definitions = definitions(module.functions[index])
        try rewriteKernelAccesses(pass)
      }
      if !isRewriting {
        completeKernelTypes()
        kernel!.isCollecting = false
      }
    }
    index()
  }

  private func definitions(_ function: IRFunction) -> [IRName: IRInstruction] {
    var result: [IRName: IRInstruction] = [:]
    for block in function.blocks {
      for instruction in block.instructions where !instruction.result.isEmpty { result[instruction.result] = instruction }
    }
    return result
  }

  /// The functions that a program reaches whose pointers are only numbers to the verifier: memory is read by the helper there.
  private func probingFunctions() -> Set<Int> {
    var result: Set<Int> = []
    var pending: [Int] = []
    for program in programs {
      guard let name = SectionName(lenient: program.section) else { continue }
      switch name.type {
      case .kprobe, .tracepoint, .perfEvent, .rawTracepoint, .rawTracepointWritable: pending.append(program.function)
      default: continue
      }
    }
    while let index = pending.popLast() {
      guard result.insert(index).inserted else { continue }
      for block in module.functions[index].blocks {
        for instruction in block.instructions {
          module.forEachGlobal(in: instruction) { if let callee = function($0) { pending.append(callee) } }
        }
      }
    }
    return result
  }
}

/// One walk over a function.
private struct KernelPass {
  let function: Int
  let isProbing: Bool
  let isRewriting: Bool
  let intrinsics: [IRName: KernelIntrinsic]
  var definitions: [IRName: IRInstruction] = [:]

  init(function: Int, isProbing: Bool, isRewriting: Bool, intrinsics: [IRName: KernelIntrinsic]) {
    self.function = function
    self.isProbing = isProbing
    self.isRewriting = isRewriting
    self.intrinsics = intrinsics
  }
}

// MARK: Addresses

extension LoweringUnit {
  private func intrinsic(_ instruction: IRInstruction, _ pass: KernelPass) -> KernelIntrinsic? {
    instruction.calledSymbol.flatMap { pass.intrinsics[$0] }
  }

  private func reference(_ type: String) -> KernelStructure {
    let reference = kernel!.references.types[type] ?? KernelReferences.Reference(id: 0, name: type)
    return KernelStructure(id: reference.id, name: reference.name, isTypedef: reference.isTypedef)
  }

  /// Where an address comes from, as far as this function shows.
  private mutating func trace(_ operand: IROperand, _ pass: KernelPass, depth: Int = 0) throws(LoweringError) -> KernelAddress {
    let isInteger = !module.types.isPointer(operand.type)
    let plain = KernelAddress(base: operand, isMaybe: isInteger)
    guard depth < 64, let local = operand.value.local, let instruction = pass.definitions[local] else { return plain }
    switch instruction.opcode {
    case .ptrtoint, .inttoptr, .bitcast:
      var address = try trace(instruction.operands[0], pass, depth: depth + 1)
      if address.path == nil {
        // What was tested against null is a pointer now.
        let isUnknown = address.isUnknown
        address = instruction.opcode == .ptrtoint ? address : plain
        address.isUnknown = isUnknown
      }
      return address
    case .phi:
      var address = plain
      for index in stride(from: 0, to: instruction.operands.count - 1, by: 2) {
        if try trace(instruction.operands[index], pass, depth: depth + 8).isUnknown { address.isUnknown = true }
      }
      return address
    case .call: break
    default: return plain
    }
    switch intrinsic(instruction, pass) {
    case .at(let type, let member, _)?:
      var structure = reference(type)
      guard let numbers = kernel!.btf.path(to: member, in: structure.id) else {
        throw error("the kernel's \(type) has no member \(member)", at: instruction.location, in: pass.function)
      }
      var address = try trace(instruction.operands[0], pass, depth: depth + 1)
      var path = extended(address.path, structure)
      if path == nil {
        let (isUnknown, isTrusted) = (address.isUnknown, address.isTrusted)
        path = KernelPath()
        address = KernelAddress(base: instruction.operands[0], isMaybe: !module.types.isPointer(instruction.operands[0].type))
        if address.isMaybe, let inner = try? trace(instruction.operands[0], pass, depth: depth + 1), inner.path == nil { address = inner }
        (address.isUnknown, address.isTrusted) = (isUnknown, isTrusted)
      } else if structure.isTypedef {
        // Inside of another the typedef does not count.
        structure = kernelStructure(structure.id)
      }
      var current = structure
      for (position, number) in numbers.enumerated() {
        path!.steps.append(.member(current, number))
        let layout = kernel!.btf.type(current.id)!.memberLayout(at: number)
        path!.end = layout.typeID
        path!.bits = layout.bitFieldSize
        if position + 1 < numbers.count { current = kernelStructure(kernel!.btf.resolve(layout.typeID)!.id) }
      }
      address.path = path
      return address
    case .member(let type)?:
      let structure = reference(type)
      guard let name = constantText(instruction.operands[1], count: instruction.operands[2]),
        case .integer(let code) = instruction.operands[3].value
      else {
        throw error(
          "the name of a member must stand here as a text in quotes", instead: "task.member(\"state\", as: Int64.self)",
          at: instruction.location, in: pass.function)
      }
      var address = try trace(instruction.operands[0], pass, depth: depth + 1)
      var path = extended(address.path, structure)
      if path == nil {
        path = KernelPath()
        address = KernelAddress(base: instruction.operands[0], isUnknown: address.isUnknown)
      }
      if let numbers = kernel!.btf.path(to: name, in: structure.id), numbers.count == 1 {
        path!.steps.append(.member(structure, numbers[0]))
        path!.end = kernel!.btf.type(structure.id)!.memberLayout(at: numbers[0]).typeID
        path!.bits = kernel!.btf.type(structure.id)!.memberLayout(at: numbers[0]).bitFieldSize
      } else {
        path!.steps.append(.added(structure, name, UInt32(truncatingIfNeeded: code)))
        path!.end = nil
      }
      address.path = path
      return address
    case .element?:
      var address = try trace(instruction.operands[0], pass, depth: depth + 1)
      if case .integer(let index) = instruction.operands[1].value, index >= 0, var path = address.path, let end = path.end,
        let array = kernel!.btf.resolve(end), array.kind == .array
      {
        add(Int(index), of: array, to: &path)
        address.path = path
        return address
      }
      return KernelAddress(base: operand, isMaybe: isInteger, isUnknown: true)
    case .load("pointer", _)?:
      var address = plain
      let holder = try trace(instruction.operands[0], pass, depth: depth + 1)
      address.isUnknown = holder.isUnknown
      // Where it was read only if something else was not null, it may be null itself.
      let isRead = !holder.isUnknown && (!holder.isMaybe || holder.isTrusted)
      address.isTrusted = isRead && isTrusted(holder.path?.steps.last)
      return address
    case Optional.some(.none):
      return KernelAddress(base: IROperand(.pointer, .null), path: KernelPath())
    default: return plain
    }
  }

  /// A path that a member of the structure can follow.
  private func extended(_ path: KernelPath?, _ structure: KernelStructure) -> KernelPath? {
    guard let path else { return nil }
    if path.steps.isEmpty { return path }
    guard let end = path.end, kernel!.btf.resolve(end)?.id == structure.id else { return nil }
    guard structure.isTypedef || structure.name == (kernel!.btf.type(structure.id)?.name ?? "") else { return nil }
    return path
  }

  /// An element of an array, which may be one of arrays, row by row.
  private func add(_ index: Int, of array: BTFType, to path: inout KernelPath) {
    var index = index
    var array = array
    while true {
      guard let inner = kernel!.btf.resolve(array.target), inner.kind == .array, inner.arrayCount > 0 else {
        path.steps.append(.element(array.id, index))
        path.end = array.target
        return
      }
      var elements = 1
      var innermost = inner
      while true {
        elements *= max(innermost.arrayCount, 1)
        guard let next = kernel!.btf.resolve(innermost.target), next.kind == .array else { break }
        innermost = next
      }
      path.steps.append(.element(array.id, index / elements))
      index %= elements
      array = inner
    }
  }

  /// The text that an operand points to.
  private func constantText(_ pointer: IROperand, count: IROperand) -> String? {
    guard case .integer(let count) = count.value, count > 0 else { return nil }
    var symbol: IRName?
    module.forEachGlobal(in: pointer.value) { symbol = $0 }
    guard let symbol, let index = global(symbol), let bytes = bytes(ofGlobal: index), bytes.count >= count else { return nil }
    return String(decoding: bytes.prefix(Int(count)), as: UTF8.self)
  }
}

// MARK: Rewriting

extension LoweringUnit {
  private mutating func rewriteKernelAccesses(_ pass: KernelPass) throws(LoweringError) {
    var blocks = module.functions[pass.function].blocks
    for block in blocks.indices {
      var result: [IRInstruction] = []
      for instruction in blocks[block].instructions {
        if let intrinsic = intrinsic(instruction, pass), !intrinsic.isAddress {
          result += try replacement(of: instruction, intrinsic, pass)
        } else {
          result.append(instruction)
        }
      }
      blocks[block].instructions = result
    }
    // Addresses that something else uses than accesses.
    var used = uses(blocks)
    var isChanged = true
    while isChanged {
      isChanged = false
      for block in blocks.indices {
        blocks[block].instructions.removeAll { instruction in
          guard !instruction.result.isEmpty, used[instruction.result] == nil, isPlain(instruction, pass) else { return false }
          isChanged = true
          return true
        }
      }
      if isChanged { used = uses(blocks) }
    }
    for block in blocks.indices {
      for position in blocks[block].instructions.indices {
        let instruction = blocks[block].instructions[position]
        guard let intrinsic = intrinsic(instruction, pass), intrinsic.isAddress else { continue }
        blocks[block].instructions[position] = try address(instruction, intrinsic, pass)
      }
    }
    if pass.isRewriting { module.functions[pass.function].blocks = blocks }
  }

  /// Whether an instruction only finds an address or converts one: without a use it can go.
  private func isPlain(_ instruction: IRInstruction, _ pass: KernelPass) -> Bool {
    switch instruction.opcode {
    case .ptrtoint, .inttoptr, .bitcast: true
    case .call: intrinsic(instruction, pass)?.isAddress ?? false
    default: false
    }
  }

  private func uses(_ blocks: [IRBlock]) -> [IRName: Int] {
    var result: [IRName: Int] = [:]
    for block in blocks {
      for instruction in block.instructions {
        for operand in instruction.operands { if let local = operand.value.local { result[local, default: 0] += 1 } }
        if let local = instruction.callee.local { result[local, default: 0] += 1 }
        if instruction.verbatim >= 0 {
          for token in module.verbatim[Int(instruction.verbatim)] { if case .local(let name) = token { result[name, default: 0] += 1 } }
        }
      }
    }
    return result
  }

  private mutating func call(_ instruction: IRInstruction, _ symbol: IRName, _ operands: [IROperand]) -> IRInstruction {
    var call = instruction
    call.callee = .global(symbol)
    call.operands = operands.map { IROperand($0.type, $0.value) }
    call.trailing = .empty
    call.modifiers = .empty
    call.tail = .empty
    return call
  }

  /// An access as a call of the function that stands for it.
  private mutating func access(
    _ instruction: IRInstruction, _ kind: KernelAccess.Kind, _ address: KernelAddress, isProbe: Bool, _ more: [IROperand] = []
  ) -> [IRInstruction] {
    for step in address.path?.steps ?? [] { use(step) }
    let access = KernelAccess(
      kind: kind, path: address.path, isMaybe: address.isMaybe, isProbe: isProbe, isTrusted: address.isTrusted)
    var base = address.base
    var before: [IRInstruction] = []
    if address.isMaybe != !module.types.isPointer(base.type) {
      // The number of a pointer, or the pointer of a number.
      let result = freshName("base")
      let type: IRTypeID = address.isMaybe ? .i64 : .pointer
      before.append(
        IRInstruction(
          address.isMaybe ? .ptrtoint : .inttoptr, result: result, type: type, operands: [base], location: instruction.location))
      base = IROperand(type, .local(result))
    }
    return before + [call(instruction, kernelFunction(access, result: instruction.type), [base] + more)]
  }

  /// An address that is used for something else than an access.
  private mutating func address(
    _ instruction: IRInstruction, _ intrinsic: KernelIntrinsic, _ pass: KernelPass
  ) throws(LoweringError) -> IRInstruction {
    let found = try trace(IROperand(instruction.type, .local(instruction.result)), pass)
    if case .element = intrinsic, found.path == nil {
      // Base and index times size.
      return call(instruction, elementFunction(), instruction.operands)
    }
    if case .none = intrinsic {
      throw error(
        "a type's field is kept here, and only asking about it is possible", instead: "ask at once: task_struct.field.comm.exists",
        at: instruction.location, in: pass.function)
    }
    for step in found.path?.steps ?? [] { use(step) }
    let access = KernelAccess(
      kind: .address, path: found.path, isMaybe: found.isMaybe, isProbe: pass.isProbing, isTrusted: found.isTrusted)
    // The function takes and gives what the instruction does.
    let isInteger = !module.types.isPointer(instruction.type)
    return call(instruction, addressFunction(access, takes: found.base.type, isInteger: isInteger), [found.base])
  }

  private mutating func replacement(
    of instruction: IRInstruction, _ intrinsic: KernelIntrinsic, _ pass: KernelPass
  ) throws(LoweringError) -> [IRInstruction] {
    switch intrinsic {
    case .load(let width, _):
      let found = try trace(instruction.operands[0], pass)
      let isProbe = pass.isProbing || found.isUnknown
      if isProbe, !hasGPLLicense {
        throw error(
          "the helper bpf_probe_read_kernel, which reads the kernel's memory here, is for programs under the GPL only, and the source "
            + "states no such licence", instead: "if that is the program's licence, add: let license = License.gpl",
          at: instruction.location, in: pass.function)
      }
      if width == "bits" {
        guard found.path?.bits ?? 0 > 0 else {
          throw error("the bits that are read here are no member's", at: instruction.location, in: pass.function)
        }
        return access(instruction, .bits, found, isProbe: isProbe)
      }
      return access(instruction, .load(instruction.type), found, isProbe: isProbe)
    case .store:
      let found = try trace(instruction.operands[0], pass)
      guard !pass.isProbing else {
        throw error(
          "a member of a kernel's structure is written here, and this kind of program can only read the kernel's memory",
          instead: "programs of struct_ops may write to members that the kernel allows", at: instruction.location, in: pass.function)
      }
      return access(instruction, .store(instruction.operands[1].type), found, isProbe: false, [instruction.operands[1]])
    case .info:
      let found = try trace(instruction.operands[0], pass)
      guard let path = found.path, !path.steps.isEmpty, case .integer(let what) = instruction.operands[1].value else {
        throw error(
          "what is asked about here is not known at compile time", instead: "name the member: task_struct.field.comm.exists",
          at: instruction.location, in: pass.function)
      }
      let asked = KernelAddress(base: IROperand(.pointer, .null), path: path)
      return access(instruction, .info(what), asked, isProbe: false)
    case .type(let type):
      guard case .integer(let what) = instruction.operands[0].value else { break }
      return [call(instruction, typeFunction(reference(type), what), [])]
    case .enumerator(let type):
      guard let name = constantText(instruction.operands[0], count: instruction.operands[1]),
        case .integer(let what) = instruction.operands[2].value
      else {
        throw error(
          "the name of an enumerator must stand here as a text in quotes", instead: "\(type).enumerator(\"NAME\").exists",
          at: instruction.location, in: pass.function)
      }
      let enumeration = reference(type)
      _ = kernelEnumeration(enumeration)
      kernel!.enumerations[enumeration]!.names.insert(name)
      return [call(instruction, enumeratorFunction(enumeration, name, what), [])]
    case .cast(let type):
      if pass.isProbing {
        return [call(instruction, addressFunction(nil, takes: .i64, isInteger: true), instruction.operands)]
      }
      return [call(instruction, castFunction(reference(type)), instruction.operands)]
    case .at, .element, .none, .member: break
    }
    throw error("an access to a kernel's structure is not known at compile time", at: instruction.location, in: pass.function)
  }
}
