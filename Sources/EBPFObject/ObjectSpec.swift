public import EBPFBTF
public import EBPFISA

/// What an eBPF object holds, as plain values: printable, editable, comparable. No system call makes or reads one;
/// only a host's `load` turns it into handles.
public struct ObjectSpec: Sendable {
  /// The programs, in the order of their sections and of their places in them.
  public var programs: [ProgramSpec]
  /// The maps, global data sections included (`.data`, `.rodata`, `.bss`, `.kconfig` and their suffixes).
  ///
  /// Programs refer to them by index here (``WideSource/mapIndex``, ``WideSource/mapIndexValue``).
  public var maps: [MapSpec]
  /// The global variables, each a view of bytes in a data section's map: `object.variables["targetPort"]?.set(443 as UInt16)`.
  public var variables: ObjectVariables {
    get { ObjectVariables(specs: variableSpecs, maps: maps, btf: btf) }
    _modify {
      // The maps move into the view and back, so that setting a variable copies no section.
      var view = ObjectVariables(specs: variableSpecs, maps: maps, btf: btf)
      maps = []
      variableSpecs = []
      defer {
        maps = view.maps
        variableSpecs = view.specs
      }
      yield &view
    }
  }
  private var variableSpecs: [VariableSpec]
  /// Symbols that the host resolves (`.ksyms`, `.kconfig`).
  public var externs: [ExternSpec]
  /// The object's types, where it has any.
  public var btf: BTF?
  /// The text of the `license` section, without its zero byte.
  public var license: String
  /// The number in the `version` section, 0 without one.
  public var kernelVersion: UInt32
  /// The byte order that the programs were compiled for. Instructions here are always decoded; data bytes stay as they stand.
  public var byteOrder: ByteOrder
  /// What was wrong with parts that the object can do without (types that nothing needs, say) and that were left out.
  public var problems: [ObjectError] = []

  /// An object from its parts.
  public init(
    programs: [ProgramSpec] = [], maps: [MapSpec] = [], variables: [VariableSpec] = [], externs: [ExternSpec] = [], btf: BTF? = nil,
    license: String = "", kernelVersion: UInt32 = 0, byteOrder: ByteOrder = .little
  ) {
    self.programs = programs
    self.maps = maps
    variableSpecs = variables
    self.externs = externs
    self.btf = btf
    self.license = license
    self.kernelVersion = kernelVersion
    self.byteOrder = byteOrder
  }

  /// The index in ``maps`` of the map of that name.
  public func mapIndex(named name: String) -> Int? { maps.firstIndex { $0.name == name } }

  /// The program of that name (the function's name, not the section's).
  public func program(named name: String) -> ProgramSpec? { programs.first { $0.name == name } }
}

/// A symbol of an object that only the host knows.
public struct ExternSpec: Sendable, Hashable {
  /// What kind of symbol it is.
  public enum Kind: Sendable, Hashable {
    /// A variable in `.kconfig`: filled into that section's map before load.
    case kconfig
    /// A kernel variable (`ld_imm64` with ``WideSource/btfID``, or an address where it is typeless).
    case variable(typed: Bool)
    /// A kernel function (`call` with ``CallSource/kfunc``).
    case function
  }
  /// The symbol's name.
  public var name: String
  /// What kind of thing it is.
  public var kind: Kind
  /// Whether the object copes with its absence (`__weak`): it is then zero.
  public var isWeak: Bool
  /// Its type in the object's BTF, 0 where there is none.
  public var typeID: BTF.TypeID
  /// Bytes from the start of the `.kconfig` map, and size; 0 for kernel symbols.
  public var offset: Int
  public var size: Int

  public init(name: String, kind: Kind, isWeak: Bool = false, typeID: BTF.TypeID = 0, offset: Int = 0, size: Int = 0) {
    self.name = name
    self.kind = kind
    self.isWeak = isWeak
    self.typeID = typeID
    self.offset = offset
    self.size = size
  }
}
