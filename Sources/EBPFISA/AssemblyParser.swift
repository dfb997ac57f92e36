/// Reads one instruction from the tokens of its line, in any style.
struct AssemblyParser {
  /// The slots of an instruction and the name in it that is still to be resolved.
  struct Statement {
    var slots: [Instruction]
    var reference: (kind: AssemblyReference.Kind, name: String, column: Int)?

    init(_ slots: Instruction...) { self.slots = slots }
    init(wide slots: [Instruction]) { self.slots = slots }
  }

  var tokens: ArraySlice<AssemblyToken>
  let line: Int
  /// The column behind the line's last byte.
  let end: Int
  /// The opcode that the kernel's style puts in front.
  private let opcode: UInt8?

  init(tokens: ArraySlice<AssemblyToken>, opcode: UInt8? = nil, line: Int, end: Int) {
    self.tokens = tokens
    self.opcode = opcode
    self.line = line
    self.end = end
  }

  // MARK: Tokens

  /// Where the next token stands.
  var column: Int { tokens.first?.column ?? end }

  func refuse(_ message: String, at column: Int? = nil) -> AssemblyError {
    AssemblyError(line: line, column: column ?? self.column, message: message)
  }

  mutating func take(_ symbol: String) -> Bool {
    guard tokens.first?.kind == .symbol(symbol) else { return false }
    tokens.removeFirst()
    return true
  }

  mutating func expect(_ symbol: String) throws(AssemblyError) {
    guard take(symbol) else { throw refuse("expected '\(symbol)'") }
  }

  mutating func takeWord(_ text: String) -> Bool {
    guard tokens.first?.kind == .word(text) else { return false }
    tokens.removeFirst()
    return true
  }

  mutating func word(_ what: String) throws(AssemblyError) -> String {
    guard case .word(let text) = tokens.first?.kind else { throw refuse("expected \(what)") }
    tokens.removeFirst()
    return text
  }

  /// All that is left of the line, as one name.
  mutating func rest(_ what: String) throws(AssemblyError) -> String {
    guard !tokens.isEmpty else { throw refuse("expected \(what)") }
    var text = ""
    for token in tokens {
      guard text.isEmpty || !token.spaced else { throw refuse("expected the end of the line", at: token.column) }
      switch token.kind {
      case .word(let part), .symbol(let part): text += part
      case .number(let value, _): text += String(value)
      }
    }
    tokens = []
    return text
  }

  func expectEnd() throws(AssemblyError) {
    guard tokens.isEmpty else { throw refuse("expected the end of the line") }
  }

  // MARK: Numbers

  /// An optional sign and a number.
  private mutating func number(_ what: String) throws(AssemblyError) -> (negative: Bool, magnitude: UInt64, hexadecimal: Bool) {
    let negative = take("-")
    if !negative { _ = take("+") }
    guard case .number(let magnitude, let hexadecimal) = tokens.first?.kind else { throw refuse("expected \(what)") }
    tokens.removeFirst()
    return (negative, magnitude, hexadecimal)
  }

