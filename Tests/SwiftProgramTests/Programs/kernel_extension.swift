// expect: 2 kind=syscall input=args hosts=kernel
// kernel: Extensions of the kernel's structures
import BPF
import Kernel

let license = License.gpl

extension task_struct {
  var isKernelThread: Bool { mm == nil }
  var depth: Int32 {
    var depth: Int32 = 0
    var task = self
    for _ in 0..<32 {
      guard task.tgid != 1, let parent = task.real_parent, parent.tgid != 0 else { break }
      task = parent
      depth &+= 1
    }
    return depth
  }
}

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  let task = task_struct.current
  return (task.isKernelThread ? 0 : 1) &+ (task.depth > 0 ? 1 : 0)
}
