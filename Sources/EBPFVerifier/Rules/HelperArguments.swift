internal import EBPFISA
internal import EBPFTables

/// Arguments of helpers, by prototype (`check_func_arg`).
extension Search {
  mutating func checkArgument(_ index: Int, _ facts: inout CallFacts) throws(Stop) {
    let register = index + 1
    let argument = facts.prototype.arguments[index]
    var base = argument.base
    try checkReadable(register)
    if base == .anything { return }
    if registers[register].isAnyPacketPointer, !mayAccessPacket(helper: facts.prototype, isWrite: false) {
      throw fail("helper access to the packet is not allowed", .argument, register: register)
    }
    if base == .ptrToMapValue, let map = facts.map {
      switch program.maps[map].type {
      case .sockmap, .sockhash: base = .ptrToBtfIdSockCommon
      default: break
      }
    }
    let mayBeNull = argument.flags.contains(.ptrMaybeNull)
    let releases = argument.flags.contains(.objRelease)
    if registers[register].isNull, mayBeNull {
      markPrecise(register)
    } else {
      try checkType(register, base, argument, facts)
      try checkArgumentOffset(register, base: base, releases: releases)
    }
    if releases {
      if registers[register].reference == 0, !registers[register].isNull {
        throw fail("R\(register) must be referenced when passed to release function", .releasedTwice, register: register)
      }
      facts.released = register
    }
    if registers[register].reference != 0 {
      if facts.reference != 0 {
        throw fail(
          "more than one arg with ref_obj_id R\(register) \(registers[register].reference) \(facts.reference)", register: register)
      }
      facts.reference = registers[register].reference
    }
    try checkContents(register, base, argument, index, &facts)
  }

  private mutating func checkContents(
    _ register: Int, _ base: ArgumentBase, _ argument: ArgumentType, _ index: Int, _ facts: inout CallFacts
  ) throws(Stop) {
    let isNull = registers[register].isNull && argument.flags.contains(.ptrMaybeNull)
    let isWrite = argument.flags.contains(.memWrite)
    switch base {
    case .constMapPtr:
      if let map = facts.map, map != Int(registers[register].detail) || facts.lookup != registers[register].lookup {
        throw unsupported("two different maps in one call")
      }
      facts.map = Int(registers[register].detail)
      facts.lookup = registers[register].lookup
    case .ptrToMapKey:
      guard let map = facts.map else { throw fail("invalid map_ptr to access map->key", register: register) }
      if isNull { return }
      let size = program.maps[map].keySize
      try checkHelperMemory(register, size: size, isWrite: isWrite, allowsZero: false, isRaw: false, helper: facts.prototype)
      if program.maps[map].type == .array || program.maps[map].type == .percpuArray { facts.key = constantKey(register, size: size) }
    case .ptrToMapValue:
      if isNull { return }
      guard let map = facts.map else { throw fail("invalid map_ptr to access map->value", register: register) }
      let isRaw = argument.flags.contains(.memUninit)
      let size = program.maps[map].valueSize
      if try checkHelperMemory(register, size: size, isWrite: isWrite, allowsZero: false, isRaw: isRaw, helper: facts.prototype) {
        facts.rawRegister = register
        facts.rawSize = size
      }
    case .ptrToMem:
      facts.isRaw = argument.flags.contains(.memUninit)
      guard argument.flags.contains(.memFixedSize), !isNull else { return }
      let size = argument.fixedSize
      if try checkHelperMemory(
        register, size: size, isWrite: isWrite, allowsZero: false, isRaw: facts.isRaw, helper: facts.prototype)
      {
        facts.rawRegister = register
        facts.rawSize = size
      }
      if argument.flags.contains(.memAligned) { try checkFixedAlignment(register, size: size) }
    case .constSize, .constSizeOrZero:
      let before = facts.prototype.arguments[index - 1]
      try checkLength(
        register, isWrite: before.flags.contains(.memWrite), allowsZero: base == .constSizeOrZero, &facts)
    case .constAllocSizeOrZero:
      guard let size = registers[register].constant else {
        throw fail("R\(register) is not a known constant'", .length, register: register)
      }
      facts.memorySize = size
      markPrecise(register)
    case .ptrToConstStr: try checkConstantString(register)
    case .ptrToFunc: facts.function = Int(registers[register].detail)
    case .ptrToCtx, .ptrToSockCommon, .ptrToSocket, .ptrToRingbufMem, .ptrToBtfIdSockCommon, .ptrToStack, .ptrToBtfId: break
    case .dontcare, .anything: break
    case .ptrToArena: throw unsupported("arena memory")
    case .ptrToSpinLock: throw unsupported("spin locks")
    case .ptrToPercpuBtfId: throw unsupported("per-CPU kernel variables")
    case .ptrToTimer: throw unsupported("timers")
    case .kptrXchgDest: throw unsupported("pointers to kernel objects in maps")
    case .ptrToDynptr: throw unsupported("dynptrs")
    }
  }

