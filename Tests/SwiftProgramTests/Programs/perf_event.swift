// expect: loads kind=perf_event hosts=kernel
// kinds: perf_event, with stack traces
import BPF

let license = License.gpl
let samples = HashMap<UInt32, UInt64>(maxEntries: 64)
let stacks = StackTraceMap(maxEntries: 64)

@section("perf_event") @used
func sampled(_ ctx: PerfEventContext) {
  samples.count(Task.current.pid)
  _ = stacks.capture(ctx, user: true)
  if ctx.instructionPointer == 0 || ctx.samplePeriod == 0 { samples.count(0) }
}
