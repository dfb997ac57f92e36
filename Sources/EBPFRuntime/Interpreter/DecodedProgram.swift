/// A program's decoded instructions, at an address that does not change.
final class DecodedProgram: @unchecked Sendable {
  /// One for each slot, and an ``DecodedInstruction/unreachable`` behind them. Nothing writes to it after the decoder has.
  let instructions: UnsafeMutablePointer<DecodedInstruction>
  let count: Int

  init(count: Int) {
    self.count = count
    instructions = .allocate(capacity: count + 1)
    instructions.initialize(repeating: .unreachable, count: count + 1)
  }

  deinit { instructions.deallocate() }

  /// The slot of an instruction's address, if it is one of this program's.
  func slot(at address: UInt) -> Int? {
    let base = UInt(bitPattern: instructions)
    guard address >= base else { return nil }
    let slot = Int((address - base) / UInt(MemoryLayout<DecodedInstruction>.stride))
    return slot <= count ? slot : nil
  }
}
