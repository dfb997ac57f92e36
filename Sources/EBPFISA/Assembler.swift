/// What is wrong with assembler source, and where. Lines and columns count from 1, columns in bytes.
public struct AssemblyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Line of the text, from 1.
  public let line: Int
  /// Column in bytes, from 1.
  public let column: Int
  /// What is wrong there, in one line.
  public let message: String

  public var description: String { "\(line):\(column): \(message)" }
}

/// What an assembler makes of a source text.
public struct Assembly: Sendable, Hashable {
  /// A map that the source declares: `.map NAME TYPE KEY VALUE ENTRIES`, sizes in bytes.
  public struct MapDeclaration: Sendable, Hashable {
    /// The name by which instructions refer to it.
    public let name: String
    /// The type's name in lower case without `BPF_MAP_TYPE_`, as in `hash` and `percpu_array`.
    public let type: String
    /// Bytes of a key.
    public let keySize: UInt32
    /// Bytes of a value.
    public let valueSize: UInt32
    /// The most entries that it holds.
    public let maxEntries: UInt32
  }

  public internal(set) var instructions: [Instruction] = []
  /// The slots of the labels.
  public internal(set) var labels: [String: Int] = [:]
  /// The maps that the source declares; `ld_imm64` refers to them by their index here (``WideSource/mapIndex``).
  public internal(set) var maps: [MapDeclaration] = []
  /// The section that the source names (`.section xdp`), which says the program's type.
  public internal(set) var section: String?
}

/// Reads assembler source: every style that ``Disassembler`` writes, mixed as one likes, and whole listings of llvm-objdump and bpftool.
///
///     .section xdp                       ; the program's type
///     .map counters array 4 8 16         ; name, type, key bytes, value bytes, entries
///     start:
///         r1 = counters ll               ; a map by name
///         call bpf_get_smp_processor_id  ; a helper by name, by number, or a label
///         if r0 == 0 goto start          ; a label, or a distance: goto +3, goto pc+3
///         r0 = 2
///         exit
///
/// - `;`, `//` and `#` after a space begin a comment.
/// - `.8byte N, …` gives slots as numbers. `.global NAME`, `.globl NAME` and `.text` are taken and have no effect.
/// - A line may begin with its slot number (`12:`), the bytes of the instruction as llvm-objdump prints them, and the opcode as the kernel
///   prints it (`(b7)`). Bytes decide what is meant; the words beside them must agree.
/// - A 64-bit operation's immediate must fit 32 bits with its sign; behind an opcode in the kernel's form, hexadecimal is a bit pattern.
public struct Assembler: Sendable {
  /// Numbers of helpers by their names.
  public var helperNumber: @Sendable (String) -> Int32?

  public init(helperNumber: @escaping @Sendable (String) -> Int32? = { _ in nil }) {
    self.helperNumber = helperNumber
  }

  /// Assembles a source text.
  public func assemble(_ source: String) throws(AssemblyError) -> Assembly { try assemble(utf8: Array(source.utf8)) }

  /// Assembles a source text, given as the bytes of a file.
  public func assemble(utf8 source: [UInt8]) throws(AssemblyError) -> Assembly {
    var state = AssemblerState(helperNumber: helperNumber)
    var number = 0
    for line in source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      try state.read(line: Array(line), number: number)
    }
    return try state.finish()
  }
}

/// A name whose meaning is known when all lines are read.
struct AssemblyReference {
  enum Kind {
    case jump
    case call
    case address
  }

  var kind: Kind
  var name: String
  var slot: Int
  var line: Int
  var column: Int
}

/// What an assembler knows between two lines.
struct AssemblerState {
  let helperNumber: @Sendable (String) -> Int32?
  var assembly = Assembly()
  private var references: [AssemblyReference] = []
  /// Whether the line before gave an instruction of the kernel's style, so that a line of bytes may follow.
  private var lastCount = 0

  init(helperNumber: @escaping @Sendable (String) -> Int32?) { self.helperNumber = helperNumber }

  // MARK: Lines

  mutating func read(line: [UInt8], number: Int) throws(AssemblyError) {
    if try readFrame(line, number) { return }
    let line = withoutTargetName(line)
    var start = slotNumberEnd(line)
    if let given = bytes(line, &start) {
      if line[start...].allSatisfy(AssemblyLexer.isSpace) {
        // bpftool's opcodes stand on a line behind the instruction's.
        let last = Array(assembly.instructions.suffix(lastCount))
        guard lastCount > 0, Instruction.decode(given) == last || Instruction.decode(given, byteOrder: .big) == last else {
          throw AssemblyError(line: number, column: 1, message: "these bytes are not those of the line before")
        }
      } else {
        try add(given, line, wordsAt: start, number: number)
      }
      return
    }
    let opcode = opcode(line, &start)
    var tokens = try AssemblyLexer.tokens(of: line, from: start, line: number)[...]
    while opcode == nil, tokens.count >= 2, case .word(let name) = tokens.first!.kind, tokens[tokens.startIndex + 1].kind == .symbol(":") {
      try define(label: name, line: number, column: tokens.first!.column)
      tokens = tokens.dropFirst(2)
    }
    guard let first = tokens.first else { return }
    if case .word(let directive) = first.kind, directive.utf8.first == UInt8(ascii: ".") {
      try read(directive: directive, tokens, line: number)
      return
    }
    var parser = AssemblyParser(tokens: tokens, opcode: opcode, line: number, end: line.count + 1)
    let statement = try parser.statement()
    if let (kind, name, column) = statement.reference {
      references.append(AssemblyReference(kind: kind, name: name, slot: assembly.instructions.count, line: number, column: column))
    }
    assembly.instructions += statement.slots
    lastCount = statement.slots.count
  }

