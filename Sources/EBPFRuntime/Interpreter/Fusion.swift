/// Which two instructions in a row the interpreter executes in one step.
///
/// The first of the two slots gets the operation of the pair and the second keeps its own, so that a jump to it finds what it expects and
/// every index stays. The pairs are those that clang makes most often: a move that begins an operation with three registers, an addition
/// or mask before a comparison, rotations, loads and stores in a row.
enum Fusion {
  /// What must hold of the registers.
  private enum Condition {
    case none
    /// A move and an operation on the moved value.
    case sameDestination
    /// The same, and the operation's other register is not the moved value.
    case threeRegisters
  }

  private struct Pair {
    let first: Operation
    let second: Operation
    let both: Operation
    let condition: Condition

    init(_ first: Operation, _ second: Operation, _ both: Operation, _ condition: Condition = .none) {
      self.first = first
      self.second = second
      self.both = both
      self.condition = condition
    }
  }

  private static let pairs: [Pair] = [
    Pair(.mov64x, .add64k, .mov64xAdd64k, .sameDestination),
    Pair(.mov64x, .add64x, .mov64xAdd64x, .threeRegisters),
    Pair(.mov64x, .sub64x, .mov64xSub64x, .threeRegisters),
    Pair(.mov64x, .and64k, .mov64xAnd64k, .sameDestination),
    Pair(.mov64x, .or64x, .mov64xOr64x, .threeRegisters),
    Pair(.mov64x, .xor64x, .mov64xXor64x, .threeRegisters),
    Pair(.mov64x, .lsh64k, .mov64xLsh64k, .sameDestination),
    Pair(.mov64x, .rsh64k, .mov64xRsh64k, .sameDestination),
    Pair(.mov32x, .and32k, .mov32xAnd32k, .sameDestination),
    Pair(.mov32x, .rsh32k, .mov32xRsh32k, .sameDestination),
    Pair(.mov32x, .lsh32k, .mov32xLsh32k, .sameDestination),
    Pair(.mov32x, .xor32x, .mov32xXor32x, .threeRegisters),
    Pair(.mov32x, .add32x, .mov32xAdd32x, .threeRegisters),
    Pair(.mov64x, .mov64x, .mov64xMov64x),
    Pair(.mov64x, .mov64k, .mov64xMov64k),
    Pair(.mov64x, .jne64k, .mov64xJne64k),
    Pair(.mov64k, .mov64k, .mov64kMov64k),
    Pair(.mov64k, .mov64x, .mov64kMov64x),
    Pair(.mov64k, .storeWx, .mov64kStoreWx),
    Pair(.mov64k, .jlt64k, .mov64kJlt64k),
    Pair(.mov64k, .exit, .mov64kExit),
    Pair(.add64k, .mov64x, .add64kMov64x),
    Pair(.add64k, .add64x, .add64kAdd64x),
    Pair(.add64k, .add64k, .add64kAdd64k),
    Pair(.add64k, .jne64k, .add64kJne64k),
    Pair(.add64k, .jne64x, .add64kJne64x),
    Pair(.add64k, .jlt64k, .add64kJlt64k),
    Pair(.add64k, .jgt64x, .add64kJgt64x),
    Pair(.add64x, .mov64x, .add64xMov64x),
    Pair(.add64x, .add64k, .add64xAdd64k),
    Pair(.add64x, .xor64x, .add64xXor64x),
    Pair(.add64x, .loadB, .add64xLoadB),
    Pair(.add64x, .loadH, .add64xLoadH),
    Pair(.add64x, .loadW, .add64xLoadW),
    Pair(.add64x, .loadDW, .add64xLoadDW),
    Pair(.add64x, .storeBx, .add64xStoreBx),
    Pair(.and64k, .jeq64k, .and64kJeq64k),
    Pair(.and64k, .jne64k, .and64kJne64k),
    Pair(.and32k, .jeq32k, .and32kJeq32k),
    Pair(.and32k, .jne32k, .and32kJne32k),
    Pair(.or64x, .mov64x, .or64xMov64x),
    Pair(.or64x, .add64x, .or64xAdd64x),
    Pair(.xor64x, .mov64x, .xor64xMov64x),
    Pair(.xor64x, .add64k, .xor64xAdd64k),
    Pair(.lsh64k, .rsh64k, .lsh64kRsh64k),
    Pair(.lsh64k, .or64x, .lsh64kOr64x),
    Pair(.rsh64k, .mov64x, .rsh64kMov64x),
    Pair(.rsh64k, .add64x, .rsh64kAdd64x),
    Pair(.rsh64k, .lsh64k, .rsh64kLsh64k),
    Pair(.lsh32k, .or32x, .lsh32kOr32x),
    Pair(.rsh32k, .mov32x, .rsh32kMov32x),
    Pair(.or32x, .add32x, .or32xAdd32x),
    Pair(.add32x, .add32x, .add32xAdd32x),
    Pair(.add32x, .sub32x, .add32xSub32x),
    Pair(.add32x, .add64k, .add32xAdd64k),
    Pair(.sub32x, .xor32x, .sub32xXor32x),
    Pair(.xor32x, .mov32x, .xor32xMov32x),
    Pair(.xor32x, .add32x, .xor32xAdd32x),
    Pair(.loadB, .loadB, .loadBLoadB),
    Pair(.loadB, .mov64x, .loadBMov64x),
    Pair(.loadB, .storeBx, .loadBStoreBx),
    Pair(.loadB, .jeq32k, .loadBJeq32k),
    Pair(.loadB, .jne32k, .loadBJne32k),
    Pair(.loadB, .jeq64k, .loadBJeq64k),
    Pair(.loadB, .jne64k, .loadBJne64k),
    Pair(.loadH, .jne32k, .loadHJne32k),
    Pair(.loadH, .jne64k, .loadHJne64k),
    Pair(.loadW, .loadW, .loadWLoadW),
    Pair(.loadW, .mov64x, .loadWMov64x),
    Pair(.loadW, .storeWx, .loadWStoreWx),
    Pair(.loadW, .add32x, .loadWAdd32x),
    Pair(.loadW, .jeq64k, .loadWJeq64k),
    Pair(.loadW, .jne64k, .loadWJne64k),
    Pair(.loadW, .exit, .loadWExit),
    Pair(.loadDW, .loadDW, .loadDWLoadDW),
    Pair(.loadDW, .storeDWx, .loadDWStoreDWx),
    Pair(.loadDW, .mov64x, .loadDWMov64x),
    Pair(.loadDW, .add64k, .loadDWAdd64k),
    Pair(.storeBx, .add64k, .storeBxAdd64k),
    Pair(.storeWx, .mov64x, .storeWxMov64x),
    Pair(.storeWx, .mov64k, .storeWxMov64k),
    Pair(.storeDWx, .storeDWx, .storeDWxStoreDWx),
    Pair(.storeDWx, .mov64x, .storeDWxMov64x),
  ]

  /// By the first and the second operation: an index in ``pairs`` plus 1, or 0.
  private static let table: [UInt8] = {
    var table = [UInt8](repeating: 0, count: 1 << 16)
    for (index, pair) in pairs.enumerated() { table[Int(pair.first.rawValue) << 8 | Int(pair.second.rawValue)] = UInt8(index + 1) }
    return table
  }()

  /// Joins what can be joined, from the first slot to the last.
  static func apply(to instructions: UnsafeMutablePointer<DecodedInstruction>, count: Int) {
    table.withUnsafeBufferPointer { table in
      pairs.withUnsafeBufferPointer { pairs in
        var slot = 0
        while slot + 1 < count {
          let first = instructions[slot]
          let second = instructions[slot + 1]
          let index = table[Int(first.operation.rawValue) << 8 | Int(second.operation.rawValue)]
          if index != 0 {
            let pair = pairs[Int(index) - 1]
            let fits =
              switch pair.condition {
              case .none: true
              case .sameDestination: first.destination == second.destination
              case .threeRegisters: first.destination == second.destination && second.source != first.destination
              }
            if fits { instructions[slot].operation = pair.both }
          }
          slot += 1
        }
      }
    }
  }
}
