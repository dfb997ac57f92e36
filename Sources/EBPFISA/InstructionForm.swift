/// The parts of the instruction set that a platform can have or lack (RFC 9669 section 2.4).
public enum ConformanceGroup: String, Sendable, Hashable, CaseIterable {
  case base32, base64, atomic32, atomic64, divmul32, divmul64, packet
  /// Not in the RFC: what Linux added after it.
  case linux
}

/// The first `-mcpu` of LLVM that makes an instruction; ``linux`` for what needs a kernel newer than ISA v4.
public enum ISAVersion: Int, Sendable, Hashable, Comparable, CaseIterable {
  case v1 = 1
  case v2, v3, v4
  case linux

  public static func < (left: ISAVersion, right: ISAVersion) -> Bool { left.rawValue < right.rawValue }
}

/// One row of the instruction set: an opcode together with the fields that tell its variants apart, and what each field may hold.
///
/// The rows stand in ``InstructionForm/all``; decoder, structural check, disassembler and assembler all ask them.
public struct InstructionForm: Sendable, Hashable {
  /// What a register field holds.
  public enum RegisterField: Sendable, Hashable {
    /// Must be zero.
    case zero
    /// A register, 0 to 10.
    case register
    /// A number that tells variants apart.
    case exactly(UInt8)
  }

  /// What the offset field holds.
  public enum OffsetField: Sendable, Hashable {
    case zero
    /// A memory offset in bytes.
    case memory
    /// A distance in slots.
    case distance
    /// The index of a kernel module's BTF.
    case module
    /// A number that tells variants apart.
    case exactly(Int16)
  }

  /// What the immediate holds.
  public enum ImmediateField: Sendable, Hashable {
    case zero
    /// Any number.
    case any
    /// A distance in slots.
    case distance
    /// 1 or 0x10000: the two address space casts.
    case addressSpaces
    /// A number that tells variants apart.
    case exactly(Int32)
  }

  /// The register that the instruction writes, calls apart (they write r0 to r5).
  public enum Written: Sendable, Hashable {
    case none, destination, source, r0
  }

  /// The whole opcode byte.
  public let opcode: UInt8
  /// A name of its own for each row: `add64`, `jslt32`, `ldxw`, `atomic_fetch_add64`, `lddw_map_fd`.
  public let name: String
  /// The conformance group that the instruction belongs to.
  public let group: ConformanceGroup
  /// The first version of the instruction set that has it.
  public let version: ISAVersion
  /// What the destination field holds.
  public let destination: RegisterField
  /// What the source field holds.
  public let source: RegisterField
  /// What the offset field holds.
  public let offset: OffsetField
  /// What the immediate holds.
  public let immediate: ImmediateField
  /// The register that the instruction writes.
  public let writes: Written

  /// Whether the slot is of this form: all that tells variants apart agrees, and what must be zero is zero.
  public func matches(_ instruction: Instruction) -> Bool { Pattern(self).matches(instruction.bits) }

  /// The registers over 10 that the slot names where the form wants a register; `nil` where all is well.
  func impossibleRegister(in instruction: Instruction) -> UInt8? {
    if source == .register, instruction.source > 10 { return instruction.source }
    if destination == .register, instruction.destination > 10 { return instruction.destination }
    return nil
  }

  /// The form of a slot; `nil` where the opcode does not exist or a reserved field is in use.
  ///
  /// The second slot of an `ld_imm64` has no form.
  public static func of(_ instruction: Instruction) -> InstructionForm? { index(of: instruction).map { all[$0] } }

  /// Where the form of a slot stands in ``all``; `nil` where the slot has none.
  package static func index(of instruction: Instruction) -> Int? {
    let bits = instruction.bits
    var row = Int(firstRows[Int(instruction.opcode)])
    let end = Int(firstRows[Int(instruction.opcode) + 1])
    while row < end {
      if patterns[row].matches(bits) { return row }
      row += 1
    }
    return nil
  }

  /// Whether any form has the opcode.
  public static func exists(opcode: UInt8) -> Bool { firstRows[Int(opcode)] != firstRows[Int(opcode) + 1] }

  /// All rows, by opcode.
  public static let all: [InstructionForm] = makeRows().sorted { $0.opcode < $1.opcode }

  /// What ``all`` ask of a slot.
  private static let patterns: [Pattern] = all.map(Pattern.init)

  /// For each opcode the position of its first row in ``all``, and at the end how many there are.
  private static let firstRows: [UInt16] = (0...256).map { opcode in
    UInt16(all.firstIndex { Int($0.opcode) >= opcode } ?? all.count)
  }
}

/// What a form asks of a slot's 64 bits.
private struct Pattern {
  /// The bits that are given, and what they are.
  var mask: UInt64
  var value: UInt64
  /// Whether the immediate is one of the two address space casts.
  var isAddressSpaceCast: Bool

  init(_ form: InstructionForm) {
    mask = 0xff
    value = UInt64(form.opcode)
    for (field, shift) in [(form.destination, UInt64(8)), (form.source, 12)] {
      switch field {
      case .zero: mask |= 0xf << shift
      case .register: break
      case .exactly(let number):
        mask |= 0xf << shift
        value |= UInt64(number) << shift
      }
    }
    switch form.offset {
    case .zero: mask |= 0xffff << 16
    case .memory, .distance, .module: break
    case .exactly(let number):
      mask |= 0xffff << 16
      value |= UInt64(UInt16(bitPattern: number)) << 16
    }
    switch form.immediate {
    case .zero: mask |= 0xffff_ffff << 32
    case .any, .distance, .addressSpaces: break
    case .exactly(let number):
      mask |= 0xffff_ffff << 32
      value |= UInt64(UInt32(bitPattern: number)) << 32
    }
    isAddressSpaceCast = form.immediate == .addressSpaces
  }

  @inline(__always)
  func matches(_ bits: UInt64) -> Bool {
    bits & mask == value && (!isAddressSpaceCast || bits >> 32 == 1 || bits >> 32 == 1 << 16)
  }
}
