// expect: loads kind=cgroup/sock_create
// kinds: cgroup/sock_create
import BPF

@section("cgroup/sock_create") @used
func created(_ ctx: CgroupSocketContext) -> CgroupVerdict {
  ctx.mark = 7
  return ctx.type == .raw ? .deny : .allow
}
