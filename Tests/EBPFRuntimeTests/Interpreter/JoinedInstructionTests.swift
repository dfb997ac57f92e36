import EBPFHost
import EBPFISA
import EBPFTestSupport
import Testing

/// The interpreter and the compiler join neighbouring instructions; the checked interpreter never does. Programs full of what they join, on
/// random registers and with jumps into the middle, must give the same registers and memory in all three.
@Suite("Joined instructions")
struct JoinedInstructionTests {
  @Test(arguments: [1, 2, 3, 4])
  func randomPrograms(part: UInt64) throws {
    let seed = UInt64.random(in: 0...0xffff_ffff) << 3 | part
    var generator = JoinedProgramGenerator(random: SeededGenerator(seed: seed))
    for number in 0..<700 {
      let program = generator.program()
      let data = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator.random) }
      let results = try engines.map { try run(program, on: data, engine: $0) }
      for (engine, result) in zip(engines, results) {
        if result.returnValue != results[2].returnValue || result.data != results[2].data {
          let text = Disassembler().source(program)
          Issue.record("seed \(seed), program \(number): \(engine) differs from the checked interpreter\n\(text)")
          return
        }
      }
    }
  }

  @Test("every joined pair is taken somewhere: a move and what follows it", arguments: engines)
  func threeRegisters(engine: LoadOptions.Engine) throws {
    // The operation's other register is the moved value itself, so it is no operation with three registers.
    #expect(try run([.mov64(.r0, 5), .mov64(.r2, 7), .mov64(.r0, .r2), .add64(.r0, .r0), .exit], engine: engine).returnValue == 14)
    #expect(try run([.mov64(.r3, 1), .mov64(.r2, 7), .mov64(.r0, .r2), .alu64(.lsh, .r0, .r3), .exit], engine: engine).returnValue == 14)
    #expect(try run([.mov64(.r2, 7), .mov64(.r0, .r2), .add64(.r0, -9), .exit], engine: engine).returnValue == UInt64(bitPattern: -2))
  }
}

/// Writes programs over a memory of 512 bytes: r0 to r8 are loaded from it, worked on, and stored back; r9 points to its middle.
struct JoinedProgramGenerator {
  var random: SeededGenerator
  private var body: [Instruction] = []

  init(random: SeededGenerator) { self.random = random }

  mutating func program() -> [Instruction] {
    body = []
    while body.count < 60 { addIdiom() }
    var result: [Instruction] = [.mov64(.r9, .r1), .add64(.r9, 256)]
    for register in EBPFISA.Register.allCases where register < .r9 {
      result.append(.load(.dw, register, .r9, Int16(register.rawValue) * 8 - 256))
    }
    // What the stack held before is not the same in every engine: it is written before it is read.
    for place in stride(from: Int16(-272), through: -8, by: 8) { result.append(.store(.dw, .r10, place, Int32(place))) }
    result += body
    for register in EBPFISA.Register.allCases where register < .r9 {
      result.append(.store(.dw, .r9, Int16(register.rawValue) * 8 - 256, register))
    }
    return result + [.exit]
  }

  private mutating func pick<T>(_ values: [T]) -> T { values.randomElement(using: &random)! }

  /// r0 to r8, few of them often, so that the same register comes up twice in an idiom.
  private mutating func register() -> EBPFISA.Register {
    Bool.random(using: &random) ? pick([.r0, .r1, .r2]) : pick([.r0, .r1, .r2, .r3, .r4, .r5, .r6, .r7, .r8])
  }

  private mutating func move(_ destination: EBPFISA.Register, _ source: EBPFISA.Register) -> Instruction {
    Int.random(in: 0..<4, using: &random) == 0 ? .mov32(destination, source) : .mov64(destination, source)
  }

