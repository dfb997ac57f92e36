extension LoweringUnit {
  /// Puts the text of the global of type `BPF.License` into section `license`. Without one the object has no licence.
  mutating func lowerLicense() throws(LoweringError) {
    var found: Int?
    for index in module.globals.indices where roles[module.globals[index].name] == .license {
      if found != nil {
        throw error("a second licence", instead: "state one licence for the object", atGlobal: index)
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
}
