// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
import EBPF
import Testing

@testable import Counter

/// The program as the application loads it.
@Suite struct CounterTests {
  /// Ethernet, IPv4 from 10.0.0.1, TCP.
  private func packet(to port: UInt8) -> [UInt8] {
    [UInt8](repeating: 2, count: 12) + [8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
      + [0x1f, 0x90, 0, port] + [UInt8](repeating: 0, count: 8) + [0x50, 2] + [UInt8](repeating: 0, count: 26)
  }

  @Test func theBlockedPortIsDropped() throws {
    let counter = try Counter.load(on: UserspaceHost()) { $0.blockedPort = 81 }
    defer { counter.close() }
    #expect(try counter.programs.filter.run(TestInput(data: packet(to: 81))).returnValue == 1)
    #expect(try counter.programs.filter.run(TestInput(data: packet(to: 80))).returnValue == 2)
    #expect(try counter.variables.dropped.value == 1)
    let traffic = try #require(try counter.maps.sources[IPv4Address(10, 0, 0, 1)])
    #expect(traffic.packets == 2)
  }

  @Test func newSourcesAreReportedOnce() throws {
    let counter = try Counter.load(on: UserspaceHost())
    defer { counter.close() }
    for _ in 0..<3 { _ = try counter.programs.filter.run(TestInput(data: packet(to: 80))) }
    let arrivals: [Arrival] = try counter.maps.arrivals.records()
    #expect(arrivals.map(\.source) == [IPv4Address(10, 0, 0, 1)])
  }
}
