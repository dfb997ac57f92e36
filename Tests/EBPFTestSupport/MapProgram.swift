package import EBPFISA

/// A program of type `sched_cls` that carries out one operation on map 0, as its packet says; the packet's layout, in 8-byte words from its
/// start: operation, flags, result (written), the key, the value. (A `syscall` program would do, but sleepable ones may use few map types.)
package struct MapProgram {
  /// What it can do, each where the map's type has it: the verifier refuses the others.
  package enum Operation: UInt64, CaseIterable, Sendable {
    case lookup = 1
    case update, delete, push, pop, peek
    /// The value on processor 0.
    case lookupOnProcessor

    var helper: Int32 {
      switch self {
      case .lookup: 1
      case .update: 2
      case .delete: 3
      case .push: 87
      case .pop: 88
      case .peek: 89
      case .lookupOnProcessor: 195
      }
    }
  }

  package let keySize: Int
  package let valueSize: Int
  package let operations: [Operation]

  package init(keySize: Int, valueSize: Int, operations: [Operation]) {
    self.keySize = keySize
    self.valueSize = valueSize
    self.operations = operations
  }

  private static let keyOffset = 24
  private var valueOffset: Int { Self.keyOffset + (keySize + 7) / 8 * 8 }
  private var packetSize: Int { valueOffset + (valueSize + 7) / 8 * 8 }

  /// The packet of an operation.
  package func packet(_ operation: Operation, key: [UInt8] = [], value: [UInt8] = [], flags: UInt64 = 0) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: packetSize)
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: operation.rawValue, as: UInt64.self)
      $0.storeBytes(of: flags, toByteOffset: 8, as: UInt64.self)
    }
    bytes.replaceSubrange(Self.keyOffset..<(Self.keyOffset + key.count), with: key)
    bytes.replaceSubrange(valueOffset..<(valueOffset + value.count), with: value)
    return bytes
  }

  /// What an operation answered: 0 or a negated errno (a lookup that found nothing: `ENOENT`), and the value that it left.
  package func answer(_ packet: [UInt8]) -> (result: Int64, value: [UInt8]) {
    (
      packet.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: Int64.self) },
      Array(packet[valueOffset..<(valueOffset + valueSize)])
    )
  }

  private static let keyOnStack: Int16 = -64
  private var valueOnStack: Int16 { Self.keyOnStack - Int16((valueSize + 7) / 8 * 8) }

  package func instructions() throws -> [Instruction] {
    var code = ProgramBuilder()
    let done = code.label()
    let short = code.label()
    // __sk_buff.data and .data_end
    code.emit(.load(.w, .r6, .r1, 76))
    code.emit(.load(.w, .r7, .r1, 80))
    code.emit(.mov64(.r2, .r6))
    code.emit(.add64(.r2, Int32(packetSize)))
    code.jump(.gt, .r2, .r7, to: short)
    code.emit(.load(.dw, .r7, .r6, 0))
    code.emit(.load(.dw, .r8, .r6, 8))
    copy(&code, from: .r6, Int16(Self.keyOffset), to: .r10, Self.keyOnStack, keySize)
    copy(&code, from: .r6, Int16(valueOffset), to: .r10, valueOnStack, valueSize)
    for operation in operations {
      let next = code.label()
      code.jump(.ne, .r7, Int32(operation.rawValue), to: next)
      code.emit(Instruction.map(.r1, index: 0))
      let takesKey = [.lookup, .update, .delete, .lookupOnProcessor].contains(operation)
      code.emit(.mov64(.r2, .r10))
      code.emit(.add64(.r2, Int32(takesKey ? Self.keyOnStack : valueOnStack)))
      switch operation {
      case .update:
        code.emit(.mov64(.r3, .r10))
        code.emit(.add64(.r3, Int32(valueOnStack)))
        code.emit(.mov64(.r4, .r8))
      case .push: code.emit(.mov64(.r3, .r8))
      case .lookupOnProcessor: code.emit(.mov64(.r3, 0))
      default: break
      }
      code.emit(.call(operation.helper))
      switch operation {
      case .lookup, .lookupOnProcessor:
        let missing = code.label()
        code.jump(.eq, .r0, 0, to: missing)
        copy(&code, from: .r0, 0, to: .r6, Int16(valueOffset), valueSize)
        code.emit(.mov64(.r0, 0))
        code.goto(done)
        code.place(missing)
        code.emit(.mov64(.r0, -2))
        code.goto(done)
      case .pop, .peek:
        copy(&code, from: .r10, valueOnStack, to: .r6, Int16(valueOffset), valueSize)
        code.goto(done)
      default: code.goto(done)
      }
      code.place(next)
    }
    code.emit(.mov64(.r0, -1))
    code.place(done)
    code.emit(.store(.dw, .r6, 16, .r0))
    code.place(short)
    code.emit(.mov64(.r0, 0))
    code.emit(.exit)
    return try code.finish()
  }

  private func copy(_ code: inout ProgramBuilder, from: Register, _ start: Int16, to: Register, _ target: Int16, _ count: Int) {
    var offset = 0
    while offset < count {
      let size: MemorySize = count - offset >= 8 ? .dw : count - offset >= 4 ? .w : count - offset >= 2 ? .h : .b
      code.emit(.load(size, .r9, from, start + Int16(offset)))
      code.emit(.store(size, to, target + Int16(offset), .r9))
      offset += size == .dw ? 8 : size == .w ? 4 : size == .h ? 2 : 1
    }
  }
}
