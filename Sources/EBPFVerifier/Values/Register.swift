internal import EBPFTables

/// What a register holds, or eight bytes of stack into which one was spilled (`enum bpf_reg_type` without its flags).
enum RegisterKind: UInt8 {
  /// Nothing yet: it must not be read.
  case uninitialized
  case scalar
  case context
  /// A map itself (`CONST_PTR_TO_MAP`).
  case mapPointer
  case mapValue
  case mapKey
  case stack
  case packetMeta
  case packet
  case packetEnd
  case flowKeys
  case socket
  case socketCommon
  case tcpSocket
  case xdpSocket
  case tracepointBuffer
  /// A kernel object of a C type; nothing behind it can be read yet.
  case kernelObject
  /// Memory of a known size.
  case memory
  /// A function of the program, for use as a callback.
  case function

  /// The kernel's word, as `reg_type_str` has it.
  var name: String {
    switch self {
    case .uninitialized: "?"
    case .scalar: "scalar"
    case .context: "ctx"
    case .mapPointer: "map_ptr"
    case .mapValue: "map_value"
    case .mapKey: "map_key"
    case .stack: "fp"
    case .packetMeta: "pkt_meta"
    case .packet: "pkt"
    case .packetEnd: "pkt_end"
    case .flowKeys: "flow_keys"
    case .socket: "sock"
    case .socketCommon: "sock_common"
    case .tcpSocket: "tcp_sock"
    case .xdpSocket: "xdp_sock"
    case .tracepointBuffer: "tp_buffer"
    case .kernelObject: "ptr_"
    case .memory: "mem"
    case .function: "func"
    }
  }
}

/// What is known of one register, or of a register in the stack (`struct bpf_reg_state`). Plain bytes: copied freely, never counted.
struct Register {
  /// The type's base and flags.
  var kind: RegisterKind
  var flags: TypeFlags
  /// The fixed part of a pointer's offset; of a number with a bit of ``distanceMask`` in its ``id`` the distance to the numbers it is linked to.
  var offset: Int32
  /// Which registers were copied from each other: pointers share what is learned of one of them, numbers their range.
  var id: UInt32
  /// The reference that the pointer holds (`ref_obj_id`), 0 without.
  var reference: UInt32
  /// Packets: bytes known to be there (or ``PacketRange``). Memory: its size. Maps, their keys and values: the map. Stack: the frame.
  /// Functions: the function. Kernel objects: the name of the type.
  var detail: Int32
  /// Inner maps: which look-up they are from (`map_uid`).
  var lookup: UInt32
  /// The number, or the variable part of a pointer's offset.
  var scalar: Scalar

  /// The bits of ``id`` that say that the number is another one plus ``offset``: in 64 bits, or in 32 and zero-extended (`BPF_ADD_CONST`).
  static let addConstant: UInt32 = 1 << 31
  static let addConstant32: UInt32 = 1 << 30
  static let distanceMask: UInt32 = 0b11 << 30

  static let uninitialized = Register(kind: .uninitialized, scalar: Scalar(constant: 0))
  static let unknown = Register(kind: .scalar, scalar: .unknown)
  static func constant(_ value: UInt64) -> Register { Register(kind: .scalar, scalar: Scalar(constant: value)) }
  /// A pointer to the start of something.
  static func pointer(_ kind: RegisterKind, flags: TypeFlags = [], detail: Int32 = 0, offset: Int32 = 0) -> Register {
    Register(kind: kind, flags: flags, offset: offset, detail: detail, scalar: Scalar(constant: 0))
  }

  private init(kind: RegisterKind, flags: TypeFlags = [], offset: Int32 = 0, detail: Int32 = 0, scalar: Scalar) {
    self.kind = kind
    self.flags = flags
    self.offset = offset
    id = 0
    reference = 0
    self.detail = detail
    lookup = 0
    self.scalar = scalar
  }

  var isScalar: Bool { kind == .scalar }
  var isPointer: Bool { kind != .scalar }
  var mayBeNull: Bool { flags.contains(.ptrMaybeNull) }
  /// A packet's data or metadata.
  var isPacketPointer: Bool { kind == .packet || kind == .packetMeta }
  var isAnyPacketPointer: Bool { kind == .packet || kind == .packetMeta || kind == .packetEnd }
  var isSocket: Bool { kind == .socket || kind == .socketCommon || kind == .tcpSocket || kind == .xdpSocket }
  /// The number zero, which is also the null pointer.
  var isNull: Bool { kind == .scalar && scalar.constant == 0 }
  var constant: UInt64? { kind == .scalar ? scalar.constant : nil }
  var linkedID: UInt32 { id & ~Register.distanceMask }

  /// Kind and flags agree (`type == type`).
  func hasType(of other: Register) -> Bool { kind == other.kind && flags == other.flags }

  /// All agrees but the ids (`memcmp` up to `id` in `regs_exact`).
  func isSame(as other: Register) -> Bool {
    kind == other.kind && flags == other.flags && offset == other.offset && detail == other.detail && lookup == other.lookup
      && scalar == other.scalar
  }

  mutating func clearLink() {
    id = 0
    offset = 0
  }

  /// The pointer leads into an object: it is not null, and so near to the object's start that no sum has come round to zero.
  var isObject: Bool {
    isPointer && !mayBeNull && scalar.smin > -Register.maximumOffset && scalar.smax < Register.maximumOffset
  }

  /// A comparison of the pointer with null has a known outcome (`reg_not_null`).
  var isNeverNull: Bool {
    guard isObject else { return false }
    switch kind {
    case .socket, .tcpSocket, .mapValue, .mapKey, .socketCommon, .memory, .mapPointer: return true
    case .kernelObject: return flags.contains(.ptrTrusted) || reference != 0
    default: return false
    }
  }

  /// The bound of offsets that the kernel computes with (`BPF_MAX_VAR_OFF`).
  static let maximumOffset: Int64 = 1 << 29
}

/// What ``Register/detail`` of a packet pointer says beside a number of bytes.
enum PacketRange {
  /// At the packet's end or behind it.
  static let atEnd: Int32 = -1
  /// Behind the packet's end.
  static let beyondEnd: Int32 = -2
  /// Offsets over this are not tracked (`MAX_PACKET_OFF`).
  static let maximum: UInt64 = 0xffff
}
