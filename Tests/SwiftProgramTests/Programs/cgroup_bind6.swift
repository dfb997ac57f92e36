// expect: loads kind=cgroup/bind6
// kinds: cgroup/bind6: addresses that are bound
import BPF

@section("cgroup/bind6") @used
func bind(_ ctx: SocketAddressContext) -> CgroupVerdict { ctx.addressIPv6 == .any ? .deny : .allow }
