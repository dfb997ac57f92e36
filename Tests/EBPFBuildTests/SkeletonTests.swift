import EBPFToolchain
import Foundation
import Testing

/// Skeletons of programs in Swift: the types that both sides share.
@Suite struct SkeletonTests {
  private static let program = """
    import BPF

    let license = License.gpl

    enum Kind: UInt8 { case first, second }
    package enum Outer {
      package struct Record: BitwiseCopyable { package var serial: UInt64, address: IPv4Address }
      struct Inside: BitwiseCopyable { var number: UInt16, flag: Bool }
    }
    public struct Pair<Part: BitwiseCopyable>: BitwiseCopyable { public var a: Part, b: Part }
    struct Private: BitwiseCopyable { var length: UInt32, more: (UInt16, UInt16) }

    let networks = LPMTrie<IPv4Prefix, Outer.Record>(maxEntries: 8)
    let kinds = HashMap<Pair<UInt32>, Kind>(maxEntries: 8)
    let records = RingBuffer<Outer.Record>(byteCount: 4096)
    let hidden = RingBuffer<Private>(byteCount: 4096)
    let lengths = ArrayMap<Private>(count: 2)
    let waiting = QueueMap<Outer.Inside>(maxEntries: 4)
    let processors = PerCPUHashMap<UInt32, InlineArray<3, UInt16>>(maxEntries: 4)
    let `repeat` = ArrayMap<UInt8?>(count: 1)

    let port = Setting<Port>(80)
    let pair = Setting<Pair<UInt16>>(Pair(a: 1, b: 2))
    var counts: InlineArray<3, UInt64> = [0, 0, 0]
    var level: Int32 = -1

    @section("xdp") @used func filter(_ ctx: XDPContext) -> XDPAction {
      counts[1] &+= 1
      level &+= 1
      if let record = records.reserve() {
        record.value = Outer.Record(serial: 1, address: .any)
        record.submit()
      }
      hidden.submit(Private(length: 1, more: (2, 3)))
      lengths[1]?.value.length = 4
      waiting.push(Outer.Inside(number: 1, flag: true))
      kinds[Pair(a: 1, b: 2)]?.value = .second
      processors[1]?.value[0] = 5
      `repeat`[0]?.value = nil
      return networks[IPv4Prefix(.any)] == nil && port.value == 80 && pair.value.a == 1 ? .pass : .drop
    }
    """

  private func skeleton(isTestable: Bool, in folder: WorkFolder) async throws -> (text: String, source: String) {
    let source = try folder.write(Self.program, to: "sample.swift")
    var job = SkeletonJob(name: "Sample", sources: [source])
    job.module = "Sample"
    job.isTestable = isTestable
    let made = try await job.run()
    #expect(made.warnings.isEmpty)
    return (made.text, source)
  }

