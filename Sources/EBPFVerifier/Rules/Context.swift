internal import EBPFISA
internal import EBPFTables

/// Fields of the context, and of the sockets that it leads to.
extension Search {
  /// A pointer that may only be used as it was given (`__check_ptr_off_reg`).
  mutating func checkUnmodified(_ pointer: Int, allowsFixed: Bool = false) throws(Stop) {
    let register = registers[pointer]
    if register.offset < 0 {
      throw fail(
        "negative offset \(register.typeName) ptr R\(pointer) off=\(register.offset) disallowed", .contextPointer, register: pointer)
    }
    if !allowsFixed, register.offset != 0 {
      throw fail(
        "dereference of modified \(register.typeName) ptr R\(pointer) off=\(register.offset) disallowed", .contextPointer, register: pointer
      )
    }
    if register.scalar.constant != 0 {
      throw fail(
        "variable \(register.typeName) access var_off=\(register.scalar.bits.kernelText) disallowed", .contextPointer, register: pointer)
    }
  }

  mutating func loadOrStoreContext(
    _ pointer: Int, offset: Int, size: Int, isWrite: Bool, value: Int, signExtends: Bool
  ) throws(Stop) {
    try checkUnmodified(pointer)
    switch program.type {
    case .tracing, .lsm, .structOps, .ext: throw unsupported("the context of program type \(program.type), which kernel types describe")
    default: break
    }
    guard let layout = program.layout else { throw unsupported("the context of program type \(program.type)") }
    if isWrite {
      guard layout.canStore(at: offset, size: size) else { throw invalidField(pointer, offset, size) }
      contextSize = max(contextSize, offset + size)
      if layout.structName == "__sk_buff" { noteHalfWord(at: offset) }
      return
    }
    guard let loaded = layout.load(at: offset, size: size), !signExtends || loaded == .scalar else {
      throw invalidField(pointer, offset, size)
    }
    contextSize = max(contextSize, offset + size)
    guard value >= 0 else { return }
    var result: Register
    switch loaded {
    case .scalar: result = .unknown
    case .packet: result = .pointer(.packet)
    case .packetEnd: result = .pointer(.packetEnd)
    case .packetMeta: result = .pointer(.packetMeta)
    case .socketCommonOrNull: result = .pointer(.socketCommon, flags: .ptrMaybeNull)
    case .socketOrNull: result = .pointer(.socket, flags: .ptrMaybeNull)
    case .socket: result = .pointer(.socket)
    case .flowKeys: result = .pointer(.flowKeys)
    case .tracepointBuffer: result = .pointer(.tracepointBuffer)
    case .trustedSkBuff, .trustedNfHookState: throw unsupported("context field at \(offset): \(loaded.kernelName)")
    }
    if result.mayBeNull { result.id = newID() }
    registers[value] = result
  }

  /// Notes a store to a field of `struct __sk_buff` that is 32 bits wide for programs and 16 behind that.
  private mutating func noteHalfWord(at offset: Int) {
    switch offset {
    case HalfWordFields.queueMapping: facts.flags[at].formUnion([.halfWordField, .queueField])
    case HalfWordFields.tcIndex, HalfWordFields.tcClassID: facts.flags[at].insert(.halfWordField)
    default: break
    }
  }

  private mutating func invalidField(_ pointer: Int, _ offset: Int, _ size: Int) -> Stop {
    fail("invalid bpf_context access off=\(offset) size=\(size)", .contextField, register: pointer)
  }
}

/// Where the fields of `struct __sk_buff` are that have 16 bits in the kernel (`bpf_convert_ctx_access`).
private enum HalfWordFields {
  static let queueMapping = 12
  static let tcIndex = 44
  static let tcClassID = 72
}

/// What may be read of `struct bpf_sock`, `bpf_tcp_sock` and `bpf_xdp_sock` (`bpf_sock_is_valid_access` and its kin).
enum SocketFields {
  static func canLoad(_ kind: RegisterKind, at offset: Int, size: Int) -> Bool {
    guard offset >= 0, offset % size == 0 else { return false }
    switch kind {
    case .socketCommon:
      // type, protocol, mark and priority are of full sockets only.
      return (offset < 8 || offset >= 24) && canLoadSocket(at: offset, size: size)
    case .socket: return canLoadSocket(at: offset, size: size)
    case .tcpSocket:
      guard offset + size <= 112 else { return false }
      // bytes_received and bytes_acked have 64 bits.
      return offset == 80 || offset == 88 ? size == 8 : size == 4 && (offset < 80 || offset >= 96)
    case .xdpSocket: return offset == 0 && size == 4
    default: return false
    }
  }

  private static func canLoadSocket(at offset: Int, size: Int) -> Bool {
    guard offset < 80 else { return false }
    func isNarrow(_ whole: Int) -> Bool { size <= whole && (offset & (whole - 1)) + size <= whole }
    switch offset {
    // family, type, protocol; src_ip4, src_ip6; src_port; dst_ip4, dst_ip6; state, rx_queue_mapping.
    case 4..<16 where offset % 4 == 0, 24..<44, 44, 52..<72, 72, 76: return isNarrow(4)
    // dst_port: 16 bits of a 32-bit field.
    case 48..<50: return size == 4 ? true : isNarrow(2)
    case 50..<52: return false
    default: return size == 4
    }
  }
}
