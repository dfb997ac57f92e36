import ArgumentParser
import EBPFBTF
import EBPFISA
import EBPFObject
import EBPFTables

/// `ebpf inspect`
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "List an object's programs, maps, globals, externs and types.",
    discussion: """
      Nothing is loaded: what is shown is what the file says. With --btf, CO-RE relocations are applied against these types, and the outcome shown.

      Examples:
        ebpf inspect counter.bpf.o
        ebpf inspect counter.bpf.c --json
        ebpf inspect counter.bpf.o --definitions > types.h
        ebpf inspect tracer.bpf.o --btf /sys/kernel/btf/vmlinux
      """)

  @OptionGroup var program: ProgramArguments

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print the object's types as C definitions, and nothing else.")
  var definitions = false

  func run() async throws {
    let object = try await program.load()
    var programs = try program.chosen(of: object)
    if definitions {
      guard let btf = object.btf else { throw CommandFailure("\(program.path): it has no types (compile with -g)") }
      do {
        var printer = CDeclarations(btf)
        try printer.addAll()
        Console.write(printer.text)
      } catch { throw CommandFailure("\(program.path): section .BTF: \(error.description)") }
      return
    }
    if let types = try program.compiling.targetTypes {
      do throws(ObjectError) {
        for index in programs.indices {
          var alone = object
          alone.programs = [programs[index]]
          programs[index] = try alone.attemptingRelocation(against: types, programs: [programs[index].name]).programs[0]
        }
      } catch { throw CommandFailure("\(program.path): \(error.description)") }
    }
    let report = InspectReport(path: program.path, object: object, programs: programs)
    if json { Console.print(report.json) } else { Console.print(report.text) }
  }
}

/// What `ebpf inspect` says of an object.
struct InspectReport {
  var path: String
  var object: ObjectSpec
  var programs: [ProgramSpec]

  // MARK: Text

  var text: String {
    var parts = [heading]
    if !programs.isEmpty { parts.append(section("programs", programTable)) }
    if !object.maps.isEmpty { parts.append(section("maps", mapTable)) }
    if !object.variables.isEmpty { parts.append(section("globals", globalTable)) }
    if !object.externs.isEmpty { parts.append(section("externs", externTable)) }
    if programs.contains(where: \.hasCORERelocations) { parts.append(section("CO-RE relocations", relocationTable)) }
    if let btf = object.btf { parts.append(Paint.bold("types") + "\n  " + typeSummary(btf)) }
    for problem in object.problems { parts.append(Paint.yellow("left out: ") + problem.description) }
    return parts.joined(separator: "\n\n")
  }

  private var heading: String {
    var facts = [object.byteOrder == .little ? "little-endian" : "big-endian"]
    if !object.license.isEmpty { facts.append("license \(object.license)") }
    if object.kernelVersion != 0 {
      let version = object.kernelVersion
      facts.append("kernel \(version >> 16).\(version >> 8 & 0xff).\(version & 0xff)")
    }
    return Paint.bold(path == "-" ? "standard input" : path) + "  " + facts.joined(separator: ", ")
  }

  private func section(_ title: String, _ table: Table) -> String { Paint.bold(title) + "\n" + table.text(indent: 2) }

  private var programTable: Table {
    var table = Table(["name", "section", "type", "attached as", " instructions", "functions", "maps"])
    for program in programs {
      table.add([
        program.name, program.section, program.type?.description ?? "?", program.expectedAttachType?.description ?? "",
        "\(program.instructions.count)", program.functions.dropFirst().map(\.name).joined(separator: " "),
        mapNames(program).joined(separator: " "),
      ])
    }
    return table
  }

