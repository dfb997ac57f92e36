// expect: loads kind=cgroup/post_bind4
// kinds: cgroup/post_bind4
import BPF

@section("cgroup/post_bind4") @used
func bound(_ ctx: CgroupSocketContext) -> CgroupVerdict { ctx.sourcePort == .ssh ? .deny : .allow }
