import EBPFBTF
import EBPFObject
import EBPFToolchain
import Foundation
import Testing

/// Swift types for the structures of programs in C: they lie in memory as clang lays those out.
@Suite struct RecordWriterTests {
  private static let source = """
    typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32; typedef unsigned long long __u64;
    typedef int __s32; typedef __u16 __be16; typedef __u32 __be32;
    #define SEC(name) __attribute__((section(name), used))

    enum color { RED, GREEN = 5, BLUE = -1 };
    struct flow_key { __u8 kind; __u32 id; __be16 port; };
    struct inner { __u32 a; __u16 b; };
    struct outer { struct inner in; __u8 c; __u16 list[3]; __u64 last; };
    struct packed { __u8 a; __u32 b; __u16 c; } __attribute__((packed));
    struct bits { __u32 low : 3; __u32 mid : 13; __s32 high : 16; __u64 rest; };
    union either { __u64 whole; struct { __u32 first, second; }; __u8 each[8]; };
    typedef struct { __u8 tag; union either both; enum color color; _Bool flag; char name[4]; struct packed odd; double ratio; } mixed_t;
    struct chain { struct chain *next; __s32 number; };
    struct event { __u64 serial; mixed_t what; };

    struct { int (*type)[1]; struct flow_key *key; struct outer *value; int (*max_entries)[8]; } flows SEC(".maps");
    struct { int (*type)[2]; __u32 *key; mixed_t *value; int (*max_entries)[2]; } mixes SEC(".maps");
    struct { int (*type)[2]; __u32 *key; struct bits *value; int (*max_entries)[2]; } fields SEC(".maps");
    struct { int (*type)[22]; struct packed *value; int (*max_entries)[2]; } queue SEC(".maps");
    struct { int (*type)[27]; int (*max_entries)[4096]; } events SEC(".maps");
    struct { int (*type)[27]; int (*max_entries)[4096]; } unknowns SEC(".maps");
    struct chain chain; struct event *unused;
    const volatile __be32 address = 1;
    char LICENSE[] SEC("license") = "GPL";
    SEC("xdp") int run(void *ctx) { chain.number++; return address ? 2 : (long)unused; }
    """