  // MARK: Types

  /// The kinds of pointer that an argument takes, in the order of the kernel's tables.
  private static func kinds(of base: ArgumentBase) -> [(RegisterKind, TypeFlags)] {
    switch base {
    case .ptrToMapKey, .ptrToMapValue, .ptrToMem:
      [
        (.stack, []), (.packet, []), (.packetMeta, []), (.mapKey, []), (.mapValue, []), (.memory, []), (.memory, .memRingbuf),
        (.kernelObject, .ptrTrusted),
      ]
    case .constSize, .constSizeOrZero, .constAllocSizeOrZero: [(.scalar, [])]
    case .constMapPtr: [(.mapPointer, [])]
    case .ptrToCtx: [(.context, [])]
    case .ptrToSockCommon: [(.socketCommon, []), (.socket, []), (.tcpSocket, []), (.xdpSocket, [])]
    case .ptrToBtfIdSockCommon:
      [
        (.socketCommon, []), (.socket, []), (.tcpSocket, []), (.xdpSocket, []), (.kernelObject, []), (.kernelObject, .ptrTrusted),
      ]
    case .ptrToSocket: [(.socket, [])]
    case .ptrToBtfId: [(.kernelObject, []), (.kernelObject, .ptrTrusted), (.kernelObject, .memRcu)]
    case .ptrToSpinLock: [(.mapValue, []), (.kernelObject, .memAlloc)]
    case .ptrToRingbufMem: [(.memory, .memRingbuf)]
    case .ptrToPercpuBtfId: [(.kernelObject, .memPercpu)]
    case .ptrToFunc: [(.function, [])]
    case .ptrToStack: [(.stack, [])]
    case .ptrToConstStr, .ptrToTimer: [(.mapValue, [])]
    case .kptrXchgDest: [(.mapValue, []), (.kernelObject, .memAlloc)]
    case .ptrToDynptr: [(.stack, [])]
    case .dontcare, .anything, .ptrToArena: []
    }
  }

  /// `check_reg_type`.
  private mutating func checkType(_ register: Int, _ base: ArgumentBase, _ argument: ArgumentType, _ facts: CallFacts) throws(Stop) {
    let kind = registers[register].kind
    var flags = registers[register].flags
    if argument.flags.contains(.memRdonly) { flags.remove(.memRdonly) }
    if argument.flags.contains(.ptrMaybeNull) { flags.remove(.ptrMaybeNull) }
    if Search.accepts(base, kind, flags) {
      guard kind == .kernelObject else { return }
      try checkObject(register, base, argument, facts)
      return
    }
    let words = Search.kinds(of: base).map { Register.typeName($0.0, $0.1) }.joined(separator: ", ")
    throw fail(
      "R\(register) type=\(registers[register].typeName) expected=\(words)",
      registers[register].mayBeNull ? .nullCheck : .argument, register: register)
  }

  /// ``kinds(of:)`` as a question, without making a list.
  private static func accepts(_ base: ArgumentBase, _ kind: RegisterKind, _ flags: TypeFlags) -> Bool {
    switch base {
    case .constSize, .constSizeOrZero, .constAllocSizeOrZero: return kind == .scalar
    case .constMapPtr: return kind == .mapPointer && flags == []
    case .ptrToCtx: return kind == .context
    case .ptrToStack, .ptrToDynptr: return kind == .stack
    case .ptrToMapKey, .ptrToMapValue, .ptrToMem:
      switch kind {
      case .stack, .packet, .packetMeta, .mapKey: return true
      case .mapValue: return flags == []
      case .memory: return flags == [] || flags == .memRingbuf
      case .kernelObject: return flags == .ptrTrusted
      default: return false
      }
    default: return kinds(of: base).contains { $0.0 == kind && $0.1 == flags }
    }
  }

