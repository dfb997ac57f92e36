import BPF

@section("cgroup/connect5") @used
func program(_ ctx: SocketAddressContext) -> Int32 { 1 }
