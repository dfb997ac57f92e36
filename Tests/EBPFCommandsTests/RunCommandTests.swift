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
}
