internal import EBPFBTF

extension LoweringUnit {
  /// Makes of each `BPF.StructOperations` what loaders look for in section `.struct_ops`: a variable of the kernel's type, with the addresses of
  /// the programs whose sections name its members. Whether there are any.
  mutating func lowerStructOperations() throws(LoweringError) -> Bool {
    let tables = module.globals.indices.filter { index in
      if case .operations? = roles[module.globals[index].name] { return keptGlobals.contains(index) }
      return false
    }
    for index in tables {
      guard case .operations(let type)? = roles[module.globals[index].name] else { continue }
      try lowerStructOperations(index, type, isOnly: tables.count == 1)
    }
    return !tables.isEmpty
  }

  private mutating func lowerStructOperations(_ index: Int, _ type: String, isOnly: Bool) throws(LoweringError) {
    let symbol = module.globals[index].name
    let name = sourceName(ofGlobal: index) ?? module.names[symbol]
    guard let reference = kernel?.references.types[type], let table = kernel?.btf.type(reference.id), table.kind == .structure else {
      throw error(
        "the table \"\(name)\" is of type \(type), which is no structure of the kernel", instead: "import Kernel", atGlobal: index)
    }
    guard let bytes = bytes(ofGlobal: index), bytes.count >= 8 else {
      throw error("the table \"\(name)\" is not known at compile time", atGlobal: index)
    }
    let structure = KernelStructure(id: reference.id, name: reference.name)
    var entries: [Int: IROperand] = [:]
    for program in programs {
      guard let member = Self.member(of: program.section, table: name, isOnly: isOnly) else { continue }
      guard let path = kernel!.btf.path(to: member, in: table.id), path.count == 1, isFunction(table.memberLayout(at: path[0])) else {
        throw error(
          "\(type) has no function \"\(member)\" that the program \"\(program.name)\" could be",
          instead: "one of \(functions(of: table).joined(separator: ", "))", in: program.function)
      }
      use(.member(structure, path[0]))
      let offset = table.memberLayout(at: path[0]).bitOffset / 8
      guard entries[offset] == nil else {
        throw error("the table \"\(name)\" has a second program for its member \"\(member)\"", in: program.function)
      }
      entries[offset] = IROperand(.pointer, .global(module.functions[program.function].name))
    }
    guard !entries.isEmpty else {
      throw error(
        "no program is of the table \"\(name)\"", instead: "@section(\"struct_ops/\(name).\(functions(of: table).first ?? "init")\")",
        atGlobal: index)
    }
    try addName(name, to: &entries, structure, table, index)
    let flags = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << (8 * UInt32($1)) }
    if flags != 0, let path = kernel!.btf.path(to: "flags", in: table.id), path.count == 1 {
      let layout = table.memberLayout(at: path[0])
      use(.member(structure, path[0]))
      let type = module.types.integer(UInt32((kernel!.btf.size(of: layout.typeID) ?? 4) * 8))
      entries[layout.bitOffset / 8] = IROperand(type, .integer(Int64(flags)))
    }
    write(entries, size: table.statedSize ?? 0, to: index)
    module.globals[index].section = self.name(bytes[4] != 0 ? ".struct_ops.link" : ".struct_ops")
    setDebugVariable(index, name: Self.identifier(name), type: define(structure))
    renamed.append((symbol, Self.identifier(name)))
  }

  /// The member that a program's section names: `struct_ops/TABLE.MEMBER`, or `struct_ops/MEMBER` where there is one table.
  private static func member(of section: String, table: String, isOnly: Bool) -> String? {
    let section = section.hasPrefix("?") ? section.dropFirst() : section[...]
    let parts = section.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, parts[0] == "struct_ops" || parts[0] == "struct_ops.s" else { return nil }
    let words = parts[1].split(separator: ".")
    if words.count == 2 { return words[0] == table ? String(words[1]) : nil }
    return words.count == 1 && isOnly ? String(words[0]) : nil
  }

  private func isFunction(_ member: BTFType.Member) -> Bool {
    guard let pointer = kernel!.btf.resolve(member.typeID), pointer.kind == .pointer else { return false }
    return kernel!.btf.resolve(pointer.target)?.kind == .functionPrototype
  }

  private func functions(of table: BTFType) -> [String] {
    kernel!.btf.namedMembers(of: table.id).filter { isFunction($0.member) }.map(\.name)
  }

  /// The table's own name, where its type has a member for that.
  private mutating func addName(
    _ text: String, to entries: inout [Int: IROperand], _ structure: KernelStructure, _ table: BTFType, _ index: Int
  ) throws(LoweringError) {
    guard let path = kernel!.btf.path(to: "name", in: table.id), path.count == 1 else { return }
    let layout = table.memberLayout(at: path[0])
    guard let array = kernel!.btf.resolve(layout.typeID), array.kind == .array else { return }
    guard text.utf8.count < array.arrayCount else {
      throw error(
        "the table's name \"\(text)\" has \(text.utf8.count) letters, and the kernel takes \(array.arrayCount - 1)", atGlobal: index)
    }
    use(.member(structure, path[0]))
    entries[layout.bitOffset / 8] = constant(
      Array(text.utf8) + Array(repeating: 0, count: array.arrayCount - text.utf8.count), alignment: 1)
  }

  /// A structure of these entries, with zeros between them.
  private mutating func write(_ entries: [Int: IROperand], size: Int, to index: Int) {
    var pieces: [IROperand] = []
    var position = 0
    for (offset, entry) in entries.sorted(by: { $0.key < $1.key }) {
      if offset > position { pieces.append(constant(Array(repeating: 0, count: offset - position), alignment: 1)) }
      pieces.append(entry)
      position = offset + (module.types.layout(entry.type)?.size ?? 0)
    }
    if size > position { pieces.append(constant(Array(repeating: 0, count: size - position), alignment: 1)) }
    module.globals[index].type = module.types.intern(.structure(pieces.map(\.type), packed: true))
    module.globals[index].initializer = module.add(IRConstant(.packedStructure, operands: pieces))
    module.globals[index].isConstant = false
    module.globals[index].prefix = words([.dso_local])
    module.globals[index].alignment = 8
  }
}
