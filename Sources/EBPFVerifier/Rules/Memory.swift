internal import EBPFISA
internal import EBPFTables

/// Loads, stores and atomics, and what of them does not depend on the kind of memory (`check_mem_access`).
extension Search {
  // MARK: Instructions

  /// The register must have a value (`check_reg_arg` for a source).
  @inline(__always)
  mutating func checkReadable(_ register: Int) throws(Stop) {
    if registers[register].kind == .uninitialized { throw unreadable(register) }
  }

  private mutating func unreadable(_ register: Int) -> Stop {
    fail("R\(register) !read_ok", .uninitializedRegister, register: register)
  }

  mutating func checkLoad(_ instruction: Instruction) throws(Stop) {
    let source = Int(instruction.source)
    try checkReadable(source)
    let kind = registers[source].kind
    let flags = registers[source].flags
    try checkAccess(
      source, offset: Int(instruction.offset), size: Opcode.accessSize(instruction.opcode), isWrite: false,
      value: Int(instruction.destination),
      signExtends: instruction.opcode & Opcode.modeMask == Opcode.memsx)
    try notePointerType(kind, flags)
  }

  mutating func checkStore(_ instruction: Instruction) throws(Stop) {
    try checkReadable(Int(instruction.source))
    let destination = Int(instruction.destination)
    try checkReadable(destination)
    let kind = registers[destination].kind
    let flags = registers[destination].flags
    try checkAccess(
      destination, offset: Int(instruction.offset), size: Opcode.accessSize(instruction.opcode), isWrite: true,
      value: Int(instruction.source))
    try notePointerType(kind, flags)
  }

  mutating func checkStoreImmediate(_ instruction: Instruction) throws(Stop) {
    let destination = Int(instruction.destination)
    try checkReadable(destination)
    let kind = registers[destination].kind
    let flags = registers[destination].flags
    try checkAccess(
      destination, offset: Int(instruction.offset), size: Opcode.accessSize(instruction.opcode), isWrite: true, value: -1)
    try notePointerType(kind, flags)
  }

  mutating func checkAtomic(_ instruction: Instruction) throws(Stop) {
    let size = Opcode.accessSize(instruction.opcode)
    let source = Int(instruction.source)
    let destination = Int(instruction.destination)
    let offset = Int(instruction.offset)
    switch instruction.immediate {
    case AtomicOperation.loadAcquire:
      try checkReadable(source)
      try checkAtomicPointer(source, "loads from")
      let (kind, flags) = (registers[source].kind, registers[source].flags)
      try checkAccess(source, offset: offset, size: size, isWrite: false, value: destination, isStrict: true)
      return try notePointerType(kind, flags)
    case AtomicOperation.storeRelease:
      try checkReadable(source)
      try checkReadable(destination)
      try checkAtomicPointer(destination, "stores into")
      let (kind, flags) = (registers[destination].kind, registers[destination].flags)
      try checkAccess(destination, offset: offset, size: size, isWrite: true, value: source, isStrict: true)
      return try notePointerType(kind, flags)
    default: break
    }
    try checkReadable(source)
    try checkReadable(destination)
    let isCompare = instruction.immediate == AtomicOperation.compareExchange
    if isCompare { try checkReadable(0) }
    try checkAtomicPointer(destination, "stores into")
    let (kind, flags) = (registers[destination].kind, registers[destination].flags)
    let fetches = instruction.immediate & AtomicOperation.fetch != 0
    let loaded = isCompare ? 0 : source
    if fetches {
      // A pointer in the register that is loaded is gone before the access.
      registers[loaded] = .unknown
    }
    try checkAccess(destination, offset: offset, size: size, isWrite: false, value: -1, isStrict: true)
    if fetches { try checkAccess(destination, offset: offset, size: size, isWrite: false, value: loaded, isStrict: true) }
    try notePointerType(kind, flags)
    try checkAccess(destination, offset: offset, size: size, isWrite: true, value: -1, isStrict: true)
  }

