// expect: loads kind=fentry/do_unlinkat trampoline=yes hosts=kernel
// kinds: fentry and fexit
import BPF

let license = License.gpl
nonisolated(unsafe) var starts: UInt64 = 0
nonisolated(unsafe) var failures: UInt64 = 0

@section("fentry/do_unlinkat") @used
func started(_ ctx: FunctionEntryContext) { starts &+= UInt64(ctx.argumentCount) &+ (ctx[0] & 0) }

@section("fexit/do_unlinkat") @used
func ended(_ ctx: FunctionExitContext) { if ctx.result != 0 { failures &+= 1 } }
