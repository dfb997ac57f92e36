extension ClassicProgram {
  /// What a translation may take for granted.
  public struct TranslationOptions: Hashable, Sendable {
    /// Whose machine the result behaves as.
    public var dialect = ClassicDialect.linux
    /// The hardware type of the device that all packets come from (`ARPHRD_*`): eBPF programs cannot ask for it. Without it programs that do
    /// are refused.
    public var hardwareType: UInt16?
    /// The number of a helper that takes the context and answers where the payload begins, if the host has one: the kernel's own eBPF has none,
    /// the userspace host's is `HelperID.skbGetPayOffset`. Without it programs that ask for the payload are refused.
    public var payloadOffsetHelper: Int32?

    public init(dialect: ClassicDialect = .linux, hardwareType: UInt16? = nil, payloadOffsetHelper: Int32? = nil) {
      self.dialect = dialect
      self.hardwareType = hardwareType
      self.payloadOffsetHelper = payloadOffsetHelper
    }
  }

  /// The program as an eBPF program of type socket filter that returns the same for every packet.
  ///
  /// As in the kernel (`bpf_convert_filter`) A is r0, X is r7 and the context is r6; M lies on the stack. Packets are read with `LD_ABS` and
  /// `LD_IND`, which end the program with 0 outside of the packet, as classic BPF wants it. Code that no path reaches is left out, because
  /// verifiers refuse it. Searches of netlink attributes and backward jumps become loops with `may_goto` (Linux 6.9).
  /// - Throws: ``ClassicError`` where ``check(for:)`` does, or with ``ClassicError/Code/unsupported`` for what eBPF has no words for.
  public func translated(_ options: TranslationOptions = TranslationOptions()) throws(ClassicError) -> [Instruction] {
    try check(for: options.dialect)
    var translator = ClassicTranslator(program: self, options: options)
    return try translator.translate()
  }
}

/// Writes one program's translation.
struct ClassicTranslator {
  private let program: ClassicProgram
  private let options: ClassicProgram.TranslationOptions
  private let flow: ClassicFlow
  private var code = ProgramBuilder()
  private var labels: [ProgramBuilder.Label] = []

  private static let a = Register.r0
  private static let x = Register.r7
  /// Where `LD_ABS` and `LD_IND` expect the context.
  private static let context = Register.r6
  /// Survives packet loads and calls.
  private static let saved = Register.r8
  private static let temporary = Register.r2

  init(program: ClassicProgram, options: ClassicProgram.TranslationOptions) {
    self.program = program
    self.options = options
    flow = ClassicFlow(program, options.dialect)
  }

  mutating func translate() throws(ClassicError) -> [Instruction] {
    labels = program.instructions.indices.map { _ in code.label() }
    emitPrologue()
    for (index, instruction) in program.instructions.enumerated() where flow.isReached[index] {
      code.place(labels[index])
      try translate(instruction, at: index)
    }
    do {
      return try code.finish()
    } catch {
      // A conditional jump skips at most 255 instructions of at most 45 slots.
      throw ClassicError(.unsupported, at: nil, "a jump is too long for eBPF")
    }
  }

  /// A and X begin as 0.
  private mutating func emitPrologue() {
    code.emit(.mov64(Self.context, .r1))
    code.emit(.mov32(Self.a, 0))
    code.emit(.mov32(Self.x, 0))
    for word in 0..<ClassicProgram.scratchWords where flow.unstored >> UInt16(word) & 1 != 0 {
      code.emit(.store(.w, .framePointer, Self.scratch(UInt32(word)), 0))
    }
  }

  /// Where M[k] lies, from the frame pointer: 8 bytes apart, so that each is a stack slot of its own.
  private static func scratch(_ k: UInt32) -> Int16 { -8 * Int16(k) - 8 }

