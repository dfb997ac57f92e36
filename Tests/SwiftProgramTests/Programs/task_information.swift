// expect: loads kind=raw_tp/sys_enter hosts=kernel
// helpers: The running task
import BPF

let license = License.gpl
let groups = CgroupArray(count: 2)
nonisolated(unsafe) var total: UInt64 = 0

@section("raw_tp/sys_enter") @used
func entered(_ ctx: RawTracepointContext) {
  let task = Task.current
  total &+= UInt64(task.pid) &+ UInt64(task.threadID) &+ UInt64(task.uid) &+ UInt64(task.gid) &+ task.cgroup
  total &+= UInt64(CPU.current) &+ UInt64(Random.next(below: 10)) &+ Time.sinceBoot &+ Time.tai &+ Time.jiffies
  if groups.containsCurrentTask(0) { total = 0 }
}
