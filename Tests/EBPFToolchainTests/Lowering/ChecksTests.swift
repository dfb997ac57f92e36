import EBPFToolchain
import Testing

/// What cannot become eBPF, with its place and what to write instead.
@Suite struct ChecksTests {
  @Test(arguments: [
    (
      "func factorial(_ n: UInt32) -> UInt32 { n < 2 ? 1 : n &* factorial(n &- 1) }",
      "Int32(truncatingIfNeeded: factorial(ctx.queue))", "'factorial' calls itself, and eBPF programs have no recursion", 2
    ),
    (
      """
      @inline(never) func even(_ n: UInt32) -> Bool { n == 0 || odd(n &- 1) }
      @inline(never) func odd(_ n: UInt32) -> Bool { n != 0 && even(n &- 1) }
      """, "even(ctx.queue) ? 1 : 2", "'even' calls itself through 'odd', and eBPF programs have no recursion", 3
    ),
    (
      "func half(_ n: UInt32) -> Double { Double(n) / 2 }", "Int32(half(ctx.queue))",
      "eBPF has no floating-point numbers: no Double, no Float", 2
    ),
  ])
  func whatEBPFHasNotIsSaid(declaration: String, expression: String, what: String, line: Int) throws {
    let problem = try SwiftSupport.problem(
      "\(declaration)\n@section(\"xdp\") @used func prog(_ ctx: XDPContext) -> Int32 { \(expression) }")
    #expect(problem.what.contains(what), "\(problem)")
    #expect(problem.file.hasSuffix("/program.swift"))
    #expect(problem.line >= line)
    #expect(!problem.instead.isEmpty)
  }

  /// What no program reaches may be what it is.
  @Test func whatIsNotUsedIsNotSaid() throws {
    let result = try SwiftSupport.result(
      """
      func factorial(_ n: UInt32) -> UInt32 { n < 2 ? 1 : n &* factorial(n &- 1) }
      func half(_ n: Double) -> Double { n / 2 }
      @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 { 2 }
      """)
    #expect(result == 2)
  }
}
