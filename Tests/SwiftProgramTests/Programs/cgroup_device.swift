// expect: loads kind=cgroup/dev
import BPF

@section("cgroup/dev") @used
func device(_ ctx: DeviceContext) -> CgroupVerdict { ctx.isBlockDevice || ctx.major == 1 && ctx.writes ? .deny : .allow }
