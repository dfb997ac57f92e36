internal import EBPFBTF
internal import EBPFISA
internal import EBPFTables

/// Puts programs together: the program's own function, and behind it each function that it reaches, in the order in which libbpf appends them
/// (depth first, in the order of first use), so that slots agree with the kernel's log of a program that libbpf loaded.
struct ProgramLinker {
  let reader: ObjectReader
  let relocations: [Int: [ELFFile.Relocation]]
  /// Functions already decoded, by index; a function that several programs share is decoded once.
  private var codes: [Int: FunctionCode] = [:]
  /// What may still be linked: programs that all copy the same large function grow far beyond their file.
  private var slotsLeft: Int

  init(_ reader: ObjectReader) throws(ObjectError) {
    self.reader = reader
    relocations = try reader.instructionRelocations()
    slotsLeft = ProgramLinker.slotLimit + reader.elf.view.count / 8
  }

  /// Slots that all programs of an object may have together, beside those that stand in the file.
  static let slotLimit = 8 << 20

  private mutating func code(_ index: Int) throws(ObjectError) -> FunctionCode {
    if let code = codes[index] { return code }
    let function = reader.functions.all[index]
    let code = try reader.code(of: function, relocations[function.section] ?? [])
    codes[index] = code
    return code
  }

  /// A function being put behind a program: where it stands, and which of its uses of others comes next.
  private struct Frame {
    var start: Int
    var links: [FunctionCode.Link]
    var next = 0
  }

  /// Links the program whose own function has that index.
  mutating func link(_ index: Int) throws(ObjectError) -> ProgramSpec {
    var program = ProgramSpec(
      name: reader.functions.all[index].name, section: reader.elf.sections[reader.functions.all[index].section].name, instructions: [],
      functions: [])
    if let meaning = SectionName(lenient: program.section) {
      program.type = meaning.type
      program.expectedAttachType = meaning.expectedAttachType
      program.attachTarget = meaning.attachTarget
      program.loadFlags = meaning.loadFlags
      program.isAutoloaded = meaning.isAutoloaded
    }
    var records: [BTFExtension.LineRecord] = []
    var starts: [Int: Int] = [:]
    var frames = [try append(index, to: &program, &records, &starts)]
    while var frame = frames.popLast() {
      guard frame.next < frame.links.count else { continue }
      let link = frame.links[frame.next]
      frame.next += 1
      let slot = frame.start + link.slot
      frames.append(frame)
      let start: Int
      if let known = starts[link.function] {
        start = known
      } else {
        let callee = try append(link.function, to: &program, &records, &starts)
        start = callee.start
        frames.append(callee)
      }
      program.instructions[slot].immediate = Int32(truncatingIfNeeded: start + link.delta - slot - 1)
    }
    if let btf = reader.btf { program.lines = LineTable(records: records, btf: btf) }
    return program
  }

  private mutating func append(
    _ index: Int, to program: inout ProgramSpec, _ records: inout [BTFExtension.LineRecord], _ starts: inout [Int: Int]
  ) throws(ObjectError) -> Frame {
    let function = reader.functions.all[index]
    let section = reader.elf.sections[function.section]
    let code = try code(index)
    slotsLeft -= code.instructions.count
    guard slotsLeft >= 0 else {
      throw ObjectError(
        .malformed, "linking program '\(program.name)' makes the object's programs larger than \(ProgramLinker.slotLimit) instructions",
        section: section.name, offset: 8 * function.start)
    }
    let start = program.instructions.count
    starts[index] = start
    program.instructions += code.instructions
    for reference in code.references { program.references.append(Reference(slot: reference.slot + start, extern: reference.extern)) }

    var typeID: BTF.TypeID = 0
    if let types = reader.btfExtension, let btf = reader.btf {
      let first = UInt32(clamping: 8 * function.start)
      let last = UInt32(clamping: 8 * (function.start + function.count))
      if let all = types.functions[section.name] {
        let position = all.partitioningIndex { $0.offset >= first }
        if position < all.count, all[position].offset == first { typeID = all[position].typeID }
      }
      if let all = types.lines[section.name] {
        var position = all.partitioningIndex { $0.offset >= first }
        while position < all.count, all[position].offset < last {
          var record = all[position]
          record.offset = UInt32(clamping: start) + (record.offset - first) / 8
          records.append(record)
          position += 1
        }
      }
      if let all = types.coreRelocations[section.name] {
        var position = all.partitioningIndex { $0.offset >= first }
        while position < all.count, all[position].offset < last {
          let record = all[position]
          program.coreRelocations.append(
            CORERelocation(
              slot: start + Int(record.offset - first) / 8, typeID: record.typeID, access: btf.string(at: record.access) ?? "",
              kind: CORERelocation.Kind(rawValue: record.kind), order: Int(record.order)))
          position += 1
        }
      }
    }
    let isGlobal = !function.isHidden && reader.btf?.type(typeID)?.linkage == .global
    program.functions.append(FunctionSpec(name: function.name, start: start, typeID: typeID, isGlobal: isGlobal))
    return Frame(start: start, links: code.links)
  }
}

extension ObjectReader {
  /// Links every program: the functions that a section of their own makes one, or those of `.text` where there are no others.
  func linkPrograms() throws(ObjectError) -> [ProgramSpec] {
    var linker = try ProgramLinker(self)
    var programs: [ProgramSpec] = []
    for index in programFunctions() {
      var program = try linker.link(index)
      if program.section.hasPrefix("?") { program.isAutoloaded = false }
      programs.append(program)
    }
    return programs
  }

  private func programFunctions() -> [Int] {
    func isLibrary(_ section: Int) -> Bool { elf.sections[section].name == ".text" || elf.sections[section].name.hasPrefix(".text.") }
    var result: [Int] = []
    var library: [Int] = []
    for section in elf.sections where section.isExecutable {
      let all = functions.indexes(in: section.index)
      // Static functions are for the section's others to call; in a section of only such functions they are what there is.
      let global = all.filter { functions.all[$0].isGlobal }
      if isLibrary(section.index) {
        library += global.isEmpty ? Array(all) : global
      } else {
        result += global.isEmpty ? Array(all) : global
      }
    }
    return result.isEmpty ? library : result
  }
}
