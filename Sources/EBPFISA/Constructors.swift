// Instructions by name, for tests and code generators:
//
//     let program: [Instruction] = [.mov64(.r0, 1), .jump(.eq, .r1, 0, 1), .mov64(.r0, 2), .exit]
//
// The destination comes first. Jump distances count slots from the following one.

extension Instruction {
  @inlinable
  init(_ opcode: UInt8, _ destination: Register, _ source: Register, _ offset: Int16 = 0, _ immediate: Int32 = 0) {
    self.init(opcode: opcode, destination: destination.rawValue, source: source.rawValue, offset: offset, immediate: immediate)
  }

  // MARK: Arithmetic

  /// `destination = destination op source`, 64 bits.
  @inlinable
  public static func alu64(_ operation: Arithmetic, _ destination: Register, _ source: Register) -> Instruction {
    Instruction(Opcode.alu64 | Opcode.x | operation.code, destination, source, operation.offset)
  }

  /// `destination = destination op immediate`, 64 bits; the immediate is sign-extended.
  @inlinable
  public static func alu64(_ operation: Arithmetic, _ destination: Register, _ immediate: Int32) -> Instruction {
    Instruction(Opcode.alu64 | operation.code, destination, .r0, operation.offset, immediate)
  }

  /// `destination = destination op source`, 32 bits; the upper half becomes zero.
  @inlinable
  public static func alu32(_ operation: Arithmetic, _ destination: Register, _ source: Register) -> Instruction {
    Instruction(Opcode.alu32 | Opcode.x | operation.code, destination, source, operation.offset)
  }

  /// `destination = destination op immediate`, 32 bits; the upper half becomes zero.
  @inlinable
  public static func alu32(_ operation: Arithmetic, _ destination: Register, _ immediate: Int32) -> Instruction {
    Instruction(Opcode.alu32 | operation.code, destination, .r0, operation.offset, immediate)
  }

  /// `destination = source`.
  @inlinable
  public static func mov64(_ destination: Register, _ source: Register) -> Instruction { alu64(.mov, destination, source) }
  /// `destination = immediate`, sign-extended to 64 bits.
  @inlinable
  public static func mov64(_ destination: Register, _ immediate: Int32) -> Instruction { alu64(.mov, destination, immediate) }
  /// `destination = source`, the lower 32 bits.
  @inlinable
  public static func mov32(_ destination: Register, _ source: Register) -> Instruction { alu32(.mov, destination, source) }
  /// `destination = immediate`, the upper 32 bits zero.
  @inlinable
  public static func mov32(_ destination: Register, _ immediate: Int32) -> Instruction { alu32(.mov, destination, immediate) }
  /// `destination += source`.
  @inlinable
  public static func add64(_ destination: Register, _ source: Register) -> Instruction { alu64(.add, destination, source) }
  /// `destination += immediate`.
  @inlinable
  public static func add64(_ destination: Register, _ immediate: Int32) -> Instruction { alu64(.add, destination, immediate) }

  /// `destination = -destination`, 64 bits.
  @inlinable
  public static func neg64(_ destination: Register) -> Instruction { Instruction(Opcode.alu64 | Opcode.neg, destination, .r0) }
  /// `destination = -destination`, 32 bits.
  @inlinable
  public static func neg32(_ destination: Register) -> Instruction { Instruction(Opcode.alu32 | Opcode.neg, destination, .r0) }

  /// `destination = sign-extended low bits of source`; `bits` is 8, 16 or 32 (ISA v4).
  @inlinable
  public static func movsx64(_ destination: Register, _ source: Register, bits: Int16) -> Instruction {
    Instruction(Opcode.alu64 | Opcode.x | Opcode.mov, destination, source, bits)
  }

  /// `destination = low bits of source sign-extended to 32 bits`; `bits` is 8 or 16 (ISA v4).
  @inlinable
  public static func movsx32(_ destination: Register, _ source: Register, bits: Int16) -> Instruction {
    Instruction(Opcode.alu32 | Opcode.x | Opcode.mov, destination, source, bits)
  }

  /// Casts an arena pointer between address spaces (Linux 6.9).
  ///
  /// `to` 0 and `from` 1 makes an address that the kernel can use; `to` 1 and `from` 0 one that user space can.
  @inlinable
  public static func addressSpaceCast(_ destination: Register, _ source: Register, to: UInt16, from: UInt16) -> Instruction {
    Instruction(
      Opcode.alu64 | Opcode.x | Opcode.mov, destination, source, 1, Int32(bitPattern: UInt32(to) << 16 | UInt32(from)))
  }

