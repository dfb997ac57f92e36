/// One instruction of classic BPF, the language that tcpdump's filters and `SO_ATTACH_FILTER` speak (`struct sock_filter`,
/// `include/uapi/linux/filter.h`; `Documentation/networking/filter.rst`).
///
/// The machine has two 32-bit registers, A and X, sixteen words of scratch memory M, and a packet that it can only read. Jumps lead forward.
@frozen
public struct ClassicInstruction: Hashable, Sendable {
  /// What it does: ``operation`` takes it apart.
  public var code: UInt16
  /// How many instructions a conditional jump skips where its comparison holds.
  public var jumpTrue: UInt8
  /// How many it skips where the comparison does not hold.
  public var jumpFalse: UInt8
  /// The constant operand.
  public var k: UInt32

  /// An instruction from its four fields.
  @inlinable
  public init(code: UInt16, jumpTrue: UInt8 = 0, jumpFalse: UInt8 = 0, k: UInt32 = 0) {
    self.code = code
    self.jumpTrue = jumpTrue
    self.jumpFalse = jumpFalse
    self.k = k
  }

  /// What the code says; `nil` where it says nothing.
  public var operation: ClassicOperation? { ClassicOperation(code: code) }

  /// An instruction that does `operation`.
  public init(_ operation: ClassicOperation, k: UInt32 = 0, jumpTrue: UInt8 = 0, jumpFalse: UInt8 = 0) {
    self.init(code: operation.code, jumpTrue: jumpTrue, jumpFalse: jumpFalse, k: k)
  }
}

extension ClassicInstruction {
  /// The instructions of raw bytes, eight each; the fields of `struct sock_filter` stand in the byte order of the machine that made them.
  /// - Returns: `nil` where the length is not a multiple of eight.
  public static func decode(_ bytes: some Collection<UInt8>, byteOrder: ByteOrder = .little) -> [ClassicInstruction]? {
    guard bytes.count % 8 == 0 else { return nil }
    var result: [ClassicInstruction] = []
    result.reserveCapacity(bytes.count / 8)
    var iterator = bytes.makeIterator()
    while let first = iterator.next() {
      let second = iterator.next()!
      let (jumpTrue, jumpFalse) = (iterator.next()!, iterator.next()!)
      var k: UInt32 = 0
      for _ in 0..<4 { k = k << 8 | UInt32(iterator.next()!) }
      let code = UInt16(first) << 8 | UInt16(second)
      result.append(
        byteOrder == .big
          ? ClassicInstruction(code: code, jumpTrue: jumpTrue, jumpFalse: jumpFalse, k: k)
          : ClassicInstruction(code: code.byteSwapped, jumpTrue: jumpTrue, jumpFalse: jumpFalse, k: k.byteSwapped))
    }
    return result
  }

  /// The raw bytes of a program, eight an instruction.
  public static func encode(_ program: some Collection<ClassicInstruction>, byteOrder: ByteOrder = .little) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(program.count * 8)
    for instruction in program {
      let code = byteOrder == .big ? instruction.code : instruction.code.byteSwapped
      let k = byteOrder == .big ? instruction.k : instruction.k.byteSwapped
      result += [UInt8(code >> 8), UInt8(truncatingIfNeeded: code), instruction.jumpTrue, instruction.jumpFalse]
      for shift in stride(from: UInt32(24), through: 0, by: -8) { result.append(UInt8(truncatingIfNeeded: k >> shift)) }
    }
    return result
  }
}

