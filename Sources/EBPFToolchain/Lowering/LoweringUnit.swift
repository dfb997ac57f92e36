/// A module while it is lowered: the IR, and what passes tell each other.
struct LoweringUnit {
  var module: IRModule
  let options: LoweringOptions

  /// The index of a function or a global by the index of its name; -1 for none.
  private var functionIndices: [Int32] = []
  private var globalIndices: [Int32] = []

  /// The programs, in the order of the source.
  var programs: [LoweredProgram] = []
  /// By the index of a function: its program.
  var programOfFunction: [Int: Int] = [:]
  /// Functions that stay global although they are no programs (`@used` without a section).
  var globalFunctions: Set<Int> = []
  /// Globals that stay although nothing reads them: maps, variables, settings, what has a section.
  var keptGlobals: Set<Int> = []
  /// By the token of a `swift_once`: why its initialiser could not be run.
  var failedTokens: [IRName: EvaluationFailure] = [:]
  /// By the symbol of a global: the token of the `swift_once` that initialises it.
  var tokenOfGlobal: [IRName: IRName] = [:]
  /// By the symbol of a global: what it is to the program. Only those of the user's sources.
  var roles: [IRName: GlobalRole] = [:]
  /// The names that symbols get at the end.
  var renamed: [(symbol: IRName, name: String)] = []
  /// The maps, variables and settings, with the debug information that they get.
  var debugVariables: [UInt32] = []
  /// The compile unit of the Swift code, the one that stays.
  let compileUnit: UInt32?
  /// Its file.
  let mainFile: UInt32?
  /// The files of the program. See `isUserFile`.
  private var userFiles: Set<UInt32> = []
  /// C-shaped types that were made, by the node that they stand for.
  var types = DebugTypes()
  /// The kernel's types, where the program imports the module `Kernel`.
  var kernel: KernelDebugTypes?
  /// By the index of a function: what it may hold when a check fails.
  var heldResources: [Int: [HeldResource]] = [:]
  /// Variables that a function's callbacks need, for its entry.
  var frameAllocations: [IRInstruction] = []
  /// The node of branch weights for checks.
  var unlikelyNode: UInt32?
  /// What is wrong, in passes that go on.
  var problems: [LoweringError] = []
  /// Counts the names that passes make.
  var fresh = 0
  /// By the index of a function: it is a callback of a helper, with the helper's signature.
  var callbacks: Set<Int> = []

  init(_ module: IRModule, _ options: LoweringOptions) {
    self.module = module
    self.options = options
    var compileUnit: UInt32?
    for (name, nodes) in module.namedMetadata where name == .llvm_dbg_cu {
      for case .node(let node) in nodes {
        if compileUnit == nil || module.metadata.word(node, .language) == .DW_LANG_Swift { compileUnit = compileUnit ?? node }
      }
    }
    self.compileUnit = compileUnit
    mainFile = compileUnit.flatMap { module.metadata.node($0, .file) }
    index()
    findUserFiles()
  }

  /// Finds functions and globals again after some came or went.
  mutating func index() {
    functionIndices = Array(repeating: -1, count: module.names.count)
    globalIndices = functionIndices
    for (index, function) in module.functions.enumerated() { functionIndices[Int(function.name.index)] = Int32(index) }
    for (index, global) in module.globals.enumerated() { globalIndices[Int(global.name.index)] = Int32(index) }
  }

  func function(_ name: IRName) -> Int? {
    guard Int(name.index) < functionIndices.count, functionIndices[Int(name.index)] >= 0 else { return nil }
    return Int(functionIndices[Int(name.index)])
  }

  func global(_ name: IRName) -> Int? {
    guard Int(name.index) < globalIndices.count, globalIndices[Int(name.index)] >= 0 else { return nil }
    return Int(globalIndices[Int(name.index)])
  }

