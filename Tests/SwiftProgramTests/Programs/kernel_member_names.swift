// expect: loads kind=kprobe/register_pernet_subsys
// kernel: Members whose names are Swift's keywords
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var last: UInt64 = 0

// Members whose names are Swift's keywords, and pointers to functions, which are addresses.
@section("kprobe/register_pernet_subsys") @used
func program(_ ctx: KprobeContext) {
  guard let operations = ctx.pointer(0, to: pernet_operations.self) else { return }
  last = UInt64(UInt(bitPattern: operations.`init`))
}
