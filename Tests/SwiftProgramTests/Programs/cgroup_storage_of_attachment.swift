// expect: 1 kind=cgroup_skb/ingress packet=udp hosts=kernel
// maps: CgroupStorage of an attachment
import BPF

let counts = AttachedCgroupStorage<UInt64>()

@section("cgroup_skb/ingress") @used
func program(_ ctx: CgroupPacketContext) -> CgroupVerdict {
  counts.value.value &+= 1
  return .allow
}
