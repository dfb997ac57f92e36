// expect: loads kind=uprobe//bin/sh:main hosts=kernel
// kernel: The current task at a probe of a process
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var parent: Int32 = 0

@section("uprobe//bin/sh:main") @used
func program(_ ctx: UprobeContext) { parent = task_struct.current.real_parent.tgid }