  private var mapTable: Table {
    var table = Table(["name", "type", "key", "value", " entries", "flags", "pinned", "inner"])
    for map in object.maps {
      table.add([
        map.name, map.type.description, described(map.keySize, map.keyTypeID), described(map.valueSize, map.valueTypeID),
        "\(map.maxEntries)",
        (map.flags.names + (map.isFrozen ? ["frozen"] : [])).joined(separator: " "), map.pinning.text ?? "",
        map.inner.first.map { "\($0.type) \($0.keySize)/\($0.valueSize) × \($0.maxEntries)" } ?? "",
      ])
    }
    return table
  }

  private func described(_ size: Int, _ type: BTF.TypeID) -> String {
    guard size > 0 || type != 0 else { return "" }
    let name = typeName(type).map { ", \($0)" } ?? ""
    return "\(size) B\(name)"
  }

  private var globalTable: Table {
    var table = Table(["name", "section", " offset", " bytes", "type", "value"])
    for variable in object.variables {
      let value = value(of: variable)?.text ?? bytes(of: variable).map { BTFValue.hex($0) } ?? ""
      table.add([
        variable.name, object.maps[variable.map].name, "\(variable.offset)", "\(variable.size)", typeName(variable.typeID) ?? "",
        value.count > 60 ? value.prefix(57) + "..." : value,
      ])
    }
    return table
  }

  private var externTable: Table {
    var table = Table(["name", "kind", "type"])
    for extern in object.externs {
      table.add([extern.name, extern.kind.text + (extern.isWeak ? ", weak" : ""), typeName(extern.typeID) ?? ""])
    }
    return table
  }

  private var relocationTable: Table {
    let isApplied = programs.contains { !$0.coreResolutions.isEmpty }
    var table = Table(["program", " instruction", "relocation"] + (isApplied ? ["outcome"] : []))
    for program in programs {
      for relocation in program.coreRelocations {
        table.add([program.name, "\(relocation.slot)", text(of: relocation)] + (isApplied ? [""] : []))
      }
      for resolution in program.coreResolutions {
        let relocation = resolution.relocation
        table.add([program.name, "\(relocation.slot)", text(of: relocation), resolution.outcomeText])
      }
    }
    return table
  }

  private func text(of relocation: CORERelocation) -> String {
    do throws(ObjectError) { return try object.access(of: relocation).description } catch { return error.message }
  }

  private func relocationJSON(_ relocation: CORERelocation, _ resolution: COREResolution?) -> String {
    let access = try? object.access(of: relocation)
    var outcome: String?
    var value: UInt64?
    switch resolution?.outcome {
    case nil: break
    case .patched(_, let new)?: (outcome, value) = ("patched", new)
    case .unresolved?: outcome = "unresolved"
    case .wrongSize?: outcome = "wrongSize"
    case .refused?: outcome = "refused"
    }
    return JSONText.object([
      ("instruction", "\(relocation.slot)"), ("kind", JSONText.string(relocation.kind.description)),
      ("type", JSONText.string(access?.typeName)), ("field", JSONText.string(access?.field)),
      ("access", JSONText.string(relocation.access)),
      ("text", JSONText.string(text(of: relocation))), ("outcome", JSONText.string(outcome)),
      ("value", value.map { BTFValue.unsigned(UInt128($0)).json } ?? "null"), ("match", JSONText.string(resolution?.match?.description)),
      ("candidates", "\(resolution?.candidates.count ?? 0)"), ("explanation", JSONText.string(resolution?.reason)),
    ])
  }

  private func typeSummary(_ btf: BTF) -> String {
    let counts = kindCounts(btf).map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    return "\(btf.count - 1) types in \(btf.bytes.count) bytes: \(counts)"
  }

  // MARK: JSON

  var json: String {
    JSONText.object([
      ("file", JSONText.string(path)), ("byteOrder", JSONText.string(object.byteOrder.rawValue)),
      ("license", JSONText.string(object.license)), ("kernelVersion", "\(object.kernelVersion)"),
      ("programs", JSONText.array(programs.map(programJSON))), ("maps", JSONText.array(object.maps.map(mapJSON))),
      ("globals", JSONText.array(object.variables.map(globalJSON))), ("externs", JSONText.array(object.externs.map(externJSON))),
      ("types", object.btf.map(typesJSON) ?? "null"), ("problems", JSONText.array(object.problems.map { JSONText.string($0.description) })),
    ])
  }

