import BPF

@section("cgroup_skb/ingress") @used
func program(_ ctx: CgroupPacketContext) -> CgroupVerdict {
  ctx.packet.ipv4?.timeToLive = 3
  return .allow
}