  private mutating func checkObject(_ register: Int, _ base: ArgumentBase, _ argument: ArgumentType, _ facts: CallFacts) throws(Stop) {
    let held = objectNames[Int(registers[register].detail)]
    if base == .ptrToBtfId, let wanted = argument.typeName, wanted == held { return }
    // Kernel structs of sockets begin with `struct sock_common`.
    if base == .ptrToBtfIdSockCommon, Search.socketStructs.contains(held) { return }
    throw unsupported("an argument of type \(held)")
  }

  private static let socketStructs: Set<String> = [
    "struct sock_common", "struct sock", "struct tcp_sock", "struct tcp6_sock", "struct udp6_sock", "struct tcp_timewait_sock",
    "struct tcp_request_sock", "struct mptcp_sock", "struct unix_sock",
  ]

  /// `check_func_arg_reg_off`.
  mutating func checkArgumentOffset(_ register: Int, base: ArgumentBase, releases: Bool) throws(Stop) {
    if releases {
      if registers[register].offset != 0 {
        throw fail("R\(register) must have zero offset when passed to release func or trusted arg to kfunc", register: register)
      }
      try checkUnmodified(register)
      return
    }
    switch registers[register].kind {
    case .stack, .packet, .packetMeta, .mapKey, .scalar: return
    case .mapValue, .memory:
      if !registers[register].mayBeNull { return }
      try checkUnmodified(register)
    case .kernelObject: try checkUnmodified(register, allowsFixed: true)
    default: try checkUnmodified(register)
    }
  }

  // MARK: Memory

  /// Memory of a size that a helper reads or writes (`check_helper_mem_access`).
  ///
  /// - Returns: whether it is stack that need not be written before (`isRaw`); the caller then marks it as written.
  @discardableResult
  mutating func checkHelperMemory(
    _ register: Int, size: Int, isWrite: Bool, allowsZero: Bool, isRaw: Bool, helper: HelperPrototype?
  ) throws(Stop) -> Bool {
    let pointer = registers[register]
    let offset = Int(pointer.offset)
    switch pointer.kind {
    case .packet, .packetMeta:
      try checkPacketAccess(register, offset: offset, size: size, allowsZero: allowsZero)
    case .mapKey:
      if isWrite { throw fail("R\(register) cannot write into \(pointer.typeName)", register: register) }
      try checkRegion(register, offset: offset, size: size, memory: program.maps[Int(pointer.detail)].keySize, allowsZero: false)
    case .mapValue where !pointer.mayBeNull:
      try checkMapPermission(register, offset: offset, size: size, isWrite: isWrite)
      try checkMapAccess(register, offset: offset, size: size, allowsZero: allowsZero, isDirect: false)
    case .memory where !pointer.mayBeNull:
      if isWrite, pointer.flags.contains(.memRdonly) {
        throw fail("R\(register) cannot write into \(pointer.typeName)", register: register)
      }
      try checkRegion(
        register, offset: offset, size: size, memory: Int(UInt32(bitPattern: pointer.detail)), allowsZero: allowsZero)
    case .stack:
      return try checkStackRange(
        register, offset: offset, size: size, allowsZero: allowsZero, access: isWrite ? .helperWrite : .helperRead, isRaw: isRaw)
    case .kernelObject:
      throw unsupported("an argument of type \(objectNames[Int(pointer.detail)])")
    case .context where isPlainContext:
      if size == 0 {
        guard allowsZero else { throw fail("invalid zero-sized read", .zeroSize, register: register) }
        return false
      }
      try checkAccess(register, offset: size - 1, size: 1, isWrite: isWrite, value: -1)
    default:
      if allowsZero, size == 0, pointer.isNull { return false }
      throw fail("R\(register) type=\(pointer.typeName) expected=fp", pointer.mayBeNull ? .nullCheck : .argument, register: register)
    }
    return false
  }

