/// The numbers that opcodes are made of (RFC 9669 sections 3 to 5; `include/uapi/linux/bpf.h`, `bpf_common.h`).
///
/// Plain `UInt8` constants, so that they can be combined with `|` and matched in a `switch` at no cost.
public enum Opcode {
  // MARK: Classes, bits 0-2
  /// The bits that hold the class.
  public static let classMask: UInt8 = 0x07
  /// `ld`: wide constants and the legacy packet loads.
  public static let ld: UInt8 = 0x00
  /// `ldx`: loads into a register.
  public static let ldx: UInt8 = 0x01
  /// `st`: stores of a constant.
  public static let st: UInt8 = 0x02
  /// `stx`: stores of a register, and atomics.
  public static let stx: UInt8 = 0x03
  /// `alu`: 32-bit arithmetic.
  public static let alu32: UInt8 = 0x04
  /// `jmp`: 64-bit comparisons, calls and exit.
  public static let jmp: UInt8 = 0x05
  /// `jmp32`: 32-bit comparisons, and the jump with a 32-bit distance.
  public static let jmp32: UInt8 = 0x06
  /// `alu64`: 64-bit arithmetic.
  public static let alu64: UInt8 = 0x07

  // MARK: Source operand of arithmetic and jumps, bit 3
  /// The second operand is the immediate.
  public static let k: UInt8 = 0x00
  /// The second operand is the source register.
  public static let x: UInt8 = 0x08

  // MARK: Arithmetic, bits 4-7
  /// The bits that hold the operation, of arithmetic and of jumps.
  public static let operationMask: UInt8 = 0xf0
  /// Sum, difference and product, wrapping around.
  public static let add: UInt8 = 0x00
  public static let sub: UInt8 = 0x10
  public static let mul: UInt8 = 0x20
  /// Unsigned division; signed where `offset` is 1.
  public static let div: UInt8 = 0x30
  /// Bitwise, shifts to the left and to the right without sign, and the negative of the destination.
  public static let or: UInt8 = 0x40
  public static let and: UInt8 = 0x50
  public static let lsh: UInt8 = 0x60
  public static let rsh: UInt8 = 0x70
  public static let neg: UInt8 = 0x80
  /// Unsigned remainder; signed where `offset` is 1.
  public static let mod: UInt8 = 0x90
  /// Bitwise, one or the other.
  public static let xor: UInt8 = 0xa0
  /// Move; with sign extension from `offset` bits where that is 8, 16 or 32; an address space cast where it is 1.
  public static let mov: UInt8 = 0xb0
  /// A shift to the right that keeps the sign.
  public static let arsh: UInt8 = 0xc0
  /// Byte order conversion (`alu32`: to little or big endian by the source bit) or unconditional swap (`alu64`); width in `immediate`.
  public static let end: UInt8 = 0xd0

  // MARK: Jumps, bits 4-7
  /// Always; where equal, greater, greater or equal (unsigned), with a bit in common, not equal, greater, greater or equal (signed).
  public static let ja: UInt8 = 0x00
  public static let jeq: UInt8 = 0x10
  public static let jgt: UInt8 = 0x20
  public static let jge: UInt8 = 0x30
  public static let jset: UInt8 = 0x40
  public static let jne: UInt8 = 0x50
  public static let jsgt: UInt8 = 0x60
  public static let jsge: UInt8 = 0x70
  /// A call and the end of a function.
  public static let call: UInt8 = 0x80
  public static let exit: UInt8 = 0x90
  /// Where less, less or equal (unsigned), less, less or equal (signed).
  public static let jlt: UInt8 = 0xa0
  public static let jle: UInt8 = 0xb0
  public static let jslt: UInt8 = 0xc0
  public static let jsle: UInt8 = 0xd0
  /// `jcond`: `may_goto` (Linux 6.9; source 0).
  public static let jcond: UInt8 = 0xe0