  /// Changes the byte order of the low `bits` (16, 32 or 64); the bits above become zero.
  @inlinable
  public static func end(_ order: ByteSwap, _ destination: Register, bits: Int32) -> Instruction {
    let opcode =
      switch order {
      case .little: Opcode.alu32 | Opcode.end
      case .big: Opcode.alu32 | Opcode.x | Opcode.end
      case .swap: Opcode.alu64 | Opcode.end
      }
    return Instruction(opcode, destination, .r0, 0, bits)
  }

  // MARK: Memory

  /// `destination = *(size *)(base + offset)`, zero-extended.
  @inlinable
  public static func load(_ size: MemorySize, _ destination: Register, _ base: Register, _ offset: Int16 = 0) -> Instruction {
    Instruction(Opcode.ldx | Opcode.mem | size.rawValue, destination, base, offset)
  }

  /// `destination = *(signed size *)(base + offset)`, sign-extended; 1, 2 or 4 bytes (ISA v4).
  @inlinable
  public static func loadSigned(_ size: MemorySize, _ destination: Register, _ base: Register, _ offset: Int16 = 0) -> Instruction {
    Instruction(Opcode.ldx | Opcode.memsx | size.rawValue, destination, base, offset)
  }

  /// `*(size *)(base + offset) = source`.
  @inlinable
  public static func store(_ size: MemorySize, _ base: Register, _ offset: Int16, _ source: Register) -> Instruction {
    Instruction(Opcode.stx | Opcode.mem | size.rawValue, base, source, offset)
  }

  /// `*(size *)(base + offset) = immediate`, sign-extended.
  @inlinable
  public static func store(_ size: MemorySize, _ base: Register, _ offset: Int16, _ immediate: Int32) -> Instruction {
    Instruction(Opcode.st | Opcode.mem | size.rawValue, base, .r0, offset, immediate)
  }

  /// An atomic operation on `*(size *)(base + offset)`; `size` is `.w` or `.dw`.
  ///
  /// For ``Atomic/loadAcquire`` and ``Atomic/storeRelease`` all sizes are good; ``loadAcquire(_:_:_:_:)`` names the operands of a load.
  @inlinable
  public static func atomic(_ operation: Atomic, _ size: MemorySize, _ base: Register, _ offset: Int16, _ source: Register) -> Instruction {
    Instruction(Opcode.stx | Opcode.atomic | size.rawValue, base, source, offset, operation.rawValue)
  }

  /// `destination = load_acquire((size *)(base + offset))` (Linux 6.15).
  @inlinable
  public static func loadAcquire(_ size: MemorySize, _ destination: Register, _ base: Register, _ offset: Int16 = 0) -> Instruction {
    Instruction(Opcode.stx | Opcode.atomic | size.rawValue, destination, base, offset, Atomic.loadAcquire.rawValue)
  }

  /// `r0 = *(size *)(packet + offset)` in network order; ends the program with 0 beyond the packet (RFC 9669 section 5.5).
  @inlinable
  public static func loadAbsolute(_ size: MemorySize, _ offset: Int32) -> Instruction {
    Instruction(Opcode.ld | Opcode.abs | size.rawValue, .r0, .r0, 0, offset)
  }

  /// `r0 = *(size *)(packet + source + offset)` in network order; ends the program with 0 beyond the packet.
  @inlinable
  public static func loadIndirect(_ size: MemorySize, _ source: Register, _ offset: Int32) -> Instruction {
    Instruction(Opcode.ld | Opcode.ind | size.rawValue, .r0, source, 0, offset)
  }

  // MARK: Wide constants, two slots

  /// `destination = value`: the two slots of an `ld_imm64`, whose source says what the value means.
  @inlinable
  public static func wide(_ destination: Register, _ value: UInt64, source: UInt8 = WideSource.constant) -> [Instruction] {
    [
      Instruction(
        opcode: Opcode.loadImmediate64, destination: destination.rawValue, source: source, immediate: Int32(truncatingIfNeeded: value)),
      Instruction(opcode: 0, immediate: Int32(truncatingIfNeeded: value >> 32)),
    ]
  }

