// expect: 2 kind=syscall input=args hosts=kernel
// kernel: Flavours: a structure as an older kernel has it
import BPF
import Kernel

let license = License.gpl

/// As Linux before 5.14 has it.
extension task_struct___old {
  var state: Int64 { member("state") }
  static var hasState: Bool { field.member("state", as: Int64.self).exists }
}

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  let state = task_struct___old.hasState ? task.cast(to: task_struct___old.self).state : Int64(task.__state)
  return task.cast(to: task_struct___old.self).tgid == task.tgid ? Int32(truncatingIfNeeded: state) &+ 2 : 0
}
