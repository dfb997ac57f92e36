/// The places in the code that depend on where other code ends up: jumps, calls of local functions, addresses of functions.
///
/// While code is made each jump takes its long form. Then those whose target is near are shortened, which brings further targets near,
/// until nothing changes; only then is the code copied to its place and every distance written.
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
    enum Kind: UInt8 {
      /// Opcodes `0f 80+cc` or `70+cc`.
      case conditional
      /// Opcodes `e9` or `eb`.
      case jump
      /// `e8`; the target is an index of a function.
      case call
      /// `lea r, [rip + distance]`; the target is an index of a function, whose entry for C is meant.
      case thunk
    }
    /// Where it begins: in the code as it was made, and as it is now known to be.
    var origin: Int32
    var site: Int32
    /// A slot, or an index of a function.
    var target: Int32
    var kind: Kind
    /// The condition or, of a thunk, the register.
    var detail: UInt8
    var isShort = false

    var longLength: Int32 {
      switch kind {
      case .conditional: 6
      case .jump, .call: 5
      case .thunk: 7
      }
    }
    var length: Int32 { isShort ? 2 : longLength }
  }

  /// Where each slot's code begins, `slots + 1` elements.
  let offsets: UnsafeMutablePointer<Int32>
  private let slots: Int
  private let branches: UnsafeMutablePointer<Branch>
  private let capacity: Int
  private var count = 0

  /// - Parameter capacity: the most branches that will be recorded.
  init(slots: Int, capacity: Int) {
    self.slots = slots
    self.capacity = capacity
    offsets = .allocate(capacity: slots + 1)
    branches = .allocate(capacity: max(capacity, 1))
  }

  deinit {
    offsets.deallocate()
    branches.deallocate()
  }

  // MARK: Recording

  /// A jump, conditional or not, to a slot.
  @inline(__always)
  mutating func jump(_ encoder: inout X86_64Encoder, _ condition: X86_64Condition?, to slot: Int) {
    if let condition {
      record(encoder.count, slot, .conditional, detail: condition.rawValue)
      encoder.buffer.append(0, count: 6)
    } else {
      record(encoder.count, slot, .jump, detail: 0)
      encoder.buffer.append(0, count: 5)
    }
  }

  mutating func call(_ encoder: inout X86_64Encoder, function: Int) {
    record(encoder.count, function, .call, detail: 0)
    encoder.buffer.append(0, count: 5)
  }

  /// Loads the address of a function's entry for C.
  mutating func loadThunk(_ encoder: inout X86_64Encoder, _ register: X86_64Register, function: Int) {
    record(encoder.count, function, .thunk, detail: register.number)
    encoder.buffer.append(0, count: 7)
  }

  @inline(__always)
  private mutating func record(_ site: Int, _ target: Int, _ kind: Branch.Kind, detail: UInt8) {
    precondition(count < capacity, "more branches than the outline has counted")
    let site = Int32(truncatingIfNeeded: site)
    branches[count] = Branch(origin: site, site: site, target: Int32(truncatingIfNeeded: target), kind: kind, detail: detail)
    count &+= 1
  }

  // MARK: Linking

  /// The finished code.
  mutating func link(
    _ buffer: borrowing CodeBuffer, entries: [Entry], relocations: [CompiledCode.Relocation]
  ) -> CompiledCode {
    while shortenOnce() {}
    var removed = 0
    for index in 0..<count where branches[index].isShort { removed += Int(branches[index].longLength - 2) }
    let size = buffer.count - removed

    var relocations = relocations
    let bytes = [UInt8](unsafeUninitializedCapacity: size + Self.slack) { output, initialized in
      write(buffer, to: UnsafeMutableRawPointer(output.baseAddress!), entries, removed: removed, &relocations)
      initialized = size
    }
    let slotOffsets = [Int32](unsafeUninitializedCapacity: slots) { output, initialized in
      output.baseAddress!.initialize(from: offsets, count: slots)
      initialized = slots
    }
    var callbacks: [Int: Int] = [:]
    for entry in entries {
      if let thunk = entry.thunk { callbacks[entry.slot] = thunk - removed }
    }
    return CompiledCode(
      architecture: .x86_64, bytes: bytes, relocations: relocations, entry: 0, tailCallEntry: 0, slotOffsets: slotOffsets,
      callbackEntries: callbacks)
  }

  /// Shortens the jumps whose targets are near in the present layout; distances only shrink afterwards.
  /// - Returns: whether there were any.
  private mutating func shortenOnce() -> Bool {
    // As in ``ProgramOutline``: ThreadSanitizer's build.
    let offsets = offsets
    // Sites and offsets move together, front to back; a target behind is still where it was, before this round's shortening.
    var removed: Int32 = 0
    var slot = 0
    var changed = false
    var index = 0
    while index < count {
      let site = branches[index].site
      while slot <= slots && offsets[slot] <= site {
        offsets[slot] &-= removed
        slot &+= 1
      }
      branches[index].site = site &- removed
      if !branches[index].isShort && (branches[index].kind == .conditional || branches[index].kind == .jump) {
        let target = Int(branches[index].target)
        // Of a target behind, `offsets` holds this round's value, of one ahead the last round's.
        let end = target < slot ? Int(site &- removed) &+ 2 : Int(site &+ branches[index].longLength)
        let distance = Int(offsets[target]) &- end
        if distance >= -128 && distance <= 127 {
          branches[index].isShort = true
          removed &+= branches[index].longLength &- 2
          changed = true
        }
      }
      index &+= 1
    }
    while slot <= slots {
      offsets[slot] &-= removed
      slot &+= 1
    }
    return changed
  }

  /// Bytes that copying may write past the end of the code.
  private static let slack = 16

  private func write(
    _ buffer: borrowing CodeBuffer, to output: UnsafeMutableRawPointer, _ entries: [Entry], removed: Int,
    _ relocations: inout [CompiledCode.Relocation]
  ) {
    let input = buffer.bytes
    var read = 0
    var written = 0
    var relocation = 0
    for index in 0..<count {
      let branch = branches[index]
      let origin = Int(branch.origin)
      while relocation < relocations.count && relocations[relocation].offset < origin {
        relocations[relocation].offset -= read - written
        relocation += 1
      }
      Self.copy(input + read, output + written, origin - read)
      written += origin - read
      read = origin + Int(branch.longLength)

      let end = written + Int(branch.length)
      let position: Int
      switch branch.kind {
      case .conditional, .jump: position = Int(offsets[Int(branch.target)])
      case .call: position = Int(offsets[entries[Int(branch.target)].slot]) - entries[Int(branch.target)].prologueLength
      case .thunk: position = entries[Int(branch.target)].thunk.map { $0 - removed } ?? 0
      }
      let place = output + written
      let distance = Int32(truncatingIfNeeded: position - end)
      switch branch.kind {
      case .conditional where branch.isShort: place.storeBytes(of: 0x70 | branch.detail, as: UInt8.self)
      case .conditional:
        place.storeBytes(of: 0x0f, as: UInt8.self)
        place.storeBytes(of: 0x80 | branch.detail, toByteOffset: 1, as: UInt8.self)
      case .jump: place.storeBytes(of: branch.isShort ? 0xeb : 0xe9, as: UInt8.self)
      case .call: place.storeBytes(of: 0xe8, as: UInt8.self)
      case .thunk:
        place.storeBytes(of: 0x48 | (branch.detail >> 3) << 2, as: UInt8.self)
        place.storeBytes(of: 0x8d, toByteOffset: 1, as: UInt8.self)
        place.storeBytes(of: 0x05 | (branch.detail & 7) << 3, toByteOffset: 2, as: UInt8.self)
      }
      if branch.isShort {
        place.storeBytes(of: UInt8(truncatingIfNeeded: distance), toByteOffset: 1, as: UInt8.self)
      } else {
        (output + (end - 4)).storeBytes(of: distance.littleEndian, as: Int32.self)
      }
      written = end
    }
    while relocation < relocations.count {
      relocations[relocation].offset -= read - written
      relocation += 1
    }
    Self.copy(input + read, output + written, buffer.count - read)
  }

  /// Copies in pieces of 16 bytes: what stands behind the last byte is overwritten later, or is slack. The buffer has room behind its end.
  @inline(__always)
  private static func copy(_ input: UnsafeMutableRawPointer, _ output: UnsafeMutableRawPointer, _ count: Int) {
    var done = 0
    while done < count {
      (output + done).storeBytes(of: (input + done).loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
      done &+= 16
    }
  }
}
