package import EBPFISA

/// A program of type `syscall` that does one thing to the ring buffer that is map 0, as its context says: operation, flags, a word to write
/// into the record, and the result (written).
package enum RingProgram {
  /// Operations are numbered from 1.
  package static let operations: UInt64 = 11

  package static func context(_ operation: UInt64, _ flags: UInt64, _ word: UInt64) -> [UInt8] {
    [operation, flags, word, 0].withUnsafeBytes { Array($0) }
  }

  package static func result(_ context: [UInt8]) -> UInt64 {
    context.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self) }
  }

  package static func instructions() throws -> [Instruction] {
    var code = ProgramBuilder()
    let done = code.label()
    code.emit(.mov64(.r6, .r1))
    code.emit(.load(.dw, .r7, .r6, 0))
    code.emit(.load(.dw, .r8, .r6, 8))
    code.emit(.load(.dw, .r9, .r6, 16))
    var number: Int32 = 0
    func operation(_ body: (inout ProgramBuilder) -> Void) {
      number += 1
      let next = code.label()
      code.jump(.ne, .r7, number, to: next)
      body(&code)
      code.goto(done)
      code.place(next)
    }
    // Reserve so many bytes, write the word, and commit or give up.
    for (size, helper) in [(8, 132), (8, 133), (13, 132), (1000, 132), (3000, 132), (4080, 133)] as [(Int32, Int32)] {
      operation { code in
        let missing = code.label()
        code.emit(Instruction.map(.r1, index: 0))
        code.emit(.mov64(.r2, size))
        code.emit(.mov64(.r3, 0))
        code.emit(.call(131))
        code.jump(.eq, .r0, 0, to: missing)
        // All of it, so that what was there before does not show.
        var offset: Int32 = 0
        while offset < size {
          let width: Int32 = size - offset >= 8 && offset < 64 ? 8 : 1
          if offset < 64 || offset == size - 1 { code.emit(.store(width == 8 ? .dw : .b, .r0, Int16(offset), .r9)) }
          offset += width
        }
        code.emit(.mov64(.r1, .r0))
        code.emit(.mov64(.r2, .r8))
        code.emit(.call(helper))
        code.emit(.mov64(.r0, 1))
        code.place(missing)
      }
    }
    operation { code in
      code.emit(.store(.dw, .r10, -16, .r9))
      code.emit(.store(.dw, .r10, -8, .r9))
      code.emit(Instruction.map(.r1, index: 0))
      code.emit(.mov64(.r2, .r10))
      code.emit(.add64(.r2, -16))
      code.emit(.mov64(.r3, 11))
      code.emit(.mov64(.r4, .r8))
      code.emit(.call(130))
    }
    for query in 0..<4 as Range<Int32> {
      operation { code in
        code.emit(Instruction.map(.r1, index: 0))
        code.emit(.mov64(.r2, query))
        code.emit(.call(134))
      }
    }
    code.emit(.mov64(.r0, -1))
    code.place(done)
    code.emit(.store(.dw, .r6, 24, .r0))
    code.emit(.mov64(.r0, 0))
    code.emit(.exit)
    return try code.finish()
  }
}
