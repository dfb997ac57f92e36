// expect: loads kind=cgroup/bind6 hosts=kernel
// kinds: cgroup/bind6: addresses that are bound
import BPF

@section("cgroup/bind6") @used
func bind(_ ctx: SocketAddressContext) -> CgroupVerdict { ctx.addressIPv6 == .any ? .deny : .allow }
