// expect: loads kind=syscall cpu=v4 hosts=kernel
// maps: An arena: memory that program and application share
import BPF

let license = License.gpl
let arena = Arena(pageCount: 16)
nonisolated(unsafe) var place: UInt64 = 0

@section("syscall") @used
func program(_ ctx: SyscallProgramContext<UInt64>) -> Int32 {
  guard let words = arena.allocate(UInt64.self) else { return -1 }
  words[1] = 7
  place = arena.userAddress(of: words)
  return Int32(truncatingIfNeeded: words[1] &+ words[2])
}
