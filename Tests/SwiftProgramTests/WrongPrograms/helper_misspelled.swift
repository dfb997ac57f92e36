import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction { bpf_ktime_get_nsec() > 0 ? .pass : .drop }
