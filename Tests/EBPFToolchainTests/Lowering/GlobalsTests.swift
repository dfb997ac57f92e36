import EBPFBTF
import EBPFObject
import EBPFTables
import EBPFToolchain
import Testing

/// Maps, variables, settings, constants and licences.
@Suite struct GlobalsTests {
  private static let program = "@section(\"xdp\") @used func prog(_ ctx: XDPContext) -> Int32"

  @Test func mapsHaveTheirTypes() throws {
    let object = try SwiftSupport.object(
      """
      struct Address { var bytes: UInt32 }
      struct Flow: BitwiseCopyable { var source: Address, port: UInt16, kind: UInt8 }
      struct Count: BitwiseCopyable { var packets: UInt64, bytes: UInt64 }
      let flows = HashMap<Flow, Count>(maxEntries: 1 << 10, flags: 1, isPinned: true)
      let slots = ArrayMap<(UInt8, UInt32)>(count: 8)
      let events = RingBuffer<Count>(byteCount: 4096)
      \(Self.program) { flows[Flow(source: Address(bytes: 1), port: 2, kind: 3)] == nil ? 1 : 2 }
      """)
    let maps = object.maps.filter { $0.dataSection == nil }.sorted { $0.name < $1.name }
    #expect(maps.map(\.name) == ["events", "flows", "slots"])
    #expect(maps.map(\.type.rawValue) == [27, 1, 2])
    #expect(maps.map(\.keySize) == [0, 8, 4])
    #expect(maps.map(\.valueSize) == [0, 16, 8])
    #expect(maps.map(\.maxEntries) == [4096, 1024, 8])
    #expect(maps[1].flags.rawValue == 1)
    #expect(maps[1].pinning == .byName)
    let btf = try #require(object.btf)
    let definition = try btf.definition(of: maps[1].keyTypeID).split(separator: "\n").map { $0.trimmed }
    #expect(definition.joined(separator: " ").contains("struct Flow { struct Address source; unsigned short port; unsigned char kind; };"))
    #expect(btf.size(of: maps[1].keyTypeID) == 8)
    #expect(btf.size(of: maps[2].valueTypeID) == 8)
    #expect(try btf.declaration(of: maps[2].keyTypeID) == "unsigned int")
  }

  @Test func variablesHaveTheirNamesAndTypes() throws {
    let object = try SwiftSupport.object(
      """
      enum Mode: UInt8 { case off, on }
      struct State { var mode: Mode, count: UInt32, maybe: UInt16? }
      var total: UInt64 = 0
      var started = true
      var state = State(mode: .on, count: 7, maybe: nil)
      var odd = (UInt32(5), true)
      enum Inside { static var deep: Int32 = -2 }
      @section(".data.mine") var mine: UInt32 = 9
      let port = Setting<UInt16>(443)
      \(Self.program) { total &+= 1; return Int32(port.value) }
      """)
    let btf = try #require(object.btf)
    var seen: [String: Int] = [:]
    for variable in object.variables where variable.name != "queueNumber" { seen[variable.name] = btf.size(of: variable.typeID) }
    #expect(seen == ["total": 8, "started": 1, "state": 12, "odd": 8, "deep": 4, "mine": 4, "port": 2])
    let sections = Dictionary(uniqueKeysWithValues: object.variables.map { ($0.name, object.maps[$0.map].name) })
    #expect(sections["total"]?.hasSuffix(".bss") == true && sections["state"]?.hasSuffix(".data") == true)
    #expect(sections["mine"]?.hasSuffix(".data.mine") == true && sections["port"]?.hasSuffix(".rodata") == true)
    func bytes(_ name: String) throws -> [UInt8] {
      let variable = try #require(object.variables.first { $0.name == name })
      guard case .bytes(let all)? = object.maps[variable.map].contents.first?.value else { return [] }
      return Array(all[variable.offset..<variable.offset + variable.size])
    }
    #expect(try bytes("state") == [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0])
    #expect(try bytes("port") == [187, 1])
    #expect(try bytes("deep") == [254, 255, 255, 255])
  }

