import BPF

let license = License.proprietary

@section("kprobe/do_unlinkat") @used
func program(_ ctx: KprobeContext) -> Int32 {
  printk("unlink by %d", Task.current.pid)
  return 0
}
