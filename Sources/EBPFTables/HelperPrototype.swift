/// What a helper takes and gives (`struct bpf_func_proto`), in the kernel's vocabulary.
///
/// A helper can have several prototypes: which one holds depends on the program (``HelperPrototype/find(_:type:attachType:isSleepable:privilege:)``).
public struct HelperPrototype: Sendable {
  /// The helper.
  public let helper: HelperID
  /// What it returns.
  public let result: ResultType
  /// Only programs under a GPL-compatible licence may call it.
  public let isGPLOnly: Bool
  /// Packet memory may be passed for memory arguments (`pkt_access`).
  public let takesPacketMemory: Bool
  /// It may sleep, so only sleepable programs may call it outside atomic sections.
  public let mightSleep: Bool
  /// It clobbers no register but r0 and those of its arguments (`allow_fastcall`).
  public let allowsFastcall: Bool
  /// The kernel asks more of the program than its type, such as which function it is attached to (`allowed` callback).
  public let hasCondition: Bool
  /// The five arguments, in order; ``ArgumentBase/dontcare`` behind the last.
  public let arguments: [5 of ArgumentType]
  let functionIndex: Int

  /// The name of the kernel function behind this variant: `bpf_get_socket_cookie_sock_addr`.
  public var function: String { PrototypeTable.functions[functionIndex] }

  /// How many arguments it takes, 0...5.
  public var argumentCount: Int {
    var count = 5
    while count > 0, arguments[count - 1].base == .dontcare { count -= 1 }
    return count
  }

  /// Every prototype of Linux 6.18, variants of a helper beside each other.
  public static let all: [HelperPrototype] = (0..<PrototypeTable.rows.count / PrototypeTable.width).map { HelperPrototype(row: $0) }

  init(row: Int) {
    let words = PrototypeTable.rows[(row * PrototypeTable.width)..<((row + 1) * PrototypeTable.width)]
    let start = words.startIndex
    let marks = words[start] >> 16
    helper = HelperID(rawValue: words[start] & 0xffff)
    isGPLOnly = marks & 1 != 0
    takesPacketMemory = marks & 2 != 0
    mightSleep = marks & 4 != 0
    allowsFastcall = marks & 8 != 0
    hasCondition = marks & 16 != 0
    functionIndex = Int(words[start + 1]) - 1
    result = ResultType(word: words[start + 2], btfType: words[start + 3])
    arguments = InlineArray { ArgumentType(word: words[start + 4 + 2 * $0], detail: words[start + 5 + 2 * $0]) }
  }

  /// ``HelperID/skbGetPayOffset``: it takes the context and returns a number.
  public static let payloadOffset = HelperPrototype(.skbGetPayOffset, takingContext: .integer)

  private init(_ helper: HelperID, takingContext result: ResultBase) {
    self.helper = helper
    self.result = ResultType(word: UInt32(result.rawValue), btfType: 0)
    (isGPLOnly, takesPacketMemory, mightSleep, allowsFastcall, hasCondition, functionIndex) = (false, false, false, false, false, 0)
    arguments = InlineArray {
      ArgumentType(word: UInt32(($0 == 0 ? ArgumentBase.ptrToCtx : .dontcare).rawValue), detail: 0)
    }
  }
}

/// What kind of value an argument of a helper is (`enum bpf_arg_type`): a base and flags.
@frozen
public struct ArgumentType: Sendable, Hashable {
  /// What the argument is, flags apart.
  public let base: ArgumentBase
  public let flags: TypeFlags
  let detail: UInt32

  init(word: UInt32, detail: UInt32) {
    base = ArgumentBase(rawValue: UInt8(truncatingIfNeeded: word)) ?? .dontcare
    flags = TypeFlags(rawValue: word & ~0xff)
    self.detail = detail
  }

  /// Bytes of memory behind the pointer, where the prototype fixes it (``TypeFlags/memFixedSize``); else 0.
  public var fixedSize: Int { flags.contains(.memFixedSize) ? Int(detail) : 0 }

  /// The C type that the pointer leads to, `struct task_struct`, where the prototype fixes it.
  public var typeName: String? { flags.contains(.memFixedSize) || detail == 0 ? nil : PrototypeTable.typeNames[Int(detail) - 1] }
}

/// What a helper returns (`enum bpf_return_type`): a base and flags.
@frozen
public struct ResultType: Sendable, Hashable {
  /// What the result is, flags apart.
  public let base: ResultBase
  public let flags: TypeFlags
  let btfType: UInt32

  init(word: UInt32, btfType: UInt32) {
    base = ResultBase(rawValue: UInt8(truncatingIfNeeded: word)) ?? .integer
    flags = TypeFlags(rawValue: word & ~0xff)
    self.btfType = btfType
  }

  /// The C type that the pointer leads to, `struct tcp_sock`, where the prototype fixes it.
  public var typeName: String? { btfType == 0 ? nil : PrototypeTable.typeNames[Int(btfType) - 1] }
}

/// Flags that modify an argument's or result's base type (`enum bpf_type_flag`), with the kernel's bits.
@frozen
public struct TypeFlags: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32
  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}
