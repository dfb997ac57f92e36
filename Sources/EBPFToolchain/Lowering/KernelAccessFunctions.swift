internal import EBPFBTF
import EBPFTables

/// The functions that stand for accesses to the kernel's structures: inlined, and without lines, so that their instructions count as part of
/// the user's line that makes the access.
extension LoweringUnit {
  /// An instruction list under construction.
  private struct Body {
    var blocks: [IRBlock]
    init(_ label: IRName) { blocks = [IRBlock(label: label)] }
    mutating func add(_ instruction: IRInstruction) { blocks[blocks.count - 1].instructions.append(instruction) }
    mutating func begin(_ label: IRName) { blocks.append(IRBlock(label: label)) }
  }

  private mutating func define(_ result: IRTypeID, _ parameters: [(IRTypeID, IRName)], _ body: Body) -> IRName {
    // Numbers of members are not known before all accesses are.
    if kernel!.isCollecting { return name("bpf.core.access") }
    fresh += 1
    let name = self.name("bpf.core.access.\(fresh)")
    var function = IRFunction(name: name, isDefinition: true, result: result)
    function.prefix = words([.internal])
    function.attributes = words([.nounwind])
    function.parameters = parameters.map { IRParameter(type: $0.0, name: $0.1) }
    function.blocks = body.blocks
    _ = add(function)
    return name
  }

  private mutating func call(_ symbol: String, result: IRTypeID, _ operands: [IROperand], named: IRName) -> IRInstruction {
    var call = IRInstruction(.call, result: named, type: result)
    call.callee = .global(declare(symbol, result: result, operands.map(\.type)))
    call.operands = operands
    return call
  }

  /// A call of `bpf_probe_read_kernel`.
  private mutating func probeRead(_ operands: [IROperand], named: IRName) -> IRInstruction {
    var call = IRInstruction(.call, result: named, type: .i64)
    call.callee = callee(.probeReadKernel)
    call.operands = operands
    return call
  }

  /// The address at the end of a path, with LLVM's intrinsics of which one relocation comes.
  private mutating func walk(_ path: KernelPath, from base: IRValue, _ body: inout Body) -> IRValue {
    var value = base
    for (position, step) in path.steps.enumerated() {
      let result = freshName("part")
      var instruction: IRInstruction
      let node: UInt32
      switch step {
      case .member(let structure, _), .added(let structure, _, _):
        node = accessNode(structure, isRoot: position == 0)
        let number = IROperand(.i32, .integer(Int64(objectIndex(step))))
        if kernel!.btf.type(structure.id)?.kind == .union {
          instruction = call(
            "llvm.preserve.union.access.index.p0.p0", result: .pointer, [IROperand(.pointer, value), number], named: result)
        } else {
          // The type says how the structure is aligned, which counts for bit-fields.
          let alignment = kernel!.btf.alignment(of: structure.id) ?? 8
          let attribute = words([name("elementtype(i\(alignment * 8))")])
          instruction = call(
            "llvm.preserve.struct.access.index.p0.p0", result: .pointer,
            [IROperand(.pointer, value, attributes: attribute), IROperand(.i32, .integer(0)), number], named: result)
        }
      case .element(let id, let index):
        let array = kernel!.btf.type(id)!
        node = kernelArray(array)
        let size = kernel!.btf.size(of: array.target) ?? 1
        let attribute = words([name("elementtype([\(array.arrayCount) x [\(size) x i8]])")])
        instruction = call(
          "llvm.preserve.array.access.index.p0.p0", result: .pointer,
          [
            IROperand(.pointer, value, attributes: attribute), IROperand(.i32, .integer(1)), IROperand(.i32, .integer(Int64(index))),
          ], named: result)
      }
      instruction.attachments = [IRAttachment(kind: name("llvm.preserve.access.index"), node: .node(node))]
      body.add(instruction)
      value = .local(result)
    }
    return value
  }

