import EBPFISA
import EBPFTestSupport
import EBPFVerifier
import Testing

/// The scalar domain against plain arithmetic: whatever concrete numbers a description admits, its results admit what the machine computes.
@Suite struct ScalarTests {
  /// Numbers at which carries, signs and halves change.
  static let edges: [UInt64] = [
    0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000,
    0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_7fff_ffff, 0xffff_ffff_8000_0000, .max - 1, .max,
  ]

  /// A description together with some of the numbers that it was made of.
  struct Sample {
    var scalar: Scalar
    var numbers: [UInt64]
  }

  static func number(_ random: inout SeededGenerator) -> UInt64 {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: edges.randomElement(using: &random)!
    case 1: edges.randomElement(using: &random)! &+ UInt64.random(in: 0..<16, using: &random)
    case 2: UInt64.random(in: 0..<1024, using: &random)
    default: UInt64.random(in: .min ... .max, using: &random) >> UInt64.random(in: 0..<64, using: &random)
    }
  }

  static func sample(_ random: inout SeededGenerator) -> Sample {
    var numbers = [number(&random)]
    for _ in 0..<Int.random(in: 0..<4, using: &random) {
      numbers.append(Bool.random(using: &random) ? number(&random) : numbers[0] &+ UInt64.random(in: 0..<64, using: &random))
    }
    var scalar = numbers.dropFirst().reduce(Scalar(constant: numbers[0])) { $0.joined(with: Scalar(constant: $1)) }
    if Int.random(in: 0..<8, using: &random) == 0 { scalar = .unknown }
    return Sample(scalar: scalar, numbers: numbers)
  }

  static let operations = Arithmetic.allCases

  static func compute(_ operation: Arithmetic, _ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sa, sb) = (Int64(bitPattern: a), Int64(bitPattern: b))
    switch operation {
    case .add: return a &+ b
    case .sub: return a &- b
    case .mul: return a &* b
    case .div: return b == 0 ? 0 : a / b
    case .mod: return b == 0 ? a : a % b
    case .sdiv: return b == 0 ? 0 : UInt64(bitPattern: sa.dividedReportingOverflow(by: sb).partialValue)
    case .smod: return b == 0 ? a : UInt64(bitPattern: sa.remainderReportingOverflow(dividingBy: sb).partialValue)
    case .or: return a | b
    case .and: return a & b
    case .xor: return a ^ b
    case .mov: return b
    case .lsh: return a &<< b
    case .rsh: return a &>> b
    case .arsh: return UInt64(bitPattern: sa &>> sb)
    }
  }

  static func compute32(_ operation: Arithmetic, _ a: UInt64, _ b: UInt64) -> UInt64 {
    let (a, b) = (UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
    let (sa, sb) = (Int32(bitPattern: a), Int32(bitPattern: b))
    let result: UInt32 =
      switch operation {
      case .add: a &+ b
      case .sub: a &- b
      case .mul: a &* b
      case .div: b == 0 ? 0 : a / b
      case .mod: b == 0 ? a : a % b
      case .sdiv: b == 0 ? 0 : UInt32(bitPattern: sa.dividedReportingOverflow(by: sb).partialValue)
      case .smod: b == 0 ? a : UInt32(bitPattern: sa.remainderReportingOverflow(dividingBy: sb).partialValue)
      case .or: a | b
      case .and: a & b
      case .xor: a ^ b
      case .mov: b
      case .lsh: a &<< b
      case .rsh: a &>> b
      case .arsh: UInt32(bitPattern: sa &>> sb)
      }
    return UInt64(result)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4])
  func arithmeticAdmitsWhatTheMachineComputes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<40_000 {
      let a = Self.sample(&random)
      var b = Self.sample(&random)
      let operation = Self.operations.randomElement(using: &random)!
      if [.lsh, .rsh, .arsh].contains(operation), Bool.random(using: &random) {
        let shift = UInt64.random(in: 0..<64, using: &random)
        b = Sample(scalar: Scalar(constant: shift), numbers: [shift])
      }
      var wide = a.scalar
      wide.apply(operation, b.scalar)
      var half = a.scalar
      half.apply32(operation, b.scalar)
      for x in a.numbers {
        for y in b.numbers {
          let result = Self.compute(operation, x, y)
          #expect(wide.contains(Scalar(constant: result)), "\(a.scalar) \(operation) \(b.scalar) = \(wide), not \(x) and \(y)")
          let result32 = Self.compute32(operation, x, y)
          #expect(half.contains(Scalar(constant: result32)), "\(a.scalar) \(operation)32 \(b.scalar) = \(half), not \(x) and \(y)")
        }
      }
    }
  }

  @Test func constantsStayConstant() {
    for a in Self.edges {
      for b in Self.edges {
        for operation in [Arithmetic.add, .sub, .mul, .or, .and, .xor, .mov] {
          var wide = Scalar(constant: a)
          wide.apply(operation, Scalar(constant: b))
          #expect(wide == Scalar(constant: Self.compute(operation, a, b)), "\(a) \(operation) \(b)")
          var half = Scalar(constant: a)
          half.apply32(operation, Scalar(constant: b))
          #expect(half == Scalar(constant: Self.compute32(operation, a, b)), "\(a) \(operation)32 \(b)")
        }
        for operation in [Arithmetic.lsh, .rsh, .arsh] {
          var wide = Scalar(constant: a)
          wide.apply(operation, Scalar(constant: b & 63))
          #expect(wide == Scalar(constant: Self.compute(operation, a, b & 63)), "\(a) \(operation) \(b & 63)")
          var half = Scalar(constant: a)
          half.apply32(operation, Scalar(constant: b & 31))
          #expect(half == Scalar(constant: Self.compute32(operation, a, b & 31)), "\(a) \(operation)32 \(b & 31)")
        }
      }
    }
  }

  static func holds(_ condition: Condition, _ a: UInt64, _ b: UInt64, is32: Bool) -> Bool {
    let (ua, ub) = is32 ? (a & 0xffff_ffff, b & 0xffff_ffff) : (a, b)
    let (sa, sb) =
      is32
      ? (Int64(Int32(truncatingIfNeeded: a)), Int64(Int32(truncatingIfNeeded: b))) : (Int64(bitPattern: a), Int64(bitPattern: b))
    return switch condition {
    case .eq: ua == ub
    case .ne: ua != ub
    case .set: ua & ub != 0
    case .gt: ua > ub
    case .ge: ua >= ub
    case .lt: ua < ub
    case .le: ua <= ub
    case .sgt: sa > sb
    case .sge: sa >= sb
    case .slt: sa < sb
    case .sle: sa <= sb
    }
  }

  @Test(arguments: [UInt64(11), 12, 13, 14])
  func branchesKeepTheNumbersThatTakeThem(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<40_000 {
      let a = Self.sample(&random)
      let b = Self.sample(&random)
      let condition = Condition.allCases.randomElement(using: &random)!
      let is32 = Bool.random(using: &random)
      let outcome = a.scalar.outcome(condition, b.scalar, is32: is32)
      for taken in [true, false] {
        var x = a.scalar
        var y = b.scalar
        let isPossible = Scalar.refine(&x, &y, condition, is32: is32, taken: taken)
        for m in a.numbers {
          for n in b.numbers where Self.holds(condition, m, n, is32: is32) == taken {
            #expect(outcome == nil || outcome == taken, "\(a.scalar) \(condition) \(b.scalar), not \(m) and \(n)")
            #expect(isPossible, "\(a.scalar) \(condition) \(b.scalar) \(taken), not \(m) and \(n)")
            #expect(x.contains(Scalar(constant: m)), "\(a.scalar) \(condition) \(b.scalar) \(taken): \(x) lacks \(m)")
            #expect(y.contains(Scalar(constant: n)), "\(a.scalar) \(condition) \(b.scalar) \(taken): \(y) lacks \(n)")
          }
        }
      }
    }
  }

  @Test(arguments: [UInt64(21), 22])
  func changesOfWidthAdmitWhatTheMachineComputes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20_000 {
      let a = Self.sample(&random)
      for width in [8, 16, 32] {
        let shift = Int64(64 - width)
        var extended = a.scalar
        extended.signExtend(from: width, is32: false)
        var half = a.scalar
        half.signExtend(from: width, is32: true)
        var truncated = a.scalar
        truncated.truncate(toBytes: width / 8)
        for x in a.numbers {
          let signed = UInt64(bitPattern: (Int64(bitPattern: x) &<< shift) &>> shift)
          #expect(extended.contains(Scalar(constant: signed)), "\(a.scalar) extended from \(width): \(extended), not \(x)")
          if width < 32 {
            #expect(half.contains(Scalar(constant: signed & 0xffff_ffff)), "\(a.scalar) extended from \(width): \(half), not \(x)")
          }
          #expect(
            truncated.contains(Scalar(constant: x & ((1 << UInt64(width)) - 1))), "\(a.scalar) cut to \(width): \(truncated), not \(x)")
        }
      }
      var negated = a.scalar
      negated.negate(is32: false)
      var negated32 = a.scalar
      negated32.negate(is32: true)
      for x in a.numbers {
        #expect(negated.contains(Scalar(constant: 0 &- x)))
        #expect(negated32.contains(Scalar(constant: (0 &- x) & 0xffff_ffff)))
      }
    }
  }

  /// Lines as the kernel prints them (from its logs).
  @Test func printsAsTheKernelDoes() {
    #expect(Scalar.unknown.description == "scalar()")
    #expect(Scalar(constant: 7).description == "7")
    #expect(Scalar(constant: .max).description == "-1")
    #expect(Scalar(constant: 0x12345).description == "0x12345")
    var byte = Scalar.unknown
    byte.truncate(toBytes: 1)
    #expect(byte.description == "scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))")
    var word = Scalar.unknown
    word.truncate(toBytes: 4)
    #expect(word.description == "scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))")
  }
}
