// expect: loads kind=cgroup/getsockopt
// kinds: cgroup/getsockopt: a socket option answered by the program
import BPF

@section("cgroup/getsockopt") @used
func get(_ ctx: SocketOptionCallContext) -> CgroupVerdict {
  if ctx.level == 6, ctx.name == 1, ctx.value.store(UInt32(1), at: 0) {
    ctx.byteCount = 4
    ctx.result = 0
  }
  return .allow
}
