// expect: loads kind=lsm/bpf trampoline=yes hosts=kernel
// kinds: lsm
import BPF

let license = License.gpl

@section("lsm/bpf") @used
func refuse(_ ctx: SecurityContext) -> Int32 { ctx[0] == 99 ? -1 : 0 }