  // MARK: Size of memory accesses, bits 3-4
  /// The bits that hold the size.
  public static let sizeMask: UInt8 = 0x18
  /// 4 bytes.
  public static let w: UInt8 = 0x00
  /// 2 bytes.
  public static let h: UInt8 = 0x08
  /// 1 byte.
  public static let b: UInt8 = 0x10
  /// 8 bytes.
  public static let dw: UInt8 = 0x18

  // MARK: Mode of memory accesses, bits 5-7
  /// The bits that hold the mode.
  public static let modeMask: UInt8 = 0xe0
  /// No memory at all: the constant of `ld_imm64`.
  public static let imm: UInt8 = 0x00
  /// Legacy packet access at a constant offset.
  public static let abs: UInt8 = 0x20
  /// Legacy packet access at a register plus a constant.
  public static let ind: UInt8 = 0x40
  public static let mem: UInt8 = 0x60
  /// Loads with sign extension.
  public static let memsx: UInt8 = 0x80
  public static let atomic: UInt8 = 0xc0

  // MARK: Whole opcodes that code asks for by name
  /// `ld_imm64`, the only 16-byte instruction; its source register is a ``WideSource``.
  public static let loadImmediate64: UInt8 = ld | imm | dw
  public static let callHelper: UInt8 = jmp | call
  public static let callRegister: UInt8 = jmp | call | x
  public static let exitProgram: UInt8 = jmp | exit
  public static let gotoNear: UInt8 = jmp | ja
  /// `gotol`: the distance is in `immediate`.
  public static let gotoLong: UInt8 = jmp32 | ja
  public static let mayGoto: UInt8 = jmp | jcond

  /// The number of bytes that the size bits of a memory opcode say.
  @inlinable
  public static func accessSize(_ opcode: UInt8) -> Int {
    switch opcode & sizeMask {
    case w: 4
    case h: 2
    case b: 1
    default: 8
    }
  }
}

/// What the immediate of an atomic instruction says (RFC 9669 section 5.3; load-acquire and store-release: Linux 6.15).
public enum AtomicOperation {
  /// The operation leaves the old value in the source register.
  public static let fetch: Int32 = 0x01
  public static let add: Int32 = 0x00
  public static let or: Int32 = 0x40
  public static let and: Int32 = 0x50
  public static let xor: Int32 = 0xa0
  public static let exchange: Int32 = 0xe0 | fetch
  /// Compares with r0, which receives the old value.
  public static let compareExchange: Int32 = 0xf0 | fetch
  /// `dst = load_acquire(src + offset)`.
  public static let loadAcquire: Int32 = 0x100
  /// `store_release(dst + offset, src)`.
  public static let storeRelease: Int32 = 0x110
}

/// What the source register of a `call` says (`BPF_PSEUDO_CALL`, `BPF_PSEUDO_KFUNC_CALL`).
public enum CallSource {
  /// A helper, by number in `immediate`.
  public static let helper: UInt8 = 0
  /// A function of the same program, at the following slot plus `immediate`.
  public static let local: UInt8 = 1
  /// A kernel function, by BTF id in `immediate`.
  public static let kfunc: UInt8 = 2
}

/// What the source register of an `ld_imm64` says (RFC 9669 section 5.4, `BPF_PSEUDO_MAP_FD` and its kin).
public enum WideSource {
  /// A plain 64-bit constant.
  public static let constant: UInt8 = 0
  /// A map by file descriptor.
  public static let mapFD: UInt8 = 1
  /// The first value of a map by file descriptor, plus the second slot's immediate.
  public static let mapFDValue: UInt8 = 2
  /// A kernel variable by BTF id.
  public static let btfID: UInt8 = 3
  /// A function of the same program, as a callback: distance from the following slot, as in a call.
  public static let function: UInt8 = 4
  /// A map by index: the form in which a `ProgramSpec` refers to `ObjectSpec.maps`.
  public static let mapIndex: UInt8 = 5
  /// The first value of a map by index, plus the second slot's immediate.
  public static let mapIndexValue: UInt8 = 6
}
