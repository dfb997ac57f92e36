internal import EBPFBTF
internal import EBPFISA

/// One function's instructions with its relocations applied; what depends on its place in a program is left to the linker.
struct FunctionCode {
  var instructions: [Instruction]
  /// Uses of other functions, by rising slot: `call` and `ld_imm64`.
  var links: [Link] = []
  var references: [Reference] = []

  struct Link {
    var slot: Int
    /// Index in the function table, and the slot in that function (0 but for odd assembly).
    var function: Int
    var delta: Int
  }
}

extension ObjectReader {
  /// The relocation kinds that instructions carry; 0 is that of compilers from before they had names (`llvm/BinaryFormat/ELFRelocs/BPF.def`).
  private static let instructionRelocations: Set<UInt32> = [0, 1, 10]

  /// The relocations of each executable section, by rising offset.
  func instructionRelocations() throws(ObjectError) -> [Int: [ELFFile.Relocation]] {
    var result: [Int: [ELFFile.Relocation]] = [:]
    for section in elf.sections where section.isExecutable {
      guard let table = relocationSections[section.index] else { continue }
      result[section.index] = try elf.relocations(in: table).sorted { $0.offset < $1.offset }
    }
    return result
  }

  /// Decodes the function and applies its relocations.
  func code(of function: FunctionTable.Function, _ relocations: [ELFFile.Relocation]) throws(ObjectError) -> FunctionCode {
    let section = elf.sections[function.section]
    var code = FunctionCode(instructions: instructions(of: function, section))
    let start = 8 * function.start
    let end = start + 8 * function.count
    var position = relocations.partitioningIndex { $0.offset >= UInt64(start) }
    var relocatedCalls: Set<Int> = []
    while position < relocations.count, relocations[position].offset < UInt64(end) {
      let relocation = relocations[position]
      let offset = Int(relocation.offset)
      guard offset % 8 == 0 else {
        throw ObjectError(.badRelocation, "a relocation within an instruction of '\(function.name)'", section: section.name, offset: offset)
      }
      let slot = (offset - start) / 8
      if code.instructions[slot].opcode == Opcode.callHelper { relocatedCalls.insert(slot) }
      try apply(relocation, slot, &code, RelocationPlace(section: section.name, offset: offset, function: function.name))
      position += 1
    }
    try linkPlainCalls(function, relocatedCalls, &code, section)
    return code
  }

  private func instructions(of function: FunctionTable.Function, _ section: ELFFile.Section) -> [Instruction] {
    let first = section.range.lowerBound + 8 * function.start
    let isBigEndian = elf.view.isBigEndian
    return (0..<function.count).map { index in
      let raw = elf.view.u64(first + 8 * index) ?? 0
      return Instruction(bits: isBigEndian ? ObjectReader.littleEndianForm(raw) : raw)
    }
  }

  /// A big-endian slot read as one number, put into the form of a little-endian one.
  private static func littleEndianForm(_ raw: UInt64) -> UInt64 {
    let opcode = raw >> 56
    let registers = raw >> 48 & 0xff
    let offset = raw >> 32 & 0xffff
    return opcode | (registers >> 4 | registers << 4) << 8 & 0xff00 | offset << 16 | (raw & 0xffff_ffff) << 32
  }

  /// What an error in a relocation names.
  private struct RelocationPlace {
    var section: String
    var offset: Int
    var function: String

    func error(_ message: String) -> ObjectError {
      ObjectError(.badRelocation, "function '\(function)': \(message)", section: section, offset: offset)
    }
  }

  private func apply(
    _ relocation: ELFFile.Relocation, _ slot: Int, _ code: inout FunctionCode, _ place: RelocationPlace
  ) throws(ObjectError) {
    guard ObjectReader.instructionRelocations.contains(relocation.type) else {
      throw place.error("relocation type \(relocation.type) is not one that instructions have (R_BPF_64_64 or R_BPF_64_32)")
    }
    guard let symbol = elf.symbol(relocation.symbol) else {
      throw place.error("the relocation names symbol \(relocation.symbol) of \(elf.symbolCount)")
    }
    let instruction = code.instructions[slot]
    let isCall = instruction.opcode == Opcode.callHelper
    guard isCall || instruction.isWide else {
      throw place.error(
        "'\(elf.name(of: symbol))' is used by an instruction (opcode 0x\(String(instruction.opcode, radix: 16))) that is no call and no 64-bit load"
      )
    }
    guard isCall || slot + 1 < code.instructions.count else { throw place.error("the function ends within a 64-bit load") }
    if symbol.section == ELFFile.Symbol.undefined {
      try applyExtern(symbol, slot, isCall, &code, place)
    } else if symbol.section < elf.sections.count, elf.sections[symbol.section].isExecutable {
      try applyFunction(symbol, relocation, slot, isCall, &code, place)
    } else {
      guard !isCall else { throw place.error("'\(elf.name(of: symbol))' is called and is no function") }
      try applyData(symbol, relocation, slot, &code, place)
    }
  }

