import Foundation
import Testing

/// `ebpf run`: the main job, and what scripts rely on.
@Suite struct RunCommandTests {
  static let example = "\(packageFolder)/Examples/PacketCounter/packet_counter.bpf.c"
  static func capture(_ name: String) -> String { "\(packageFolder)/Examples/Captures/\(name).pcap" }

  /// The example's maps as numbers: packets and bytes by protocol and by source, and the globals.
  private struct Counts {
    var protocols: [String: Int] = [:]
    var bytes = 0
    var sources: [String: Int] = [:]
    var tags: [Int] = []

    init(_ json: [String: Any]) throws {
      let maps = try #require(json["maps"] as? [String: [[String: Any]]])
      for entry in try #require(maps["protocols"]) {
        let value = try #require(entry["value"] as? [String: Any])
        protocols[try #require(entry["key"] as? String)] = value["packets"] as? Int
        bytes += try #require(value["bytes"] as? Int)
      }
      for entry in try #require(maps["sources"]) {
        let octets = try #require((entry["key"] as? [String: Any])?["octets"] as? [Int])
        sources[octets.map(String.init).joined(separator: ".")] = (entry["value"] as? [String: Any])?["packets"] as? Int
      }
      tags = try #require((maps[".bss"]?.first?["value"] as? [String: Any])?["vlan_tags"] as? [Int])
    }
  }

  /// Packets that tcpdump finds, whatever number of VLAN tags (none to two) stands before what the expression asks for.
  private func tcpdump(_ capture: String, _ expression: String) throws -> Int {
    try ["", "vlan and ", "vlan and vlan and "].reduce(0) { $0 + (try tcpdumpPlain(capture, "\($1)(\(expression))")) }
  }

  private func tcpdumpPlain(_ capture: String, _ expression: String) throws -> Int { try tcpdumpLines(capture, [expression]).count }

  private func tcpdumpLines(_ capture: String, _ arguments: [String]) throws -> [Substring] {
    let result = try run(try #require(Self.tcpdump), ["-n", "-r", capture] + arguments)
    try #require(result.status == 0, "\(result.text)")
    return result.text.split(separator: "\n").filter { $0.first?.isNumber == true }
  }

  private static let tcpdump = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump"].first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(arguments: ["web", "dns", "vlan"]) func numbersAgreeWithTcpdump(_ name: String) async throws {
    guard Self.tcpdump != nil else {
      print("tcpdump is not installed (Debian package tcpdump): its numbers were not compared")
      return
    }
    let capture = Self.capture(name)
    let result = await CommandRun("run", Self.example, "--pcap", capture, "--json")
    try #require(result.status == 0, "\(result.errors)")
    let json = try #require(result.json as? [String: Any])
    #expect(Set(json.keys) == ["packets", "actions", "maps"])
    let all = try tcpdumpLines(capture, []).count
    #expect(json["packets"] as? Int == all)
    let blocked = try tcpdump(capture, "tcp dst port 81")
    let actions = try #require(json["actions"] as? [String: Int])
    #expect(actions == (blocked > 0 ? ["pass": all - blocked, "drop": blocked] : ["pass": all]))

    let counts = try Counts(json)
    let expressions = [
      "ARP": "arp", "IPV4_ICMP": "icmp", "IPV4_TCP": "ip and tcp", "IPV4_UDP": "ip and udp", "IPV6_ICMP": "ip6 and icmp6",
      "IPV6_TCP": "ip6 and tcp", "IPV6_UDP": "ip6 and udp",
    ]
    for (key, expression) in expressions { #expect(counts.protocols[key] == (try tcpdump(capture, expression)), "\(key)") }
    for (source, packets) in counts.sources { #expect(packets == (try tcpdump(capture, "ip src \(source)")), "\(source)") }
    #expect(counts.sources.values.reduce(0, +) == (try tcpdump(capture, "ip")))
    let tagged = try tcpdumpPlain(capture, "vlan")
    let twice = try tcpdumpPlain(capture, "vlan and vlan")
    #expect(counts.tags == [all - tagged, tagged - twice, twice])
    // With -e each line has the length of the frame.
    let lengths = try tcpdumpLines(capture, ["-e", "-q"]).compactMap { line in
      line.firstRange(of: "length ").flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
    }
    #expect(counts.bytes == lengths.reduce(0, +))
  }

  /// Whatever executes the program, the answer is the same.
  @Test(arguments: ["web", "dns", "vlan", "iperf"]) func enginesAgree(_ name: String) async throws {
    var outputs: [String] = []
    for engine in ["jit", "interpreter", "checked"] {
      let result = await CommandRun("run", Self.example, "--pcap", Self.capture(name), "--engine", engine, "--json")
      try #require(result.status == 0, "\(result.errors)")
      outputs.append(result.output)
    }
    #expect(Set(outputs).count == 1)
  }

  @Test func textSaysWhatRan() async throws {
    let result = await CommandRun("run", Self.example, "--pcap", Self.capture("web"))
    try #require(result.status == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("packet_counter (xdp): proved safe, run "))
    for word in ["packets", "pass", "drop", "protocols", "IPV4_TCP", "sources", "vlan_tags = [", "blocked_port = 81"] {
      #expect(result.output.contains(word), "\(word)")
    }
  }

  @Test func writtenCaptureHoldsWhatPassed() async throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/passed.pcap"
    let result = await CommandRun("run", Self.example, "--pcap", Self.capture("web"), "--write", output, "--json")
    try #require(result.status == 0, "\(result.errors)")
    let actions = try #require((result.json as? [String: Any])?["actions"] as? [String: Int])
    let again = await CommandRun("run", Self.example, "--pcap", output, "--json")
    #expect((again.json as? [String: Any])?["actions"] as? [String: Int] == ["pass": try #require(actions["pass"])])
    #expect(folder.names == ["passed.pcap"])
    if Self.tcpdump != nil { #expect(try tcpdumpLines(output, []).count == actions["pass"]) }
  }

  /// As tcpdump: the packets before the cut are dealt with, the rest is an error, and no half result is written.
  @Test func cutCapture() async throws {
    let folder = try TemporaryFolder()
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.capture("dns"))))
    let cut = try folder.write("cut.pcap", whole.dropLast(5))
    let output = "\(folder.path)/passed.pcap"
    let result = await CommandRun("run", Self.example, "--pcap", cut, "--write", output, "--json")
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("ebpf: \(cut): offset ") && result.errors.contains("whole packets"), "\(result.errors)")
    let full = await CommandRun("run", Self.example, "--pcap", Self.capture("dns"), "--json")
    let packets = try #require((full.json as? [String: Any])?["packets"] as? Int)
    #expect((result.json as? [String: Any])?["packets"] as? Int == packets - 1)
    #expect(folder.names == ["cut.pcap"])
  }

  @Test func capturesThatAreNone() async throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("text.pcap", Array("not a capture".utf8))
    for (path, word) in [(text, "not a pcap"), ("\(folder.path)/absent.pcap", "No such file")] {
      let result = await CommandRun("run", Self.example, "--pcap", path, "--write", "\(folder.path)/out.pcap")
      #expect(result.status == 1 && result.output.isEmpty && result.errors.hasPrefix("ebpf: \(path): ") && result.errors.contains(word))
    }
    #expect(folder.names == ["text.pcap"])
  }

  @Test func rawProgramsOnMemory() async throws {
    let folder = try TemporaryFolder()
    let source = try folder.write(
      "sum.s",
      Array(
        """
          r0 = 0
          if r2 == 0 goto done
          r3 = *(u8 *)(r1 + 0)
          r0 = r3
          r4 = r0
          r4 <<= 56
          r0 |= r4
        done:
          exit
        """.utf8))
    let memory = try folder.write("memory.bin", [0x81, 2, 3])
    #expect(await CommandRun("assemble", source, "-o", "\(folder.path)/sum.bin").status == 0)
    for program in [source, "\(folder.path)/sum.bin"] {
      for engine in ["jit", "interpreter", "checked"] {
        let result = await CommandRun("run", program, "--type", "raw", "--memory", memory, "--engine", engine, "--unchecked", "--json")
        let json = try #require(result.json as? [String: Any], "\(result.errors)")
        #expect(json["result"] as? String == "0x8100000000000081")
        #expect(json["data"] as? String == "810203")
      }
    }
    // With --memory the type of raw instructions is raw.
    let plain = await CommandRun("run", "\(folder.path)/sum.bin", "--memory", memory, "--unchecked")
    #expect(plain.status == 0 && plain.output.contains("(raw): unproved") && plain.output.contains("0x8100000000000081"))
  }

  @Test func wrongUsage() async throws {
    let folder = try TemporaryFolder()
    let object = try Clang.compile(ListingCommandTests.source, "flows", in: folder)
    let several = await CommandRun("run", object, "--pcap", Self.capture("dns"))
    #expect(several.status == 2 && several.errors.contains("count, other"))
    let nothing = await CommandRun("run", object, "--program", "other")
    #expect(nothing.status == 2 && nothing.errors.contains("--pcap"))
    let both = await CommandRun("run", object, "--pcap", "a", "--memory", "b")
    #expect(both.status == 2)
    let engine = await CommandRun("run", object, "--pcap", "a", "--engine", "fast")
    #expect(engine.status == 2 && engine.errors.contains("interpreter"))
    let host = await CommandRun("run", object, "--program", "other", "--pcap", Self.capture("dns"), "--host", "kernel", "--unchecked")
    #expect(host.status == 2)
  }

  /// A fault in the checked interpreter is one line with the packet, the instruction and the source.
  @Test func faultsAreNamed() async throws {
    let folder = try TemporaryFolder()
    let program = try folder.write("bad.s", Array(".section xdp\nr1 = *(u64 *)(r1 + 4096)\nr0 = 2\nexit\n".utf8))
    let result = await CommandRun("run", program, "--pcap", Self.capture("dns"), "--unchecked", "--engine", "checked")
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.errors.contains("packet 1: program 'bad', instruction 0"), "\(result.errors)")
    #expect(result.errors.filter { $0 == "\n" }.count == 1)
  }

  /// A proved program meets no other memory than it was proved for: bytes that are missing, or a caller's in place of addresses, are refused
  /// in one line.
  @Test(arguments: ["jit", "interpreter", "checked"]) func contextsThatDoNotFit(_ engine: String) async throws {
    let folder = try TemporaryFolder()
    func expectRefusal(_ name: String, _ type: String, _ source: String, _ bytes: Int, _ words: [String]) async throws {
      let program = try folder.write("\(name).s", Array(source.utf8))
      let context = try folder.write("\(name).context", [UInt8](repeating: 0x41, count: bytes))
      let result = await CommandRun("run", program, "--type", type, "--context", context, "--engine", engine)
      #expect(result.status == 1 && result.output.isEmpty && result.errors.filter { $0 == "\n" }.count == 1, "\(result.errors)")
      for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
    }
    let far = "r0 = *(u32 *)(r1 + 4000)\nexit\n"
    try await expectRefusal("far", "syscall", far, 0, ["'far'", "4004 bytes of context, and 0"])
    try await expectRefusal("far", "syscall", far, 4003, ["4004 bytes of context, and 4003"])
    try await expectRefusal("store", "syscall", "r0 = 0\n*(u64 *)(r1 + 192) = 7\nexit\n", 192, ["200 bytes of context, and 192"])
    let packet = "r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r1 + 8)\nr0 = 1\nr4 = r2\nr4 += 8\nif r4 > r3 goto +1\nr0 = *(u8 *)(r2 + 0)\nexit\n"
    try await expectRefusal("message", "sk_msg", packet, 72, ["'message' is of type sk_msg", "addresses"])
    let flow = packet.replacingOccurrences(of: "u64", with: "u32")
      .replacingOccurrences(of: "r1 + 0", with: "r1 + 76").replacingOccurrences(of: "r1 + 8", with: "r1 + 80")
    try await expectRefusal("flow", "flow_dissector", flow, 192, ["'flow' is of type flow_dissector"])
    let socket = "r2 = *(u64 *)(r1 + 184)\nr0 = 1\nif r2 == 0 goto +1\nr0 = *(u32 *)(r2 + 4)\nexit\n"
    try await expectRefusal("socket", "sock_ops", socket, 192, ["'socket' is of type sock_ops"])

    let enough = await CommandRun(
      "run", "\(folder.path)/far.s", "--type", "syscall", "--context", try folder.write("enough", [UInt8](repeating: 0x41, count: 4004)),
      "--engine", engine, "--json")
    #expect(enough.status == 0 && (enough.json as? [String: Any])?["result"] as? String == "0x41414141", "\(enough.errors)")
  }
}
