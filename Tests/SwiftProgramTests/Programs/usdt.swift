// expect: loads kind=usdt hosts=kernel
// kinds: usdt
import BPF

let license = License.gpl
let __bpf_usdt_specs = USDTSpecifications()
let values = HashMap<UInt64, UInt64>(maxEntries: 64)

@section("usdt") @used
func hit(_ ctx: USDTContext) { if let value = ctx.argument(1, __bpf_usdt_specs) { values.count(value) } }
