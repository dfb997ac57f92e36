// expect: 6 kind=xdp
// maps: PerCPUArrayMap, PerCPUHashMap
import BPF

let array = PerCPUArrayMap<UInt64>(count: 2)
let hash = PerCPUHashMap<UInt32, UInt64>(maxEntries: 8)
let recent = LRUPerCPUHashMap<UInt32, UInt64>(maxEntries: 8)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  array.add(1, to: 1)
  hash.update(4, 2)
  recent.update(4, 3)
  let first = array[1, cpu: CPU.current]?.value ?? 0
  return Int32(truncatingIfNeeded: first &+ (hash[4]?.value ?? 0) &+ (recent[4]?.value ?? 0))
}
