// expect: loads kind=tracepoint/syscalls/sys_enter_openat
// kinds: Tracepoints of system calls
import BPF

struct OpenEvent: BitwiseCopyable {
  var time: UInt64
  var pid: UInt32
  var uid: UInt32
  var command: InlineArray<16, UInt8>
  var path: InlineArray<64, UInt8>
}

let license = License.gpl
let events = RingBuffer<OpenEvent>(byteCount: 1 << 16)

@section("tracepoint/syscalls/sys_enter_openat") @used
func opened(_ ctx: SyscallEnterContext) {
  guard let record = events.reserve() else { return }
  record.value.time = Time.monotonic
  record.value.pid = Task.current.pid
  record.value.uid = Task.current.uid
  Task.current.copyName(into: &record.value.command)
  UserMemory.copyString(into: &record.value.path, from: ctx[1])
  record.submit()
}

@section("tracepoint/syscalls/sys_exit_openat") @used
func finished(_ ctx: SyscallExitContext) { if ctx.result < 0 { failures &+= 1 } }

nonisolated(unsafe) var failures: UInt64 = 0
