/// What the context of a program type is: its fields, what may be read and written, what a read yields, and what the program may return.
///
/// Found by asking Linux 6.18's verifier for every offset and size; `Tools/generate-tables` has the tool and its findings.
public struct ContextLayout: Sendable {
  /// The program type.
  public let programType: ProgramType
  /// The C struct, `__sk_buff`; `nil` where the context is an array of arguments or plain memory.
  public let structName: String?
  /// The struct's size in bytes, 0 without one.
  public let structSize: Int
  /// What r0 must be within at `exit` (compared as a signed 32-bit number, known to the verifier); `nil`: anything.
  public let resultRange: ClosedRange<Int32>?
  let structIndex: Int
  let runs: Range<Int>

  /// A field of the context's struct.
  public struct Field: Sendable, Hashable {
    /// The field's name in the C struct.
    public let name: String
    /// Bytes from the struct's start, and size in bytes.
    public let offset: Int
    public let size: Int
  }

  /// The layout for a program; `nil` for unknown types, and where the kernel loads no such program.
  ///
  /// - Parameters:
  ///   - attachType: the expected attach type; `nil` counts as number 0, as in the kernel.
  ///   - privilege: what the loader holds; without `CAP_BPF` some fields are out of reach.
  public static func find(_ type: ProgramType, attachType: AttachType? = nil, privilege: Privilege = .perfmon) -> ContextLayout? {
    let attach = attachType?.rawValue ?? 0
    guard attach < 64 else { return nil }
    var found: ContextLayout?
    for index in 0..<ContextTable.layouts.count / 3 {
      let word = ContextTable.layouts[3 * index]
      guard word & 0xff == type.rawValue, ContextTable.layouts[3 * index + 1] >> UInt64(attach) & 1 != 0 else { continue }
      let isForUnprivileged = word >> 16 & 1 != 0
      if isForUnprivileged == (privilege == .none) { return ContextLayout(index: index) }
      if !isForUnprivileged { found = ContextLayout(index: index) }
    }
    return found
  }

  private init(index: Int) {
    let word = ContextTable.layouts[3 * index]
    let results = ContextTable.layouts[3 * index + 2]
    programType = ProgramType(rawValue: UInt32(word & 0xff))
    structIndex = Int(word >> 8 & 0xff) - 1
    structName = structIndex < 0 ? nil : ContextTable.structNames[structIndex]
    structSize = structIndex < 0 ? 0 : Int(ContextTable.structSizes[structIndex])
    let start = Int(word >> 24 & 0xffff)
    runs = start..<start + Int(word >> 40 & 0xffff)
    let low = Int32(truncatingIfNeeded: results)
    let high = Int32(truncatingIfNeeded: results >> 32)
    resultRange = low <= high ? low...high : nil
  }

  /// What a load of `size` bytes at `offset` yields; `nil`: the verifier refuses it (`invalid bpf_context access off=… size=…`).
  public func load(at offset: Int, size: Int) -> ContextValue? { access(at: offset, size: size, isWrite: false) }

  /// Whether a number may be stored there.
  public func canStore(at offset: Int, size: Int) -> Bool { access(at: offset, size: size, isWrite: true) != nil }

  /// Whether every load yields a number, so that any bytes are a context: no field is an address that a program may follow.
  public var holdsOnlyNumbers: Bool {
    runs.allSatisfy { ContextTable.runs[3 * $0 + 2] == UInt32(ContextValue.scalar.rawValue) }
  }

  private func access(at offset: Int, size: Int, isWrite: Bool) -> ContextValue? {
    guard offset >= 0, offset <= 0xffff, size > 0, size <= 8 else { return nil }
    let wanted = UInt32(size) | (isWrite ? 1 << 16 : 0)
    let offset = UInt32(offset)
    for index in runs {
      let span = ContextTable.runs[3 * index]
      let shape = ContextTable.runs[3 * index + 1]
      let first = span & 0xffff
      guard shape & 0x100ff == wanted, offset >= first, offset <= span >> 16, (offset - first) % (shape >> 8 & 0xff) == 0 else { continue }
      return ContextValue(rawValue: UInt8(truncatingIfNeeded: ContextTable.runs[3 * index + 2]))
    }
    return nil
  }

  /// The struct's fields in order; members of its unions beside each other, bit-fields with their byte.
  public var fields: [Field] {
    guard structIndex >= 0 else { return [] }
    return (Int(ContextTable.fieldStarts[structIndex])..<Int(ContextTable.fieldStarts[structIndex + 1])).map {
      Field(name: ContextTable.fieldNames[$0], offset: Int(ContextTable.fields[2 * $0]), size: Int(ContextTable.fields[2 * $0 + 1]))
    }
  }

  /// The field that a byte belongs to (of a union's members the first).
  public func field(at offset: Int) -> Field? { fields.first { $0.offset <= offset && offset - $0.offset < $0.size } }
}

/// What a load from a context yields.
@frozen
public enum ContextValue: UInt8, Sendable, Hashable {
  /// A number.
  case scalar
  /// The packet's first byte (`pkt`); of a `cgroup_sockopt` the option's.
  case packet
  /// The byte behind the packet's last that is at hand (`pkt_end`).
  case packetEnd
  /// The first byte of the packet's metadata (`pkt_meta`), which ends where the packet begins.
  case packetMeta
  /// `struct bpf_sock` of which only the common part may be read, or null (`sock_common_or_null`).
  case socketCommonOrNull
  /// `struct bpf_sock`, or null (`sock_or_null`).
  case socketOrNull
  /// `struct bpf_sock` (`sock`).
  case socket
  /// `struct bpf_flow_keys` (`flow_keys`).
  case flowKeys
  /// A writable tracepoint's buffer (`tp_buffer`).
  case tracepointBuffer
  /// A trusted pointer to the kernel's `struct sk_buff`.
  case trustedSkBuff
  /// A trusted pointer to the kernel's `struct nf_hook_state`.
  case trustedNfHookState

  /// The verifier's word for it, `sock_common_or_null`.
  public var kernelName: String {
    switch self {
    case .scalar: "scalar"
    case .packet: "pkt"
    case .packetEnd: "pkt_end"
    case .packetMeta: "pkt_meta"
    case .socketCommonOrNull: "sock_common_or_null"
    case .socketOrNull: "sock_or_null"
    case .socket: "sock"
    case .flowKeys: "flow_keys"
    case .tracepointBuffer: "tp_buffer"
    case .trustedSkBuff: "trusted_ptr_sk_buff"
    case .trustedNfHookState: "trusted_ptr_nf_hook_state"
    }
  }
}
