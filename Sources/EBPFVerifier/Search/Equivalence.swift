internal import EBPFISA

/// Which number in an old state stands for which in the state in hand (`struct bpf_idmap`).
struct IdentityMap: ~Copyable {
  private let pairs: UnsafeMutablePointer<(old: UInt32, new: UInt32)>
  private var count = 0
  private var lastTemporary: UInt32 = 0
  private static let capacity = 1024

  init() { pairs = .allocate(capacity: IdentityMap.capacity) }
  deinit { pairs.deallocate() }

  /// - Parameter last: the last identity in use; larger ones are free for numbers without one.
  mutating func reset(from last: UInt32) {
    count = 0
    lastTemporary = last
  }

  /// Both or none, and the same pair each time (`check_ids`).
  mutating func matches(_ old: UInt32, _ new: UInt32) -> Bool {
    if (old == 0) != (new == 0) { return false }
    if old == 0 { return true }
    for index in 0..<count {
      if pairs[index].old == old { return pairs[index].new == new }
      if pairs[index].new == new { return false }
    }
    guard count < IdentityMap.capacity else { return false }
    (pairs + count).initialize(to: (old, new))
    count += 1
    return true
  }

  /// The same for numbers: one that was not linked does not care (`check_scalar_ids`).
  mutating func matchesScalars(_ old: UInt32, _ new: UInt32) -> Bool {
    guard old != 0 else { return true }
    var new = new
    if new == 0 {
      lastTemporary += 1
      new = lastTemporary
    }
    guard matches(old, new) else { return false }
    guard old & Register.distanceMask != 0 else { return true }
    return matches(old & ~Register.distanceMask, new & ~Register.distanceMask)
  }
}

/// How closely two states are compared.
enum Comparison {
  /// What later paths read and rely on (`NOT_EXACT`).
  case needed
  /// All numbers must be within the old ranges (`RANGE_WITHIN`).
  case ranges
  /// All must be the same (`EXACT`).
  case exact
}

extension Search {
  /// Whether what was proved for the old state holds for the state in hand (`states_equal`).
  mutating func covers(_ old: State.Pointer, _ comparison: Comparison) -> Bool {
    let new = state
    guard old.pointee.depth == new.pointee.depth else { return false }
    identities.reset(from: currentID)
    guard old.pointee.references.count == new.pointee.references.count else { return false }
    for index in old.pointee.references.indices
    where !identities.matches(old.pointee.references[index].id, new.pointee.references[index].id) { return false }
    for number in stride(from: old.pointee.depth, through: 0, by: -1) {
      guard covers(old.pointee.frame(number), new.pointee.frame(number), live: liveRegisters(number), comparison) else { return false }
    }
    return true
  }

  private mutating func covers(
    _ old: UnsafeMutablePointer<Frame>, _ new: UnsafeMutablePointer<Frame>, live: UInt16, _ comparison: Comparison
  ) -> Bool {
    if old.pointee.callbackDepth > new.pointee.callbackDepth { return false }
    let precise = old.pointee.preciseRegisters | old.pointee.loopRegisters
    var rest = live
    while rest != 0 {
      let register = rest.trailingZeroBitCount
      rest &= rest - 1
      let isPrecise = precise >> UInt16(register) & 1 != 0
      if !covers(old.pointee.cells + register, new.pointee.cells + register, isPrecise: isPrecise, comparison) { return false }
    }
    return coversStack(old, new, comparison)
  }

  private mutating func coversStack(
    _ old: UnsafeMutablePointer<Frame>, _ new: UnsafeMutablePointer<Frame>, _ comparison: Comparison
  ) -> Bool {
    let precise = old.pointee.preciseSlots | old.pointee.loopSlots
    for slot in 0..<old.pointee.slots {
      let oldBytes = old.pointee.bytes[slot]
      if comparison == .needed {
        if old.pointee.readSlots >> UInt64(slot) & 1 == 0 { continue }
      } else if slot >= new.pointee.slots || oldBytes != new.pointee.bytes[slot] {
        return false
      }
      if oldBytes.isUnknown { continue }
      if slot >= new.pointee.slots { return false }
      let newBytes = new.pointee.bytes[slot]
      let isPrecise = precise >> UInt64(slot) & 1 != 0
      let oldCell = old.pointee.spilled + slot
      if oldBytes.isFullSpill, oldCell.pointee.isScalar {
        if newBytes.isUnknown {
          var unknown = Register.unknown
          if !covers(oldCell, &unknown, isPrecise: isPrecise, comparison) { return false }
          continue
        }
      }
      for index in 0..<8 {
        let byte = oldBytes[index]
        if byte != StackByte.invalid, byte != StackByte.misc, byte != newBytes[index] { return false }
      }
      if oldBytes.isSpill, !covers(oldCell, new.pointee.spilled + slot, isPrecise: isPrecise, comparison) { return false }
    }
    return true
  }

  /// All agrees, and the identities stand for each other (`regs_exact`).
  mutating func isExact(_ old: Register, _ new: Register) -> Bool {
    old.isSame(as: new) && identities.matches(old.id, new.id) && identities.matches(old.reference, new.reference)
  }

  /// Whether a register that was safe with `old` is safe with `new` (`regsafe`).
  private mutating func covers(
    _ old: UnsafePointer<Register>, _ new: UnsafePointer<Register>, isPrecise: Bool, _ comparison: Comparison
  ) -> Bool {
    if comparison == .exact { return isExact(old.pointee, new.pointee) }
    if old.pointee.kind == .uninitialized, comparison == .needed || new.pointee.kind == .uninitialized { return true }
    guard old.pointee.kind == new.pointee.kind, old.pointee.flags == new.pointee.flags else { return false }
    switch old.pointee.kind {
    case .scalar:
      if !isPrecise, comparison == .needed { return true }
      if old.pointee.id != 0 {
        guard (old.pointee.id ^ new.pointee.id) & Register.distanceMask == 0 else { return false }
        if old.pointee.id & Register.distanceMask != 0, old.pointee.offset != new.pointee.offset { return false }
      }
      return identities.matchesScalars(old.pointee.id, new.pointee.id) && old.pointee.scalar.contains(new.pointee.scalar)
    case .mapKey, .mapValue, .memory, .tracepointBuffer:
      return old.pointee.offset == new.pointee.offset && old.pointee.detail == new.pointee.detail
        && old.pointee.lookup == new.pointee.lookup && old.pointee.scalar.contains(new.pointee.scalar)
        && identities.matches(old.pointee.id, new.pointee.id) && identities.matches(old.pointee.reference, new.pointee.reference)
    case .packet, .packetMeta:
      if old.pointee.detail < 0 || new.pointee.detail < 0 {
        if old.pointee.detail != new.pointee.detail { return false }
      } else if old.pointee.detail > new.pointee.detail {
        return false
      }
      return old.pointee.offset == new.pointee.offset && identities.matches(old.pointee.id, new.pointee.id)
        && old.pointee.scalar.contains(new.pointee.scalar)
    default:
      return isExact(old.pointee, new.pointee)
    }
  }

  /// A quick look whether two states can be the same: the live registers of the function that runs (`states_maybe_looping`).
  func mayBeEqual(_ old: State.Pointer) -> Bool {
    let depth = state.pointee.depth
    var live = liveRegisters(depth)
    while live != 0 {
      let register = live.trailingZeroBitCount
      live &= live - 1
      if !old.pointee.frame(depth).pointee.cells[register].isSame(as: state.pointee.frame(depth).pointee.cells[register]) { return false }
    }
    return true
  }
}
