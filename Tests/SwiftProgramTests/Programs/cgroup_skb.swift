// expect: 1 kind=cgroup_skb/egress packet=udp
import BPF

@section("cgroup_skb/egress") @used
func program(_ ctx: CgroupPacketContext) -> CgroupVerdict {
  ctx.packet.ipv4?.udp?.destinationPort == .ssh ? .deny : .allow
}
