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
  public func matches(_ instruction: Instruction) -> Bool {
    opcode == instruction.opcode && Self.matches(destination, instruction.destination) && Self.matches(source, instruction.source)
      && matches(offset: instruction.offset) && matches(immediate: instruction.immediate)
  }

  private static func matches(_ field: RegisterField, _ value: UInt8) -> Bool {
    switch field {
    case .zero: value == 0
    case .register: true
    case .exactly(let number): value == number
    }
  }

  private func matches(offset value: Int16) -> Bool {
    switch offset {
    case .zero: value == 0
    case .memory, .distance, .module: true
    case .exactly(let number): value == number
    }
  }

  private func matches(immediate value: Int32) -> Bool {
    switch immediate {
    case .zero: value == 0
    case .any, .distance: true
    case .addressSpaces: value == 1 || value == 1 << 16
    case .exactly(let number): value == number
    }
  }

  /// The registers over 10 that the slot names where the form wants a register; `nil` where all is well.
  func impossibleRegister(in instruction: Instruction) -> UInt8? {
    if source == .register, instruction.source > 10 { return instruction.source }
    if destination == .register, instruction.destination > 10 { return instruction.destination }
    return nil
  }

  /// The form of a slot; `nil` where the opcode does not exist or a reserved field is in use.
  ///
  /// The second slot of an `ld_imm64` has no form.
  public static func of(_ instruction: Instruction) -> InstructionForm? {
    byOpcode[Int(instruction.opcode)].first { $0.matches(instruction) }
  }

  /// Whether any form has the opcode.
  public static func exists(opcode: UInt8) -> Bool { !byOpcode[Int(opcode)].isEmpty }

  /// All rows, by opcode.
  public static let all: [InstructionForm] = makeRows().sorted { $0.opcode < $1.opcode }

  private static let byOpcode: [[InstructionForm]] = {
    var table = [[InstructionForm]](repeating: [], count: 256)
    for form in all { table[Int(form.opcode)].append(form) }
    return table
  }()
}
