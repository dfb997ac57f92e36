import BPF

let license = License.gpl

struct Event: BitwiseCopyable {
  var pid: UInt32
  var path: InlineArray<600, UInt8>
}

let events = RingBuffer<Event>(byteCount: 65536)

@section("tracepoint/syscalls/sys_enter_openat") @used
func program(_ ctx: SyscallEnterContext) {
  var event = Event(pid: Task.current.pid, path: InlineArray(repeating: 0))
  withUnsafeMutableBytes(of: &event.path) { _ = bpf_probe_read_user_str($0.baseAddress, 600, UnsafeRawPointer(bitPattern: UInt(ctx[1]))) }
  events.submit(event)
}
