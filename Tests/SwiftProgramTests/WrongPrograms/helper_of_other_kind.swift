import BPF

@section("xdp") @used
func program(_ ctx: XDPContext) -> XDPAction {
  _ = bpf_get_current_pid_tgid()
  _ = bpf_skb_change_type(UnsafeMutableRawPointer(ctx.pointer).assumingMemoryBound(to: __sk_buff.self), 0)
  return .pass
}
