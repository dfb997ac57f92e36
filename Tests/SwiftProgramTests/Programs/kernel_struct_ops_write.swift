// expect: compiles kind=struct_ops/init
// kernel: A member written where the kernel lets a program write
import BPF
import Kernel

let license = License.gpl

@section("struct_ops/init") @used
func start(_ ctx: StructOperationContext) {
  guard let socket = ctx.pointer(0, to: tcp_sock.self) else { return }
  socket.snd_ssthresh = socket.snd_cwnd &* 2
}
