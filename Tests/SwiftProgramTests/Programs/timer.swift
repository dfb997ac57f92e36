// expect: 1 kind=xdp hosts=kernel
// helpers: Timers
import BPF

let license = License.gpl

struct Session: BitwiseCopyable {
  var timer = Timer()
  var fired: UInt64 = 0
}

let sessions = ArrayMap<Session>(count: 1)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let session = sessions[0] else { return -1 }
  session.value.timer.initialize(in: sessions)
  session.value.timer.onFire(in: sessions) { _, session in session.value.fired &+= 1 }
  return session.value.timer.start(after: 1_000_000_000) ? 1 : 0
}
