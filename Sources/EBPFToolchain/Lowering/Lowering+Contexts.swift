import EBPFTables

extension LoweringUnit {
  /// A pointer to what a program of a section's kind is called with: a struct of the kernel's name and size, or an array of 64-bit arguments.
  mutating func contextType(section: String) -> UInt32 {
    guard let name = SectionName(lenient: section) else { return pointerType(to: nil) }
    if let layout = ContextLayout.find(name.type, attachType: name.expectedAttachType), let structName = layout.structName {
      if let known = types.basic["struct \(structName)"] { return pointerType(to: known) }
      let node = structureType(structName, [], size: layout.structSize)
      types.basic["struct \(structName)"] = node
      return pointerType(to: node)
    }
    return pointerType(to: basicType("unsigned long long", size: 8, encoding: .DW_ATE_unsigned))
  }
}
