// expect: loads kind=tp_btf/hrtimer_start hosts=kernel
// kernel: A member of an enumeration's type
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var restarts: UInt64 = 0

@section("tp_btf/hrtimer_start") @used
func program(_ ctx: BTFTracepointContext) {
  guard let timer = ctx.pointer(0, to: hrtimer.self) else { return }
  if timer.base.index == hrtimer_base_type.HRTIMER_BASE_MONOTONIC.rawValue { restarts &+= 1 }
}
