internal import EBPFISA

/// What a byte of stack holds (`enum bpf_stack_slot_type`).
enum StackByte {
  static let invalid: UInt8 = 0
  /// A byte of a spilled register.
  static let spill: UInt8 = 1
  static let misc: UInt8 = 2
  static let zero: UInt8 = 3
}

/// The kinds of the eight bytes of a stack slot, the highest address first, as the kernel's `slot_type`.
struct SlotBytes: Equatable {
  var raw: UInt64 = 0

  static let spill = SlotBytes(raw: 0x0101_0101_0101_0101)
  static let misc = SlotBytes(raw: 0x0202_0202_0202_0202)

  subscript(index: Int) -> UInt8 {
    get { UInt8(truncatingIfNeeded: raw >> UInt64(8 * index)) }
    set { raw = raw & ~(0xff << UInt64(8 * index)) | UInt64(newValue) << UInt64(8 * index) }
  }

  /// A register was spilled here, whole or its lower part.
  var isSpill: Bool { self[7] == StackByte.spill }
  /// A register was spilled here whole.
  var isFullSpill: Bool { self == SlotBytes.spill }

  /// No byte is a spill or known to be zero.
  var isUnknown: Bool { raw & ~0x0202_0202_0202_0202 == 0 }

  /// Bytes of spilled registers become bytes of anything (`scrub_spilled_slot`).
  mutating func scrub() {
    for index in 0..<8 where self[index] == StackByte.spill { self[index] = StackByte.misc }
  }
}

/// One function's registers and stack (`struct bpf_func_state`).
///
/// Registers and spilled registers lie behind each other, so that what looks at all of them has one loop.
struct Frame {
  /// r0 to r10, then the spilled register of each stack slot (slot 0 is at r10-8).
  private(set) var cells: UnsafeMutablePointer<Register>
  private(set) var bytes: UnsafeMutablePointer<SlotBytes>
  /// Stack slots in use, and how many there is room for.
  private(set) var slots: Int
  private var capacity: Int

  /// The slot of the call that entered the function, -1 for the first one.
  var callsite: Int
  /// The place in the chain of calls, from 0, and which function it is.
  let number: Int
  let function: Int
  /// How often a callback of this frame's pending call was walked.
  var callbackDepth = 0
  /// The function is a callback that a helper calls.
  var isCallback = false

  /// Stack slots that the path since the parent state has overwritten.
  var writtenSlots: UInt64 = 0
  /// Stack slots whose value some path from here reads.
  var readSlots: UInt64 = 0
  /// Numbers whose exact range some path from here relies on.
  var preciseRegisters: UInt16 = 0
  var preciseSlots: UInt64 = 0
  /// The same, because a loop through here was closed before all its paths were known.
  var loopRegisters: UInt16 = 0
  var loopSlots: UInt64 = 0
  /// The frame was entered after the parent state was kept: nothing of it exists there.
  var isNew = true

  static let registerCount = Limits.registerCount

  init(callsite: Int, number: Int, function: Int) {
    self.callsite = callsite
    self.number = number
    self.function = function
    slots = 0
    capacity = 0
    cells = .allocate(capacity: Frame.registerCount)
    bytes = .allocate(capacity: 1)
    cells.initialize(repeating: .uninitialized, count: Frame.registerCount)
    cells[10] = .pointer(.stack, detail: Int32(number))
  }

  private init(copying other: borrowing Frame) {
    cells = .allocate(capacity: Frame.registerCount + other.slots)
    bytes = .allocate(capacity: max(1, other.slots))
    slots = other.slots
    capacity = other.slots
    cells.initialize(from: other.cells, count: Frame.registerCount + slots)
    bytes.initialize(from: other.bytes, count: slots)
    callsite = other.callsite
    number = other.number
    function = other.function
    callbackDepth = other.callbackDepth
    isCallback = other.isCallback
    writtenSlots = other.writtenSlots
    isNew = other.isNew
  }

  /// A frame of its own with the same registers and stack; marks of what later paths need are not copied.
  func copy() -> Frame { Frame(copying: self) }

  func free() {
    cells.deallocate()
    bytes.deallocate()
  }

  /// Makes the stack at least that many slots deep (`grow_stack_state`).
  mutating func grow(to count: Int) {
    guard count > slots else { return }
    if count > capacity {
      capacity = min(Limits.stackSize / 8, max(count, capacity * 2, 4))
      let newCells = UnsafeMutablePointer<Register>.allocate(capacity: Frame.registerCount + capacity)
      let newBytes = UnsafeMutablePointer<SlotBytes>.allocate(capacity: capacity)
      newCells.initialize(from: cells, count: Frame.registerCount + slots)
      newBytes.initialize(from: bytes, count: slots)
      free()
      cells = newCells
      bytes = newBytes
    }
    for slot in slots..<count {
      (cells + Frame.registerCount + slot).initialize(to: .uninitialized)
      (bytes + slot).initialize(to: SlotBytes())
    }
    slots = count
  }

  /// The registers in spilled form.
  var spilled: UnsafeMutablePointer<Register> { cells + Frame.registerCount }

  /// A cell holds a register or a spilled one.
  @inline(__always)
  func isRegister(_ cell: Int) -> Bool { cell < Frame.registerCount || bytes[cell - Frame.registerCount].isSpill }

  var cellCount: Int { Frame.registerCount + slots }
}