  /// Contexts that the kernel hands over as they are, without rewriting loads.
  private var isPlainContext: Bool {
    switch program.type {
    case .syscall, .rawTracepoint, .rawTracepointWritable, .tracepoint, .kprobe, .tracing, .lsm, .structOps, .ext, .lircMode2,
      .cgroupDevice,
      .netfilter:
      true
    default: false
    }
  }

  private mutating func checkFixedAlignment(_ register: Int, size: Int) throws(Stop) {
    let pointer = registers[register]
    let place = pointer.scalar.bits + Tnum(constant: UInt64(bitPattern: Int64(pointer.offset)))
    guard size > 1, !place.isAligned(to: UInt64(size)) else { return }
    let word = pointer.kind == .stack ? "stack " : pointer.kind == .mapValue ? "value " : ""
    throw fail(
      "misaligned \(word)access off \(pointer.scalar.bits.kernelText)+\(pointer.offset)+0 size \(size)", register: register)
  }

  /// A length, for the memory in the register before (`check_mem_size_reg`).
  private mutating func checkLength(_ register: Int, isWrite: Bool, allowsZero: Bool, _ facts: inout CallFacts) throws(Stop) {
    let scalar = registers[register].scalar
    facts.length = scalar.umax
    let isRaw = facts.isRaw && scalar.constant != nil
    if scalar.smin < 0 {
      throw fail("R\(register) min value is negative, either use unsigned or 'var &= const'", .length, register: register)
    }
    if scalar.umin == 0, !allowsZero {
      throw fail(
        "R\(register) invalid zero-sized read: u64=[\(Int64(bitPattern: scalar.umin)),\(Int64(bitPattern: scalar.umax))]", .zeroSize,
        register: register)
    }
    if scalar.umax >= 1 << 29 {
      throw fail("R\(register) unbounded memory access, use 'var &= const' or 'if (var < const)'", .length, register: register)
    }
    if try checkHelperMemory(
      register - 1, size: Int(scalar.umax), isWrite: isWrite, allowsZero: allowsZero, isRaw: isRaw, helper: facts.prototype)
    {
      facts.rawRegister = register - 1
      facts.rawSize = Int(scalar.umax)
    }
    markPrecise(register)
  }

  /// A string in a map that nobody changes (`check_reg_const_str`).
  private mutating func checkConstantString(_ register: Int) throws(Stop) {
    let pointer = registers[register]
    let map = program.maps[Int(pointer.detail)]
    guard map.constants != nil else { throw fail("R\(register) does not point to a readonly map'", .argument, register: register) }
    guard pointer.scalar.constant != nil else { throw fail("R\(register) is not a constant address'", .argument, register: register) }
    try checkMapAccess(
      register, offset: Int(pointer.offset), size: map.valueSize - Int(pointer.offset), allowsZero: false, isDirect: false)
    guard constantString(pointer) != nil else { throw fail("string is not zero-terminated", .argument, register: register) }
  }

  /// A key of known bytes on the stack, for arrays: with it a look-up cannot fail (`get_constant_map_key`).
  private mutating func constantKey(_ register: Int, size: Int) -> UInt64? {
    let pointer = registers[register]
    guard pointer.kind == .stack, let variable = pointer.scalar.constant else { return nil }
    let place = -(Int(pointer.offset) + Int(Int64(bitPattern: variable))) - 1
    let slot = place / 8
    let start = place % 8
    let frame = stackFrame(of: register)
    guard place >= 0, slot < frame.pointee.slots else { return nil }
    let bytes = frame.pointee.bytes[slot]
    var zeros = 0
    while zeros <= start, bytes[start - zeros] == StackByte.zero { zeros += 1 }
    if zeros >= size { return 0 }
    guard bytes.isSpill, frame.pointee.spilled[slot].isScalar, let value = frame.pointee.spilled[slot].constant else { return nil }
    var spills = 0
    while spills <= start, bytes[start - spills] == StackByte.spill { spills += 1 }
    guard spills == size, start == 7 else { return nil }
    markPrecise(slot: slot, in: frame.pointee.number)
    return value
  }
}
