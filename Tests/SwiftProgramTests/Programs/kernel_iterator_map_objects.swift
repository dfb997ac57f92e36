// expect: loads kind=iter/bpf_map hosts=kernel
// kernel: Iterator over maps
import BPF
import Kernel

let license = License.gpl

@section("iter/bpf_map") @used
func program(_ ctx: bpf_iter__bpf_map) -> Int32 {
  guard let map = ctx.map else { return 0 }
  ctx.output.print("%d %u\n", map.id, map.max_entries)
  return 0
}
