// expect: 1 kind=cgroup_skb/egress packet=udp
// kinds: cgroup_skb: packets of a control group
import BPF

@section("cgroup_skb/egress") @used
func program(_ ctx: CgroupPacketContext) -> CgroupVerdict {
  ctx.packet.ipv4?.udp?.destinationPort == .ssh ? .deny : .allow
}
