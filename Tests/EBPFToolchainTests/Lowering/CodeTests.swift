import EBPFBTF
import EBPFISA
import EBPFObject
import EBPFToolchain
import Testing

/// Subprograms, callbacks, atomics, kernel functions and lines.
@Suite struct CodeTests {
  @Test func subprogramsStayAndTheRestIsInlined() throws {
    let source = """
      @inline(never) func apart(_ a: UInt32, _ b: UInt32) -> UInt32 { a &* b }
      func together(_ a: UInt32) -> UInt32 { a &+ 1 }
      @section("xdp") @used func prog(_ ctx: XDPContext) -> UInt32 { apart(ctx.queue, together(ctx.length)) & 3 }
      """
    let text = try SwiftSupport.lowered(source)
    #expect(text.contains("define internal i32 @apart("))
    let object = try SwiftSupport.object(source)
    // A call of a subprogram: source register 1.
    #expect(object.programs[0].instructions.count { $0.opcode == 0x85 && $0.source == 1 } == 1)
    let btf = try #require(object.btf)
    let function = try #require(btf.find("apart", kinds: [.function]))
    #expect(try btf.declaration(of: function.id).contains("int apart("))
  }

  @Test func argumentsOfGlobalFunctionsHaveTypes() throws {
    let object = try SwiftSupport.object(
      """
      struct Pair: BitwiseCopyable { var a: UInt32, b: UInt32 }
      @used @inline(never) func sum(_ pair: UnsafePointer<Pair>?) -> UInt32 {
        guard let pair else { return 0 }
        return pair.pointee.a &+ pair.pointee.b
      }
      @section("xdp") @used func prog(_ ctx: XDPContext) -> UInt32 {
        var pair = Pair(a: ctx.queue, b: 2)
        return sum(&pair)
      }
      """)
    let btf = try #require(object.btf)
    let function = try #require(btf.find("sum", kinds: [.function]))
    let declaration = try btf.declaration(of: function.id)
    #expect(declaration == "int sum(struct Pair *pair)")
    let program = try #require(btf.find("prog", kinds: [.function]))
    #expect(try btf.declaration(of: program.id) == "int prog(struct xdp_md *ctx)")
  }

  @Test func closuresAreCallbacks() throws {
    let source = """
      let counts = HashMap<UInt32, UInt64>(maxEntries: 8)
      var seen: UInt64 = 0
      @section("tc") @used func prog(_ ctx: TCContext) -> UInt32 {
        var sum: UInt32 = 0
        let step = ctx.queue &+ 2
        let turns = loop(10) { index in
          sum &+= index &* step
          return index == 6
        }
        _ = counts.forEach { key, value in
          seen &+= value.pointee
          return false
        }
        return sum &+ UInt32(truncatingIfNeeded: turns) &* 1000
      }
      """
    // 0 to 6, twice each; seven turns.
    #expect(try SwiftSupport.result(source) == 7042)
    let object = try SwiftSupport.object(source)
    let calls = object.programs[0].instructions.filter { $0.opcode == 0x85 && $0.source == 0 }.map(\.immediate)
    #expect(calls.contains(181) && calls.contains(164))
  }

  /// A closure that cannot fail gets its context as it is; one that can gets a frame with a flag.
  @Test func onlyClosuresThatCanFailHaveAFrame() throws {
    func text(_ body: String) throws -> String {
      try SwiftSupport.lowered(
        "@section(\"tc\") @used func prog(_ ctx: TCContext) -> UInt32 { var sum: UInt32 = 0; _ = loop(9) { \(body); return false }; return sum }"
      )
    }
    #expect(try !text("sum &+= $0").contains("bpf.frame"))
    #expect(try text("sum += $0").contains("bpf.frame"))
  }

  @Test func atomicsKeepTheirResults() throws {
    let source = """
      var total: UInt64 = 5
      @section("tc") @used func prog(_ ctx: TCContext) -> UInt32 {
        let before = relaxed_add(&total, 3)
        release_store(&total, acquire_load(&total) &* 10)
        return UInt32(truncatingIfNeeded: before &* 1000 &+ acquire_load(&total))
      }
      """
    #expect(try SwiftSupport.result(source) == 5080)
    let text = try SwiftSupport.lowered(source)
    #expect(!text.contains("monotonic") && !text.contains("load atomic") && !text.contains("store atomic"))
  }

  /// A relaxed addition whose result nobody looks at stays one: it is the cheaper instruction.
  @Test func additionsWithoutResultStayRelaxed() throws {
    let text = try SwiftSupport.lowered(
      "var total: UInt64 = 0\n@section(\"tc\") @used func prog(_ ctx: TCContext) -> UInt32 { _ = relaxed_add(&total, 1); return 0 }")
    let object = try SwiftSupport.object(
      "var total: UInt64 = 0\n@section(\"tc\") @used func prog(_ ctx: TCContext) -> UInt32 { _ = relaxed_add(&total, 1); return 0 }")
    #expect(text.contains("atomicrmw"))
    #expect(object.programs[0].instructions.contains { $0.opcode == 0xdb && $0.immediate & 0xf0 == 0 })
  }

