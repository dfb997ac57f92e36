import EBPFCapture
import Foundation
import Testing

/// `ebpf filter` selects the packets that tcpdump selects.
@Suite struct FilterCommandTests {
  /// What a packet of a capture is, whatever the file around it.
  struct Selected: Equatable {
    var data: [UInt8]
    var length: UInt32
    var time: CaptureTimestamp
  }

  static func packets(_ bytes: [UInt8]) throws -> [Selected] {
    let capture = try Capture(bytes: bytes)
    return capture.packets.map {
      Selected(data: Array(capture.data(of: $0)), length: $0.originalLength, time: capture.timestamp(of: $0))
    }
  }

  static let tcpdump: String? = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump", "/usr/local/bin/tcpdump", "/opt/homebrew/bin/tcpdump"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// What tcpdump selects; `nil` where it refuses the expression.
  static func selectedByTcpdump(_ expression: String, _ file: String) throws -> [Selected]? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(tcpdump))
    process.arguments = ["--nano", "-r", file, "-w", "-", "--", expression]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return process.terminationStatus == 0 ? try packets(bytes) : nil
  }

  static let expressions = [
    "", "ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6", "tcp port 80", "tcp dst port 443", "port 53", "portrange 1-1024",
    "udp and not port 53", "host 10.0.0.1", "net 192.168.0.0/16", "net 10.0.0.0/8 or net 172.16.0.0/12", "ip6 net fe80::/10",
    "src net 0.0.0.0/1", "vlan", "vlan 7", "vlan and ip", "vlan and vlan", "vlan and ip6 and tcp", "less 100", "greater 1000",
    "len > 60 and len < 90", "ip proto 17", "ip[0] & 0xf != 5", "ip[6:2] & 0x1fff != 0", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)", "ether broadcast", "ether multicast",
    "ether proto 0x0800",
    "ip6 proto 58", "ip6 protochain 58", "ip protochain 6", "ip multicast", "ip broadcast", "not ip and not ip6", "stp", "llc", "geneve",
    "proto gre", "ip proto 103", "udp[4:2] > 100", "ip[ip[0]-70] = 1", "ip[0] / ip[1] > 1", "ip[0] % 7 = 6 or ip[8] ^ 3 = 5",
    "ip[8] << ip[0] = 0", "icmp[icmptype] == icmp-echo", "mpls", "pppoes", "atalk or ipx or iso", "inbound",
    "ip[2:2] * ip[4:2] > 70000", "ether[0-4] = 0", "(tcp or udp) and (port 22 or port 6379 or port 179)", "tcp port 80 and",
  ]

  /// Compares one selection, its bytes, lengths and times.
  /// - Returns: how many packets it has.
  @discardableResult
  static func compare(_ expression: String, _ file: String, _ folder: TemporaryFolder) async throws -> Int {
    let expected = try selectedByTcpdump(expression, file)
    let output = folder.path + "/selected"
    let run = await CommandRun("filter", "--read", file, "--write", output, "--", expression)
    guard let expected else {
      #expect(run.status == 1, "'\(expression)' on \(file) is refused by tcpdump")
      #expect(run.errors.hasPrefix("ebpf: '\(expression)': "))
      return 0
    }
    guard run.status == 0 else {
      Issue.record("'\(expression)' on \(file): \(run.errors)")
      return 0
    }
    let ours = try packets([UInt8](Data(contentsOf: URL(fileURLWithPath: output))))
    let agrees = ours == expected
    #expect(agrees, "'\(expression)' on \(file): \(ours.count) packets, tcpdump has \(expected.count)")
    #expect(run.output.hasPrefix("\(expected.count) of "))
    return expected.count
  }

  static let examples = try! FileManager.default.contentsOfDirectory(atPath: packageFolder + "/Examples/Captures")
    .filter { $0.hasSuffix(".pcap") }.sorted().map { "\(packageFolder)/Examples/Captures/\($0)" }

  /// More captures, from the folder that `EBPF_CAPTURES` names.
  static let others: [String] = {
    guard let folder = ProcessInfo.processInfo.environment["EBPF_CAPTURES"] else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".pcap") || $0.hasSuffix(".pcapng") }.sorted().map { "\(folder)/\($0)" }
  }()

  @Test("every expression on every capture", .enabled(if: tcpdump != nil, "tcpdump is not installed"), arguments: examples + others)
  func captures(file: String) async throws {
    let folder = try TemporaryFolder()
    var selected = 0
    for expression in Self.expressions { selected += try await Self.compare(expression, file, folder) }
    #expect(selected > 0)
  }

  /// What stands before an IP packet in captures of each link type; the second is for IPv6.
  static let linkHeaders: [(type: UInt32, ipv4: [UInt8], ipv6: [UInt8])] = {
    let addresses: [UInt8] = [1, 2, 3, 4, 5, 6, 2, 2, 2, 2, 2, 2]
    let wireless: [UInt8] = [8, 1, 0, 0] + addresses + [3, 3, 3, 3, 3, 3, 0, 0]
    func snap(_ before: [UInt8]) -> ([UInt8], [UInt8]) {
      (before + [0xaa, 0xaa, 3, 0, 0, 0, 8, 0], before + [0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd])
    }
    func typed(_ before: [UInt8], _ after: [UInt8] = []) -> ([UInt8], [UInt8]) {
      (before + [8, 0] + after, before + [0x86, 0xdd] + after)
    }
    let headers: [(UInt32, ([UInt8], [UInt8]))] = [
      (0, ([2, 0, 0, 0], [10, 0, 0, 0])), (6, snap([0x10, 0x40] + addresses)), (9, ([0xff, 3, 0, 0x21], [0xff, 3, 0, 0x57])),
      (10, snap([0x50] + addresses)), (50, ([0xff, 3, 0, 0x21], [0xff, 3, 0, 0x57])),
      (51, ([0x11, 0, 0, 1, 0, 2, 0, 0x21], [0x11, 0, 0, 1, 0, 2, 0, 0x57])),
      (100, snap([])), (101, ([], [])), (104, typed([0x0f, 0])), (105, snap(wireless)),
      (107, ([0x18, 0x41, 3, 0xcc], [0x18, 0x41, 3, 0x8e])),
      (108, ([0, 0, 0, 2], [0, 0, 0, 10])), (113, typed([0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0])),
      (127, snap([0, 0, 8, 0, 0, 0, 0, 0] + wireless)),
      (163, snap([0, 0, 0, 0, 0, 0, 0, 64] + [UInt8](repeating: 0, count: 56) + wireless)),
      (192, snap([0, 0, 8, 0, 105, 0, 0, 0] + wireless)), (228, ([], [])), (229, ([], [])),
      (276, typed([], [0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 2, 2, 2, 2, 2, 0, 0])),
    ]
    return headers.map { ($0.0, $0.1.0, $0.1.1) }
  }()

  /// The IP packets of the examples with another header before them, as a pcap file of that link type.
  static func capture(linkType: UInt32, bigEndian: Bool = false, _ header: (ipv4: [UInt8], ipv6: [UInt8])) throws -> [UInt8] {
    var file: [UInt8] = []
    func append(_ value: UInt32, bytes: Int = 4) {
      let digits = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
      file += bigEndian ? digits.reversed() : digits
    }
    append(0xa1b2_c3d4)
    append(2, bytes: 2)
    append(4, bytes: 2)
    for value in [0, 0, 65535, linkType] { append(value) }
    for name in ["web", "dns"] {
      let capture = try Capture(bytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(packageFolder)/Examples/Captures/\(name).pcap"))))
      for packet in capture.packets {
        let data = capture.data(of: packet)
        let type = data.dropFirst(12).prefix(2)
        guard type == [8, 0] || type == [0x86, 0xdd] else { continue }
        let changed = (type == [8, 0] ? header.ipv4 : header.ipv6) + data.dropFirst(14)
        append(UInt32(truncatingIfNeeded: capture.timestamp(of: packet).seconds))
        append(capture.timestamp(of: packet).nanoseconds / 1000)
        append(UInt32(changed.count))
        append(packet.originalLength - UInt32(data.count) + UInt32(changed.count))
        file += changed
      }
    }
    return file
  }

  static let shortList = [
    "ip", "ip6", "tcp", "udp port 53", "tcp port 80", "less 120", "ip6 proto 6", "tcp[13] & 2 != 0", "ip6 protochain 17", "vlan",
    "host 10.0.0.1 or ip6", "arp or icmp",
  ]

  @Test("other link types", .enabled(if: tcpdump != nil, "tcpdump is not installed"))
  func linkTypes() async throws {
    let folder = try TemporaryFolder()
    for header in Self.linkHeaders {
      let file = try folder.write("\(header.type).pcap", Self.capture(linkType: header.type, (header.ipv4, header.ipv6)))
      var selected = 0
      for expression in Self.shortList { selected += try await Self.compare(expression, file, folder) }
      #expect(selected > 0, "link type \(header.type)")
    }
    // The family before a BSD loopback packet is in the order of the machine that captured it.
    let file = try folder.write("swapped.pcap", Self.capture(linkType: 0, bigEndian: true, ([0, 0, 0, 2], [0, 0, 0, 10])))
    #expect(try await Self.compare("ip", file, folder) > 0)
    #expect(try await Self.compare("ip6 or tcp port 80", file, folder) > 0)
  }

  @Test("lengths that contradict each other", .enabled(if: tcpdump != nil, "tcpdump is not installed"))
  func oddLengths() async throws {
    let folder = try TemporaryFolder()
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(packageFolder)/Examples/Captures/web.pcap")))
    var cut = original
    cut.replaceSubrange(16..<20, with: [60, 0, 0, 0])
    var short = original
    let capture = try Capture(bytes: original)
    for packet in capture.packets { short.replaceSubrange(packet.range.lowerBound - 4..<packet.range.lowerBound, with: [33, 0, 0, 0]) }
    for (name, bytes) in [("snapshot length below the packets'", cut), ("shorter on the wire than in the file", short)] {
      let file = try folder.write("\(name).pcap", bytes)
      for expression in ["tcp", "len = 33", "greater 61", "tcp[60] = 0", "ip[40] != 0"] { try await Self.compare(expression, file, folder) }
    }
  }

  @Test("a capture of several link types gets a filter for each")
  func severalLinkTypes() async throws {
    func block(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
      let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
      let length = [UInt8(padded.count + 12), 0, 0, 0]
      return [type, 0, 0, 0] + length + padded + length
    }
    func packet(_ interface: UInt8, _ bytes: [UInt8]) -> [UInt8] {
      block(
        6, [interface, 0, 0, 0] + [UInt8](repeating: 0, count: 8) + [UInt8(bytes.count), 0, 0, 0, UInt8(bytes.count), 0, 0, 0] + bytes)
    }
    let header: [UInt8] =
      [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0] + [UInt8](repeating: 0xff, count: 8) + [28, 0, 0, 0]
    let ethernet: [UInt8] = [1, 0, 0, 0, 0, 0, 4, 0]
    let raw: [UInt8] = [101, 0, 0, 0, 0, 0, 4, 0]
    let udp: [UInt8] = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0, 53, 0, 8, 0, 0]
    let tcp: [UInt8] = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0, 53, 0, 8, 0, 0]
    let link: [UInt8] = [UInt8](repeating: 2, count: 12) + [8, 0]
    let bytes =
      header + block(1, ethernet) + block(1, raw) + packet(0, link + udp) + packet(1, tcp) + packet(1, udp) + packet(0, link + tcp)
    let folder = try TemporaryFolder()
    let file = try folder.write("two.pcapng", bytes)
    let output = folder.path + "/out.pcapng"
    let run = await CommandRun("filter", "udp port 53", "--read", file, "--write", output, "--json")
    #expect(run.status == 0, "\(run.errors)")
    let json = try #require(run.json as? [String: Any])
    #expect(json["packets"] as? Int == 4)
    #expect(json["matched"] as? Int == 2)
    let filters = try #require(json["filters"] as? [[String: Any]])
    #expect(filters.map { $0["linkType"] as? Int } == [1, 101])
    #expect(filters.map { $0["matched"] as? Int } == [1, 1])
    let written = try Capture(bytes: folder.bytes("out.pcapng"))
    #expect(written.packets.map { Array(written.data(of: $0)) } == [link + udp, udp])
    #expect(written.packets.map { written.linkType(of: $0) } == [.ethernet, .raw])
    let compiled = try folder.write("one.ddd", "1\n6 0 0 1\n".utf8)
    let refused = await CommandRun("filter", "--ddd", compiled, "--read", file)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("several link types (1, 101)"))
  }

  @Test("filters that were compiled before")
  func compiled() async throws {
    let folder = try TemporaryFolder()
    let web = "\(packageFolder)/Examples/Captures/web.pcap"
    let all = try Capture(bytes: [UInt8](Data(contentsOf: URL(fileURLWithPath: web))))
    let expected = all.packets.count { Array(all.data(of: $0).dropFirst(12).prefix(2)) == [0x86, 0xdd] }
    // tcpdump -ddd ip6, and -dd ip6.
    let decimal = try folder.write("ip6.ddd", "4\n40 0 0 12\n21 0 1 34525\n6 0 0 262144\n6 0 0 0\n".utf8)
    let c = try folder.write(
      "ip6.dd", "{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x000086dd },\n{ 0x6, 0, 0, 0x00040000 },\n{ 0x6, 0, 0, 0x00000000 },\n".utf8)
    for file in [decimal, c] {
      for engine in ["jit", "interpreter", "checked"] {
        let run = await CommandRun("filter", "--ddd", file, "--read", web, "--count", "--engine", engine)
        #expect(run.output == "\(expected)\n")
      }
    }
    let listing = await CommandRun("filter", "--ddd", decimal, "--read", web, "-d")
    #expect(
      listing.output
        == "(000) ldh      [12]\n(001) jeq      #0x86dd          jt 2\tjf 3\n(002) ret      #262144\n(003) ret      #0\n")
    let translation = await CommandRun("filter", "--ddd", decimal, "--read", web, "--translation")
    #expect(
      translation.output
        == "r6 = r1\nw0 = 0\nw7 = 0\nr0 = *(u16 *)skb[12]\nif w0 != 34525 goto +2\nw0 = 262144\nexit\nw0 = 0\nexit\n")
    let broken = try folder.write("broken.ddd", "2\n6 0 0 1\n".utf8)
    let run = await CommandRun("filter", "--ddd", broken, "--read", web, "--write", folder.path + "/none.pcap")
    #expect(run.status == 1)
    #expect(run.errors == "ebpf: \(broken): line 3: 1 instructions, but the first line announces 2\n")
    let invalid = try folder.write("invalid.ddd", "1\n0 0 0 1\n".utf8)
    let refused = await CommandRun("filter", "--ddd", invalid, "--read", web)
    #expect(refused.errors.contains("instruction 0: the last instruction is not a ret"))
    #expect(!folder.names.contains("none.pcap"))
  }

  @Test("a capture that is cut gives what is whole before, an error with the place, and no file")
  func cutCapture() async throws {
    let folder = try TemporaryFolder()
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(packageFolder)/Examples/Captures/web.pcap")))
    let third = try Capture(bytes: original).packets[2]
    let cut = try folder.write("cut.pcap", original.prefix(third.range.lowerBound + 5))
    let compiled = try folder.write("all.ddd", "1\n6 0 0 1\n".utf8)
    let run = await CommandRun("filter", "--ddd", compiled, "--read", cut, "--write", folder.path + "/out.pcap", "--count")
    #expect(run.status == 1)
    #expect(run.output == "2\n")
    #expect(run.errors.hasPrefix("ebpf: \(cut): offset \(third.range.lowerBound): "))
    #expect(run.errors.hasSuffix("; \(folder.path)/out.pcap was not written\n"))
    #expect(!folder.names.contains("out.pcap"))
    let garbage = try folder.write("garbage.pcap", [1, 2, 3, 4, 5])
    let refused = await CommandRun("filter", "--ddd", compiled, "--read", garbage)
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("ebpf: \(garbage): offset 0: not a pcap or pcapng capture"))
  }

  @Test(
    "wrong usage",
    arguments: [
      ["filter", "ip"], ["filter", "ip", "--read", "x", "--ddd", "y"], ["filter", "ip", "--read", "x", "--count", "--json"],
      ["filter", "ip", "--read", "x", "-d", "--count"], ["filter", "ip", "--read", "x", "--write", "-", "--json"],
      ["filter", "ip", "--read", "x", "--engine", "none"], ["filter", "ip", "--read", "x", "--repeat", "0"],
    ])
  func usage(arguments: [String]) async {
    let run = await CommandRun(arguments)
    #expect(run.status == 2)
    #expect(run.output.isEmpty)
  }
}