  private mutating func integer<Value: FixedWidthInteger & SignedInteger>(
    _ what: String, as type: Value.Type
  ) throws(AssemblyError) -> Value {
    let start = column
    let (negative, magnitude, _) = try number(what)
    let value =
      negative ? (magnitude <= 1 << 63 ? Value(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)) : nil) : Value(exactly: magnitude)
    guard let value else { throw refuse("\(what) does not fit \(Value.bitWidth) bits", at: start) }
    return value
  }

  mutating func size(_ what: String) throws(AssemblyError) -> UInt32 {
    let start = column
    let (negative, magnitude, _) = try number(what)
    guard !negative || magnitude == 0, let value = UInt32(exactly: magnitude) else {
      throw refuse("\(what) does not fit 32 bits", at: start)
    }
    return value
  }

  /// Any 64 bits, with a sign or without.
  mutating func bits64() throws(AssemblyError) -> UInt64 {
    let start = column
    let (negative, magnitude, _) = try number("a number")
    guard !negative || magnitude <= 1 << 63 else { throw refuse("the number does not fit 64 bits", at: start) }
    return negative ? 0 &- magnitude : magnitude
  }

  /// An immediate; `bits` says whether numbers that only fit unsigned are bit patterns.
  private mutating func immediate(narrow: Bool = false) throws(AssemblyError) -> Int32 {
    let start = column
    let (negative, magnitude, hexadecimal) = try number("a register or a number")
    if negative {
      if magnitude <= 1 << 31 { return Int32(truncatingIfNeeded: 0 &- magnitude) }
    } else if magnitude <= UInt64(Int32.max) || (magnitude <= UInt64(UInt32.max) && (narrow || (hexadecimal && opcode != nil))) {
      return Int32(truncatingIfNeeded: magnitude)
    }
    throw refuse(
      negative || magnitude > UInt64(UInt32.max)
        ? "the number does not fit 32 bits: load it with 'rN = … ll' first"
        : "a 64-bit operation's number is sign-extended from 32 bits, and this one would become negative", at: start)
  }

  // MARK: Registers

  private struct Operand {
    var number: UInt8
    /// Whether it was named `w`, for its lower half.
    var narrow: Bool
  }

  /// The register that a word names, `r0` to `r10` or `w0` to `w10`; `fp` is r10.
  private static func operand(_ word: String) -> Operand? {
    if word == "fp" { return Operand(number: 10, narrow: false) }
    let text = word.utf8
    guard text.count == 2 || text.count == 3, let letter = text.first, letter == UInt8(ascii: "r") || letter == UInt8(ascii: "w"),
      text.dropFirst().allSatisfy(AssemblyLexer.isDigit), let number = UInt8(word.dropFirst()), number <= 10,
      number >= 10 || text.count == 2
    else { return nil }
    return Operand(number: number, narrow: letter == UInt8(ascii: "w"))
  }

  private mutating func takeOperand() -> Operand? {
    guard case .word(let text) = tokens.first?.kind, let operand = Self.operand(text) else { return nil }
    tokens.removeFirst()
    return operand
  }

  private mutating func operand() throws(AssemblyError) -> Operand {
    guard let operand = takeOperand() else { throw refuse("expected a register, r0 to r10 or w0 to w10") }
    return operand
  }

  private mutating func register() throws(AssemblyError) -> UInt8 {
    let start = column
    let operand = try operand()
    guard !operand.narrow else { throw refuse("expected a 64-bit register, r\(operand.number)", at: start) }
    return operand.number
  }

  /// The second operand of an operation, of the first one's width.
  private mutating func operand(like first: Operand) throws(AssemblyError) -> UInt8? {
    let start = column
    guard let operand = takeOperand() else { return nil }
    guard operand.narrow == first.narrow else { throw refuse("both registers must be of one width, r or w", at: start) }
    return operand.number
  }

  // MARK: Statements

  mutating func statement() throws(AssemblyError) -> Statement {
    let start = column
    let statement = try instruction()
    try expectEnd()
    if let opcode, statement.slots[0].opcode != opcode {
      throw refuse("the words have opcode \(hexByte(statement.slots[0].opcode)), the number in front says \(hexByte(opcode))", at: start)
    }
    return statement
  }

  private mutating func instruction() throws(AssemblyError) -> Statement {
    if take("*") { return try store() }
    let start = column
    let word = try word("an instruction")
    switch word {
    case "exit": return Statement(.exit)
    case "nospec": return Statement(Instruction(opcode: 0xc2))
    case "goto": return try jump(Instruction.goto(0))
    case "gotol": return try jump(Instruction.gotoLong(0))
    case "may_goto": return try jump(Instruction.mayGoto(0))
    case "if": return try conditionalJump()
    case "call": return try call()
    case "callx": return Statement(Instruction(opcode: Opcode.callRegister, destination: try register()))
    case "lock": return try lockedOperation()
    case "store_release": return try storeRelease()
    case "ld_pseudo": return try pseudo()
    default:
      guard let destination = Self.operand(word) else { throw refuse("'\(word)' is no instruction", at: start) }
      return try assignment(to: destination)
    }
  }

  // MARK: Jumps

  /// Reads a jump's target: `+5`, `pc-3`, or a label.
  private mutating func jump(_ instruction: Instruction) throws(AssemblyError) -> Statement {
    var statement = Statement(instruction)
    let start = column
    if case .word(let name) = tokens.first?.kind, name != "pc" {
      tokens.removeFirst()
      statement.reference = (.jump, name, start)
    } else {
      _ = takeWord("pc")
      if instruction.opcode == Opcode.gotoLong {
        statement.slots[0].immediate = try integer("a label or a distance", as: Int32.self)
      } else {
        statement.slots[0].offset = try integer("a label or a distance", as: Int16.self)
      }
    }
    return statement
  }

  private static let conditions: [String: Condition] = Dictionary(
    uniqueKeysWithValues: Condition.allCases.map { (Disassembler.comparison($0), $0) })

  private mutating func conditionalJump() throws(AssemblyError) -> Statement {
    let left = try operand()
    guard case .symbol(let symbol) = tokens.first?.kind, let condition = Self.conditions[symbol] else {
      throw refuse("expected a comparison")
    }
    tokens.removeFirst()
    var instruction = Instruction(
      opcode: (left.narrow ? Opcode.jmp32 : Opcode.jmp) | condition.rawValue, destination: left.number)
    if let right = try operand(like: left) {
      instruction.opcode |= Opcode.x
      instruction.source = right
    } else {
      instruction.immediate = try immediate(narrow: left.narrow)
    }
    guard takeWord("goto") else { throw refuse("expected 'goto'") }
    return try jump(instruction)
  }

  private mutating func call() throws(AssemblyError) -> Statement {
    let start = column
    var instruction = Instruction(opcode: Opcode.callHelper)
    guard case .word(let name) = tokens.first?.kind else {
      instruction.immediate = try integer("a function, helper or number", as: Int32.self)
      return Statement(instruction)
    }
    tokens.removeFirst()
    if name == "pc" {
      instruction.source = CallSource.local
      instruction.immediate = try integer("a distance", as: Int32.self)
      // bpftool's name of the function.
      if take("#") { tokens = [] }
    } else if take("#") {
      instruction.immediate = try integer("a number", as: Int32.self)
      if name == "kernel-function" { instruction.source = CallSource.kfunc }
    } else if name == "kernel", take("-") {
      guard takeWord("function") else { throw refuse("expected 'kernel-function'", at: start) }
      try expect("#")
      instruction.source = CallSource.kfunc
      instruction.immediate = try integer("a BTF id", as: Int32.self)
      if takeWord("module") { instruction.offset = try integer("a module's index", as: Int16.self) }
    } else {
      var statement = Statement(instruction)
      statement.reference = (.call, name, start)
      return statement
    }
    return Statement(instruction)
  }

  // MARK: Memory

  private struct Place {
    var size: UInt8
    var signed: Bool
    var base: UInt8
    var offset: Int16
  }

  /// `(u32 *)`, the first parenthesis already read.
  private mutating func type() throws(AssemblyError) -> (size: UInt8, signed: Bool) {
    let start = column
    let name = try word("a type, u8 to u64 or s8 to s32")
    let sizes: [String: (UInt8, Bool)] = [
      "u8": (Opcode.b, false), "u16": (Opcode.h, false), "u32": (Opcode.w, false), "u64": (Opcode.dw, false), "s8": (Opcode.b, true),
      "s16": (Opcode.h, true), "s32": (Opcode.w, true),
    ]
    guard let (size, signed) = sizes[name] else { throw refuse("expected a type, u8 to u64 or s8 to s32", at: start) }
    try expect("*")
    try expect(")")
    return (size, signed)
  }

  /// `r2 + 4`, without parentheses.
  private mutating func address() throws(AssemblyError) -> (base: UInt8, offset: Int16) {
    let base = try register()
    guard tokens.first?.kind == .symbol("+") || tokens.first?.kind == .symbol("-") else { return (base, 0) }
    return (base, try integer("an offset", as: Int16.self))
  }

  /// `(u32 *)(r2 + 4)`.
  private mutating func place() throws(AssemblyError) -> Place {
    try expect("(")
    let (size, signed) = try type()
    try expect("(")
    let (base, offset) = try address()
    try expect(")")
    return Place(size: size, signed: signed, base: base, offset: offset)
  }

  /// A register that is read or written in memory: 64-bit accesses need `r`, the others take both names.
  private mutating func memoryRegister(_ size: UInt8) throws(AssemblyError) -> UInt8 {
    let start = column
    let operand = try operand()
    guard !operand.narrow || size != Opcode.dw else { throw refuse("a 64-bit access needs r\(operand.number)", at: start) }
    return operand.number
  }

  /// `*(u32 *)(r10 - 4) = …`, the star already read.
  private mutating func store() throws(AssemblyError) -> Statement {
    let start = column
    let place = try place()
    guard !place.signed else { throw refuse("stores have no sign: write u", at: start) }
    try expect("=")
    var instruction = Instruction(opcode: Opcode.st | Opcode.mem | place.size, destination: place.base, offset: place.offset)
    if case .word = tokens.first?.kind {
      instruction.opcode = Opcode.stx | Opcode.mem | place.size
      instruction.source = try memoryRegister(place.size)
    } else {
      instruction.immediate = try immediate(narrow: place.size != Opcode.dw)
    }
    return Statement(instruction)
  }

  /// `rN = *(…)`, up to the star already read.
  private mutating func load(to destination: Operand, column start: Int) throws(AssemblyError) -> Statement {
    try expect("(")
    let (size, signed) = try type()
    guard !destination.narrow || (size != Opcode.dw && !signed) else {
      throw refuse("this load fills all 64 bits: write r\(destination.number)", at: start)
    }
    if takeWord("skb") { return try legacyPacketLoad(to: destination, size, signed, column: start) }
    try expect("(")
    let (base, offset) = try address()
    try expect(")")
    return Statement(
      Instruction(
        opcode: Opcode.ldx | (signed ? Opcode.memsx : Opcode.mem) | size, destination: destination.number, source: base, offset: offset))
  }

  private mutating func legacyPacketLoad(
    to destination: Operand, _ size: UInt8, _ signed: Bool, column start: Int
  ) throws(AssemblyError) -> Statement {
    guard destination.number == 0, !signed, size != Opcode.dw else {
      throw refuse("packet loads go to r0 and are u8, u16 or u32", at: start)
    }
    try expect("[")
    var instruction = Instruction(opcode: Opcode.ld | Opcode.abs | size)
    if let index = takeOperand() {
      instruction.opcode = Opcode.ld | Opcode.ind | size
      instruction.source = index.number
      if take("+") {
        instruction.immediate = try immediate()
      } else if tokens.first?.kind == .symbol("-") {
        instruction.immediate = try immediate()
      }
    } else {
      instruction.immediate = try immediate()
    }
    try expect("]")
    return Statement(instruction)
  }

  // MARK: Atomics

  private func atomic(_ operation: Atomic, _ place: Place, _ source: UInt8) -> Statement {
    Statement(
      Instruction(
        opcode: Opcode.stx | Opcode.atomic | place.size, destination: place.base, source: source, offset: place.offset,
        immediate: operation.rawValue))
  }

  private func checkAtomicSize(_ place: Place, at column: Int) throws(AssemblyError) {
    guard place.size == Opcode.w || place.size == Opcode.dw, !place.signed else {
      throw refuse("atomic operations are on u32 or u64", at: column)
    }
  }

  /// `lock *(u64 *)(r1 + 8) += r2`.
  private mutating func lockedOperation() throws(AssemblyError) -> Statement {
    try expect("*")
    let start = column
    let place = try place()
    try checkAtomicSize(place, at: start)
    let operations: [String: Atomic] = ["+=": .add, "|=": .or, "&=": .and, "^=": .xor]
    guard case .symbol(let symbol) = tokens.first?.kind, let operation = operations[symbol] else {
      throw refuse("expected +=, |=, &= or ^=")
    }
    tokens.removeFirst()
    return atomic(operation, place, try memoryRegister(place.size))
  }

  /// `store_release((u32 *)(r2 + 4), w1)`.
  private mutating func storeRelease() throws(AssemblyError) -> Statement {
    try expect("(")
    let start = column
    let place = try place()
    guard !place.signed else { throw refuse("stores have no sign: write u", at: start) }
    try expect(",")
    let source = try memoryRegister(place.size)
    try expect(")")
    return atomic(.storeRelease, place, source)
  }

  private static let functions: [String: (operation: Atomic, wide: Bool?)] = [
    "atomic_fetch_add": (.fetchAdd, nil), "atomic_fetch_or": (.fetchOr, nil), "atomic_fetch_and": (.fetchAnd, nil),
    "atomic_fetch_xor": (.fetchXor, nil), "atomic64_fetch_add": (.fetchAdd, true), "atomic64_fetch_or": (.fetchOr, true),
    "atomic64_fetch_and": (.fetchAnd, true), "atomic64_fetch_xor": (.fetchXor, true), "atomic_xchg": (.exchange, false),
    "atomic64_xchg": (.exchange, true), "atomic_cmpxchg": (.compareExchange, false), "atomic64_cmpxchg": (.compareExchange, true),
    "xchg_64": (.exchange, true), "xchg32_32": (.exchange, false), "cmpxchg_64": (.compareExchange, true),
    "cmpxchg32_32": (.compareExchange, false),
  ]

  /// `rN = atomic_fetch_add((u64 *)(r1 + 8), rN)` and its kin, the name already read.
  private mutating func atomicFunction(
    _ name: String, to destination: Operand, column start: Int
  ) throws(AssemblyError) -> Statement? {
    if name == "load_acquire" {
      try expect("(")
      let place = try place()
      try expect(")")
      guard !place.signed, !destination.narrow || place.size != Opcode.dw else {
        throw refuse("load_acquire reads u8 to u64, and u64 into r", at: start)
      }
      return Statement(
        Instruction(
          opcode: Opcode.stx | Opcode.atomic | place.size, destination: destination.number, source: place.base, offset: place.offset,
          immediate: Atomic.loadAcquire.rawValue))
    }
    guard let (operation, wide) = Self.functions[name] else { return nil }
    try expect("(")
    let placeColumn = column
    var place: Place
    if tokens.first?.kind == .symbol("(") {
      place = try self.place()
    } else {
      // LLVM's xchg and cmpxchg have the size in their names.
      let (base, offset) = try address()
      place = Place(size: wide == true ? Opcode.dw : Opcode.w, signed: false, base: base, offset: offset)
    }
    try checkAtomicSize(place, at: placeColumn)
    guard wide == nil || wide == (place.size == Opcode.dw) else { throw refuse("'\(name)' has another size than its pointer", at: start) }
    try expect(",")
    var expected = destination.number
    if operation == .compareExchange {
      guard destination.number == 0, try memoryRegister(place.size) == 0 else {
        throw refuse("cmpxchg compares with r0 and returns there", at: start)
      }
      try expect(",")
    }
    let sourceColumn = column
    let source = try memoryRegister(place.size)
    if operation == .compareExchange { expected = source }
    guard source == expected else {
      throw refuse("the old value comes back in the source register: write r\(source) = …", at: sourceColumn)
    }
    guard !destination.narrow || place.size == Opcode.w else { throw refuse("a 64-bit access needs r\(destination.number)", at: start) }
    try expect(")")
    return atomic(operation, place, source)
  }

  // MARK: Assignments

  private static let operations: [String: Arithmetic] = [
    "+=": .add, "-=": .sub, "*=": .mul, "/=": .div, "|=": .or, "&=": .and, "<<=": .lsh, ">>=": .rsh, "%=": .mod, "^=": .xor, "=": .mov,
    "s>>=": .arsh, "s/=": .sdiv, "s%=": .smod,
  ]

  private mutating func assignment(to destination: Operand) throws(AssemblyError) -> Statement {
    guard case .symbol(let symbol) = tokens.first?.kind, let operation = Self.operations[symbol] else {
      throw refuse("expected an operator such as = or +=")
    }
    tokens.removeFirst()
    if operation == .mov, let statement = try move(to: destination) { return statement }
    let base = destination.narrow ? Opcode.alu32 : Opcode.alu64
    var instruction = Instruction(opcode: base | operation.code, destination: destination.number, offset: operation.offset)
    if let source = try operand(like: destination) {
      instruction.opcode |= Opcode.x
      instruction.source = source
      return Statement(instruction)
    }
    if operation == .mov, !destination.narrow, let wide = try wideNumber(to: destination.number) { return wide }
    instruction.immediate = try immediate(narrow: destination.narrow)
    return Statement(instruction)
  }

  /// What may stand behind `rN =` besides a register and a number. `nil` where it is one of those.
  private mutating func move(to destination: Operand) throws(AssemblyError) -> Statement? {
    let base = destination.narrow ? Opcode.alu32 : Opcode.alu64
    let start = column
    if take("*") { return try load(to: destination, column: start) }
    if take("(") { return try signExtension(to: destination) }
    if take("&") { return try perCPUAddress(to: destination) }
    if tokens.count > 1, tokens.first!.kind == .symbol("-"), case .word = tokens[tokens.startIndex + 1].kind {
      tokens.removeFirst()
      guard try operand(like: destination) == destination.number else { throw refuse("negation is of the register itself", at: start) }
      return Statement(Instruction(opcode: base | Opcode.neg, destination: destination.number))
    }
    guard case .word(let name) = tokens.first?.kind, Self.operand(name) == nil else { return nil }
    tokens.removeFirst()
    if let statement = try byteSwap(name, of: destination) { return statement }
    if let statement = try atomicFunction(name, to: destination, column: start) { return statement }
    if name == "addr_space_cast" { return try addressSpaceCast(to: destination) }
    guard !destination.narrow else { throw refuse("an address needs r\(destination.number)", at: start) }
    return try wideMeaning(name, to: destination.number, column: start)
  }

  /// `(s8)r2`, the first parenthesis already read.
  private mutating func signExtension(to destination: Operand) throws(AssemblyError) -> Statement {
    let start = column
    let widths: [String: Int16] = ["s8": 8, "s16": 16, "s32": 32]
    guard let bits = widths[try word("s8, s16 or s32")], bits < 32 || !destination.narrow else {
      throw refuse(destination.narrow ? "expected s8 or s16" : "expected s8, s16 or s32", at: start)
    }
    try expect(")")
    guard let source = try operand(like: destination) else { throw refuse("expected a register") }
    return Statement(
      Instruction(
        opcode: (destination.narrow ? Opcode.alu32 : Opcode.alu64) | Opcode.x | Opcode.mov, destination: destination.number, source: source,
        offset: bits))
  }

  /// `&(void __percpu *)(r2)`, the ampersand already read.
  private mutating func perCPUAddress(to destination: Operand) throws(AssemblyError) -> Statement {
    try expect("(")
    guard !destination.narrow, takeWord("void"), takeWord("__percpu"), take("*"), take(")") else {
      throw refuse("expected '(void __percpu *)' to a 64-bit register")
    }
    try expect("(")
    let source = try register()
    try expect(")")
    return Statement(Instruction(opcode: Opcode.alu64 | Opcode.x | Opcode.mov, destination: destination.number, source: source, offset: -1))
  }

  private mutating func byteSwap(_ name: String, of destination: Operand) throws(AssemblyError) -> Statement? {
    let prefixes: [(String, ByteSwap)] = [("le", .little), ("be", .big), ("bswap", .swap)]
    guard let (prefix, order) = prefixes.first(where: { name.hasPrefix($0.0) }), let bits = Int32(name.dropFirst(prefix.utf8.count)),
      bits == 16 || bits == 32 || bits == 64
    else { return nil }
    let start = column
    guard !destination.narrow, try register() == destination.number else {
      throw refuse("a swap is of the 64-bit register itself", at: start)
    }
    var instruction = Instruction.end(order, .r0, bits: bits)
    instruction.destination = destination.number
    return Statement(instruction)
  }

  private mutating func addressSpaceCast(to destination: Operand) throws(AssemblyError) -> Statement {
    try expect("(")
    let source = try register()
    try expect(",")
    let start = column
    let to = try size("an address space")
    try expect(",")
    let from = try size("an address space")
    try expect(")")
    guard !destination.narrow, let to = UInt16(exactly: to), let from = UInt16(exactly: from) else {
      throw refuse("address spaces have 16 bits, and the cast fills a 64-bit register", at: start)
    }
    var instruction = Instruction.addressSpaceCast(.r0, .r0, to: to, from: from)
    instruction.destination = destination.number
    instruction.source = source
    return Statement(instruction)
  }

  // MARK: Wide constants

  private func wide(_ destination: UInt8, _ low: UInt32, _ high: UInt32 = 0, source: UInt8 = WideSource.constant) -> Statement {
    Statement(
      wide: [
        Instruction(
          opcode: Opcode.loadImmediate64, destination: destination, source: source, immediate: Int32(bitPattern: low)),
        Instruction(opcode: 0, immediate: Int32(bitPattern: high)),
      ])
  }

  /// `5 ll`, or any number behind the kernel's `(18)`; `nil` for the number of an ordinary move.
  private mutating func wideNumber(to destination: UInt8) throws(AssemblyError) -> Statement? {
    guard opcode == Opcode.loadImmediate64 || tokens.last?.kind == .word("ll") else { return nil }
    let value = try bits64()
    if !tokens.isEmpty { _ = takeWord("ll") }
    return wide(destination, UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32))
  }

  /// The sources of `ld_imm64` by RFC 9669's names and bpftool's, and symbols.
  private mutating func wideMeaning(_ name: String, to destination: UInt8, column start: Int) throws(AssemblyError) -> Statement {
    switch name {
    case "map" where take("["): return try bpftoolMap(destination)
    case "subprog" where take("["):
      let distance = try integer("a distance", as: Int32.self)
      try expect("]")
      return wide(destination, UInt32(bitPattern: distance), source: WideSource.function)
    case "map_by_fd", "map_by_idx":
      let number = try parenthesized()
      try expectWide()
      return wide(destination, number, source: name == "map_by_fd" ? WideSource.mapFD : WideSource.mapIndex)
    case "map_val":
      try expect("(")
      let inner = try word("map_by_fd or map_by_idx")
      guard inner == "map_by_fd" || inner == "map_by_idx" else { throw refuse("expected map_by_fd or map_by_idx", at: start) }
      let number = try parenthesized()
      try expect(")")
      var offset: UInt32 = 0
      if take("+") { offset = try size("an offset") }
      try expectWide()
      return wide(destination, number, offset, source: inner == "map_by_fd" ? WideSource.mapFDValue : WideSource.mapIndexValue)
    case "var_addr":
      try expect("(")
      let id = try immediate(narrow: true)
      var module: Int32 = 0
      if take(",") { module = try immediate(narrow: true) }
      try expect(")")
      try expectWide()
      return wide(destination, UInt32(bitPattern: id), UInt32(bitPattern: module), source: WideSource.btfID)
    case "code_addr":
      let distance = try parenthesized()
      try expectWide()
      return wide(destination, distance, source: WideSource.function)
    default:
      guard takeWord("ll") else { throw refuse("expected 'll' behind the name '\(name)'") }
      var statement = wide(destination, 0)
      statement.reference = (.address, name, start)
      return statement
    }
  }

  private mutating func parenthesized() throws(AssemblyError) -> UInt32 {
    try expect("(")
    let number = try immediate(narrow: true)
    try expect(")")
    return UInt32(bitPattern: number)
  }

  private mutating func expectWide() throws(AssemblyError) {
    guard takeWord("ll") else { throw refuse("expected 'll'") }
  }

  /// `map[id:5]`, `map[id:5][0]+16`, `map[idx:2]+16`, the first bracket already read.
  private mutating func bpftoolMap(_ destination: UInt8) throws(AssemblyError) -> Statement {
    let start = column
    let kind = try word("id or idx")
    guard kind == "id" || kind == "idx" else { throw refuse("expected id or idx", at: start) }
    try expect(":")
    let number = try size("a map's number")
    try expect("]")
    if kind == "id", take("[") {
      let index = try size("0")
      guard index == 0 else { throw refuse("only the first value, [0], has an address", at: start) }
      try expect("]")
      try expect("+")
      return wide(destination, number, try size("an offset"), source: WideSource.mapFDValue)
    }
    if kind == "id" { return wide(destination, number, source: WideSource.mapFD) }
    try expect("+")
    return wide(destination, number, try size("an offset"), source: WideSource.mapIndexValue)
  }

  /// LLVM's `ld_pseudo r1, 1, 5`.
  private mutating func pseudo() throws(AssemblyError) -> Statement {
    let destination = try register()
    try expect(",")
    let start = column
    let source = try size("a source")
    guard source <= 15 else { throw refuse("a source has four bits", at: start) }
    try expect(",")
    let value = try bits64()
    return wide(destination, UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32), source: UInt8(source))
  }
}
