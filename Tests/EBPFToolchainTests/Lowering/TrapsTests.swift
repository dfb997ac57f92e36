import EBPFISA
import EBPFObject
import EBPFToolchain
import Testing

/// Failed checks: they end the program, wherever they are.
@Suite struct TrapsTests {
  /// Sources whose check fails with the queue 0 of a test run, and what they would return if it did not end the program.
  static let failing: [(String, String)] = [
    ("in the program", "@section(\"SECTION\") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(ctx.queue - 1 == 0 ? 5 : 6) }"),
    (
      "in an inlined function",
      """
      func check(_ a: UInt32) -> UInt32 { precondition(a > 3); return a }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { _ = check(ctx.queue); return 7 }
      """
    ),
    (
      "in a subprogram with a result of 32 bits",
      """
      @inline(never) func take(_ a: UInt32) -> UInt32 { (a - 1) &* 3 &+ UInt32(truncatingIfNeeded: helper_time() & 0) }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: take(ctx.queue) & 0) &+ 7 }
      """
    ),
    (
      "in a subprogram with a result of 64 bits",
      """
      @inline(never) func take(_ a: UInt64) -> UInt64 { (a - 1) &* 3 &+ (helper_time() & 0) }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: take(UInt64(ctx.queue)) & 0) &+ 7 }
      """
    ),
    (
      "in a subprogram without a result",
      """
      var total: UInt32 = 0
      @inline(never) func take(_ a: UInt32) { total = a - 1 }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { take(ctx.queue); return 7 }
      """
    ),
    (
      "two subprograms deep",
      """
      @inline(never) func deep(_ a: UInt32) -> UInt32 { (a - 1) &+ UInt32(truncatingIfNeeded: helper_time() & 0) }
      @inline(never) func take(_ a: UInt32) -> Bool { deep(a) > 2 }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { take(ctx.queue) ? 7 : 8 }
      """
    ),
    (
      "in a global function",
      """
      @used @inline(never) func take(_ a: UInt32) -> UInt32 { (a - 1) &+ UInt32(truncatingIfNeeded: helper_time() & 0) }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: take(ctx.queue) & 0) &+ 7 }
      """
    ),
    (
      "in a global function with a result of 64 bits",
      """
      @used @inline(never) func take(_ a: UInt64) -> UInt64 { (a - 1) &* 3 &+ (helper_time() & 0) }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: take(UInt64(ctx.queue)) & 0) &+ 7 }
      """
    ),
    (
      "in a loop's body",
      """
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 {
        var sum = ctx.queue
        _ = loop(10) { sum += 0x4000_0000 &* ($0 & 1) &+ 1; return false }
        return Int32(truncatingIfNeeded: sum & 0) &+ 7
      }
      """
    ),
    (
      "in a subprogram of five arguments",
      """
      @inline(never) func take(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) -> UInt64 { (a - 1) ^ b ^ c ^ d ^ e }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 {
        Int32(truncatingIfNeeded: take(UInt64(ctx.queue), helper_time(), helper_time(), 3, 4) & 0) &+ 7
      }
      """
    ),
    (
      "a fatal error",
      """
      func stop(_ a: UInt32) -> Never { fatalError("no \\(1)") }
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { if ctx.queue == 0 { stop(1) }; return 7 }
      """.replacing("\\(1)", with: "")
    ),
    (
      "an index",
      """
      let table: InlineArray<4, UInt32> = [7, 7, 7, 7]
      @section("SECTION") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(table[Int(ctx.queue) &+ 4]) }
      """
    ),
  ]

  @Test(arguments: failing.indices) func aFailedCheckEndsTheProgram(index: Int) throws {
    let (name, source) = Self.failing[index]
    #expect(try SwiftSupport.result(source.replacing("SECTION", with: "xdp")) == 0, "\(name)")
    #expect(try SwiftSupport.result(source.replacing("SECTION", with: "tc").replacing("XDPContext", with: "TCContext")) == 2, "\(name)")
  }

