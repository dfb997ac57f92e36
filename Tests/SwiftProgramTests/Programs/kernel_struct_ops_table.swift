// expect: compiles kind=struct_ops/swift_reno.init
// kernel: A table of functions that the kernel calls
import BPF
import Kernel

let license = License.gpl
let swift_reno = StructOperations<tcp_congestion_ops>()
nonisolated(unsafe) var started: UInt64 = 0

@section("struct_ops/swift_reno.init") @used
func start(_ ctx: StructOperationContext) { started.atomicAdd(1) }

@section("struct_ops/swift_reno.ssthresh") @used
func threshold(_ ctx: StructOperationContext) -> UInt32 {
  guard let socket = ctx.pointer(0, to: tcp_sock.self) else { return 2 }
  return max(socket.snd_cwnd / 2, 2)
}

@section("struct_ops/swift_reno.cong_avoid") @used
func avoid(_ ctx: StructOperationContext) {
  guard let socket = ctx.pointer(0, to: tcp_sock.self) else { return }
  let acked = UInt32(truncatingIfNeeded: ctx[2])
  if socket.snd_cwnd < socket.snd_ssthresh {
    socket.snd_cwnd = socket.snd_cwnd &+ acked
  } else {
    socket.snd_cwnd_cnt = socket.snd_cwnd_cnt &+ acked
    if socket.snd_cwnd_cnt >= socket.snd_cwnd {
      socket.snd_cwnd_cnt = 0
      socket.snd_cwnd = socket.snd_cwnd &+ 1
    }
  }
}

@section("struct_ops/swift_reno.undo_cwnd") @used
func undo(_ ctx: StructOperationContext) -> UInt32 { ctx.pointer(0, to: tcp_sock.self).snd_cwnd }