  /// Adds a function, or gives the one that has the name.
  mutating func add(_ function: IRFunction) -> Int {
    if let index = self.function(function.name) { return index }
    module.functions.append(function)
    let index = module.functions.count - 1
    while functionIndices.count < module.names.count { functionIndices.append(-1) }
    functionIndices[Int(function.name.index)] = Int32(index)
    return index
  }

  /// Declares an intrinsic or an external function.
  mutating func declare(_ name: String, result: IRTypeID, _ parameters: [IRTypeID]) -> IRName {
    let name = module.names.intern(name)
    var function = IRFunction(name: name, isDefinition: false, result: result)
    function.parameters = parameters.map { IRParameter(type: $0) }
    _ = add(function)
    return name
  }

  /// A name of the whole module.
  mutating func name(_ text: String) -> IRName { module.names.intern(text) }

  mutating func words(_ words: [IRName]) -> IRList { module.lists.intern(words) }

  // MARK: Places

  /// Whether a DIFile is a source of the program: not a module's, not made by the compiler.
  func isUserFile(_ file: UInt32) -> Bool { userFiles.contains(file) }

  /// Finds the files of the program. A module's inlined functions name the module's own files, so that a file counts if something of the
  /// program's module is declared in it: its mangled name begins with the module's, or extends a type in it.
  private mutating func findUserFiles() {
    if let mainFile { userFiles.insert(mainFile) }
    var isMain: [UInt32: Bool] = [:]
    var prefixes: [String] = []
    for number in 0..<UInt32(module.metadata.nodes.count) where module.metadata.kind(number) == .DIModule {
      guard isProgramModule(number), let name = module.metadata.string(number, .name) else { continue }
      let text = module.names[name]
      guard text != "Builtin" else { continue }
      isMain[number] = true
      prefixes.append("\(text.utf8.count)\(text)")
    }
    for number in 0..<UInt32(module.metadata.nodes.count) {
      let kind = module.metadata.kind(number)
      guard kind == .DISubprogram || kind == .DIGlobalVariable, let file = module.metadata.node(number, .file), !userFiles.contains(file),
        let path = module.metadata.string(file, .filename), module.names.hasSuffix(path, ".swift"),
        let link = module.metadata.string(number, .linkageName)
      else { continue }
      let symbol = module.names[link]
      let isOwn: Bool
      if symbol.hasPrefix("$e") || symbol.hasPrefix("$s") {
        isOwn = prefixes.contains { symbol.dropFirst(2).hasPrefix($0) || symbol.contains("\($0)E") }
      } else {
        isOwn = module.metadata.node(number, .scope).map { isMain[$0] == true } ?? false
      }
      if isOwn { userFiles.insert(file) }
    }
  }

  /// Whether a DIModule is the program's: one without a place, or with the folder of the program's first file as its place.
  private func isProgramModule(_ node: UInt32) -> Bool {
    guard let place = module.metadata.string(node, .includePath) else { return module.metadata[node, .includePath] == nil }
    guard let mainFile, let path = module.metadata.string(mainFile, .filename) else { return false }
    let folder = module.names[place]
    return !folder.isEmpty && !folder.hasSuffix(".swiftmodule")
      && module.names[path].hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
  }

  /// The file that a scope is in.
  func file(ofScope scope: UInt32) -> UInt32? {
    var scope: UInt32? = scope
    var steps = 0
    while let current = scope, steps < 64 {
      if let file = module.metadata.node(current, .file) { return file }
      scope = module.metadata.node(current, .scope)
      steps += 1
    }
    return nil
  }

  func path(ofFile file: UInt32) -> String {
    guard let name = module.metadata.string(file, .filename) else { return "" }
    let text = module.names[name]
    if text.hasPrefix("/") { return text }
    let folder = module.metadata.string(file, .directory).map { module.names[$0] } ?? ""
    return folder.isEmpty ? text : "\(folder)/\(text)"
  }

