import EBPFHost
import EBPFTesting
import EBPFToolchain
import EBPFTypes
import Foundation
import Testing

@Suite struct TestProgramTests {
  static let source = """
    #include <linux/bpf.h>
    #include <bpf/bpf_helpers.h>
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u64); } times SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
    SEC("xdp") int guard(struct xdp_md *ctx) {
      __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
      __u32 key = 1;
      if (data + 15 > end)
        return XDP_ABORTED;
      __u64 now = bpf_ktime_get_ns();
      bpf_map_update_elem(&times, &key, &now, 0);
      bpf_ringbuf_output(&events, &now, sizeof now, 0);
      __u64 *count = bpf_map_lookup_elem(&counts, &key);
      if (count) ++*count;
      data[14] ^= 1;
      return XDP_DROP;
    }
    """

  private func program(_ host: TestHost = .userspace) async throws -> TestProgram {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("guard.bpf.c").path
    try Self.source.write(toFile: path, atomically: true, encoding: .utf8)
    return try await TestProgram(path, on: host)
  }

  static var hosts: [TestHost] { geteuid() == 0 ? TestHost.allCases : [.userspace, .userspaceJIT] }

  @Test(arguments: hosts) func theSameTestRunsOnEveryHost(_ host: TestHost) async throws {
    let program = try await program(host)
    let packet = TestPacket.ethernet().ipv4(from: "10.0.0.1", to: "10.0.0.2").udp(from: 1, to: 2)
    var changed = packet.bytes
    changed[14] ^= 1
    try program.run(packet).expect(XDPAction.drop).expect(packet: changed)
    #expect(try program.map("counts").values(of: UInt32(1), as: UInt64.self)?.reduce(0, +) == 1)
    #expect(try program.map("times").count == 1)
    #expect(try program.map("events").records(as: UInt64.self).count == 1)
    let line = #line + 1
    let verdict = #expect(throws: ExpectationFailure.self) { try program.run(packet).expect(XDPAction.pass) }
    #expect(
      verdict?.description == "EBPFTestingTests/TestProgramTests.swift:\(line): 'guard' returned drop (1); expected was pass (2)")
    let failure = #expect(throws: ExpectationFailure.self) { try program.run(packet).expect(packet: packet) }
    #expect(failure?.description.contains("ipv4.version and length (offset 14)") == true)
  }

  @Test func timeStandsStillUntilItIsMoved() async throws {
    let program = try await program()
    let packet = TestPacket.ethernet().payload("x")
    program.clock.nanoseconds = 5_000
    try program.run(packet).expect(XDPAction.drop)
    #expect(try program.map("times").value(of: UInt32(1), as: UInt64.self) == 5_000)
    program.clock.advance(by: .milliseconds(2))
    try program.run(packet).expect(XDPAction.drop)
    #expect(try program.map("events").records(as: UInt64.self) == [5_000, 2_005_000])
  }

  @Test func fixturesAreSetWithTypes() async throws {
    let program = try await program()
    let counts = try program.map("counts")
    try counts.set(UInt32(1), UInt64(41))
    try program.run(TestPacket.ethernet().payload("x")).expect(XDPAction.drop)
    #expect(try counts.values(of: UInt32(1), as: UInt64.self)?.contains(42) == true)
    let failure = #expect(throws: HostError.self) { try counts.set(UInt64(1), UInt64(1)) }
    #expect(failure?.message == "a key of 'counts' has 4 bytes; UInt64 has 8")
  }

  @Test func linesThatRanAreCounted() async throws {
    let program = try await program()
    try program.run(TestPacket.ethernet().payload("x")).expect(XDPAction.drop)
    try program.run(TestPacket.ethernet().payload("y")).expect(XDPAction.drop)
    var coverage = LineCoverage()
    coverage.add(program.coverage, of: program.loaded.object)
    let lines = try #require(coverage.lines.first { $0.key.hasSuffix("guard.bpf.c") }?.value)
    #expect(lines[9] == 2, "the bound is checked in every run")
    #expect(coverage.share > 0.5 && coverage.share <= 1)
    #expect(coverage.lcov.contains("DA:9,2\n"))
    #expect(coverage.lcov.hasSuffix("end_of_record\n"))
  }
}