  /// The same programs end as they should when nothing fails.
  @Test(
    arguments: [
      ("@inline(never) func f(_ a: UInt32) -> UInt32 { a - 0 }", "Int32(f(5))", 5),
      ("@inline(never) func f(_ a: Int32) -> Int32 { a - 3 &+ Int32(truncatingIfNeeded: helper_time() & 0) }", "f(1)", -2),
      ("@inline(never) func f(_ a: UInt64) -> UInt64 { a * 3 }", "Int32(truncatingIfNeeded: f(5))", 15),
      ("var g: UInt32 = 0\n@inline(never) func f(_ a: UInt32) { g = a + 1 }", "{ f(6); return Int32(g) }()", 7),
      ("@inline(never) func f(_ a: UInt8) -> UInt8 { a + 200 }", "Int32(f(50))", 250),
      ("@inline(never) func f(_ a: UInt8) -> Bool { a + 200 > 3 }", "f(50) ? 4 : 5", 4),
    ] as [(String, String, Int32)])
  func whatDoesNotFailGoesOn(function: String, expression: String, expected: Int32) throws {
    let source = "\(function)\n@section(\"tc\") @used func prog(_ ctx: TCContext) -> Int32 { \(expression) }"
    #expect(try SwiftSupport.result(source) == expected)
  }

  @Test(
    arguments: [
      ("xdp", 0), ("tc", 2), ("tcx/ingress", 2), ("cgroup_skb/egress", 0), ("lsm/file_open", -1), ("lsm_cgroup/bind", 0), ("socket", 0),
      ("flow_dissector", 2), ("sk_skb/stream_verdict", 0), ("sk_lookup", 0), ("netfilter", 0), ("kprobe/x", 0), ("nothing", 0),
    ] as [(String, Int32)])
  func eachKindHasItsResult(section: String, expected: Int32) {
    #expect(AbortResult.of(section: section) == expected)
  }

  @Test func throwingCallsTheKernel() throws {
    let options = LoweringOptions(traps: .throw)
    let text = try SwiftSupport.lowered(
      "let license = License.gpl\n" + Self.failing[2].1.replacing("SECTION", with: "tc").replacing("XDPContext", with: "TCContext"), options
    )
    #expect(text.contains("call void @bpf_throw(i64 2)"))
    #expect(!text.contains("llvm.trap"))
    let object = try SwiftSupport.object("let license = License.gpl\n" + Self.failing[0].1.replacing("SECTION", with: "xdp"), options)
    #expect(object.externs.map(\.name) == ["bpf_throw"])
    let problem = try SwiftSupport.problem(Self.failing[0].1.replacing("SECTION", with: "xdp"), options)
    #expect(problem.what.contains("kernel function bpf_throw"))
  }

  @Test func uncheckedHasNoChecks() throws {
    let source = Self.failing[2].1.replacing("SECTION", with: "xdp")
    #expect(try SwiftSupport.result(source, LoweringOptions(traps: .unchecked)) == 7)
    let checked = try SwiftSupport.object(source).programs[0].instructions.count
    #expect(try SwiftSupport.object(source, LoweringOptions(traps: .unchecked)).programs[0].instructions.count < checked)
  }

  /// What a program holds is given back when a check fails: a verifier refuses it otherwise.
  @Test func whatIsHeldIsGivenBack() throws {
    func source(_ value: String) -> String {
      """
      let events = RingBuffer<UInt64>(byteCount: 4096)
      let others = RingBuffer<UInt32>(byteCount: 4096)
      @inline(never) func less(_ a: UInt32) -> UInt32 { a - 1 }
      @section("tc") @used func prog(_ ctx: TCContext) -> Int32 {
        guard let first = events.reserve() else { return 8 }
        guard let second = others.reserve() else {
          helper_submit(first)
          return 9
        }
        first.pointee = \(value)
        helper_submit(first)
        second.pointee = UInt32(truncatingIfNeeded: \(value))
        helper_submit(second)
        return 7
      }
      """
    }
    func discards(_ source: String) throws -> Int {
      try SwiftSupport.object(source).programs[0].instructions.count { $0.opcode == 0x85 && $0.source == 0 && $0.immediate == 133 }
    }
    #expect(try SwiftSupport.result(source("UInt64(ctx.queue) &+ 1")) == 7)
    #expect(try discards(source("UInt64(ctx.queue) &+ 1")) == 0)
    for value in ["UInt64(ctx.queue) - 1", "UInt64(less(ctx.queue))"] {
      #expect(try SwiftSupport.result(source(value)) == 2)
      #expect(try discards(source(value)) > 0)
    }
  }

  /// Inlined functions tell of failures by a flag that the optimiser must take away: no memory, no calls.
  @Test func inlinedChecksCostAJump() throws {
    let object = try SwiftSupport.object(
      """
      func add(_ a: UInt32, _ b: UInt32) -> UInt32 { a + b }
      @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: add(add(ctx.queue, 1), ctx.length)) }
      """)
    let instructions = object.programs[0].instructions
    #expect(instructions.count <= 16)
    #expect(!instructions.contains { $0.opcode & 7 == 2 || $0.opcode & 7 == 3 })
  }
}