  /// The line without llvm-objdump's name of a jump's target, which may hold any character.
  private func withoutTargetName(_ line: [UInt8]) -> [UInt8] {
    guard let last = line.lastIndex(where: { !AssemblyLexer.isSpace($0) }), line[last] == UInt8(ascii: ">"),
      let open = line[..<last].lastIndex(of: UInt8(ascii: "<")), open > 0, line[open - 1] == UInt8(ascii: " "),
      !line[open...].elementsEqual("<unknown>".utf8)
    else { return line }
    return Array(line[..<open])
  }

  /// The kernel's `(b7)`.
  private func opcode(_ line: [UInt8], _ start: inout Int) -> UInt8? {
    var index = start
    while index < line.count, AssemblyLexer.isSpace(line[index]) { index += 1 }
    guard index + 3 < line.count, line[index] == UInt8(ascii: "("), line[index + 3] == UInt8(ascii: ")"),
      let high = AssemblyLexer.hexDigit(line[index + 1]), let low = AssemblyLexer.hexDigit(line[index + 2])
    else { return nil }
    start = index + 4
    return UInt8(high << 4 | low)
  }

  /// The lines of llvm-objdump's output that are not instructions: titles and symbols.
  private mutating func readFrame(_ line: [UInt8], _ number: Int) throws(AssemblyError) -> Bool {
    guard let first = line.first, !AssemblyLexer.isSpace(first) else { return false }
    let text = line[...].reversed().drop(while: AssemblyLexer.isSpace).reversed()
    if text.starts(with: "Disassembly of section ".utf8) {
      guard assembly.instructions.isEmpty else {
        throw AssemblyError(line: number, column: 1, message: "a second section begins here: give one section at a time")
      }
      return true
    }
    if text.contains(UInt8(ascii: "\t")), String(decoding: text, as: UTF8.self).contains(":\tfile format ") { return true }
    let address = text.prefix { AssemblyLexer.hexDigit($0) != nil }
    let rest = Array(text.dropFirst(address.count))
    guard address.count >= 8, rest.starts(with: " <".utf8), rest.suffix(2) == Array(">:".utf8) else { return false }
    let name = String(decoding: rest.dropFirst(2).dropLast(2), as: UTF8.self)
    // Several objects' local labels may bear one name; the bytes beside the instructions are what counts.
    if assembly.labels[name] == nil { assembly.labels[name] = assembly.instructions.count }
    return true
  }

  /// Where the line goes on behind a leading `12:`.
  private func slotNumberEnd(_ line: [UInt8]) -> Int {
    var index = 0
    while index < line.count, AssemblyLexer.isSpace(line[index]) { index += 1 }
    let start = index
    while index < line.count, AssemblyLexer.isDigit(line[index]) { index += 1 }
    return index > start && index < line.count && line[index] == UInt8(ascii: ":") ? index + 1 : 0
  }

  /// The bytes of slots that stand at `start`: 8 or 16 pairs of hexadecimal digits.
  private func bytes(_ line: [UInt8], _ start: inout Int) -> [UInt8]? {
    var index = start
    var result: [UInt8] = []
    while result.count < 16 {
      var next = index
      while next < line.count, AssemblyLexer.isSpace(line[next]) { next += 1 }
      guard next + 1 < line.count, let high = AssemblyLexer.hexDigit(line[next]), let low = AssemblyLexer.hexDigit(line[next + 1]),
        next + 2 == line.count || AssemblyLexer.isSpace(line[next + 2])
      else { break }
      result.append(UInt8(high << 4 | low))
      index = next + 2
    }
    guard result.count == 8 || result.count == 16 else { return nil }
    start = index
    return result
  }

  /// Takes the slots from the bytes of a listing and compares them with the words beside them, which tell the object's byte order.
  private mutating func add(_ bytes: [UInt8], _ line: [UInt8], wordsAt start: Int, number: Int) throws(AssemblyError) {
    for order in [ByteOrder.little, .big] {
      guard let given = Instruction.decode(bytes, byteOrder: order), agree(given, line, wordsAt: start, number: number) else { continue }
      assembly.instructions += given
      lastCount = given.count
      return
    }
    throw AssemblyError(line: number, column: start + 1, message: "the words are not those of the bytes beside them")
  }

