import Foundation
import Testing

/// verify, compile, bench and conformance-plugin.
@Suite struct JudgementTests {
  /// An access without its check, and the same with it.
  static let source = """
    struct xdp_md { unsigned data, data_end, meta, ifindex, queue, egress; };
    __attribute__((section("xdp"), used)) int careless(struct xdp_md *ctx) {
      unsigned char *data = (void *)(long)ctx->data;
      return data[13] ? 2 : 1;
    }
    __attribute__((section("xdp"), used)) int careful(struct xdp_md *ctx) {
      unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
      if (data + 14 > end) return 0;
      return data[13] ? 2 : 1;
    }
    char LICENSE[] __attribute__((section("license"), used)) = "GPL";
    """

  @Test(arguments: ["userspace", "kernel"]) func verdicts(_ host: String) async throws {
    if host == "kernel", getuid() != 0 {
      print("not root: the kernel's verdict was not asked")
      return
    }
    let folder = try TemporaryFolder()
    let object = try Clang.compile(Self.source, "access", in: folder)
    let result = await CommandRun("verify", object, "--host", host, "--json")
    #expect(result.status == 1)
    let programs = try #require(result.json as? [[String: Any]], "\(result.output)\(result.errors)")
    let keys: Set = [
      "section", "name", "type", "verdict", "message", "instruction", "source", "instructionsProcessed", "microseconds",
    ]
    #expect(programs.map { Set($0.keys) } == [keys, keys])
    #expect(programs.map { $0["name"] as? String } == ["careless", "careful"])
    #expect(programs.map { $0["verdict"] as? String } == ["reject", "accept"])
    #expect(programs.allSatisfy { $0["section"] as? String == "xdp" && $0["type"] as? String == "xdp" })
    #expect((programs[0]["message"] as? String)?.contains("invalid access to packet") == true)
    #expect((programs[0]["source"] as? String)?.contains("access.c:4: return data[13]") == true, "\(programs[0])")
    #expect((programs[1]["instructionsProcessed"] as? Int ?? 0) > 3)
    #expect(await CommandRun("verify", object, "--host", host, "--program", "careful").status == 0)

    let text = await CommandRun("verify", object, "--host", host)
    #expect(text.status == 1 && text.errors.isEmpty)
    #expect(text.output.contains("1 of 2 programs accepted") && text.output.contains("invalid access to packet"))
    #expect(text.output.contains("return data[13]"))
  }

  @Test func compileWritesAnObject() async throws {
    let folder = try TemporaryFolder()
    let source = try folder.write("access.bpf.c", Array(Self.source.utf8))
    let output = "\(folder.path)/access.bpf.o"
    let result = await CommandRun("compile", source, "-o", output)
    #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result.errors)")
    #expect(try folder.bytes("access.bpf.o").starts(with: [0x7f, 0x45, 0x4c, 0x46]))
    // As compilers take them: the folder and the macro right behind the letter.
    let joined = await CommandRun("compile", source, "-o", output, "-I\(folder.path)", "-D__NAME=1", "-DOTHER")
    #expect(joined.status == 0, "\(joined.errors)")
    let wrong = try folder.write("wrong.bpf.c", Array("int f( { return missing; }\n".utf8))
    let refused = await CommandRun("compile", wrong, "-o", "\(folder.path)/wrong.o")
    #expect(refused.status == 1 && refused.errors.contains("wrong.bpf.c:1:") && refused.errors.hasSuffix("the compiler refused it\n"))
    #expect(folder.names == ["access.bpf.c", "access.bpf.o", "wrong.bpf.c"])
  }

  @Test func benchMeasures() async throws {
    let folder = try TemporaryFolder()
    let program = try folder.write("loop.s", Array("r0 = 1000\nagain:\nr0 += -1\nif r0 != 0 goto again\nr0 = 7\nexit\n".utf8))
    let memory = try folder.write("memory.bin", [1, 2, 3, 4])
    for engine in ["jit", "interpreter"] {
      let result = await CommandRun(
        "bench", program, "--memory", memory, "--engine", engine, "--unchecked", "--json", "--batches", "5")
      let json = try #require(result.json as? [String: Any], "\(result.errors)")
      #expect(Set(json.keys) == ["engine", "result", "nanosecondsPerRun", "compileMicroseconds", "codeBytes", "instructions"])
      #expect(json["result"] as? String == "0x7")
      #expect(json["instructions"] as? Int == 5)
      let times = try #require(json["nanosecondsPerRun"] as? [String: Double])
      // Two thousand instructions take no less than some hundred nanoseconds anywhere.
      #expect(try #require(times["best"]) > 100 && times["best"]! <= times["median"]!)
      #expect(try #require(json["compileMicroseconds"] as? Double) > 0)
    }
  }

  @Test func pluginProtocol() async throws {
    let program = "71 10 00 00 00 00 00 00 95 00 00 00 00 00 00 00"
    let tool = try #require(toolPath)
    for engine in ["jit", "interpreter", "checked"] {
      let result = try run(
        tool, ["conformance-plugin", "aa bb cc", "--engine", engine, "--cpu_version", "v3", "--debug"], input: program + "\n")
      #expect(result.status == 0 && result.text == "aa\n", "\(result.text)")
    }
    // The runner puts its options behind the memory: the subcommand among them.
    #expect(try run(tool, ["7f", "conformance-plugin", "--engine", "jit"], input: program).text == "7f\n")
    let inArgument = await CommandRun("conformance-plugin", "0102", "--program", program)
    #expect(inArgument.output == "1\n")
    let bad = try run(tool, ["conformance-plugin"], input: "zz")
    #expect(bad.status == 1 && bad.text.hasPrefix("ebpf: the program is no base16"))
  }

  /// The process itself: exit statuses, and where the text goes.
  @Test func exitStatuses() throws {
    let tool = try #require(toolPath)
    #expect(try run(tool, ["--version"]).status == 0)
    #expect(try run(tool, ["run", "--help"]).status == 0)
    #expect(try run(tool, ["inspect", "/nonexistent.o"]).status == 1)
    #expect(try run(tool, ["run"]).status == 2)
    #expect(try run(tool, ["nonsense"]).status == 2)
  }
}

/// The `ebpf` that was built with the tests.
let toolPath: String? = {
  guard let runner = Bundle.main.executablePath else { return nil }
  let beside = URL(fileURLWithPath: runner).deletingLastPathComponent().appendingPathComponent("ebpf").path
  if FileManager.default.isExecutableFile(atPath: beside) { return beside }
  // A test helper of the toolchain runs the bundle that its arguments name.
  return CommandLine.arguments.compactMap { argument in
    let folder = URL(fileURLWithPath: argument).deletingLastPathComponent()
    let path = folder.appendingPathComponent("ebpf").path
    return argument.contains(".xctest") && FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }.first
}()
