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

  /// A place in the code as it was made.
  private struct Place {
    var offset: Int32
    /// How many branches stand before it.
    var branches: Int32
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
    var kind: Kind
    /// The condition of a conditional jump, the register of a thunk.
    var detail: UInt8

    /// Bytes of the long form before the distance, the first lowest.
    @inline(__always)
    var longHead: UInt64 {
      switch kind {
      case .conditional: 0x800f | UInt64(detail) &<< 8
      case .jump: 0xe9
      case .call: 0xe8
      case .thunk: 0x05_8d48 | UInt64(detail &>> 3) &<< 2 | UInt64(detail & 7) &<< 19
      }
    }
    /// The first of the two bytes of the short form.
    @inline(__always)
    var shortHead: UInt64 { kind == .conditional ? 0x70 | UInt64(detail) : 0xeb }
  }

  private enum Kind: UInt8 {
    case jump
    case conditional
    /// The target is a function.
    case call
    /// `lea register, [rip + distance]`. The target is a function, whose entry for C is meant.
    case thunk

    /// Bytes of the long form.
    @inline(__always)
    var length: UInt8 { self == .conditional ? 6 : self == .thunk ? 7 : 5 }
    /// What it loses when it becomes short, 0 where it has no short form.
    @inline(__always)
    var spare: UInt8 { self == .jump ? 3 : self == .conditional ? 4 : 0 }
  }

  private let places: UnsafeMutablePointer<Place>
  private let slots: Int
  private let branches: UnsafeMutablePointer<Branch>
  private let capacity: Int
  private var count = 0

  /// - Parameter capacity: the most branches that will be recorded.
  init(slots: Int, capacity: Int) {
    self.slots = slots
    self.capacity = capacity
    places = .allocate(capacity: slots)
    branches = .allocate(capacity: capacity + 1)
  }

  deinit {
    places.deallocate()
    branches.deallocate()
  }

  // MARK: Recording

  /// Says that a slot's code begins at an offset; every slot has to begin somewhere.
  @inline(__always)
  func begin(_ slot: Int, at offset: Int) {
    let places = places
    places[slot] = Place(offset: Int32(truncatingIfNeeded: offset), branches: Int32(truncatingIfNeeded: count))
  }

  /// Says that the slots behind a slot, up to another, begin where it does.
  @inline(__always)
  func join(_ slot: Int, through last: Int) {
    let places = places
    let place = places[slot]
    var follower = slot &+ 1
    while follower <= last {
      places[follower] = place
      follower &+= 1
    }
  }

  /// A jump, conditional or not, to a slot.
  @inline(__always)
  mutating func jump(_ encoder: inout X86_64Encoder, _ condition: X86_64Condition?, to slot: Int) {
    if let condition {
      record(&encoder, slot, .conditional, detail: condition.rawValue)
    } else {
      record(&encoder, slot, .jump)
    }
  }

  mutating func call(_ encoder: inout X86_64Encoder, function: Int) { record(&encoder, function, .call) }

  /// Loads the address of a function's entry for C.
  mutating func loadThunk(_ encoder: inout X86_64Encoder, _ register: X86_64Register, function: Int) {
    record(&encoder, function, .thunk, detail: register.number)
  }

  @inline(__always)
  private mutating func record(_ encoder: inout X86_64Encoder, _ target: Int, _ kind: Kind, detail: UInt8 = 0) {
    precondition(count < capacity, "more branches than the outline has counted")
    let branches = branches
    branches[count] = Branch(
      origin: Int32(truncatingIfNeeded: encoder.count), target: Int32(truncatingIfNeeded: target), kind: kind, detail: detail)
    count &+= 1
    encoder.buffer.skip(Int(kind.length))
  }

  // MARK: Linking

  /// The finished code.
  mutating func link(
    _ buffer: borrowing CodeBuffer, entries: [Entry], relocations: [CompiledCode.Relocation]
  ) -> CompiledCode {
    // The end: places behind the last branch have moved by what it says.
    let branches = branches
    branches[count] = Branch(origin: Int32(truncatingIfNeeded: buffer.count), target: 0, kind: .call, detail: 0)
    shorten()
    let removed = Int(branches[count].lost)
    let size = buffer.count - removed

    let bytes = [UInt8](unsafeUninitializedCapacity: size + Self.slack) { output, initialized in
      write(buffer, to: UnsafeMutableRawPointer(output.baseAddress!), entries)
      initialized = size
    }
    let slotOffsets = [Int32](unsafeUninitializedCapacity: slots) { output, initialized in
      let output = output.baseAddress!
      for slot in 0..<slots { output[slot] = position(ofSlot: slot) }
      initialized = slots
    }
    var callbacks: [Int: Int] = [:]
    for entry in entries {
      if let thunk = entry.thunk { callbacks[entry.slot] = thunk - removed }
    }
    return CompiledCode(
      architecture: .x86_64, bytes: bytes, relocations: moved(relocations), entry: 0, tailCallEntry: 0, slotOffsets: slotOffsets,
      callbackEntries: callbacks)
  }

  /// Shortens the jumps whose targets are near; distances only shrink afterwards, so that more become near, until none does.
  private func shorten() {
    // As in ``ProgramOutline``: ThreadSanitizer's build.
    let branches = branches
    // The jumps that are long and may yet become short.
    let candidates = UnsafeMutablePointer<Int32>.allocate(capacity: count + 1)
    defer { candidates.deallocate() }
    var candidateCount = 0
    var shortened = 0
    for index in 0..<count {
      let kind = branches[index].kind
      guard kind == .jump || kind == .conditional else { continue }
      candidates[candidateCount] = Int32(truncatingIfNeeded: index)
      let verdict = verdict(index)
      branches[index].cut = verdict.cut
      shortened &+= verdict.cut != 0 ? 1 : 0
      candidateCount &+= verdict.hasHope ? 1 : 0
    }
    while shortened > 0 {
      var lost: Int32 = 0
      for index in 0...count {
        branches[index].lost = lost
        lost &+= Int32(branches[index].cut)
      }
      shortened = 0
      var kept = 0
      for position in 0..<candidateCount {
        let index = Int(candidates[position])
        candidates[kept] = candidates[position]
        let verdict = verdict(index)
        branches[index].cut = verdict.cut
        shortened &+= verdict.cut != 0 ? 1 : 0
        kept &+= verdict.hasHope ? 1 : 0
      }
      candidateCount = kept
    }
  }

  /// Whether a long jump's target is near in the present layout.
  /// - Returns: what the jump may lose; and, where that is nothing, whether what other branches may yet lose can bring the target near.
  @inline(__always)
  private func verdict(_ index: Int) -> (cut: UInt8, hasHope: Bool) {
    let branch = branches + index
    let place = places[Int(branch.pointee.target)]
    let between = place.branches &- Int32(truncatingIfNeeded: index)
    // From where the jump ends in its short form; a target ahead moves with the jump's end.
    let end = branch.pointee.origin &- branch.pointee.lost &+ (between > 0 ? Int32(branch.pointee.kind.length) : 2)
    let distance = place.offset &- branches[Int(place.branches)].lost &- end
    let isNear = UInt32(bitPattern: distance &+ 128) < 256
    let reserve = UInt32(bitPattern: between > 0 ? between : 0 &- between) &* 4
    let isNearAtBest = UInt32(bitPattern: distance &+ 128) &+ reserve < 256 &+ 2 &* reserve
    return (isNear ? branch.pointee.kind.spare : 0, isNearAtBest && !isNear)
  }

  // MARK: Writing

  /// Bytes that copying may write past the end of the code.
  private static let slack = 32

  private func write(_ buffer: borrowing CodeBuffer, to output: UnsafeMutableRawPointer, _ entries: [Entry]) {
    let input = buffer.bytes
    var read = 0
    var written = 0
    for index in 0..<count {
      let branch = branches[index]
      let origin = Int(branch.origin)
      Self.copy(input + read, output + written, origin &- read)
      written &+= origin &- read
      let longLength = Int(branch.kind.length)
      read = origin &+ longLength
      let length = longLength &- Int(branch.cut)
      let distance = position(branch, entries) &- Int32(truncatingIfNeeded: written &+ length)
      let long = branch.longHead | UInt64(UInt32(bitPattern: distance)) &<< UInt64(8 &* (longLength &- 4))
      let short = branch.shortHead | UInt64(UInt8(truncatingIfNeeded: distance)) &<< 8
      (output + written).storeBytes(of: (branch.cut != 0 ? short : long).littleEndian, as: UInt64.self)
      written &+= length
    }
    Self.copy(input + read, output + written, buffer.count &- read)
  }

  /// Where a branch leads in the finished code.
  @inline(__always)
  private func position(_ branch: Branch, _ entries: [Entry]) -> Int32 {
    if branch.kind == .jump || branch.kind == .conditional { return position(ofSlot: Int(branch.target)) }
    let entry = entries[Int(branch.target)]
    // No branch that may be short stands in a prologue, or among the entries for C, which are behind all else.
    if branch.kind == .call { return position(ofSlot: entry.slot) &- Int32(truncatingIfNeeded: entry.prologueLength) }
    return entry.thunk.map { Int32(truncatingIfNeeded: $0) &- branches[count].lost } ?? 0
  }

  @inline(__always)
  private func position(ofSlot slot: Int) -> Int32 { places[slot].offset &- branches[Int(places[slot].branches)].lost }

  /// Copies in pieces of 16 bytes, the first two always: what stands behind the last byte is overwritten later, or is slack. The buffer has
  /// room behind its end.
  @inline(__always)
  private static func copy(_ input: UnsafeMutableRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int) {
    copyPiece(input, output, 0)
    copyPiece(input, output, 16)
    var done = 32
    while done < count {
      copyPiece(input, output, done)
      done &+= 16
    }
  }

  @inline(__always)
  private static func copyPiece(_ input: UnsafeMutableRawPointer, _ output: UnsafeMutableRawPointer, _ offset: Int) {
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
