// expect: 0 kind=tc packet=udp
// packets: Ports of TCP and UDP by one path
import BPF

let classes = HashMap<Port, UInt32>(maxEntries: 64)

/// The ports of TCP and UDP lie at the same place: the optimiser reads them by one instruction, behind either check.
@section("tc") @used
func shape(_ ctx: TCContext) -> TCAction {
  guard let ip = ctx.packet.ipv4 else { return .unspecified }
  let port: Port
  if let tcp = ip.tcp { port = tcp.destinationPort } else if let udp = ip.udp { port = udp.destinationPort } else { return .shot }
  ctx.classID = classes[port]?.value ?? 0x1_0001
  ctx.timestamp = Time.monotonic + 1000
  ctx.priority = 3
  // Two fields side by side stay two stores.
  ctx[scratch: 1] = UInt32(port.value)
  ctx[scratch: 2] = 4
  // A length from the packet that nothing bounds.
  let rest = ip.following.dropFirst(Int(ip.totalLength.value) - 28)
  return port == .discard && rest[0] != nil && ctx[scratch: 1] == 9 ? .ok : .shot
}