  private func programJSON(_ program: ProgramSpec) -> String {
    JSONText.object([
      ("name", JSONText.string(program.name)), ("section", JSONText.string(program.section)),
      ("type", JSONText.string(program.type?.description)), ("attachType", JSONText.string(program.expectedAttachType?.description)),
      ("attachTarget", JSONText.string(program.attachTarget)), ("autoload", "\(program.isAutoloaded)"),
      ("instructions", "\(program.instructions.count)"),
      (
        "functions",
        JSONText.array(
          program.functions.map {
            JSONText.object(["name": JSONText.string($0.name), "start": "\($0.start)", "global": "\($0.isGlobal)"])
          })
      ),
      ("maps", JSONText.array(mapNames(program).map { JSONText.string($0) })),
      ("externs", JSONText.array(externNames(program).map { JSONText.string($0) })),
      ("coreRelocations", "\(program.coreRelocations.count + program.coreResolutions.count)"),
      (
        "relocations",
        JSONText.array(
          program.coreRelocations.map { relocationJSON($0, nil) } + program.coreResolutions.map { relocationJSON($0.relocation, $0) })
      ),
    ])
  }

  private func mapJSON(_ map: MapSpec) -> String {
    JSONText.object([
      ("name", JSONText.string(map.name)), ("type", JSONText.string(map.type.description)), ("keySize", "\(map.keySize)"),
      ("valueSize", "\(map.valueSize)"), ("maxEntries", "\(map.maxEntries)"),
      ("flags", JSONText.array(map.flags.names.map { JSONText.string($0) })),
      ("extra", BTFValue.unsigned(UInt128(map.extra)).json), ("pinning", JSONText.string(map.pinning.text)),
      ("keyType", JSONText.string(typeName(map.keyTypeID))), ("valueType", JSONText.string(typeName(map.valueTypeID))),
      ("frozen", "\(map.isFrozen)"), ("inner", map.inner.first.map(mapJSON) ?? "null"),
    ])
  }

  private func globalJSON(_ variable: VariableSpec) -> String {
    JSONText.object([
      ("name", JSONText.string(variable.name)), ("section", JSONText.string(object.maps[variable.map].name)),
      ("offset", "\(variable.offset)"), ("size", "\(variable.size)"), ("type", JSONText.string(typeName(variable.typeID))),
      ("value", value(of: variable)?.json ?? "null"), ("valueHex", JSONText.string(bytes(of: variable).map { BTFValue.hex($0) })),
    ])
  }

  private func externJSON(_ extern: ExternSpec) -> String {
    JSONText.object([
      ("name", JSONText.string(extern.name)), ("kind", JSONText.string(extern.kind.text)), ("weak", "\(extern.isWeak)"),
      ("type", JSONText.string(typeName(extern.typeID))),
    ])
  }

  private func typesJSON(_ btf: BTF) -> String {
    JSONText.object([
      ("count", "\(btf.count - 1)"), ("bytes", "\(btf.bytes.count)"),
      ("kinds", JSONText.object(kindCounts(btf).map { ($0.kind.description, "\($0.count)") })),
    ])
  }

  // MARK: Facts

  /// A type's name in C.
  private func typeName(_ id: BTF.TypeID) -> String? {
    guard id != 0, let btf = object.btf, let type = btf.type(id) else { return nil }
    switch type.kind {
    case .function, .dataSection, .variable: return type.kind == .dataSection ? nil : type.name
    default: return try? btf.declaration(of: id)
    }
  }

