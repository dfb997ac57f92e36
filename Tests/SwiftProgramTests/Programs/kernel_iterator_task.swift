// expect: loads kind=iter/task hosts=kernel
// kernel: Iterator over tasks
import BPF
import Kernel

let license = License.gpl

struct Row: BitwiseCopyable {
  var pid: Int32
  var parent: Int32
}

@section("iter/task") @used
func program(_ ctx: TaskIteratorContext) -> Int32 {
  guard let task = ctx.task(as: task_struct.self) else { return 0 }
  ctx.output.write(Row(pid: task.pid, parent: task.real_parent.tgid))
  return 0
}