  /// Loops that end in several ways stay loops; those that only count are the optimiser's business, checks in them or not.
  @Test func loopsWithSeveralEndsAreNotCopied() throws {
    func jumpsBack(_ body: String) throws -> Bool {
      let source = """
        let table: InlineArray<8, UInt32> = [3, 1, 4, 1, 5, 9, 2, 6]
        @section("tc") @used func prog(_ ctx: TCContext) -> UInt32 {
          var result: UInt32 = 0
          \(body)
          return result
        }
        """
      return try SwiftSupport.object(source).programs[0].instructions.contains {
        ($0.opcode & 7 == 5 || $0.opcode & 7 == 6) && $0.offset < 0 && $0.opcode != 0x85
      }
    }
    #expect(try jumpsBack("while result < 11, ctx.queue &+ 100 > 64 << result { result &+= 1 }"))
    #expect(try !jumpsBack("for index in 0..<4 { result += ctx.queue << UInt32(index) }"))
    #expect(
      try SwiftSupport.result(
        "@section(\"tc\") @used func prog(_ ctx: TCContext) -> UInt32 { var n: UInt32 = 0; while n < 11, ctx.queue &+ 300 > 64 << n { n &+= 1 }; return n }"
      ) == 3)
  }

  /// Every byte between fields is zero, every other one as it was: in nested structs, in arrays, beside optionals.
  @Test(
    arguments: [
      ("One(a: 1, b: 2)", [0: 1, 1: 0, 2: 0, 3: 0, 4: 2]),
      (
        "Two(a: 1, b: One(a: 2, b: 3), c: 4, d: [One(a: 5, b: 6), One(a: 7, b: 8)])",
        [0: 1, 1: 0, 2: 0, 3: 0, 4: 2, 5: 0, 6: 0, 7: 0, 8: 3, 12: 4, 13: 0, 14: 0, 15: 0, 16: 5, 17: 0, 19: 0, 20: 6, 24: 7, 25: 0, 28: 8]
      ),
      ("Three(a: 7, b: 3)", [0: 7, 1: 0, 2: 0, 3: 0, 4: 0, 8: 0, 9: 3]),
      ("(UInt16(0x5555), UInt8(9), UInt32(0x5555_5555))", [0: 0x55, 1: 0x55, 2: 9, 3: 0, 4: 0x55]),
    ] as [(String, [Int: Int32])])
  func paddingIsZeroed(value: String, expected: [Int: Int32]) throws {
    let cases = expected.map { "if index == \($0.key) { return Int32(padded(\(value), \($0.key))) }" }.joined(separator: "\n  ")
    let runner = try VariableRunner(
      """
      struct One { var a: UInt8, b: UInt32 }
      struct Two { var a: UInt8, b: One, c: UInt8, d: InlineArray<2, One> }
      struct Three { var a: UInt8, b: UInt64?; init(a: UInt8, b: UInt64) { self.a = a; self.b = b << 8 } }
      var index: UInt32 = 0
      @section("tc") @used func prog(_ ctx: TCContext) -> Int32 {
        \(cases)
        return -1
      }
      """)
    for (offset, byte) in expected {
      try runner.set("index", UInt32(offset))
      #expect(try runner.run() == byte, "byte \(offset) of \(value)")
    }
  }

  @Test func kernelFunctionsHavePrototypes() throws {
    let object = try SwiftSupport.object(
      """
      let license = License.gpl
      @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 {
        var numbers = bpf_iter_num()
        var sum: Int32 = 0
        _ = bpf_iter_num_new(&numbers, 0, 10)
        while let number = bpf_iter_num_next(&numbers) { sum &+= number.pointee }
        bpf_iter_num_destroy(&numbers)
        return sum
      }
      """)
    #expect(object.externs.map(\.name).sorted() == ["bpf_iter_num_destroy", "bpf_iter_num_new", "bpf_iter_num_next"])
    let btf = try #require(object.btf)
    let next = try #require(btf.find("bpf_iter_num_next", kinds: [.function]))
    #expect(try btf.declaration(of: next.id).contains("int *bpf_iter_num_next(struct bpf_iter_num *"))
    let new = try #require(btf.find("bpf_iter_num_new", kinds: [.function]))
    #expect(try btf.declaration(of: new.id).contains("int bpf_iter_num_new(struct bpf_iter_num *"))
  }

  @Test func givenPrototypesCount() throws {
    var options = LoweringOptions()
    options.kernelFunctions = ["bpf_iter_num_new": "u64 (struct other *, u32, struct third **)"]
    let text = try SwiftSupport.lowered(
      """
      let license = License.gpl
      @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 { var it = bpf_iter_num(); return bpf_iter_num_new(&it, 0, 1) }
      """, options)
    #expect(text.contains("name: \"other\"") && text.contains("name: \"third\"") && !text.contains("name: \"bpf_iter_num\""))
  }

  /// Lines are those of the user's file, also of what the module's functions do.
  @Test func linesAreTheUsers() throws {
    let source = """
      let counts = HashMap<UInt32, UInt64>(maxEntries: 8)
      @section("xdp") @used func prog(_ ctx: XDPContext) -> Int32 {
        let queue = ctx.queue
        guard let count = counts[queue] else { return 2 }
        count.pointee += 1
        return 1
      }
      """
    let object = try SwiftSupport.object(source)
    let lines = object.programs[0].lines
    #expect(lines.allSatisfy { $0.file.hasSuffix("/program.swift") })
    let numbers = Set(lines.map(\.line))
    #expect(numbers.isSuperset(of: [5, 6]))
    #expect(numbers.isSubset(of: [1, 3, 4, 5, 6, 7, 8]))
    #expect(lines.contains { $0.text.contains("guard let count = counts[queue]") })
  }
}
