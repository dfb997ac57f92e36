// expect: 23 kind=xdp
// maps: Queue and stack
import BPF

let queue = QueueMap<UInt32>(maxEntries: 4)
let stack = StackMap<UInt32>(maxEntries: 4)

@section("xdp") @used
func program(_ ctx: XDPContext) -> Int32 {
  for i in 1...3 {
    queue.push(UInt32(truncatingIfNeeded: i))
    stack.push(UInt32(truncatingIfNeeded: i))
  }
  guard let first = queue.pop(), let second = queue.peek(), let last = stack.pop() else { return -1 }
  return Int32(truncatingIfNeeded: first &* last &+ second &* 10)
}