  /// Begins a function over an address: leaves with zero where it may be null and is. Gives the address as a pointer.
  private mutating func enter(_ access: KernelAccess, result: IRTypeID?, checks: Bool, _ body: inout Body) -> IRValue {
    let base = name("base")
    guard access.isMaybe else { return .local(base) }
    if checks {
      let isNull = freshName("null")
      let none = freshName("none")
      let some = freshName("some")
      body.add(
        IRInstruction(
          .icmp, result: isNull, modifiers: words([.eq]), type: .i64,
          operands: [IROperand(.i64, .local(base)), IROperand(.i64, .integer(0))]))
      body.add(.br(.local(isNull), none, some))
      body.begin(none)
      body.add(.ret(result.map { IROperand($0, module.types.isPointer($0) ? .null : .integer(0)) }))
      body.begin(some)
    }
    let pointer = freshName("pointer")
    body.add(IRInstruction(.inttoptr, result: pointer, type: .pointer, operands: [IROperand(.i64, .local(base))]))
    return .local(pointer)
  }

  /// The function that makes an access. Its first parameter is the base: a pointer, or a number where it may be null.
  mutating func kernelFunction(_ access: KernelAccess, result: IRTypeID) -> IRName {
    if let known = kernel!.functions[access] { return known }
    let base: (IRTypeID, IRName) = (access.isMaybe ? .i64 : .pointer, name("base"))
    var body = Body(name("entry"))
    let function: IRName
    switch access.kind {
    case .load(let type):
      let start = enter(access, result: type, checks: access.isChecked, &body)
      let address = access.path.map { walk($0, from: start, &body) } ?? start
      let value = freshName("value")
      let size = Int64(module.types.layout(type)?.size ?? 8)
      if access.isProbe {
        let read = probe(type, size: IROperand(.i32, .integer(size)), from: address, &body)
        body.add(IRInstruction(.load, result: value, type: type, operands: [read], alignment: UInt32(size)))
      } else {
        body.add(IRInstruction(.load, result: value, type: type, operands: [IROperand(.pointer, address)], alignment: UInt32(size)))
      }
      body.add(.ret(IROperand(type, .local(value))))
      function = define(type, [base], body)
    case .store(let type):
      let address = access.path.map { walk($0, from: .local(base.1), &body) } ?? .local(base.1)
      let size = UInt32(module.types.layout(type)?.size ?? 8)
      body.add(
        IRInstruction(.store, operands: [IROperand(type, .local(name("value"))), IROperand(.pointer, address)], alignment: size))
      body.add(.ret(nil))
      function = define(.void, [base, (type, name("value"))], body)
    case .bits: function = bitsFunction(access, base)
    case .info(let what):
      let address = walk(access.path!, from: .null, &body)
      let value = freshName("value")
      body.add(info(address, what, named: value))
      body.add(.ret(IROperand(.i32, .local(value))))
      function = define(.i32, [base], body)
    case .address: function = addressFunction(access, takes: base.0, isInteger: !module.types.isPointer(result))
    }
    if !kernel!.isCollecting { kernel!.functions[access] = function }
    return function
  }

  /// Memory on the stack with a copy of what lies at an address: zeros where that cannot be read.
  private mutating func probe(_ type: IRTypeID, size: IROperand, from address: IRValue, _ body: inout Body) -> IROperand {
    let buffer = freshName("copy")
    let alignment = UInt32(module.types.layout(type)?.alignment ?? 8)
    body.blocks[0].instructions.insert(IRInstruction(.alloca, result: buffer, type: type, alignment: alignment), at: 0)
    body.add(probeRead([IROperand(.pointer, .local(buffer)), size, IROperand(.pointer, address)], named: freshName("status")))
    return IROperand(.pointer, .local(buffer))
  }

  private mutating func info(_ address: IRValue, _ what: Int64, named: IRName) -> IRInstruction {
    call(
      "llvm.bpf.preserve.field.info.p0", result: .i32, [IROperand(.pointer, address), IROperand(.i64, .integer(what))], named: named)
  }

