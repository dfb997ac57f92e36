// expect: loads kind=cgroup/dev
// kinds: cgroup/dev: access to devices
import BPF

@section("cgroup/dev") @used
func device(_ ctx: DeviceContext) -> CgroupVerdict { ctx.isBlockDevice || ctx.major == 1 && ctx.writes ? .deny : .allow }