  private func applyExtern(
    _ symbol: ELFFile.Symbol, _ slot: Int, _ isCall: Bool, _ code: inout FunctionCode, _ place: RelocationPlace
  ) throws(ObjectError) {
    guard let index = externOfSymbol[symbol.index] else { throw place.error("the relocation names an undefined symbol without a name") }
    if isCall {
      code.instructions[slot].source = CallSource.kfunc
      code.instructions[slot].immediate = 0
      code.references.append(Reference(slot: slot, extern: index))
      return
    }
    switch externs[index].kind {
    case .kconfig:
      let offset = Int32(truncatingIfNeeded: externs[index].offset)
      code.instructions[slot + 1].immediate = code.instructions[slot].immediate &+ offset
      code.instructions[slot].source = WideSource.mapIndexValue
      code.instructions[slot].immediate = Int32(truncatingIfNeeded: settingsMap ?? 0)
      return
    case .variable(typed: false):
      code.instructions[slot].source = WideSource.constant
    case .variable(typed: true), .function:
      code.instructions[slot].source = WideSource.btfID
    }
    code.instructions[slot].immediate = 0
    code.instructions[slot + 1].immediate = 0
    code.references.append(Reference(slot: slot, extern: index))
  }

  private func applyFunction(
    _ symbol: ELFFile.Symbol, _ relocation: ELFFile.Relocation, _ slot: Int, _ isCall: Bool, _ code: inout FunctionCode,
    _ place: RelocationPlace
  ) throws(ObjectError) {
    let immediate = Int(code.instructions[slot].immediate)
    let base = Int(clamping: symbol.value)
    let target: Int
    if isCall {
      // The immediate counts slots from the one behind the symbol.
      guard base % 8 == 0 else { throw place.error("'\(elf.name(of: symbol))' does not begin with an instruction") }
      target = base / 8 &+ (relocation.addend.map { Int(clamping: $0) / 8 } ?? immediate &+ 1)
      code.instructions[slot].source = CallSource.local
    } else {
      let offset = base &+ (relocation.addend.map { Int(clamping: $0) } ?? immediate)
      guard offset % 8 == 0 else { throw place.error("'\(elf.name(of: symbol))' does not begin with an instruction") }
      target = offset / 8
      code.instructions[slot].source = WideSource.function
      code.instructions[slot + 1].immediate = 0
    }
    guard let function = functions.index(section: symbol.section, slot: target) else {
      throw place.error("it refers to slot \(target) of section \(elf.sections[symbol.section].name), where no function is")
    }
    code.links.append(FunctionCode.Link(slot: slot, function: function, delta: target - functions.all[function].start))
  }

  private func applyData(
    _ symbol: ELFFile.Symbol, _ relocation: ELFFile.Relocation, _ slot: Int, _ code: inout FunctionCode, _ place: RelocationPlace
  ) throws(ObjectError) {
    let addend = relocation.addend.map { Int(clamping: $0) } ?? Int(code.instructions[slot].immediate)
    let offset = Int(clamping: symbol.value).addingReportingOverflow(addend).partialValue
    if let map = dataMaps[symbol.section] {
      code.instructions[slot].source = WideSource.mapIndexValue
      code.instructions[slot].immediate = Int32(truncatingIfNeeded: map)
      code.instructions[slot + 1].immediate = Int32(truncatingIfNeeded: offset)
    } else if let map = declaredMaps[SectionPlace(section: symbol.section, offset: offset)] {
      code.instructions[slot].source = WideSource.mapIndex
      code.instructions[slot].immediate = Int32(truncatingIfNeeded: map)
      code.instructions[slot + 1].immediate = 0
    } else {
      let section = symbol.section < elf.sections.count ? elf.sections[symbol.section].name : "#\(symbol.section)"
      throw place.error(
        "'\(elf.name(of: symbol))', at 0x\(String(offset, radix: 16)) of section \(section), is neither a map nor global data")
    }
  }

  /// Calls within a section need no relocation; their immediates count from their own places.
  private func linkPlainCalls(
    _ function: FunctionTable.Function, _ relocated: Set<Int>, _ code: inout FunctionCode, _ section: ELFFile.Section
  ) throws(ObjectError) {
    var found = false
    var slot = 0
    while slot < code.instructions.count {
      let instruction = code.instructions[slot]
      if instruction.opcode == Opcode.callHelper, instruction.source == CallSource.local, !relocated.contains(slot) {
        let target = function.start + slot + 1 + Int(instruction.immediate)
        guard let callee = functions.index(section: function.section, slot: target) else {
          throw ObjectError(
            .badRelocation, "function '\(function.name)': it calls slot \(target), where no function is", section: section.name,
            offset: 8 * (function.start + slot))
        }
        code.links.append(FunctionCode.Link(slot: slot, function: callee, delta: target - functions.all[callee].start))
        found = true
      }
      slot += instruction.isWide ? 2 : 1
    }
    if found { code.links.sort { $0.slot < $1.slot } }
  }
}

extension Array {
  /// The first index whose element fulfils the condition, where all behind it do too; the count without one.
  func partitioningIndex(where condition: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
