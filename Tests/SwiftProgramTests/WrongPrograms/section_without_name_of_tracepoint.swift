import BPF

@section("tracepoint/sched_switch") @used
func program(_ ctx: TracepointContext<UInt64>) -> Int32 { 0 }
