internal import EBPFISA
internal import EBPFObject
package import EBPFTables

/// Makes random programs that a verifier should accept: it keeps track of what every register and stack byte holds and only writes what is
/// allowed there. What a program computes does not depend on addresses, time or memory that it did not write.
///
/// At its end a program stores every register that holds a number into the map ``RandomMap/results``.
package struct ProgramGenerator {
  /// What a register holds.
  enum Value: Hashable {
    /// Nothing that may be read.
    case none
    case scalar
    case context
    /// The packet, so many bytes from its start; that many bytes from the start are known to be there.
    case packet(offset: Int, range: Int)
    case packetEnd
    /// This function's stack, so many bytes (a negative number) from r10.
    case frame(Int)
    /// So many bytes into other memory.
    case memory(Region, Int)

    var isPacket: Bool { if case .packet = self { true } else { self == .packetEnd } }
  }

  /// Memory behind a pointer whose bytes are all set and hold no pointers.
  enum Region: Hashable {
    case value(map: Int, size: Int)
    case callersStack(size: Int)

    var size: Int {
      switch self {
      case .value(_, let size), .callersStack(let size): size
      }
    }
  }

  /// Eight bytes of stack.
  struct Slot: Hashable {
    /// A bit for each byte that was written.
    var written: UInt8 = 0
    /// The pointer that was spilled here.
    var pointer: Value?
  }

  /// What is known at a point of the program.
  struct State: Hashable {
    var registers: [Value] = Array(repeating: .none, count: 10)
    /// The first is the lowest.
    var stack: [Slot]

    /// What is known where two paths meet.
    func merged(_ other: State) -> State {
      var result = self
      for index in registers.indices {
        switch (registers[index], other.registers[index]) {
        case (.packet(let offset, let range), .packet(let other, let otherRange)) where offset == other:
          result.registers[index] = .packet(offset: offset, range: min(range, otherRange))
        case (let one, let another) where one != another: result.registers[index] = .none
        default: break
        }
      }
      for index in stack.indices where stack[index] != other.stack[index] {
        result.stack[index].written =
          stack[index].pointer == other.stack[index].pointer ? stack[index].written & other.stack[index].written : 0
        result.stack[index].pointer = nil
        if stack[index].pointer != nil { result.stack[index].written = 0 }
      }
      return result
    }

    /// Whether code that was written for `other` may run here.
    func implies(_ other: State) -> Bool {
      for (mine, theirs) in zip(registers, other.registers) where mine != theirs && theirs != .none {
        guard case .packet(let offset, let range) = mine, case .packet(let other, let needed) = theirs, offset == other, range >= needed
        else { return false }
      }
      for (mine, theirs) in zip(stack, other.stack) where mine != theirs {
        if theirs.pointer != nil || mine.pointer != nil || theirs.written & ~mine.written != 0 { return false }
      }
      return true
    }
  }

  /// A function that is called and still has to be written.
  struct Callee {
    var label: ProgramBuilder.Label
    var arguments: [Value]
    var depth: Int
    /// Whether it may change the hash map, so that values found before are no longer used.
    var changesHash: Bool
    var budget: Int
    var use = Use.function

    enum Use: Hashable {
      /// It is called.
      case function
      /// `bpf_loop` calls it.
      case turn
      /// `bpf_for_each_map_elem` calls it, in an order that is the same everywhere.
      case element
      /// `bpf_for_each_map_elem` calls it in any order: what it does must not depend on that.
      case unordered
    }
  }

  let type: ProgramType
  var random: SeededGenerator
  var code = ProgramBuilder()
  var state: State
  /// Instructions that may still be written.
  var budget: Int
  /// Registers that must keep what they hold.
  var pinned: Set<Register> = []
  var callees: [Callee] = []
  var depth = 0
  var mayChangeHash = true
  /// How deep branches are nested.
  var nesting = 0
  var isInLoop = false
  /// Functions written so far.
  var functionCount = 1
  /// Whether the function is a callback, which returns 0 or 1.
  var isCallback = false

  /// The helpers that programs call.
  package static let helpers: [Int32] = [
    1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19, 26, 28, 31, 32, 38, 39, 42, 43, 44, 50, 54, 65, 68, 87, 88, 89, 105, 106, 113, 115, 118,
    125,
    130, 131, 132, 133, 164, 165, 181, 188, 189, 190,
  ]

  /// The program of that seed. The type, the length, the packet and the maps' contents come from it too.
  package static func program(seed: UInt64, type wanted: ProgramType? = nil) -> RandomProgram {
    var random = SeededGenerator(seed: seed)
    let types: [ProgramType] = [.xdp, .schedCls, .socketFilter]
    let type = wanted ?? types[Int.random(in: 0..<types.count, using: &random)]
    var packet = (0..<Int.random(in: 14...120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: packet.replaceSubrange(12..<14, with: [0x08, 0x00])
    case 1: packet.replaceSubrange(12..<14, with: [0x86, 0xdd])
    default: break
    }
    // A kernel does not run a packet that says it is IP and is too short for its header.
    if packet[12] == 0x08, packet[13] == 0x00, packet.count < 34 { packet[13] = 1 }
    if packet[12] == 0x86, packet[13] == 0xdd, packet.count < 54 { packet[13] = 1 }
    var contents: [Int: [MapSpec.Entry]] = [:]
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
    contents[RandomMap.array] = (0..<RandomMap.arrayCount).map {
      .init(key: [UInt8($0), 0, 0, 0], value: .bytes(bytes(RandomMap.arraySize)))
    }
    contents[RandomMap.data] = [.init(key: [0, 0, 0, 0], value: .bytes(bytes(RandomMap.arraySize)))]
    contents[RandomMap.hash] = [1, 3, 6].map { .init(key: [$0, 0, 0, 0, 0, 0, 0, 0], value: .bytes(bytes(RandomMap.hashSize))) }
    contents[RandomMap.lru] = [1, 3, 6].map { .init(key: [$0, 0, 0, 0], value: .bytes(bytes(RandomMap.smallSize))) }
    contents[RandomMap.trie] = [[0, 0, 0, 0], [8, 10, 0, 0], [16, 10, 1, 0], [32, 10, 1, 1], [32, 192, 168, 7]].map {
      .init(key: [$0[0], 0, 0, 0, $0[1], $0[2], $0[3], 0], value: .bytes(bytes(RandomMap.smallSize)))
    }
    var generator = ProgramGenerator(type: type, random: random)
    let instructions = generator.generate()
    return RandomProgram(seed: seed, type: type, instructions: instructions, packet: packet, contents: contents)
  }

  private init(type: ProgramType, random: SeededGenerator) {
    self.type = type
    self.random = random
    state = State(stack: [])
    budget = 0
    budget = Int.random(in: 12...70, using: &self.random)
    state = State(stack: Array(repeating: Slot(), count: Int.random(in: 6...16, using: &self.random)))
  }

  /// Bytes of stack that the function uses.
  var frameSize: Int { state.stack.count * 8 }

  private mutating func generate() -> [Instruction] {
    state.registers[1] = .context
    // LD_ABS and LD_IND want the context in r6.
    let keeper = type == .xdp || chance(3) ? pick([Register.r6, .r7, .r8, .r9]) : Register.r6
    emit(.mov64(keeper, .r1))
    state.registers[Int(keeper.rawValue)] = .context
    pinned = [keeper]
    for _ in 0..<number(1...4) { constant() }
    block()
    storeResults()
    if scalars.contains(.r0) == false { emit(.mov64(.r0, immediate())) }
    emit(.exit)
    while let callee = callees.popLast() { write(callee) }
    do { return try code.finish() } catch { preconditionFailure("a generated program has a jump that leads nowhere: \(error)") }
  }

  /// Writes a function's code behind what there is.
  private mutating func write(_ callee: Callee) {
    code.place(callee.label)
    state = State(stack: Array(repeating: Slot(), count: number(1...4)))
    for (index, value) in callee.arguments.enumerated() { state.registers[index + 1] = value }
    pinned = []
    depth = callee.depth
    budget = callee.budget
    mayChangeHash = callee.changesHash
    (nesting, isInLoop) = (0, false)
    isCallback = callee.use != .function
    if callee.use == .unordered { return unorderedCallback(hasContext: callee.arguments.count > 3 && callee.arguments[3] != .none) }
    if callee.use == .element, chance(2) {
      // The key.
      emit(.load(.w, .r0, .r2, 0))
      set(.r0, .scalar)
    }
    constant()
    block()
    if isCallback {
      if let source = scalars.randomElement(using: &random), chance(2) {
        if source != .r0 { emit(.mov64(.r0, source)) }
        emit(.alu64(.and, .r0, 1))
      } else {
        emit(.mov64(.r0, exitValue()))
      }
      emit(.exit)
      return
    }
    let sources = scalars
    if let first = sources.randomElement(using: &random) {
      if first != .r0 { emit(.mov64(.r0, first)) }
      for other in sources.prefix(3) where other != .r0 { emit(.alu64(pick([.add, .xor, .sub]), .r0, other)) }
    } else {
      emit(.mov64(.r0, immediate()))
    }
    emit(.exit)
  }

  /// Stores all registers that hold numbers, so that they can be compared.
  private mutating func storeResults() {
    let kept = scalars
    // A register for the pointer: one that holds no number, or else the last, which is then not compared.
    let pointer = (Register.allCases.first { $0 != .r10 && !kept.contains($0) }) ?? .r9
    emit(Instruction.mapValue(pointer, index: Int32(RandomMap.results), offset: 0))
    for register in kept where register != pointer { emit(.store(.dw, pointer, Int16(register.rawValue) * 8, register)) }
    // And a sum of what is on the stack.
    var offset = 80
    for (index, slot) in state.stack.enumerated() where slot.written == 0xff && slot.pointer == nil && offset < RandomMap.resultSize {
      let spare = kept.last { $0 != pointer && $0 != .r0 } ?? (pointer == .r1 ? .r2 : .r1)
      emit(.load(.dw, spare, .r10, Int16(index * 8 - frameSize)))
      emit(.store(.dw, pointer, Int16(offset), spare))
      offset += 8
    }
    state.registers[Int(pointer.rawValue)] = .none
  }

  // MARK: Choices

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: 0..<elements.count, using: &random)] }
  /// True once in so many times.
  mutating func chance(_ times: Int) -> Bool { Int.random(in: 0..<times, using: &random) == 0 }

  /// A number with a preference for the edges.
  mutating func immediate() -> Int32 {
    switch number(0...7) {
    case 0: return pick(Self.edges)
    case 1...4: return Int32(number(-64...64))
    default: return Int32.random(in: .min ... .max, using: &random)
    }
  }

  /// A constant that the function may return.
  mutating func exitValue() -> Int32 { isCallback ? Int32(number(0...1)) : immediate() }

  private static let wideEdges: [UInt64] = [
    0, 1, .max, 1 << 63, 0x7fff_ffff_ffff_ffff, 1 << 32, 0xffff_ffff, 1 << 31, 0x7fff_ffff, 0xffff_ffff_8000_0000,
  ]
  private static let edges: [Int32] = [0, 1, -1, 2, .max, .min, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, -0x8000, 64, 63, 32, 31]

  mutating func wideImmediate() -> UInt64 {
    switch number(0...5) {
    case 0: return pick(Self.wideEdges)
    case 1: return UInt64(bitPattern: Int64(immediate()))
    default: return UInt64.random(in: 0...UInt64.max, using: &random)
    }
  }

  // MARK: Registers

  mutating func emit(_ instruction: Instruction) {
    budget -= 1
    code.emit(instruction)
  }
  mutating func emit(_ instructions: [Instruction]) { for instruction in instructions { emit(instruction) } }

  func value(_ register: Register) -> Value { state.registers[Int(register.rawValue)] }
  mutating func set(_ register: Register, _ value: Value) { state.registers[Int(register.rawValue)] = value }

  /// The registers that hold numbers.
  var scalars: [Register] { Register.allCases.filter { $0 != .r10 && value($0) == .scalar } }

  /// The registers that may be overwritten; rather those without pointers.
  mutating func destination(calleeSaved: Bool = false) -> Register {
    let free = Register.allCases.filter { $0 != .r10 && !pinned.contains($0) && (!calleeSaved || $0 >= .r6) }
    let plain = free.filter { value($0) == .none || value($0) == .scalar }
    return plain.isEmpty || chance(8) ? pick(free) : pick(plain)
  }

  /// A register with a number in it, made where there is none.
  mutating func scalar() -> Register {
    if let register = scalars.randomElement(using: &random) { return register }
    let register = destination()
    emit(.mov64(register, immediate()))
    set(register, .scalar)
    return register
  }

  /// A register with a number that may be changed.
  mutating func changeableScalar() -> Register {
    if let register = scalars.filter({ !pinned.contains($0) }).randomElement(using: &random) { return register }
    let register = destination()
    emit(.mov64(register, immediate()))
    set(register, .scalar)
    return register
  }

  /// A register with the context in it.
  var contextRegister: Register? { Register.allCases.first { $0 != .r10 && value($0) == .context } }

  /// After a call: r1 to r5 are gone.
  mutating func clobber() {
    for register in Register.arguments { set(register, .none) }
  }

  /// Forgets pointers into the values of maps whose elements come and go: the element may be another's by now.
  mutating func forgetHashValues() {
    forget { if case .memory(.value(let map, _), _) = $0 { RandomMap.isVolatile(map) } else { false } }
  }

  /// Forgets pointers to the packet: it may have moved.
  mutating func forgetPacket() { forget { $0.isPacket } }

  private mutating func forget(_ isGone: (Value) -> Bool) {
    for index in state.registers.indices where isGone(state.registers[index]) { state.registers[index] = .none }
    for index in state.stack.indices {
      if let pointer = state.stack[index].pointer, isGone(pointer) { state.stack[index] = Slot() }
    }
  }
}
