internal import EBPFBTF
internal import EBPFISA

/// The functions in an object's executable sections, found by their symbols.
struct FunctionTable {
  struct Function {
    var name: String
    var section: Int
    /// First slot in its section, and the number of slots.
    var start: Int
    var count: Int
    var isGlobal: Bool
    var isHidden: Bool
  }

  /// By section, then by place.
  private(set) var all: [Function] = []
  private var rangeOfSection: [Int: Range<Int>] = [:]

  init() {}

  init(_ elf: ELFFile) throws(ObjectError) {
    var symbols: [Int: [ELFFile.Symbol]] = [:]
    for index in 0..<elf.symbolCount {
      guard let symbol = elf.symbol(index), symbol.section != ELFFile.Symbol.undefined, symbol.section < elf.sections.count,
        symbol.kind == ELFFile.Symbol.function || symbol.kind == ELFFile.Symbol.noType, elf.sections[symbol.section].isExecutable
      else { continue }
      symbols[symbol.section, default: []].append(symbol)
    }
    for section in elf.sections where section.isExecutable && section.size > 0 {
      let start = all.count
      try add(section, symbols[section.index] ?? [], elf)
      rangeOfSection[section.index] = start..<all.count
    }
  }

  private mutating func add(_ section: ELFFile.Section, _ symbols: [ELFFile.Symbol], _ elf: ELFFile) throws(ObjectError) {
    // Assemblers and old compilers leave function symbols without a type; jump labels are local and without one too.
    var candidates = symbols.filter { $0.kind == ELFFile.Symbol.function }
    if candidates.isEmpty { candidates = symbols.filter(\.isGlobal) }
    candidates.sort { ($0.value, $0.isGlobal ? 0 : 1, $0.index) < ($1.value, $1.isGlobal ? 0 : 1, $1.index) }
    guard !candidates.isEmpty else {
      // Before symbols had types, a section was a program and gave it its name.
      guard section.size % 8 == 0 else {
        throw ObjectError(.malformed, "\(section.size) bytes of instructions are no multiple of 8", section: section.name, offset: 0)
      }
      all.append(
        Function(name: section.name, section: section.index, start: 0, count: section.size / 8, isGlobal: true, isHidden: false))
      return
    }
    for (index, symbol) in candidates.enumerated() {
      guard let offset = Int(exactly: symbol.value), offset % 8 == 0, offset < section.size else {
        throw ObjectError(
          .malformed,
          "function '\(elf.name(of: symbol))' begins at 0x\(String(symbol.value, radix: 16)), where no instruction of the \(section.size) bytes does",
          section: section.name)
      }
      // A second name of the same function.
      if index > 0, candidates[index - 1].value == symbol.value, symbol.size == 0 || candidates[index - 1].size == symbol.size { continue }
      var size = Int(clamping: symbol.size)
      if size == 0 {
        let next = candidates[index...].first { $0.value > symbol.value }.map { Int(clamping: $0.value) } ?? section.size
        size = Swift.min(next, section.size) - offset
      }
      guard size % 8 == 0, size <= section.size - offset else {
        throw ObjectError(
          .malformed, "function '\(elf.name(of: symbol))' of \(size) bytes leads outside the section's \(section.size) bytes",
          section: section.name, offset: offset)
      }
      all.append(
        Function(
          name: elf.name(of: symbol), section: section.index, start: offset / 8, count: size / 8, isGlobal: symbol.isGlobal,
          isHidden: symbol.isHidden))
    }
  }

  /// The indexes of a section's functions, by place.
  func indexes(in section: Int) -> Range<Int> { rangeOfSection[section] ?? 0..<0 }

  /// The function that the slot of that section belongs to.
  func index(section: Int, slot: Int) -> Int? {
    let range = indexes(in: section)
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if all[middle].start <= slot { low = middle + 1 } else { high = middle }
    }
    guard low > range.lowerBound else { return nil }
    let function = all[low - 1]
    return slot < function.start + function.count ? low - 1 : nil
  }
}