/// What a classic instruction does. Which codes there are is what the kernel's `chk_code_allowed` says.
@frozen
public enum ClassicOperation: Hashable, Sendable {
  /// `A = P[k]`, 4, 2 or 1 bytes in network order; from ``ClassicAncillary/base`` on it is something that the kernel knows of the packet.
  case loadAbsolute(MemorySize)
  /// `A = P[X + k]`.
  case loadIndirect(MemorySize)
  /// `A` is the packet's length on the wire.
  case loadLength
  /// `A = k`
  case loadConstant
  /// `A = M[k]`
  case loadScratch
  /// `X = 4 * (P[k] & 0xf)`: the length of an IPv4 header.
  case loadXHeaderLength
  /// `X` is the packet's length on the wire.
  case loadXLength
  /// `X = k`
  case loadXConstant
  /// `X = M[k]`
  case loadXScratch
  /// `M[k] = A`
  case store
  /// `M[k] = X`
  case storeX
  /// `A = A operation operand`, with the operations add, sub, mul, div, mod, and, or, xor, lsh and rsh.
  case arithmetic(Arithmetic, ClassicOperand)
  /// `A = -A`
  case negate
  /// Skips `k` instructions.
  case jump
  /// Compares A, unsigned: eq, gt, ge or set.
  case branch(Condition, ClassicOperand)
  /// Ends with `k`: how many bytes of the packet pass.
  case returnConstant
  /// Ends with A.
  case returnA
  /// `X = A`
  case tax
  /// `A = X`
  case txa
}

/// The second operand of an arithmetic instruction or a comparison.
@frozen
public enum ClassicOperand: UInt16, Hashable, Sendable, CaseIterable {
  case k = 0x00
  case x = 0x08
}

extension ClassicOperation {
  /// Every operation, by rising code.
  public static let all: [ClassicOperation] = {
    var result: [ClassicOperation] = [
      .loadLength, .loadConstant, .loadScratch, .loadXHeaderLength, .loadXLength, .loadXConstant, .loadXScratch, .store, .storeX, .negate,
      .jump, .returnConstant, .returnA, .tax, .txa,
    ]
    for size in [MemorySize.w, .h, .b] { result += [.loadAbsolute(size), .loadIndirect(size)] }
    for operand in ClassicOperand.allCases {
      for operation in [Arithmetic.add, .sub, .mul, .div, .mod, .and, .or, .xor, .lsh, .rsh] {
        result.append(.arithmetic(operation, operand))
      }
      for condition in [Condition.eq, .gt, .ge, .set] { result.append(.branch(condition, operand)) }
    }
    return result.sorted { $0.code < $1.code }
  }()

  private static let byCode: [ClassicOperation?] = {
    var table = [ClassicOperation?](repeating: nil, count: 256)
    for operation in all { table[Int(operation.code)] = operation }
    return table
  }()

  /// The operation of that code; `nil` where there is none.
  public init?(code: UInt16) {
    guard code < 256, let operation = Self.byCode[Int(code)] else { return nil }
    self = operation
  }

  /// Class in bits 0 to 2, size, mode, operation and operand as in eBPF (``Opcode``), and the modes `len` and `msh` that only classic BPF has.
  public var code: UInt16 {
    switch self {
    case .loadAbsolute(let size): UInt16(Opcode.ld | Opcode.abs | size.rawValue)
    case .loadIndirect(let size): UInt16(Opcode.ld | Opcode.ind | size.rawValue)
    case .loadLength: UInt16(Opcode.ld) | Self.lengthMode
    case .loadConstant: UInt16(Opcode.ld | Opcode.imm)
    case .loadScratch: UInt16(Opcode.ld | Opcode.mem)
    case .loadXHeaderLength: UInt16(Opcode.ldx | Opcode.b) | Self.headerLengthMode
    case .loadXLength: UInt16(Opcode.ldx) | Self.lengthMode
    case .loadXConstant: UInt16(Opcode.ldx | Opcode.imm)
    case .loadXScratch: UInt16(Opcode.ldx | Opcode.mem)
    case .store: UInt16(Opcode.st)
    case .storeX: UInt16(Opcode.stx)
    case .arithmetic(let operation, let operand): UInt16(Opcode.alu32 | operation.code) | operand.rawValue
    case .negate: UInt16(Opcode.alu32 | Opcode.neg)
    case .jump: UInt16(Opcode.gotoNear)
    case .branch(let condition, let operand): UInt16(Opcode.jmp | condition.rawValue) | operand.rawValue
    case .returnConstant: Self.returnClass
    case .returnA: Self.returnClass | 0x10
    case .tax: Self.miscellaneousClass
    case .txa: Self.miscellaneousClass | 0x80
    }
  }

  private static let lengthMode: UInt16 = 0x80
  private static let headerLengthMode: UInt16 = 0xa0
  private static let returnClass: UInt16 = 0x06
  private static let miscellaneousClass: UInt16 = 0x07
}
