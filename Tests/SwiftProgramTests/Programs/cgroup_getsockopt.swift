// expect: loads kind=cgroup/getsockopt hosts=kernel
// kinds: cgroup/getsockopt
import BPF

@section("cgroup/getsockopt") @used
func get(_ ctx: SocketOptionCallContext) -> CgroupVerdict {
  if ctx.level == 6, ctx.name == 1, ctx.value.store(UInt32(1), at: 0) {
    ctx.byteCount = 4
    ctx.result = 0
  }
  return .allow
}