  @Test func fieldsLieWhereClangPutsThem() async throws {
    let folder = try WorkFolder()
    let bytes = try await Toolchain().compileC(try folder.write(Self.source, to: "records.c")).object
    let object = try ObjectSpec(bytes: bytes)
    let btf = try #require(object.btf)
    var writer = RecordWriter(btf, taken: ["Chain"])
    // Each type with the properties that are compared, as C names them.
    let types: [(name: String, fields: [String])] = [
      ("flow_key", ["kind", "id", "port"]), ("outer", ["c", "last"]), ("packed", ["a", "b", "c"]),
      ("bits", ["low", "mid", "high", "rest"]),
      ("mixed_t", ["tag"]), ("event", ["serial"]), ("either", ["whole", "first", "second"]), ("chain", ["next", "number"]),
    ]
    var main =
      "var raw = [UInt8](repeating: 0, count: 256)\nfor index in raw.indices { raw[index] = UInt8(truncatingIfNeeded: index * 37 + 130) }\n"
    var expected: [String] = []
    let raw = (0..<256).map { UInt8(truncatingIfNeeded: $0 * 37 + 130) }
    for (name, fields) in types {
      let type = try #require(btf.find(name))
      let size = try #require(btf.size(of: type.id))
      let made = writer.type(type.id, role: name)
      let written = try #require(made)
      #expect(written.size == size)
      main += "do {\n  let record = raw.withUnsafeBytes { $0.loadUnaligned(as: \(written.text).self) }\n"
      main += "  print(\"\(name)\", MemoryLayout<\(written.text)>.size, MemoryLayout<\(written.text)>.stride)\n"
      expected.append("\(name) \(size) \((size + written.alignment - 1) / written.alignment * written.alignment)")
      let value = try btf.value(of: Array(raw[..<size]), as: type.id)
      for field in fields {
        let isSwapped = field == "port"
        main += "  print(\"\(field)\", record.\(field)\(isSwapped ? ".bytes" : ""))\n"
        expected.append("\(field) \(try #require(value[field]?.integer))")
      }
      main += "}\n"
    }
    // What lies deeper, and writing: what was written is there, and nothing else has changed.
    main += """
      do {
        let record = raw.withUnsafeBytes { $0.loadUnaligned(as: Event.self) }
        print(record.what.color.rawValue, record.what.odd.b, record.what.both.second, record.what.ratio.bitPattern)
        let outer = raw.withUnsafeBytes { $0.loadUnaligned(as: Outer.self) }
        print(outer.`in`.b, outer.list[2])
        var bits = raw.withUnsafeBytes { $0.loadUnaligned(as: Bits.self) }
        let before = bits
        bits.high = -2
        bits.mid = 4095
        print(bits.high, bits.mid, bits.low == before.low, bits.rest == before.rest)
        var packed = Packed()
        packed.b = 0xdead_beef
        packed.c = 7
        print(String(packed.b, radix: 16), packed.a, packed.c, Color.GREEN.rawValue, Color.BLUE.rawValue)
      }
      """
    let event = try #require(btf.find("event"))
    let deep = try #require(try btf.value(of: Array(raw[..<(btf.size(of: event.id) ?? 0)]), as: event.id)["what"])
    func number(_ value: BTFValue?) throws -> Int128 { try #require(value?.integer) }
    guard case .float(let ratio)? = deep["ratio"] else { throw Missing() }
    expected.append(
      "\(try number(deep["color"])) \(try number(deep["odd"]?["b"])) \(try number(deep["both"]?["second"])) \(ratio.bitPattern)")
    let outer = try #require(btf.find("outer"))
    let outside = try btf.value(of: Array(raw[..<(btf.size(of: outer.id) ?? 0)]), as: outer.id)
    guard case .array(let list)? = outside["list"] else { throw Missing() }
    expected.append("\(try number(outside["in"]?["b"])) \(try number(list[2]))")
    expected += ["-2 4095 true true", "deadbeef 0 7 5 -1"]

    let text = writer.declarations.joined(separator: "\n\n") + "\n\n" + main
    try folder.write(text, to: "main.swift")
    let sources = ["EBPFHost/RecordBytes.swift", "EBPFTypes/BigEndian.swift"].map { "\(packageFolder)/Sources/\($0)" }
    let compiled = try run(
      "swiftc", ["-swift-version", "6", "-warnings-as-errors", "\(folder.path)/main.swift"] + sources + ["-o", "\(folder.path)/records"])
    #expect(compiled.status == 0, "\(compiled.text)\n\(text)")
    let ran = try run("\(folder.path)/records", [])
    #expect(
      ran.status == 0 && ran.text.split(separator: "\n").map(String.init) == expected, "\(ran.text)\n\(text)")
  }

  private struct Missing: Error {}

  @Test func skeletonsOfCHaveTheirTypes() async throws {
    let folder = try WorkFolder()
    let job = SkeletonJob(name: "Records", sources: [try folder.write(Self.source, to: "records.bpf.c")])
    let text = try await job.run().text
    for line in [
      "let flows: HashMap<FlowKey, Outer>", "let mixes: ArrayMap<Mixed>", "let fields: ArrayMap<Bits>", "let queue: QueueMap<Packed>",
      "let events: RingBuffer<Event>", "let unknowns: Map", "let chain: Variable<Chain>", "let address: Variable<BigEndian<UInt32>>",
      "let run: Program",
    ] { #expect(text.contains("\(line)\n"), "\(line) in\n\(text)") }
    let use = """
      import EBPF

      func use(_ host: some Host) throws {
        let records = try Records.load(on: host) { $0.address = BigEndian(0x0a00_0001) }
        defer { records.close() }
        try records.maps.flows.forEach { key, value in print(key.port.value, value.`in`.b) }
        for event in try records.maps.events.records() { print(event.what.color == .GREEN, event.what.both.first) }
      }
      """
    let checked = try check([try folder.write(text, to: "Records.swift"), try folder.write(use, to: "use.swift")])
    #expect(checked.status == 0, "\(checked.text)\n\(text)")
  }
}
