/// The places in the code that depend on where other code ends up: jumps, calls of local functions, addresses of functions.
///
/// While code is made each jump takes its long form. Then those whose target is near are shortened, which brings further targets near,
/// until nothing changes. That looks at branches only: a place in the code moves by what the branches before it have lost. Then the code is
/// copied to its place and every distance written.
struct BranchRelaxation: ~Copyable {
  /// A function's place among the slots, and what leads there.
  struct Entry {
    var slot: Int
    /// The bytes before the first slot's code.
    var prologueLength: Int
    /// Where its entry for C begins, before anything is shortened.
    var thunk: Int?
  }

  private struct Branch {
    /// Where it begins, in the code as it was made.
    var origin: Int32
    /// A slot or, of calls and thunks, an index of a function.
    var target: Int32
    /// Bytes that the branches before this one have lost.
    var lost: Int32 = 0
    /// What it has lost itself.
    var cut: UInt8 = 0
    /// What it loses when it becomes short, 0 where it has no short form.
    var spare: UInt8
    /// Bytes of the long form, the last four the distance.
    var length: UInt8
    /// The first of the two bytes of the short form; of a branch that has none, its ``Kind``.
    var short: UInt8
  }

  /// What has no short form.
  private enum Kind {
    /// The target is a function.
    static let call: UInt8 = 0
    /// `lea register, [rip + distance]`. The target is a function, whose entry for C is meant.
    static let thunk: UInt8 = 1
  }

  /// For each slot where its code begins as it was made and, once linked, in the finished code.
  private let offsets: UnsafeMutablePointer<Int32>
  /// For each slot how many branches stand before its code.
  private let branchesBefore: UnsafeMutablePointer<Int32>
  private let slots: Int
  private let branches: UnsafeMutablePointer<Branch>
  private let capacity: Int
  private var count = 0

  /// - Parameters:
  ///   - offsets: memory for a number a slot, not set yet; ``link(_:entries:relocations:)`` leaves there where each slot's code is.
  ///   - branchesBefore: memory for another number a slot, not set yet.
  ///   - capacity: the most branches that will be recorded.
  init(slots: Int, offsets: UnsafeMutablePointer<Int32>, branchesBefore: UnsafeMutablePointer<Int32>, capacity: Int) {
    self.slots = slots
    self.offsets = offsets
    self.branchesBefore = branchesBefore
    self.capacity = capacity
    branches = .allocate(capacity: capacity + 1)
  }

  deinit { branches.deallocate() }

  // MARK: Recording

  /// Says that a slot's code begins at an offset; every slot has to begin somewhere.
  @inline(__always)
  func begin(_ slot: Int, at offset: Int) {
    // Through copies of the pointers, as in ``ProgramOutline``: ThreadSanitizer's build.
    let (offsets, branchesBefore) = (offsets, branchesBefore)
    offsets[slot] = Int32(truncatingIfNeeded: offset)
    branchesBefore[slot] = Int32(truncatingIfNeeded: count)
  }

  /// Says that the slots behind a slot, up to another, begin where it does.
  @inline(__always)
  func join(_ slot: Int, through last: Int) {
    let (offsets, branchesBefore) = (offsets, branchesBefore)
    let offset = offsets[slot]
    let before = branchesBefore[slot]
    var follower = slot &+ 1
    while follower <= last {
      offsets[follower] = offset
      branchesBefore[follower] = before
      follower &+= 1
    }
  }

  /// A jump, conditional or not, to a slot.
  @inline(__always)
  mutating func jump(_ encoder: inout X86_64Encoder, _ condition: X86_64Condition?, to slot: Int) {
    if let condition {
      record(&encoder, slot, head: 0x800f | UInt64(condition.rawValue) &<< 8, length: 6, short: 0x70 | condition.rawValue, spare: 4)
    } else {
      record(&encoder, slot, head: 0xe9, length: 5, short: 0xeb, spare: 3)
    }
  }

  /// A conditional jump to a slot behind what sets the flags for it, at most eight bytes, the first lowest in `bits`.
  @inline(__always)
  mutating func jump(
    _ encoder: inout X86_64Encoder, _ condition: X86_64Condition, to slot: Int, behind comparison: (bits: UInt64, count: Int)
  ) {
    note(origin: encoder.count &+ comparison.count, slot, length: 6, short: 0x70 | condition.rawValue, spare: 4)
    encoder.buffer.append(
      comparison.bits, count: comparison.count, 0x800f | UInt64(condition.rawValue) &<< 8, count: 6)
  }

