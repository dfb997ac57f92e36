// expect: 3 kind=xdp hosts=kernel
// helpers: Spin locks, scoped by a closure
import BPF

struct Bucket: BitwiseCopyable {
  var lock = SpinLock()
  var tokens: UInt32 = 0
}

let buckets = HashMap<UInt32, Bucket>(maxEntries: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  guard let bucket = buckets[0, default: Bucket()] else { return -1 }
  bucket.value.lock.withLock { bucket.value.tokens &+= 3 }
  return Int32(truncatingIfNeeded: bucket.value.tokens)
}