  /// A bit-field: the bytes that hold it, moved up to lose what is above and down to lose what is below, with its sign or without. Offset,
  /// size, distances and sign are the target's.
  private mutating func bitsFunction(_ access: KernelAccess, _ base: (IRTypeID, IRName)) -> IRName {
    var body = Body(name("entry"))
    let start = enter(access, result: .i64, checks: access.isChecked, &body)
    var answers: [IRName] = []
    for what: Int64 in [0, 1, 3, 4, 5] {
      let address = walk(access.path!, from: start, &body)
      let narrow = freshName("info")
      body.add(info(address, what, named: narrow))
      let wide = freshName("info")
      body.add(IRInstruction(.zext, result: wide, type: .i64, operands: [IROperand(.i32, .local(narrow))]))
      answers.append(wide)
    }
    let place = freshName("place")
    body.add(
      IRInstruction(
        .getelementptr, result: place, type: .i8, operands: [IROperand(.pointer, start), IROperand(.i64, .local(answers[0]))]))
    // Loads of other widths than the member's must not be taken for loads of the member: their offset stays in a register.
    let kept = freshName("place")
    var keep = IRInstruction(.call, result: kept, type: .pointer)
    keep.callee = module.add(
      IRConstant(.assembly, opcode: .asm, words: words([.sideeffect, name("\"\""), name("\"=r,0\"")]), type: .pointer))
    keep.operands = [IROperand(.pointer, .local(place))]
    body.add(keep)
    let whole: IRValue
    if access.isProbe {
      let size = freshName("size")
      let buffer = freshName("copy")
      body.blocks[0].instructions.insert(IRInstruction(.alloca, result: buffer, type: .i64, alignment: 8), at: 0)
      body.add(
        IRInstruction(.store, operands: [IROperand(.i64, .integer(0)), IROperand(.pointer, .local(buffer))], alignment: 8))
      // The verifier knows the number, and LLVM that it is no more than the buffer's.
      body.add(IRInstruction(.trunc, result: size, type: .i32, operands: [IROperand(.i64, .local(answers[1]))]))
      body.add(
        probeRead(
          [IROperand(.pointer, .local(buffer)), IROperand(.i32, .local(size)), IROperand(.pointer, .local(kept))],
          named: freshName("status")))
      let value = freshName("whole")
      body.add(IRInstruction(.load, result: value, type: .i64, operands: [IROperand(.pointer, .local(buffer))], alignment: 8))
      whole = .local(value)
    } else {
      let join = freshName("join")
      let other = freshName("other")
      var cases: [IROperand] = [IROperand(.i64, .local(answers[1])), IROperand(.label, .local(other))]
      var blocks: [IRBlock] = []
      var values: [IROperand] = []
      for size: UInt32 in [1, 2, 4, 8] {
        let label = freshName("bytes")
        cases += [IROperand(.i64, .integer(Int64(size))), IROperand(.label, .local(label))]
        let type = module.types.integer(size * 8)
        let loaded = freshName("whole")
        var block = IRBlock(label: label)
        block.instructions.append(
          IRInstruction(.load, result: loaded, type: type, operands: [IROperand(.pointer, .local(kept))], alignment: size))
        var value = loaded
        if size < 8 {
          value = freshName("whole")
          block.instructions.append(IRInstruction(.zext, result: value, type: .i64, operands: [IROperand(type, .local(loaded))]))
        }
        block.instructions.append(.br(join))
        blocks.append(block)
        values += [IROperand(.i64, .local(value)), IROperand(.label, .local(label))]
      }
      body.add(IRInstruction(.switch, operands: cases))
      body.blocks += blocks
      body.begin(other)
      body.add(.br(join))
      values += [IROperand(.i64, .integer(0)), IROperand(.label, .local(other))]
      body.begin(join)
      let value = freshName("whole")
      body.add(IRInstruction(.phi, result: value, type: .i64, operands: values))
      whole = .local(value)
    }
    let left = freshName("left")
    let signed = freshName("signed")
    let unsigned = freshName("unsigned")
    let isSigned = freshName("sign")
    let value = freshName("value")
    body.add(IRInstruction(.shl, result: left, type: .i64, operands: [IROperand(.i64, whole), IROperand(.i64, .local(answers[3]))]))
    body.add(
      IRInstruction(.ashr, result: signed, type: .i64, operands: [IROperand(.i64, .local(left)), IROperand(.i64, .local(answers[4]))]))
    body.add(
      IRInstruction(.lshr, result: unsigned, type: .i64, operands: [IROperand(.i64, .local(left)), IROperand(.i64, .local(answers[4]))]))
    body.add(
      IRInstruction(
        .icmp, result: isSigned, modifiers: words([.ne]), type: .i64,
        operands: [IROperand(.i64, .local(answers[2])), IROperand(.i64, .integer(0))]))
    body.add(
      IRInstruction(
        .select, result: value,
        operands: [
          IROperand(.i1, .local(isSigned)), IROperand(.i64, .local(signed)), IROperand(.i64, .local(unsigned)),
        ]))
    body.add(.ret(IROperand(.i64, .local(value))))
    return define(.i64, [base], body)
  }