  mutating func call(_ encoder: inout X86_64Encoder, function: Int) {
    record(&encoder, function, head: 0xe8, length: 5, short: Kind.call, spare: 0)
  }

  /// Loads the address of a function's entry for C.
  mutating func loadThunk(_ encoder: inout X86_64Encoder, _ register: X86_64Register, function: Int) {
    record(
      &encoder, function, head: 0x05_8d48 | register.high &<< 2 | register.low &<< 19, length: 7, short: Kind.thunk, spare: 0)
  }

  @inline(__always)
  private mutating func record(_ encoder: inout X86_64Encoder, _ target: Int, head: UInt64, length: UInt8, short: UInt8, spare: UInt8) {
    note(origin: encoder.count, target, length: length, short: short, spare: spare)
    encoder.buffer.append(head, count: Int(length))
  }

  @inline(__always)
  private mutating func note(origin: Int, _ target: Int, length: UInt8, short: UInt8, spare: UInt8) {
    precondition(count < capacity, "more branches than the outline has counted")
    let branches = branches
    branches[count] = Branch(
      origin: Int32(truncatingIfNeeded: origin), target: Int32(truncatingIfNeeded: target), spare: spare, length: length, short: short)
    count &+= 1
  }

  // MARK: Linking

  /// Finishes the code, in its place.
  /// - Returns: what is to be known of it, without its bytes and ``CompiledCode/slotOffsets``; and its size.
  mutating func link(
    _ buffer: borrowing CodeBuffer, entries: [Entry], relocations: [CompiledCode.Relocation]
  ) -> (code: CompiledCode, size: Int) {
    // The end: places behind the last branch have moved by what it says.
    let (branches, offsets, branchesBefore) = (branches, offsets, branchesBefore)
    branches[count] = Branch(origin: Int32(truncatingIfNeeded: buffer.count), target: 0, spare: 0, length: 5, short: Kind.call)
    shorten()
    let removed = Int(branches[count].lost)
    for slot in 0..<slots { offsets[slot] &-= branches[Int(branchesBefore[slot])].lost }
    write(buffer, entries)
    var callbacks: [Int: Int] = [:]
    for entry in entries {
      if let thunk = entry.thunk { callbacks[entry.slot] = thunk - removed }
    }
    let code = CompiledCode(
      architecture: .x86_64, bytes: [], relocations: moved(relocations), entry: 0, tailCallEntry: 0, slotOffsets: [],
      callbackEntries: callbacks)
    return (code, buffer.count - removed)
  }

  /// Shortens the jumps whose targets are near; distances only shrink afterwards, so that more become near, until none does.
  private func shorten() {
    let branches = branches
    // The jumps that are long and may yet become short.
    let candidates = UnsafeMutablePointer<Int32>.allocate(capacity: count + 1)
    defer { candidates.deallocate() }
    var candidateCount = 0
    // The first round goes by what lies before a jump, where it is known already; ahead nothing has been lost yet.
    var lost: Int32 = 0
    for index in 0..<count {
      branches[index].lost = lost
      let verdict = verdict(index, lostAhead: 0)
      branches[index].cut = verdict.cut
      lost &+= Int32(verdict.cut)
      candidates[candidateCount] = Int32(truncatingIfNeeded: index)
      candidateCount &+= verdict.hasHope ? 1 : 0
    }
    branches[count].lost = lost
    while candidateCount > 0 {
      var changed: UInt8 = 0
      var kept = 0
      for position in 0..<candidateCount {
        let index = Int(candidates[position])
        candidates[kept] = candidates[position]
        let verdict = verdict(index, lostAhead: branches[index].lost)
        branches[index].cut = verdict.cut
        changed |= verdict.cut
        kept &+= verdict.hasHope ? 1 : 0
      }
      candidateCount = kept
      if changed == 0 { return }
      lost = 0
      for index in 0...count {
        branches[index].lost = lost
        lost &+= Int32(branches[index].cut)
      }
    }
  }

