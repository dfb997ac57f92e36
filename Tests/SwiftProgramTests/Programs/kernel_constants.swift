// expect: 1 kind=syscall input=args
// kernel: Enumerators of enumerations without a name
import BPF
import Kernel

let license = License.gpl

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 { TCP_ESTABLISHED == 1 ? 1 : 0 }
