// expect: loads kind=fentry/do_unlinkat trampoline=yes hosts=kernel
// kernel: Arguments of a function by their names, at its entry and exit
import BPF
import Kernel

let license = License.gpl
nonisolated(unsafe) var sum: Int64 = 0

@section("fentry/do_unlinkat") @used
func entered(_ ctx: FunctionEntry<do_unlinkat>) { if ctx.name.refcnt.counter > 0 { sum &+= Int64(ctx.dfd) } }

@section("fexit/do_unlinkat") @used
func left(_ ctx: FunctionExit<do_unlinkat>) { if ctx.returned != 0 { sum &+= Int64(ctx.dfd) } }

@section("lsm/file_open") @used
func opens(_ ctx: SecurityHook<file_open>) -> Int32 { ctx.file.f_inode.i_ino == 0 ? -1 : 0 }
