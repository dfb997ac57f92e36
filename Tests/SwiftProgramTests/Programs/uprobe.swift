// expect: loads kind=uprobe hosts=kernel
// kinds: uprobe and uretprobe
import BPF

let license = License.gpl
let calls = HashMap<UInt64, UInt64>(maxEntries: 64)

@section("uprobe") @used
func entered(_ ctx: UprobeContext) {
  calls.count(ctx.attachCookie)
  if let byte: UInt8 = UserMemory.load(from: ctx[0]) { calls.count(UInt64(byte)) }
}

@section("uretprobe") @used
func left(_ ctx: UretprobeContext) { calls.count(ctx.result) }
