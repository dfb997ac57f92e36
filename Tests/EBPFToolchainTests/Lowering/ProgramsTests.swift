import EBPFObject
import EBPFToolchain
import Testing

/// Programs, their names and results; what is reachable.
@Suite struct ProgramsTests {
  @Test func aProgramHasItsNameInTheSource() throws {
    let object = try SwiftSupport.object(
      """
      @section("xdp") @used func filter(_ ctx: XDPContext) -> Int32 { 2 }
      @section("tc") @used func shape(_ ctx: TCContext) -> Int32 { 0 }
      """)
    #expect(object.programs.map(\.name).sorted() == ["filter", "shape"])
    #expect(object.programs.first { $0.name == "filter" }?.section == "xdp")
  }

  /// Two programs of the same name are told apart by their sections, then by numbers; members of types are programs, too.
  @Test func programsMayHaveTheSameName() throws {
    let object = try SwiftSupport.object(
      """
      @section("xdp") @used func filter(_ ctx: XDPContext) -> Int32 { 2 }
      enum Other { @section("tc/ingress") @used static func filter(_ ctx: TCContext) -> Int32 { 0 } }
      enum Third { @section("tc") @used static func filter(_ ctx: TCContext) -> Int32 { 1 } }
      """)
    #expect(object.programs.map(\.name).sorted() == ["filter_tc", "filter_tc_2", "filter_xdp"])
  }

  @Test func anotherNameThanTheLibrarysIsNoTrouble() throws {
    let object = try SwiftSupport.object("@section(\"xdp\") @used func connect(_ ctx: XDPContext) -> Int32 { 2 }")
    #expect(object.programs.map(\.name) == ["connect"])
  }

  @Test(
    arguments: [
      ("-> Int32 { -1 }", -1), ("-> UInt32 { 7 }", 7), ("-> Bool { ctx.queue < 5 }", 1),
      ("-> UInt8 { 200 &+ UInt8(truncatingIfNeeded: ctx.queue) }", 200), ("-> Verdict { ctx.queue == 0 ? .two : .one }", 2),
      ("-> Action { .drop }", 1),
    ] as [(String, Int32)])
  func resultsAreWidened(body: String, expected: Int32) throws {
    // A socket filter may return anything.
    let result = try SwiftSupport.result(
      """
      var last: UInt32 = 0
      enum Verdict: UInt8 { case zero, one, two }
      struct Action: RawRepresentable { var rawValue: Int32; static var drop: Action { Action(rawValue: 1) } }
      @section("tc") @used func prog(_ ctx: TCContext) \(body)
      """)
    #expect(result == expected)
  }

  /// Programs that decide about nothing may return nothing.
  @Test func nothingIsWidenedTo0() throws {
    let text = try SwiftSupport.lowered("@section(\"kprobe/vfs_read\") @used func prog(_ ctx: UnsafeMutableRawPointer) {}")
    #expect(text.contains("i32 @prog(") && text.contains("ret i32 0"))
    let problem = try SwiftSupport.problem("@section(\"xdp\") @used func prog(_ ctx: XDPContext) {}")
    #expect(problem.what.contains("returns nothing"), "\(problem)")
  }

  @Test func everythingWrongIsSaidAtOnce() throws {
    let problem = try SwiftSupport.problem(
      """
      @section("xpd") @used func one(_ ctx: XDPContext) -> Int32 { 0 }
      @section("xdp") @used func two(_ ctx: TCContext) -> Int32 { 0 }
      @section("cgroup/connect5") @used func three(_ ctx: UnsafeMutableRawPointer) -> Int32 { 0 }
      """)
    #expect(problem.what == "no kind of program has the section 'xpd'" && problem.line == 2)
    #expect(problem.instead == "did you mean @section(\"xdp\")?")
    #expect(problem.others.map(\.line) == [3, 4])
    #expect(problem.others.first?.what == "'TCContext' is not the context of an xdp program")
    #expect(problem.others.last?.instead == "did you mean @section(\"cgroup/connect4\")?")
  }

  @Test func aProgramTakesOneParameter() throws {
    let problem = try SwiftSupport.problem("@section(\"xdp\") @used func prog(_ a: UInt32, _ b: UInt32) -> Int32 { 0 }")
    #expect(problem.what == "the program 'prog' has 2 parameters, and a program takes one: its context")
    #expect(problem.line == 2)
    #expect(problem.file.hasSuffix("/program.swift"))
  }

  @Test func aProgramMayCallAnother() throws {
    let source = """
      @section("tc") @used func prog(_ ctx: TCContext) -> Bool { !other(ctx) }
      @section("tc") @used func other(_ ctx: TCContext) -> Bool { ctx.queue == 7 }
      """
    #expect(try SwiftSupport.result(source) == 1)
    #expect(try SwiftSupport.result(source, program: "other") == 0)
  }

  @Test func whatNothingReachesIsNotWritten() throws {
    let text = try SwiftSupport.lowered(
      """
      struct Key: Hashable { var a: UInt32 }
      func unused(_ a: UInt32) -> UInt32 { a * 3 }
      @inline(never) func used(_ a: UInt32) -> UInt32 { a &+ 1 }
      @used func visible(_ a: UInt32) -> UInt32 { a &+ 2 }
      @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 { Int32(truncatingIfNeeded: used(ctx.queue)) }
      """)
    let defined = text.split(separator: "\n").filter { $0.hasPrefix("define") }.compactMap { $0.split(separator: "@").dropFirst().first }
      .map { String($0.prefix { $0 != "(" }) }
    #expect(defined.sorted() == ["prog", "used", "visible"])
    #expect(!text.contains("swift_retain"))
    #expect(!text.contains("llvm.used"))
    #expect(!text.contains("comdat") && !text.contains("swiftself") && !text.contains("target-features"))
  }

  @Test func theSameInputGivesTheSameBytes() throws {
    let ir = try SwiftSupport.ir(IRRoundTripTests.sources[1])
    let first = try Lowering().lower(ir)
    for _ in 0..<5 { #expect(try Lowering().lower(ir) == first) }
  }

  @Test func whatIsNoIRIsSaid() {
    do {
      _ = try Lowering().lower(Array("define i32 @f(\n".utf8))
      Issue.record("no error")
    } catch {
      #expect(error.what.contains("line 2 of the compiler's IR"))
    }
  }
}
