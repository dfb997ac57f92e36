// expect: loads kind=kprobe/wake_up_new_task
// kernel: kprobe: members read by a helper
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var runtime: UInt64 = 0
let children = HashMap<Int32, InlineArray<16, UInt8>>(maxEntries: 64)

@section("kprobe/wake_up_new_task") @used
func program(_ ctx: KprobeContext) {
  guard let task = ctx.pointer(0, to: task_struct.self) else { return }
  var name = InlineArray<16, UInt8>(repeating: 0)
  task.real_parent?.comm.copyString(into: &name)
  children.update(task.real_parent.tgid, name)
  runtime &+= task.se.vruntime
}

@section("kretprobe/find_get_task_by_vpid") @used
func found(_ ctx: KretprobeContext) {
  guard let task = ctx.result(as: task_struct.self) else { return }
  runtime &+= task.se.vruntime
}
