internal import EBPFBTF
package import EBPFObject
import EBPFTables

/// The Swift source that stands for an object in an application: the object's bytes, and its maps, programs and variables with their types.
package struct Skeleton {
  /// The name of the type that it declares.
  let name: String
  /// What the object was made of, for people.
  let origin: String
  let object: ObjectSpec
  let bytes: [UInt8]
  /// Of a program in Swift: the module that the application imports for the types that both sides share.
  let module: String?
  /// Whether that module is imported as tests do, so that all its types can be named.
  let isTestable: Bool
  /// Of a program in Swift: the types of its globals, by name.
  private let globals: [String: SwiftGlobal]
  /// The name that the program's module had when it was compiled for eBPF.
  private let ownModule: String
  /// The types that its sources declare for others.
  private let visible: Set<String>
  private var records: RecordWriter?
  private var importsModule = false

  /// - Parameters:
  ///   - globals: Mangled names of a Swift program's globals.
  ///   - sources: A Swift program's sources.
  package init(
    name: String, origin: String, bytes: [UInt8], module: String? = nil, isTestable: Bool = false, globals: [String] = [],
    sources: [[UInt8]] = []
  ) throws(ObjectError) {
    self.name = name
    self.origin = origin
    self.bytes = bytes
    self.module = module
    self.isTestable = isTestable
    object = try ObjectSpec(bytes: bytes, name: name)
    var known: [String: SwiftGlobal] = [:]
    for symbol in globals {
      guard let global = SwiftGlobal(mangled: symbol), !Self.librariesOfPrograms.contains(global.module) else { continue }
      known[global.name] = global
    }
    self.globals = known
    ownModule = known.values.first?.module ?? ""
    visible = DeclarationScanner(sources).visible
    records = object.btf.map { RecordWriter($0, taken: Self.taken.union([name])) }
  }

  /// What a skeleton's own text names, so that a record of that name would be taken for it.
  private static let taken: Set<String> = [
    "Maps", "Programs", "Variables", "Settings", "Map", "Program", "Variable", "Loaded", "Host", "LoadOptions", "ObjectSpec", "ObjectError",
    "HashMap", "PerCPUHashMap", "ArrayMap", "PerCPUArrayMap", "LPMTrie", "QueueMap", "RingBuffer", "InlineArray", "RecordBytes",
  ]

  /// The modules that a program's globals are not of.
  private static let librariesOfPrograms: Set<String> = ["Swift", "BPF", "CBPF", "EBPFTypes", "Kernel", "__C"]

  // MARK: Types

  /// A Swift program's type as the application names it; `nil` where it cannot.
  private mutating func text(_ type: SwiftTypeName) -> String? {
    switch type {
    case .number(let number): return "\(number)"
    case .optional(let wrapped): return text(wrapped).map { "\($0)?" }
    case .tuple(let elements):
      var texts: [String] = []
      for element in elements {
        guard let text = text(element) else { return nil }
        texts.append(text)
      }
      return "(\(texts.joined(separator: ", ")))"
    case .nominal(let home, let path, let arguments):
      var result = path.map { SwiftNames.member($0) }.joined(separator: ".")
      switch home {
      case "Swift", "EBPFTypes": break
      case ownModule:
        guard let module, isTestable || visible.contains(path.joined(separator: ".")) else { return nil }
        importsModule = true
        result = "\(module)::\(result)"
      default: return nil
      }
      if arguments.isEmpty { return result }
      var texts: [String] = []
      for argument in arguments {
        guard let text = text(argument) else { return nil }
        texts.append(text)
      }
      if home == "Swift", path == ["Optional"] { return "\(texts[0])?" }
      return "\(result)<\(texts.joined(separator: ", "))>"
    }
  }

  /// A type of the program, by its source where that is Swift and can be named, else by BTF.
  private mutating func type(_ source: SwiftTypeName?, _ id: BTF.TypeID, role: String) -> String? {
    if let source, let text = text(source) { return text }
    guard id != 0 else { return nil }
    return records?.type(id, role: role)?.text
  }

  // MARK: Maps

  private struct Member {
    var name: String
    var type: String
    var comment: String
    var initial: String
  }

  private mutating func maps() -> [Member] {
    var result: [Member] = []
    for spec in object.maps where spec.dataSection == nil && SwiftNames.isIdentifier(spec.name) {
      var comment = "\(spec.type)"
      comment += spec.type == .ringbuf ? ", \(spec.maxEntries) bytes" : ", \(spec.maxEntries) entries"
      let typed = typedMap(spec)
      if typed == nil, let reason = untypedReason(spec) { comment += "; \(reason)" }
      let initial = typed == nil ? "try loaded.map(\"\(spec.name)\")" : "try loaded.map(\"\(spec.name)\", as: \(typed ?? "").self)"
      result.append(Member(name: spec.name, type: typed ?? "Map", comment: comment, initial: initial))
    }
    return result
  }

  private mutating func typedMap(_ spec: MapSpec) -> String? {
    let arguments: [SwiftTypeName] =
      if case .nominal("BPF", _, let arguments)? = globals[spec.name]?.type { arguments } else { [] }
    func argument(_ index: Int, of count: Int) -> SwiftTypeName? { arguments.count == count ? arguments[index] : nil }
    let keyed: String
    switch spec.type {
    case .hash, .lruHash: keyed = "HashMap"
    case .percpuHash, .lruPercpuHash: keyed = "PerCPUHashMap"
    case .lpmTrie: keyed = "LPMTrie"
    case .array, .percpuArray:
      guard let value = type(argument(0, of: 1), spec.valueTypeID, role: "\(spec.name)_value") else { return nil }
      return "\(spec.type == .array ? "ArrayMap" : "PerCPUArrayMap")<\(value)>"
    case .queue, .stack:
      guard let value = type(argument(0, of: 1), spec.valueTypeID, role: "\(spec.name)_value") else { return nil }
      return "QueueMap<\(value)>"
    case .ringbuf:
      guard let record = type(argument(0, of: 1), recordType(spec), role: "\(spec.name)_record") else { return nil }
      return "RingBuffer<\(record)>"
    default: return nil
    }
    guard let key = type(argument(0, of: 2), spec.keyTypeID, role: "\(spec.name)_key"),
      let value = type(argument(1, of: 2), spec.valueTypeID, role: "\(spec.name)_value")
    else { return nil }
    return "\(keyed)<\(key), \(value)>"
  }

  /// What a ring buffer's records are. BTF does not say it of the map: by its name, `events` holds `struct event`; a Swift program's record that
  /// the application cannot name is found by its own.
  private func recordType(_ spec: MapSpec) -> BTF.TypeID {
    guard let btf = object.btf else { return 0 }
    if spec.valueTypeID != 0 { return spec.valueTypeID }
    var names: [String] = []
    if case .nominal(_, _, let arguments)? = globals[spec.name]?.type {
      if case .nominal(_, let path, [])? = arguments.first, let last = path.last { names = [last] }
    } else {
      names = [spec.name.hasSuffix("s") ? String(spec.name.dropLast()) : spec.name]
    }
    return names.lazy.compactMap { btf.find($0, kinds: [.structure])?.id }.first ?? 0
  }

  /// What would give a map its type.
  private func untypedReason(_ spec: MapSpec) -> String? {
    guard spec.type == .ringbuf else { return nil }
    guard case .nominal(_, _, let arguments)? = globals[spec.name]?.type, case .nominal(ownModule, let path, _)? = arguments.first else {
      return "its records have no type in the object: use `loaded.map(\"\(spec.name)\", as: RingBuffer<Record>.self)`"
    }
    return "typed where `\(path.joined(separator: "."))` is declared `public` or `package`"
  }

  // MARK: Variables

  private struct VariableMember {
    var name: String
    var type: String
    var isConstant: Bool
  }

  private mutating func variables() -> [VariableMember] {
    var result: [VariableMember] = []
    for spec in object.variables where spec.typeID != 0 && spec.size > 0 && SwiftNames.isIdentifier(spec.name) {
      guard object.maps.indices.contains(spec.map), object.maps[spec.map].dataSection != .kconfig else { continue }
      var source = globals[spec.name]?.type
      if case .nominal("BPF", ["Setting"], let arguments)? = source { source = arguments.first }
      guard let type = type(source, spec.typeID, role: spec.name) else { continue }
      result.append(VariableMember(name: spec.name, type: type, isConstant: object.maps[spec.map].isFrozen))
    }
    return result
  }

  // MARK: Text

  /// The source.
  package mutating func text() -> String {
    let maps = maps()
    let variables = variables()
    let programs = object.programs.filter { $0.isAutoloaded && SwiftNames.isIdentifier($0.name) }
    var imports = ["import EBPF"]
    if let module, importsModule { imports.insert("\(isTestable ? "@testable " : "")import \(module)", at: 0) }
    func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }

    var text = """
      // Made by swift-ebpf from \(origin). Changes here are lost.

      \(imports.joined(separator: "\n"))

      /// The eBPF object `\(name)`, loaded. Programs: \(list(programs.map(\.name))). Maps: \(list(maps.map(\.name))).
      struct \(name): Sendable {
        /// All of it, by name.
        let loaded: Loaded
        let maps: Maps
        let programs: Programs
        let variables: Variables

        /// Verifies, compiles and makes ready everything in the object.
        /// - Parameter configure: Sets variables before programs see them, constants too.
        static func load(
          on host: some Host, options: LoadOptions = LoadOptions(), _ configure: (inout Settings) throws -> Void = { _ in }
        ) throws -> \(name) {
          var settings = try Settings(object: object())
          try configure(&settings)
          let loaded = try host.load(settings.object, options: options)
          do { return try \(name)(loaded) } catch {
            loaded.close()
            throw error
          }
        }

        /// The object as it was compiled.
        static func object() throws(ObjectError) -> ObjectSpec { try ObjectSpec(base64: bytes, name: "\(name)") }

        private init(_ loaded: Loaded) throws {
          self.loaded = loaded
          maps = try Maps(loaded)
          programs = try Programs(loaded)
          variables = try Variables(loaded)
        }

        /// Gives back all that the object holds.
        func close() { loaded.close() }


      """
    text += group(
      "Maps", "The maps, with the types of their keys and values.",
      maps.map {
        ("/// \($0.comment)", "let \(SwiftNames.member($0.name)): \($0.type)", "self.\(SwiftNames.member($0.name)) = \($0.initial)")
      })
    text += group(
      "Programs", "The programs.",
      programs.map {
        (
          "/// `\($0.section)`", "let \(SwiftNames.member($0.name)): Program",
          "self.\(SwiftNames.member($0.name)) = try loaded.program(\"\($0.name)\")"
        )
      })
    text += group(
      "Variables", "The global variables, which programs and the application share.",
      variables.map {
        (
          $0.isConstant ? "/// A constant, set before loading." : "", "let \(SwiftNames.member($0.name)): Variable<\($0.type)>",
          "self.\(SwiftNames.member($0.name)) = try loaded.variable(\"\($0.name)\")"
        )
      })
    text += """
        /// What can be changed before the object is loaded.
        struct Settings {
          /// All of it.
          var object: ObjectSpec

      """
    for variable in variables {
      text += """

            var \(SwiftNames.member(variable.name)): \(variable.type) {
              get { object.variables["\(variable.name)"]!.value()! }
              set { object.variables["\(variable.name)"]!.set(newValue) }
            }

        """
    }
    text += "  }\n"
    for declaration in records?.declarations ?? [] { text += "\n" + Self.indented(declaration) + "\n" }
    text += "\n  private static let bytes: StaticString = \"\"\"\n"
    let encoded = Base64.encode(bytes)
    for start in stride(from: 0, to: encoded.count, by: 128) {
      let end = min(start + 128, encoded.count)
      text += "    " + String(decoding: encoded[start..<end], as: UTF8.self) + (end < encoded.count ? "\\\n" : "\n")
    }
    return text + "    \"\"\"\n}\n"
  }

  private func group(_ name: String, _ comment: String, _ members: [(comment: String, declaration: String, assignment: String)]) -> String {
    var text = "  /// \(comment)\n  struct \(name): Sendable {\n"
    for member in members {
      if !member.comment.isEmpty { text += "    \(member.comment)\n" }
      text += "    \(member.declaration)\n"
    }
    text += "\n    fileprivate init(_ loaded: Loaded) throws {\n"
    for member in members { text += "      \(member.assignment)\n" }
    return text + "    }\n  }\n\n"
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
  }
}
