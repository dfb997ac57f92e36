// expect: 0 kind=tc packet=ipv6 output=ipv6_tc
// packets: Checksums over IPv6, tc
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  guard let ip = ctx.packet.ipv6 else { return .shot }
  let old = ip.destination
  let new = IPv6Address(0x2001, 0xdb8, 0, 0, 0, 0, 0, 99)
  let difference = ChecksumDifference(from: old, to: new)
  guard ctx.replaceTransportChecksum(at: 14 + 40 + 6, by: difference, pseudoHeader: true), ctx.store(new, at: 14 + 24) else { return .shot }
  return .ok
}
