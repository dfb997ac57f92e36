/// What a translator wants to know of a checked program before it begins: which instructions are reached, whether A is still wanted behind
/// each, and how large X can be.
struct ClassicFlow {
  /// Whether any path reaches the instruction.
  private(set) var isReached: [Bool]
  /// Whether some path reads A behind the instruction before it is written again.
  private(set) var wantsA: [Bool]
  /// The most that X can be before the instruction.
  private(set) var largestX: [UInt32]
  /// Words of M that some path may load before it stores them.
  private(set) var unstored: UInt16 = 0
  /// Whether some jump leads backward.
  private(set) var hasLoops = false
  private let dialect: ClassicDialect

  /// Follows the paths of a program that ``ClassicProgram/check(for:)`` has taken.
  init(_ program: ClassicProgram, _ dialect: ClassicDialect) {
    let instructions = program.instructions
    self.dialect = dialect
    isReached = Array(repeating: false, count: instructions.count)
    wantsA = Array(repeating: false, count: instructions.count)
    largestX = Array(repeating: 0, count: instructions.count)
    var pending = [0]
    while let index = pending.popLast() {
      if isReached[index] { continue }
      isReached[index] = true
      for next in successors(instructions[index], at: index) {
        if next <= index { hasLoops = true }
        pending.append(next)
      }
    }
    findWantedA(instructions)
    findLargestX(instructions)
    if dialect == .libpcap { findUnstored(instructions) }
  }

  /// Whether no packet is long enough for a load, whatever it adds to its offset: it ends the program.
  static func isBeyondPackets(_ instruction: ClassicInstruction, _ dialect: ClassicDialect) -> Bool {
    guard dialect == .libpcap, instruction.k > Int32.max else { return false }
    switch instruction.operation {
    case .loadAbsolute, .loadIndirect, .loadXHeaderLength: return true
    default: return false
    }
  }

  /// Where a path goes on.
  private func successors(_ instruction: ClassicInstruction, at index: Int) -> [Int] {
    if Self.isBeyondPackets(instruction, dialect) { return [] }
    return switch instruction.operation {
    case .returnA, .returnConstant: []
    // Within range by the check, forward jumps of over two billion are not: the sign tells nothing apart in the kernel's dialect.
    case .jump: [index + 1 + Int(Int32(bitPattern: instruction.k))]
    case .branch: [index + 1 + Int(instruction.jumpTrue), index + 1 + Int(instruction.jumpFalse)]
    default: [index + 1]
    }
  }

  /// Whether the instruction reads A.
  static func readsA(_ instruction: ClassicInstruction) -> Bool {
    switch instruction.operation {
    case .store, .arithmetic, .negate, .branch, .returnA, .tax: true
    case .loadAbsolute:
      switch ClassicAncillary(offset: instruction.k) {
      // A filter without an interface ends with A.
      case .interface, .netlinkAttribute, .nestedAttribute, .xorX: true
      case .protocol, .packetType, .mark, .queue, .hardwareType, .hash, .processor, .vlanTag, .vlanTagPresent, .payloadOffset, .random,
        .vlanProtocol, nil:
        false
      }
    case .loadIndirect, .loadLength, .loadConstant, .loadScratch, .loadXHeaderLength, .loadXLength, .loadXConstant, .loadXScratch, .storeX,
      .jump, .returnConstant, .txa, nil:
      false
    }
  }

  /// Whether the instruction gives A a new value.
  private static func writesA(_ instruction: ClassicInstruction) -> Bool {
    switch instruction.operation {
    case .loadAbsolute, .loadIndirect, .loadLength, .loadConstant, .loadScratch, .arithmetic, .negate, .txa: true
    default: false
    }
  }

  private mutating func findWantedA(_ instructions: [ClassicInstruction]) {
    guard !hasLoops else {
      wantsA = Array(repeating: true, count: instructions.count)
      return
    }
    var wantedBefore = [Bool](repeating: false, count: instructions.count)
    for index in instructions.indices.reversed() where isReached[index] {
      wantsA[index] = successors(instructions[index], at: index).contains { wantedBefore[$0] }
      wantedBefore[index] =
        Self.readsA(instructions[index]) || (wantsA[index] && !Self.writesA(instructions[index]))
    }
  }

  /// Follows upper bounds of A and X forward.
  private mutating func findLargestX(_ instructions: [ClassicInstruction]) {
    guard !hasLoops else {
      largestX = Array(repeating: .max, count: instructions.count)
      return
    }
    var largestA = [UInt32](repeating: 0, count: instructions.count)
    for index in instructions.indices where isReached[index] {
      let instruction = instructions[index]
      let x = Self.boundOfX(instruction, a: largestA[index], x: largestX[index])
      let a = Self.boundOfA(instruction, a: largestA[index], x: largestX[index])
      for next in successors(instruction, at: index) {
        largestX[next] = max(largestX[next], x)
        largestA[next] = max(largestA[next], a)
      }
    }
  }

  private static func boundOfX(_ instruction: ClassicInstruction, a: UInt32, x: UInt32) -> UInt32 {
    switch instruction.operation {
    case .loadXHeaderLength: 60
    case .loadXConstant: instruction.k
    case .loadXLength, .loadXScratch: .max
    case .tax: a
    default: x
    }
  }

  private static func boundOfA(_ instruction: ClassicInstruction, a: UInt32, x: UInt32) -> UInt32 {
    func saturated(_ result: (partialValue: UInt32, overflow: Bool)) -> UInt32 { result.overflow ? .max : result.partialValue }
    switch instruction.operation {
    case .loadAbsolute(let size), .loadIndirect(let size):
      if instruction.operation == .loadAbsolute(size), instruction.k >= ClassicAncillary.base { return .max }
      return size == .b ? 0xff : size == .h ? 0xffff : .max
    case .loadConstant: return instruction.k
    case .loadLength, .loadScratch, .negate: return .max
    case .txa: return x
    case .arithmetic(let operation, let operand):
      let other = operand == .k ? instruction.k : x
      switch operation {
      case .add: return saturated(a.addingReportingOverflow(other))
      case .mul: return saturated(a.multipliedReportingOverflow(by: other))
      case .and: return min(a, other)
      case .div, .mod: return a
      case .rsh: return operand == .k && other < 32 ? a >> other : a
      case .lsh:
        guard operand == .k, other < 32 else { return .max }
        return saturated(a.multipliedReportingOverflow(by: 1 << other))
      default: return .max
      }
    default: return a
    }
  }

  private mutating func findUnstored(_ instructions: [ClassicInstruction]) {
    var storedBefore = [UInt16](repeating: .max, count: instructions.count)
    storedBefore[0] = 0
    var pending = [0]
    var isVisited = [Bool](repeating: false, count: instructions.count)
    while let index = pending.popLast() {
      isVisited[index] = true
      let instruction = instructions[index]
      var stored = storedBefore[index]
      switch instruction.operation {
      case .store, .storeX: stored |= 1 << UInt16(instruction.k)
      case .loadScratch, .loadXScratch: unstored |= 1 << UInt16(instruction.k) & ~stored
      default: break
      }
      for next in successors(instruction, at: index) where !isVisited[next] || storedBefore[next] & ~stored != 0 {
        storedBefore[next] &= stored
        pending.append(next)
      }
    }
  }
}
