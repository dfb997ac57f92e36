// expect: loads kind=cgroup/connect4 hosts=kernel
// kinds: cgroup/connect4: addresses that are connected to
import BPF

@section("cgroup/connect4") @used
func connect(_ ctx: SocketAddressContext) -> CgroupVerdict {
  if ctx.address == IPv4Address(192, 0, 2, 1), ctx.port == .http {
    ctx.address = .loopback
    ctx.port = 8080
  }
  return .allow
}
