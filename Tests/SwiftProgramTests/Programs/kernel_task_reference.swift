// expect: loads kind=tp_btf/sys_enter hosts=kernel
// helpers: References to tasks that give themselves back
import BPF

let license = License.gpl
nonisolated(unsafe) var found: UInt64 = 0

@section("tp_btf/sys_enter") @used
func entered(_ ctx: BTFTracepointContext) {
  if let task = TaskReference(threadID: 1) {
    found &+= 1
    _ = task.pointer
  }
}