  /// The innermost place of a location that is in the user's sources.
  mutating func userLocation(_ location: Int32) -> (file: UInt32, line: Int64, column: Int64)? {
    guard location >= 0 else { return nil }
    var current: UInt32? = UInt32(location)
    var steps = 0
    while let node = current, steps < 256 {
      let line = module.metadata.integer(node, .line) ?? 0
      if line > 0, let scope = module.metadata.node(node, .scope), let file = file(ofScope: scope), isUserFile(file) {
        return (file, line, module.metadata.integer(node, .column) ?? 0)
      }
      current = module.metadata.node(node, .inlinedAt)
      steps += 1
    }
    return nil
  }

  /// An error at a location, or else at a function's declaration.
  mutating func error(_ what: String, instead: String = "", at location: Int32 = -1, in function: Int? = nil) -> LoweringError {
    if let place = userLocation(location) {
      return LoweringError(file: path(ofFile: place.file), line: Int(place.line), column: Int(place.column), what: what, instead: instead)
    }
    if let function, let node = module.functions[function].subprogram, let file = module.metadata.node(UInt32(node), .file) {
      return LoweringError(
        file: path(ofFile: file), line: Int(module.metadata.integer(UInt32(node), .line) ?? 0), what: what, instead: instead)
    }
    return LoweringError(what: what, instead: instead)
  }

  /// An error at a global's declaration.
  mutating func error(_ what: String, instead: String = "", atGlobal global: Int) -> LoweringError {
    guard let node = debugVariable(global), let file = module.metadata.node(node, .file) else {
      return LoweringError(what: what, instead: instead)
    }
    return LoweringError(
      file: path(ofFile: file), line: Int(module.metadata.integer(node, .line) ?? 0), what: what, instead: instead)
  }

  /// Notes a problem and goes on, so that all of a kind are told at once.
  mutating func report(_ what: String, instead: String, at location: Int32 = -1, in function: Int) {
    problems.append(error(what, instead: instead, at: location, in: function))
  }

  /// Ends the lowering if there were problems.
  func throwProblems() throws(LoweringError) {
    let sorted = problems.sorted { ($0.file, $0.line, $0.column) < ($1.file, $1.line, $1.column) }
    guard var first = sorted.first else { return }
    first.others = Array(sorted.dropFirst())
    throw first
  }

  // MARK: What the debug information says of symbols

  /// The DIGlobalVariable of a global.
  func debugVariable(_ global: Int) -> UInt32? {
    guard let expression = module.globals[global].debug else { return nil }
    return module.metadata.node(UInt32(expression), .var)
  }

  /// The name of a global in the source.
  func sourceName(ofGlobal global: Int) -> String? {
    debugVariable(global).flatMap { module.metadata.string($0, .name) }.map { module.names[$0] }
  }

  /// The name of a function in the source, without argument labels.
  func sourceName(ofFunction function: Int) -> String? {
    guard let node = module.functions[function].subprogram else { return nil }
    return module.metadata.string(UInt32(node), .name).map { module.names[$0] }
  }

  /// Whether a function is what Swift makes to reach a global.
  func isAddressor(_ name: IRName) -> Bool { module.names.hasSuffix(name, "vau") }

  /// Whether the text can be a name in C and in BTF.
  static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy { isIdentifier($0) }
  }

  static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, 0x5f: true
    default: false
    }
  }

  /// The text with each byte that no identifier has as an underscore, runs of them once.
  static func identifier(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      if isIdentifier(byte) {
        result.append(byte)
      } else if result.last != 0x5f {
        result.append(0x5f)
      }
    }
    while result.last == 0x5f, result.count > 1 { result.removeLast() }
    if result.isEmpty || (0x30...0x39).contains(result[0]) { result.insert(0x5f, at: 0) }
    return String(decoding: result, as: UTF8.self)
  }
}

extension LoweringUnit {
  /// A local name that no function has.
  mutating func freshName(_ base: String) -> IRName {
    fresh += 1
    return module.names.intern("bpf.\(base).\(fresh)")
  }
}
