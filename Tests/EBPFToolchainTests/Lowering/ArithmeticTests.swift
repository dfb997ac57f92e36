import EBPFToolchain
import Testing

/// Arithmetic with a check of overflow, against Swift's own answers.
@Suite struct ArithmeticTests {
  private static let numbers: [Int64] = [
    0, 1, -1, 2, 3, 7, 10, -10, 255, 256, 32767, 65535, 65536, 1 << 31, -(1 << 31), 1 << 32, (1 << 32) - 1, 3_037_000_499, 3_037_000_500,
    -3_037_000_500, 1 << 62, -(1 << 62), .max, .max - 1, .min, .min + 1, 6_148_914_691_236_517_205, -6_148_914_691_236_517_206,
  ]

  /// A program that takes a table of pairs and counts those whose outcome is what was worked out here.
  @Test(arguments: [
    ("UInt64", "+"), ("UInt64", "-"), ("UInt64", "*"), ("Int64", "+"), ("Int64", "-"), ("Int64", "*"), ("UInt32", "*"), ("Int32", "*"),
    ("Int32", "+"), ("UInt16", "*"), ("Int8", "*"), ("Int8", "-"), ("UInt8", "+"),
  ])
  func overflowIsWhatSwiftSays(type: String, operation: String) throws {
    switch type {
    case "UInt64": try check(UInt64.self, operation)
    case "Int64": try check(Int64.self, operation)
    case "UInt32": try check(UInt32.self, operation)
    case "Int32": try check(Int32.self, operation)
    case "UInt16": try check(UInt16.self, operation)
    case "Int8": try check(Int8.self, operation)
    default: try check(UInt8.self, operation)
    }
  }

  private func check<Number: FixedWidthInteger>(_ type: Number.Type, _ operation: String) throws {
    let name = operation == "+" ? "adding" : operation == "-" ? "subtracting" : "multiplied"
    let label = operation == "*" ? "by: " : ""
    // Two numbers from the packet, 16 bytes.
    let source = """
      var sum: \(Number.self) = 0
      @section("tc") @used func prog(_ ctx: TCContext) -> Int32 {
        let result = a.\(name)ReportingOverflow(\(label)b)
        sum = result.partialValue
        return result.overflow ? 1 : 0
      }
      var a: \(Number.self) = 0
      var b: \(Number.self) = 0
      """
    let runner = try VariableRunner(source)
    for first in Self.numbers {
      for second in Self.numbers {
        let a = Number(truncatingIfNeeded: first)
        let b = Number(truncatingIfNeeded: second)
        let expected =
          operation == "+"
          ? a.addingReportingOverflow(b) : operation == "-" ? a.subtractingReportingOverflow(b) : a.multipliedReportingOverflow(by: b)
        try runner.set("a", a)
        try runner.set("b", b)
        let overflow = try runner.run()
        let sum: Number = try runner.get("sum")
        #expect(overflow == (expected.overflow ? 1 : 0), "\(a) \(operation) \(b)")
        #expect(sum == expected.partialValue, "\(a) \(operation) \(b)")
      }
    }
  }
}