  @Test func typesOfTheProgramAreNamedWhereTheyCanBe() async throws {
    let folder = try WorkFolder()
    let (text, source) = try await skeleton(isTestable: false, in: folder)
    for line in [
      "import Sample", "let networks: LPMTrie<Prefix<IPv4Address>, Sample::Outer.Record>", "let records: RingBuffer<Sample::Outer.Record>",
      "let kinds: HashMap<Sample::Pair<UInt32>, Kind>", "let lengths: ArrayMap<Private>", "let hidden: RingBuffer<Private>",
      "let waiting: QueueMap<Inside>", "let processors: PerCPUHashMap<UInt32, InlineArray<3, UInt16>>", "let `repeat`: ArrayMap<UInt8?>",
      "let port: Variable<Port>", "let pair: Variable<Sample::Pair<UInt16>>", "let counts: Variable<InlineArray<3, UInt64>>",
      "let level: Variable<Int32>", "let filter: Program",
    ] { #expect(text.contains("\(line)\n"), "\(line) in\n\(text)") }
    let application = """
      import EBPF
      import Sample

      func use() throws {
        let sample = try Sample.load(on: UserspaceHost()) {
          $0.port = 443
          $0.level = 3
        }
        let serial: UInt64? = try sample.maps.networks[IPv4Prefix(.any)]?.serial
        let length: UInt32? = try sample.maps.lengths[1]?.length
        let kind: Sample.Kind? = try sample.maps.kinds.keys().isEmpty ? .second : nil
        let level: Int32 = try sample.variables.level.value
        _ = (serial, length, kind, level, sample.programs.filter, try sample.maps.waiting.pop()?.flag)
        for record in try sample.maps.records.records() { _ = record.address }
      }
      """
    try expectItCompiles(text, application, source, in: folder)
  }

  @Test func globalsOfImportedModulesSayNothingOfTheProgram() async throws {
    let folder = try WorkFolder()
    let compilation = try await Toolchain.compile([try folder.write(Self.program, to: "sample.swift")])
    // BPF.g10 : Swift.Int and so on, and one that is called as a map of the program.
    let others = (10..<90).map { "$e3BPF3g\($0)Sivp" } + ["$e3BPF8networksSivp"]
    var skeleton = try Skeleton(
      name: "Sample", origin: "sample.swift", bytes: compilation.object, module: "Sample", globals: others + compilation.globals + others,
      sources: [Array(Self.program.utf8)])
    #expect(skeleton.text().contains("let networks: LPMTrie<Prefix<IPv4Address>, Sample::Outer.Record>\n"))
  }

  @Test func testsNameAllTypes() async throws {
    let folder = try WorkFolder()
    let (text, source) = try await skeleton(isTestable: true, in: folder)
    for line in [
      "@testable import Sample", "let kinds: HashMap<Sample::Pair<UInt32>, Sample::Kind>", "let hidden: RingBuffer<Sample::Private>",
      "let waiting: QueueMap<Sample::Outer.Inside>",
    ] { #expect(text.contains("\(line)\n"), "\(line) in\n\(text)") }
    let application = """
      import EBPF
      @testable import Sample

      func use(_ sample: Sample) throws {
        let hidden: [Private] = try sample.maps.hidden.records()
        let inside: Outer.Inside? = try sample.maps.waiting.pop()
        _ = (hidden, inside)
      }
      """
    try expectItCompiles(text, application, source, in: folder)
  }

  private func expectItCompiles(_ skeleton: String, _ application: String, _ program: String, in folder: WorkFolder) throws {
    // The program's own module, as a package compiles it for the application.
    let native = try emitModule(of: program, to: folder.path)
    #expect(native.status == 0, "\(native.text)")
    let sources = [try folder.write(skeleton, to: "Skeleton.swift"), try folder.write(application, to: "Use.swift")]
    let checked = try check(sources, modulesIn: folder.path)
    #expect(checked.status == 0, "\(checked.text)")
  }

  @Test func typeNamesAreRead() {
    #expect(SwiftTypeName("Swift.UInt32?") == .optional(.nominal(module: "Swift", path: ["UInt32"], arguments: [])))
    #expect(
      SwiftTypeName("(A.B, Swift.InlineArray<-3, A.C.D<Swift.Int>>)")
        == .tuple([
          .nominal(module: "A", path: ["B"], arguments: []),
          .nominal(
            module: "Swift", path: ["InlineArray"],
            arguments: [
              .number(-3), .nominal(module: "A", path: ["C", "D"], arguments: [.nominal(module: "Swift", path: ["Int"], arguments: [])]),
            ]),
        ]))
    for text in ["", "A", "A.B<", "A.B<C>", "A.B>", "(A.B", "A.(B in _123)", "(A.B) -> A.C", "A.B, A.C"] {
      #expect(SwiftTypeName(text) == nil, "\(text)")
    }
    let global = SwiftGlobal(mangled: "$e1t4nets3BPF7LPMTrieVy9EBPFTypes6PrefixVyAF11IPv4AddressVGAA3RecVGvp")
    #expect(global?.name == "nets" && global?.module == "t")
    #expect(SwiftGlobal(mangled: "$e1t6filteryyF") == nil && SwiftGlobal(mangled: "errno") == nil)
  }

  @Test func declarationsForOthersAreFound() {
    let source = #"""
      // public struct Comment {}
      /* public struct Block { /* nested */ } */
      public struct Plain { var x = "} public struct Text {"; func f() { struct Local {} } }
      struct Hidden { public struct Below {} }
      package enum Outer: UInt8 {
        case a = 1
        public struct Inner { public private(set) var y: Int { 3 } }
        struct Unseen {}
        fileprivate(set) var z: Int { get { "\("}" + "\(1)")".count } }
      }
      public extension Plain { struct Extended {} ; internal struct Not {} }
      extension Outer.Inner { public enum Deep {} }
      public final class Reference { class func make() {} }
      let long = """
        public struct Quoted {}
        "quotes" }
        """
      let raw = #"public struct Raw { " }"#
      private public_ struct Odd {}
      """#
    let visible = DeclarationScanner([Array(source.utf8), Array("public struct Other {}".utf8)]).visible
    #expect(
      visible == ["Plain", "Outer", "Outer.Inner", "Plain.Extended", "Outer.Inner.Deep", "Reference", "Other"], "\(visible.sorted())")
  }
}
