// expect: loads kind=tp_btf/sys_enter hosts=kernel
// maps: Storage of tasks, inodes, sockets and control groups
import BPF

struct State: BitwiseCopyable {
  var calls: UInt64
}

let license = License.gpl
let tasks = TaskStorage<State>()

@section("tp_btf/sys_enter") @used
func entered(_ ctx: BTFTracepointContext) {
  tasks[TaskPointer.current, default: State(calls: 0)]?.value.calls &+= 1
}