  /// The maps that a program's instructions refer to, in the order of first use.
  private func mapNames(_ program: ProgramSpec) -> [String] {
    var seen: Set<Int32> = []
    var names: [String] = []
    for instruction in program.instructions
    where instruction.isWide && (instruction.source == WideSource.mapIndex || instruction.source == WideSource.mapIndexValue) {
      guard object.maps.indices.contains(Int(instruction.immediate)), seen.insert(instruction.immediate).inserted else { continue }
      names.append(object.maps[Int(instruction.immediate)].name)
    }
    return names
  }

  private func externNames(_ program: ProgramSpec) -> [String] {
    var seen: Set<Int> = []
    return program.references.compactMap { seen.insert($0.extern).inserted ? object.externs[$0.extern].name : nil }
  }

  /// The bytes of a global as the file gives them.
  private func bytes(of variable: VariableSpec) -> [UInt8]? {
    guard variable.size <= 1 << 20 else { return nil }
    guard case .bytes(let section)? = object.maps[variable.map].contents.first?.value else {
      return Array(repeating: 0, count: variable.size)
    }
    guard variable.offset + variable.size <= section.count else { return nil }
    return Array(section[variable.offset..<variable.offset + variable.size])
  }

  private func value(of variable: VariableSpec) -> BTFValue? {
    guard variable.typeID != 0, let bytes = bytes(of: variable) else { return nil }
    return try? object.btf?.value(of: bytes, as: variable.typeID, isBigEndian: object.byteOrder == .big)
  }

  private func kindCounts(_ btf: BTF) -> [(kind: BTFKind, count: Int)] {
    var counts: [BTFKind: Int] = [:]
    for id in btf.ownTypeIDs { counts[btf.type(id)?.kind ?? .void, default: 0] += 1 }
    return counts.filter { $0.key != .void }.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map { ($0.key, $0.value) }
  }
}

extension ProgramSpec {
  fileprivate var hasCORERelocations: Bool { !coreRelocations.isEmpty || !coreResolutions.isEmpty }
}

extension COREResolution {
  /// What became of it, in a few words.
  fileprivate var outcomeText: String {
    switch outcome {
    case .patched(let old, let new):
      let value = "\(Int64(bitPattern: new))" + (old == new ? "" : " (was \(Int64(bitPattern: old)))")
      guard let match else { return relocation.kind == .typeIDLocal ? value : "\(value): \(explanation)" }
      return "\(value), \(match.source) [\(match.typeID)]"
    case .unresolved, .wrongSize: return Paint.yellow("not to be reached: ") + explanation
    case .refused(let reason): return Paint.red("refused: ") + reason
    }
  }

  /// Why nothing fitted or it was refused, `nil` where it was applied.
  fileprivate var reason: String? {
    if case .refused(let reason) = outcome { return reason }
    return explanation.isEmpty ? nil : explanation
  }
}

extension MapFlags {
  /// The flags' names, as in `BPF_F_NO_PREALLOC` without its prefix, in lower case; a number for bits without one.
  var names: [String] {
    let table = [
      "no_prealloc", "no_common_lru", "numa_node", "rdonly", "wronly", "stack_build_id", "zero_seed", "rdonly_prog", "wronly_prog", "clone",
      "mmapable", "preserve_elems", "inner_map", "link", "path_fd", "vtype_btf_obj_fd", "token_fd", "segv_on_fault", "no_user_conv",
    ]
    return (0..<32).filter { rawValue >> UInt32($0) & 1 != 0 }.map {
      $0 < table.count ? table[$0] : "0x" + String(UInt32(1) << UInt32($0), radix: 16)
    }
  }
}

extension MapSpec.Pinning {
  fileprivate var text: String? {
    switch self {
    case .none: nil
    case .byName: "by name"
    case .other(let number): "\(number)"
    }
  }
}

extension ExternSpec.Kind {
  fileprivate var text: String {
    switch self {
    case .kconfig: "kconfig"
    case .variable(let typed): typed ? "variable" : "symbol"
    case .function: "function"
    }
  }
}
