import EBPFTables
import Testing

@Suite struct SectionNameTests {
  @Test func plainPatternsMatchWholeNamesOnly() throws {
    let xdp = try #require(SectionName("xdp"))
    #expect(xdp.type == .xdp)
    #expect(xdp.expectedAttachType == .xdp)
    #expect(xdp.isAutoloaded)
    #expect(xdp.attachTarget.isEmpty)
    #expect(SectionName("xdp_prog") == nil)
    #expect(SectionName("xdp/x") == nil)
    #expect(SectionName("socket1") == nil)
    #expect(SectionName("") == nil)
    #expect(SectionName("?") == nil)
  }

  @Test func patternsWithTargetsTakeThemBehindASlash() throws {
    let tracepoint = try #require(SectionName("tracepoint/syscalls/sys_enter_open"))
    #expect(tracepoint.type == .tracepoint)
    #expect(tracepoint.expectedAttachType == nil)
    #expect(tracepoint.attachTarget == "syscalls/sys_enter_open")
    #expect(SectionName("kprobe")?.attachTarget == "")
    #expect(SectionName("kprobe/")?.attachTarget == "")
    #expect(SectionName("kprobes") == nil)
    #expect(SectionName("kprobe.multi/tcp_*")?.pattern == "kprobe.multi+")
    #expect(SectionName("kprobe.multi/tcp_*")?.expectedAttachType == .traceKprobeMulti)
  }

  @Test func attachTypesFlagsAndMarks() throws {
    #expect(SectionName("cgroup_skb/ingress")?.expectedAttachType == .cgroupInetIngress)
    #expect(SectionName("cgroup/skb")?.expectedAttachType == nil)
    #expect(SectionName("sk_reuseport/migrate")?.expectedAttachType == .skReuseportSelectOrMigrate)
    #expect(SectionName("lsm.s/file_open")?.loadFlags == 1 << 4)
    #expect(SectionName("xdp.frags")?.loadFlags == 1 << 5)
    #expect(SectionName("syscall")?.flags.contains(.sleepable) == true)
    #expect(SectionName("fentry/vfs_read")?.flags.contains(.attachesToBTF) == true)
    let optional = try #require(SectionName("?tc"))
    #expect(!optional.isAutoloaded)
    #expect(optional.type == .schedCls)
    #expect(SectionName("??tc") == nil)
  }

  @Test func everyPatternMatchesItself() throws {
    #expect(SectionName.patterns.count == 116)
    for pattern in SectionName.patterns {
      let name = pattern.hasSuffix("+") ? String(pattern.dropLast()) : pattern
      #expect(SectionName(name)?.pattern == pattern)
      if pattern.hasSuffix("+") { #expect(SectionName(name + "/a/b")?.attachTarget == "a/b") }
    }
  }

  @Test func oldNamesAreReadLeniently() {
    #expect(SectionName(lenient: "xdp_prog")?.type == .xdp)
    #expect(SectionName(lenient: "classifier/from-netdev")?.type == .schedCls)
    #expect(SectionName(lenient: "socket1")?.type == .socketFilter)
    #expect(SectionName(lenient: "kretprobe/x")?.pattern == "kretprobe+")
    #expect(SectionName(lenient: "cgroup/skb/egress")?.type == .cgroupSkb)
    #expect(SectionName(lenient: ".text") == nil)
    #expect(SectionName(lenient: "") == nil)
  }
}