  /// Initialisers that Swift leaves to run time: loops, calls, generics, tables.
  @Test(
    arguments: [
      ("let value = squares()[5]", 25), ("let table = squares()", 25), ("let value = fold([3, 4, 5])", 345),
      ("let value = Big(7).swapped", 0x0700_0000), ("let value = UInt32(StaticString(\"abc\").utf8Start[1])", 98),
      ("let first: UInt32 = squares()[2]\nlet value = first &* first", 16),
    ] as [(String, Int32)])
  func initializersAreEvaluated(declaration: String, expected: Int32) throws {
    let use = declaration.contains("let table") ? "table[Int(ctx.queue &+ 5) & 7]" : "value &+ ctx.queue"
    let result = try SwiftSupport.result(
      """
      @inline(never) func squares() -> InlineArray<8, UInt32> {
        var result = InlineArray<8, UInt32>(repeating: 0)
        for index in 0..<8 { result[index] = UInt32(index * index) }
        return result
      }
      @inline(never) func fold(_ list: InlineArray<3, UInt32>) -> UInt32 { list[0] * 100 + list[1] * 10 + list[2] }
      struct Big { var raw: UInt32; init(_ raw: UInt32) { self.raw = raw }; @inline(never) var swapped: UInt32 { raw.byteSwapped } }
      \(declaration)
      @section("tc") @used func prog(_ ctx: TCContext) -> UInt32 { \(use) }
      """)
    #expect(result == expected)
  }

  @Test(arguments: [
    ("let now = helper_time()", "now", "it calls the helper bpf_ktime_get_ns"),
    ("func one() -> UInt64 { 1 }\nlet big = fail(one() - 2)\n@inline(never) func fail(_ a: UInt64) -> UInt64 { a }", "big", "check"),
    (
      "let loop = forever(1)\n@inline(never) func forever(_ a: UInt64) -> UInt64 { var a = a; while a != 0 { a ^= 6 }; return a }", "loop",
      "steps"
    ),
  ])
  func whatCannotBeEvaluatedIsSaid(declaration: String, name: String, reason: String) throws {
    let problem = try SwiftSupport.problem(
      """
      \(declaration)
      \(Self.program) { \(name) == 7 ? 1 : 2 }
      """)
    #expect(problem.what.hasPrefix("the global '\(name)' cannot have its value before the program runs: "), "\(problem)")
    #expect(problem.what.contains(reason), "\(problem)")
    #expect(problem.line > 1)
    #expect(!problem.instead.isEmpty)
  }

  /// What no program uses may be what it wants.
  @Test func unusedGlobalsAreNotEvaluated() throws {
    #expect(try SwiftSupport.result("let now = helper_time()\n\(Self.program) { 2 }") == 2)
  }

  @Test func theLicenceIsThatOfTheSource() throws {
    #expect(try SwiftSupport.object("let license = License.gpl\n\(Self.program) { 2 }").license == "GPL")
    #expect(try SwiftSupport.object("let mine = License(\"Dual MIT/GPL\")\n\(Self.program) { 2 }").license == "Dual MIT/GPL")
    #expect(try SwiftSupport.object("\(Self.program) { 2 }").license == "")
    let problem = try SwiftSupport.problem("let a = License.gpl\nlet b = License.gpl\n\(Self.program) { 2 }")
    #expect(problem.what == "'b' is a second licence" && problem.line == 3)
  }

  @Test func whatNeedsTheGPLIsRefusedWithoutIt() throws {
    let source = "\(Self.program) {\n  _ = helper_print(StaticString(\"x\").utf8Start, 2)\n  return 2\n}"
    let problem = try SwiftSupport.problem(source)
    #expect(problem.what.hasPrefix("the helper bpf_trace_printk is for programs under the GPL only"), "\(problem)")
    #expect(problem.line == 3 && problem.column > 0)
    #expect(problem.instead.contains("let license = License.gpl"))
    _ = try SwiftSupport.object("let license = License.gpl\n\(source)")
  }
}

extension Substring {
  fileprivate var trimmed: String { String(drop { $0 == "\t" || $0 == " " }) }
}