  private mutating func checkAtomicPointer(_ register: Int, _ verb: String) throws(Stop) {
    let kind = registers[register].kind
    if kind == .context || registers[register].isAnyPacketPointer && kind != .packetEnd || kind == .flowKeys || registers[register].isSocket
    {
      throw fail("BPF_ATOMIC \(verb) R\(register) \(registers[register].typeName) is not allowed", .argument, register: register)
    }
  }

  /// An instruction must not access different things on different paths, where that changes how it is carried out (`save_aux_ptr_type`).
  @inline(__always)
  private mutating func notePointerType(_ kind: RegisterKind, _ flags: TypeFlags) throws(Stop) {
    let type = UInt64(kind.rawValue) | UInt64(flags.rawValue) << 8
    let before = program.pointerTypes[at]
    if before == type { return }
    if before == 0 {
      program.pointerTypes[at] = type
      return
    }
    func isParticular(_ type: UInt64) -> Bool {
      switch RegisterKind(rawValue: UInt8(truncatingIfNeeded: type)) {
      case .context, .socket, .socketCommon, .tcpSocket, .xdpSocket, .kernelObject: true
      default: false
      }
    }
    if isParticular(before) || isParticular(type) { throw fail("same insn cannot be used with different pointers") }
  }

  // MARK: Any access

  /// Checks a load or store of `size` bytes through a pointer, and gives the loaded register its value.
  ///
  /// - Parameters:
  ///   - value: The register that is loaded or stored; -1: something unknown is written, or what is read does not matter.
  ///   - isStrict: The access must be aligned, as atomics must.
  mutating func checkAccess(
    _ pointer: Int, offset: Int, size: Int, isWrite: Bool, value: Int, isStrict: Bool = false, signExtends: Bool = false
  ) throws(Stop) {
    let register = registers + pointer
    try checkAlignment(pointer, offset: offset, size: size, isStrict: isStrict)
    let total = offset + Int(register.pointee.offset)
    let loads = !isWrite && value >= 0
    switch register.pointee.kind {
    case .stack:
      try checkStackBounds(pointer, offset: total, size: size, access: isWrite ? .write : .read)
      if isWrite {
        try checkStackWrite(pointer, offset: total, size: size, value: value)
      } else {
        try checkStackRead(pointer, offset: total, size: size, value: value)
      }
    case .packet, .packetMeta:
      if isWrite, !mayAccessPacket(helper: nil, isWrite: true) {
        throw fail("cannot write into packet", .packetWrite, register: pointer)
      }
      try checkPacketAccess(pointer, offset: total, size: size, allowsZero: false)
      if loads { registers[value] = .unknown }
    case .mapValue where !register.pointee.mayBeNull:
      try checkMapPermission(pointer, offset: total, size: size, isWrite: isWrite)
      try checkMapAccess(pointer, offset: total, size: size, allowsZero: false, isDirect: true)
      if loads { registers[value] = mapConstant(register.pointee, offset: total, size: size, signExtends: signExtends) ?? .unknown }
    case .context:
      try loadOrStoreContext(pointer, offset: total, size: size, isWrite: isWrite, value: value, signExtends: signExtends)
    case .memory:
      if register.pointee.mayBeNull { throw invalidAccess(pointer) }
      let isReadOnly = register.pointee.flags.contains(.memRdonly)
      if isWrite, isReadOnly { throw fail("R\(pointer) cannot write into \(register.pointee.typeName)", register: pointer) }
      try checkRegion(pointer, offset: total, size: size, memory: Int(UInt32(bitPattern: register.pointee.detail)), allowsZero: false)
      if loads { registers[value] = .unknown }
    case .mapKey:
      if isWrite { throw fail("write to change key R\(pointer) not allowed", register: pointer) }
      try checkRegion(pointer, offset: total, size: size, memory: program.maps[Int(register.pointee.detail)].keySize, allowsZero: false)
      if loads { registers[value] = .unknown }
    case .flowKeys:
      guard total >= 0, total + size <= 56 else {
        throw fail("invalid access to flow keys off=\(total) size=\(size)", .contextField, register: pointer)
      }
      if loads { registers[value] = .unknown }
    case .socket, .socketCommon, .tcpSocket, .xdpSocket:
      if register.pointee.mayBeNull { throw invalidAccess(pointer) }
      if isWrite { throw fail("R\(pointer) cannot write into \(register.pointee.typeName)", register: pointer) }
      if register.pointee.scalar.smin < 0 { throw negative(pointer) }
      guard SocketFields.canLoad(register.pointee.kind, at: total, size: size) else {
        throw fail("R\(pointer) invalid \(register.pointee.typeName) access off=\(total) size=\(size)", .contextField, register: pointer)
      }
      if loads { registers[value] = .unknown }
    case .tracepointBuffer:
      guard total >= 0 else {
        throw fail("R\(pointer) invalid tp_buffer buffer access: off=\(total), size=\(size)", register: pointer)
      }
      guard register.pointee.scalar.constant == 0 else {
        throw fail(
          "R\(pointer) invalid variable buffer offset: off=\(total), var_off=\(register.pointee.scalar.bits.kernelText)", register: pointer)
      }
      throw unsupported("access to a tracepoint's buffer, whose size only the tracepoint knows")
    case .kernelObject where !register.pointee.mayBeNull:
      throw unsupported("access to the fields of a kernel object")
    case .mapPointer:
      try loadOrStoreMap(pointer, offset: total, size: size, isWrite: isWrite, value: value)
    default:
      throw invalidAccess(pointer)
    }
    if loads, size < 8, registers[value].isScalar {
      if signExtends {
        extendLoaded(value, size: size)
      } else {
        truncateLoaded(value, size: size)
      }
    }
  }

