// expect: loads kind=lsm/file_open trampoline=yes hosts=kernel
// kinds: lsm: a refusal
import BPF

let license = License.gpl
let refused = HashMap<UInt32, UInt32>(maxEntries: 8)

@section("lsm/file_open") @used
func open(_ ctx: SecurityContext) -> Int32 { refused[Task.current.uid] != nil ? -1 : 0 }