  /// Whether a listing's words are those of the slots: read back as the same ones, or what some tool says of them.
  private func agree(_ given: [Instruction], _ line: [UInt8], wordsAt start: Int, number: Int) -> Bool {
    var start = start
    while start < line.count, AssemblyLexer.isSpace(line[start]) { start += 1 }
    do {
      var words = start
      let opcode = opcode(line, &words)
      let tokens = try AssemblyLexer.tokens(of: line, from: words, line: number)
      var parser = AssemblyParser(tokens: tokens[...], opcode: opcode, line: number, end: line.count + 1)
      let statement = try parser.statement()
      if statement.reference == nil, statement.slots == given { return true }
    } catch {
      // Not ours, but it may be a tool's.
    }
    var text = String(decoding: line[start...], as: UTF8.self)
    while text.last == " " || text.last == "\t" || text.last == "\r" { text.removeLast() }
    if text == "<unknown>" { return true }
    return Disassembler.slots(of: given, at: 0) == given.count
      && AssemblyStyle.allCases.contains { Disassembler(style: $0).exactText(of: given, at: 0) == text }
  }

  // MARK: Directives

  private mutating func read(directive: String, _ tokens: ArraySlice<AssemblyToken>, line: Int) throws(AssemblyError) {
    var parser = AssemblyParser(tokens: tokens.dropFirst(), line: line, end: tokens.last!.column + 1)
    switch directive {
    case ".8byte", ".quad":
      lastCount = 0
      repeat {
        assembly.instructions.append(Instruction(bits: try parser.bits64()))
        lastCount += 1
      } while parser.take(",")
    case ".map":
      let column = parser.column
      let name = try parser.word("a map's name")
      guard !assembly.maps.contains(where: { $0.name == name }) else {
        throw AssemblyError(line: line, column: column, message: "the map '\(name)' is declared twice")
      }
      let map = Assembly.MapDeclaration(
        name: name, type: try parser.word("a map type such as hash"), keySize: try parser.size("the size of a key"),
        valueSize: try parser.size("the size of a value"), maxEntries: try parser.size("the number of entries"))
      assembly.maps.append(map)
    case ".section":
      let column = parser.column
      let name = try parser.rest("a section's name")
      guard assembly.section == nil || assembly.section == name else {
        throw AssemblyError(line: line, column: column, message: "the source has a section already: one program to a file")
      }
      assembly.section = name
    case ".global", ".globl": _ = try parser.word("a name")
    case ".text": break
    default: throw AssemblyError(line: line, column: tokens.first!.column, message: "there is no directive '\(directive)'")
    }
    try parser.expectEnd()
  }

  private mutating func define(label: String, line: Int, column: Int) throws(AssemblyError) {
    guard assembly.labels.updateValue(assembly.instructions.count, forKey: label) == nil else {
      throw AssemblyError(line: line, column: column, message: "the label '\(label)' is defined twice")
    }
  }

  // MARK: Names

  consuming func finish() throws(AssemblyError) -> Assembly {
    for reference in references {
      var instruction = assembly.instructions[reference.slot]
      let target = assembly.labels[reference.name]
      func refuse(_ message: String) -> AssemblyError { AssemblyError(line: reference.line, column: reference.column, message: message) }
      switch reference.kind {
      case .jump:
        guard let target else { throw refuse("the label '\(reference.name)' is not defined") }
        let distance = target - reference.slot - 1
        if instruction.opcode == Opcode.gotoLong {
          guard let field = Int32(exactly: distance) else { throw refuse("'\(reference.name)' is too far away") }
          instruction.immediate = field
        } else {
          guard let field = Int16(exactly: distance) else {
            throw refuse("'\(reference.name)' is \(distance) slots away, which does not fit 16 bits: use gotol")
          }
          instruction.offset = field
        }
      case .call:
        if let target {
          guard let field = Int32(exactly: target - reference.slot - 1) else { throw refuse("'\(reference.name)' is too far away") }
          instruction.source = CallSource.local
          instruction.immediate = field
        } else if let helper = helperNumber(reference.name) {
          instruction.immediate = helper
        } else {
          throw refuse("'\(reference.name)' is neither a label nor a helper")
        }
      case .address:
        if let target {
          guard let field = Int32(exactly: target - reference.slot - 1) else { throw refuse("'\(reference.name)' is too far away") }
          instruction.source = WideSource.function
          instruction.immediate = field
        } else if let index = assembly.maps.firstIndex(where: { $0.name == reference.name }) {
          instruction.source = WideSource.mapIndex
          instruction.immediate = Int32(truncatingIfNeeded: index)
        } else {
          throw refuse("'\(reference.name)' is neither a label nor a map: declare it with .map")
        }
      }
      assembly.instructions[reference.slot] = instruction
    }
    return assembly
  }
}