  private mutating func translate(_ instruction: ClassicInstruction, at index: Int) throws(ClassicError) {
    let k = Int32(bitPattern: instruction.k)
    guard let operation = instruction.operation else { return }
    if ClassicFlow.isBeyondPackets(instruction, options.dialect) { return end(with: 0) }
    switch operation {
    case .loadAbsolute(let size): try loadAbsolute(size, instruction.k, at: index)
    case .loadIndirect(let size): loadIndirect(size, instruction.k, at: index)
    case .loadLength: code.emit(.load(.w, Self.a, Self.context, ClassicContext.length))
    case .loadConstant: code.emit(.mov32(Self.a, k))
    case .loadScratch: code.emit(.load(.w, Self.a, .framePointer, Self.scratch(instruction.k)))
    case .loadXHeaderLength: loadHeaderLength(instruction.k, at: index)
    case .loadXLength: code.emit(.load(.w, Self.x, Self.context, ClassicContext.length))
    case .loadXConstant: code.emit(.mov32(Self.x, k))
    case .loadXScratch: code.emit(.load(.w, Self.x, .framePointer, Self.scratch(instruction.k)))
    case .store: code.emit(.store(.w, .framePointer, Self.scratch(instruction.k), Self.a))
    case .storeX: code.emit(.store(.w, .framePointer, Self.scratch(instruction.k), Self.x))
    case .arithmetic(let operation, .k): arithmetic(operation, instruction.k)
    case .arithmetic(let operation, .x): arithmetic(operation)
    case .negate: code.emit(.neg32(Self.a))
    case .jump: jump(to: index + 1 + Int(k), from: index)
    case .branch(let condition, let operand): branch(condition, operand, instruction, at: index)
    case .returnConstant: end(with: k)
    case .returnA: code.emit(.exit)
    case .tax: code.emit(.mov32(Self.x, Self.a))
    case .txa: code.emit(.mov32(Self.a, Self.x))
    }
  }

  private mutating func end(with value: Int32) {
    code.emit(.mov32(Self.a, value))
    code.emit(.exit)
  }

  // MARK: Arithmetic

  private mutating func arithmetic(_ operation: Arithmetic, _ k: UInt32) {
    if operation == .lsh || operation == .rsh, k >= 32 {
      code.emit(.mov32(Self.a, 0))
    } else {
      code.emit(.alu32(operation, Self.a, Int32(bitPattern: k)))
    }
  }

  private mutating func arithmetic(_ operation: Arithmetic) {
    switch operation {
    case .div, .mod:
      // Division by zero ends the program with 0; in eBPF it has a result.
      code.emit(.jump32(.ne, Self.x, 0, 2))
      end(with: 0)
    case .lsh, .rsh:
      if options.dialect == .libpcap {
        code.emit(.jump32(.lt, Self.x, 32, 1))
        code.emit(.mov32(Self.a, 0))
      }
    default: break
    }
    code.emit(.alu32(operation, Self.a, Self.x))
  }

  // MARK: Jumps

  private mutating func jump(to target: Int, from index: Int) {
    guard target <= index else {
      if !isNext(target, after: index) { code.goto(labels[target]) }
      return
    }
    // A loop over a chain of headers ends where the packet does; may_goto is what lets a verifier see that it ends.
    code.emit(.mayGoto(1))
    code.goto(labels[target])
    end(with: 0)
  }

  private mutating func branch(_ condition: Condition, _ operand: ClassicOperand, _ instruction: ClassicInstruction, at index: Int) {
    let (holds, fails) = (index + 1 + Int(instruction.jumpTrue), index + 1 + Int(instruction.jumpFalse))
    if holds == fails {
      if !isNext(holds, after: index) { code.goto(labels[holds]) }
    } else if isNext(holds, after: index), let opposite = Self.opposite(of: condition) {
      compare(opposite, operand, instruction.k, to: fails)
    } else {
      compare(condition, operand, instruction.k, to: holds)
      if !isNext(fails, after: index) { code.goto(labels[fails]) }
    }
  }

  /// Whether the target is the next instruction that is translated at all.
  private func isNext(_ target: Int, after index: Int) -> Bool {
    target > index && !flow.isReached[index + 1..<target].contains(true)
  }

  private mutating func compare(_ condition: Condition, _ operand: ClassicOperand, _ k: UInt32, to target: Int) {
    switch operand {
    case .k: code.jump32(condition, Self.a, Int32(bitPattern: k), to: labels[target])
    case .x: code.jump32(condition, Self.a, Self.x, to: labels[target])
    }
  }

  private static func opposite(of condition: Condition) -> Condition? {
    switch condition {
    case .eq: .ne
    case .gt: .le
    case .ge: .lt
    default: nil
    }
  }

