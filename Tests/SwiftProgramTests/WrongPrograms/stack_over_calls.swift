import BPF

@inline(never)
func fill(_ seed: UInt64) -> UInt64 {
  var bytes = InlineArray<40, UInt64>(repeating: seed)
  withUnsafeMutableBytes(of: &bytes) { _ = bpf_get_current_comm($0.baseAddress, 320) }
  return bytes[Int(seed & 31)]
}

@section("tracepoint/sched/sched_switch") @used
func program(_ ctx: TracepointContext<UInt64>) -> Int32 {
  var bytes = InlineArray<40, UInt64>(repeating: 1)
  withUnsafeMutableBytes(of: &bytes) { _ = bpf_get_current_comm($0.baseAddress, 320) }
  return Int32(truncatingIfNeeded: fill(bytes[Int(Random.next & 31)]))
}
