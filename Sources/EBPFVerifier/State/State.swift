internal import EBPFISA

/// Something that the program took and must give back (`struct bpf_reference_state`).
struct HeldReference: Equatable {
  var id: UInt32
  /// The slot of the call that took it.
  var instruction: Int
}

/// Everything that is known at one point of one path (`struct bpf_verifier_state`).
struct State {
  typealias Pointer = UnsafeMutablePointer<State>

  private(set) var frames: InlineArray<8, UnsafeMutablePointer<Frame>?> = InlineArray(repeating: nil)
  /// The number of the frame that runs.
  private(set) var depth = 0
  var references: [HeldReference] = []

  /// The state that was kept last on the path to here.
  var parent: Pointer?
  /// Paths from here that are not walked to their end yet.
  var branches = 1
  /// Where the state was kept.
  var instruction = 0
  /// The first instruction since the parent state, and the last one walked before this point.
  var first = 0
  var last = -1
  /// The part of the jump history that lies between parent and here.
  var historyStart = 0
  var historyEnd = 0
  /// How many kept states are above, turns of callbacks, and of `may_goto`.
  var pathDepth = 0
  var callbackTurns = 0
  var mayGotoTurns = 0

  /// The next state kept at the same instruction, and how often this one was compared with and without success.
  var next: Pointer?
  var hits = 0
  var misses = 0

  var current: UnsafeMutablePointer<Frame> {
    @inline(__always) get { frames[depth].unsafelyUnwrapped }
  }
  @inline(__always)
  func frame(_ number: Int) -> UnsafeMutablePointer<Frame> { frames[number].unsafelyUnwrapped }

  /// A state before the first instruction of a function.
  static func start(function: Int, at instruction: Int) -> Pointer {
    let state = Pointer.allocate(capacity: 1)
    state.initialize(to: State())
    state.pointee.push(Frame(callsite: -1, number: 0, function: function), depth: 0)
    state.pointee.first = instruction
    return state
  }

  /// A state of its own with the same contents, under the same parent.
  static func copy(_ other: Pointer) -> Pointer {
    let state = Pointer.allocate(capacity: 1)
    state.initialize(to: other.pointee)
    state.pointee.next = nil
    state.pointee.hits = 0
    state.pointee.misses = 0
    state.pointee.branches = 1
    for number in 0...other.pointee.depth {
      let frame = UnsafeMutablePointer<Frame>.allocate(capacity: 1)
      frame.initialize(to: other.pointee.frame(number).pointee.copy())
      state.pointee.frames[number] = frame
    }
    return state
  }

  static func free(_ state: Pointer) {
    for number in 0...state.pointee.depth {
      state.pointee.frame(number).pointee.free()
      state.pointee.frame(number).deallocate()
    }
    state.deinitialize(count: 1)
    state.deallocate()
  }

  private mutating func push(_ frame: Frame, depth: Int) {
    let pointer = UnsafeMutablePointer<Frame>.allocate(capacity: 1)
    pointer.initialize(to: frame)
    frames[depth] = pointer
    self.depth = depth
  }

  /// Enters a function.
  mutating func enter(function: Int, callsite: Int) {
    push(Frame(callsite: callsite, number: depth + 1, function: function), depth: depth + 1)
  }

  /// Leaves the function that runs.
  mutating func leave() {
    current.pointee.free()
    current.deallocate()
    frames[depth] = nil
    depth -= 1
  }

  /// The chain of calls is the same.
  func hasCallsites(of other: borrowing State) -> Bool {
    guard depth == other.depth else { return false }
    for number in 0...depth where frame(number).pointee.callsite != other.frame(number).pointee.callsite { return false }
    return true
  }

  /// Calls `body` with every register of every frame, spilled ones included.
  @inline(__always)
  func forEachRegister(_ body: (UnsafeMutablePointer<Register>) -> Void) {
    for number in 0...depth {
      let frame = frame(number)
      for cell in 0..<frame.pointee.cellCount where frame.pointee.isRegister(cell) { body(frame.pointee.cells + cell) }
    }
  }

  /// Forgets a reference; false where it is not held.
  mutating func release(_ id: UInt32) -> Bool {
    guard let index = references.firstIndex(where: { $0.id == id }) else { return false }
    references.remove(at: index)
    return true
  }
}

/// One step of the path that cannot be told from the instructions alone (`struct bpf_insn_hist_entry`).
struct HistoryEntry {
  var instruction: UInt32
  var previous: UInt32
  var flags: UInt16
  /// Numbers that got their range together at this jump: six records of frame (3 bits), register or slot (6 bits) and which of them (1 bit),
  /// and their count in the lowest four bits.
  var linked: UInt64

  /// The instruction reads or writes a stack slot as a register: its frame and slot are in ``flags``.
  static let stackAccess: UInt16 = 1 << 9
  static let destinationIsStack: UInt16 = 1 << 10
  static let sourceIsStack: UInt16 = 1 << 11
  static func access(frame: Int, slot: Int) -> UInt16 { stackAccess | UInt16(frame) | UInt16(slot) << 3 }
  var frame: Int { Int(flags & 7) }
  var slot: Int { Int(flags >> 3 & 0x3f) }
}
