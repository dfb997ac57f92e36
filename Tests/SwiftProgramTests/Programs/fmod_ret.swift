// expect: loads kind=fmod_ret/bpf_modify_return_test trampoline=yes hosts=kernel
// kinds: fmod_ret
import BPF

let license = License.gpl

@section("fmod_ret/bpf_modify_return_test") @used
func modify(_ ctx: ReturnModifierContext) -> Int32 { ctx[0] == 1 ? 7 : 0 }
