import EBPFCommands
import Foundation
import Synchronization
import Testing

/// How `ebpf run` lists maps of other types than the example's.
@Suite struct MapListingTests {
  static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); } lengths SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 4); __uint(value_size, 4); } first SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 8); } plain SEC(".maps");
    char label[6] = "hello";
    SEC("xdp") int collect(struct xdp_md *ctx) {
      __u32 zero = 0, length = ctx->data_end - ctx->data, five = 5;
      __u64 large = 1ull << 60;
      __u64 *sum = bpf_map_lookup_elem(&lengths, &zero);
      if (sum) *sum += length;
      bpf_map_push_elem(&first, &length, 0);
      bpf_map_update_elem(&plain, &five, &large, 0);
      bpf_ringbuf_output(&events, &length, sizeof length, 0);
      return XDP_TX;
    }
    char LICENSE[] SEC("license") = "GPL";
    """

  @Test func mapsOfEachKind() async throws {
    let folder = try TemporaryFolder()
    let program = try folder.write("collect.bpf.c", Array(Self.source.utf8))
    let result = await CommandRun("run", program, "--pcap", RunCommandTests.capture("dns"), "--json")
    try #require(result.status == 0, "\(result.errors)")
    let json = try #require(result.json as? [String: Any])
    let packets = try #require(json["packets"] as? Int)
    #expect(json["actions"] as? [String: Int] == ["tx": packets])
    let maps = try #require(json["maps"] as? [String: [[String: Any]]])

    // A value for each processor, and all elements of the array.
    let lengths = try #require(maps["lengths"])
    #expect(lengths.count == 2 && lengths.map { $0["key"] as? Int } == [0, 1])
    let values = try #require(lengths[0]["value"] as? [Int])
    #expect(values.count == (lengths[0]["valueHex"] as? [String])?.count)
    let capture = [UInt8](try Data(contentsOf: URL(fileURLWithPath: RunCommandTests.capture("dns"))))
    // A file header of 24 bytes, and 16 before each packet.
    #expect(values.reduce(0, +) == capture.count - 24 - 16 * packets)

    let events = try #require(maps["events"])
    #expect(events.count == packets && events.allSatisfy { $0["key"] is NSNull })
    #expect(events.compactMap { $0["value"] as? Int }.reduce(0, +) == values.reduce(0, +))
    let queue = try #require(maps["first"])
    #expect(queue.map { $0["value"] as? Int } == events.prefix(4).map { $0["value"] as? Int })
    #expect(queue[0]["valueHex"] as? String == events[0]["valueHex"] as? String)
    // Beyond 2^53 an integer is a string; hexadecimal is in memory order.
    let plain = try #require(maps["plain"]?.first)
    #expect(plain["key"] as? Int == 5 && plain["keyHex"] as? String == "05000000")
    #expect(plain["value"] as? String == "1152921504606846976" && plain["valueHex"] as? String == "0000000000000010")
    #expect((maps[".data"]?.first?["value"] as? [String: Any])?["label"] as? String == "hello")

    let text = await CommandRun("run", program, "--pcap", RunCommandTests.capture("dns"))
    for words in ["lengths  percpu_array, 2 entries, 1 of them zero", "events  ringbuf, \(packets) records", "label = \"hello\""] {
      #expect(text.output.contains(words), "\(words)\n\(text.output)")
    }
  }

  // MARK: Large maps

  /// An array of 33 million elements, as Katran's `ch_rings` is, and a hash of a thousand entries.
  static let large = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 33554432); __type(key, __u32); __type(value, __u32); } rings SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 300000); __type(key, __u32); __type(value, __u32); } spread SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1000); __type(key, __u32); __type(value, __u32); } table SEC(".maps");
    SEC("xdp") int fill(struct xdp_md *ctx) {
      __u32 key, value;
      for (int i = 0; i < 7; i++) {
        key = i * 5592405;
        value = 1000 + i;
        bpf_map_update_elem(&rings, &key, &value, 0);
      }
      key = 299999;
      bpf_map_update_elem(&spread, &key, &value, 0);
      for (int i = 0; i < 1000; i++) {
        key = __builtin_bswap32(i);
        value = i;
        bpf_map_update_elem(&table, &key, &value, 0);
      }
      return XDP_PASS;
    }
    char LICENSE[] SEC("license") = "GPL";
    """

  @Test func textShowsTheFirstEntriesOfLargeMaps() async throws {
    let folder = try TemporaryFolder()
    let program = try folder.write("fill.bpf.c", Array(Self.large.utf8))
    let packet = try folder.write("packet", [UInt8](repeating: 0, count: 64))
    let result = await CommandRun("run", program, "--memory", packet, "--entries", "4")
    try #require(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let rings = try #require(lines.firstIndex(of: "rings  array, 33554432 entries, 33554425 of them zero"), "\(result.output)")
    // Which are shown: the first that are not zero.
    let rows = lines[(rings + 2)..<(rings + 6)].map { $0.split(separator: " ").compactMap { Int($0) } }
    #expect(rows == (0..<4).map { [$0 * 5_592_405, 1000 + $0] })
    #expect(lines[rings + 6].hasPrefix("… and 3 more"))
    let spread = try #require(lines.firstIndex(of: "spread  percpu_array, 300000 entries, 299999 of them zero"))
    #expect(lines[spread + 2].hasPrefix("299999 ") && lines[spread + 2].hasSuffix(" 1006"))
    let table = try #require(lines.firstIndex(of: "table  hash, 1000 of 1000 entries"))
    #expect(lines[table + 2].hasSuffix(" 0") && lines[table + 5].hasSuffix(" 3") && lines[table + 6].hasPrefix("… and 996 more"))
    let none = await CommandRun("run", program, "--memory", packet, "--entries", "0")
    #expect(none.output.contains("… and 7 more") && none.output.contains("… and 1000 more"))
    let wrong = await CommandRun("run", program, "--memory", packet, "--entries=-1")
    #expect(wrong.status == 2)
  }

  @Test func jsonOfLargeMapsGoesOutInPieces() async throws {
    let folder = try TemporaryFolder()
    let source = Self.large.replacingOccurrences(of: "33554432", with: "50000")
      .replacingOccurrences(of: "5592405", with: "8191").replacingOccurrences(of: "300000", with: "30").replacingOccurrences(
        of: "299999", with: "29")
    let program = try folder.write("fill.bpf.c", Array(source.utf8))
    let packet = try folder.write("packet", [UInt8](repeating: 0, count: 64))
    let pieces = Mutex<[String]>([])
    let console = Console { stream, text in if stream == .output { pieces.withLock { $0.append(text) } } }
    let status = await Console.$current.withValue(console) { await EBPFCommand.execute(["run", program, "--memory", packet, "--json"]) }
    #expect(status == 0)
    let texts = pieces.withLock { $0 }
    // No piece holds much more than the 64 KiB at which one is written.
    #expect(texts.count > 20 && texts.allSatisfy { $0.utf8.count < 80_000 })
    let json = try #require(try JSONSerialization.jsonObject(with: Data(texts.joined().utf8)) as? [String: Any])
    let maps = try #require(json["maps"] as? [String: [[String: Any]]])
    #expect(maps["rings"]?.map { $0["key"] as? Int } == Array(0..<50000))
    #expect(maps["rings"]?.compactMap { $0["value"] as? Int }.filter { $0 != 0 } == Array(1000..<1007))
    #expect(maps["table"]?.map { $0["value"] as? Int } == Array(0..<1000))
    #expect(maps["spread"]?.count == 30)
  }
}