  /// The map with that index in the object's list.
  @inlinable
  public static func map(_ destination: Register, index: Int32) -> [Instruction] {
    wide(destination, UInt64(UInt32(bitPattern: index)), source: WideSource.mapIndex)
  }

  /// The first value of the map with that index in the object's list, plus `offset` bytes.
  @inlinable
  public static func mapValue(_ destination: Register, index: Int32, offset: UInt32) -> [Instruction] {
    wide(destination, UInt64(UInt32(bitPattern: index)) | UInt64(offset) << 32, source: WideSource.mapIndexValue)
  }

  /// The map with that file descriptor.
  @inlinable
  public static func map(_ destination: Register, fd: Int32) -> [Instruction] {
    wide(destination, UInt64(UInt32(bitPattern: fd)), source: WideSource.mapFD)
  }

  /// The first value of the map with that file descriptor, plus `offset` bytes.
  @inlinable
  public static func mapValue(_ destination: Register, fd: Int32, offset: UInt32) -> [Instruction] {
    wide(destination, UInt64(UInt32(bitPattern: fd)) | UInt64(offset) << 32, source: WideSource.mapFDValue)
  }

  /// A function of the same program as a callback, `distance` slots from the slot that follows the first of the two.
  @inlinable
  public static func function(_ destination: Register, _ distance: Int32) -> [Instruction] {
    wide(destination, UInt64(UInt32(bitPattern: distance)), source: WideSource.function)
  }

  // MARK: Jumps and calls

  /// Jumps where the comparison of 64 bits holds.
  @inlinable
  public static func jump(_ condition: Condition, _ left: Register, _ right: Register, _ distance: Int16) -> Instruction {
    Instruction(Opcode.jmp | Opcode.x | condition.rawValue, left, right, distance)
  }

  /// Jumps where the comparison of 64 bits with the sign-extended immediate holds.
  @inlinable
  public static func jump(_ condition: Condition, _ left: Register, _ right: Int32, _ distance: Int16) -> Instruction {
    Instruction(Opcode.jmp | condition.rawValue, left, .r0, distance, right)
  }

  /// Jumps where the comparison of the lower 32 bits holds.
  @inlinable
  public static func jump32(_ condition: Condition, _ left: Register, _ right: Register, _ distance: Int16) -> Instruction {
    Instruction(Opcode.jmp32 | Opcode.x | condition.rawValue, left, right, distance)
  }

  /// Jumps where the comparison of the lower 32 bits holds.
  @inlinable
  public static func jump32(_ condition: Condition, _ left: Register, _ right: Int32, _ distance: Int16) -> Instruction {
    Instruction(Opcode.jmp32 | condition.rawValue, left, .r0, distance, right)
  }

  /// Jumps always.
  @inlinable
  public static func goto(_ distance: Int16) -> Instruction { Instruction(Opcode.gotoNear, .r0, .r0, distance) }
  /// Jumps always, with a 32-bit distance (ISA v4).
  @inlinable
  public static func gotoLong(_ distance: Int32) -> Instruction { Instruction(Opcode.gotoLong, .r0, .r0, 0, distance) }
  /// Jumps when the program's budget of loop turns is spent (Linux 6.9).
  @inlinable
  public static func mayGoto(_ distance: Int16) -> Instruction { Instruction(Opcode.mayGoto, .r0, .r0, distance) }

  /// Calls a helper by its number.
  @inlinable
  public static func call(_ helper: Int32) -> Instruction { Instruction(Opcode.callHelper, .r0, .r0, 0, helper) }
  /// Calls a function of the same program, `distance` slots from the following one.
  @inlinable
  public static func callLocal(_ distance: Int32) -> Instruction {
    Instruction(opcode: Opcode.callHelper, source: CallSource.local, immediate: distance)
  }

  /// Calls a kernel function by its BTF id; `module` is the index in the loader's array of BTF file descriptors, 0 for vmlinux.
  @inlinable
  public static func callKfunc(_ id: Int32, module: Int16 = 0) -> Instruction {
    Instruction(opcode: Opcode.callHelper, source: CallSource.kfunc, offset: module, immediate: id)
  }

  /// Calls the function whose address the register holds: made by compilers, refused by the kernel.
  @inlinable
  public static func callRegister(_ register: Register) -> Instruction { Instruction(Opcode.callRegister, register, .r0) }

  /// Leaves the function; r0 is its result.
  @inlinable
  public static var exit: Instruction { Instruction(Opcode.exitProgram, .r0, .r0) }
}
