import EBPFTables

extension LoweringUnit {
  /// Holds each program against its section: whether there is such a kind of program, and whether context and result are that kind's.
  mutating func checkPrograms() throws(LoweringError) {
    checkVariableSections()
    if programs.isEmpty, globalFunctions.isEmpty, problems.isEmpty { reportNoProgram() }
    for program in programs {
      guard checkParameterCount(program) else { continue }
      guard let section = SectionName(program.section) else {
        reportUnknownSection(program)
        continue
      }
      if section.type == .tracepoint, !section.attachTarget.isEmpty, !section.attachTarget.contains("/") {
        report(
          "the section '\(program.section)' names no tracepoint",
          instead: "write category and name: @section(\"tracepoint/CATEGORY/\(section.attachTarget)\"), as in /sys/kernel/tracing/events",
          in: program.function)
      }
      if section.type == .ext { continue }
      checkContext(program, section)
      if section.type != .structOps { checkResult(program, section) }
    }
    try throwProblems()
  }

  // MARK: Sections

  private mutating func reportUnknownSection(_ program: LoweredProgram) {
    let instead =
      ProgramShape.nearest(to: program.section).map { "did you mean @section(\"\($0)\")?" }
      ?? "the section says what the program is for: \"xdp\", \"tc\", \"tcx/ingress\", \"cgroup_skb/egress\", \"kprobe/FUNCTION\", "
      + "\"fentry/FUNCTION\", \"tracepoint/CATEGORY/NAME\" and others"
    report("no kind of program has the section '\(program.section)'", instead: instead, in: program.function)
  }

  /// A program's section on a variable puts data where the kernel expects code.
  private mutating func checkVariableSections() {
    for index in module.globals.indices where !module.globals[index].section.isEmpty {
      let section = module.names[module.globals[index].section]
      guard SectionName(section) != nil, let variable = debugVariable(index), let file = module.metadata.node(variable, .file),
        isUserFile(file)
      else { continue }
      let name = sourceName(ofGlobal: index) ?? module.names[module.globals[index].name]
      problems.append(
        error(
          "the variable '\(name)' is in the section '\(section)', which is for programs",
          instead: "leave the attribute out: variables lie in .data or .bss, maps in .maps, of themselves", atGlobal: index))
    }
  }

  /// Says which function was meant to be a program, if one takes a context.
  private mutating func reportNoProgram() {
    for index in module.functions.indices where module.functions[index].isDefinition && isUserFunction(index) {
      let types = signature(ofFunction: index)
      guard types.count == 2, let type = types[1], let name = swiftType(type), name.module == "BPF",
        ProgramShape.contexts.contains(name.name),
        let function = sourceName(ofFunction: index)
      else { continue }
      let section = name.name == "XDPContext" ? "xdp" : name.name == "TCContext" ? "tc" : "…"
      report(
        "no function of the sources is a program: '\(function)' has no section",
        instead: "mark it: @section(\"\(section)\") @used func \(function)", in: index)
      return
    }
    let file = mainFile.map { path(ofFile: $0) } ?? ""
    problems.append(
      LoweringError(
        file: file, line: file.isEmpty ? 0 : 1, column: file.isEmpty ? 0 : 1, what: "there is no program in the sources",
        instead: "a program is a function with a section: @section(\"xdp\") @used func filter(_ ctx: XDPContext) -> XDPAction { .pass }"))
  }

  // MARK: Contexts

  private mutating func checkParameterCount(_ program: LoweredProgram) -> Bool {
    let function = module.functions[program.function]
    let symbol = function.name
    if module.names.hasSuffix(symbol, "KF") || module.names.hasSuffix(symbol, "KFZ") {
      report(
        "the program '\(program.name)' throws, and there is nobody to catch it",
        instead: "handle the error in the program: do { … } catch { return … }", in: program.function)
      return false
    }
    let returnsMemory = function.parameters.first.map { hasAttribute($0.attributes, "sret") } == true
    let count = function.parameters.count - (returnsMemory ? 1 : 0)
    guard count > 1 else { return true }
    report(
      "the program '\(program.name)' has \(count) parameters, and a program takes one: its context",
      instead: "leave the others out; what a program is told from outside is a `let NAME = Setting<UInt32>(0)`", in: program.function)
    return false
  }

