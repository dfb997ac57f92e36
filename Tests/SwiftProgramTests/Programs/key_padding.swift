// expect: 11 kind=xdp
// maps: Padding of keys is zeroed
import BPF

struct Key: BitwiseCopyable {
  var a: UInt8
  var b: UInt32
}

let values = HashMap<Key, UInt64>(maxEntries: 64)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  values.update(Key(a: 1, b: 2), 11)
  // Other bytes come to where the next key's padding will be.
  var noise = InlineArray<16, UInt64>(repeating: Time.monotonic)
  withUnsafeMutableBytes(of: &noise) { cbpf_zero(cbpf_opaque_pointer($0.baseAddress!), 8) }
  return Int32(truncatingIfNeeded: values[Key(a: 1, b: 2)]?.value ?? 99)
}
