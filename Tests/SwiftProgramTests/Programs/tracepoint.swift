// expect: loads kind=tracepoint/sched/sched_switch
// kinds: tracepoint
import BPF

struct SchedSwitch: BitwiseCopyable {
  var common: UInt64
  var previousName: InlineArray<16, UInt8>
  var previousPid: Int32
  var previousPriority: Int32
  var previousState: Int64
  var nextName: InlineArray<16, UInt8>
  var nextPid: Int32
  var nextPriority: Int32
}

let switches = HashMap<Int32, UInt64>(maxEntries: 64)

@section("tracepoint/sched/sched_switch") @used
func switched(_ ctx: TracepointContext<SchedSwitch>) { switches.count(ctx.record.nextPid) }