  private mutating func checkContext(_ program: LoweredProgram, _ section: SectionName) {
    let types = signature(ofFunction: program.function)
    let shape = ProgramShape(section)
    let suggestion = shape.map { "write func \(program.name)(_ ctx: \($0.contexts[0]))" } ?? "a program takes its kind's context"
    guard types.count == 2, let node = types[1], let type = swiftType(node) else { return }
    if type.module == "BPF", ProgramShape.contexts.contains(type.name) {
      guard let shape, !shape.contexts.contains(type.name) else { return }
      report("'\(type.name)' is not the context of \(shape.kind)", instead: suggestion, in: program.function)
    } else if let parameter = module.functions[program.function].parameters.last, !module.types.isPointer(parameter.type) {
      report(
        "the program '\(program.name)' takes a \(type.name), and a program is called with a pointer to its context", instead: suggestion,
        in: program.function)
    }
  }

  // MARK: Results

  private mutating func checkResult(_ program: LoweredProgram, _ section: SectionName) {
    let shape = ProgramShape(section)
    let wanted = shape?.result ?? "Int32"
    let function = module.functions[program.function]
    let type = signature(ofFunction: program.function).first.flatMap { $0 }.flatMap { swiftType($0) }
    if function.result == .void, !(function.parameters.first.map { hasAttribute($0.attributes, "sret") } == true) {
      guard let shape, !shape.mayBeVoid else { return }
      report(
        "the program '\(program.name)' returns nothing, which the kernel reads as 0, and \(shape.kind) decides by its result",
        instead: "return \(Self.article(wanted)) \(wanted)", in: program.function)
      return
    }
    let isNumber = module.types.bits(function.result) != nil && type?.name != "Optional"
    guard isNumber else {
      let shown = type.map { $0.name == "Optional" ? "an optional" : "\(Self.article($0.name)) \($0.name)" } ?? "a value of several words"
      report(
        "the program '\(program.name)' returns \(shown), and the kernel reads a number of 32 bits",
        instead: "return \(Self.article(wanted)) \(wanted)", in: program.function)
      return
    }
    guard let type, type.module == "EBPFTypes" || type.module == "BPF", ProgramShape.results.contains(type.name), type.name != shape?.result
    else { return }
    report(
      "'\(type.name)' is not the result of \(shape?.kind ?? "a program in the section '\(program.section)'")",
      instead: "return \(Self.article(wanted)) \(wanted)", in: program.function)
  }

  // MARK: Types

  private static func article(_ noun: String) -> String {
    noun.hasPrefix("XDP") || "AEIOaeio".contains(noun.prefix(1)) ? "an" : "a"
  }

  private func hasAttribute(_ list: IRList, _ word: StaticString) -> Bool {
    module.lists[list].contains { module.names.hasPrefix($0, word) }
  }

  /// The types of a function by its debug information: result, then parameters; `nil` for none or nothing.
  private func signature(ofFunction index: Int) -> [UInt32?] {
    guard let node = module.functions[index].subprogram, let type = module.metadata.node(UInt32(node), .type),
      let types = module.metadata.node(type, .types)
    else { return [] }
    return module.metadata.fields(types).map { if case .node(let node) = $0.value { node } else { nil } }
  }

  /// A struct's or enum's name, and that of its module.
  private func swiftType(_ node: UInt32) -> (module: String, name: String)? {
    guard module.metadata.kind(node) == .DICompositeType else { return nil }
    var node = node
    if let specification = module.metadata.node(node, .specification) { node = specification }
    guard let name = module.metadata.string(node, .name) else { return nil }
    let text = module.names[name]
    guard Self.isIdentifier(text) else { return nil }
    let scope = module.metadata.node(node, .scope).flatMap { module.metadata.string($0, .name) }
    return (scope.map { module.names[$0] } ?? "", text)
  }
}