  /// Whether a long jump's target is near in the present layout.
  /// - Parameter lostAhead: what the branches before this one had lost when what those behind it say was added up.
  /// - Returns: what the jump may lose; and, where that is nothing, whether what other branches may yet lose can bring the target near.
  @inline(__always)
  private func verdict(_ index: Int, lostAhead: Int32) -> (cut: UInt8, hasHope: Bool) {
    let branch = branches + index
    if branch.pointee.spare == 0 { return (0, false) }
    let target = Int(branch.pointee.target)
    let before = branchesBefore[target]
    let between = before &- Int32(truncatingIfNeeded: index)
    let isAhead = between > 0
    // From where the jump ends in its short form; a target ahead moves with the jump's end.
    let end = branch.pointee.origin &+ (isAhead ? Int32(branch.pointee.length) : 2)
    let moved = branches[Int(before)].lost &- (isAhead ? lostAhead : branch.pointee.lost)
    let distance = offsets[target] &- moved &- end
    let isNear = UInt32(bitPattern: distance &+ 128) < 256
    let reserve = UInt32(bitPattern: isAhead ? between : 0 &- between) &* 4
    let isNearAtBest = UInt32(bitPattern: distance &+ 128) &+ reserve < 256 &+ 2 &* reserve
    return (isNear ? branch.pointee.spare : 0, isNearAtBest && !isNear)
  }

  // MARK: Writing

  /// Moves the code together and writes every distance. All moves down, and nothing over what has not been moved yet.
  private func write(_ buffer: borrowing CodeBuffer, _ entries: [Entry]) {
    let code = buffer.bytes
    var read = 0
    var written = 0
    for index in 0..<count {
      let branch = branches[index]
      let origin = Int(branch.origin)
      Self.move(code, from: read, to: written, origin &- read)
      written &+= origin &- read
      read = origin &+ Int(branch.length)
      // What is not the short form begins as it was made.
      let isShort = branch.cut != 0
      let length = isShort ? 2 : Int(branch.length)
      let distance = position(branch, entries) &- Int32(truncatingIfNeeded: written &+ length)
      let long = (code + origin).loadUnaligned(as: UInt32.self)
      (code + written).storeBytes(of: isShort ? UInt32(branch.short).littleEndian : long, as: UInt32.self)
      // Of a short form the lowest byte counts; the rest is in what was the long form, and overwritten by what follows.
      (code + written + (isShort ? 1 : length &- 4)).storeBytes(of: distance.littleEndian, as: Int32.self)
      written &+= length
    }
    Self.move(code, from: read, to: written, buffer.count &- read)
  }

  /// Where a branch leads in the finished code.
  @inline(__always)
  private func position(_ branch: Branch, _ entries: [Entry]) -> Int32 {
    if branch.short > Kind.thunk { return offsets[Int(branch.target)] }
    let entry = entries[Int(branch.target)]
    // No branch that may be short stands in a prologue, or among the entries for C, which are behind all else.
    if branch.short == Kind.call { return offsets[entry.slot] &- Int32(truncatingIfNeeded: entry.prologueLength) }
    return entry.thunk.map { Int32(truncatingIfNeeded: $0) &- branches[count].lost } ?? 0
  }

  /// Moves bytes down. Far down in pieces of 16 bytes, the first two always: what stands behind the last byte has been moved, or is overwritten
  /// later.
  @inline(__always)
  private static func move(_ code: UnsafeMutableRawPointer, from source: Int, to target: Int, _ count: Int) {
    guard source &- target >= farDown else {
      if source != target { (code + target).copyMemory(from: code + source, byteCount: count) }
      return
    }
    let (input, output) = (code + source, code + target)
    movePiece(input, output, 0)
    movePiece(input, output, 16)
    var done = 32
    while done < count {
      movePiece(input, output, done)
      done &+= 16
    }
  }

  /// The least distance at which pieces behind the last byte do no harm.
  private static let farDown = 48

  @inline(__always)
  private static func movePiece(_ input: UnsafeMutableRawPointer, _ output: UnsafeMutableRawPointer, _ offset: Int) {
    (output + offset).storeBytes(of: (input + offset).loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
  }

  /// Relocations, in the order of their offsets, where they are in the finished code.
  private func moved(_ relocations: [CompiledCode.Relocation]) -> [CompiledCode.Relocation] {
    var relocations = relocations
    var branch = 0
    for index in relocations.indices {
      while branch < count && Int(branches[branch].origin) <= relocations[index].offset { branch += 1 }
      relocations[index].offset -= Int(branches[branch].lost)
    }
    return relocations
  }
}
