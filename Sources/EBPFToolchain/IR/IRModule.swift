/// `attributes #n = { … }`.
package struct IRAttributeGroup: Hashable, Sendable {
  package var number: UInt32
  /// Each attribute as it is spelled: `nounwind`, `"target-cpu"="generic"`, `memory(argmem: read)`.
  package var attributes: [IRName]
}

/// A module of LLVM IR: what the text has, in the order in which LLVM writes it.
package struct IRModule: Sendable {
  package var names = IRNames(known: IRName.known)
  package var lists = IRLists()
  package var types = IRTypes()
  /// Compound constants, by the index in `IRValue.constant`.
  package var constants: [IRConstant] = []
  /// Metadata operands, by the index in `IRValue.metadata`.
  package var metadataOperands: [IRMetadataValue] = []
  /// The tokens of what is kept as it stands, by the index that an instruction has.
  package var verbatim: [[IRToken]] = []

  /// `source_filename`, `target …`, `module asm …`, comdats: as they stand, a line each.
  package var header: [[IRToken]] = []
  package var globals: [IRGlobal] = []
  /// Aliases and ifuncs, as they stand.
  package var aliases: [[IRToken]] = []
  package var functions: [IRFunction] = []
  package var attributeGroups: [IRAttributeGroup] = []
  package var namedMetadata: [(name: IRName, nodes: [IRMetadataValue])] = []
  package var metadata = IRMetadata()

  package init() {}

  /// A new compound constant.
  package mutating func add(_ constant: IRConstant) -> IRValue {
    constants.append(constant)
    return .constant(UInt32(constants.count - 1))
  }

  /// The words of a list as texts.
  package func words(_ list: IRList) -> [String] { lists[list].map { names[$0] } }

  package func contains(_ list: IRList, _ word: IRName) -> Bool { !list.isEmpty && lists[list].contains(word) }

  /// A list without the names that the body refuses.
  package mutating func filter(_ list: IRList, _ keep: (IRName) -> Bool) -> IRList {
    if list.isEmpty { return list }
    let names = lists[list]
    let kept = names.filter(keep)
    return kept.count == names.count ? list : lists.intern(kept)
  }

  /// Calls the body for each global name in a value, through compound constants.
  package func forEachGlobal(in value: IRValue, _ body: (IRName) -> Void) {
    switch value {
    case .global(let name): body(name)
    case .constant(let index):
      for operand in constants[Int(index)].operands { forEachGlobal(in: operand.value, body) }
    case .metadata(let index):
      if case .value(_, let value) = metadataOperands[Int(index)] { forEachGlobal(in: value, body) }
    default: break
    }
  }

  package func forEachGlobal(in tokens: [IRToken], _ body: (IRName) -> Void) {
    for token in tokens { if case .global(let name) = token { body(name) } }
  }

  /// Calls the body for each global name that an instruction uses.
  package func forEachGlobal(in instruction: IRInstruction, _ body: (IRName) -> Void) {
    if instruction.opcode == .call { forEachGlobal(in: instruction.callee, body) }
    for operand in instruction.operands { forEachGlobal(in: operand.value, body) }
    if instruction.verbatim >= 0 { forEachGlobal(in: verbatim[Int(instruction.verbatim)], body) }
  }
}
