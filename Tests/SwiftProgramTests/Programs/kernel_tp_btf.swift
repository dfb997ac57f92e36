// expect: loads kind=tp_btf/sched_process_exec hosts=kernel
// kernel: tp_btf: an argument by its index
import BPF
import Kernel

let license = License.gpl

struct Execution: BitwiseCopyable {
  var pid: Int32
  var parent: Int32
  var runtime: UInt64
  var file: InlineArray<64, UInt8>
}

let executions = RingBuffer<Execution>(byteCount: 4096)

@section("tp_btf/sched_process_exec") @used
func program(_ ctx: BTFTracepointContext) {
  guard let task = ctx.pointer(0, to: task_struct.self), let program = ctx.pointer(2, to: linux_binprm.self) else { return }
  guard var record = executions.reserve() else { return }
  record.value.pid = task.tgid
  record.value.parent = task.real_parent.tgid
  record.value.runtime = task.se.vruntime
  KernelMemory.copyString(into: &record.value.file, from: program.filename)
  record.submit()
}
