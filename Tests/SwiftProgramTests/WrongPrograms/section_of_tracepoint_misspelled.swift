import BPF

@section("tracepiont/sched/sched_switch") @used
func program(_ ctx: TracepointContext<UInt64>) -> Int32 { 0 }
