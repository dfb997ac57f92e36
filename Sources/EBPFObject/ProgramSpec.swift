public import EBPFBTF
public import EBPFISA
public import EBPFTables

/// One program of an object: its instructions with every subprogram that it calls behind it, linked and self-contained.
///
/// Calls between its functions are resolved; maps are referred to by index in ``ObjectSpec/maps``.
public struct ProgramSpec: Sendable {
  /// The function's name.
  public var name: String
  /// The section's name as written, `xdp` or `tracepoint/syscalls/sys_enter_open`.
  public var section: String
  /// What the section name says; `nil` where it says nothing known.
  public var type: ProgramType?
  /// The attach type that the program is loaded for; `nil`: its type has none, or number 0.
  public var expectedAttachType: AttachType?
  /// What the section name says after its prefix, `syscalls/sys_enter_open`; empty without.
  public var attachTarget: String
  /// Flags for `BPF_PROG_LOAD` that the section name implies (`BPF_F_SLEEPABLE`, `BPF_F_XDP_HAS_FRAGS`).
  public var loadFlags: UInt32
  /// Whether a loader loads the program unless told otherwise (`?` before the section's name says no).
  public var isAutoloaded: Bool

  /// One element for each 8-byte slot; the program's own function first, then the functions that it reaches.
  public var instructions: [Instruction]
  /// The functions in ``instructions``, by rising first slot; at least one.
  public var functions: [FunctionSpec]
  /// Source lines, by rising slot; each holds until the next.
  public var lines: LineTable
  /// Uses of symbols that only a host resolves, by rising slot.
  public var references: [Reference]
  /// CO-RE relocations that are still to be applied, by rising slot; see ``ObjectSpec/relocated(against:programs:)``.
  public var coreRelocations: [CORERelocation]
  /// What became of the CO-RE relocations that were applied, by rising slot.
  public var coreResolutions: [COREResolution] = []

  /// A program from its parts; without `functions` it is one function.
  public init(
    name: String, section: String = "", type: ProgramType? = nil, expectedAttachType: AttachType? = nil, attachTarget: String = "",
    loadFlags: UInt32 = 0, isAutoloaded: Bool = true, instructions: [Instruction], functions: [FunctionSpec]? = nil,
    lines: LineTable = [], references: [Reference] = [], coreRelocations: [CORERelocation] = []
  ) {
    self.name = name
    self.section = section
    self.type = type
    self.expectedAttachType = expectedAttachType
    self.attachTarget = attachTarget
    self.loadFlags = loadFlags
    self.isAutoloaded = isAutoloaded
    self.instructions = instructions
    self.functions = functions ?? [FunctionSpec(name: name, start: 0)]
    self.lines = lines
    self.references = references
    self.coreRelocations = coreRelocations
  }

  /// The source line that the instruction in that slot was made from, where the object says.
  public func line(at slot: Int) -> LineSpec? { lines.line(at: slot) }
}

/// A function within a program's instructions.
public struct FunctionSpec: Sendable, Hashable {
  /// The symbol's name.
  public var name: String
  /// The slot of its first instruction.
  public var start: Int
  /// Its `BTF_KIND_FUNC` in the object's BTF, 0 without.
  public var typeID: BTF.TypeID
  /// Whether the verifier proves it on its own, from its BTF prototype (a global function), or in each caller's state.
  public var isGlobal: Bool

  public init(name: String, start: Int, typeID: BTF.TypeID = 0, isGlobal: Bool = false) {
    self.name = name
    self.start = start
    self.typeID = typeID
    self.isGlobal = isGlobal
  }
}

/// A source line (`struct bpf_line_info`).
public struct LineSpec: Sendable, Hashable {
  /// The first slot that the line was compiled to, and the source file.
  public var slot: Int
  public var file: String
  /// The line's text as the compiler saw it; may be empty.
  public var text: String
  /// Both from 1; 0 where unknown.
  public var line: Int
  public var column: Int
  /// Offsets of the two strings in the object's BTF, for passing the record on to the kernel.
  public var fileOffset: UInt32
  public var textOffset: UInt32

  public init(slot: Int, file: String, text: String, line: Int, column: Int, fileOffset: UInt32 = 0, textOffset: UInt32 = 0) {
    self.slot = slot
    self.file = file
    self.text = text
    self.line = line
    self.column = column
    self.fileOffset = fileOffset
    self.textOffset = textOffset
  }
}

/// A use, in one slot, of a symbol that only a host resolves.
public struct Reference: Sendable, Hashable {
  /// The slot of the instruction.
  public var slot: Int
  /// Index in ``ObjectSpec/externs``.
  public var extern: Int

  public init(slot: Int, extern: Int) {
    self.slot = slot
    self.extern = extern
  }
}
