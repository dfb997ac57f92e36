// expect: loads kind=cgroup/setsockopt hosts=kernel
// kinds: cgroup/setsockopt
import BPF

@section("cgroup/setsockopt") @used
func options(_ ctx: SocketOptionCallContext) -> CgroupVerdict {
  if ctx.level == 1, ctx.name == 36, let value: UInt32 = ctx.value.load(at: 0), value == 9 { return .deny }
  return .allow
}
