extension LoweringUnit {
  /// Whether an attribute of a function stands in its own list or in a group.
  func hasAttribute(_ function: IRFunction, _ attribute: IRName) -> Bool {
    for word in module.lists[function.attributes] {
      if word == attribute { return true }
      guard let number = group(word) else { continue }
      for group in module.attributeGroups where group.number == number {
        if group.attributes.contains(attribute) { return true }
      }
    }
    return false
  }

  /// The number of `#7`.
  private func group(_ word: IRName) -> UInt32? {
    module.names.withBytes(word) { bytes in
      guard bytes.first == 0x23 else { return nil }
      var number: UInt32 = 0
      for byte in bytes.dropFirst() {
        guard (0x30...0x39).contains(byte), number < 100_000_000 else { return nil }
        number = number * 10 + UInt32(byte - 0x30)
      }
      return number
    }
  }

  /// Whether the function becomes a subprogram of its own: the source says `@inline(never)`, or it is called from outside.
  func isSubprogram(_ index: Int) -> Bool {
    programOfFunction[index] != nil || globalFunctions.contains(index) || callbacks.contains(index)
      || hasAttribute(module.functions[index], .noinline)
  }

  /// Linkage, and inlining of all that is no subprogram: an unseen call costs more than its code.
  mutating func lowerInlining() {
    for index in module.functions.indices where module.functions[index].isDefinition {
      let isVisible = programOfFunction[index] != nil || globalFunctions.contains(index)
      let kept = module.lists[module.functions[index].prefix].filter { !Self.isLinkage($0) }
      module.functions[index].prefix = words((isVisible ? [] : [.internal]) + kept)
      guard !isSubprogram(index), !isRecursive(index) else { continue }
      let attributes = module.lists[module.functions[index].attributes].filter { $0 != .alwaysinline }
      module.functions[index].attributes = words([.alwaysinline] + attributes)
    }
    for index in module.globals.indices where module.globals[index].initializer != nil && !keptGlobals.contains(index) {
      let kept = module.lists[module.globals[index].prefix].filter { !Self.isLinkage($0) }
      module.globals[index].prefix = words([.internal] + kept)
    }
  }

  /// Whether a function calls itself.
  private func isRecursive(_ index: Int) -> Bool {
    let name = module.functions[index].name
    return module.functions[index].blocks.contains { $0.instructions.contains { $0.calledSymbol == name } }
  }

  private static func isLinkage(_ word: IRName) -> Bool {
    switch word {
    case .private, .internal, .available_externally, .linkonce, .weak, .weak_odr, .linkonce_odr, .common, .external, .hidden, .protected,
      .dso_local, .default, .dso_preemptable:
      true
    default: false
    }
  }
}