  /// `coerce_reg_to_size`.
  private mutating func truncateLoaded(_ register: Int, size: Int) {
    registers[register].scalar.truncate(toBytes: size)
  }

  /// `coerce_reg_to_size_sx`.
  private mutating func extendLoaded(_ register: Int, size: Int) {
    registers[register].scalar.signExtend(from: size * 8, is32: false)
  }

  mutating func invalidAccess(_ pointer: Int) -> Stop {
    let register = registers[pointer]
    return fail(
      "R\(pointer) invalid mem access '\(register.typeName)'",
      register.mayBeNull ? .nullCheck : register.kind == .scalar ? .number : .other, register: pointer)
  }

  mutating func negative(_ pointer: Int) -> Stop {
    fail(
      "R\(pointer) min value is negative, either use unsigned index or do a if (index >=0) check.", .offset, register: pointer)
  }

  // MARK: Alignment

  private mutating func checkAlignment(_ pointer: Int, offset: Int, size: Int, isStrict: Bool) throws(Stop) {
    let register = registers + pointer
    let kind = register.pointee.kind
    guard size > 1, isStrict || options.strictAlignment || kind == .stack else { return }
    let isPacket = register.pointee.isPacketPointer
    let fixed = Int(register.pointee.offset) + offset + (isPacket ? 2 : 0)
    let place = register.pointee.scalar.bits + Tnum(constant: UInt64(bitPattern: Int64(fixed)))
    if place.isAligned(to: UInt64(size)) { return }
    let variable = register.pointee.scalar.bits.kernelText
    if isPacket {
      throw fail(
        "misaligned packet access off 2+\(variable)+\(register.pointee.offset)+\(offset) size \(size)", register: pointer)
    }
    let word: String
    switch kind {
    case .flowKeys: word = "flow keys "
    case .mapKey: word = "key "
    case .mapValue: word = "value "
    case .context: word = "context "
    case .stack: word = "stack "
    case .socket: word = "sock "
    case .socketCommon: word = "sock_common "
    case .tcpSocket: word = "tcp_sock "
    case .xdpSocket: word = "xdp_sock "
    default: word = ""
    }
    throw fail("misaligned \(word)access off \(variable)+\(register.pointee.offset)+\(offset) size \(size)", register: pointer)
  }

