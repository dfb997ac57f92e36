import Foundation
import Testing

/// inspect, disassemble, assemble: what needs no host.
@Suite struct ListingCommandTests {
  static let source = """
    struct traffic { unsigned long long packets; unsigned bytes; };
    struct { int (*type)[1]; unsigned *key; struct traffic *value; int (*max_entries)[16]; int (*map_flags)[1]; }
      flows __attribute__((section(".maps"), used));
    const volatile unsigned short port = 443;
    unsigned long long seen[2];
    static void *(*lookup)(void *, const void *) = (void *)1;
    static __attribute__((noinline)) int twice(int x) { return 2 * x; }
    __attribute__((section("xdp"), used)) int count(void *ctx) {
      unsigned key = port;
      struct traffic *t = lookup(&flows, &key);
      if (t) { t->packets++; seen[1]++; }
      return twice((int)(long)ctx);
    }
    __attribute__((section("tc"), used)) int other(void *ctx) { return 0; }
    char LICENSE[] __attribute__((section("license"), used)) = "GPL";
    """

  @Test func inspectSaysWhatTheFileHolds() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.source, "flows", in: folder)
    let run = await CommandRun("inspect", object, "--json")
    #expect(run.status == 0)
    let json = try #require(run.json as? [String: Any])
    #expect(json["license"] as? String == "GPL")
    let programs = try #require(json["programs"] as? [[String: Any]])
    #expect(programs.map { $0["name"] as? String } == ["count", "other"])
    #expect(programs[0]["maps"] as? [String] == [".rodata", "flows", ".bss"])
    #expect((programs[0]["functions"] as? [[String: Any]])?.map { $0["name"] as? String } == ["count", "twice"])
    let maps = try #require(json["maps"] as? [[String: Any]])
    let flows = try #require(maps.first { $0["name"] as? String == "flows" })
    #expect(flows["type"] as? String == "hash")
    #expect(flows["valueSize"] as? Int == 16)
    #expect(flows["valueType"] as? String == "struct traffic")
    #expect(flows["flags"] as? [String] == ["no_prealloc"])
    let globals = try #require(json["globals"] as? [[String: Any]])
    let port = try #require(globals.first { $0["name"] as? String == "port" })
    #expect(port["value"] as? Int == 443)
    #expect(port["valueHex"] as? String == "bb01")

    let text = await CommandRun("inspect", object)
    #expect(text.output.contains("flows") && text.output.contains("16 B, struct traffic"))
    #expect(!text.output.contains("\u{1b}"))
    let coloured = await CommandRun(["inspect", object], color: true)
    #expect(coloured.output.contains("\u{1b}[1m"))
    let definitions = await CommandRun("inspect", object, "--definitions")
    #expect(definitions.output.contains("struct traffic {"))
  }

  @Test func disassembleIsReadBack() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.source, "flows", in: folder)
    for style in ["llvm", "kernel"] {
      let listing = await CommandRun("disassemble", object, "--program", "other", "--style", style)
      #expect(listing.status == 0)
      let source = listing.output.split(separator: "\n").filter { !$0.hasSuffix(":") }.joined(separator: "\n") + "\n"
      let text = try folder.write("\(style).s", Array(source.utf8))
      let assembled = await CommandRun("assemble", text, "-o", "\(folder.path)/\(style).bin")
      #expect(assembled.status == 0, "\(assembled.errors)")
    }
    #expect(try folder.bytes("llvm.bin") == [0xb4, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0])
    #expect(try folder.bytes("llvm.bin") == folder.bytes("kernel.bin"))
    let withSource = await CommandRun("disassemble", object, "-S", "--program", "count")
    #expect(withSource.output.contains("; ") && withSource.output.contains("t->packets++"))
    #expect(withSource.output.contains("<twice>:"))
  }

  /// Against the tool itself, the one that belongs to the toolchain where there is one.
  @Test func disassembleIsWhatObjdumpPrints() async throws {
    let tool =
      ProcessInfo.processInfo.environment["EBPF_LLVM_OBJDUMP"]
      ?? Clang.path.map { $0.replacingOccurrences(of: "/clang", with: "/llvm-objdump") }
    guard let tool, FileManager.default.isExecutableFile(atPath: tool) else {
      print("no llvm-objdump beside clang, and EBPF_LLVM_OBJDUMP names none: not compared")
      return
    }
    let version = try run(tool, ["--version"]).text
    guard let major = version.split(separator: " ").compactMap({ Int($0.prefix { $0 != "." }) }).first, major >= 20 else {
      print("\(tool) is older than LLVM 20: not compared")
      return
    }
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.source, "flows", in: folder)
    #expect(await CommandRun("disassemble", object).output == (try run(tool, ["-d", "--no-print-imm-hex", object]).text))
    #expect(await CommandRun("disassemble", "-S", object).output == (try run(tool, ["-d", "-S", "--no-print-imm-hex", object]).text))
  }

  @Test func assembleNamesTheFileItWrites() async throws {
    let folder = try TemporaryFolder()
    let good = try folder.write("good.s", Array("r0 = 7\nexit\n".utf8))
    #expect(await CommandRun("assemble", good, "--hex").output == "b700000007000000\n9500000000000000\n")
    let bad = try folder.write("bad.s", Array("r0 = 7\nr11 = 1\n".utf8))
    let refused = await CommandRun("assemble", bad, "-o", "\(folder.path)/out.bin")
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("ebpf: \(bad):2:"))
    #expect(refused.errors.filter { $0 == "\n" }.count == 1)
    #expect(folder.names == ["bad.s", "good.s"])
  }
}