  /// The function that gives the address at the end of a path, or the address itself without one.
  mutating func addressFunction(_ access: KernelAccess?, takes: IRTypeID, isInteger: Bool) -> IRName {
    let isMaybe = !module.types.isPointer(takes)
    let plain = KernelAccess(
      kind: .address, path: access?.path, isMaybe: isMaybe, isProbe: access?.isProbe ?? true,
      isTrusted: access?.isTrusted ?? false)
    let result: IRTypeID = isInteger ? .i64 : .pointer
    var body = Body(name("entry"))
    let start = enter(plain, result: result, checks: plain.isChecked, &body)
    let address = plain.path.map { walk($0, from: start, &body) } ?? start
    if isInteger {
      let number = freshName("number")
      body.add(IRInstruction(.ptrtoint, result: number, type: .i64, operands: [IROperand(.pointer, address)]))
      body.add(.ret(IROperand(.i64, .local(number))))
    } else {
      body.add(.ret(IROperand(.pointer, address)))
    }
    return define(result, [(takes, name("base"))], body)
  }

  /// The function that finds an element whose index is no constant.
  mutating func elementFunction() -> IRName {
    var body = Body(name("entry"))
    let distance = freshName("distance")
    let place = freshName("place")
    let pointer = freshName("pointer")
    let number = freshName("number")
    body.add(
      IRInstruction(
        .mul, result: distance, type: .i64,
        operands: [IROperand(.i64, .local(name("index"))), IROperand(.i64, .local(name("stride")))]))
    body.add(IRInstruction(.inttoptr, result: pointer, type: .pointer, operands: [IROperand(.i64, .local(name("base")))]))
    body.add(
      IRInstruction(
        .getelementptr, result: place, type: .i8, operands: [IROperand(.pointer, .local(pointer)), IROperand(.i64, .local(distance))]))
    body.add(IRInstruction(.ptrtoint, result: number, type: .i64, operands: [IROperand(.pointer, .local(place))]))
    body.add(.ret(IROperand(.i64, .local(number))))
    return define(.i64, [(.i64, name("base")), (.i64, name("index")), (.i64, name("stride"))], body)
  }

  // MARK: Types and enumerators

