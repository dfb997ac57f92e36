// expect: loads kind=iter/task_file hosts=kernel
// kernel: Iterator over open files
import BPF
import Kernel

let license = License.gpl

@section("iter/task_file") @used
func program(_ ctx: bpf_iter__task_file) -> Int32 {
  guard let task = ctx.task, let file = ctx.file else { return 0 }
  ctx.output.print("%d %d %lu\n", task.tgid, ctx.fd, file.f_inode.i_ino)
  return 0
}