  private mutating func arithmetic(_ destination: EBPFISA.Register) -> Instruction {
    let operation: Arithmetic = pick([.add, .sub, .and, .or, .xor, .mov, .mul, .lsh, .rsh, .arsh, .div, .mod])
    let immediate: Int32 = pick([0, 1, 2, 3, 7, 8, 16, 31, 32, 48, 56, 63, -1, 255, 65535, 0x7fff_ffff, .min])
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return .alu64(operation, destination, register())
    case 1: return .alu32(operation, destination, register())
    case 2: return .alu64(operation, destination, immediate)
    default: return .alu32(operation, destination, immediate)
    }
  }

  /// A forward jump over up to four of the instructions that follow.
  private mutating func jump(_ left: EBPFISA.Register, _ immediate: Int32? = nil) -> Instruction {
    let condition: Condition = immediate == nil ? pick(Condition.allCases) : pick([.eq, .ne])
    let distance = Int16.random(in: 0...4, using: &random)
    let isWide = Bool.random(using: &random)
    if immediate == nil, Bool.random(using: &random) {
      return isWide ? .jump(condition, left, register(), distance) : .jump32(condition, left, register(), distance)
    }
    let value = immediate ?? pick([0, 1, -1, 255, 0x1000])
    return isWide ? .jump(condition, left, value, distance) : .jump32(condition, left, value, distance)
  }

  private mutating func addIdiom() {
    let a = register()
    let b = register()
    let c = register()
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1: addRotation(a, b, c)
    case 2: body += [move(a, b), arithmetic(a)]
    case 3:
      let bits: Int32 = pick([32, 48, 56, 31, 8])
      let other: Int32 = pick([bits, bits, bits, 33])
      if Bool.random(using: &random) { body.append(move(a, b)) }
      body += [.alu64(.lsh, a, bits), .alu64(pick([.rsh, .arsh]), a, other)]
    case 4, 5, 6: addAccess(a, b, c)
    case 7: body += [arithmetic(a), jump(pick([a, a, a, b]), 0)]
    case 8: body.append(jump(a))
    default: body.append(arithmetic(a))
    }
  }

  private mutating func addRotation(_ value: EBPFISA.Register, _ part: EBPFISA.Register, _ result: EBPFISA.Register) {
    let bits: Int32 = pick([64, 32])
    let count = Int32.random(in: 1..<bits, using: &random)
    let other = Int.random(in: 0..<8, using: &random) == 0 ? count : bits - count
    func shift(_ operation: Arithmetic, _ register: EBPFISA.Register, _ count: Int32) -> Instruction {
      bits == 64 ? .alu64(operation, register, count) : .alu32(operation, register, count)
    }
    let operations: (Arithmetic, Arithmetic) = Bool.random(using: &random) ? (.lsh, .rsh) : (.rsh, .lsh)
    body += [move(part, value), shift(operations.0, part, count)]
    var last = value
    if Bool.random(using: &random) {
      body.append(move(result, value))
      last = result
    }
    body.append(shift(operations.1, last, other))
    body.append(bits == 64 ? .alu64(.or, last, part) : .alu32(.or, last, part))
    if Bool.random(using: &random) { body.append(arithmetic(part)) }
  }

  /// An address made of r9 or r10, a small index and constants, and what is done with it. The address is there before the first instruction
  /// that could be joined, so that a jump into the middle finds one too.
  private mutating func addAccess(_ index: EBPFISA.Register, _ other: EBPFISA.Register, _ value: EBPFISA.Register) {
    let address: EBPFISA.Register = pick([.r0, .r1, .r2, .r3, .r4, .r5, .r6, .r7, .r8].filter { $0 != index })
    let base: EBPFISA.Register = pick([.r9, .r10])
    // No jump from before leads past these.
    for _ in 0..<4 { body.append(arithmetic(value)) }
    body += [.alu64(.and, index, 0x3f), .mov64(address, base), .add64(address, -100)]
    if Bool.random(using: &random) { body.append(.jump(pick([.eq, .ne, .gt]), other, 7, Int16.random(in: 0...3, using: &random))) }
    // However few of these are executed, the access stays within 256 bytes below the base.
    var parts: [Instruction] = [.add64(address, 8), .add64(address, -16)].filter { _ in Bool.random(using: &random) }
    if Bool.random(using: &random) { parts.append(.add64(address, index)) }
    parts.shuffle(using: &random)
    body.append(.mov64(address, base))
    body.append(.add64(address, -120))
    body += parts
    let size: MemorySize = pick([.b, .h, .w, .dw])
    let offset = Int16.random(in: -20...10, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: body.append(.load(size, address, address, offset))
    case 1: body.append(.load(size, value, address, offset))
    case 2 where value != address: body.append(.store(size, address, offset, value))
    case 3 where size != .dw: body.append(.loadSigned(size, value, address, offset))
    default: body.append(.store(size, address, offset, 77))
    }
    // An address is different in every engine: it must not be left behind.
    body.append(.mov64(address, Int32(offset)))
    if value != address, Bool.random(using: &random) { body.append(.mov64(address, 3)) }
  }
}
