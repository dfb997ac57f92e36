import Foundation
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
}
