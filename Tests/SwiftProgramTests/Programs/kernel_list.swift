// expect: 1 kind=syscall input=args hosts=kernel
// kernel: A walk along the kernel's list
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  // The parent's children: one of them is this process.
  guard let parent = task_struct.current.group_leader?.real_parent else { return 0 }
  var node = parent.children.next
  for _ in 0..<64 {
    guard let entry = node, entry != parent.children else { break }
    if let child = task_struct(containing: entry, as: task_struct.field.sibling), child.tgid == task_struct.current.tgid { return 1 }
    node = entry.next
  }
  return 0
}
