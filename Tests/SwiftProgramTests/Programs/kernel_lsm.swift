// expect: loads kind=lsm/file_open hosts=kernel
// kernel: lsm: an argument by its index
import BPF
import Kernel

let license = License.gpl

nonisolated(unsafe) var last: UInt64 = 0

@section("lsm/file_open") @used
func program(_ ctx: SecurityContext) -> Int32 {
  guard let file = ctx.pointer(0, to: file.self) else { return 0 }
  last = file.f_inode.i_ino
  return 0
}
