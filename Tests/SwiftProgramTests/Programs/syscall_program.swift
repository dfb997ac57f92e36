// expect: 30 kind=syscall input=args
// kinds: syscall: run by the application
import BPF

struct Arguments: BitwiseCopyable {
  var a: UInt64
  var b: UInt64
}

@section("syscall") @used
func add(_ ctx: SyscallProgramContext<Arguments>) -> Int32 {
  ctx.arguments.a &+= 1
  return Int32(truncatingIfNeeded: ctx.arguments.a &+ ctx.arguments.b)
}