  /// The function that answers a question about a type: 0 existence, 1 size, 2 match, 3 number in the object, 4 number in the target.
  mutating func typeFunction(_ structure: KernelStructure, _ what: Int64) -> IRName {
    let isEnumeration = kernel!.btf.type(structure.id).map { $0.kind == .enumeration || $0.kind == .enumeration64 } ?? false
    let node: UInt32
    if isEnumeration {
      node = kernelEnumeration(structure)
    } else {
      define(structure)
      node = accessNode(structure, isRoot: true)
    }
    var body = Body(name("entry"))
    let answer = freshName("answer")
    let sequence = IROperand(.i32, .integer(kernel!.sequence))
    kernel!.sequence += 1
    var asked =
      what < 3
      ? call("llvm.bpf.preserve.type.info", result: .i32, [sequence, IROperand(.i64, .integer(what))], named: answer)
      : call("llvm.bpf.btf.type.id", result: .i64, [sequence, IROperand(.i64, .integer(what - 3))], named: answer)
    asked.attachments = [IRAttachment(kind: name("llvm.preserve.access.index"), node: .node(node))]
    body.add(asked)
    var result = answer
    if what < 3 {
      result = freshName("answer")
      body.add(IRInstruction(.zext, result: result, type: .i64, operands: [IROperand(.i32, .local(answer))]))
    }
    body.add(.ret(IROperand(.i64, .local(result))))
    return define(.i64, [], body)
  }

  /// The function that answers a question about an enumerator: 0 existence, 1 value.
  mutating func enumeratorFunction(_ enumeration: KernelStructure, _ enumerator: String, _ what: Int64) -> IRName {
    if kernel!.isCollecting { return name("bpf.core.access") }
    let value = kernel!.btf.type(enumeration.id)?.enumerators.first { $0.name == enumerator }?.value ?? 0
    let text = Array("\(enumerator):\(value)".utf8) + [0]
    fresh += 1
    let symbol = name("bpf.core.text.\(fresh)")
    var global = IRGlobal(
      name: symbol, isConstant: true, type: module.types.intern(.array(count: UInt64(text.count), element: .i8)),
      initializer: .literal(name(IRText.escaped(text))))
    global.prefix = words([.private, .unnamed_addr])
    global.alignment = 1
    module.globals.append(global)
    index()
    var body = Body(name("entry"))
    let answer = freshName("answer")
    var asked = call(
      "llvm.bpf.preserve.enum.value", result: .i64,
      [IROperand(.i32, .integer(kernel!.sequence)), IROperand(.pointer, .global(symbol)), IROperand(.i64, .integer(what))], named: answer)
    kernel!.sequence += 1
    asked.attachments = [
      IRAttachment(kind: name("llvm.preserve.access.index"), node: .node(kernelEnumeration(enumeration)))
    ]
    body.add(asked)
    body.add(.ret(IROperand(.i64, .local(answer))))
    return define(.i64, [], body)
  }

  /// The function that makes a pointer that the verifier lets programs read of an address: the kernel's `bpf_rdonly_cast`.
  mutating func castFunction(_ structure: KernelStructure) -> IRName {
    let numberOf = typeFunction(structure, 4)
    let cast = name("bpf_rdonly_cast")
    if function(cast) == nil {
      var declaration = IRFunction(name: cast, isDefinition: false, result: .pointer)
      declaration.parameters = [IRParameter(type: .pointer), IRParameter(type: .i32)]
      declaration.section = name(".ksyms")
      _ = add(declaration)
    }
    var body = Body(name("entry"))
    let type = freshName("type")
    let narrow = freshName("type")
    let result = freshName("typed")
    let number = freshName("number")
    var ask = IRInstruction(.call, result: type, type: .i64)
    ask.callee = .global(numberOf)
    let access = KernelAccess(kind: .address, path: nil, isMaybe: true, isProbe: false)
    let start = enter(access, result: .i64, checks: true, &body)
    body.add(ask)
    body.add(IRInstruction(.trunc, result: narrow, type: .i32, operands: [IROperand(.i64, .local(type))]))
    var typed = IRInstruction(.call, result: result, type: .pointer)
    typed.callee = .global(cast)
    typed.operands = [IROperand(.pointer, start), IROperand(.i32, .local(narrow))]
    body.add(typed)
    body.add(IRInstruction(.ptrtoint, result: number, type: .i64, operands: [IROperand(.pointer, .local(result))]))
    body.add(.ret(IROperand(.i64, .local(number))))
    return define(.i64, [(.i64, name("base"))], body)
  }
}
