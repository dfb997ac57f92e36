import BPF
import Kernel

let license = License.gpl

@section("struct_ops/init") @used
func start(_ ctx: StructOperationContext) {}

@section("kprobe/do_exit") @used
func program(_ ctx: KprobeContext) { task_struct.current.tgid = 1 }