  // MARK: The packet

  private mutating func loadAbsolute(_ size: MemorySize, _ k: UInt32, at index: Int) throws(ClassicError) {
    if options.dialect == .linux, let ancillary = ClassicAncillary(offset: k) { return try load(ancillary, at: index) }
    code.emit(.loadAbsolute(size, Int32(bitPattern: k)))
  }

  private mutating func loadIndirect(_ size: MemorySize, _ k: UInt32, at index: Int) {
    guard options.dialect == .libpcap else { return code.emit(.loadIndirect(size, Self.x, Int32(bitPattern: k))) }
    if UInt64(flow.largestX[index]) + UInt64(k) <= Int32.max {
      code.emit(.loadIndirect(size, Self.x, Int32(k)))
      return
    }
    // The sum does not wrap around at 32 bits: beyond them it is outside of the packet.
    code.emit(.mov32(Self.temporary, Self.x))
    if k != 0 { code.emit(.add64(Self.temporary, Int32(k))) }
    code.jumpOverEnd(ifAtMost: Int32.max, Self.temporary)
    end(with: 0)
    code.emit(.loadIndirect(size, Self.temporary, 0))
  }

  private mutating func loadHeaderLength(_ k: UInt32, at index: Int) {
    let keepsA = flow.wantsA[index]
    if keepsA { code.emit(.mov32(Self.saved, Self.a)) }
    code.emit(.loadAbsolute(.b, Int32(bitPattern: k)))
    code.emit(.alu32(.and, Self.a, 0xf))
    code.emit(.alu32(.lsh, Self.a, 2))
    code.emit(.mov32(Self.x, Self.a))
    if keepsA { code.emit(.mov32(Self.a, Self.saved)) }
  }

  // MARK: What the kernel knows of a packet

  private mutating func load(_ ancillary: ClassicAncillary, at index: Int) throws(ClassicError) {
    switch ancillary {
    case .protocol: loadNetworkOrder(ClassicContext.protocol)
    case .packetType: code.emit(.load(.w, Self.a, Self.context, ClassicContext.packetType))
    case .interface:
      // Without a device the filter ends with A.
      code.emit(.load(.w, Self.temporary, Self.context, ClassicContext.interface))
      code.emit(.jump32(.ne, Self.temporary, 0, 1))
      code.emit(.exit)
      code.emit(.mov32(Self.a, Self.temporary))
    case .mark: code.emit(.load(.w, Self.a, Self.context, ClassicContext.mark))
    case .queue: code.emit(.load(.w, Self.a, Self.context, ClassicContext.queue))
    case .hash: code.emit(.load(.w, Self.a, Self.context, ClassicContext.hash))
    case .vlanTag: code.emit(.load(.w, Self.a, Self.context, ClassicContext.vlanTag))
    case .vlanTagPresent: code.emit(.load(.w, Self.a, Self.context, ClassicContext.vlanPresent))
    case .vlanProtocol: loadNetworkOrder(ClassicContext.vlanProtocol)
    case .processor: code.emit(.call(ClassicContext.getProcessor))
    case .random: code.emit(.call(ClassicContext.getRandom))
    case .xorX: code.emit(.alu32(.xor, Self.a, Self.x))
    case .hardwareType:
      guard let type = options.hardwareType else {
        throw ClassicError(
          .unsupported, at: index,
          "ld [hatype] asks for the device's hardware type, which struct __sk_buff does not have; give it as TranslationOptions.hardwareType"
        )
      }
      code.emit(.mov32(Self.a, Int32(type)))
    case .payloadOffset:
      guard let helper = options.payloadOffsetHelper else {
        throw ClassicError(
          .unsupported, at: index,
          "ld [poff] asks the kernel's flow dissector where the payload begins, and no eBPF helper of the kernel does that; name the host's as "
            + "TranslationOptions.payloadOffsetHelper (userspace: HelperID.skbGetPayOffset)")
      }
      code.emit(.mov64(.r1, Self.context))
      code.emit(.call(helper))
    case .netlinkAttribute: findAttribute(isNested: false)
    case .nestedAttribute: findAttribute(isNested: true)
    }
  }

