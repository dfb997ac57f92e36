// expect: loads kind=cgroup/bind6
import BPF

@section("cgroup/bind6") @used
func bind(_ ctx: SocketAddressContext) -> CgroupVerdict { ctx.addressIPv6 == .any ? .deny : .allow }
