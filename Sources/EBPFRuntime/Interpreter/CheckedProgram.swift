import CEBPF
import EBPFHost
import EBPFISA
import EBPFTables

/// A program for the checked interpreter: the slots as they are, with the values that its `ld_imm64`s load.
final class CheckedProgram: @unchecked Sendable {
  let name: String
  let type: ProgramType
  let attachType: AttachType?
  let instructions: [Instruction]
  /// What each `ld_imm64` loads, by slot; functions are tagged slots.
  let constants: [UInt64]
  let helpers: UnsafePointer<ebpf_helper?>
  /// Instructions that a run may execute before it is stopped.
  let budget: Int
  /// Memory that every run may access besides its own: fixed map values.
  let fixedRegions: [MemoryRegion]
  /// What is proved of the program, if it is; see ``Facts/Flags/halfWordField``.
  let facts: Facts?
  /// The headers of the object's maps.
  let maps: Set<UInt64>

  /// - Parameter decoded: the same program as the fast interpreter has it: what it refuses is refused, and its constants are used.
  init(
    name: String, type: ProgramType, attachType: AttachType?, instructions: [Instruction], decoded: DecodedProgram, facts: Facts?,
    helpers: UnsafePointer<ebpf_helper?>, budget: Int, maps: [UInt64], fixedRegions: [MemoryRegion]
  ) {
    self.name = name
    self.type = type
    self.attachType = attachType
    self.maps = Set(maps)
    self.instructions = instructions
    self.facts = facts
    self.helpers = helpers
    self.budget = budget
    self.fixedRegions = fixedRegions
    constants = instructions.indices.map { slot in
      guard instructions[slot].isWide else { return 0 }
      if instructions[slot].source == WideSource.function {
        return FunctionValue(slot: slot + 1 + Int(instructions[slot].immediate)).bits
      }
      return decoded.instructions[slot].immediate
    }
  }
}

/// A function's address in checked mode: a slot with a tag that no user-space address has.
struct FunctionValue {
  var slot: Int

  private static let tag: UInt64 = 0xeb9f_0000_0000_0000

  init(slot: Int) { self.slot = slot }

  /// `nil` where the bits are no function's.
  init?(bits: UInt64) {
    guard bits & 0xffff_0000_0000_0000 == Self.tag else { return nil }
    slot = Int(bits & 0x0000_ffff_ffff_ffff)
  }

  var bits: UInt64 { Self.tag | UInt64(slot) }
}

/// A piece of memory that a program may access.
struct MemoryRegion: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case stack(frame: Int)
    case context
    case packet
    case memory
    case mapValue(String)
    case mapKey(String)
    case record(String)
    case helperArgument
  }
  var start: UInt64
  var size: UInt64
  var kind: Kind
  var isWritable = true

  /// Whether so many bytes from an address on lie inside.
  func contains(_ address: UInt64, _ count: UInt64) -> Bool {
    address >= start && count <= size && address - start <= size - count
  }

  /// What it is, for messages.
  var name: String {
    switch kind {
    case .stack(let frame): "the stack of frame \(frame)"
    case .context: "the context"
    case .packet: "the packet"
    case .memory: "the memory"
    case .mapValue(let map): "a value of map '\(map)'"
    case .mapKey(let map): "a key of map '\(map)'"
    case .record(let map): "a record of ring buffer '\(map)'"
    case .helperArgument: "a callback's argument"
    }
  }
}
