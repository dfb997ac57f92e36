// expect: 3 kind=xdp
// language: `~Copyable` types with deinit
import BPF

struct Guard: ~Copyable {
  let pointer: UnsafeMutablePointer<UInt32>
  var isArmed = true

  init(_ pointer: UnsafeMutablePointer<UInt32>) { self.pointer = pointer }

  consuming func finish() {
    pointer.pointee &+= 2
    isArmed = false
  }

  deinit { if isArmed { pointer.pointee &+= 1 } }
}

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  var value = ctx.receiveQueue
  withUnsafeMutablePointer(to: &value) { pointer in
    do {
      let first = Guard(pointer)
      _ = first.pointer
    }
    let second = Guard(pointer)
    second.finish()
  }
  return Int32(truncatingIfNeeded: value)
}
