// expect: 0 kind=tc packet=tcp output=tcp_tc
// packets: Incremental checksums, tc
import BPF

@section("tc") @used
func program(_ ctx: TCContext) -> TCAction {
  guard let ip = ctx.packet.ipv4, ip.tcp != nil else { return .shot }
  let old = ip.destination
  let new = IPv4Address(198, 51, 100, 7)
  ctx.replaceTransportChecksum(at: 14 + 20 + 16, from: old, to: new, pseudoHeader: true)
  ctx.replaceNetworkChecksum(at: 14 + 10, from: old, to: new)
  return ctx.store(new, at: 30) ? .ok : .shot
}
