import EBPFTables

extension LoweringUnit {
  /// Puts the text of the global of type `BPF.License` into section `license`. Without one the object has no licence.
  mutating func lowerLicense() throws(LoweringError) {
    var found: Int?
    let all = module.globals.indices.filter { roles[module.globals[$0].name] == .license }
    for index in all.sorted(by: { line(ofGlobal: $0) < line(ofGlobal: $1) }) {
      if found != nil {
        let name = sourceName(ofGlobal: index) ?? "license"
        throw error("'\(name)' is a second licence", instead: "leave it out: an object has one licence", atGlobal: index)
      }
      found = index
    }
    guard let found else { return }
    guard let text = licenseText(found) else {
      throw error("the licence is not known at compile time", instead: "let license = License.gpl", atGlobal: found)
    }
    let bytes = text + [0]
    let type = module.types.intern(.array(count: UInt64(bytes.count), element: .i8))
    module.globals[found].type = type
    module.globals[found].initializer = .literal(name(IRText.escaped(bytes)))
    module.globals[found].isConstant = true
    module.globals[found].prefix = words([.dso_local])
    module.globals[found].section = name("license")
    module.globals[found].alignment = 1
    module.globals[found].attachments = []
    renamed.append((module.globals[found].name, "_license"))
  }

  private func line(ofGlobal index: Int) -> Int64 { debugVariable(index).flatMap { module.metadata.integer($0, .line) } ?? 0 }

  /// The text of a global that begins with a StaticString: address, length, flags.
  private func licenseText(_ index: Int) -> [UInt8]? {
    var evaluator = Evaluator(module, function: { function($0) }, global: { global($0) })
    guard let object = try? evaluator.load(global: module.globals[index].name), evaluator.objects[object].bytes.count >= 16,
      let pointer = evaluator.objects[object].pointers[0], pointer.object >= 0
    else { return nil }
    let length = evaluator.objects[object].bytes[8..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
    let text = evaluator.objects[pointer.object].bytes
    let start = Int(pointer.offset)
    guard length > 0, start >= 0, start + length <= text.count else { return nil }
    return Array(text[start..<start + length])
  }

  /// Refuses what only programs under a GPL-compatible licence may call, where the source states no such licence.
  mutating func checkLicense() throws(LoweringError) {
    if hasGPLLicense { return }
    let state = licence.map { "the source states the licence \"\($0)\"" } ?? "the source states no licence"
    for index in module.functions.indices {
      for block in module.functions[index].blocks {
        for instruction in block.instructions where instruction.opcode == .call {
          var called: String?
          if let symbol = instruction.callee.global, let target = function(symbol) {
            let function = module.functions[target]
            if !function.isDefinition, !function.section.isEmpty, module.names[function.section] == ".ksyms" {
              called = "the kernel function \(module.names[symbol])"
            }
          } else if let helper = helper(calledBy: instruction), helper.isGPLOnly {
            called = "the helper \(helper)"
          }
          guard let called else { continue }
          report(
            "\(called) is for programs under the GPL only, and \(state)",
            instead: "where the program is under it, write: let license = License.gpl (or .dualMITGPL, .dualBSDGPL)",
            at: instruction.location, in: index)
        }
      }
    }
    try throwProblems()
  }

  /// Whether section `license` holds a licence that the kernel takes for the GPL.
  var hasGPLLicense: Bool { licence.map { License.isGPLCompatible($0) } ?? false }

  /// What section `license` holds.
  private var licence: String? {
    for index in module.globals.indices where module.names[module.globals[index].section] == "license" {
      if let bytes = bytes(ofGlobal: index) { return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return nil
  }
}