  /// Searches the netlink attributes from offset A on, or those inside the attribute there, for one of type X: A becomes its offset, or 0
  /// (`bpf_skb_get_nlattr`, `bpf_skb_get_nlattr_nest`). An attribute is its length and type, 16 bits each in the machine's order, and its
  /// bytes; the next one begins at a multiple of four.
  private mutating func findAttribute(isNested: Bool) {
    let (next, found, fails, done) = (code.label(), code.label(), code.label(), code.label())
    let (offset, rest, length) = (Self.saved, Register.r9, Register.r1)
    /// Jumps to `fails` unless an attribute's header and all its bytes are within the rest; leaves its type in A and its length.
    func header(_ code: inout ProgramBuilder) {
      code.jump32(.slt, rest, 4, to: fails)
      code.emit(.loadIndirect(.w, offset, 0))
      code.emit(.mov32(length, Self.a))
      code.emit(.alu32(.rsh, length, 16))
      code.emit(.end(.big, length, bits: 16))
      code.emit(.end(.big, Self.a, bits: 16))
      code.jump32(.lt, length, 4, to: fails)
      code.jump32(.sgt, length, rest, to: fails)
    }
    code.emit(.mov32(offset, Self.a))
    code.emit(.load(.w, rest, Self.context, ClassicContext.length))
    code.jump32(.lt, rest, 4, to: fails)
    code.emit(.alu32(.sub, rest, 4))
    code.jump32(.gt, offset, rest, to: fails)
    code.emit(.alu32(.add, rest, 4))
    code.emit(.alu32(.sub, rest, offset))
    if isNested {
      header(&code)
      code.emit(.mov32(rest, length))
      code.emit(.alu32(.sub, rest, 4))
      code.emit(.alu32(.add, offset, 4))
    }
    code.place(next)
    // Each turn takes at least four bytes; may_goto is what lets a verifier see that it ends. What it knows of the offset and the rest would
    // be something new in every turn: a number that it does not know, put into them and taken out again, leaves the turns alike.
    code.emit(.load(.w, Self.temporary, Self.context, ClassicContext.length))
    for register in [offset, rest] {
      code.emit(.alu32(.xor, register, Self.temporary))
      code.emit(.alu32(.xor, register, Self.temporary))
    }
    code.emit(.mayGoto(0), to: fails)
    header(&code)
    code.emit(.alu32(.and, Self.a, Self.attributeTypeMask))
    code.jump32(.eq, Self.a, Self.x, to: found)
    code.emit(.alu32(.add, length, 3))
    code.emit(.alu32(.and, length, -4))
    code.emit(.alu32(.add, offset, length))
    code.emit(.alu32(.sub, rest, length))
    code.goto(next)
    code.place(fails)
    code.emit(.mov32(Self.a, 0))
    code.goto(done)
    code.place(found)
    code.emit(.mov32(Self.a, offset))
    code.place(done)
  }

  /// The type without the bits that say how its bytes are to be read (`NLA_TYPE_MASK`).
  private static let attributeTypeMask: Int32 = 0x3fff

  /// A 16-bit field that the context holds in network order.
  private mutating func loadNetworkOrder(_ offset: Int16) {
    code.emit(.load(.w, Self.a, Self.context, offset))
    code.emit(.end(.big, Self.a, bits: 16))
  }
}

extension ProgramBuilder {
  /// Skips the two slots of a `return 0` where the register's 64 bits are at most `limit`.
  fileprivate mutating func jumpOverEnd(ifAtMost limit: Int32, _ register: Register) { emit(.jump(.le, register, limit, 2)) }
}

/// What the translation knows of the kernel beside instructions. This target sees no tables: a test compares it with them.
package enum ClassicContext {
  /// Byte offsets in `struct __sk_buff` (`include/uapi/linux/bpf.h`).
  package static let length: Int16 = 0
  package static let packetType: Int16 = 4
  package static let mark: Int16 = 8
  package static let queue: Int16 = 12
  package static let `protocol`: Int16 = 16
  package static let vlanPresent: Int16 = 20
  package static let vlanTag: Int16 = 24
  package static let vlanProtocol: Int16 = 28
  package static let interface: Int16 = 40
  package static let hash: Int16 = 68
  /// Helpers (`enum bpf_func_id`).
  package static let getRandom: Int32 = 7
  package static let getProcessor: Int32 = 8
}
