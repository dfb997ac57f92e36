/// Collects instructions and resolves jumps to labels: what a code generator writes into.
///
///     var code = ProgramBuilder()
///     let out = code.label()
///     code.jump(.eq, .r1, 0, to: out)
///     code.emit(.mov64(.r0, 1))
///     code.place(out)
///     code.emit(.exit)
///     let program = try code.finish()
public struct ProgramBuilder: Sendable {
  /// A place in the program that jumps can name before it is known.
  public struct Label: Hashable, Sendable {
    let index: Int
  }

  /// What ``finish()`` can find wrong.
  public enum Failure: Error, Hashable, Sendable {
    /// The jump in that slot names a label that was never placed.
    case unplacedLabel(slot: Int)
    /// The distance of the jump in that slot does not fit its field.
    case distanceTooLong(slot: Int, distance: Int)
  }

  /// The slots so far; distances to labels are still zero.
  public private(set) var instructions: [Instruction] = []
  private var labels: [Int?] = []
  private var references: [(slot: Int, label: Int)] = []

  public init() {}

  /// The slot that the next instruction gets.
  public var count: Int { instructions.count }

  /// Adds one instruction.
  public mutating func emit(_ instruction: Instruction) { instructions.append(instruction) }
  /// Adds instructions in order, such as the two slots of ``Instruction/wide(_:_:source:)``.
  public mutating func emit(_ more: [Instruction]) { instructions += more }

  /// A new label, not yet placed.
  public mutating func label() -> Label {
    labels.append(nil)
    return Label(index: labels.count - 1)
  }

  /// Puts the label before the next instruction. A label is placed once; a second time moves it.
  public mutating func place(_ label: Label) { labels[label.index] = instructions.count }

  /// Adds a jump, call or function reference whose distance leads to `label`: the field that the instruction keeps it in is filled later.
  public mutating func emit(_ instruction: Instruction, to label: Label) {
    references.append((instructions.count, label.index))
    instructions.append(instruction)
  }

  /// Jumps to `label` where the comparison of 64 bits holds.
  public mutating func jump(_ condition: Condition, _ left: Register, _ right: Register, to label: Label) {
    emit(.jump(condition, left, right, 0), to: label)
  }
  /// Jumps to `label` where the comparison of 64 bits with the sign-extended immediate holds.
  public mutating func jump(_ condition: Condition, _ left: Register, _ right: Int32, to label: Label) {
    emit(.jump(condition, left, right, 0), to: label)
  }
  /// Jumps to `label` where the comparison of the lower 32 bits holds.
  public mutating func jump32(_ condition: Condition, _ left: Register, _ right: Register, to label: Label) {
    emit(.jump32(condition, left, right, 0), to: label)
  }
  /// Jumps to `label` where the comparison of the lower 32 bits holds.
  public mutating func jump32(_ condition: Condition, _ left: Register, _ right: Int32, to label: Label) {
    emit(.jump32(condition, left, right, 0), to: label)
  }
  /// Jumps to `label`.
  public mutating func goto(_ label: Label) { emit(.goto(0), to: label) }
  /// Calls the function of the same program at `label`.
  public mutating func call(_ label: Label) { emit(.callLocal(0), to: label) }
  /// Loads the address of the function at `label`, for a callback.
  public mutating func function(_ destination: Register, _ label: Label) {
    let slots = Instruction.function(destination, 0)
    emit(slots[0], to: label)
    emit(slots[1])
  }

  /// The program with all distances filled in.
  ///
  /// A `goto` whose distance needs more than 16 bits becomes a `gotol`.
  public consuming func finish() throws(Failure) -> [Instruction] {
    for (slot, label) in references {
      guard let target = labels[label] else { throw .unplacedLabel(slot: slot) }
      let distance = target - slot - 1
      var instruction = instructions[slot]
      if instruction.hasLongDistance {
        guard let field = Int32(exactly: distance) else { throw .distanceTooLong(slot: slot, distance: distance) }
        instruction.immediate = field
      } else if let field = Int16(exactly: distance) {
        instruction.offset = field
      } else if instruction.opcode == Opcode.gotoNear, let field = Int32(exactly: distance) {
        instruction = .gotoLong(field)
      } else {
        throw .distanceTooLong(slot: slot, distance: distance)
      }
      instructions[slot] = instruction
    }
    return instructions
  }
}

extension Instruction {
  /// Whether a distance in slots stands in `immediate` (calls, callbacks, `gotol`) and not in `offset`.
  @inlinable
  public var hasLongDistance: Bool {
    switch opcode {
    case Opcode.gotoLong: true
    case Opcode.callHelper: source == CallSource.local
    case Opcode.loadImmediate64: source == WideSource.function
    default: false
    }
  }
}
