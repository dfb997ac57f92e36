/// A general register by its number in the encoding.
struct X86_64Register: Equatable {
  let number: UInt8

  static let rax = X86_64Register(number: 0)
  static let rcx = X86_64Register(number: 1)
  static let rdx = X86_64Register(number: 2)
  static let rbx = X86_64Register(number: 3)
  static let rsp = X86_64Register(number: 4)
  static let rbp = X86_64Register(number: 5)
  static let rsi = X86_64Register(number: 6)
  static let rdi = X86_64Register(number: 7)
  static let r8 = X86_64Register(number: 8)
  static let r9 = X86_64Register(number: 9)
  static let r10 = X86_64Register(number: 10)
  static let r11 = X86_64Register(number: 11)
  static let r12 = X86_64Register(number: 12)
  static let r13 = X86_64Register(number: 13)
  static let r14 = X86_64Register(number: 14)
  static let r15 = X86_64Register(number: 15)

  /// The environment pointer while a program runs: the callee keeps it in the C convention.
  static let environment = r12
  /// Free for use within one instruction's code; calls destroy them.
  static let scratch = r11
  static let scratch2 = r10
  static let scratch3 = r9

  /// The register that holds an eBPF register: r1 to r5 where the C convention has its arguments, r6 to r9 where a callee keeps them.
  @inline(__always)
  init(_ register: UInt8) {
    // A nibble each, r0 lowest: rax, rdi, rsi, rdx, rcx, r8, rbx, r13, r14, r15, rbp.
    number = UInt8(truncatingIfNeeded: (0x5_fed3_8126_70 as UInt64) &>> (UInt64(register) &* 4)) & 0xf
  }

  @inline(__always)
  init(number: UInt8) { self.number = number }

  @inline(__always)
  var low: UInt64 { UInt64(number & 7) }
  @inline(__always)
  var high: UInt64 { UInt64(number &>> 3) }
}

/// A place in memory: base, optionally an index times 1, 2, 4 or 8, and a distance in bytes.
struct X86_64Address {
  var base: X86_64Register
  var displacement: Int32
  /// rsp stands for none, as in the encoding.
  var index = X86_64Register.rsp
  /// Logarithm of the factor.
  var scale: UInt8 = 0

  @inline(__always)
  init(_ base: X86_64Register, _ displacement: Int32) {
    self.base = base
    self.displacement = displacement
  }

  var hasIndex: Bool { index != .rsp }
}

/// The condition codes of `jcc`, `setcc` and `cmovcc`.
struct X86_64Condition: Equatable {
  let rawValue: UInt8

  static let below = X86_64Condition(rawValue: 2)
  static let aboveOrEqual = X86_64Condition(rawValue: 3)
  static let equal = X86_64Condition(rawValue: 4)
  static let notEqual = X86_64Condition(rawValue: 5)
  static let above = X86_64Condition(rawValue: 7)
  static let negative = X86_64Condition(rawValue: 8)
  static let notNegative = X86_64Condition(rawValue: 9)
}
