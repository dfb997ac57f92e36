// expect: 5 kind=xdp packet=ipv6
// maps: Padding of keys in memory is zeroed
import BPF

struct Key: BitwiseCopyable {
  var kind: UInt8
  var source: IPv6Address
  var proto: UInt8
  var port: UInt32
  var destination: IPv6Address
}

let flows = HashMap<Key, UInt64>(maxEntries: 64)

/// Fills the stack with other bytes.
@inline(never)
func noise(_ seed: UInt64) -> UInt64 {
  var words = InlineArray<32, UInt64>(repeating: seed ^ 0x5555_5555_5555_5555)
  withUnsafeMutableBytes(of: &words) { cbpf_use($0.baseAddress!) }
  return words[Int(seed & 31)]
}

@inline(never)
func change(_ key: inout Key, _ port: UInt32) { key.port = port &+ (Random.next & 0) }

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let ip = ctx.packet.ipv6 else { return -1 }
  var key = Key(kind: 1, source: ip.source, proto: ip.nextHeader.rawValue, port: 3, destination: ip.destination)
  change(&key, 7)
  flows.update(key, 5)
  let unrelated = noise(Time.monotonic)
  var again = Key(
    kind: 1, source: ip.source, proto: ip.nextHeader.rawValue, port: UInt32(truncatingIfNeeded: unrelated), destination: ip.destination)
  change(&again, 7)
  return Int32(truncatingIfNeeded: flows[again]?.value ?? 99)
}
