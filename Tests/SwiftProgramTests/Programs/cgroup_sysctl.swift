// expect: loads kind=cgroup/sysctl hosts=kernel
// kinds: cgroup/sysctl
import BPF

@section("cgroup/sysctl") @used
func sysctl(_ ctx: SysctlContext) -> CgroupVerdict {
  var name = InlineArray<32, UInt8>(repeating: 0)
  return ctx.isWrite && ctx.name(into: &name) > 0 && name[0] == 110 ? .deny : .allow
}
