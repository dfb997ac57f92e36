// expect: loads kind=iter/bpf_map_elem hosts=kernel
// kinds: iter/bpf_map_elem
import BPF

let license = License.gpl

@section("iter/bpf_map_elem") @used
func element(_ ctx: MapIteratorContext<UInt32, UInt64>) -> Int32 {
  guard let key = ctx.key, let value = ctx.value else { return 0 }
  ctx.output.print("%d: %d\n", key.value, value.value)
  return 0
}
