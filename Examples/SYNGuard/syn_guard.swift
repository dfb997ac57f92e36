// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// Limits how many TCP connections each IPv4 source may open a second: a token bucket for each of them.
//
//   ebpf run syn_guard.swift --pcap ../Captures/web.pcap
import BPF

let license = License.dualMITGPL

/// Connections that a source may open each second…
let rate = Setting<UInt64>(20)
/// …and at once, after a time of quiet.
let burst = Setting<UInt64>(40)

struct Bucket: BitwiseCopyable {
  /// When tokens were last added, in nanoseconds.
  var filled: UInt64
  /// What is left, in billionths of a connection.
  var tokens: UInt64
}

/// Sources of the last connections; those that have been quiet longest go first.
let buckets = LRUHashMap<IPv4Address, Bucket>(maxEntries: 65536)

enum Outcome: UInt32 { case other, allowed, limited }

/// Packets by what became of them.
let outcomes = PerCPUArrayMap<UInt64>(count: 3)

private let connection: UInt64 = 1_000_000_000

func count(_ outcome: Outcome) { outcomes.add(1, to: outcome.rawValue) }

@section("xdp") @used
func syn_guard(_ ctx: XDPContext) -> XDPAction {
  guard let ip = ctx.packet.ethernet?.ipv4, let tcp = ip.tcp, tcp.isSYN else {
    count(.other)
    return .pass
  }
  let now = Time.monotonic
  guard let bucket = buckets[ip.source, default: Bucket(filled: now, tokens: burst.value &* connection)] else { return .pass }
  // In a nanosecond `rate` billionths of a connection come in; after some time the bucket is full whatever the rate.
  let elapsed = min(now &- bucket.value.filled, 1 << 36)
  let tokens = min(bucket.value.tokens &+ elapsed &* rate.value, burst.value &* connection)
  bucket.value.filled = now
  guard tokens >= connection else {
    bucket.value.tokens = tokens
    count(.limited)
    return .drop
  }
  bucket.value.tokens = tokens &- connection
  count(.allowed)
  return .pass
}