  // MARK: Regions

  /// What is wrong with an access at a fixed place, in the kernel's words; `nil`: nothing (`__check_mem_access`).
  private func regionProblem(_ pointer: Int, offset: Int64, size: Int, memory: Int, allowsZero: Bool) -> String? {
    if offset >= 0, size > 0 || (size == 0 && allowsZero), offset &+ Int64(size) <= Int64(memory) { return nil }
    let register = registers[pointer]
    switch register.kind {
    case .mapKey: return "invalid access to map key, key_size=\(memory) off=\(offset) size=\(size)"
    case .mapValue: return "invalid access to map value, value_size=\(memory) off=\(offset) size=\(size)"
    case .packet, .packetMeta, .packetEnd:
      return "invalid access to packet, off=\(offset) size=\(size), R\(pointer)(id=\(register.id),off=\(offset),r=\(memory))"
    default: return "invalid access to memory, mem_size=\(memory) off=\(offset) size=\(size)"
    }
  }

  /// An access at the pointer's lowest and at its highest place (`check_mem_region_access`).
  mutating func checkRegion(_ pointer: Int, offset: Int, size: Int, memory: Int, allowsZero: Bool) throws(Stop) {
    let scalar = registers[pointer].scalar
    let offset = Int64(offset)
    if scalar.smin < 0 {
      let lowest = scalar.smin == .min ? Int64.min : offset &+ scalar.smin
      if lowest != Int64(Int32(truncatingIfNeeded: lowest)) || lowest < 0 { throw negative(pointer) }
    }
    if let problem = regionProblem(pointer, offset: scalar.smin &+ offset, size: size, memory: memory, allowsZero: allowsZero) {
      throw fail("\(problem); R\(pointer) min value is outside of the allowed memory range", .mapBounds, register: pointer)
    }
    if scalar.umax >= UInt64(Register.maximumOffset) {
      throw fail(
        "R\(pointer) unbounded memory access, make sure to bounds check any such access", .offset, register: pointer)
    }
    if let problem = regionProblem(pointer, offset: Int64(scalar.umax) &+ offset, size: size, memory: memory, allowsZero: allowsZero) {
      throw fail("\(problem); R\(pointer) max value is outside of the allowed memory range", .mapBounds, register: pointer)
    }
  }

  // MARK: Packets

  /// Whether programs of this type touch the packet through pointers (`may_access_direct_pkt_data`).
  func mayAccessPacket(helper: HelperPrototype?, isWrite: Bool) -> Bool {
    switch program.type {
    case .lwtIn, .lwtOut, .lwtSeg6local, .skReuseport, .flowDissector, .cgroupSkb:
      if isWrite { return false }
      return helper?.takesPacketMemory ?? true
    case .schedCls, .schedAct, .xdp, .lwtXmit, .skSkb, .skMsg: return helper?.takesPacketMemory ?? true
    case .cgroupSockopt: return true
    default: return false
    }
  }

  mutating func checkPacketAccess(_ pointer: Int, offset: Int, size: Int, allowsZero: Bool) throws(Stop) {
    let register = registers[pointer]
    if register.scalar.smin < 0 { throw negative(pointer) }
    if register.detail < 0 { throw fail("R\(pointer) offset is outside of the packet", .packetBounds, register: pointer) }
    if let problem = regionProblem(pointer, offset: Int64(offset), size: size, memory: Int(register.detail), allowsZero: allowsZero) {
      throw fail("\(problem); R\(pointer) offset is outside of the packet", .packetBounds, register: pointer)
    }
  }
}
